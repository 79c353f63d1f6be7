"""What a provider sent and nobody could read: it is shown, becomes a complaint or nothing, once, and is never lost."""

from __future__ import annotations

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.adapters import quarantine
from chalicelib.domain.complaint import Actor, Role
from chalicelib.workflows import entering
from chalicelib.workflows.filing import Reporter
from tests.builders import Answer, Service, token
from tests.functional.doors import (
    CITIZEN,
    LAMP,
    NEIGHBOUR,
    PARKING,
    VAGUE,
    Call,
    aws_fault,
    carrier_on,
    generic,
    generic_body,
    set_as,
    watched_aws,
)
from tests.functional.scenes import wall_clock

RINA = token("admin", sub="rina")
DEWI = token("admin", sub="dewi")
BODY = b'{"from": "+6280000000001", "text": "Parkir liar'  # it broke off
READ: dict[str, Any] = {"text": PARKING, "phone": "0800 0000 0001"}
BECAUSE = {"reason": "Iklan."}
DAY = timedelta(days=1)


def listed(service: Service, query: str = "") -> list[dict[str, Any]]:
    """Return the items of the whole list, page by page."""
    items: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(50):
        page = service.get(f"/admin/quarantine?{query}{cursor}", RINA)
        assert page.status == 200, page.text
        items += page.json["items"]
        if page.json["next"] is None:
            return items
        cursor = f"&cursor={page.json['next']}"
    raise AssertionError("the list has no end")


def ids(service: Service, state: str) -> list[str]:
    return [item["id"] for item in listed(service, f"state={state}")]


def put_aside(service: Service, body: bytes = BODY) -> str:
    """Let `generic` deliver what nobody can read; return its id."""
    before = {item["id"] for item in listed(service)}
    assert generic_body(service, body).status == 200
    (new,) = [item["id"] for item in listed(service) if item["id"] not in before]
    return str(new)


def file(service: Service, message: str, who: str = RINA, **changes: Any) -> Answer:
    return service.post(f"/admin/quarantine/{message}/complaint", {**READ, **changes}, who)


def discard(service: Service, message: str, who: str = RINA, reason: str = BECAUSE["reason"]) -> Answer:
    return service.post(f"/admin/quarantine/{message}/discard", {"reason": reason}, who)


def one(service: Service, message: str) -> dict[str, Any]:
    answer = service.get(f"/admin/quarantine/{message}", RINA)
    assert answer.status == 200
    shown: dict[str, Any] = answer.json
    return shown


def whole(service: Service, ticket: str) -> dict[str, Any]:
    shown: dict[str, Any] = service.get(f"/admin/complaints/{ticket}", RINA).json
    return shown


# ------------------------------------------------------------------------------------------------ the lists


def test_what_is_open_is_listed_newest_first_and_what_is_settled_beside_it(service: Service) -> None:
    now = wall_clock()
    for n in range(6):
        message = quarantine.Quarantined("generic", "no text", f"body {n}")
        quarantine.quarantine(message, f"key{n}", now - n * DAY)
    found = listed(service, "limit=2")
    assert [item["body"] for item in found] == [f"body {n}" for n in range(6)]
    first = found[0]
    assert first == {
        "id": first["id"], "at": first["at"], "state": "open", "provider": "generic", "reason": "no text",
        "body": "body 0", "truncated": False, "settled": None,
    }  # fmt: skip
    assert datetime.fromisoformat(first["at"]) == now.replace(microsecond=0)
    filed = file(service, found[1]["id"]).json["ticket"]
    assert discard(service, found[4]["id"]).status == 200
    assert [item["body"] for item in listed(service, "state=open&limit=1")] == ["body 0", "body 2", "body 3", "body 5"]
    assert [(item["body"], item["settled"]["ticket"]) for item in listed(service, "state=filed")] == [("body 1", filed)]
    (nothing,) = listed(service, "state=discarded")
    assert (nothing["body"], nothing["state"], nothing["settled"]["reason"]) == ("body 4", "discarded", "Iklan.")


def test_of_one_day_the_last_to_come_is_shown_first(service: Service) -> None:
    noon = datetime(2026, 11, 24, 5, tzinfo=UTC)
    for n in range(8):
        quarantine.quarantine(quarantine.Quarantined("generic", "no text", str(n)), f"{n * 7 % 8}", noon + n * DAY / 24)
    assert [item["body"] for item in listed(service)] == ["7", "6", "5", "4", "3", "2", "1", "0"]


