"""The scheduled sweep: each missed deadline once, one rung a run, at a cost of what is due; nothing is forgotten."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

import boto3
import pytest

from chalicelib.adapters import complaints, registry
from chalicelib.adapters.items import SHARDS
from chalicelib.adapters.tables import PREFIX, StoreUnavailable
from chalicelib.domain.complaint import Actor, Complaint, Role
from chalicelib.workflows import handling, sweeping
from tests.builders import Service, token
from tests.functional.scenes import HOLE, LAMP, PARKING, UNCLEAR, Call, filed, opened, watched_calls

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OFFICER = Actor(Role.OPD, "sri")


def wib(text: str) -> datetime:
    """Return the instant of a Malang wall clock, such as "2026-04-01 08:00"."""
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


ARRIVED = wib("2026-03-17 10:00")  # Lebaran lies before the answer deadline
WARNING_DUE = wib("2026-04-01 00:00")  # the last counted day is 2026-03-31 (DOMAIN 4)


@pytest.fixture
def city(service: Service) -> Service:
    """A city whose service has been open since the complaint of most tests arrived."""
    opened(ARRIVED)
    return service


def sweep(now: datetime, clock: datetime | None = None) -> dict[str, int]:
    """Sweep as of `now`, by a wall clock that shows the same unless told otherwise."""
    return sweeping.sweep(now, clock or now)


def ladder(ticket: str) -> list[tuple[str | None, int | None, datetime, datetime | None]]:
    """Return (rung, n, recorded, deadline) of each escalation in a timeline."""
    return [(e.rung, e.n, e.at, e.deadline) for e in stored(ticket).timeline if e.entry == "escalated"]


def stored(ticket: str) -> Complaint:
    found = complaints.complaint_of(ticket, consistent=True)
    assert found is not None
    return found


def answer(ticket: str, at: datetime, *, final: bool = True) -> None:
    assert handling.answer(ticket, "Sudah.", OFFICER, at, lambda _: True, final=final) is not None


# ------------------------------------------------------------------------------------------------ the ladder


def test_a_silent_division_climbs_rung_by_rung_on_the_exact_days(city: Service) -> None:
    ticket = filed(LAMP, ARRIVED).ticket
    assert stored(ticket).next_rung_at == WARNING_DUE
    assert sweep(WARNING_DUE - timedelta(milliseconds=1))["recorded"] == 0
    assert sweep(WARNING_DUE)["recorded"] == 1
    vest_due = wib("2026-04-07 00:00")  # 2 working days after Wed 1 April: Thu 2, Mon 6; Fri 3 is a holiday
    assert stored(ticket).next_rung_at == vest_due
    assert sweep(vest_due - timedelta(milliseconds=1))["recorded"] == 0
    assert sweep(vest_due)["recorded"] == 1
    replacement_due = wib("2026-04-11 00:00")  # 3 working days after Tue 7 April: Fri 10
    assert stored(ticket).next_rung_at == replacement_due
    assert sweep(replacement_due - timedelta(milliseconds=1))["recorded"] == 0
    assert sweep(replacement_due)["recorded"] == 1
    assert stored(ticket).next_rung_at is None
    assert sweep(replacement_due + 300 * DAY)["recorded"] == 0
    assert ladder(ticket) == [
        ("warning", 1, WARNING_DUE, WARNING_DUE),
        ("black_vest", 2, vest_due, vest_due),
        ("replacement", 3, replacement_due, replacement_due),
    ]
    assert (stored(ticket).rung, stored(ticket).escalations) == ("replacement", 3)
    assert [item["n"]["N"] for item in city.items("escalations")] == ["1", "2", "3"]


def test_an_escalation_says_which_deadline_was_missed_when_it_was_found_and_when_written(city: Service) -> None:
    ticket = filed(LAMP, ARRIVED).ticket
    now, clock = WARNING_DUE + 8 * HOUR, WARNING_DUE + 9 * HOUR
    sweep(now, clock)
    row = city.get("/admin/escalations", token("admin")).json["items"][0]
    assert row == {
        "ticket": ticket, "n": 1, "clock": 1, "rung": "warning", "opd": "dpuprpkp", "division": "pju",
        "deadline": "2026-04-01T00:00:00+07:00", "recorded_at": "2026-04-01T08:00:00+07:00",
        "written_at": "2026-04-01T09:00:00+07:00", "state": "recorded",
    }  # fmt: skip
    entry = city.get(f"/admin/complaints/{ticket}", token("admin")).json["timeline"][-1]
    assert (entry["entry"], entry["by"], entry["rung"], entry["n"]) == ("escalated", "machine", "warning", 1)
    assert (entry["at"], entry["deadline"], entry["written_at"]) == (
        row["recorded_at"], row["deadline"], row["written_at"],
    )  # fmt: skip


def test_each_rung_is_told_to_its_people(city: Service) -> None:
    filed(LAMP, ARRIVED)
    city.deliver()
    told = len(city.emails())
    expected = [
        {"pju@dpuprpkp.example.invalid", "kepala@dpuprpkp.example.invalid"},
        {"kepala@dpuprpkp.example.invalid", "admin@city.example"},
        {"admin@city.example", "mayor@city.example"},
    ]
    words = ("Teguran", "Rompi hitam", "Penggantian")
    for days, people, word in zip((0, 8, 16), expected, words, strict=True):
        assert sweep(WARNING_DUE + days * DAY)["recorded"] == 1
        assert city.deliver() == []
        assert len(city.emails()) == told, "nobody is woken"
        sweep(WARNING_DUE + days * DAY + 7 * HOUR)
        mails = [mail for mail in city.emails()[told:] if mail["subject"].startswith(word)]
        assert {mail["to"] for mail in mails} == people
        assert len(mails) == len(people)
        told = len(city.emails())


def test_the_same_sweep_twice_records_once(city: Service) -> None:
    ticket = filed(LAMP, ARRIVED).ticket
    assert [sweep(WARNING_DUE + HOUR)["recorded"] for _ in range(3)] == [1, 0, 0]
    assert len(ladder(ticket)) == 1
    assert len(city.items("escalations")) == 1


def test_two_sweeps_at_once_record_each_rung_once(city: Service) -> None:
    tickets = [filed(text, ARRIVED).ticket for text in (LAMP, HOLE, PARKING)]
    inner: list[dict[str, int]] = []

    def overtake(call: Call) -> None:
        if call.operation == "TransactWriteItems" and not inner:
            inner.append({})
            inner[0] = sweep(WARNING_DUE + HOUR, WARNING_DUE + 2 * HOUR)

    with watched_calls(overtake):
        outer = sweep(WARNING_DUE + HOUR, WARNING_DUE + 3 * HOUR)
    assert (outer["recorded"], inner[0]["recorded"]) == (0, 3)
    for ticket in tickets:
        assert [(rung, n) for rung, n, *_ in ladder(ticket)] == [("warning", 1)]
    assert len(city.items("escalations")) == 3


def test_a_rung_whose_confirmation_was_lost_is_recorded_once(city: Service) -> None:
    ticket = filed(LAMP, ARRIVED).ticket
    lost: list[Call] = []

    def write_it_already(call: Call) -> None:
        if call.operation == "TransactWriteItems" and not lost:
            lost.append(call)
            boto3.client("dynamodb").transact_write_items(**call.params)

    with watched_calls(write_it_already):
        assert sweep(WARNING_DUE + HOUR)["recorded"] == 1
    assert len(ladder(ticket)) == 1
    assert sweep(WARNING_DUE + HOUR)["recorded"] == 0


def test_after_an_outage_of_weeks_nobody_falls_two_rungs_at_once(city: Service) -> None:
    ticket = filed(LAMP, ARRIVED).ticket
    late = wib("2026-06-02 08:00")
    assert [sweep(late + n * timedelta(minutes=15))["recorded"] for n in range(3)] == [1, 0, 0]
    assert [(rung, at) for rung, _, at, _ in ladder(ticket)] == [("warning", late)]
    assert stored(ticket).next_rung_at == wib("2026-06-05 00:00")  # counted from the recording
    later = wib("2026-07-20 08:00")
    assert [sweep(later + n * timedelta(minutes=15))["recorded"] for n in range(3)] == [1, 0, 0]
    assert [rung for rung, *_ in ladder(ticket)] == ["warning", "black_vest"]


def test_an_event_that_comes_weeks_late_decides_as_of_its_own_time_and_forgets_nothing(city: Service) -> None:
    ticket = filed(LAMP, ARRIVED).ticket
    clock = wib("2026-06-02 08:00")
    assert sweep(clock - 20 * DAY, clock)["recorded"] == 1
    vest_due = stored(ticket).next_rung_at
    assert vest_due is not None
    assert vest_due < clock
    assert sweep(clock, clock)["recorded"] == 1
    assert [rung for rung, *_ in ladder(ticket)] == ["warning", "black_vest"]


def test_what_is_answered_a_moment_before_never_climbs(city: Service) -> None:
    final, interim, after = (filed(text, ARRIVED).ticket for text in (LAMP, HOLE, PARKING))
    answer(final, WARNING_DUE - timedelta(seconds=1))
    answer(interim, WARNING_DUE - timedelta(seconds=1), final=False)
    assert sweep(WARNING_DUE)["recorded"] == 1
    answer(after, WARNING_DUE + timedelta(seconds=1))
    assert sweep(WARNING_DUE + 60 * DAY)["recorded"] == 0
    assert [ladder(final), ladder(interim), len(ladder(after))] == [[], [], 1]


def test_what_is_answered_while_the_sweep_looks_at_it_never_climbs(city: Service) -> None:
    ticket = filed(LAMP, ARRIVED).ticket
    quick: list[str] = []

    def be_quicker(call: Call) -> None:
        if call.operation == "TransactWriteItems" and not quick:
            quick.append("answered")
            answer(ticket, WARNING_DUE)

    with watched_calls(be_quicker):
        assert sweep(WARNING_DUE)["recorded"] == 0
    assert ladder(ticket) == []
    assert city.items("escalations") == []


def test_what_the_admin_does_not_dispatch_in_time_is_the_admins_own_warning_and_climbs_no_further(
    city: Service,
) -> None:
    ticket = filed(UNCLEAR, ARRIVED).ticket
    verify_due = wib("2026-03-28 00:00")  # 3 working days after Tue 17 March: Wed 25, Thu 26, Fri 27
    assert sweep(verify_due - timedelta(milliseconds=1))["recorded"] == 0
    assert sweep(verify_due)["recorded"] == 1
    assert sweep(verify_due + 60 * DAY)["recorded"] == 0
    assert ladder(ticket) == [("warning", 1, verify_due, verify_due)]
    row = city.get("/admin/escalations", token("admin")).json["items"][0]
    assert (row["opd"], row["division"], row["clock"]) == ("admin", "admin", 0)


def test_the_handler_sweeps_as_of_the_events_own_time(city: Service) -> None:
    ticket = filed(LAMP, ARRIVED).ticket
    report = city.sweep("2026-04-01T08:00:00+07:00")
    assert report == {"recorded": 1, "read": 1, "filed": 0, "sent": 2, "texted": 0, "failed": 0}
    assert [at for _, _, at, _ in ladder(ticket)] == [wib("2026-04-01 08:00")]
    written = stored(ticket).timeline[-1].written_at
    assert written is not None
    assert abs(written - datetime.now(UTC)) < timedelta(minutes=5)


# ------------------------------------------------------------------------------------------------ the watermark


def test_the_first_sweep_reads_from_the_day_the_service_began(city: Service) -> None:
    ticket = filed(LAMP, ARRIVED).ticket
    assert registry.watermark() is None
    with watched_calls() as calls:
        assert sweep(wib("2026-05-20 08:00"))["recorded"] == 1
    assert len(ladder(ticket)) == 1
    days = {bucket(call).partition("#")[0] for call in calls if call.operation == "Query"} - {""}
    assert min(days) == "2026-03-17"
    assert max(days) == "2026-05-20"
    assert len(days) == 65


def bucket(call: Call) -> str:
    values = call.params.get("ExpressionAttributeValues", {})
    return next((str(v["S"]) for v in values.values() if "#" in v.get("S", "")[10:12]), "")


def test_the_watermark_follows_the_clock_and_the_next_sweep_reads_on_from_there(city: Service) -> None:
    now = wib("2026-05-20 08:00")
    sweep(now)
    assert registry.watermark() == now - HOUR
    with watched_calls() as calls:
        sweep(now + timedelta(minutes=15))
    assert {bucket(call).partition("#")[0] for call in calls if call.operation == "Query"} - {""} == {"2026-05-20"}
    assert registry.watermark() == now - HOUR + timedelta(minutes=15)


def test_the_watermark_never_passes_the_wall_clock(city: Service) -> None:
    clock = wib("2026-03-18 08:00")
    early = filed(LAMP, ARRIVED).ticket
    assert sweep(clock + 60 * DAY, clock)["recorded"] == 1  # a rehearsal sweeps next month today
    assert registry.watermark() == clock - HOUR
    late = filed(HOLE, clock).ticket
    assert sweep(wib("2026-04-02 08:00"))["recorded"] == 1
    assert (len(ladder(early)), len(ladder(late))) == (1, 1)


def test_the_watermark_never_goes_back_with_an_old_event(city: Service) -> None:
    clock = wib("2026-05-20 08:00")
    sweep(clock)
    sweep(clock - 10 * DAY, clock)
    assert registry.watermark() == clock - HOUR


def test_a_deadline_set_behind_the_watermark_pulls_it_back(city: Service) -> None:
    clock = wib("2026-05-20 08:00")
    ticket = filed(LAMP, ARRIVED).ticket
    registry.advance_watermark(None, clock - HOUR)
    assert sweep(WARNING_DUE + HOUR, clock)["recorded"] == 1  # an event of weeks ago, delivered only now
    due = stored(ticket).next_rung_at
    assert due is not None
    assert registry.watermark() == due
    assert sweep(clock)["recorded"] == 1
    assert [rung for rung, *_ in ladder(ticket)] == ["warning", "black_vest"]


def test_a_deadline_that_lies_ahead_leaves_the_watermark_alone(city: Service) -> None:
    filed(LAMP, ARRIVED)
    registry.advance_watermark(None, WARNING_DUE - HOUR)
    sweep(WARNING_DUE + HOUR)
    assert registry.watermark() == WARNING_DUE


def test_a_sweep_that_another_overtook_does_not_move_the_watermark_back(city: Service) -> None:
    clock = wib("2026-05-20 08:00")
    sweep(clock - HOUR)
    moved: list[datetime] = []

    def overtake(call: Call) -> None:
        if call.operation == "PutItem" and "watermark" in str(call.params) and not moved:
            moved.append(clock + HOUR)
            sweep(clock + HOUR)

    with watched_calls(overtake):
        sweep(clock)
    assert registry.watermark() == clock


# ------------------------------------------------------------------------------------------------ cost


def open_complaints(how_many: int) -> None:
    for n in range(how_many):
        filed((LAMP, PARKING, HOLE)[n % 3], ARRIVED + n * timedelta(minutes=1))


@pytest.mark.parametrize("how_many", [5, 60])
def test_an_idle_sweep_makes_the_same_few_requests_however_many_are_open(city: Service, how_many: int) -> None:
    open_complaints(how_many)
    now = wib("2026-03-18 12:00")
    sweep(now)
    with watched_calls() as calls:
        report = sweep(now + timedelta(minutes=15))
    assert (report["recorded"], report["read"]) == (0, 0)
    made = Counter((call.operation, call.table) for call in calls)
    assert made == {
        ("GetItem", "registry"): 4,  # the watermark, a change of holidays, the day's mark, and, on a day off, why
        ("Query", "complaints"): SHARDS,
        ("Query", "intake"): 2,  # long SMS that wait; SMS that are owed
        ("Query", "registry"): 4,  # news; messages that wait; what is owed; the standings
        ("PutItem", "registry"): 1,
    }


def test_a_sweep_reads_what_is_due_and_nothing_of_what_is_not(city: Service) -> None:
    due = [filed(LAMP, ARRIVED + n * timedelta(minutes=1)).ticket for n in range(9)]
    for n in range(12):
        filed(PARKING, ARRIVED + DAY * 9 + n * timedelta(minutes=1))
    assert len({crc32(ticket.encode()) % SHARDS for ticket in due}) > 1
    sweep(WARNING_DUE - HOUR)
    with watched_calls() as calls:
        report = sweep(WARNING_DUE + HOUR)
    assert (report["recorded"], report["read"]) == (9, 9)
    made = Counter(call.operation for call in calls)
    assert made["TransactWriteItems"] == 9 + 1, "and one for the standing of their division"
    on_complaints = Counter(call.operation for call in calls if call.table == "complaints")
    assert on_complaints["GetItem"] == 9
    assert "Scan" not in made


# ------------------------------------------------------------------------------------------------ faults


def corrupt(ticket: str, entry: str = "{no entry") -> Any:
    """Spoil a stored timeline; return what it was."""
    client, key = boto3.client("dynamodb"), {"ticket": {"S": ticket}}
    before = client.get_item(TableName=f"{PREFIX}complaints", Key=key)["Item"]["timeline"]
    write(ticket, {"L": [{"S": entry}, *before["L"][1:]]})
    return before


def write(ticket: str, timeline: Any) -> None:
    boto3.client("dynamodb").update_item(
        TableName=f"{PREFIX}complaints",
        Key={"ticket": {"S": ticket}},
        UpdateExpression="SET #t = :t",
        ExpressionAttributeNames={"#t": "timeline"},
        ExpressionAttributeValues={":t": timeline},
    )


def test_a_broken_complaint_holds_nobody_up_is_reported_and_is_looked_at_again(
    city: Service, caplog: pytest.LogCaptureFixture
) -> None:
    tickets = [filed(text, ARRIVED, name="Warga Uji").ticket for text in (LAMP, HOLE, PARKING, LAMP, HOLE)]
    sweep(WARNING_DUE - HOUR)
    mark = registry.watermark()
    broken = tickets[2]
    whole = corrupt(broken)
    with caplog.at_level(logging.ERROR), pytest.raises(sweeping.SweepIncomplete, match=r"recorded=4.*failed=1"):
        sweep(WARNING_DUE + HOUR)
    assert broken in caplog.text
    assert "Warga" not in caplog.text
    assert [len(ladder(ticket)) for ticket in tickets if ticket != broken] == [1, 1, 1, 1]
    assert registry.watermark() == mark
    write(broken, whole)
    assert sweep(WARNING_DUE + 40 * DAY)["recorded"] == 5
    assert [rung for rung, *_ in ladder(broken)] == ["warning"]
    assert registry.watermark() == WARNING_DUE + 40 * DAY - HOUR


def test_a_sweep_that_cannot_write_says_so_and_the_next_one_does_it(city: Service) -> None:
    ticket = filed(LAMP, ARRIVED).ticket
    sweep(WARNING_DUE - HOUR)
    mark = registry.watermark()

    def fail(call: Call) -> None:
        if call.operation == "TransactWriteItems":
            from botocore.exceptions import EndpointConnectionError

            raise EndpointConnectionError(endpoint_url="https://dynamodb.example")

    with watched_calls(fail), pytest.raises(sweeping.SweepIncomplete):
        sweep(WARNING_DUE + HOUR)
    assert registry.watermark() == mark
    assert ladder(ticket) == []
    assert sweep(WARNING_DUE + 2 * HOUR)["recorded"] == 1


def test_a_sweep_that_cannot_read_the_index_fails_and_forgets_nothing(city: Service) -> None:
    filed(LAMP, ARRIVED)
    sweep(WARNING_DUE - HOUR)
    mark = registry.watermark()

    def fail(call: Call) -> None:
        if call.operation == "Query" and call.table == "complaints":
            from botocore.exceptions import ReadTimeoutError

            raise ReadTimeoutError(endpoint_url="https://dynamodb.example")

    with watched_calls(fail), pytest.raises(StoreUnavailable):
        sweep(WARNING_DUE + 60 * DAY)
    assert registry.watermark() == mark
    assert sweep(WARNING_DUE + 60 * DAY)["recorded"] == 1


def test_a_complaint_that_is_gone_is_passed_over(city: Service) -> None:
    gone, there = filed(LAMP, ARRIVED).ticket, filed(HOLE, ARRIVED).ticket
    removed: list[str] = []

    def remove(call: Call) -> None:
        if call.operation == "GetItem" and call.table == "complaints" and not removed:
            removed.append(gone)
            boto3.client("dynamodb").delete_item(TableName=f"{PREFIX}complaints", Key={"ticket": {"S": gone}})

    with watched_calls(remove):
        assert sweep(WARNING_DUE)["recorded"] == 1
    assert len(ladder(there)) == 1


def test_a_step_that_sets_a_deadline_behind_the_watermark_is_seen_by_the_next_sweep(city: Service) -> None:
    ticket = filed(UNCLEAR, ARRIVED).ticket
    at = ARRIVED + 20 * DAY
    sweep(at)
    admin = Actor(Role.ADMIN, "admin")
    assert handling.dispatch(ticket, "dishub", "parkir", admin, at + HOUR, "question")  # due on 31 March by its kind
    sweep(at + 2 * HOUR)
    assert stored(ticket).timeline[-1].entry == "finish_missed"
