"""The steps that the plans of faults strike: each prepares in fair weather, then begins, then does its one thing.

People press again until they are answered; each says what it was told is done.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.builders import token
from tests.checker import Acknowledged, working_days_after
from tests.system.town import Town, by_day, unique

LAMP: Final = "Lampu jalan (PJU) mati di Jl. Bukirsari sudah dua minggu"  # dpuprpkp/pju
UNCLEAR: Final = "Mohon bantuannya pak wali, sudah lama sekali"  # nobody's: the admin's queue
HOME: Final = ("dpuprpkp", "pju")
PREPARED: Final = 10  # divisions at once: as many as there are plans between two looks at the tables

Begin = Callable[[], None]
Step = Callable[[Town, Begin], object]


def minute_after(at: datetime) -> datetime:
    """Return a minute later: the first sweep that finds a deadline passed, by night."""
    return at + timedelta(minutes=1)


def after_deadline(town: Town, ticket: str) -> datetime:
    """Return a minute after the answer deadline that the client was told."""
    return minute_after(datetime.fromisoformat(town.due[ticket]))


def somebody(town: Town) -> dict[str, str]:
    """Return who has an e-mail address, and the next time who has a telephone."""
    return town.reporter() if town.now_and_then(2) else {"phone": town.phone()}


# ------------------------------------------------------------------------------------------------ filing, adding


def by_web(town: Town, begin: Begin) -> None:
    begin()
    town.file_by_web(unique(LAMP), **town.reporter())


def by_web_with_a_key(town: Town, begin: Begin) -> None:
    key, text, given = unique("key"), unique(LAMP), somebody(town)
    begin()
    ticket = town.file_by_web(text, key, **given)
    town.answer(ticket, unique("Sudah"), final=True)
    town.insist(lambda: town.service.post("/complaints", {"text": text, **given}, idempotency_key=key), done=(201,))


def by_sms(town: Town, begin: Begin) -> None:
    """The provider may repeat a delivery whose answer it did not get, also when the complaint has gone on."""
    text, phone = unique(LAMP), town.phone()
    begin()
    message_id = town.file_by_sms(text, phone)
    ticket = next(one["ticket"] for one in town.raw("complaints") if one["text"] == text)
    town.answer(ticket, unique("Sudah"), final=True)
    town.insist(lambda: town.deliver_sms(text, phone, message_id))
    town.insist(lambda: town.deliver_sms(text, phone, f"{message_id}-twin"))


def added_by_web(town: Town, begin: Begin) -> None:
    ticket = town.file_by_web(unique(LAMP), **town.reporter())
    begin()
    town.add_by_web(ticket, unique("Masih mati"))


def added_by_sms(town: Town, begin: Begin) -> None:
    phone = town.phone()
    ticket = town.file_by_web(unique(LAMP), phone=phone)
    begin()
    town.add_by_sms(ticket, unique("Masih mati"), phone)


def told(town: Town, begin: Begin) -> None:
    """What the stream brings is told and counted."""
    town.file_by_sms(unique(LAMP), town.phone())
    ticket = town.file_by_web(unique(LAMP), **somebody(town))
    town.answer(ticket, unique("Sudah"), final=True)
    town.read_stream()
    begin()
    town.deliver()


# ------------------------------------------------------------------------------------------------ the division


def by_officer(
    town: Town, what: str, ticket: str, body: dict[str, str], *gone: int, opd: str = HOME[0], path: str = ""
) -> None:
    """Do a step as an officer of the whole OPD; the words are those of its reason, or its text."""
    words = body.get("reason") or body["text"]
    town.press(
        Acknowledged(what, ticket, words), path or f"/opd/complaints/{ticket}/{_PATHS[what]}", body,
        token("opd", opd), gone,
    )  # fmt: skip


_PATHS: Final = {"asked": "ask", "forwarded": "forward", "refused": "refuse"}


def answered(town: Town, begin: Begin) -> None:
    ticket = town.file_by_web(unique(LAMP), **town.reporter())
    interim = town.now_and_then(2)
    begin()
    town.answer(ticket, unique("Sudah"), final=not interim)
    if interim:
        town.answer(ticket, unique("Selesai"), final=True)


def asked(town: Town, begin: Begin) -> None:
    """The division asks, the reporter replies; one in two by SMS, and that is answered."""
    phone = town.phone()
    ticket = town.file_by_web(unique(LAMP), phone=phone)
    begin()
    by_officer(town, "asked", ticket, {"text": unique("Di tiang nomor berapa?")}, 409)
    if town.now_and_then(2):
        town.add_by_web(ticket, unique("Nomor 12"))
        return
    town.add_by_sms(ticket, unique("Nomor 12"), phone)
    town.answer(ticket, unique("Sudah"), final=True)


def forwarded(town: Town, begin: Begin) -> None:
    """To a division of the same OPD, or of another one, which then answers."""
    ticket = town.file_by_web(unique(LAMP), **town.reporter())
    opd, division = (HOME[0], "jalan") if town.now_and_then(2) else ("dishub", "lalin")
    begin()
    by_officer(
        town, "forwarded", ticket, {"opd": opd, "division": division, "reason": unique("Bukan bidang kami")}, 404, 409
    )
    town.answer(ticket, unique("Sudah"), final=True, opd=opd)


def refused(town: Town, begin: Begin) -> None:
    """Not theirs: the admin has it again, and one in two gives it to another one."""
    ticket = town.file_by_web(unique(LAMP), **town.reporter())
    begin()
    by_officer(town, "refused", ticket, {"reason": unique("Bukan kewenangan kami")}, 404)
    if town.now_and_then(2):
        by_admin(town, "", ticket, "dispatch", {"opd": "dishub", "division": "lalin"})


# ------------------------------------------------------------------------------------------------ the admin


def by_admin(town: Town, what: str, ticket: str, path: str, body: dict[str, str], words: str = "") -> None:
    """Do a step as an admin; 409 to a second try says that the first one did it."""
    town.press(
        Acknowledged(what, ticket, words) if what else None, f"/admin/complaints/{ticket}/{path}", body,
        token("admin"), (409,),
    )  # fmt: skip


def rejected(town: Town, begin: Begin) -> None:
    """Turned down, reopened by its reporter, and dispatched then."""
    ticket, note = town.file_by_web(unique(UNCLEAR), **town.reporter()), unique("Ini urusan provinsi")
    begin()
    by_admin(town, "rejected", ticket, "reject", {"reason": "not_the_city", "note": note}, note)
    by_reporter(town, "reopened", ticket, "reopen", {"reason": unique("Jalan ini milik kota")})
    by_admin(town, "", ticket, "dispatch", {"opd": HOME[0], "division": "jalan"})


def merged(town: Town, begin: Begin) -> None:
    """Two become one, of whose answer both reporters hear."""
    stays, goes = [town.file_by_web(unique(LAMP), **somebody(town)) for _ in range(2)]
    begin()
    by_admin(town, "merged", goes, "merge", {"into": stays}, stays)
    town.answer(stays, unique("Sudah"), final=True)


# ------------------------------------------------------------------------------------------------ the reporter


def by_reporter(town: Town, what: str, ticket: str, path: str, body: dict[str, Any]) -> None:
    """Do a step as the reporter; the same again changes nothing."""
    words = body.get("reason") or body["comment"]
    told = Acknowledged(what, ticket, words)
    town.press(told, f"/complaints/{ticket}/{path}", body, x_receipt=town.receipts[ticket])


def an_answer(town: Town) -> str:
    ticket = town.file_by_web(unique(LAMP), **town.reporter())
    town.answer(ticket, unique("Sudah"), final=True)
    return ticket


def reopened(town: Town, begin: Begin) -> None:
    ticket = an_answer(town)
    begin()
    by_reporter(town, "reopened", ticket, "reopen", {"reason": unique("Masih mati")})


def rated(town: Town, begin: Begin) -> None:
    """The rating closes it; within the window it may be reopened all the same."""
    ticket = an_answer(town)
    begin()
    by_reporter(town, "rated", ticket, "rating", {"score": 1 + town.number() % 5, "comment": unique("Kurang")})
    if town.now_and_then(2):
        by_reporter(town, "reopened", ticket, "reopen", {"reason": unique("Mati lagi")})


# ------------------------------------------------------------------------------------------------ the sweep


def swept(town: Town, begin: Begin) -> None:
    """Late complaints, of which one plan in four goes on up the ladder."""
    late, at = swept_once(town, begin)
    for rung, wait in (("black_vest", 2), ("replacement", 3)) if town.now_and_then(4) else ():
        at = minute_after(working_days_after(at, wait))
        begin()
        town.sweep(at)
        town.told.append(Acknowledged("climbed", late, rung))


def swept_once(town: Town, begin: Begin) -> tuple[str, datetime]:
    """One that is late, one that nobody has dispatched, and one that was answered in time."""
    late, answered, unclear = [town.file_by_web(unique(text)) for text in (LAMP, LAMP, UNCLEAR)]
    town.answer(answered, unique("Sudah"), final=True)
    at = after_deadline(town, late)
    begin()
    town.sweep(at)
    town.told += [Acknowledged("climbed", ticket, "warning") for ticket in (late, unclear)]
    return late, at


def sent_by_day(town: Town, begin: Begin) -> None:
    """What was recorded by night goes out in the morning; the day's own reminders went out before."""
    morning = by_day(working_days_after(datetime.now(UTC), 5))
    if morning.date() not in town.mornings:
        town.mornings.add(morning.date())
        town.skip_to(morning.replace(hour=0))
        town.sweep(morning - timedelta(minutes=30))
    late = town.file_by_web(unique(LAMP), **town.reporter())
    town.sweep(after_deadline(town, late))
    town.told.append(Acknowledged("climbed", late, "warning"))
    begin()
    town.sweep(morning)