@pytest.mark.parametrize("query", ["state=closed", "state=open&state=filed", "limit=0", "cursor=x", "provider=generic"])
def test_a_question_that_makes_no_sense_is_refused(service: Service, query: str) -> None:
    assert service.get(f"/admin/quarantine?{query}", RINA).status == 400


def test_a_cursor_of_one_state_opens_no_other(service: Service) -> None:
    put_aside(service)
    cursor = service.get("/admin/quarantine?limit=1", RINA).json["next"]
    assert service.get(f"/admin/quarantine?cursor={cursor}", RINA).json["items"] == []
    assert service.get(f"/admin/quarantine?state=filed&cursor={cursor}", RINA).status == 400


def test_a_long_body_is_cut_in_the_list_and_whole_by_itself(service: Service) -> None:
    body = "\x00\x1f" * 1_500
    message = put_aside(service, body.encode())
    (shown,) = listed(service)
    assert (shown["body"], shown["truncated"]) == (body[:2_000], True)
    assert (one(service, message)["body"], one(service, message)["truncated"]) == (body, False)
    assert discard(service, message).json["body"] == body[:2_000]
    (shown,) = listed(service, "state=discarded")
    assert (shown["body"], shown["truncated"]) == (body[:2_000], True)


def test_a_hundred_of_the_worst_bodies_are_one_answer_that_lambda_can_give(service: Service) -> None:
    for n in range(100):
        quarantine.quarantine(quarantine.Quarantined("generic", "no text", "\U0001f4a1" * 6_000), f"{n}", wall_clock())
    page = service.get("/admin/quarantine?limit=100", RINA)
    assert len(page.json["items"]) == 100
    assert len(page.body) < 6 * 1024 * 1024


def test_numbers_are_hidden_in_the_list_and_who_reads_them_is_recorded(service: Service) -> None:
    message = put_aside(service, b'{"from": "+62 800-0000-0001", "mail": "warga@contoh.example"}')
    for shown in (listed(service)[0], discard(service, message).json):
        assert "0000" not in shown["body"]
        assert "contoh" not in shown["body"]
        assert "reads" not in shown
    who = [RINA, token("auditor"), RINA]
    for n, reader in enumerate(who):
        whole_one = service.get(f"/admin/quarantine/{message}", reader).json
        assert "+62 800-0000-0001" in whole_one["body"]
        assert len(whole_one["reads"]) == n + 1
    assert [read["who"] for read in whole_one["reads"]][::2] == ["rina", "rina"]
    assert service.get(f"/admin/quarantine/{message}", token("opd", "dishub")).status == 403
    assert len(service.get(f"/admin/quarantine/{message}", RINA).json["reads"]) == 4


# ------------------------------------------------------------------------------------------------ made a complaint


def test_it_becomes_a_complaint_of_that_number_and_part_of_its_conversation(service: Service) -> None:
    message = put_aside(service)
    with carrier_on() as carrier:
        answer = file(service, message, name="Warga Satu")
        assert answer.status == 201
        filed = answer.json
        assert (filed["receipt"], filed["status"], filed["opd"]) == (None, "dispatched", "dishub")
        assert answer.headers["Location"].endswith(f"/complaints/{filed['ticket']}")
        assert service.deliver() == []
        assert generic(service, f"CEK {filed['ticket']}", "g-1").status == 200
        assert generic(service, f"CEK {filed['ticket']}", "g-2", NEIGHBOUR).status == 200
        answered = {"text": "Juru parkirnya sudah ditegur."}
        service.post(f"/opd/complaints/{filed['ticket']}/answer", answered, token("opd", "dishub"))
        assert service.deliver() == []
    assert {path for path, _, _ in carrier.asked} == {"/generic"}
    told = [text for to, text in carrier.texts if to == CITIZEN]
    assert all(filed["ticket"] in text for text in told)
    assert any("ditegur" in text for text in told)
    assert [filed["ticket"] in text for to, text in carrier.texts if to == NEIGHBOUR] == [False]
    shown = whole(service, filed["ticket"])
    assert (shown["channel"], shown["text"], shown["checked"]) == ("sms", PARKING, False)
    (reporter,) = service.items("reporters")
    assert {name: value["S"] for name, value in reporter.items()} == {
        "ticket": filed["ticket"], "name": "Warga Satu", "phone": CITIZEN, "provider": "generic",
        "filed": f"{reporter['filed']['S'][:28]}#{filed['ticket']}",
        "fingerprint": reporter["fingerprint"]["S"], "phone_key": reporter["phone_key"]["S"],
    }  # fmt: skip


