"""A city that has been at work for ten weeks: what was filed, answered, escalated and confirmed, as of its day."""

from __future__ import annotations

import csv
import heapq
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
DAYS: Final = 70
EACH_DAY: Final = 2
LATELY: Final = 60  # complaints of the last day, for all OPDs
FOR_ONE: Final = 45  # and for one OPD alone: more than a page of its list
HABITS: Final = {  # division -> working days that its answers take; all others: 3
    "pju": 1, "dafduk": 1, "capil": 2, "parkir": 4, "lalin": 2, "sampah": 2, "drainase": 6,
}  # fmt: skip
ANSWERS: Final = (
    "Terima kasih atas laporan Anda. Petugas kami sudah ke lokasi pagi ini dan pekerjaan selesai dikerjakan.",
    "Sudah kami tindak lanjuti bersama kelurahan. Bila masih ada kendala, silakan balas lewat nomor tiket ini.",
    "Berkas Anda dapat diambil di loket 3 pada jam kerja, cukup membawa bukti pendaftaran. Mohon maaf, terlambat.",
)
COMMENTS: Final = ("Cepat sekali, terima kasih!", "Sudah menyala, matur nuwun.", None, None, "Lumayan, tetapi lama.")
WHY_A_VEST: Final = "Sudah dua kali ditegur, warga tetap tidak dijawab."
LAGGARDS: Final = {  # name -> (text, the working days for which nobody has answered): each of a division of its own
    "vest": ("Parkir liar depan Pasar Besar, jukir tidak memberi karcis", 15),
    "again": ("Jukir liar di alun-alun minta sepuluh ribu, parkir tanpa karcis", 14),
    "proposed": ("Jalan berlubang di Jl. Veteran, aspal rusak parah", 12),
    "journey": ("Satpol PP mohon menertibkan PKL yang memenuhi trotoar Jl. Pasar Besar", 12),
    "warned": ("Sampah menumpuk di TPS Jl. Muharto, sudah seminggu tidak diangkut truk sampah", 7),
}


class History:
    """What happened, in the order of its instants: each step may bring about later ones."""

    def __init__(self, now: datetime) -> None:
        self.now, self.dice, self.named = now, random.Random(6), dict[str, tuple[str, str]]()
        self._steps: list[tuple[datetime, int, Callable[[datetime], object]]] = []
        self._numbers = count()

    def at(self, when: datetime, step: Callable[[datetime], object]) -> None:
        """Let a step happen then; what is still to come never does."""
        if when < self.now:
            heapq.heappush(self._steps, (when, next(self._numbers), step))

    def happen(self) -> None:
        """Do all of it, the earliest first."""
        while self._steps:
            when, _, step = heapq.heappop(self._steps)
            step(when)


def working_days_ago(now: datetime, days: int) -> datetime:
    """Return ten o'clock of the day that lies so many working days back."""
    from chalicelib.workflows import city

    known = city.current(now)
    on = now.astimezone(known.calendar.zone).replace(hour=10, minute=0, second=0, microsecond=0)
    while days:
        on -= timedelta(days=1)
        days -= known.calendar.is_working_day(on.date())
    return on.astimezone(UTC)


def file(story: History, text: str, at: datetime, known_as: str = "", **given: Any) -> Any:
    """File a complaint as of that instant; one that is `known_as` something is kept with its receipt."""
    from chalicelib.domain.complaint import Filing
    from chalicelib.domain.keys import receipt_for
    from chalicelib.settings import current
    from chalicelib.workflows import filing

    who = filing.Reporter(**{key: given.pop(key) for key in ("name", "phone", "email") if key in given})
    filed = filing.submit_complaint(Filing(text=text, channel=given.pop("channel", "web"), **given), who, at).complaint
    if known_as:
        story.named[known_as] = (filed.ticket, receipt_for(current().signing_key, filed.ticket))
    return filed


def officer() -> Any:
    from chalicelib.domain.complaint import Actor, Role

    return Actor(Role.OPD, "officer")