def ran_out(town: Town, begin: Begin) -> None:
    """A question without a reply, an answer without an echo, a finish deadline behind an interim answer."""
    asked, answered = [town.file_by_web(unique(LAMP), **town.reporter()) for _ in range(2)]
    slow = town.file_by_web(unique(LAMP), kind="question")
    by_officer(town, "asked", asked, {"text": unique("Di tiang nomor berapa?")}, 409)
    town.answer(answered, unique("Sudah"), final=True)
    town.answer(slow, unique("Kami periksa"), final=False)
    at = minute_after(working_days_after(datetime.now(UTC), 10))
    town.skip_to(working_days_after(datetime.now(UTC), 5))
    begin()
    town.sweep(at)
    ends = {asked: "resumed", answered: "closed", slow: "finish_missed"}
    town.told += [Acknowledged("ran_out", ticket, entry) for ticket, entry in ends.items()]


# ------------------------------------------------------------------------------------------------ the ladder


def late(town: Town, count: int) -> list[tuple[str, str, str]]:
    """Return escalated complaints, each of another division as (ticket, OPD, division)."""
    opds = sorted((one for one in town.opds() if one["code"] != HOME[0]), key=lambda one: str(one["code"]))
    places = [(opd["code"], division["code"]) for opd in opds for division in opd["divisions"]][:count]
    found = []
    for opd, division in places:
        ticket = town.file_by_web(unique(UNCLEAR))
        by_admin(town, "", ticket, "dispatch", {"opd": opd, "division": division})
        found.append((ticket, opd, division))
    due = working_days_after(datetime.now(UTC), 5)
    town.skip_to(due)
    town.sweep(minute_after(due))
    town.told += [Acknowledged("climbed", ticket, "warning") for ticket, _, _ in found]
    return found