def test_staff_read_who_entered_it_and_the_public_does_not(service: Service) -> None:
    ticket = file(service, put_aside(service)).json["ticket"]
    received = whole(service, ticket)["timeline"][0]
    assert (received["entry"], received["by"], received["who"]) == ("received", "admin", "rina")
    public = service.get(f"/complaints/{ticket}")
    assert public.json["text"] is None
    assert set(public.json["timeline"][0]) == {"at", "entry", "kind"}
    assert "rina" not in public.text + service.get(f"/t/{ticket}").text


def test_the_keyword_is_kept_and_counts_for_nothing_and_neither_number_nor_name_is_needed(service: Service) -> None:
    answer = service.post(f"/admin/quarantine/{put_aside(service)}/complaint", {"text": f"SAMBAT {LAMP}"}, RINA)
    assert (answer.status, answer.json["division"]) == (201, "pju")
    assert whole(service, answer.json["ticket"])["text"] == f"SAMBAT {LAMP}"
    assert service.items("reporters") == []


def test_what_the_admin_chose_decides(service: Service) -> None:
    lamps = next(one["code"] for one in service.get("/services").json["items"] if one["division"] == "pju")
    filed = file(service, put_aside(service), text=VAGUE, kind="question", category=lamps).json
    assert (filed["kind"], filed["division"]) == ("question", "pju")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": " \n"}, "text"),
        ({"text": ""}, "text"),
        ({"text": "x" * 8_001}, "text"),
        ({"phone": "TELKOMSEL"}, "phone"),
        ({"category": "nobodys"}, "category"),
        ({"kind": "keluhan"}, "kind"),
        ({"channel": "sms"}, "channel"),
        ({"email": "a@b.example"}, "email"),
    ],
)
def test_what_is_no_complaint_is_refused_by_name_and_leaves_the_message_open(
    service: Service, changes: dict[str, Any], field: str
) -> None:
    message = put_aside(service)
    answer = file(service, message, **changes)
    assert answer.status == 400
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert ids(service, "open") == [message]
    assert service.items("complaints") == service.items("reporters") == []
    assert len(service.items("intake")) == 1


def test_a_text_is_as_short_or_as_long_as_an_sms_may_be(service: Service) -> None:
    for n, text in enumerate(("!", "x" * 8_000)):
        filed = file(service, put_aside(service, b"%d" % n), text=text)
        assert filed.status == 201
        assert whole(service, filed.json["ticket"])["text"] == text


# ------------------------------------------------------------------------------------------------ once, and for all


def test_who_when_and_what_stay_with_the_message_as_long_as_the_message_would_have_stayed(service: Service) -> None:
    first, second = put_aside(service), put_aside(service, b"iklan")
    (expiry,) = {item["expires_at"]["N"] for item in service.items("intake") if "Parkir" in item["value"]["S"]}
    begun = wall_clock().replace(microsecond=0)
    ticket = file(service, first).json["ticket"]
    answer = discard(service, second, DEWI)
    assert answer.status == 200
    made, nothing = one(service, first), one(service, second)
    assert {**answer.json, "reads": nothing["reads"]} == nothing
    assert (made["state"], made["body"], made["reason"]) == ("filed", BODY.decode(), made["reason"])
    assert {**made["settled"], "at": ""} == {"at": "", "who": "rina", "ticket": ticket, "reason": None}
    assert {**nothing["settled"], "at": ""} == {"at": "", "who": "dewi", "ticket": None, "reason": "Iklan."}
    for shown in (made, nothing):
        assert begun <= datetime.fromisoformat(shown["settled"]["at"]) <= wall_clock()
    (kept,) = {item["expires_at"]["N"] for item in service.items("intake") if "Parkir" in item["value"]["S"]}
    assert kept == expiry
    decisions = [item for item in service.items("intake") if "#decided#" in item["pk"]["S"]]
    assert len(decisions) == 2
    assert all(int(item["expires_at"]["N"]) > int(expiry) for item in decisions), "else it could be decided anew"


def test_the_same_again_is_answered_the_same_and_another_action_by_what_it_became(service: Service) -> None:
    message = put_aside(service)
    first = file(service, message)
    after = [service.items(name) for name in ("complaints", "reporters", "intake")]
    for who in (RINA, DEWI):
        again = file(service, message, who)
        assert (again.status, again.body) == (201, first.body)
    for other in (
        file(service, message, text=LAMP),
        file(service, message, phone=NEIGHBOUR),
        file(service, message, DEWI, kind="idea"),
        discard(service, message),
    ):
        assert (other.status, other.json["type"]) == (409, "urn:sambat:problem:made_a_complaint")
        assert first.json["ticket"] in other.json["detail"]
    assert [service.items(name) for name in ("complaints", "reporters", "intake")] == after
    assert (ids(service, "open"), ids(service, "filed"), ids(service, "discarded")) == ([], [message], [])


