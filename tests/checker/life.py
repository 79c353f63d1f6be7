"""The life of a complaint (DOMAIN 3 and 4) told a second time: what each entry of a timeline must say and does.

Every step is possible where it stands and is by who may do it, and every deadline in it is the one that the rules make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Final

from tests.checker.days import instant, working_days_after, working_days_left
from tests.checker.record import Item

LADDER: Final = ("warning", "black_vest", "replacement")
AFTER_RUNG: Final = {"warning": 2, "black_vest": 3}  # working days to the next rung
VERIFY, ANSWER, REPLY, SUPERVISED = 3, 5, 10, 60
FINISH: Final = {"complaint": 14, "question": 5, "idea": 5, "information": 5}
WITH_DIVISION: Final = ("dispatched", "in_progress")
OPEN: Final = ("received", *WITH_DIVISION)
_UNDER_WAY: Final = (*OPEN, "waiting")
_EVER: Final = (*_UNDER_WAY, "answered", "closed", "rejected", "merged")
# entry -> (who does it, in which statuses)
_STEPS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "received": (("reporter",), ()),
    "dispatched": (("admin", "machine"), ("received",)),
    "started": (("opd",), ("dispatched",)),
    **dict.fromkeys(("asked", "answered", "forwarded", "refused"), (("opd",), WITH_DIVISION)),
    "replied": (("reporter",), ("waiting",)),
    "resumed": (("machine",), ("waiting",)),
    **dict.fromkeys(("rejected", "merged", "absorbed"), (("admin",), _UNDER_WAY)),
    "message": (("reporter",), (*OPEN, "answered")),
    "reopened": (("reporter",), ("answered", "closed", "rejected")),
    "rated": (("reporter",), ("answered",)),
    "closed": (("machine",), ("answered",)),
    **dict.fromkeys(("escalated", "finish_missed"), (("machine",), OPEN)),
    "contested": (("opd",), _EVER),
    **dict.fromkeys(("upheld", "denied", "checked"), (("admin",), _EVER)),
    "reporter_read": (("opd", "admin", "mayor", "auditor"), _EVER),
}
_SETTLES: Final = {"contested": "recorded", "upheld": "contested", "denied": "contested"}


@dataclass(slots=True)
class Life:
    """What a timeline adds up to so far."""

    kind: str
    began: datetime  # the finish clock
    verify_due: datetime
    finish_due: datetime
    supervised: frozenset[str]
    status: str = "received"
    clock: int = 0
    opd: str | None = None
    division: str | None = None
    category: str | None = None
    answer_due: datetime | None = None
    rung_due: datetime | None = None
    window: datetime | None = None
    asked_at: datetime | None = None
    waits: list[tuple[datetime, datetime]] = field(default_factory=list)  # of the finish clock
    answered: bool = False  # the newest clock
    finish_missed: bool = False
    rung: str | None = None
    escalated: list[Item] = field(default_factory=list)
    states: dict[int, str] = field(default_factory=dict)  # of the escalations, by number
    rejections: int = 0
    merged_into: str | None = None
    checked: bool = False

    @property
    def next_rung(self) -> datetime | None:
        """When the next rung is due."""
        if self.status == "received":
            return None if self.rung else self.verify_due
        climbs = self.status in WITH_DIVISION and not self.answered and self.rung != LADDER[-1]
        return (self.rung_due or self.answer_due) if climbs else None

    @property
    def wakes(self) -> datetime | None:
        """When the sweep must look at it."""
        if self.status in ("waiting", "answered"):
            return self.window
        finish = self.finish_due if self.status in OPEN and not self.finish_missed else None
        return min(filter(None, (self.next_rung, finish)), default=None)

    @property
    def owed(self) -> datetime:
        """When the next thing is owed on an open complaint: the dispatch, the answer, then the finish."""
        if self.status == "received":
            return self.verify_due
        return self.finish_due if self.answered or self.answer_due is None else self.answer_due

    def finish_days(self) -> int:
        """How many working days it has by its kind and category."""
        return SUPERVISED if self.kind == "complaint" and self.category in self.supervised else FINISH[self.kind]


def lived(timeline: list[Item], supervised: frozenset[str]) -> tuple[Life, list[str]]:
    """Return what a timeline that begins with its arrival adds up to, and what is wrong on the way."""
    arrived = instant(timeline[0]["at"])
    kind = timeline[0]["kind"]
    verify, finish = working_days_after(arrived, VERIFY), working_days_after(arrived, FINISH[kind])
    life = Life(kind, arrived, verify, finish, supervised)
    wrong: list[str] = []
    for entry in timeline[1:]:
        name = entry["entry"]
        who, statuses = _STEPS.get(name, ((), ()))
        if life.status not in statuses or entry["by"] not in who:
            wrong.append(f"{name} by {entry['by']} while {life.status}")
        wrong += _DONE[name](life, entry) if name in _DONE else ()
    return life, wrong


def _differs(what: str, entry: Item, **expected: object) -> Iterator[str]:
    """Yield the fields of an entry that say something else than they must; instants are compared as such."""
    for name, value in expected.items():
        given = instant(entry[name]) if isinstance(value, datetime) and name in entry else entry.get(name)
        if given != value:
            yield f"{what}: its {name} is {given}, and must be {value}"


# ------------------------------------------------------------------------------------------------ its turns


def _to_division(life: Life, entry: Item) -> Iterator[str]:
    """A division gets it: a new answer clock."""
    due = working_days_after(instant(entry["at"]), ANSWER)
    yield from _differs(entry["entry"], entry, clock=life.clock + 1, deadline=due)
    life.status, life.clock, life.answer_due = "dispatched", life.clock + 1, due
    life.answered, life.rung, life.rung_due, life.window = False, None, None, None
    life.opd, life.division = entry["opd"], entry["division"]


def _to_admin(life: Life, entry: Item) -> Iterator[str]:
    """The admin has it again: a new clock to verify."""
    due = working_days_after(instant(entry["at"]), VERIFY)
    yield from _differs(entry["entry"], entry, clock=life.clock + 1, deadline=due)
    life.status, life.clock, life.verify_due, life.answer_due = "received", life.clock + 1, due, None
    life.answered, life.rung, life.rung_due, life.window = False, None, None, None
    life.opd = life.division = life.category = None


def _dispatched(life: Life, entry: Item) -> Iterator[str]:
    yield from _to_division(life, entry)
    life.kind, life.category = entry.get("kind") or life.kind, entry.get("category")
    life.finish_due = working_days_after(life.began, life.finish_days())
    for asked, resumed in life.waits:
        life.finish_due = _later(life.finish_due, asked, resumed)


def _forwarded(life: Life, entry: Item) -> Iterator[str]:
    if (entry["opd"], entry["division"]) == (life.opd, life.division):
        yield "forwarded to where it was"
    yield from _to_division(life, entry)
    life.category = None


def _refused(life: Life, entry: Item) -> Iterator[str]:
    yield from _differs("refused", entry, opd=life.opd, division=life.division)
    yield from _to_admin(life, entry)


def _started(life: Life, _: Item) -> Iterator[str]:
    life.status = "in_progress"
    yield from ()


def _asked(life: Life, entry: Item) -> Iterator[str]:
    life.asked_at = instant(entry["at"])
    life.status, life.window = "waiting", working_days_after(life.asked_at, REPLY)
    yield from _differs("asked", entry, clock=life.clock, deadline=life.window, opd=life.opd, division=life.division)


def _went_on(life: Life, entry: Item) -> Iterator[str]:
    """The wait is over: each clock that ran has the working days that were left of it, at least one."""
    at, asked = instant(entry["at"]), life.asked_at or life.began
    if entry["entry"] == "resumed" and life.window and at < life.window:
        yield f"resumed at {at}, before the window ends at {life.window}"
    due = rung_due = finish = None
    if not life.answered and life.answer_due:
        due = _later(life.answer_due, asked, at) if life.answer_due > asked else None
        passed = life.rung_due or (None if due else life.answer_due)
        rung_due = _later(passed, asked, at, always=True) if passed and life.rung != LADDER[-1] else None
    if life.finish_due > asked:
        finish = life.finish_due = _later(life.finish_due, asked, at)
    yield from _differs(
        entry["entry"], entry, clock=life.clock, deadline=due, rung_deadline=rung_due, finish_deadline=finish
    )
    life.waits.append((asked, at))
    life.status, life.window, life.answer_due, life.rung_due = "dispatched", None, due or life.answer_due, rung_due


def _later(due: datetime, asked: datetime, at: datetime, *, always: bool = False) -> datetime:
    """Return where a deadline is after a wait; what had passed before it stays, unless `always`."""
    return working_days_after(at, max(1, working_days_left(asked, due))) if always or due > asked else due


def _answered(life: Life, entry: Item) -> Iterator[str]:
    window = working_days_after(instant(entry["at"]), REPLY) if entry["final"] else None
    yield from _differs("answered", entry, clock=life.clock, opd=life.opd, division=life.division, deadline=window)
    if ("worked" in entry) == life.answered:
        yield "the working time to an answer stands at another one than the first of its clock"
    life.status, life.answered, life.window = "answered" if entry["final"] else "in_progress", True, window


# ------------------------------------------------------------------------------------------------ its ends


def _over(life: Life, entry: Item) -> Iterator[str]:
    if entry["entry"] == "closed" and (life.window is None or instant(entry["at"]) < life.window):
        yield f"closed at {entry['at']}, before the window ends at {life.window}"
    life.rejections += entry["entry"] == "rejected"
    life.status, life.window, life.merged_into = entry["entry"], None, entry.get("into")
    yield from ()


def _rated(life: Life, entry: Item) -> Iterator[str]:
    if entry.get("score") not in (1, 2, 3, 4, 5):
        yield f"rated {entry.get('score')}"
    life.status = "closed"


def _reopened(life: Life, entry: Item) -> Iterator[str]:
    at = instant(entry["at"])
    if life.status == "rejected":
        if life.rejections != 1:
            yield f"reopened after {life.rejections} rejections"
        yield from _to_admin(life, entry)
    else:
        if life.window is None or at >= life.window:
            yield f"reopened at {at}, after the window ended at {life.window}"
        yield from _differs("reopened", entry, opd=life.opd, division=life.division)
        yield from _to_division(life, entry)
    life.began, life.waits, life.finish_missed = at, [], False
    life.finish_due = working_days_after(at, life.finish_days())
    yield from _differs("reopened", entry, finish_deadline=life.finish_due)


def _checked(life: Life, _: Item) -> Iterator[str]:
    life.checked = True
    yield from ()


# ------------------------------------------------------------------------------------------------ its ladder


def _climbed(life: Life, entry: Item) -> Iterator[str]:
    """One rung up, after its deadline, never after the answer; of the admin's delay the warning alone."""
    at, due, is_admin = instant(entry["at"]), life.next_rung, life.status == "received"
    if life.answered and not is_admin:
        yield "escalated after the answer"
    rung = LADDER[0] if life.rung is None else dict(pairwise(LADDER)).get(life.rung)
    place = ("admin", "admin") if is_admin else (life.opd, life.division)
    wait = None if is_admin else AFTER_RUNG.get(entry["rung"])
    life.rung_due = working_days_after(at, wait) if wait else None
    yield from _differs(
        "escalated", entry, rung=rung, n=len(life.escalated) + 1, clock=life.clock, opd=place[0], division=place[1],
        deadline=due, rung_deadline=life.rung_due,
    )  # fmt: skip
    if at < instant(entry["deadline"]):
        yield f"escalated at {at}, before its deadline {entry['deadline']}"
    life.rung = entry["rung"]
    life.escalated.append(entry)
    life.states[entry["n"]] = "recorded"


