"""The local stand-in for API Gateway: what it hands on to the app, and what it answers itself."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from chalice.app import AuthResponse, Chalice, Response

from infra.local.gateway import Answer, Gateway

CONTEXT: dict[str, Any] = {"roles": "admin", "fresh": True, "age": 3, "opd": None}


def an_app() -> tuple[Any, threading.Barrier]:
    app: Any = Chalice("gateway-test", configure_logs=False)
    together = threading.Barrier(4)

    def authorize(request: Any) -> Any:
        if request.token == "broken":
            raise ValueError("no")
        if request.token == "nested":
            return AuthResponse(routes=["*"], principal_id="x", context={"roles": ["a"]})
        return AuthResponse(routes=["*"] if request.token != "none" else [], principal_id="x", context=dict(CONTEXT))

    def meet(name: str) -> Any:
        together.wait(10)
        return {"view": name, "request": app.current_request.uri_params["name"]}

    def who() -> Any:
        return app.current_request.context["authorizer"]

    def echo(value: str) -> Any:
        return {"value": value, "query": app.current_request.query_params.getlist("q")}

    def cookies() -> Any:
        return Response("", headers={"Set-Cookie": ["a=1", "b=2"]}, status_code=200)

    def large() -> Any:
        return Response("x" * (6 * 1024 * 1024 + 1), status_code=200)

    identify = app.authorizer()(authorize)
    app.route("/meet/{name}")(meet)
    app.route("/echo/{value}")(echo)
    app.route("/cookies")(cookies)
    app.route("/large")(large)
    app.route("/who", authorizer=identify)(who)
    return app, together


def gateway(base_path: str = "") -> Gateway:
    return Gateway(an_app()[0], base_path)


def content(answer: Answer) -> Any:
    return json.loads(answer.body)


def test_each_of_several_requests_at_once_sees_itself_alone() -> None:
    door = gateway()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda name: content(door.handle("GET", f"/meet/{name}", {}, None)), "abcd"))
    assert answers == [{"view": name, "request": name} for name in "abcd"]


def test_an_authorizers_context_is_handed_on_as_text() -> None:
    answer = gateway().handle("GET", "/who", {"Authorization": "t"}, None)
    assert content(answer) == {"roles": "admin", "fresh": "true", "age": "3", "principalId": "x"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "none"}, 403),
        ({"Authorization": "broken"}, 503),
        ({"Authorization": "nested"}, 500),
    ],
)
def test_what_the_gateway_refuses_is_a_problem(headers: dict[str, str], status: int) -> None:
    answer = gateway().handle("GET", "/who", headers, None)
    assert answer.status == content(answer)["status"] == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "no" not in content(answer)["detail"].split()


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/nosuch", 404),
        ("GET", "/echo/a/b", 404),
        ("GET", "http://[/x", 404),
        ("POST", "/who", 405),
        ("GET", "/large", 503),
    ],
)
def test_unknown_addresses_and_methods_and_answers_that_lambda_cannot_give(
    method: str, target: str, status: int
) -> None:
    assert gateway().handle(method, target, {}, None).status == status


@pytest.mark.parametrize(
    "target",
    [
        "/echo/a%20b%2Fc?q=1&q=2",
        "/echo/a%20b%2Fc/?q=1&q=2",
        "http://x/echo/a%20b%2Fc?q=1&q=2",
        "/api/echo/a%20b%2Fc?q=1&q=2",
    ],
)
def test_a_path_parameter_stays_as_it_was_sent_and_every_query_value_arrives(target: str) -> None:
    assert content(gateway("/api").handle("GET", target, {}, None)) == {"value": "a%20b%2Fc", "query": ["1", "2"]}


def test_only_the_whole_base_path_is_stripped() -> None:
    assert gateway("/api").handle("GET", "/apiecho/x?q=1", {}, None).status == 404


def test_several_cookies_stay_several() -> None:
    assert gateway().handle("GET", "/cookies", {}, None).headers["Set-Cookie"] == ["a=1", "b=2"]


def test_a_closed_gateway_waits_for_what_is_under_way_and_takes_nothing_more() -> None:
    app, together = an_app()
    door = Gateway(app)
    with ThreadPoolExecutor(3) as pool:
        under_way = [pool.submit(door.handle, "GET", f"/meet/{name}", {}, None) for name in "abc"]
        assert not door.close(0.2)
        assert door.handle("GET", "/echo/x", {}, None).status == 503
        together.wait(10)
        assert door.close(10)
    assert [answer.result().status for answer in under_way] == [200, 200, 200]
