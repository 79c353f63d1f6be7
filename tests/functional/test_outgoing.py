"""What goes out by SMS: by whom, how often a day, again when it failed, and what became of it."""

from __future__ import annotations

import json
import logging
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import boto3
import pytest

from chalicelib import settings, stream
from chalicelib.adapters import sms_ledger
from chalicelib.adapters.sms_providers import DeliveryReport
from chalicelib.adapters.tables import PREFIX
from chalicelib.domain import replies
from chalicelib.domain.gsm import segments
from chalicelib.workflows import city, outgoing, reconciling
from tests.builders import Answer, Service, token
from tests.functional.doors import (
    CITIZEN,
    GENERIC_SECRET,
    NEIGHBOUR,
    PARKING,
    Call,
    Carrier,
    aws_fault,
    carrier_on,
    generic,
    generic_body,
    set_as,
    smsgate,
    smsgate_body,
    ticket_in,
    watched_aws,
)
from tests.functional.doors import LAMP as OF_LAMPS

LAMP = f"Sambat {OF_LAMPS}"
EMAIL = "warga@example.org"
DONE = "Lampu sudah diganti oleh petugas."
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OTHER_SECRET = "whsec_b3RoZXItc2VjcmV0LW9mLTMyLWJ5dGVzLWFuZC1tb3JlIQ=="


@pytest.fixture
def carrier(service: Service) -> Iterator[Carrier]:
    with carrier_on() as told:
        yield told


def local(hour: int, minute: int = 0, day: int = 1) -> datetime:
    """Return a time of the city, so many days after today: what was filed now has come before it."""
    zone = settings.current().zone
    on = datetime.now(zone).date() + timedelta(days=day)
    return datetime.combine(on, time(hour, minute), zone)


def file(service: Service, text: str = LAMP, message_id: str = "m-1", sender: str = CITIZEN) -> str:
    """File by SMS, through `generic`, and return the ticket."""
    before = tickets(service)
    assert generic(service, text, message_id, sender).status == 200
    (ticket,) = tickets(service) - before
    return ticket


def tickets(service: Service) -> set[str]:
    return {item["ticket"]["S"] for item in service.items("complaints")}


def act(service: Service, ticket: str, action: str, **body: Any) -> None:
    answered = service.post(f"/opd/complaints/{ticket}/{action}", body, token("opd", "dpuprpkp"))
    assert answered.status == 200, answered.text


def entered(service: Service, **given: Any) -> str:
    """Let staff enter a complaint and return the ticket."""
    answered = service.post("/admin/complaints", {"text": OF_LAMPS, "phone": CITIZEN, **given}, token("admin"))
    assert answered.status == 201, answered.text
    return str(answered.json["ticket"])


def answered(service: Service, carrier: Carrier, **more: Any) -> str:
    """File by SMS, be told of it, then be answered: the answer is on its way."""
    ticket = file(service, **more)
    assert service.deliver() == []
    act(service, ticket, "answer", text=DONE)
    carrier.asked.clear()
    return ticket


def tell(service: Service, at: datetime | None = None) -> None:
    """Deliver the stream; nothing of it may fail."""
    records = service._records()
    assert stream.notify(records, (at or datetime.now(UTC)).astimezone(UTC)) == {"batchItemFailures": []}


def sweep(service: Service, at: datetime) -> int:
    """Sweep by its door and return how many SMS went out at another try."""
    return service.sweep(at.isoformat())["texted"]


def record(service: Service, message_id: str) -> dict[str, Any]:
    """Return what is written down of one message."""
    found = {item["id"]["S"]: item for item in service.items("notifications")}
    return {name: next(iter(value.values())) for name, value in found[message_id].items()}


def states(service: Service) -> Counter[str]:
    """Count the messages to reporters, and the replies to commands, by what became of them."""
    items = [
        item for item in service.items("notifications") if "reporter" in item["id"]["S"] or "reply" in item["id"]["S"]
    ]
    return Counter(item["state"]["S"] if "state" in item else "sent" for item in items)


def counts(service: Service) -> dict[str, int]:
    """Return what the ledger says of all months, without what is zero."""
    months = {item["pk"]["S"].removeprefix("sms#") for item in service.items("statistics") if "sms#" in item["pk"]["S"]}
    total: Counter[str] = Counter()
    for month in months:
        total.update(sms_ledger.month(month))
    return {name: n for name, n in total.items() if n}


def owed_rows(service: Service) -> list[dict[str, Any]]:
    return [item for item in service.items("intake") if item["pk"]["S"] == "sms-owed"]


def asked_ids(carrier: Carrier) -> list[str]:
    """Return the id of each SMS that a carrier was asked to send."""
    return [json.loads(body)["id"] for _, _, body in carrier.asked]


def paths(carrier: Carrier) -> list[str]:
    return [path for path, _, _ in carrier.asked]


def mails(service: Service) -> list[str]:
    return [mail["text"] for mail in service.emails() if mail["to"] == EMAIL]


def report(service: Service, about: str, status: str = "delivered", key: str = GENERIC_SECRET) -> Answer:
    """Deliver a report of `generic` on one of our messages."""
    said = {"id": "report-1", "about": about.replace(".", "_"), "status": status}
    return generic_body(service, json.dumps(said).encode(), key)


@contextmanager
def caps(per_number: int = 20, per_day: int = 5000) -> Iterator[None]:
    """Let the city's policy have these numbers."""
    sms: dict[str, int] = settings.data_file("policy.json")["sms"]
    before = dict(sms)
    sms.update(per_number_per_day=per_number, per_day=per_day)
    city.policy.cache_clear()
    try:
        yield
    finally:
        sms.update(before)
        city.policy.cache_clear()