def everyday(story: History, text: str, at: datetime) -> None:
    """A complaint that goes its usual way: dispatched, answered as its division is used to, perhaps rated."""
    complaint = file(story, text, at, channel=story.dice.choice(("web", "web", "sms", "staff")))
    if complaint.opd:
        story.at(at + usual(story, complaint.division), lambda when: answer(story, complaint.ticket, when))
    else:
        story.at(at + timedelta(hours=20), lambda when: settle(story, complaint, when))


def usual(story: History, division: str) -> timedelta:
    """Return how long a division takes."""
    return timedelta(days=HABITS.get(division, 3), hours=story.dice.randrange(-5, 5))


def settle(story: History, complaint: Any, at: datetime) -> None:
    """The admin follows the suggestion, or turns down what nobody understands."""
    from chalicelib.domain.complaint import Actor, Role
    from chalicelib.workflows import handling

    admin, suggested = Actor(Role.ADMIN, "admin"), complaint.suggestion
    if suggested is None or suggested.division is None:
        handling.reject(complaint.ticket, "insufficient", "Mohon sebutkan tempat dan masalahnya.", admin, at)
        return
    handling.dispatch(complaint.ticket, suggested.opd, suggested.division, admin, at)
    story.at(at + usual(story, suggested.division), lambda when: answer(story, complaint.ticket, when))


def answer(story: History, ticket: str, at: datetime) -> None:
    """The division answers, and the reporter may rate it."""
    from chalicelib.workflows import following, handling

    handling.answer(ticket, story.dice.choice(ANSWERS), officer(), at, lambda _: True, final=True)
    if story.dice.random() < 0.7:
        score, comment = story.dice.choice((5, 5, 4, 4, 3, 1)), story.dice.choice(COMMENTS)
        after = at + timedelta(hours=story.dice.randrange(2, 40))
        story.at(after, lambda when: following.rate(ticket, score, comment, when))


def populate(story: History) -> None:
    """Let the city's days pass: what is filed on each, and a sweep each morning."""
    from chalicelib.workflows import sweeping

    texts = texts_of("routing_labelled.csv")
    story.dice.shuffle(texts)
    today = story.now.replace(hour=1, minute=0, second=0)
    for day in range(DAYS, -1, -1):
        morning = today - timedelta(days=day)
        for number in range(EACH_DAY):
            at = morning + timedelta(hours=number, minutes=story.dice.randrange(59))
            text = texts[(day * EACH_DAY + number) % len(texts)]
            story.at(at, partial(everyday, story, text))
        if day % 4 == 0 or day < 26:
            story.at(morning, lambda when: sweeping.sweep(when, when))
    for number, text in enumerate([*texts[:LATELY], *texts_of("routing_own.csv", "dpuprpkp")[:FOR_ONE]]):
        at = story.now - timedelta(minutes=5 + 9 * number)
        story.at(at, partial(everyday, story, text))


def texts_of(file_name: str, opd: str = "") -> list[str]:
    """Return the texts of a labelled set, or those of one OPD."""
    rows = csv.DictReader((ROOT / "tests/data" / file_name).read_text("utf-8").splitlines())
    return [row["text"] for row in rows if opd in ("", row["opd"])]


def _unanswered(story: History, name: str, text: str, at: datetime) -> None:
    file(story, text, at, name)


def lag(story: History) -> None:
    """Let some divisions leave complaints unanswered, and the mayor confirm the vest of one."""
    from chalicelib.domain.complaint import Actor, Role
    from chalicelib.workflows import contesting, standings

    for name, (text, days) in LAGGARDS.items():
        story.at(working_days_ago(story.now, days), partial(_unanswered, story, name, text))

    def confirm(at: datetime) -> None:
        standings.confirm("dishub", "parkir", "black_vest", WHY_A_VEST, Actor(Role.MAYOR, "mayor"), at)

    def contest(at: datetime) -> None:
        why = "Aduan ini sudah kami jawab lewat telepon pada hari yang sama."
        contesting.contest(story.named["warned"][0], 1, why, officer(), at, lambda _: True)

    # 15 working days ago it was filed: 9 ago warned of, 6 ago at the vest; the next morning's sweep has it proposed
    story.at(working_days_ago(story.now, 5), confirm)
    story.at(story.now - timedelta(minutes=2), contest)
