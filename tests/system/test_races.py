"""Many at once: on a real database engine, in threads, each with a request of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

import pytest

from tests.builders import Answer, token
from tests.checker import Acknowledged
from tests.system.stage import Town, unique

LAMP: Final = "Lampu jalan (PJU) mati di Jl. Bukirsari sudah dua minggu"
ROUNDS: Final = 8
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
