"""The deployment rehearsed: the package that a city deploys, deployed on the emulator, and the whole journey over HTTP.

Every address carries the stage's prefix, as behind API Gateway. `make rehearse` runs this alone.
"""

from __future__ import annotations

import html
import http.cookiejar
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from twilio.request_validator import RequestValidator

from infra.rehearse import PARAMETERS, PASSWORD, TWILIO, Rehearsal, rehearsed

ROOT: Final = Path(__file__).parents[2]
ENGINE: Final = Path(os.environ.get("SAMBAT_ENGINE_PYTHON", ROOT / ".venv-ministack/bin/python"))
LAMP: Final = "Lampu jalan (PJU) mati di Jl. Bukirsari sudah dua minggu"
PARKING: Final = "Sambat parkir liar depan Pasar Besar, jukir tidak memberi karcis"
PHONE: Final = "+6280000000077"
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        not ENGINE.exists(),
        reason=f"no emulator at {ENGINE}: `make setup` installs it, or set SAMBAT_ENGINE_PYTHON",
    ),
]


class Answer:
    """An HTTP answer of the deployed service."""

    def __init__(self, response: Any) -> None:
        self.status = int(response.status)
        self.headers = response.headers
        self.at = str(response.geturl())
        self.text = response.read().decode()

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Browser:
    """Keeps cookies; follows redirects unless told otherwise."""

    def __init__(self, *, follows: bool = True) -> None:
        self.cookies = http.cookiejar.CookieJar()
        handlers: list[Any] = [urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)]
        self._opener = urllib.request.build_opener(*handlers, *([] if follows else [_StaysHere()]))

    def call(self, method: str, url: str, body: bytes | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(url, body, named, method=method)  # noqa: S310  our own address
        try:
            with self._opener.open(request, timeout=60) as response:
                return Answer(response)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error)

    def form(self, url: str, fields: dict[str, str], **headers: str) -> Answer:
        body = urllib.parse.urlencode(fields).encode()
        return self.call("POST", url, body, content_type=FORM, **headers)


class _StaysHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """The service, packaged for this machine and deployed."""
    began = time.monotonic()

    def say(what: str) -> None:
        if not what.startswith("  "):  # each of sixty resources, three times
            print(f"{time.monotonic() - began:6.1f} s  {what}", flush=True)  # noqa: T201  seen by `make rehearse`

    try:
        with rehearsed(ENGINE, tmp_path_factory.mktemp("rehearsal"), say) as running:
            yield running
    except subprocess.CalledProcessError as failed:
        if "download" not in failed.cmd:
            raise
        pytest.skip("the wheels of the package cannot be fetched: no package registry is reached from here")


@pytest.fixture(scope="module")
def filed(city: Rehearsal) -> dict[str, Any]:
    """A complaint that came as JSON."""
    answer = Browser().call("POST", f"{city.url}/complaints", json.dumps({"text": LAMP}).encode(), content_type=JSON)
    assert answer.status == 201, answer.text
    assert answer.headers["Location"] == f"{city.url}/complaints/{answer.json['ticket']}"
    value: dict[str, Any] = answer.json
    return value


@pytest.fixture(scope="module")
def admin(city: Rehearsal) -> str:
    """The admin's ID token, of the stack's own user pool."""
    return city.token(city.user("admin"))


@pytest.fixture(scope="module")
def officer(city: Rehearsal) -> str:
    """The address by which an officer of dpuprpkp signs in."""
    return city.user("opd", "dpuprpkp")


def get(city: Rehearsal, path: str, token: str = "", **headers: str) -> Answer:
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    return Browser().call("GET", f"{city.url}{path}", None, **bearer, **headers)


def sms(city: Rehearsal, text: str, sid: str, signed_for: str = "") -> Answer:
    """Deliver an SMS as Twilio does, signed by its SDK for the public URL."""
    url = f"{city.url}/webhooks/sms/twilio"
    fields = {"MessageSid": sid, "From": PHONE, "To": TWILIO["FROM"], "Body": text, "NumMedia": "0"}
    signature = RequestValidator(TWILIO["SECRET"]).compute_signature(signed_for or url, fields)
    return Browser().form(url, fields, X_Twilio_Signature=signature)


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


MAP_OWNERS = "https://www.openstreetmap.org/copyright"  # the one page elsewhere that a map must lead to


def addresses(page: str) -> set[str]:
    """Return every address that a page sends its reader to."""
    return {html.unescape(found) for found in re.findall(r'(?:href|action|src)="([^"#][^"]*)"', page)}


def prefix(city: Rehearsal) -> str:
    return urllib.parse.urlsplit(city.url).path


def assert_addresses_carry_the_prefix(city: Rehearsal, page: str) -> None:
    elsewhere = ("data:", "tel:", "sms:", "mailto:", MAP_OWNERS)
    found = {address for address in addresses(page) if not address.startswith(elsewhere)}
    assert found
    strays = {a for a in found if not urllib.parse.urljoin(f"{city.url}/", a).startswith(f"{city.url}/")}
    assert strays <= {city.url}, "these leave the service, or lose the stage"