def dead_address() -> str:
    """Return an address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


# ------------------------------------------------------------------------------------------------ by whom


def received(service: Service, ticket: str) -> str:
    return f"diterima, tiket {ticket}"


def interim(service: Service, ticket: str) -> str:
    act(service, ticket, "answer", text="Kami jadwalkan.", final=False)
    return "Kami jadwalkan."


def final(service: Service, ticket: str) -> str:
    act(service, ticket, "answer", text=DONE)
    return f"{DONE} Nilai: NILAI {ticket} 1-5."


def question(service: Service, ticket: str) -> str:
    act(service, ticket, "ask", text="Di depan nomor berapa?")
    return "Di depan nomor berapa? Balas SMS ini"


def rejection(service: Service, ticket: str) -> str:
    done = service.post(f"/admin/complaints/{ticket}/reject", {"reason": "insufficient"}, token("admin"))
    assert done.status == 200, done.text
    return "tidak diproses, keterangannya belum cukup"


def merge(service: Service, ticket: str) -> str:
    into = service.post("/complaints", {"text": PARKING}).json["ticket"]
    done = service.post(f"/admin/complaints/{ticket}/merge", {"into": into}, token("admin"))
    assert done.status == 200, done.text
    return f"digabung dengan {into}"


STEPS: list[Callable[[Service, str], str]] = [received, interim, final, question, rejection, merge]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("provider", "path"), [(generic, "/generic"), (smsgate, "/smsgate/messages")])
def test_each_step_goes_out_by_the_provider_that_the_citizen_came_by(
    service: Service, carrier: Carrier, step: Callable[[Service, str], str], provider: Any, path: str
) -> None:
    assert provider(service, LAMP).status == 200
    (ticket,) = tickets(service)
    if step is not received:
        tell(service)
        carrier.asked.clear()
    said = step(service, ticket)
    with set_as(SAMBAT_SMS_FALLBACK="twilio", SAMBAT_SMS_DEFAULT="twilio"):
        tell(service)
    assert paths(carrier) == [path]
    ((number, text),) = carrier.texts
    assert number == CITIZEN
    assert ticket in text
    assert said in text
    assert segments(text) == 1


@pytest.mark.parametrize("fault", ["refuses", "is down", "does not answer", "is off"])
def test_the_fallback_is_tried_at_once(service: Service, carrier: Carrier, fault: str) -> None:
    ticket = answered(service, carrier)
    with carrier_on() as failing:
        failing.status = 400 if fault == "refuses" else 500
        first: dict[str, str | None] = {"SAMBAT_SMS_GENERIC_URL": f"{failing.url}/generic"}
        if fault == "does not answer":
            first = {"SAMBAT_SMS_GENERIC_URL": dead_address()}
        if fault == "is off":
            first = {"SAMBAT_SMS_GENERIC_SECRET": None}
        with set_as(SAMBAT_SMS_SMSGATE_URL=f"{carrier.url}/smsgate", SAMBAT_SMS_FALLBACK="smsgate", **first):
            tell(service)
        assert len(failing.asked) == (1 if failing.status == 400 or fault == "is down" else 0)
    assert paths(carrier) == ["/smsgate/messages"]
    assert carrier.texts[0][0] == CITIZEN
    told = record(service, f"{ticket}.2.reporter")
    assert (told["provider"], told.get("state")) == ("smsgate", None)
    assert owed_rows(service) == []
    assert counts(service) == {"messages": 2, "segments": 2}


def test_a_provider_that_is_off_and_no_fallback_leave_the_citys_own(service: Service, carrier: Carrier) -> None:
    answered(service, carrier)
    with set_as(SAMBAT_SMS_GENERIC_SECRET=None):
        tell(service)
    assert paths(carrier) == ["/smsgate/messages"]


def test_a_number_given_on_the_web_goes_by_the_default_then_by_the_fallback(service: Service, carrier: Carrier) -> None:
    ticket = service.post("/complaints", {"text": OF_LAMPS, "phone": "0800 0000 0001"}).json["ticket"]
    act(service, ticket, "answer", text="Kami jadwalkan.", final=False)
    with set_as(SAMBAT_SMS_DEFAULT="generic", SAMBAT_SMS_FALLBACK="smsgate"):
        tell(service)
        act(service, ticket, "answer", text=DONE)
        with set_as(SAMBAT_SMS_GENERIC_URL=dead_address()):
            tell(service)
    assert paths(carrier) == ["/generic", "/smsgate/messages"]
    assert {number for number, _ in carrier.texts} == {CITIZEN}


def test_who_came_by_web_with_an_address_is_told_by_mail(service: Service, carrier: Carrier) -> None:
    brought = {"text": OF_LAMPS, "phone": "0800 0000 0001", "email": EMAIL}
    ticket = service.post("/complaints", brought).json["ticket"]
    act(service, ticket, "answer", text=DONE)
    tell(service)
    assert len(mails(service)) == 2
    assert carrier.asked == []
    assert counts(service) == {}


def test_who_is_in_the_conversation_by_sms_is_told_so_even_with_an_address(service: Service, carrier: Carrier) -> None:
    ticket = entered(service, email=EMAIL)
    tell(service)
    assert paths(carrier) == ["/smsgate/messages"], "what staff enter has a receipt by SMS"
    act(service, ticket, "answer", text="Kami jadwalkan.", final=False)
    tell(service)
    assert (len(carrier.asked), mails(service)) == (2, [])
    act(service, ticket, "answer", text=DONE)
    with set_as(**{f"SAMBAT_SMS_{name}_SECRET": None for name in ("GENERIC", "SMSGATE", "TWILIO")}):
        tell(service)
    assert len(carrier.asked) == 2
    assert [DONE in text for text in mails(service)] == [True]


def test_what_a_provider_that_replies_inline_brought_and_staff_read_has_a_receipt(
    service: Service, carrier: Carrier
) -> None:
    assert service.twilio("", NumMedia="1").status == 200
    kept = service.get("/admin/quarantine", token("admin")).json["items"][0]["id"]
    filed = {"text": LAMP, "phone": CITIZEN}
    assert service.post(f"/admin/quarantine/{kept}/complaint", filed, token("admin")).status < 300
    tell(service)
    assert paths(carrier) == ["/2010-04-01/Accounts/AC1/Messages.json"], "its webhook was answered without words"
    assert tickets(service) == {ticket_in(carrier.texts[0][1])}


def test_a_receipt_is_one_sms_and_a_long_answer_at_most_three(service: Service, carrier: Carrier) -> None:
    ticket = file(service)
    tell(service)
    assert counts(service) == {"messages": 1, "segments": 1}
    act(service, ticket, "answer", text="Sudah kami kerjakan bersama warga. " * 60)
    tell(service)
    assert segments(carrier.texts[-1][1]) == 3
    assert counts(service) == {"messages": 2, "segments": 4}
    assert record(service, f"{ticket}.0.reporter")["segments"] == "1"
    assert record(service, f"{ticket}.2.reporter")["segments"] == "3"


# ------------------------------------------------------------------------------------------------ the day's caps


def test_a_receipt_over_the_cap_is_held_for_good_and_the_complaint_stored(service: Service, carrier: Carrier) -> None:
    with caps(per_number=3):
        for n in range(5):
            file(service, f"{LAMP} nomor {n} rusak {'abcde'[n] * 9} {'vwxyz'[n] * 9}", f"m-{n}")
        file(service, LAMP, "m-9", NEIGHBOUR)
        tell(service)
        assert Counter(number for number, _ in carrier.texts) == {CITIZEN: 3, NEIGHBOUR: 1}
        assert len(tickets(service)) == 6
        assert states(service) == {"sent": 4, "held": 2}
        assert counts(service) == {"messages": 4, "segments": 4, "held": 2}
        for day in (1, 2):
            assert sweep(service, local(7, day=day)) == 0
    assert len(carrier.asked) == 4
    assert owed_rows(service) == []


def test_an_answer_over_the_cap_goes_out_next_morning_once(service: Service, carrier: Carrier) -> None:
    with caps(per_number=1):
        ticket = file(service)
        tell(service, local(10))
        act(service, ticket, "answer", text=DONE)
        tell(service, local(10, 1))
        assert len(carrier.asked) == 1
        assert record(service, f"{ticket}.2.reporter")["state"] == "owed"
        for at in (local(12), local(19, 59), local(23), local(6, 45, day=2)):
            assert sweep(service, at) == 0
        assert sweep(service, local(7, day=2)) == 1
        for at in (local(7, day=2), local(7, 15, day=2), local(7, day=3)):
            assert sweep(service, at) == 0
    assert [DONE in text for _, text in carrier.texts] == [False, True]
    told = record(service, f"{ticket}.2.reporter")
    assert (told.get("state"), told["attempts"], told["segments"], told["provider"]) == (None, "1", "1", "generic")
    assert counts(service) == {"messages": 2, "segments": 2, "held": 1}
    assert owed_rows(service) == []


def test_what_is_over_the_cap_again_next_morning_waits_for_the_one_after(service: Service, carrier: Carrier) -> None:
    with caps(per_number=1):
        for n in range(3):
            ticket = file(service, f"{LAMP} nomor {n} rusak {'abcde'[n] * 9} {'vwxyz'[n] * 9}", f"m-{n}")
            act(service, ticket, "answer", text=DONE)
        tell(service, local(10))
        assert states(service) == {"sent": 1, "held": 2, "owed": 3}
        assert [sweep(service, local(7, day=day)) for day in (2, 3, 4, 5)] == [1, 1, 1, 0]
    assert len(carrier.asked) == 4
    assert len(set(asked_ids(carrier))) == 4


def test_the_city_has_a_cap_of_its_own(service: Service, carrier: Carrier) -> None:
    with caps(per_day=2):
        for n in range(4):
            file(service, LAMP, f"m-{n}", f"+628000000001{n}")
        tell(service)
        generic(service, "BANTUAN", "m-9", CITIZEN)
        assert len(carrier.asked) == 2
        assert len(tickets(service)) == 4
    assert counts(service) == {"messages": 2, "segments": 2, "held": 3}


def test_the_day_is_the_citys(service: Service, carrier: Carrier) -> None:
    with caps(per_number=1):
        for n, at in enumerate((local(6, 50), local(7, 10), local(23, 50), local(0, 10, day=2))):
            file(service, f"{LAMP} nomor {n} rusak {'abcde'[n] * 9} {'vwxyz'[n] * 9}", f"m-{n}")
            tell(service, at)
    assert len(carrier.asked) == 2, "midnight UTC is seven in the morning"
    assert [item["sk"]["S"] for item in sorted(sms_days(service), key=lambda it: it["sk"]["S"])] == sorted(
        {f"{at:%d}" for at in (local(7), local(7, day=2))}
    )


def sms_days(service: Service) -> list[dict[str, Any]]:
    return [item for item in service.items("statistics") if item["pk"]["S"].startswith("sms#")]


def test_a_bomb_of_commands_stops_at_the_cap(service: Service, carrier: Carrier) -> None:
    with caps(per_number=7):
        for n in range(200):
            assert generic(service, "BANTUAN", f"m-{n}").status == 200
        generic(service, "BANTUAN", "m-0")
        generic(service, "BANTUAN", "m-199")
        assert generic(service, "BANTUAN", "m-1", NEIGHBOUR).status == 200
    assert Counter(carrier.texts) == {(CITIZEN, replies.HELP): 7, (NEIGHBOUR, replies.HELP): 1}
    assert counts(service) == {"messages": 8, "segments": 8 * segments(replies.HELP), "held": 193}
    assert states(service) == {"sent": 8, "held": 193}


def test_what_is_replied_inline_stops_at_the_cap_too(service: Service, carrier: Carrier) -> None:
    with caps(per_number=3):
        said = [service.twilio("BANTUAN", sid=f"SM{n}") for n in range(6)]
        filed = service.twilio(LAMP, sid="SM9")
    assert [replies.HELP.partition(" ")[0] in answer.text for answer in said] == [True] * 3 + [False] * 3
    assert {answer.status for answer in (*said, filed)} == {200}
    assert len(tickets(service)) == 1
    assert tickets(service).pop() not in filed.text
    tell(service)
    assert carrier.asked == [], "a receipt that was held inline comes by no other way"
    assert counts(service)["held"] == 4


def test_what_no_carrier_took_leaves_the_caps_as_they_were(service: Service, carrier: Carrier) -> None:
    with caps(per_number=2, per_day=2):
        carrier.status = 400
        for n in range(5):
            generic(service, "BANTUAN", f"m-{n}")
        assert len(carrier.asked) == 5
        file(service)
        tell(service)
        assert len(carrier.asked) == 6
        assert counts(service) == {}
        carrier.status = 202
        assert sweep(service, local(10)) == 1
        assert counts(service) == {"messages": 1, "segments": 1}
        assert generic(service, "BANTUAN", "m-0").status == 200


def test_a_receipt_that_failed_and_is_over_the_cap_by_then_is_held(service: Service, carrier: Carrier) -> None:
    ticket = file(service)
    carrier.status = 500
    tell(service, local(10))
    carrier.status = 202
    with caps(per_day=1):
        file(service, LAMP, "m-2", NEIGHBOUR)
        tell(service, local(10, 1))
        assert sweep(service, local(11)) == 0
    assert record(service, f"{ticket}.0.reporter")["state"] == "held"
    assert sweep(service, local(7, day=2)) == 0
    assert owed_rows(service) == []


# ------------------------------------------------------------------------------------------------ tried again


def tries(carrier: Carrier, start: datetime, until: datetime) -> list[str]:
    """Sweep every quarter of an hour and return when the carrier was asked, as "day hh:mm" of the city."""
    at, found, seen = start, [], len(carrier.asked)
    while at <= until:
        outgoing.send_owed(at, at)
        if len(carrier.asked) > seen:
            found += [f"{(at.date() - start.date()).days} {at:%H:%M}"] * (len(carrier.asked) - seen)
            seen = len(carrier.asked)
        at += 15 * MINUTE
    return found


def test_it_is_tried_again_later_each_time_never_by_night_and_then_given_up(service: Service, carrier: Carrier) -> None:
    ticket = answered(service, carrier)
    carrier.status = 500
    tell(service, local(7))
    assert len(carrier.asked) == 1
    asked = tries(carrier, local(7), local(7, day=4))
    assert asked == ["0 07:15", "0 07:45", "0 08:45", "0 10:45", "0 14:45", "1 07:00", "1 19:00"]
    assert len(carrier.asked) == outgoing.MOST_ATTEMPTS
    assert set(asked_ids(carrier)) == {f"{ticket}_2_reporter"}, "each time the same message"
    told = record(service, f"{ticket}.2.reporter")
    assert (told["state"], told["attempts"]) == ("failed", "8")
    assert counts(service) == {"messages": 1, "segments": 1, "failed": 1}
    assert owed_rows(service) == []


def test_what_fails_in_the_evening_waits_for_the_morning(service: Service, carrier: Carrier) -> None:
    answered(service, carrier)
    carrier.status = 500
    tell(service, local(19, 50))
    carrier.status = 202
    assert tries(carrier, local(20), local(12, day=2)) == ["1 07:00"]


def test_at_last_it_goes_by_mail_where_there_is_an_address(service: Service, carrier: Carrier) -> None:
    ticket = entered(service, email=EMAIL)
    tell(service)
    act(service, ticket, "answer", text=DONE)
    carrier.asked.clear()
    carrier.status = 503
    tell(service, local(7))
    assert len(tries(carrier, local(7), local(18, 45, day=2))) == 6
    assert mails(service) == []
    assert len(tries(carrier, local(19, day=2), local(12, day=3))) == 1
    assert [DONE in text for text in mails(service)] == [True]
    told = record(service, f"{ticket}.2.reporter")
    assert (told["via"], told.get("state"), told.get("provider")) == ("email", None, None)
    assert counts(service) == {"messages": 1, "segments": 1, "emailed": 1}
    assert owed_rows(service) == []


def refusing_mail(status: int, code: str) -> Any:
    """Let SES refuse every mail, with a message that quotes whom it was for."""
    answer = status, {"x-amzn-ErrorType": code}, json.dumps({"message": f"{code}: {EMAIL}"})
    return watched_aws(before=lambda call: answer if call.action.startswith("/v2/email") else None)


def given_up_by_all_carriers(service: Service, carrier: Carrier, how_many: int) -> None:
    """Let answers be owed which no provider is on for any more, each to somebody with an address."""
    for n in range(how_many):
        ticket = entered(service, text=f"{OF_LAMPS} {n}", phone=f"+628000000001{n}", email=EMAIL)
        act(service, ticket, "answer", text=DONE)
    carrier.status = 400
    tell(service, local(7))
    carrier.status = 202


NO_SMS = {f"SAMBAT_SMS_{name}_SECRET": None for name in ("GENERIC", "SMSGATE", "TWILIO")}


def test_no_provider_any_more_is_no_reason_to_wait_with_the_mail(service: Service, carrier: Carrier) -> None:
    given_up_by_all_carriers(service, carrier, 1)
    with set_as(**NO_SMS):
        assert sweep(service, local(8)) == 2
    assert len(mails(service)) == 2


def test_while_mail_is_down_too_it_is_asked_once_a_sweep_and_nothing_is_lost(
    service: Service, carrier: Carrier
) -> None:
    given_up_by_all_carriers(service, carrier, 2)
    with set_as(**NO_SMS):
        with refusing_mail(500, "InternalServerError") as calls:
            assert sweep(service, local(8)) == 0
            asked = [json.loads(call.body) for call in calls if call.action.startswith("/v2/email")]
        mine = [one["Content"] for one in asked if one["Destination"]["ToAddresses"] == [EMAIL]]
        assert 1 <= len(mine) <= 3, "the client's own attempts, for one message"
        assert len({json.dumps(one) for one in mine}) == 1
        assert sweep(service, local(8, 15)) == 4
        assert sweep(service, local(8, 30)) == 0
    assert len(mails(service)) == 4
    assert counts(service) == {"emailed": 4}


def test_a_mail_that_is_refused_as_well_has_failed(service: Service, carrier: Carrier) -> None:
    given_up_by_all_carriers(service, carrier, 1)
    with set_as(**NO_SMS), refusing_mail(400, "MessageRejected"):
        assert sweep(service, local(8)) == 0
        assert sweep(service, local(9)) == 0
    assert states(service) == {"failed": 2}
    assert counts(service) == {"failed": 2}
    assert owed_rows(service) == []


def test_a_carrier_that_is_down_is_asked_once_in_a_batch_and_once_in_a_sweep(
    service: Service, carrier: Carrier
) -> None:
    for n in range(4):
        file(service, LAMP, f"m-{n}", f"+628000000001{n}")
    carrier.status = 503
    tell(service, local(8))
    assert len(carrier.asked) == 1
    assert len(owed_rows(service)) == 4
    assert sweep(service, local(8, 15)) == 0
    assert len(carrier.asked) == 2
    carrier.status = 202
    assert sweep(service, local(9)) == 4
    assert {number for number, _ in carrier.texts} == {f"+628000000001{n}" for n in range(4)}


def test_one_that_is_refused_holds_up_no_other(service: Service, carrier: Carrier) -> None:
    for n in range(3):
        file(service, LAMP, f"m-{n}", f"+628000000001{n}")
    carrier.status = 400
    tell(service, local(8))
    assert len(carrier.asked) == 3
    carrier.status = 202
    assert sweep(service, local(8, 15)) == 3


def test_records_that_come_again_and_the_reconciler_send_nothing_owed_or_held(
    service: Service, carrier: Carrier
) -> None:
    for n in range(3):
        file(service, f"{LAMP} nomor {n} rusak {'abcde'[n] * 9} {'vwxyz'[n] * 9}", f"m-{n}")
    for ticket in tickets(service):
        act(service, ticket, "answer", text=DONE)
    records = service._records()
    with caps(per_number=1):
        carrier.status = 500
        stream.notify(records[:1], local(7))
        carrier.status = 202
        assert stream.notify(records[1:], local(7, 1))["batchItemFailures"] == []
    assert states(service) == {"owed": 4, "sent": 1, "held": 1}
    before, kept = list(carrier.asked), everything(service)
    assert stream.notify(records, local(7, 5))["batchItemFailures"] == []
    for later in (2 * HOUR, DAY, 2 * DAY):
        assert reconciling.reconcile(datetime.now(UTC) + later)["looked_at"] == 3
    assert carrier.asked == before
    assert everything(service) == kept


def owed_answer(service: Service, carrier: Carrier, at: datetime | None = None) -> str:
    """Let an answer be owed and return its message id."""
    ticket = answered(service, carrier)
    carrier.status = 500
    tell(service, at or local(8))
    carrier.status = 202
    carrier.asked.clear()
    return f"{ticket}.2.reporter"


def test_of_two_sweeps_at_once_one_sends(service: Service, carrier: Carrier) -> None:
    owed_answer(service, carrier)
    other: list[tuple[int, int]] = []

    def sweep_in_between(call: Call) -> None:
        if call.action == "BatchWriteItem" and "notifications" in call.body and not other:
            other.append((-1, -1))
            other[0] = outgoing.send_owed(local(9), datetime.now(UTC))

    with watched_aws(before=sweep_in_between):
        assert sweep(service, local(9)) == 1
    assert other == [(0, 0)]
    assert len(carrier.asked) == 1
    assert owed_rows(service) == []


def test_a_sweep_that_waited_for_another_tries_nothing_that_the_other_has_tried(
    service: Service, carrier: Carrier
) -> None:
    owed_answer(service, carrier)
    carrier.status = 500
    other: list[tuple[int, int]] = []

    def sweep_before(call: Call) -> None:
        if call.action == "PutItem" and "turn" in call.body and "#" in call.body and not other:
            other.append((-1, -1))
            other[0] = outgoing.send_owed(local(9), local(9))

    with watched_aws(before=sweep_before):
        assert outgoing.send_owed(local(9), local(9)) == (0, 0)
    assert other == [(0, 0)]
    assert len(carrier.asked) == 1
    assert len(owed_rows(service)) == 1
    assert json.loads(owed_rows(service)[0]["value"]["S"])["attempts"] == 2


def test_what_went_out_and_could_not_be_written_down_goes_once_more_under_the_same_id(
    service: Service, carrier: Carrier
) -> None:
    message_id = owed_answer(service, carrier)

    def fail(call: Call) -> Any:
        return aws_fault(400, "ValidationException") if call.action == "BatchWriteItem" else None

    with watched_aws(before=fail):
        assert outgoing.send_owed(local(9), local(9)) == (0, 1)
    assert outgoing.send_owed(local(9, 15), local(9, 15)) == (1, 0)
    assert outgoing.send_owed(local(9, 30), local(9, 30)) == (0, 0)
    assert asked_ids(carrier) == [message_id.replace(".", "_")] * 2
    assert states(service)["sent"] == 2


class Killed(BaseException):
    """The process is gone: nothing of it asks anything more."""


def killed_at(is_moment: Callable[[Call], bool]) -> Any:
    """Let the process die at a request to AWS, before it is served."""
    dead: list[bool] = []

    def kill(call: Call) -> None:
        if dead or is_moment(call):
            dead.append(True)
            raise Killed

    return watched_aws(before=kill)


def writes_down(call: Call) -> bool:
    return call.action == "BatchWriteItem" and "notifications" in call.body


def test_a_sweep_that_was_killed_after_sending_sends_once_more_after_its_turn_is_over(
    service: Service, carrier: Carrier
) -> None:
    message_id = owed_answer(service, carrier)
    with killed_at(writes_down), pytest.raises(Killed):
        outgoing.send_owed(local(9), local(9))
    assert outgoing.send_owed(local(9, 5), local(9, 5)) == (0, 0), "its turn may last as long as its Lambda"
    assert outgoing.send_owed(local(9, 15), local(9, 15)) == (1, 0)
    assert outgoing.send_owed(local(9, 30), local(9, 30)) == (0, 0)
    assert asked_ids(carrier) == [message_id.replace(".", "_")] * 2


def test_a_sweep_that_was_killed_before_it_forgot_sends_nothing_twice(service: Service, carrier: Carrier) -> None:
    owed_answer(service, carrier)
    with killed_at(lambda call: call.action == "DeleteItem"), pytest.raises(Killed):
        outgoing.send_owed(local(9), local(9))
    assert outgoing.send_owed(local(9, 15), local(9, 15)) == (0, 0)
    assert len(carrier.asked) == 1
    assert owed_rows(service) == []


@pytest.mark.parametrize("finder", ["stream", "reconciler"])
def test_a_crash_between_owing_and_writing_down_loses_nothing(service: Service, carrier: Carrier, finder: str) -> None:
    ticket = answered(service, carrier)
    records = service._records()
    carrier.status = 500
    with killed_at(writes_down), pytest.raises(Killed):
        stream.notify(records, local(8))
    assert len(owed_rows(service)) == 1
    carrier.status = 202
    carrier.asked.clear()
    assert sweep(service, local(9)) == 0, "nobody knows yet that it is owed"
    if finder == "stream":
        assert stream.notify(records, local(9, 1))["batchItemFailures"] == []
    else:
        reconciling.reconcile(datetime.now(UTC) + 2 * HOUR)
    assert asked_ids(carrier) == [f"{ticket}_2_reporter"]
    assert sweep(service, local(12)) == 0
    assert len(carrier.asked) == 1
    assert owed_rows(service) == []


def test_a_store_that_is_away_when_it_is_owed_gives_the_record_back(service: Service, carrier: Carrier) -> None:
    ticket = answered(service, carrier)
    records = service._records()
    carrier.status = 500

    def fail(call: Call) -> Any:
        owes = call.action == "PutItem" and "sms-owed" in call.body
        return aws_fault(400, "ValidationException") if owes else None

    with watched_aws(before=fail):
        assert len(stream.notify(records, local(8))["batchItemFailures"]) == 1
    carrier.status = 202
    assert stream.notify(records, local(8, 1))["batchItemFailures"] == []
    assert asked_ids(carrier)[-1] == f"{ticket}_2_reporter"


def test_who_said_berhenti_meanwhile_gets_nothing(service: Service, carrier: Carrier) -> None:
    message_id = owed_answer(service, carrier)
    generic(service, "BERHENTI", "m-9")
    carrier.asked.clear()
    assert sweep(service, local(9)) == 0
    generic(service, "MULAI", "m-10")
    carrier.asked.clear()
    assert sweep(service, local(12)) == 0
    assert carrier.asked == []
    assert record(service, message_id)["state"] == "unwanted"
    assert owed_rows(service) == []


def test_who_said_berhenti_and_left_an_address_is_told_there(service: Service, carrier: Carrier) -> None:
    ticket = entered(service, email=EMAIL)
    generic(service, "BERHENTI", "m-9")
    act(service, ticket, "answer", text="Sudah diganti.")
    carrier.asked.clear()
    tell(service)
    assert carrier.asked == []
    assert any("Sudah diganti." in text for text in mails(service))


@pytest.mark.parametrize("gone", ["reporters", "complaints"])
def test_who_was_erased_meanwhile_gets_nothing(service: Service, carrier: Carrier, gone: str) -> None:
    message_id = owed_answer(service, carrier)
    boto3.client("dynamodb").delete_item(TableName=f"{PREFIX}{gone}", Key={"ticket": {"S": message_id[:11]}})
    assert sweep(service, local(9)) == 0
    assert carrier.asked == []
    assert record(service, message_id)["state"] == "failed"
    assert "failed" not in counts(service), "nobody was left waiting"
    assert owed_rows(service) == []


def test_one_whose_complaint_was_merged_is_tried_again_for_its_own_number(service: Service, carrier: Carrier) -> None:
    into = file(service)
    merged = file(service, LAMP, "m-2", NEIGHBOUR)
    assert service.post(f"/admin/complaints/{merged}/merge", {"into": into}, token("admin")).status == 200
    act(service, into, "answer", text=DONE)
    carrier.status = 400
    tell(service, local(8))
    carrier.status = 202
    carrier.asked.clear()
    assert sweep(service, local(9)) == 5
    assert Counter(number for number, _ in carrier.texts) == {CITIZEN: 2, NEIGHBOUR: 3}
    ((_, text),) = [(number, text) for number, text in carrier.texts if number == NEIGHBOUR and DONE in text]
    assert f"Tiket {merged} dijawab" in text


# ------------------------------------------------------------------------------------------------ what became of it


def told(service: Service, carrier: Carrier) -> str:
    """Let an answer go out and return its message id."""
    ticket = answered(service, carrier)
    tell(service)
    assert asked_ids(carrier) == [f"{ticket}_2_reporter"]
    return f"{ticket}.2.reporter"


def everything(service: Service) -> list[Any]:
    return [
        sorted(json.dumps(item, sort_keys=True) for item in service.items(name))
        for name in ("notifications", "intake", "statistics", "complaints")
    ]


def test_a_delivery_is_written_down_and_counted_once(service: Service, carrier: Carrier) -> None:
    message_id = told(service, carrier)
    assert report(service, message_id).status == 200
    assert record(service, message_id)["state"] == "delivered"
    after = everything(service)
    for status in ("delivered", "failed", "delivered"):
        assert report(service, message_id, status).status == 200
    assert everything(service) == after
    assert counts(service) == {"messages": 2, "segments": 2, "delivered": 1}
    assert sweep(service, local(10)) == 0
    assert len(carrier.asked) == 1


def test_what_was_not_delivered_goes_out_three_times_in_all_under_ids_of_their_own(
    service: Service, carrier: Carrier
) -> None:
    message_id = told(service, carrier)
    assert report(service, message_id, "failed").status == 200
    assert record(service, message_id)["state"] == "owed"
    assert sweep(service, local(10)) == 1
    assert report(service, f"{message_id}.2", "failed").status == 200
    assert sweep(service, local(10, day=2)) == 1
    assert report(service, f"{message_id}.3", "failed").status == 200
    for day in (3, 4):
        assert sweep(service, local(10, day=day)) == 0
    plain = message_id.replace(".", "_")
    assert asked_ids(carrier) == [plain, f"{plain}_2", f"{plain}_3"], "a carrier sends what has one id once"
    kept = record(service, message_id)
    assert (kept["state"], kept["attempts"], kept["segments"]) == ("failed", "3", "3")
    assert counts(service) == {"messages": 4, "segments": 4, "failed": 1}
    assert owed_rows(service) == []


def test_what_is_never_delivered_goes_by_mail_where_there_is_an_address(service: Service, carrier: Carrier) -> None:
    with set_as(SAMBAT_SMS_DEFAULT="generic"):
        ticket = entered(service, email=EMAIL)
    tell(service)
    act(service, ticket, "answer", text=DONE)
    tell(service)
    message_id = f"{ticket}.2.reporter"
    for n, suffix in enumerate(("", ".2", ".3"), start=1):
        assert mails(service) == []
        assert report(service, f"{message_id}{suffix}", "failed").status == 200
        sweep(service, local(10, day=n))
    assert [DONE in text for text in mails(service)] == [True]
    after = everything(service)
    for status in ("failed", "delivered"):
        for suffix in ("", ".2", ".3", ".4"):
            assert report(service, f"{message_id}{suffix}", status).status == 200
    assert everything(service) == after, "of a mail no provider knows"


def test_it_is_tried_again_an_hour_after_the_report_then_eight_hours(service: Service, carrier: Carrier) -> None:
    message_id = told(service, carrier)
    outgoing.record_report(DeliveryReport("generic", message_id, "", delivered=False), local(9))
    assert tries(carrier, local(9), local(9, 45)) == []
    assert tries(carrier, local(10), local(10)) == ["0 10:00"]
    outgoing.record_report(DeliveryReport("generic", f"{message_id}.2", "", delivered=False), local(10, 30))
    assert tries(carrier, local(10, 30), local(7, day=3)) == ["0 18:30"]
    outgoing.record_report(DeliveryReport("generic", f"{message_id}.3", "", delivered=False), local(9, day=3))
    assert tries(carrier, local(9, day=3), local(9, day=3)) == []
    assert record(service, message_id)["state"] == "failed"


def test_what_failed_may_be_refused_meanwhile_and_keeps_its_id_until_it_is_taken(
    service: Service, carrier: Carrier
) -> None:
    message_id = told(service, carrier)
    outgoing.record_report(DeliveryReport("generic", message_id, "", delivered=False), local(8))
    carrier.status = 400
    assert len(tries(carrier, local(8), local(12))) == 2
    carrier.status = 202
    assert tries(carrier, local(12), local(19)) == ["0 15:00"]
    plain = message_id.replace(".", "_")
    assert asked_ids(carrier) == [plain, *[f"{plain}_2"] * 3]
    assert report(service, f"{message_id}.2").status == 200
    assert record(service, message_id)["state"] == "delivered"


def test_a_report_repeated_after_the_next_try_changes_nothing(service: Service, carrier: Carrier) -> None:
    message_id = told(service, carrier)
    report(service, message_id, "failed")
    after = everything(service)
    assert report(service, message_id, "failed").status == 200
    assert everything(service) == after
    sweep(service, local(10))
    after = everything(service)
    for status in ("failed", "delivered"):
        assert report(service, message_id, status).status == 200
    assert everything(service) == after, "it is about another try"
    assert report(service, f"{message_id}.2").status == 200
    assert record(service, message_id)["state"] == "delivered"


def test_two_reports_at_once_count_once(service: Service, carrier: Carrier) -> None:
    message_id = told(service, carrier)
    other: list[int] = []

    def report_in_between(call: Call) -> None:
        if call.action == "UpdateItem" and "notifications" in call.body and not other:
            other.append(0)
            other[0] = report(service, message_id).status

    with watched_aws(before=report_in_between):
        assert report(service, message_id, "failed").status == 200
    assert other == [200]
    assert record(service, message_id)["state"] == "delivered"
    assert counts(service)["delivered"] == 1
    assert sweep(service, local(12)) == 0, "it was delivered after all"
    assert len(carrier.asked) == 1


def test_a_report_that_comes_before_the_record_comes_again(service: Service, carrier: Carrier) -> None:
    ticket = answered(service, carrier)
    early: list[int] = []

    def report_before(call: Call) -> None:
        if writes_down(call) and not early:
            early.append(report(service, f"{ticket}.2.reporter").status)

    with watched_aws(before=report_before):
        tell(service)
    assert early == [503]
    assert report(service, f"{ticket}.2.reporter").status == 200
    assert record(service, f"{ticket}.2.reporter")["state"] == "delivered"


def test_a_report_on_a_try_that_is_not_written_down_yet_comes_again(service: Service, carrier: Carrier) -> None:
    message_id = owed_answer(service, carrier)
    early: list[int] = []

    def report_before(call: Call) -> None:
        if writes_down(call) and not early:
            early.append(report(service, message_id, "failed").status)

    with watched_aws(before=report_before):
        assert sweep(service, local(9)) == 1
    assert early == [503]
    assert report(service, message_id).status == 200
    assert record(service, message_id)["state"] == "delivered"


@pytest.mark.parametrize(
    "about",
    [
        "7K3QD-9XW2M.4.division",
        "reply.0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef",
        "REP1Y-00000",
        "sweep.0123456789abcdef0123456789abcdef",
        "reporter",
        "7K3QD-9XW2M.4.reporter.x",
    ],
)
def test_a_report_on_what_is_not_followed_is_taken_and_changes_nothing(
    service: Service, carrier: Carrier, about: str
) -> None:
    before = everything(service)
    for status in ("delivered", "failed"):
        assert report(service, about, status).status == 200
    assert everything(service) == before


def test_a_report_on_a_reply_to_a_command_changes_nothing(service: Service, carrier: Carrier) -> None:
    generic(service, "BANTUAN", "m-1")
    (about,) = asked_ids(carrier)
    before = everything(service)
    for status in ("delivered", "failed"):
        assert report(service, about, status).status == 200
    assert everything(service) == before


def test_a_report_on_a_mail_or_on_a_message_to_a_division_changes_nothing(service: Service, carrier: Carrier) -> None:
    ticket = service.post("/complaints", {"text": OF_LAMPS, "email": EMAIL}).json["ticket"]
    tell(service)
    before = everything(service)
    for about in (f"{ticket}.0.reporter", f"{ticket}.1.division", f"{ticket}.1.head"):
        for status in ("delivered", "failed"):
            assert report(service, about, status).status == 200
    assert everything(service) == before


@pytest.mark.parametrize(("provider", "carrier_id"), [("generic", "another"), ("smsgate", ""), ("twilio", "SM1")])
def test_a_report_about_another_carriers_message_changes_nothing(
    service: Service, carrier: Carrier, provider: str, carrier_id: str
) -> None:
    message_id = told(service, carrier)
    before = everything(service)
    for delivered in (True, False):
        outgoing.record_report(DeliveryReport(provider, message_id, carrier_id, delivered), datetime.now(UTC))
    assert everything(service) == before


def test_a_forged_report_is_refused(service: Service, carrier: Carrier) -> None:
    message_id = told(service, carrier)
    before = everything(service)
    for status in ("delivered", "failed"):
        assert report(service, message_id, status, OTHER_SECRET).status == 403
    assert everything(service) == before


def test_a_phone_as_gateway_reports_by_its_own_form(service: Service, carrier: Carrier) -> None:
    smsgate(service, LAMP)
    tell(service)
    (first,) = asked_ids(carrier)

    def event(name: str, about: str) -> int:
        payload = {"messageId": about, "recipient": CITIZEN}
        body = {"deviceId": "d", "event": name, "id": "e", "webhookId": "w", "payload": payload}
        return smsgate_body(service, json.dumps(body).encode()).status

    assert event("sms:sent", first) == 200
    assert counts(service) == {"messages": 1, "segments": 1}
    assert event("sms:failed", first) == 200
    assert sweep(service, local(10)) == 1
    assert asked_ids(carrier) == [first, f"{first}_2"], "the gateway answers 409 to an id that it has"
    assert event("sms:delivered", f"{first}_2") == 200
    assert record(service, first.replace("_", "."))["state"] == "delivered"


# ------------------------------------------------------------------------------------------------ nothing personal


def test_nothing_personal_is_logged_or_kept(
    service: Service, carrier: Carrier, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ticket = entered(service, email=EMAIL, name="Warga Satu")
    act(service, ticket, "answer", text=DONE)
    carrier.status = 400
    tell(service, local(8))
    with set_as(SAMBAT_SMS_SMSGATE_URL=dead_address()):
        assert sweep(service, local(8, 15)) == 0
    with watched_aws(before=lambda call: aws_fault(400, "ValidationException") if writes_down(call) else None):
        carrier.status = 202
        assert outgoing.send_owed(local(9), local(9)) == (0, 2)
    generic(service, "BANTUAN", "m-1")
    report(service, f"{ticket}.2.reporter", "failed")
    with set_as(**NO_SMS), refusing_mail(400, "MessageRejected"):
        sweep(service, local(10))
    assert states(service) == {"failed": 2, "sent": 1}
    kept = json.dumps([service.items("notifications"), owed_rows(service), sms_days(service)])
    counted = json.dumps([item for item in service.items("intake") if item["pk"]["S"].startswith("sms#")])
    said = "\n".join(caplog.text.splitlines())
    assert said.count("not sent") > 5
    for personal in (CITIZEN, CITIZEN[3:], EMAIL, "Warga Satu", DONE, OF_LAMPS, "Aduan diterima"):
        assert personal not in kept + counted
        assert personal not in said


def test_the_ledger_names_a_month(service: Service) -> None:
    days = [date(2026, 11, 1), date(2026, 11, 30), date(2026, 12, 1)]
    for on in days:
        assert sms_ledger.reserve("key", 2, datetime.now(UTC), on, (5, 5))
    sms_ledger.count("delivered", days[0])
    nothing = dict.fromkeys(sms_ledger.METRICS, 0)
    assert sms_ledger.month("2026-11") == {**nothing, "messages": 2, "segments": 4, "delivered": 1}
    assert sms_ledger.month("2026-12") == {**nothing, "messages": 1, "segments": 2}
    assert sms_ledger.month("2027-01") == nothing
