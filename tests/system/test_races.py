"""Many at once: on a real database engine, in threads, each with a request of its own."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import pytest

from tests.builders import Answer, token
from tests.checker import Acknowledged, working_days_after
from tests.system.steps import HOME, LAMP, after_deadline, an_answer, late, minute_after, proposed
from tests.system.town import Town, by_day, unique

ROUNDS: Final = 8
SOME: Final = 4  # where each one takes longer
T = TypeVar("T")

pytestmark = pytest.mark.system


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make the calls in threads that start together, and return what each returned."""
    start, results = threading.Barrier(len(calls)), dict[int, T]()

    def run(at: int) -> None:
        start.wait()
        results[at] = calls[at]()

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[at] for at in range(len(calls))]


def settled(town: Town) -> list[str]:
    town.settle()
    return town.problems()


def test_ten_identical_webhooks_at_once_are_one_complaint_and_ten_same_answers(town: Town) -> None:
    for number in range(3):
        text, phone = unique("Sambat lampu jalan mati di Jl. Bukirsari"), town.phone()
        answers = at_once([lambda: town.service.twilio(text, phone, sid=f"SM-{number}")] * 10)  # noqa: B023
        assert {answer.status for answer in answers} == {200}
        assert len({answer.body for answer in answers}) == 1
        (ticket,) = [one["ticket"] for one in town.raw("complaints") if one["text"] == text]
        assert ticket in answers[0].text
        town.told.append(Acknowledged("filed", ticket, text, phone))
    assert settled(town) == []


def test_one_key_ten_times_at_once_is_one_complaint(town: Town) -> None:
    body, key = {"text": unique(LAMP), **town.reporter()}, unique("key")
    answers = at_once([lambda: town.service.post("/complaints", body, idempotency_key=key)] * 10)
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    town.told.append(Acknowledged("filed", answers[0].json["ticket"], body["text"], body["email"]))
    assert settled(town) == []