# ------------------------------------------------------------------------------------------------------ citizens


def test_it_answers_under_the_stages_prefix_and_its_database_too(city: Rehearsal) -> None:
    assert prefix(city).endswith("/api")
    assert get(city, "/health").json == {"status": "ok"}


def test_a_citizen_files_by_the_form_without_javascript(city: Rehearsal) -> None:
    browser = Browser()
    page = browser.call("GET", f"{city.url}/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert_addresses_carry_the_prefix(city, page.text)
    hidden = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page.text))
    assert hidden["idempotency_key"]
    to = urllib.parse.urljoin(page.at, next(a for a in addresses(page.text) if a.endswith("/complaints")))
    done = browser.form(to, {**hidden, "text": LAMP})
    assert done.status == 201
    assert_addresses_carry_the_prefix(city, done.text)
    shown = browser.call("GET", done.headers["Location"])
    assert shown.status == 200
    assert done.headers["Location"].rpartition("/")[2] in shown.text
    assert browser.form(to, {**hidden, "text": LAMP}).headers["Location"] == done.headers["Location"]


def test_a_complaint_as_json_is_routed_and_read_again(city: Rehearsal, filed: dict[str, Any]) -> None:
    assert (filed["opd"], filed["division"]) == ("dpuprpkp", "pju")
    everybodys = get(city, f"/complaints/{filed['ticket']}").json
    own = get(city, f"/complaints/{filed['ticket']}", X_Receipt=filed["receipt"]).json
    assert everybodys["ticket"] == own["ticket"] == filed["ticket"]
    assert own["timeline"]


def test_the_stream_tells_the_opd_by_mail(city: Rehearsal, filed: dict[str, Any]) -> None:
    until(lambda: any(filed["ticket"] in mail.text for mail in city.mails()))
    told = [mail for mail in city.mails() if filed["ticket"] in mail.text]
    assert {mail.to for mail in told} == {PARAMETERS["AdminEmail"]}, "no OPD has a real address yet"
    assert all(link.startswith(f"{city.url}/") for mail in told for link in re.findall(r"https?://\S+", mail.text))


def test_an_sms_becomes_a_complaint_once_and_is_answered(city: Rehearsal) -> None:
    first = sms(city, PARKING, "SM1")
    assert first.status == 200, first.text
    assert first.headers["Content-Type"].startswith("text/xml")
    assert sms(city, PARKING, "SM1").text == first.text
    assert re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", first.text)


def test_an_sms_that_is_not_signed_for_the_public_url_is_refused(city: Rehearsal) -> None:
    without_stage = f"{city.url.removesuffix(prefix(city))}/webhooks/sms/twilio"
    refused = sms(city, PARKING, "SM2", signed_for=without_stage)
    assert refused.status in (401, 403)
    assert refused.headers["Content-Type"] == "application/problem+json"


# --------------------------------------------------------------------------------------------------------- staff


def test_an_officer_signs_in_and_answers_and_the_citizen_reads_it(
    city: Rehearsal, filed: dict[str, Any], officer: str
) -> None:
    away = Browser(follows=False).call("GET", f"{city.url}/masuk")
    assert away.status == 302
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(away.headers["Location"]).query))
    assert away.headers["Location"].startswith(f"{city.at.emulator}/oauth2/authorize?")
    assert asked["redirect_uri"] == f"{city.url}/masuk/selesai"
    assert f"; Path={prefix(city)};" in away.headers["Set-Cookie"]

    browser = Browser()
    page = browser.call("GET", f"{city.url}/masuk")
    desk = browser.form(
        urllib.parse.urljoin(page.at, _action(page.text)),
        {**_inputs(page.text), "username": officer, "password": PASSWORD},
    )
    assert (desk.status, desk.at) == (200, f"{city.url}/meja"), desk.text
    assert {(cookie.path, cookie.has_nonstandard_attr("HttpOnly")) for cookie in browser.cookies} >= {
        (prefix(city), True)
    }
    assert_addresses_carry_the_prefix(city, desk.text)
    assert filed["ticket"] in desk.text

    work = browser.call("GET", f"{city.url}/meja/{filed['ticket']}")
    csrf = _inputs(work.text)["csrf"]
    text = "Lampu sudah kami ganti pagi ini."
    done = browser.form(f"{city.url}/meja/{filed['ticket']}/answer", {"csrf": csrf, "text": text})
    assert done.status == 200, done.text
    assert browser.form(f"{city.url}/meja/{filed['ticket']}/answer", {"text": text}).status == 403
    own = get(city, f"/complaints/{filed['ticket']}", X_Receipt=filed["receipt"]).json
    assert own["status"] == "answered"
    assert text in json.dumps(own, ensure_ascii=False)


def _action(page: str) -> str:
    found = re.search(r'<form[^>]*action="([^"]+)"', page)
    assert found
    return html.unescape(found[1])


