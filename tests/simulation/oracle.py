"""The oracle: it reads the log of what was done, line by line, and knows what must be stored and said after each.

It shares no rule with the service: working days are numpy's, clocks and life those of `case`, standings those of
`tests.standing_oracle`, counts and rankings those of `counts`. What the routing rules thought of a text is in the log.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from tests.simulation.case import MACHINE, UNDER_WAY, WITH_DIVISION, Case, Place, Who
from tests.simulation.counts import Key, counts_of, ranking
from tests.simulation.counts import Place as Ranked
from tests.simulation.ladder import Acted, Ladder
from tests.simulation.log import DONE, INCOMPLETE, JAKARTA, NOBODY, Did, local
from tests.simulation.post import Post, Row, is_night, row_of
from tests.simulation.working_days import WorkingDays

REWARD_AFTER: Final = 10
_OPDS: Final = Path(__file__).parents[2] / "chalicelib" / "data" / "opds.json"
_TO_BE_SWEPT: Final = (*UNDER_WAY, "answered")


def supervised_categories() -> frozenset[str]:
    """Return the categories whose complaints need supervision."""
    divisions = [division for opd in json.loads(_OPDS.read_text("utf-8")) for division in opd["divisions"]]
    categories = [category for division in divisions for category in division["categories"]]
    return frozenset(one["code"] for one in categories if one.get("supervision"))


@dataclass
class Oracle:
    """All that must be so. `wrong` are the lines of the log whose outcome it did not expect."""

    days: WorkingDays = field(default_factory=WorkingDays)
    supervised: frozenset[str] = field(default_factory=supervised_categories)
    cases: dict[str, Case] = field(default_factory=dict)
    alive: dict[str, Case] = field(default_factory=dict)
    ladder: Ladder = field(default_factory=Ladder)
    post: Post = field(default_factory=Post)
    rankings: dict[str, list[Ranked]] = field(default_factory=dict)
    awards: dict[tuple[str, str, str], tuple[str, datetime, str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    _counted: dict[str, int] = field(default_factory=dict)  # entries of a case that the stream has brought
    _begun: date | None = None
    _proposals: int = 0

    def read(self, did: Did) -> None:
        """Take one line of the log in."""
        expected = _STEPS[did.what](self, did)
        if expected != did.outcome:
            status = self.cases[did.ticket].status if did.ticket in self.cases else "-"
            said = f"{did.outcome}, expected {expected} (now {status})"
            self.wrong.append(f"{local(did.at)} {did.what} {did.ticket} {dict(did.args)}: {said}")

    # -------------------------------------------------------------------------------------------- people

    def filed(self, did: Did) -> str:
        """A complaint came in, and the rules dispatched it or not."""
        args = did.args
        case = Case(
            self.days, did.ticket, args["kind"], args["channel"], did.at, args["suggested"], self.supervised,
            args["has_email"],
        )  # fmt: skip
        self.cases[did.ticket] = self.alive[did.ticket] = case
        if args["certain"]:
            return case.dispatch(did.at, MACHINE, args["suggested"][:2])
        return DONE

    def by_division(self, did: Did) -> str:
        """An officer does a step on what must be of the own OPD."""
        case, args = self.cases[did.ticket], did.args
        if case.place is None or case.place[0] != args["desk"]:
            return NOBODY
        who, at = _who(did), did.at
        steps: dict[str, Callable[[], str]] = {
            "start": lambda: case.start(at, who),
            "answer": lambda: case.answer(at, who, args["text"], final=args["final"]),
            "ask": lambda: case.ask(at, who, args["text"]),
            "forward": lambda: case.forward(at, who, args["text"], args["place"]),
            "refuse": lambda: case.refuse(at, who, args["text"]),
        }
        return steps[did.what]()

    def by_others(self, did: Did) -> str:
        """The admin or the reporter does a step."""
        case, args, at = self.cases[did.ticket], did.args, did.at
        steps: dict[str, Callable[[], str]] = {
            "dispatch": lambda: case.dispatch(at, _who(did), args["place"], args["kind"]),
            "reject": lambda: case.reject(at, _who(did), args["reason"], args["text"]),
            "merge": lambda: case.merge(at, _who(did), self.cases[args["into"]]),
            "message": lambda: case.message(at, args["text"]),
            "rate": lambda: case.rate(at, args["score"], args["text"]),
            "reopen": lambda: case.reopen(at, args["text"]),
        }
        outcome = steps[did.what]()
        self.alive[did.ticket] = case
        return outcome

    def contested(self, did: Did) -> str:
        """A division contests an escalation, or an admin settles the contest."""
        case, args = self.cases[did.ticket], did.args
        one = case.escalated[args["n"] - 1]
        if did.what == "contest":
            outcome = case.contest(did.at, _who(did), one.n, args["text"]) if args["desk"] == one.opd else NOBODY
        else:
            outcome = case.settle(did.at, _who(did), one.n, args["text"], upheld=args["upheld"])
        self.ladder.changed(one)
        self._tell_proposals()
        return outcome

    def judged(self, did: Did) -> str:
        """The mayor confirms or dismisses."""
        args = did.args
        outcome = self.ladder.settle(did.what, args["place"], args["rung"], did.at, args["who"], args["reason"])
        if outcome == DONE:
            self._tell_act(args["place"], self.ladder.acts[args["place"]][-1])
            self._tell_proposals()
        return outcome

    def awarded(self, did: Did) -> str:
        """Somebody honours a division."""
        args = did.args
        (opd, division), period = args["place"], args["period"]
        self.awards[opd, division, period] = (args["reward"], did.at, args["who"])
        self.post.owe(Row(f"reward#{period}#{opd}/{division}", "reward", ("division", "head"), opd, division))
        return DONE

    def mail(self, did: Did) -> str:
        """The carrier of e-mail goes down, or is there again."""
        self.post.is_down = did.args["is_down"]
        return DONE

    def delivered(self, did: Did) -> str:
        """The stream has brought all that there was."""
        self._counted = {ticket: len(case.entries) for ticket, case in self.cases.items()}
        self.post.deliver(did.at, self.cases)
        return DONE

    # -------------------------------------------------------------------------------------------- the sweep

    def swept(self, did: Did) -> str:
        """A sweep as of its event's time; two at once are as one."""
        now, written_at = did.args["now"], did.at
        for ticket, case in list(self.alive.items()):
            if case.status not in _TO_BE_SWEPT:
                del self.alive[ticket]
            elif found := case.sweep(now, written_at):
                self.ladder.record(found)
                self.post.owe(row_of(found))
        self._tell_proposals()
        for place, act in list(self.ladder.come_down(now, written_at)):
            self._tell_act(place, act)
        self._tell_proposals()
        self._begin_day(now)
        return DONE if self.post.send(now, written_at) else INCOMPLETE

    def _tell_act(self, place: Place, act: Acted) -> None:
        to = ("admin", "mayor") if place[0] == "admin" else ("division", "head")
        self.post.owe(Row(f"act#{'/'.join(place)}#{act.n:06d}", "standing", to, *place))

    def _tell_proposals(self) -> None:
        for place, standing in self.ladder.new_proposals():
            ticket = standing["proposal_because"][-1][0]
            self._proposals += 1
            name = f"proposal#{'/'.join(place)}#{self._proposals:06d}"
            self.post.owe(Row(name, "proposal", ("mayor", "admin"), *place, (ticket,)))

    def _begin_day(self, now: datetime) -> None:
        """The first sweep of a working day that may send says what is due and how much there is."""
        on = now.astimezone(JAKARTA).date()
        if is_night(now) or not self.days.is_one(on) or (self._begun is not None and on <= self._begun):
            return
        self._begun = on
        tomorrow = self.days.end_of(now, 1)
        desks: dict[str, list[Case]] = {}
        due: dict[Place, list[str]] = {}
        for case in self.alive.values():
            if case.status in WITH_DIVISION and case.place:
                desks.setdefault(case.place[0], []).append(case)
                if case.running == tomorrow:
                    due.setdefault(case.place, []).append(case.ticket)
        for opd, cases in desks.items():
            overdue = sum(case.owed_at <= now for case in cases)
            soon = sum(now < case.owed_at <= tomorrow for case in cases)
            self.post.owe(Row(f"digest#{on}#{opd}", "digest", ("head",), opd, counts=(len(cases), overdue, soon)))
        for place, tickets in due.items():
            name = f"reminder#{on}#{'/'.join(place)}"
            self.post.owe(Row(name, "reminder", ("division",), *place, tuple(sorted(tickets))))
        self._nominate(now)

    def _nominate(self, now: datetime) -> None:
        """After ten working days of a month the one before it is ranked, by what was counted until then."""
        first = now.astimezone(JAKARTA).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        last_month = first - timedelta(days=1)
        if now < self.days.end_of(last_month, REWARD_AFTER):
            last_month = last_month.replace(day=1) - timedelta(days=1)
        month = f"{last_month:%Y-%m}"
        if month not in self.rankings and (ranked := ranking(self.counts(self._counted).items(), month)):
            self.rankings[month] = ranked
            self.post.owe(Row(f"nomination#{month}", "nomination", ("admin",)))

    # -------------------------------------------------------------------------------------------- sums

    def counts(self, upto: dict[str, int] | None = None) -> Counter[Key]:
        """Return what the statistics must hold, of the first entries of each case where `upto` says how many."""
        total: Counter[Key] = Counter()
        for ticket, case in self.cases.items():
            entries = case.entries if upto is None else case.entries[: upto.get(ticket, 0)]
            if entries:
                total.update(counts_of(entries, case.channel))
        return Counter({key: n for key, n in total.items() if n})


def _who(did: Did) -> Who:
    who: str = did.args["who"]
    return who.partition("-")[0], who


_STEPS: Final[dict[str, Callable[[Oracle, Did], str]]] = {
    "filed": Oracle.filed,
    **dict.fromkeys(("start", "answer", "ask", "forward", "refuse"), Oracle.by_division),
    **dict.fromkeys(("dispatch", "reject", "merge", "message", "rate", "reopen"), Oracle.by_others),
    **dict.fromkeys(("contest", "settle"), Oracle.contested),
    **dict.fromkeys(("confirmed", "dismissed"), Oracle.judged),
    "awarded": Oracle.awarded,
    "mail": Oracle.mail,
    "delivered": Oracle.delivered,
    "sweep": Oracle.swept,
}
