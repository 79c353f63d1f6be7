"""Officers: what they owe, by what is due first; start and answer; only what is their own; whom they may know."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.adapters import complaints
from chalicelib.domain import bounds
from chalicelib.domain.complaint import REPORTER_READ, Actor, Complaint, Entry, Role
from chalicelib.domain.life import IllegalAction
from chalicelib.domain.ticket import ticket_from
from chalicelib.workflows import handling
from chalicelib.workflows.changing import change
from tests.builders import Answer, Service, token
from tests.functional.scenes import HOLE, LAMP, PARKING, UNCLEAR, Call, filed, opened, wall_clock, watched_calls

DAY = timedelta(days=1)
NOBODYS = ticket_from(12345)


def officer(division: str = "", opd: str = "dpuprpkp", **claims: Any) -> str:
    return token("opd", opd, division, **claims)


def listed(service: Service, who: str, query: str = "") -> list[str]:
    """Return the tickets of a whole list, page by page."""
    tickets, cursor = [], ""
    for _ in range(100):
        answer = service.get(f"/opd/complaints?{query}{cursor}", who)
        assert answer.status == 200, answer.text
        tickets += [item["ticket"] for item in answer.json["items"]]
        if answer.json["next"] is None:
            return tickets
        cursor = f"&cursor={answer.json['next']}"
    raise AssertionError("the list has no end")


def entries(service: Service, ticket: str) -> list[dict[str, Any]]:
    timeline: list[dict[str, Any]] = service.get(f"/admin/complaints/{ticket}", token("admin")).json["timeline"]
    return timeline


# ------------------------------------------------------------------------------------------------ the list


def test_the_list_begins_with_what_is_due_first_however_it_came(service: Service) -> None:
    now = wall_clock()
    ages = (1, 21, 9, 40, 2)
    made = {age: filed((LAMP, HOLE)[age % 2], now - age * DAY).ticket for age in ages}
    filed(PARKING, now)
    assert listed(service, officer()) == [made[age] for age in sorted(ages, reverse=True)]


def test_an_interim_answer_puts_a_complaint_where_its_finish_is_due(service: Service) -> None:
    now = wall_clock()
    older, newer = filed(LAMP, now - 3 * DAY).ticket, filed(LAMP, now - 2 * DAY).ticket
    reply = {"text": "Sedang dikerjakan.", "final": False}
    assert service.post(f"/opd/complaints/{older}/answer", reply, officer()).status == 200
    assert listed(service, officer()) == [newer, older]
    assert listed(service, officer(), "status=in_progress") == [older]


def test_what_is_answered_leaves_the_list_and_is_found_by_its_status_newest_first(service: Service) -> None:
    now = wall_clock()
    opened(now - 30 * DAY)
    one, two, three = (filed(LAMP, now - age * DAY).ticket for age in (5, 4, 3))
    for ticket in (one, three):
        assert service.post(f"/opd/complaints/{ticket}/answer", {"text": "Sudah."}, officer()).status == 200
    assert listed(service, officer()) == [two]
    assert listed(service, officer(), "status=answered") == [three, one]
    assert listed(service, officer(), "status=dispatched") == [two]
    assert listed(service, officer("jalan"), "status=answered") == []


def test_due_before_keeps_what_is_due_before_and_nothing_due_at_that_instant(service: Service) -> None:
    now = wall_clock()
    due = {}
    for age in (20, 10, 0):
        complaint = filed(LAMP, now - age * DAY)
        due[complaint.ticket] = complaint.answer_due_at
    first, second, third = due
    assert due[first] != due[second] != due[third]
    limits = {first: [], second: [first], third: [first, second]}
    for ticket, expected in limits.items():
        at = due[ticket]
        assert at is not None
        query = f"due_before={at.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}"
        assert listed(service, officer(), query) == expected
    assert listed(service, officer(), "due_before=9999-12-31T00:00:00%2B07:00") == [first, second, third]
    assert listed(service, officer(), "due_before=0001-01-02T00:00:00%2B07:00") == []


def test_due_before_counts_the_finish_of_what_has_its_first_answer(service: Service) -> None:
    complaint = filed(LAMP)
    service.post(f"/opd/complaints/{complaint.ticket}/answer", {"text": "Besok.", "final": False}, officer())
    after = (complaint.finish_due_at + DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    before = complaint.finish_due_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert listed(service, officer(), f"due_before={after}") == [complaint.ticket]
    assert listed(service, officer(), f"due_before={before}") == []


def test_a_list_of_several_pages_is_whole_without_a_repetition(service: Service) -> None:
    now = wall_clock()
    made = [filed((LAMP, HOLE)[n % 2], now - n * timedelta(minutes=1)).ticket for n in range(23)]
    lamps = [ticket for n, ticket in enumerate(made) if n % 2 == 0]
    for query in ("limit=4&", "limit=23&", "limit=100&"):
        tickets = listed(service, officer(), query)
        assert len(tickets) == len(set(tickets))
        assert set(tickets) == set(made)
    assert set(listed(service, officer("pju"), "limit=3&")) == set(lamps)
    assert set(listed(service, officer("jalan"), "limit=3&")) == set(made) - set(lamps)


BAD_QUERIES = {
    "status=late": "status",
    "status=dispatched&status=answered": "status",
    "due_before=tomorrow": "due_before",
    "due_before=2026-12-01": "due_before",
    "due_before=2026-12-01T00:00:00": "due_before",
    "limit=0": "limit",
    "limit=101": "limit",
    "limit=x": "limit",
    "cursor=abc": "cursor",
    "cursor=%C3%A9": "cursor",
    "opd=dishub": "opd",
}


def test_a_query_that_makes_no_sense_is_refused_by_name(service: Service) -> None:
    for query, field in BAD_QUERIES.items():
        answer = service.get(f"/opd/complaints?{query}", officer())
        assert answer.status == 400, query
        assert [error["field"] for error in answer.json["errors"]] == [field]


def test_a_cursor_is_good_for_its_own_list_only_and_says_nothing(service: Service) -> None:
    now = wall_clock()
    tickets = [filed(LAMP, now - n * timedelta(minutes=1)).ticket for n in range(3)]
    cursor = service.get("/opd/complaints?limit=1", officer()).json["next"]
    assert not any(ticket in cursor for ticket in tickets)
    for path, who in (("/opd/complaints", officer(opd="dishub")), ("/admin/complaints", token("admin"))):
        assert service.get(f"{path}?cursor={cursor}", who).status == 400
    assert service.get(f"/opd/complaints?cursor={cursor[:-3]}AAA", officer()).status == 400
    assert service.get(f"/opd/complaints?status=answered&cursor={cursor}", officer()).status == 400


def test_an_officer_of_a_division_sees_only_what_is_its_own(service: Service) -> None:
    lamp, hole, parking = filed(LAMP).ticket, filed(HOLE).ticket, filed(PARKING).ticket
    assert listed(service, officer("pju")) == [lamp]
    assert listed(service, officer("jalan")) == [hole]
    assert set(listed(service, officer())) == {lamp, hole}
    assert listed(service, officer(opd="dishub")) == [parking]
    assert listed(service, officer("pju", opd="dishub")) == []


# ------------------------------------------------------------------------------------------------ what is not theirs


def same(left: Answer, right: Answer) -> bool:
    return (left.status, left.headers, left.body) == (right.status, right.headers, right.body)


@pytest.mark.parametrize("action", ["", "/start", "/answer"])
def test_what_is_not_theirs_looks_exactly_like_what_is_not_there(service: Service, action: str) -> None:
    lamp, queued = filed(LAMP, phone="+6280000000001"), filed(UNCLEAR)
    body = {"text": "Bukan urusan kami"} if action == "/answer" else None
    for who in (officer(opd="dishub"), officer("jalan"), officer("pju", opd="dishub")):

        def ask(ticket: str, bearer: str = who) -> Answer:
            path = f"/opd/complaints/{ticket}{action}"
            return service.post(path, body, bearer) if action else service.get(path, bearer)

        nothing = ask(NOBODYS)
        assert nothing.status == 404
        for ticket in (lamp.ticket, queued.ticket, "no-ticket", "%2e%2e", "%00"):
            assert same(ask(ticket), nothing), ticket
    assert complaints.complaint_of(lamp.ticket) == lamp


# ------------------------------------------------------------------------------------------------ start, answer


def test_a_start_is_written_with_who_and_when_and_the_clock_runs_on(service: Service) -> None:
    before = filed(LAMP)
    begin = wall_clock().replace(microsecond=0)
    answer = service.post(f"/opd/complaints/{before.ticket}/start", None, officer(sub="sri"))
    assert answer.status == 200
    assert answer.json["status"] == "in_progress"
    last = answer.json["timeline"][-1]
    assert (last["entry"], last["by"], last["who"]) == ("started", "opd", "sri")
    assert begin <= datetime.fromisoformat(last["at"]) <= wall_clock()
    after = complaints.complaint_of(before.ticket)
    assert after is not None
    assert (after.answer_due_at, after.next_rung_at) == (before.answer_due_at, before.next_rung_at)


def test_an_interim_answer_stops_the_answer_clock_and_leaves_the_work_open(service: Service) -> None:
    complaint = filed(LAMP)
    reply = {"text": "Suku cadang dipesan.", "final": False}
    answer = service.post(f"/opd/complaints/{complaint.ticket}/answer", reply, officer())
    assert (answer.status, answer.json["status"], answer.json["overdue"]) == (200, "in_progress", False)
    last = answer.json["timeline"][-1]
    assert (last["entry"], last["final"], last["text"]) == ("answered", False, "Suku cadang dipesan.")
    stored = complaints.complaint_of(complaint.ticket)
    assert stored is not None
    assert stored.next_rung_at is None
    assert stored.finish_due_at == complaint.finish_due_at
    again = service.post(f"/opd/complaints/{complaint.ticket}/answer", {"text": "Sudah menyala."}, officer())
    assert (again.status, again.json["status"]) == (200, "answered")
    public = service.get(f"/complaints/{complaint.ticket}").json
    assert [(one["text"], one["final"]) for one in public["answers"]] == [
        ("Suku cadang dipesan.", False),
        ("Sudah menyala.", True),
    ]


def test_the_text_of_an_answer_is_kept_as_it_was_written(service: Service) -> None:
    ticket = filed(LAMP).ticket
    text = "Baris satu\nBaris dua <b>tebal</b> 💡 \u200f"
    answer = service.post(f"/opd/complaints/{ticket}/answer", {"text": text}, officer())
    assert answer.json["timeline"][-1]["text"] == text


def test_an_answer_that_says_nothing_changes_nothing(service: Service) -> None:
    complaint = filed(LAMP)
    bad: list[tuple[Any, str]] = [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": " \n\t"}, "text"),
        ({"text": 7}, "text"),
        ({"text": "x" * 4001}, "text"),
        ({"text": "Sudah", "final": "yes"}, "final"),
        ({"text": "Sudah", "closed": True}, "closed"),
        ([], "body"),
    ]
    for body, field in bad:
        answer = service.post(f"/opd/complaints/{complaint.ticket}/answer", body, officer())
        assert answer.status == 400, body
        assert [error["field"] for error in answer.json["errors"]] == [field]
    assert complaints.complaint_of(complaint.ticket) == complaint


def test_what_is_not_possible_is_refused_with_what_is(service: Service) -> None:
    ticket = filed(LAMP).ticket
    assert service.post(f"/opd/complaints/{ticket}/start", None, officer()).status == 200
    again = service.post(f"/opd/complaints/{ticket}/start", None, officer(), accept_language="en")
    assert again.status == 409
    assert again.headers["Content-Type"] == "application/problem+json"
    assert again.json["detail"] == "While in_progress, what is possible: answer, ask, forward, refuse."
    assert service.post(f"/opd/complaints/{ticket}/answer", {"text": "Sudah."}, officer()).status == 200
    late = service.post(f"/opd/complaints/{ticket}/answer", {"text": "Sudah lagi."}, officer(), accept_language="en")
    assert late.status == 409
    assert late.json["detail"] == "While answered, what is possible: -."
    told = [entry["entry"] for entry in entries(service, ticket)]
    assert told == ["received", "dispatched", "started", "answered"]


def test_two_final_answers_at_once_are_one_answer_and_one_clean_refusal(service: Service) -> None:
    ticket = filed(LAMP).ticket
    both_have_read, one_writer = threading.Barrier(2, timeout=20), threading.Lock()
    outcome: dict[str, object] = {}

    def wait_for_the_other(call: Call) -> None:
        if call.operation == "UpdateItem" and call.table == "complaints":
            if threading.current_thread().name not in outcome:
                outcome[threading.current_thread().name] = "has read"
                both_have_read.wait()
            one_writer.acquire()  # moto's tables know no threads; DynamoDB takes one write of an item after the other

    def answer(name: str) -> None:
        def decide_and_write() -> object:
            actor = Actor(Role.OPD, name)
            return handling.answer(ticket, f"Kata {name}", actor, wall_clock(), lambda _: True, final=True)

        try:
            outcome[name] = decide_and_write()
        except IllegalAction as refused:
            outcome[name] = refused

    with watched_calls(wait_for_the_other, lambda call: release(one_writer)):
        threads = [threading.Thread(target=answer, args=(name,), name=name) for name in ("sri", "joko")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    won = [name for name, got in outcome.items() if isinstance(got, Complaint)]
    lost = [name for name, got in outcome.items() if isinstance(got, IllegalAction)]
    assert (len(won), len(lost)) == (1, 1)
    told = [entry for entry in entries(service, ticket) if entry["entry"] == "answered"]
    assert [(entry["who"], entry["text"]) for entry in told] == [(won[0], f"Kata {won[0]}")]


def release(lock: threading.Lock) -> None:
    if lock.locked():
        lock.release()


def test_who_answers_between_anothers_reading_and_writing_is_not_overwritten(service: Service) -> None:
    ticket = filed(LAMP).ticket
    colleague = Actor(Role.OPD, "colleague")
    already: list[Complaint | None] = []

    def be_quicker(call: Call) -> None:
        if call.operation == "UpdateItem" and not already:
            already.append(None)
            already[0] = handling.answer(ticket, "Saya dulu", colleague, wall_clock(), lambda _: True, final=True)

    with watched_calls(be_quicker):
        answer = service.post(f"/opd/complaints/{ticket}/answer", {"text": "Saya juga"}, officer())
    assert answer.status == 409
    assert [entry["text"] for entry in entries(service, ticket) if entry["entry"] == "answered"] == ["Saya dulu"]


def test_an_answer_whose_confirmation_was_lost_is_one_answer(service: Service) -> None:
    ticket = filed(LAMP).ticket
    written: list[Call] = []

    def lose_the_first(call: Call) -> None:
        if call.operation == "UpdateItem" and not written:
            written.append(call)
            import boto3

            boto3.client("dynamodb").update_item(**call.params)

    with watched_calls(lose_the_first):
        answer = service.post(f"/opd/complaints/{ticket}/answer", {"text": "Sudah."}, officer())
    assert (answer.status, answer.json["status"]) == (200, "answered")
    assert [entry["entry"] for entry in entries(service, ticket)] == ["received", "dispatched", "answered"]


# ------------------------------------------------------------------------------------------------ the reporter


def test_the_officer_sees_who_filed_it_and_that_is_written_down_once(service: Service) -> None:
    ticket = filed(LAMP, name="Warga Uji", phone="+6280000000001", email="warga@mail.example").ticket
    for _ in range(3):
        shown = service.get(f"/opd/complaints/{ticket}", officer(sub="sri")).json
        assert shown["reporter"] == {"name": "Warga Uji", "phone": "+6280000000001", "email": "warga@mail.example"}
    assert [(e["entry"], e["by"], e["who"]) for e in shown["timeline"][2:]] == [("reporter_read", "opd", "sri")]
    assert service.get(f"/opd/complaints/{ticket}", officer(sub="joko")).json["reporter"]["name"] == "Warga Uji"
    reads = [entry for entry in entries(service, ticket) if entry["entry"] == "reporter_read"]
    assert [(entry["by"], entry["who"]) for entry in reads] == [("opd", "sri"), ("opd", "joko")]


def test_an_action_that_shows_the_reporter_is_a_read_of_it(service: Service) -> None:
    ticket = filed(LAMP, phone="+6280000000001").ticket
    answer = service.post(f"/opd/complaints/{ticket}/answer", {"text": "Sudah."}, officer(sub="sri"))
    assert answer.json["reporter"]["phone"] == "+6280000000001"
    assert [entry["entry"] for entry in entries(service, ticket)][2:] == ["answered", "reporter_read"]


def test_the_opd_never_learns_who_asked_not_to_be_known_and_reads_nothing(service: Service) -> None:
    ticket = filed(LAMP, name="Warga Uji", phone="+6280000000001", anonymous=True).ticket
    with watched_calls() as calls:
        answer = service.get(f"/opd/complaints/{ticket}", officer())
        acted = service.post(f"/opd/complaints/{ticket}/start", None, officer())
    assert answer.json["reporter"] is None
    for said in (answer.text, acted.text):
        assert "Warga" not in said
        assert "80000000001" not in said
    assert "reporters" not in {call.table for call in calls}
    assert [entry["entry"] for entry in entries(service, ticket)] == ["received", "dispatched", "started"]


def test_a_complaint_without_a_reporter_has_no_read_of_one(service: Service) -> None:
    ticket = filed(LAMP).ticket
    assert service.get(f"/opd/complaints/{ticket}", officer()).json["reporter"] is None
    assert [entry["entry"] for entry in entries(service, ticket)] == ["received", "dispatched"]


def test_neither_the_public_nor_the_reporter_sees_that_somebody_read(service: Service) -> None:
    filing = service.post("/complaints", {"text": LAMP, "phone": "+6280000000001"}).json
    ticket = filing["ticket"]
    service.get(f"/opd/complaints/{ticket}", officer(sub="sri"))
    assert "reporter_read" in [entry["entry"] for entry in entries(service, ticket)]
    for seen in (
        service.get(f"/complaints/{ticket}"),
        service.get(f"/complaints/{ticket}", x_receipt=filing["receipt"]),
        service.get(f"/t/{ticket}"),
        service.form(f"/t/{ticket}", {"receipt": filing["receipt"]}),
        service.get("/complaints"),
    ):
        assert seen.status == 200
        assert "reporter_read" not in seen.text
        assert "sri" not in seen.text


def test_a_read_that_cannot_be_written_down_shows_nobody(service: Service) -> None:
    ticket = filed(LAMP, name="Warga Uji").ticket

    def fail(call: Call) -> None:
        if call.operation == "UpdateItem":
            from botocore.exceptions import EndpointConnectionError

            raise EndpointConnectionError(endpoint_url="https://dynamodb.example")

    with watched_calls(fail):
        answer = service.get(f"/opd/complaints/{ticket}", officer())
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    assert "Warga" not in answer.text


def test_a_complaint_that_holds_no_more_reads_is_shown_without_its_reporter(service: Service) -> None:
    ticket = filed(LAMP, name="Warga Uji").ticket
    read = Entry(wall_clock(), REPORTER_READ, "auditor", "x")
    change(ticket, lambda one: replace(one, timeline=(*one.timeline, *[read] * bounds.MOST_READS)))
    answer = service.get(f"/opd/complaints/{ticket}", officer())
    assert (answer.status, answer.json["reporter"], answer.json["text"]) == (200, None, LAMP)
    assert "Warga Uji" not in answer.text


def test_a_read_and_an_answer_at_the_same_time_are_both_kept(service: Service) -> None:
    ticket = filed(LAMP, name="Warga Uji").ticket
    colleague = Actor(Role.OPD, "colleague")
    already: list[object] = []

    def be_quicker(call: Call) -> None:
        if call.operation == "UpdateItem" and not already:
            already.append("begun")
            handling.answer(ticket, "Sudah", colleague, wall_clock(), lambda _: True, final=True)

    with watched_calls(be_quicker):
        answer = service.get(f"/opd/complaints/{ticket}", officer(sub="sri"))
    assert answer.json["reporter"]["name"] == "Warga Uji"
    assert answer.json["status"] == "answered"
    assert [entry["entry"] for entry in answer.json["timeline"]][2:] == ["answered", "reporter_read"]


def test_a_read_tells_nobody(service: Service) -> None:
    ticket = filed(LAMP, email="warga@mail.example").ticket
    service.deliver()
    told = len(service.emails())
    service.get(f"/opd/complaints/{ticket}", officer())
    assert service.deliver() == []
    assert len(service.emails()) == told
