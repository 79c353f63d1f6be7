"""The people of the city: citizens, divisions, admins and a mayor. They read the service's own records, as on a page,
and then do something, by their temper and by chance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from chalicelib.adapters import complaints, escalations
from chalicelib.adapters.tables import instant
from chalicelib.domain.complaint import Actor, Complaint, Filing, Role
from chalicelib.workflows import city, contesting, filing, following, handling, rewarding, standings
from tests.simulation.dice import CHANNELS, KINDS, REASONS, Desks, Place
from tests.simulation.log import JAKARTA
from tests.simulation.world import World

ADMIN: Final = Actor(Role.ADMIN, "admin-1")
MAYOR: Final = Actor(Role.MAYOR, "mayor-1")
_UNDER_WAY: Final = ("received", "dispatched", "in_progress", "waiting")
_MOST_INTERIM: Final = 3


class People:
    """All of them; what they do stands in the world's log."""

    def __init__(self, world: World) -> None:
        self.world, self.dice = world, world.dice
        services = city.current(world.begin).services()
        self.desks = Desks(self.dice, [((one["opd"], one["division"]), one["code"]) for one in services])
        self._tickets: list[str] = []
        self._read_upto = ""
        for _ in range(world.plan.complaints):
            hour = self.dice.triangular(6, 23, 10) if self.dice.happens(0.9) else self.dice.uniform(0, 24)
            day = self.dice.randrange(world.plan.days)
            world.at(world.begin + timedelta(days=day, seconds=round(3600 * hour)), self._file)
        for day in range(0, world.plan.days, 3):
            world.at(world.begin + timedelta(days=day, hours=10), self._mayor_looks)
        world.after_sweep = self._read_escalations

    def _in_days(self, least: float, most: float, what: Callable[[], None]) -> None:
        self.world.at(self.dice.later(self.world.now, least, most), what)

    def _in_office_in_days(self, least: float, most: float, what: Callable[[], None]) -> None:
        self.world.at(self.dice.in_office(self.dice.later(self.world.now, least, most)), what)

    def _words(self, what: str) -> str:
        return f"{what} {self.world.number()}"

    # -------------------------------------------------------------------------------------------- citizens

    def _file(self) -> None:
        dice, number = self.dice, self.world.number()
        desk, kind, channel = self.desks.one(), dice.one_of(KINDS), dice.one_of(CHANNELS)
        chosen = desk.category if dice.happens(0.65) else None
        brought = Filing(f"Mohon ditindaklanjuti nomor {number}, sudah lama", channel, kind=kind, category=chosen)
        has_email = dice.happens(0.4)
        reporter = filing.Reporter(email=f"warga{number}@rumah.example" if has_email else None)
        key = f"simulated {self.world.plan.seed} {number}"
        one = filing.submit_complaint(brought, reporter, self.world.now, idempotency_key=key).complaint
        guess = one.suggestion
        where = (guess.opd, guess.division, guess.category) if guess else (one.opd, one.division, one.category)
        self.world.note(
            "filed", one.ticket, kind=one.kind.value, channel=channel, has_email=has_email,
            certain=one.status == "dispatched", suggested=where if all(where) else None,
        )  # fmt: skip
        self._tickets.append(one.ticket)
        if one.status == "dispatched":
            self._to_division(one.ticket, desk.place)
        else:
            self._to_admin(one.ticket, desk.place)
        if dice.happens(0.08):
            self._in_days(0, 20, lambda: self._write(one.ticket))

    def _write(self, ticket: str) -> None:
        text = self._words("Tambahan")
        self.world.do("message", lambda: following.add_message(ticket, text, self.world.now), ticket, text=text)

    def _after_answer(self, ticket: str) -> None:
        """The reporter rates, reopens (some of them too late), both, or neither."""
        if self.dice.happens(0.4):
            self._in_days(0, 16, lambda: self._rate(ticket))
        if self.dice.happens(0.13):
            self._in_days(0, 18, lambda: self._reopen(ticket))

    def _rate(self, ticket: str) -> None:
        score, text = self.dice.randint(1, 5), self._words("Nilai") if self.dice.happens(0.3) else None
        for _ in range(1 + self.dice.happens(0.05)):  # some try again
            self.world.do(
                "rate", lambda: following.rate(ticket, score, text, self.world.now), ticket, score=score, text=text
            )

    def _reopen(self, ticket: str) -> None:
        text = self._words("Belum selesai")
        one = self.world.do("reopen", lambda: following.reopen(ticket, text, self.world.now), ticket, text=text)
        if one is not None and one.status == "dispatched":
            self._to_division(ticket, (one.opd, one.division))
        elif one is not None:
            self._to_admin(ticket, self.desks.one().place)

    # -------------------------------------------------------------------------------------------- the admin

    def _to_admin(self, ticket: str, place: Place) -> None:
        """Most are looked at on the same day, some late, some never."""
        chance = self.dice.random()
        if chance < 0.97:
            days = (0.02, 1.5) if chance < 0.8 else (3.0, 9.0)
            self._in_office_in_days(*days, lambda: self._admin_looks(ticket, place))

    def _admin_looks(self, ticket: str, place: Place) -> None:
        dice = self.dice
        if dice.happens(0.1):
            self._reject(ticket)
        elif dice.happens(0.06):
            self._merge(ticket)
        else:
            place = place if dice.happens(0.9) else self.desks.one().place
            kind = dice.one_of(KINDS) if dice.happens(0.1) else None
            one = self.world.do(
                "dispatch", lambda: handling.dispatch(ticket, *place, ADMIN, self.world.now, kind), ticket,
                who=ADMIN.subject, place=place, kind=kind,
            )  # fmt: skip
            if one is not None:
                self._to_division(ticket, place)

    def _reject(self, ticket: str) -> None:
        reason, note = self.dice.choice(REASONS), self._words("Bukan kami")
        one = self.world.do(
            "reject", lambda: handling.reject(ticket, reason, note, ADMIN, self.world.now), ticket, who=ADMIN.subject,
            reason=reason, text=note,
        )  # fmt: skip
        if one is not None and self.dice.happens(0.4):
            for _ in range(1 + self.dice.happens(0.3)):
                self._in_days(0.1, 6, lambda: self._reopen(ticket))

    def _merge(self, ticket: str) -> None:
        into = self.dice.choice(self._tickets[-60:])
        self.world.do(
            "merge", lambda: handling.merge(ticket, into, ADMIN, self.world.now), ticket, who=ADMIN.subject, into=into
        )

    # -------------------------------------------------------------------------------------------- a division

    def _to_division(self, ticket: str, place: Place) -> None:
        self._in_office_in_days(*self.desks.tempers[place].days, lambda: self._division_looks(ticket))

    def _division_looks(self, ticket: str) -> None:
        one = complaints.complaint_of(ticket, consistent=True)
        if one is None or one.status not in _UNDER_WAY or one.opd is None or one.division is None:
            return
        place = (one.opd, one.division)
        if self.dice.happens(0.01):
            self._reject(ticket)
        elif self.dice.happens(0.02):
            self._merge(ticket)
        elif one.status == "waiting" or self.dice.happens(self.desks.tempers[place].idle) or self._act(one, place):
            self._to_division(ticket, place)

    def _act(self, one: Complaint, place: Place) -> bool:
        """Do what the division chooses; say whether it must look at it again."""
        chance, text = self.dice.random(), self._words("Jawaban")
        if chance < 0.12 and not any(one.entries("asked")):
            if self._step("ask", handling.ask, one, text, text=text) and self.dice.happens(0.65):
                self._in_days(0.05, 17, lambda: self._write(one.ticket))
            return True
        if chance < 0.18:
            return not self._forward(one, place, text)
        if chance < 0.23:
            if refused := self._step("refuse", handling.refuse, one, text, text=text):
                self._to_admin(one.ticket, self.desks.one().place)
            return not refused
        if chance < 0.38:
            self._step("start", handling.start, one)
            return True
        return not self._answer(one, place, text)

    def _forward(self, one: Complaint, place: Place, text: str) -> bool:
        other = self.desks.another(place) if self.dice.happens(0.9) else place
        done = self._step("forward", handling.forward, one, *other, text, text=text, place=other)
        if done:
            self._to_division(one.ticket, other)
        return done

    def _answer(self, one: Complaint, place: Place, text: str) -> bool:
        """Answer; say whether that was the last word."""
        few = sum(1 for _ in one.entries("answered")) < _MOST_INTERIM
        final = not (few and self.dice.happens(self.desks.tempers[place].interim))
        done = self._step("answer", handling.answer, one, text, text=text, final=final)
        if done and final:
            self._after_answer(one.ticket)
        return done and final

    def _step(self, what: str, call: Callable[..., Any], one: Complaint, *given: Any, **args: Any) -> bool:
        """An officer does a step, once in a while on what may be another OPD's; say whether it was done."""
        actor, desk = Actor(Role.OPD, f"opd-{one.opd}"), one.opd
        if self.dice.happens(0.01):
            desk = self.desks.one().place[0]

        def owns(complaint: Complaint) -> bool:
            return complaint.opd == desk

        flags = {"final": args["final"]} if "final" in args else {}
        done = self.world.do(
            what, lambda: call(one.ticket, *given, actor, self.world.now, owns, **flags), one.ticket,
            who=actor.subject, desk=desk, **args,
        )  # fmt: skip
        return done is not None

    # -------------------------------------------------------------------------------------------- contests

    def _read_escalations(self) -> None:
        """Divisions, and the admin, read what was recorded since they last looked, and contest some of it."""
        since = self.world.now - timedelta(days=9)
        rows = escalations.page_of_ledger(max(self._read_upto, instant(since)), "9", 400)
        for row in reversed(rows):
            if row.recorded > self._read_upto and self.dice.happens(0.12):
                self._in_office_in_days(0.1, 6, self._contesting(row.ticket, int(row.n), row.opd))
        self._read_upto = max([self._read_upto, *(row.recorded for row in rows)])

    def _contesting(self, ticket: str, n: int, opd: str) -> Callable[[], None]:
        return lambda: self._contest(ticket, n, opd)

    def _contest(self, ticket: str, n: int, opd: str) -> None:
        actor, text = Actor(Role.OPD, f"opd-{opd}"), self._words("Bukan salah kami")
        desk = opd if self.dice.happens(0.97) else "dishub"
        found = self.world.do(
            "contest",
            lambda: contesting.contest(ticket, n, text, actor, self.world.now, lambda one: one.opd == desk),
            ticket, who=actor.subject, n=n, desk=desk, text=text,
        )  # fmt: skip
        if found and self.dice.happens(0.85):
            for _ in range(1 + self.dice.happens(0.05)):
                self._in_office_in_days(0.2, 15, lambda: self._settle(ticket, n))

    def _settle(self, ticket: str, n: int) -> None:
        text, upheld = self._words("Diperiksa"), self.dice.happens(0.5)
        self.world.do(
            "settle", lambda: contesting.settle(ticket, n, text, ADMIN, self.world.now, upheld=upheld), ticket,
            who=ADMIN.subject, n=n, text=text, upheld=upheld,
        )  # fmt: skip

    # -------------------------------------------------------------------------------------------- the mayor

    def _mayor_looks(self) -> None:
        """Some proposals are confirmed, some dismissed, most after a while; and the month's best are honoured."""
        for row in standings.all_standings():
            place = (row.opd, row.division)
            if row.standing.proposed and self.dice.happens(0.3):
                rung = str(row.standing.proposed) if self.dice.happens(0.95) else "replacement"
                self._judge("confirmed" if self.dice.happens(0.65) else "dismissed", place, rung)
            elif self.dice.happens(0.01):
                self._judge("dismissed", place, "black_vest")
        last_month = self.world.now.astimezone(JAKARTA).replace(day=1) - timedelta(days=1)
        for best in rewarding.of_period(f"{last_month:%Y-%m}"):
            if best.nominated and best.reward is None and self.dice.happens(0.5):
                self._award((best.opd, best.division), best.period)

    def _judge(self, what: str, place: Place, rung: str) -> None:
        reason = self._words("Sesuai catatan")

        def call() -> Any:
            if what == "confirmed":
                return standings.confirm(*place, rung, reason, MAYOR, self.world.now)
            return standings.dismiss(*place, reason, MAYOR, self.world.now)

        self.world.do(what, call, who=MAYOR.subject, place=place, rung=rung, reason=reason)

    def _award(self, place: Place, period: str) -> None:
        self.world.do(
            "awarded", lambda: rewarding.award(*place, period, "handphone", ADMIN, self.world.now), who=ADMIN.subject,
            place=place, period=period, reward="handphone",
        )  # fmt: skip