def _finish_missed(life: Life, entry: Item) -> Iterator[str]:
    yield from _differs("finish_missed", entry, deadline=life.finish_due, opd=life.opd, division=life.division)
    if instant(entry["at"]) < life.finish_due or life.finish_missed:
        yield "its finish deadline was missed twice, or before it passed"
    life.finish_missed = True


def _objected(life: Life, entry: Item) -> Iterator[str]:
    name, n = entry["entry"], entry["n"]
    if life.states.get(n) != _SETTLES[name]:
        yield f"{name} of escalation {n}, which is {life.states.get(n)}"
    elif name == "contested":
        against = life.escalated[n - 1]
        yield from _differs(name, entry, opd=against["opd"], division=against["division"])
    life.states[n] = name


_DONE: Final[Mapping[str, Callable[[Life, Item], Iterator[str]]]] = {
    "dispatched": _dispatched,
    "forwarded": _forwarded,
    "refused": _refused,
    "started": _started,
    "asked": _asked,
    "replied": _went_on,
    "resumed": _went_on,
    "answered": _answered,
    "rejected": _over,
    "merged": _over,
    "closed": _over,
    "rated": _rated,
    "reopened": _reopened,
    "checked": _checked,
    "escalated": _climbed,
    "finish_missed": _finish_missed,
    **dict.fromkeys(_SETTLES, _objected),
}