def test_the_answer_to_the_same_again_is_that_of_the_filing_whatever_came_after(service: Service) -> None:
    message = put_aside(service)
    first = file(service, message)
    service.post(f"/opd/complaints/{first.json['ticket']}/answer", {"text": "Sudah."}, token("opd", "dishub"))
    assert file(service, message).body == first.body


def test_what_was_discarded_stays_nothing(service: Service) -> None:
    message = put_aside(service)
    first = discard(service, message)
    assert discard(service, message, DEWI).body == first.body
    for other in (discard(service, message, reason="Lain."), file(service, message)):
        assert (other.status, other.json["type"]) == (409, "urn:sambat:problem:discarded")
        assert "Iklan." in other.json["detail"]
    assert service.items("complaints") == service.items("reporters") == []
    assert (ids(service, "open"), ids(service, "filed"), ids(service, "discarded")) == ([], [], [message])


def test_a_reason_must_be_given(service: Service) -> None:
    message = put_aside(service)
    for body in ({}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 4_001}):
        assert service.post(f"/admin/quarantine/{message}/discard", body, RINA).status == 400
    assert ids(service, "open") == [message]


@pytest.mark.parametrize("settled", [file, discard])
def test_the_provider_that_sends_it_once_more_opens_nothing_again(service: Service, settled: Any) -> None:
    message = put_aside(service)
    assert settled(service, message).status < 300
    assert generic_body(service, BODY).status == 200
    assert ids(service, "open") == []
    assert one(service, message)["state"] != "open"


@pytest.mark.parametrize("name", ["2026-11-24.0", "2026-11-24.", "2026-11-24%230", "x", "..", "%00", "a" * 3000])
def test_a_message_that_is_not_there_is_404_for_every_action(service: Service, name: str) -> None:
    put_aside(service)
    answers = [service.get(f"/admin/quarantine/{name}", RINA), file(service, name), discard(service, name)]
    assert [answer.status for answer in answers] == [404] * 3
    assert len({answer.body for answer in answers}) == 1
    assert len(service.items("intake")) == 1
    assert service.items("complaints") == []


# ------------------------------------------------------------------------------------------------ whatever breaks off


def writes_of(service: Service, action: Any) -> int:
    """Return how many writes an action takes."""
    with watched_aws() as calls:
        assert action(service, put_aside(service, b"another")).status < 300
    return sum(is_write(call) for call in calls) - 1  # one of them put it aside


def is_write(call: Call) -> bool:
    return call.action in ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")


@pytest.mark.parametrize("lost", ["before", "after"])
@pytest.mark.parametrize("action", [file, discard])
def test_whatever_write_breaks_off_nothing_is_lost_and_the_next_try_ends_it(
    service: Service, action: Any, lost: str
) -> None:
    for n in range(writes_of(service, action)):
        message = put_aside(service, b"%d" % n)
        seen: list[Call] = []

        def break_off(call: Call, seen: list[Call] = seen, n: int = n) -> Any:
            seen += [call] if is_write(call) else []
            return aws_fault(400, "ValidationException") if len(seen) > n else None

        with watched_aws(**{lost: break_off}):
            assert action(service, message).status == 503
        told = one(service, message)
        listed_as = [state for state in ("open", "filed", "discarded") if message in ids(service, state)]
        assert told["body"] == str(n)
        assert told["state"] in listed_as, "a message that is in no list is lost"
        done = action(service, message)
        assert done.status < 300
        assert action(service, message).body == done.body
        state = "filed" if action is file else "discarded"
        assert [message in ids(service, one) for one in ("open", state)] == [False, True]
    filed = len(service.items("complaints"))
    assert filed == (len(ids(service, "filed")) if action is file else 0)
    assert filed == len(service.items("reporters"))


def broken_off(service: Service, message: str, action: Any, *, after: int) -> None:
    """Let an action do only so many of its writes."""
    seen: list[Call] = []

    def break_off(call: Call) -> Any:
        seen.extend([call] if is_write(call) else [])
        return aws_fault(400, "ValidationException") if len(seen) > after else None

    with watched_aws(before=break_off):
        assert action(service, message).status == 503