def test_one_key_with_two_texts_at_once_files_one_and_refuses_the_other(town: Town) -> None:
    for number in range(ROUNDS):
        key = unique("key")
        bodies = [{"text": unique(LAMP), **(town.reporter() if number % 2 else {})} for _ in range(4)]
        calls = [lambda body=body: town.service.post("/complaints", body, idempotency_key=key) for body in bodies]  # noqa: B023
        answers: list[Answer] = at_once(calls)
        assert sorted(answer.status for answer in answers) == [201, 422, 422, 422]
        for body, answer in zip(bodies, answers, strict=True):
            if answer.status == 201:
                town.told.append(Acknowledged("filed", answer.json["ticket"], body["text"], body.get("email")))
    assert (len(town.raw("complaints")), len(town.raw("reporters"))) == (ROUNDS, ROUNDS // 2)
    assert settled(town) == []


def test_the_same_text_by_two_ids_at_once_is_one_complaint(town: Town) -> None:
    for _ in range(ROUNDS):
        text, phone, number = unique(LAMP), town.phone(), town.number()
        calls = [lambda at=at: town.deliver_sms(text, phone, f"twin-{number}-{at}") for at in range(4)]  # noqa: B023
        assert [answer.status for answer in at_once(calls)] == [200] * 4
        town.told.append(Acknowledged("filed", "", text, phone))
    assert len(town.raw("complaints")) == ROUNDS
    assert settled(town) == []


def test_parts_that_come_at_once_in_any_order_are_one_complaint(town: Town) -> None:
    for _ in range(ROUNDS):
        words, phone, number = unique(LAMP).split(" "), town.phone(), town.number()
        texts = [" ".join(words[:4]) + " ", " ".join(words[4:8]) + " ", " ".join(words[8:])]
        parts = [
            lambda at=at: town.deliver_sms(
                texts[at], phone, f"part-{number}-{at}", part={"ref": str(number), "number": at + 1, "total": 3}  # noqa: B023
            )
            for at in (2, 0, 1)
        ]  # fmt: skip
        assert [answer.status for answer in at_once(parts)] == [200] * 3
        town.told.append(Acknowledged("filed", "", "".join(texts), phone))
    assert len(town.raw("complaints")) == ROUNDS
    assert settled(town) == []


def test_32_writers_on_one_complaint_lose_nothing_and_none_is_turned_away(town: Town) -> None:
    ticket = town.file_by_web(unique(LAMP), **town.reporter())
    receipt, texts = town.receipts[ticket], [unique("Masih mati") for _ in range(32)]
    path = f"/complaints/{ticket}/messages"
    calls = [lambda text=text: town.service.post(path, {"text": text}, x_receipt=receipt) for text in texts]
    assert [answer.status for answer in at_once(calls)] == [200] * 32
    town.told += [Acknowledged("added", ticket, text) for text in texts]
    assert settled(town) == []


def test_32_writers_of_many_steps_leave_one_whole_life(town: Town) -> None:
    ticket = town.file_by_web(f"{unique(LAMP)}, tiang 12345678", **town.reporter())  # so many digits: to be checked
    office, desk, admin = f"/admin/complaints/{ticket}", f"/opd/complaints/{ticket}", token("admin")
    officer, other = token("opd", HOME[0]), {"opd": HOME[0], "division": "jalan"}
    told: list[Acknowledged | None] = []
    calls: list[Callable[[], Answer]] = []

    def write(what: str, words: str, call: Callable[[], Answer]) -> None:
        told.append(Acknowledged(what, ticket, words) if what else None)
        calls.append(call)

    def post(what: str, path: str, body: dict[str, Any], who: str = "", **headers: str) -> None:
        words = str(body.get("text") or body.get("reason") or "")
        write(what, words, lambda: town.service.post(path, body, who, **headers))

    for _ in range(10):
        receipt = town.receipts[ticket]
        post("added", f"/complaints/{ticket}/messages", {"text": unique("Masih mati")}, x_receipt=receipt)
    for _ in range(8):
        post("answered", f"{desk}/answer", {"text": unique("Kami periksa"), "final": False}, officer)
    for _ in range(4):
        post("asked", f"{desk}/ask", {"text": unique("Di mana?")}, officer)
        write("", "", lambda: town.service.get(f"{office}/reporter", admin))
    for _ in range(2):
        post("", f"{office}/check", {}, admin)
        post("", f"{desk}/start", {}, officer)
    post("forwarded", f"{desk}/forward", {**other, "reason": unique("Bukan kami")}, officer)
    post("refused", f"{desk}/refuse", {"reason": unique("Bukan kewenangan")}, officer)
    assert len(calls) == 32
    answers = at_once(calls)
    assert {answer.status for answer in answers} <= {200, 404, 409}  # the complaint had gone on, or away
    town.told += [one for one, answer in zip(told, answers, strict=True) if one and answer.status == 200]
    assert [answer.status for answer in answers[:10]] == [200] * 10  # the reporter's own
    entries = [json.loads(text) for one in town.raw("complaints") for text in one["timeline"]]
    by_admin = [entry["entry"] for entry in entries if entry["by"] == "admin"]
    assert sorted(by_admin) == ["checked", *["reporter_read"] * 4]
    assert settled(town) == []


def test_an_answer_and_an_escalation_in_the_same_instant_come_in_one_order(town: Town) -> None:
    for _ in range(ROUNDS):
        tickets = [town.file_by_web(unique(LAMP)) for _ in range(3)]
        at = datetime.fromisoformat(town.due[tickets[0]]) + timedelta(minutes=1)
        officer = token("opd", "dpuprpkp")
        texts = {ticket: unique("Sudah") for ticket in tickets}

        def answer(ticket: str) -> int:
            path = f"/opd/complaints/{ticket}/answer"
            return town.service.post(path, {"text": texts[ticket]}, officer).status  # noqa: B023

        calls: list[Callable[[], int]] = [partial(answer, ticket) for ticket in tickets]
        assert at_once([*calls, lambda: int(town.try_sweep(at))]) == [200, 200, 200, 1]  # noqa: B023
        town.told += [Acknowledged("answered", ticket, text) for ticket, text in texts.items()]
    town.sweep(at + timedelta(days=30))
    assert settled(town) == []


# ------------------------------------------------------------------------------------------------ steps at once


def test_of_two_steps_that_exclude_each_other_one_is_done_and_the_other_refused(town: Town) -> None:
    for number in range(ROUNDS):
        ticket = town.file_by_web(unique(LAMP), **town.reporter())
        desk, officer, words = f"/opd/complaints/{ticket}", token("opd", HOME[0]), [unique("Kata") for _ in range(2)]
        ends = [
            ("forwarded", "forward", {"opd": HOME[0], "division": "jalan", "reason": words[1]}),
            ("refused", "refuse", {"reason": words[1]}),
            ("asked", "ask", {"text": words[1]}),
        ]
        what, path, body = ends[number % 3]
        answers = at_once(
            [
                lambda: town.service.post(f"{desk}/answer", {"text": words[0]}, officer),  # noqa: B023
                lambda: town.service.post(f"{desk}/{path}", body, officer),  # noqa: B023
            ]
        )
        told = [Acknowledged("answered", ticket, words[0]), Acknowledged(what, ticket, words[1])]
        done = [one for one, answer in zip(told, answers, strict=True) if answer.status == 200]
        both = done == told and what == "forwarded"  # the other division of the same OPD may still be answered for
        assert len(done) == 1 or both
        assert {answer.status for answer in answers} <= {200, 404, 409}
        town.told += done
    assert settled(town) == []


def test_a_rating_and_a_reopening_at_once_come_in_one_order(town: Town) -> None:
    for _ in range(ROUNDS):
        ticket, words, more = an_answer(town), unique("Masih mati"), {"x_receipt": ""}
        more["x_receipt"] = town.receipts[ticket]
        rated, reopened = at_once(
            [
                lambda: town.service.post(f"/complaints/{ticket}/rating", {"score": 2, "comment": words}, **more),  # noqa: B023
                lambda: town.service.post(f"/complaints/{ticket}/reopen", {"reason": words}, **more),  # noqa: B023
            ]
        )
        assert reopened.status == 200
        assert rated.status in (200, 409)
        town.told.append(Acknowledged("reopened", ticket, words))
        town.told += [Acknowledged("rated", ticket, words)] * (rated.status == 200)
    assert settled(town) == []


def test_a_contest_and_a_sweep_at_once_are_both_done(town: Town) -> None:
    found = late(town, ROUNDS)
    at = minute_after(working_days_after(town.swept_until or datetime.now(UTC), 2))
    reasons = [unique("Dijawab lewat telepon") for _ in found]

    def contest(number: int) -> int:
        ticket, opd, division = found[number]
        path = f"/opd/escalations/{ticket}/1/contest"
        return town.service.post(path, {"reason": reasons[number]}, token("opd", opd, division)).status

    calls: list[Callable[[], int]] = [partial(contest, number) for number in range(ROUNDS)]
    sweeps: list[Callable[[], int]] = [lambda: int(town.try_sweep(at))] * 2
    assert at_once([*sweeps, *calls]) == [1, 1, *[200] * ROUNDS]
    for (ticket, _, _), reason in zip(found, reasons, strict=True):
        town.told += [Acknowledged("contested", ticket, reason), Acknowledged("climbed", ticket, "black_vest")]
    assert settled(town) == []


def test_of_two_verdicts_on_one_contest_one_holds(town: Town) -> None:
    for ticket, opd, division in late(town, SOME):
        reasons = {"contest": unique("Sudah"), "uphold": unique("Benar"), "deny": unique("Tidak benar")}
        who, path = token("opd", opd, division), f"/opd/escalations/{ticket}/1/contest"
        assert town.service.post(path, {"reason": reasons["contest"]}, who).status == 200
        town.told.append(Acknowledged("contested", ticket, reasons["contest"]))

        def settle(verdict: str) -> int:
            body = {"reason": reasons[verdict]}  # noqa: B023
            return town.service.post(f"/admin/escalations/{ticket}/1/{verdict}", body, token("admin")).status  # noqa: B023

        statuses = at_once([partial(settle, verdict) for verdict in ("uphold", "deny")])
        assert sorted(statuses) == [200, 409]
        became, verdict = (("upheld", "uphold"), ("denied", "deny"))[statuses.index(200)]
        town.told.append(Acknowledged(became, ticket, reasons[verdict]))
    assert settled(town) == []


@pytest.mark.parametrize(
    "decisions", [("confirm",) * 2, ("dismiss",) * 2, ("confirm", "dismiss"), ("confirm",) * 4 + ("dismiss",) * 4]
)
def test_of_decisions_at_once_on_one_proposal_one_holds(town: Town, decisions: tuple[str, ...]) -> None:
    for _ in range(SOME):
        place = "/".join(proposed(town))
        reasons = [unique("Sudah dibahas") for _ in decisions]

        def decide(number: int) -> Answer:
            rung = {"rung": "black_vest"} if decisions[number] == "confirm" else {}
            body = {"reason": reasons[number], **rung}  # noqa: B023
            return town.service.post(f"/admin/standings/{place}/{decisions[number]}", body, token("mayor"))  # noqa: B023

        answers = at_once([partial(decide, number) for number in range(len(decisions))])
        assert sorted(answer.status for answer in answers) == [200, *[409] * (len(decisions) - 1)]
        assert {answer.json["type"] for answer in answers if answer.status == 409} == {
            "urn:sambat:problem:nothing_proposed"
        }
        held = next(number for number, answer in enumerate(answers) if answer.status == 200)
        what = {"confirm": "confirmed", "dismiss": "dismissed"}[decisions[held]]
        town.told.append(Acknowledged(what, place, reasons[held]))
    assert settled(town) == []


# ------------------------------------------------------------------------------------------------ the triggers


@pytest.mark.parametrize("before", ["recorded by night", "nothing recorded"])
def test_sweeps_at_once_send_each_message_once(town: Town, before: str) -> None:
    found = late(town, SOME) if before == "recorded by night" else []
    tickets = [town.file_by_web(unique(LAMP), **town.reporter()) for _ in range(SOME)]
    morning = by_day(after_deadline(town, tickets[0]))
    assert at_once([lambda: town.try_sweep(morning)] * 4) == [True] * 4
    town.told += [Acknowledged("climbed", ticket, "warning") for ticket in tickets]
    assert settled(town) == []
    sent = Counter(message.id for message in town.aws.outbox if message.id.startswith("sweep."))
    assert len(sent) >= 2 + 2 * len(found)  # each division and each head
    assert set(sent.values()) == {1}


def test_counters_at_once_count_each_entry_once(town: Town) -> None:
    for _ in range(SOME):
        for _ in range(3):
            town.file_by_sms(unique(LAMP), town.phone())
            an_answer(town)
        records, town.waiting = list(town.read_stream()), []
        now = datetime.now(UTC)  # the reconciler counts what is so young, and leaves its telling to the stream
        counters: list[Callable[[], object]] = [lambda: town.reconcile(now)] * 3  # noqa: B023
        *_, parked = at_once([*counters, lambda: town.deliver(records)])  # noqa: B023
        assert parked == []
    assert settled(town) == []
