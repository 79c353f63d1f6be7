"""Every step of a complaint under faults of the database and the carriers; afterwards an independent checker holds.

`make test` runs 6 seeded plans of each step, `make faults` 200 (SAMBAT_FAULT_PLANS). A plan's name is its seed.
"""

from __future__ import annotations

import copy
import json
import os
import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from chalicelib.adapters.tables import RegistryItem
from chalicelib.workflows import outgoing, sweeping
from chalicelib.workflows.reconciling import ReconcileIncomplete
from infra.local.delivery import Parked, Record, sequence_number
from tests.checker import Acknowledged
from tests.fake_aws import Fault, Plan, Strike, seeded_plan
from tests.functional.scenes import filed, opened
from tests.system.steps import LAMP, PREPARED, STEPS, Step, after_deadline, swept, swept_once
from tests.system.town import Town, by_day, unique

PLANS: Final = int(os.environ.get("SAMBAT_FAULT_PLANS", "6"))
TOGETHER: Final = PREPARED  # plans between two looks at the tables
NOTIFY_SECONDS: Final = 120  # the limit of notify_opd in .chalice/config.json

pytestmark = pytest.mark.system


_TRACES: Final[dict[Step, list[str]]] = {}


def trace_of(town: Town, step: Step) -> list[str]:
    """Return the operations of a step in which nothing fails, the most that it makes."""
    if step not in _TRACES:
        traces = []
        for _ in range(4 if step is swept else 2):  # as many as there are ways through it
            step(town, lambda: town.aws.start(Plan("none")))
            traces.append(list(town.aws.trace))
        _TRACES[step] = max(traces, key=len)
    return _TRACES[step]


def found_after(town: Town, step: Step, plans: Sequence[Plan]) -> Iterator[str]:
    """Run the step under each plan, let the weather clear, and yield what the checker finds."""
    for at in range(0, len(plans), TOGETHER):
        town.wipe()
        for plan in plans[at : at + TOGETHER]:
            step(town, lambda plan=plan: town.aws.start(plan))  # type: ignore[misc]
            town.settle()
        yield from town.problems()


@pytest.mark.parametrize("name", STEPS)
def test_whatever_fails_on_the_way_nothing_is_lost_or_done_twice(town: Town, name: str) -> None:
    trace = trace_of(town, STEPS[name])
    plans = [seeded_plan(f"{name} {seed}", trace) for seed in range(PLANS)]
    struck = town.aws.struck.total()
    assert list(found_after(town, STEPS[name], plans)) == []
    assert town.aws.struck.total() - struck > PLANS // 2  # the plans did hit


@pytest.mark.parametrize("name", STEPS)
def test_a_process_may_end_at_any_call(town: Town, name: str) -> None:
    step = swept_once if name == "a sweep" else STEPS[name]  # the other rungs are climbed alike
    trace = trace_of(town, step)
    queries = [at for at, operation in enumerate(trace) if operation == "Query"]
    left_out = set(queries[2:-2]) if len(queries) > 8 else set()  # a sweep looks into each bucket alike
    # to end before a request is to end after the one before it
    deaths = [(Fault.KILLED, 0), *((Fault.KILLED_AFTER, at) for at in range(len(trace)) if at not in left_out)]
    plans = [Plan(f"{name}, {death} at call {at}", (Strike("*", at, death),)) for death, at in deaths]
    assert list(found_after(town, step, plans)) == []


# ------------------------------------------------------------------------------------------------ the stream


def some_lives(town: Town) -> list[Record]:
    """File, add to and answer a few complaints, and return the stream's records of it."""
    for _ in range(2):
        phone = town.phone()
        added = town.file_by_web(unique(LAMP), phone=phone)
        town.add_by_sms(added, unique("Masih mati"), phone)
        ticket = town.file_by_web(unique(LAMP), **town.reporter())
        town.answer(ticket, unique("Sedang dikerjakan"), final=False)
        town.answer(ticket, unique("Sudah"), final=True)
        town.file_by_sms(unique(LAMP), town.phone())
    records, town.waiting = list(town.read_stream()), []
    return records


def shuffled(records: Sequence[Record], dice: random.Random) -> list[Record]:
    """Return the records in another order between complaints, and the same within each."""
    of_ticket: dict[str, list[Record]] = {}
    for record in records:
        of_ticket.setdefault(record["dynamodb"]["Keys"]["ticket"]["S"], []).append(record)
    order = [ticket for ticket, lane in of_ticket.items() for _ in lane]
    dice.shuffle(order)
    return [of_ticket[ticket].pop(0) for ticket in order]