def told_in_the_morning(town: Town) -> None:
    """Let all that was recorded be told: a plan's own news is then the only one."""
    town.sweep(by_day(town.swept_until or datetime.now(UTC)))


def contested(town: Town, begin: Begin) -> None:
    """The division contests, the admin settles, once so and once so."""
    if not town.ready:
        town.ready += late(town, PREPARED)
        told_in_the_morning(town)
    ticket, opd, _ = town.ready.pop()
    begin()
    path = f"/opd/escalations/{ticket}/1/contest"
    by_officer(town, "contested", ticket, {"reason": unique("Dijawab lewat telepon")}, 409, opd=opd, path=path)
    action, became = ("uphold", "upheld") if town.now_and_then(2) else ("deny", "denied")
    reason = unique("Diperiksa")
    path = f"/admin/escalations/{ticket}/1/{action}"
    town.press(Acknowledged(became, ticket, reason), path, {"reason": reason}, token("admin"), (409,))


def proposed(town: Town) -> tuple[str, str]:
    """Return a division whose black vest waits for the mayor."""
    if not town.ready:
        found = late(town, PREPARED)
        warned_at = town.swept_until or datetime.now(UTC)
        town.sweep(minute_after(working_days_after(warned_at, 2)))
        town.told += [Acknowledged("climbed", ticket, "black_vest") for ticket, _, _ in found]
        town.ready += [(opd, division) for _, opd, division in found]
        told_in_the_morning(town)
    opd, division = town.ready.pop()
    return opd, division


def confirmed(town: Town, begin: Begin) -> None:
    """The mayor confirms, and the next time dismisses."""
    opd, division = proposed(town)
    confirms = town.now_and_then(2)
    begin()
    by_mayor(town, (opd, division), "confirmed" if confirms else "dismissed")


def by_mayor(town: Town, place: tuple[str, str], what: str) -> None:
    """Settle a division's proposal; 409 to a second try says that the first one did it."""
    path, reason = "/".join(place), unique("Sudah dibahas")
    body = {"reason": reason, **({"rung": "black_vest"} if what == "confirmed" else {})}
    action = {"confirmed": "confirm", "dismissed": "dismiss"}[what]
    town.press(
        Acknowledged(what, path, reason), f"/admin/standings/{path}/{action}", body, token("mayor"), (409,)
    )  # fmt: skip


STEPS: Final[dict[str, Step]] = {
    "a complaint by the web": by_web,
    "a complaint by the web with a key": by_web_with_a_key,
    "a complaint by SMS": by_sms,
    "an addition by the web": added_by_web,
    "an addition by SMS": added_by_sms,
    "telling and counting": told,
    "an answer": answered,
    "a question and its reply": asked,
    "a forwarding": forwarded,
    "a refusal": refused,
    "a rejection that is reopened": rejected,
    "a merging": merged,
    "a reopening": reopened,
    "a rating": rated,
    "a sweep": swept,
    "a sweep of what ran out": ran_out,
    "a sweep that sends": sent_by_day,
    "a contest and its end": contested,
    "what the mayor decides": confirmed,
}