def test_what_was_decided_but_never_stored_may_be_filed_in_other_words(service: Service) -> None:
    message = put_aside(service)
    broken_off(service, message, file, after=1)
    assert service.items("complaints") == []
    assert discard(service, message, DEWI).status == 409
    assert ids(service, "open") == [message]
    filed = file(service, message, DEWI, text=LAMP)
    assert filed.status == 201
    assert whole(service, filed.json["ticket"])["text"] == LAMP
    settled = one(service, message)["settled"]
    assert (settled["who"], settled["ticket"]) == ("dewi", filed.json["ticket"])
    assert file(service, message, text=PARKING).status == 409


@pytest.mark.parametrize("other", [discard, lambda service, message, who: file(service, message, who, text=LAMP)])
def test_what_was_stored_is_settled_also_by_who_wanted_something_else(service: Service, other: Any) -> None:
    message = put_aside(service)
    broken_off(service, message, file, after=3)
    (stored,) = service.items("complaints")
    assert ids(service, "open") == [message]
    assert other(service, message, DEWI).status == 409
    assert (ids(service, "open"), ids(service, "filed")) == ([], [message])
    settled = one(service, message)["settled"]
    assert (settled["who"], settled["ticket"]) == ("rina", stored["ticket"]["S"])


def test_of_ten_actions_at_once_one_is_done(service: Service) -> None:
    message = put_aside(service).replace(".", "#")

    def act(n: int) -> str:
        actor = Actor(Role.ADMIN, f"admin {n}")
        try:
            if n % 2:
                entering.discard_quarantined(message, f"Alasan {n}.", actor, wall_clock())
            else:
                reporter = Reporter(phone=CITIZEN)
                entering.file_quarantined(
                    message, f"{LAMP} {n}", reporter, actor, wall_clock(), kind=None, category=None
                )
        except entering.SettledOtherwise as error:
            return f"refused: {error.ticket or error.reason}"
        return f"done by {actor.subject}"

    with watched_aws(), ThreadPoolExecutor(10) as pool:
        told = list(pool.map(act, range(10)))
    (done,) = [one for one in told if one.startswith("done")]
    (refusal,) = {one for one in told if one.startswith("refused")}
    shown = one(service, message.replace("#", "."))
    assert done == f"done by {shown['settled']['who']}"
    assert refusal == f"refused: {shown['settled']['ticket'] or shown['settled']['reason']}"
    assert len(service.items("complaints")) == len(service.items("reporters")) == (shown["state"] == "filed")
    assert [len(ids(service, state)) for state in ("open", shown["state"])] == [0, 1]


# ------------------------------------------------------------------------------------------------ a provider by GET


def by_vonage(service: Service, secret: str, **parameters: str) -> Answer:
    """Deliver by GET as Vonage does, signed with its HMAC-SHA256."""
    given = {**parameters, "timestamp": str(int(datetime.now(UTC).timestamp()))}
    signed = "".join(f"&{name}={given[name]}" for name in sorted(given)).encode()
    given["sig"] = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return service.get(f"/webhooks/sms/vonage?{urlencode(given)}")


def test_of_a_message_by_get_its_address_is_kept(service: Service) -> None:
    with set_as(SAMBAT_SMS_VONAGE_SECRET="vonage-key", SAMBAT_SMS_DEFAULT="generic"):
        for n in range(2):
            kept = by_vonage(
                service, "vonage-key", type="binary", messageId=f"0A{n}", msisdn="6280000000001", data="5468C3"
            )
            assert kept.status == 200
    found = [one(service, item["id"]) for item in listed(service)]
    assert [(item["provider"], "msisdn=6280000000001" in item["body"]) for item in found] == [("vonage", True)] * 2
    assert [("messageId=0A0" in item["body"], "messageId=0A1" in item["body"]) for item in found] in (
        [(True, False), (False, True)], [(False, True), (True, False)],
    )  # fmt: skip


def test_bodies_that_break_other_things_break_nothing_here(service: Service) -> None:
    bodies = (b"\x00" * 70_000, b"\xff\xfe\x00", b"\xed\xa0\x80", b'{"a": "\\ud800', b'{"a": {0} %s #', b"")
    for n, body in enumerate(bodies):
        message = put_aside(service, body)
        assert one(service, message)["id"] == message
        act = (file, discard)[n % 2]
        assert act(service, message).status < 300
    assert ids(service, "open") == []
    shown = listed(service, "state=filed") + listed(service, "state=discarded")
    assert len(shown) == len(bodies)
    assert len(json.dumps(shown)) < 6 * 1024 * 1024