def poisoned(record: Record, dice: random.Random) -> Record:
    """Return a record that nobody can read, with a place of its own."""
    poison = copy.deepcopy(dict(record))
    image = poison["dynamodb"]["NewImage"]
    dice.choice(
        (
            lambda: image.pop("status"),
            lambda: image.update(timeline={"L": [{"S": "{"}]}),
            lambda: image.update(received={"N": "7"}),
            lambda: image.update(status={"S": "lost"}),
            image.clear,
        )
    )()
    poison["dynamodb"]["SequenceNumber"] = f"poison-{dice.random()}"
    return poison


def parked_places(parked: Sequence[Parked]) -> list[str]:
    return [sequence_number(one.record) for one in parked]


@pytest.mark.parametrize("shape", ["doubled", "split", "between complaints in another order", "all of it"])
def test_a_stream_may_repeat_cut_and_mix_its_records(town: Town, shape: str) -> None:
    for seed in range(max(3, PLANS // 8)):
        dice = random.Random(f"{shape} {seed}")
        records = some_lives(town)
        if shape in ("between complaints in another order", "all of it"):
            records = shuffled(records, dice)
        size = dice.randint(1, 5) if shape in ("split", "all of it") else 100
        batches = [records[at : at + size] for at in range(0, len(records), size)]
        for batch in batches:
            times = dice.randint(1, 3) if shape in ("doubled", "all of it") else 1
            for _ in range(times):
                assert town.deliver(batch * dice.randint(1, times), size=max(size, dice.randint(1, 9))) == []
        assert town.problems() == []
        town.wipe()


def test_a_poison_record_at_any_place_is_parked_and_holds_up_no_other(town: Town) -> None:
    count = len(some_lives(town))
    town.wipe()
    for place in range(0, count + 1, max(1, 100 // PLANS)):
        dice = random.Random(f"poison {place}")
        records = some_lives(town)
        poison = poisoned(records[min(place, count - 1)], dice)
        parked = town.deliver([*records[:place], poison, *records[place:]], size=dice.choice((3, 7, 100)))
        assert parked_places(parked) == [sequence_number(poison)]
        assert town.problems() == []
        town.wipe()


# ------------------------------------------------------------------------------------------------ outages


def test_what_could_not_be_sent_for_hours_is_sent_once_when_it_can(town: Town) -> None:
    before, records = datetime.now(UTC), some_lives(town)
    sent = len(town.aws.outbox)  # the replies to commands
    town.aws.carriers_down = True
    assert {*parked_places(town.deliver(records))} == {sequence_number(one) for one in records if owes(one)}
    for hours in (2, 3):
        with pytest.raises(ReconcileIncomplete):
            town.reconcile(before + timedelta(hours=hours))
    assert len(town.aws.outbox) == sent
    town.aws.carriers_down = False
    town.reconcile(before + timedelta(hours=4))
    noon = before.replace(hour=5) + timedelta(days=1)  # in the city: an SMS that no carrier took is tried again by day
    went, failed = outgoing.send_owed(noon, noon)
    assert (went > 0, failed) == (True, 0)
    assert town.problems() == []
    sent = len(town.aws.outbox)
    town.reconcile(before + timedelta(hours=5))
    assert outgoing.send_owed(noon + timedelta(hours=1), noon + timedelta(hours=1)) == (0, 0)
    assert len(town.aws.outbox) == sent


def owes(record: Record) -> bool:
    """Say whether a record owes anybody a message: all do but those of a message, and of a reading."""
    old, new = (record["dynamodb"].get(image, {}).get("timeline", {"L": []})["L"] for image in ("OldImage", "NewImage"))
    return any(json.loads(one["S"])["entry"] not in ("message", "reporter_read") for one in new[len(old) :])


def test_a_carrier_that_is_silent_costs_a_batch_no_more_than_its_lambda_has(town: Town) -> None:
    for _ in range(20):
        town.file_by_web(unique(LAMP), **town.reporter())
    records, town.waiting = list(town.read_stream()), []
    town.aws.carriers_down = True
    town.aws.start(Plan("silence"))
    town._notify(records)
    assert 0 < town.aws.waited < NOTIFY_SECONDS
    town.aws.carriers_down = False
    town.deliver(records)
    assert town.problems() == []


def test_a_day_without_the_stream_is_made_up_for(town: Town) -> None:
    before = datetime.now(UTC)
    some_lives(town)
    late = town.file_by_web(unique(LAMP), **town.reporter())
    town.sweep(after_deadline(town, late))
    town.read_stream()
    town.waiting = []  # more than 24 hours: the records are gone
    assert town.aws.outbox != []  # the replies to commands
    assert len(town.aws.outbox) < len(town.told)
    town.reconcile(before + timedelta(hours=26))
    assert town.problems() == []


def test_what_an_old_complaint_is_owed_is_found_at_night(town: Town) -> None:
    before = datetime.now(UTC)
    some_lives(town)
    town.read_stream()
    town.waiting = []
    fourth_day = (before + timedelta(days=4)).replace(hour=5)
    assert town.reconcile(fourth_day) == {"looked_at": 0}
    town.reconcile(fourth_day.replace(hour=18))
    assert town.problems() == []


# ------------------------------------------------------------------------------------------------ the sweep


def late_complaints(town: Town, count: int) -> list[str]:
    tickets = [town.file_by_web(unique(LAMP)) for _ in range(count)]
    town.answer(tickets[0], unique("Sudah"), final=True)
    return tickets


def escalations(town: Town) -> int:
    return len(town.raw("escalations"))


def test_sweeps_at_once_record_each_rung_once(town: Town) -> None:
    tickets = late_complaints(town, 6)
    at = after_deadline(town, tickets[0])
    start = threading.Barrier(4)
    went = []

    def run() -> None:
        start.wait()
        went.append(town.try_sweep(at))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert went == [True] * 4
    assert escalations(town) == 5
    town.settle()
    assert town.problems() == []


def test_a_sweep_killed_midway_is_finished_by_the_next(town: Town) -> None:
    tickets = late_complaints(town, 5)
    at = after_deadline(town, tickets[0])
    town.aws.start(Plan("midway", (Strike("TransactWriteItems", 2, Fault.KILLED),)))
    assert not town.try_sweep(at)
    assert escalations(town) == 2
    town.aws.stop()
    assert town.try_sweep(at)
    assert escalations(town) == 4
    town.settle()
    assert town.problems() == []


def test_what_a_sweep_could_not_write_the_next_one_finds_however_old_it_is(town: Town) -> None:
    now = datetime.now(UTC)
    RegistryItem("sweep", "watermark").delete()
    opened(now - timedelta(days=60))
    late = filed(unique(LAMP), at=now - timedelta(days=30)).ticket
    town.aws.start(Plan("a bad hour", (Strike("TransactWriteItems", 0, Fault.BROKEN, times=9),)))
    assert not town.try_sweep(now)
    town.aws.stop()
    assert town.try_sweep(now + timedelta(minutes=15))
    town.told.append(Acknowledged("climbed", late, "warning"))
    town.settle()
    assert town.problems() == []


def test_a_week_without_a_sweep_costs_nobody_two_rungs_at_once(town: Town) -> None:
    tickets = late_complaints(town, 4)
    due = after_deadline(town, tickets[0])
    town.sweep(due - timedelta(minutes=2))
    assert escalations(town) == 0
    for quarter_hour in range(3):
        town.sweep(due + timedelta(days=7, minutes=15 * quarter_hour))
        assert escalations(town) == 3
    town.settle()
    assert town.problems() == []


# ------------------------------------------------------------------------------------------------ its messages


def sweeps_mail(town: Town) -> list[str]:
    """Return the ids of the sweeps' messages that went out, in their order."""
    return [message.id for message in town.aws.outbox if message.id.startswith("sweep.")]


def test_a_sweep_that_dies_while_it_sends_holds_the_others_up_for_its_lease_and_no_longer(town: Town) -> None:
    tickets = late_complaints(town, 4)
    at = by_day(after_deadline(town, tickets[0]))
    town.aws.start(Plan("dead at the first message", (Strike("SendEmail", 0, Fault.KILLED),)))
    assert not town.try_sweep(at)
    town.aws.stop()
    assert town.try_sweep(at)
    assert sweeps_mail(town) == []
    with town.aws.process(swept_at=at):
        sweeping.sweep(at, datetime.now(UTC) + timedelta(minutes=7))
    assert len(sweeps_mail(town)) >= 2  # the division, its head
    assert len({*sweeps_mail(town)}) == len(sweeps_mail(town))
    assert town.problems() == []


def test_what_sweeps_had_to_say_while_mail_was_down_goes_out_once_and_together(town: Town) -> None:
    tickets = late_complaints(town, 4)
    morning = by_day(after_deadline(town, tickets[0]))
    town.aws.carriers_down = True
    for quarter_hour in range(3):
        assert not town.try_sweep(morning + timedelta(minutes=15 * quarter_hour))
    assert sweeps_mail(town) == []
    town.aws.carriers_down = False
    assert town.try_sweep(morning + timedelta(hours=6))
    sent = Counter(message.to for message in town.aws.outbox if message.id.startswith("sweep."))
    assert sent["pju@dpuprpkp.example.invalid"] == 1
    assert {*sent.values()} == {1}
    assert town.problems() == []
