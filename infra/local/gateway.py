"""API Gateway before the app, in process: routes and authorizes by chalice.local, answers as the template says."""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from chalice import local
from chalice.config import Config

from infra.local.aws_events import LambdaContext

_LOG: Final = logging.getLogger(__name__)
LARGEST_BODY: Final = 6 * 1024 * 1024  # bytes that Lambda takes, and gives
_OUR_FAULT: Final = "The fault is ours; please try again."


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; a header may have several values."""

    status: int
    headers: Mapping[str, str | list[str]] = field(default_factory=dict)
    body: bytes = b""


class _ThreadsOwn(threading.local):
    request: Any = None
    context: Any = None


class Gateway:
    """The way from an HTTP request to the app's function and back."""

    def __init__(self, app: Any, base_path: str = "") -> None:
        """`base_path` is the path of the public URL: what API Gateway strips as the stage or the mapping."""
        self._app = one_request_per_thread(app)
        self._routes = app.routes
        chalice_gateway = local.LocalGateway(app, Config())
        self._events = chalice_gateway.event_converter
        self._authorizer = local.LocalGatewayAuthorizer(app)
        self._preflight = chalice_gateway._autogen_options_headers
        self._base_path = base_path.rstrip("/")
        self._under_way = 0
        self._closed = False
        self._changed = threading.Condition()

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Return the answer to a request, whatever happens."""
        with self._changed:
            if self._closed:
                return problem(503, "The service is stopping.", {"Retry-After": "10"})
            self._under_way += 1
        try:
            return self._handle(method, target, headers, body)
        except Exception:
            _LOG.exception("a %s request broke off", method)
            return problem(503, _OUR_FAULT, {"Retry-After": "10"})
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def close(self, patience: float) -> bool:
        """Take no further request; return True as soon as none is under way, False after `patience` seconds."""
        with self._changed:
            self._closed = True
            return self._changed.wait_for(lambda: self._under_way == 0, patience)

    def _handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        try:
            target = self._origin_form(target)
            event = self._events.create_lambda_event(method, target, headers, body)
        except ValueError:
            return problem(404, "There is nothing here.")
        methods = self._routes[event["requestContext"]["resourcePath"]]
        if method == "OPTIONS" and method not in methods:
            return Answer(200, self._preflight(event))
        if method not in methods:  # AWS cannot tell this from an unknown path (404); to say it is kinder
            return problem(405, "This address does not know that method.", {"Allow": ", ".join(sorted(methods))})
        context = LambdaContext("sambat-local")
        event["requestContext"]["requestId"] = context.aws_request_id
        try:
            event, _ = self._authorizer.authorize(target, event, context)
        except local.NotAuthorizedError:
            return problem(401, "Unauthorized", {"WWW-Authenticate": "Bearer"})
        except local.ForbiddenError:
            return problem(403, "User is not authorized to access this resource")
        except Exception:
            _LOG.exception("the authorizer failed")
            return problem(503, _OUR_FAULT, {"Retry-After": "10"})
        if not as_aws_hands_it_on(event["requestContext"]):
            _LOG.error("the authorizer's context holds something else than text, numbers and booleans")
            return problem(500, _OUR_FAULT)
        return _answer(self._app(event, context))

    def _origin_form(self, target: str) -> str:
        """Return path and query of a request's target, without the base path and as the router expects them."""
        if not target.startswith("/"):  # a proxy's absolute form
            parts = urlsplit(target)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
        path, mark, query = target.partition("?")
        if self._base_path and (path + "/").startswith(self._base_path + "/"):
            path = path[len(self._base_path) :]
        path = path if path == "/" else path.removesuffix("/")
        return (path or "/").replace("#", "%23").replace(";", "%3B") + mark + query.replace("#", "%23")


def one_request_per_thread(app: Any) -> Any:
    """Make the app's `current_request` and `lambda_context` each thread's own: a Lambda has one at a time."""
    own = _ThreadsOwn()

    def request_of(_: Any) -> Any:
        return own.request

    def set_request(_: Any, value: Any) -> None:
        own.request = value

    def context_of(_: Any) -> Any:
        return own.context

    def set_context(_: Any, value: Any) -> None:
        own.context = value

    properties = {
        "current_request": property(request_of, set_request),
        "lambda_context": property(context_of, set_context),
    }
    app.__class__ = type("LocalApp", (app.__class__,), properties)
    return app


def as_aws_hands_it_on(request_context: dict[str, Any]) -> bool:
    """Turn the authorizer's context into the text that API Gateway hands on; False if it would refuse it."""
    handed_on = {}
    for name, value in request_context.get("authorizer", {}).items():
        if isinstance(value, bool):
            handed_on[name] = str(value).lower()
        elif isinstance(value, str | int | float):
            handed_on[name] = str(value)
        elif value is not None:
            return False
    if "authorizer" in request_context:
        request_context["authorizer"] = handed_on
    return True


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer of the gateway's own, as the template's gateway responses make it."""
    body = {"type": "about:blank", "title": _TITLES[status], "status": status, "detail": detail}
    fixed = {
        "Content-Type": "application/problem+json",
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
    }
    return Answer(status, fixed | dict(headers or {}), json.dumps(body).encode())


def _answer(response: Mapping[str, Any]) -> Answer:
    headers: dict[str, str | list[str]] = {**response.get("headers", {}), **response.get("multiValueHeaders", {})}
    body = response.get("body") or b""
    if response.get("isBase64Encoded"):
        body = base64.b64decode(body)
    content = body if isinstance(body, bytes) else str(body).encode("utf-8")
    if len(content) > LARGEST_BODY:
        _LOG.error("an answer of %d bytes is more than Lambda can give", len(content))
        return problem(503, _OUR_FAULT, {"Retry-After": "10"})
    if content and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = "application/json"
    return Answer(int(response["statusCode"]), headers, content)


_TITLES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    414: "URI Too Long",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}