def _inputs(page: str) -> dict[str, str]:
    return {name: html.unescape(v) for name, v in re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page)}


def test_the_sweep_escalates_by_its_own_event_and_once(city: Rehearsal, admin: str) -> None:
    body = json.dumps({"text": "Jalan berlubang di Jl. Veteran, aspal rusak parah"}).encode()
    late = Browser().call("POST", f"{city.url}/complaints", body, content_type=JSON).json
    morning = late["answer_due_at"].replace("T00:00:00", "T08:00:00")
    before = len(city.mails())
    assert city.at_schedule("SweepDeadlines", morning)["recorded"] >= 1
    assert city.at_schedule("SweepDeadlines", morning)["recorded"] == 0
    rows = [row for row in get(city, "/admin/escalations", admin).json["items"] if row["ticket"] == late["ticket"]]
    assert [(row["rung"], row["n"], row["recorded_at"]) for row in rows] == [("warning", 1, morning)]
    until(lambda: len([m for m in city.mails()[before:] if late["ticket"] in m.text]) >= 2)


def test_the_reconciler_runs_by_its_own_event_and_sends_nothing_that_was_sent(
    city: Rehearsal, filed: dict[str, Any]
) -> None:
    until(lambda: any(filed["ticket"] in mail.text for mail in city.mails()))
    sent = len([mail for mail in city.mails() if filed["ticket"] in mail.text])
    at = datetime.now(UTC).isoformat()
    assert city.at_schedule("ReconcileMessages", at)["looked_at"] >= 1
    assert len([mail for mail in city.mails() if filed["ticket"] in mail.text]) == sent


def test_the_admin_reads_what_came_by_every_door(city: Rehearsal, admin: str, filed: dict[str, Any]) -> None:
    sms(city, PARKING, "SM3")
    listed = get(city, "/admin/complaints", admin)
    assert listed.status == 200
    assert filed["ticket"] in {item["ticket"] for item in listed.json["items"]}
    assert {item["channel"] for item in listed.json["items"]} >= {"web", "sms"}
    assert PHONE not in listed.text
    assert get(city, f"/admin/complaints/{filed['ticket']}", admin).json["ticket"] == filed["ticket"]


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status"),
    [
        ("GET", "/complaints/00000-00000", b"", "", 404),
        ("GET", "/admin/complaints", b"", "", 401),  # by the view: with no token at all AWS's gateway answers itself
        ("POST", "/complaints", b'{"text": ', JSON, 400),
        ("POST", "/complaints", b"a,b", "text/csv", 415),
        ("POST", "/webhooks/sms/smsgate", b"{}", JSON, 404),
    ],
)
def test_an_error_is_a_problem_document(
    city: Rehearsal, method: str, path: str, body: bytes, content_type: str, status: int
) -> None:
    headers = {"content_type": content_type} if content_type else {"authorization": "Bearer nobody"}
    answer = Browser().call(method, f"{city.url}{path}", body or None, **headers)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.json["status"] == status


def test_a_token_of_no_worth_is_nobodys(city: Rehearsal, admin: str) -> None:
    assert get(city, "/admin/complaints", admin[:-8] + "AAAAAAAA").status == 401
    assert get(city, "/admin/complaints", city.token(city.user("auditor"))).status == 200
    assert get(city, "/admin/complaints", city.token(city.user("opd", "dishub"))).status == 403


# ---------------------------------------------------------------------------------------------- what was deployed


def test_the_triggers_are_deployed_as_the_template_says(city: Rehearsal) -> None:
    (mapping,) = city.at.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert mapping["MaximumRetryAttempts"] == 5
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"].startswith("arn:aws:sqs:")
    events = city.at.client("events")
    rules = {rule["ScheduleExpression"]: rule for rule in events.list_rules()["Rules"]}
    assert set(rules) == {"rate(15 minutes)", "rate(1 hour)"}
    for rule in rules.values():
        (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        assert "Input" not in target, "the event's own time would be lost"


def test_the_admin_is_told_before_the_bill_is_over_its_budget(city: Rehearsal) -> None:
    assert city.facts.budget.startswith("50")


def test_a_second_deployment_keeps_everything(city: Rehearsal, filed: dict[str, Any]) -> None:
    said: list[str] = []
    facts = city.again(said.append)
    assert facts == city.facts
    assert "entered 0 OPDs that were not there" in said
    assert f"{PARAMETERS['AdminEmail']} is there" in said
    assert get(city, f"/complaints/{filed['ticket']}").status == 200


def test_the_functions_logs_show_nobody(city: Rehearsal) -> None:
    sms(city, PARKING, "SM4")
    logs = city.at.client("logs")
    lines = [
        event["message"]
        for group in logs.describe_log_groups()["logGroups"]
        for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
    ]
    assert lines
    assert not [line for line in lines if PHONE in line or PHONE[1:] in line or "@" in line or "karcis" in line]
