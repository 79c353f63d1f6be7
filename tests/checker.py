"""An independent checker: reads the raw tables and what the carriers really got, and says what does not hold.

It shares nothing with the service but the tables' form: items are decoded here, what is owed is worked out here anew.

- Every acknowledged complaint, answer, message and rung exists exactly once; every stored complaint has a whole life
  in its timeline: it begins with `received`; status, rung, clock, flags, index keys are what the timeline adds up to.
- Every escalated entry has its item and every item its entry; a (ticket, clock) climbs each rung once and in order; no
  rung is recorded before its deadline, and none after the answer to its clock.
- Every message that follows from a timeline went out to the right address, and is written down; nothing else went out.
- A message went out a second time only if it had not been written down before, and between the two the carrier's
  answer was lost, or writing it down failed without being done, or the process was killed.
- No name, number or address of a reporter stands in a log line.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from boto3.dynamodb.types import TypeDeserializer

from tests.fake_aws import Happened, Sent

ZONE: Final = ZoneInfo("Asia/Jakarta")
HOLIDAYS: Final = Path(__file__).parents[1] / "chalicelib" / "data" / "holidays.json"
LADDER: Final = ("warning", "black_vest", "replacement")
WAIT: Final = {None: 5, "warning": 2, "black_vest": 3}  # working days (DOMAIN 4 and 5): after dispatch, after each rung
OWED_TO: Final = {
    "received": ("reporter",),
    "dispatched": ("division", "head"),
    "answered": ("reporter",),
    "warning": ("division", "head"),
    "black_vest": ("head", "admin"),
    "replacement": ("admin", "mayor"),
}
_WRITTEN: Final = {"answered": ("answered", "text"), "added": ("message", "text"), "climbed": ("escalated", "rung")}
EXCUSES: Final = ("answer lost", "not recorded", "killed")

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What somebody was told is done: `filed` (an SMS without its ticket, ""), `answered`, `added`; `climbed`, its text
    then the rung, by a sweep that said that it succeeded."""

    what: str
    ticket: str
    text: str
    who: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the checker goes by."""

    dynamodb: Any
    prefix: str
    told: Sequence[Acknowledged]
    outbox: Sequence[Sent]
    journal: Sequence[Happened]
    lines: Sequence[str]
    personal: set[str]
    admin: str
    mayor: str


def problems(evidence: Evidence) -> list[str]:
    """Return what does not hold, one sentence each; nothing when all is well."""
    complaints = {one["ticket"]: one for one in _table(evidence, "complaints")}
    timelines = {ticket: [json.loads(text) for text in one["timeline"]] for ticket, one in complaints.items()}
    escalations = _table(evidence, "escalations")
    return [
        *_acknowledged(evidence, complaints, timelines),
        *(problem for ticket, one in complaints.items() for problem in _life(ticket, one, timelines[ticket])),
        *_ladder(timelines, escalations),
        *_messages(evidence, complaints, timelines),
        *_logs(evidence),
    ]


def _table(evidence: Evidence, name: str) -> list[Item]:
    plain = TypeDeserializer().deserialize
    pages = evidence.dynamodb.get_paginator("scan").paginate(TableName=evidence.prefix + name, ConsistentRead=True)
    return [{key: plain(value) for key, value in item.items()} for page in pages for item in page["Items"]]


# ------------------------------------------------------------------------------------------------ acknowledged


def _acknowledged(
    evidence: Evidence, complaints: Mapping[str, Item], timelines: Mapping[str, list[Item]]
) -> Iterator[str]:
    reporters = {one["ticket"]: one for one in _table(evidence, "reporters")}
    of_text: dict[str, list[str]] = defaultdict(list)
    for ticket, one in complaints.items():
        of_text[one["text"]].append(ticket)
    for told in evidence.told:
        if told.what == "filed":
            yield from _filed(told, of_text, complaints, reporters)
        else:
            entry, field = _WRITTEN[told.what]
            found = [e for e in timelines.get(told.ticket, ()) if (e["entry"], e.get(field)) == (entry, told.text)]
            if len(found) != 1:
                yield f"{told.ticket}: {told.what} {told.text!r} was acknowledged and stands there {len(found)} times"


def _filed(
    told: Acknowledged,
    of_text: Mapping[str, list[str]],
    complaints: Mapping[str, Item],
    reporters: Mapping[str, Item],
) -> Iterator[str]:
    stored = of_text.get(told.text, [])
    if told.ticket and (told.ticket not in complaints or told.ticket not in stored):
        yield f"{told.ticket}: acknowledged, and not stored as it was told"
        return
    mine = [ticket for ticket in stored if told.who in _contacts(reporters.get(ticket))]
    if told.ticket:
        mine = [ticket for ticket in mine if ticket == told.ticket]
    if len(mine) != 1:
        yield f"{told.ticket or 'an SMS'} {told.text!r} of {told.who} was acknowledged and is stored {len(mine)} times"


def _contacts(reporter: Item | None) -> tuple[str | None, ...]:
    """Return by what a reporter's complaint is known: (None,) for who left nothing."""
    return (reporter.get("email"), reporter.get("phone")) if reporter else (None,)


# ------------------------------------------------------------------------------------------------ a life


@dataclass(slots=True)
class _Life:
    """What a timeline adds up to."""

    status: str = "received"
    clock: int = 0
    answered: bool = False  # the newest clock
    rung: str | None = None
    escalations: int = 0
    deadline: datetime | None = None  # of the newest clock
    next_rung: datetime | None = None
    checked: bool = False


def _life(ticket: str, stored: Item, timeline: list[Item]) -> Iterator[str]:
    if not timeline or timeline[0]["entry"] != "received":
        yield f"{ticket}: its timeline does not begin with its arrival"
        return
    if [entry["entry"] for entry in timeline].count("received") != 1:
        yield f"{ticket}: it arrived twice"
    life = _Life()
    for entry in timeline:
        yield from (f"{ticket}: {problem}" for problem in _step(life, entry))
    opens = life.status in ("received", "dispatched", "in_progress")
    expected = {
        "status": life.status,
        "clock": life.clock or None,
        "rung": life.rung,
        "escalations": life.escalations if life.clock else None,
        "answer_due": _key(life.deadline),
        "due_at": f"{_key(life.next_rung)}#{ticket}" if life.next_rung else None,
        "due_bucket day": (_key(life.next_rung) or "")[:10] or None,
        "desk": (stored.get("opd") or "admin") if opens else None,
        "received": f"{_key(_at(timeline[0]['at']))}#{ticket}",
    }
    given = {name: stored.get(name) for name in expected} | {
        "due_bucket day": str(stored.get("due_bucket", "")).partition("#")[0] or None
    }
    if not stored.get("checked"):
        given["checked"], expected["checked"] = False, life.checked
    yield from (
        f"{ticket}: {name} is {given[name]!r}, and its timeline adds up to {expected[name]!r}"
        for name in expected
        if given[name] != expected[name]
    )


def _step(life: _Life, entry: Item) -> Iterator[str]:
    """Add one entry to a life, and say what is wrong with it there."""
    match entry["entry"]:
        case "dispatched":
            if life.status != "received" or entry["clock"] != life.clock + 1:
                yield f"dispatched while {life.status}, clock {entry['clock']} after {life.clock}"
            life.status, life.clock, life.answered, life.rung = "dispatched", entry["clock"], False, None
            life.deadline = life.next_rung = _at(entry["deadline"])
            if life.deadline != working_days_after(_at(entry["at"]), WAIT[None]):
                yield "its answer deadline is not 5 working days after the dispatch"
        case "started":
            life.status = "in_progress"
        case "answered":
            if life.status not in ("dispatched", "in_progress") or entry["clock"] != life.clock:
                yield f"answered while {life.status}"
            life.status, life.answered, life.next_rung = "answered" if entry["final"] else "in_progress", True, None
        case "escalated":
            yield from _climb(life, entry)
        case "checked":
            life.checked = True


def _climb(life: _Life, entry: Item) -> Iterator[str]:
    if life.answered or life.status not in ("dispatched", "in_progress"):
        yield f"escalated after the answer, while {life.status}"
    rung = LADDER[0] if life.rung is None else dict(pairwise(LADDER)).get(life.rung)
    if (entry["rung"], entry["n"], entry["clock"]) != (rung, life.escalations + 1, life.clock):
        yield f"escalated to {entry['rung']} (n {entry['n']}, clock {entry['clock']}) after {life.rung}"
    if life.next_rung is None or _at(entry["deadline"]) != life.next_rung:
        yield f"escalated for the deadline {entry['deadline']}, which is not the running one, {life.next_rung}"
    if _at(entry["at"]) < _at(entry["deadline"]):
        yield f"escalated at {entry['at']}, before its deadline {entry['deadline']}"
    life.rung, life.escalations = entry["rung"], entry["n"]
    wait = WAIT.get(entry["rung"])
    life.next_rung = working_days_after(_at(entry["at"]), wait) if wait else None


def _ladder(timelines: Mapping[str, list[Item]], items: Sequence[Item]) -> Iterator[str]:
    """Items and entries belong together one to one, and each (ticket, clock) has each rung once."""
    fields = ("n", "clock", "rung", "opd", "division", "deadline", "at", "written_at")
    entries = Counter(
        (ticket, *_told(entry, fields))
        for ticket, timeline in timelines.items()
        for entry in timeline
        if entry["entry"] == "escalated"
    )
    records = Counter((one["ticket"], *_told({**one, "at": one["recorded"][:24]}, fields)) for one in items)
    yield from (f"{one[0]}: an escalation stands in the timeline alone: {one}" for one in entries - records)
    yield from (f"{one[0]}: an escalation stands in no timeline: {one}" for one in records - entries)
    rungs = Counter((one["ticket"], int(one["clock"]), one["rung"]) for one in items)
    yield from (f"{one}: recorded {count} times" for one, count in rungs.items() if count > 1)


def _told(one: Item, fields: Sequence[str]) -> tuple[str, ...]:
    """Return the fields in one form: an instant in milliseconds, a number as an integer."""
    said = []
    for name in fields:
        value = one.get(name)
        said.append(str(_key(_at(value)) if name in ("deadline", "at", "written_at") and value else value))
    return tuple(said)


# ------------------------------------------------------------------------------------------------ messages


def _messages(evidence: Evidence, complaints: Mapping[str, Item], timelines: Mapping[str, list[Item]]) -> Iterator[str]:
    owed = dict(_owed(evidence, complaints, timelines))
    recorded = {one["id"]: one for one in _table(evidence, "notifications")}
    names = {_digest(identifier): identifier for identifier in {*owed, *recorded}}
    sent: dict[str, list[Sent]] = defaultdict(list)
    for message in evidence.outbox:
        sent[names.get(_digest(message.id), message.id)].append(message)
    replies = {identifier for identifier in {*sent, *recorded} if identifier.startswith("reply.")}
    for identifier, address in owed.items():
        if not sent[identifier]:
            yield f"{identifier}: owed to {address}, and never went out"
        elif identifier not in recorded:
            yield f"{identifier}: went out, and is not written down"
        elif recorded[identifier]["carrier_id"] not in {one.carrier_id for one in sent[identifier]}:
            yield f"{identifier}: written down with a carrier's id that no carrier gave"
        yield from (
            f"{identifier}: owed to {address}, and went to {one.to}" for one in sent[identifier] if one.to != address
        )
    for identifier in ({identifier for identifier in sent if sent[identifier]} | set(recorded)) - set(owed) - replies:
        yield f"{identifier}: went out or is written down, and nobody was owed it"
    yield from _repeated(evidence.journal, names)


def _owed(
    evidence: Evidence, complaints: Mapping[str, Item], timelines: Mapping[str, list[Item]]
) -> Iterator[tuple[str, str]]:
    """Yield the id and the address of every message that the timelines owe."""
    opds = {one["sk"]: json.loads(one["value"]) for one in _table(evidence, "registry") if one["pk"] == "opd"}
    stopped = {one["pk"] for one in _table(evidence, "intake") if str(one["pk"]).startswith("stop#")}
    reporters = {one["ticket"]: one for one in _table(evidence, "reporters")}
    for ticket in complaints:
        for place, entry in enumerate(timelines[ticket]):
            about = entry["rung"] if entry["entry"] == "escalated" else entry["entry"]
            for to in OWED_TO.get(about, ()):
                address = _address_of(reporters.get(ticket), about, stopped)
                if to != "reporter":
                    address = _office(to, entry, opds, evidence)
                if address:
                    yield f"{ticket}.{place}.{to}", address


def _office(to: str, entry: Item, opds: Mapping[str, Item], evidence: Evidence) -> str:
    """Return the e-mail address of an office."""
    opd = opds.get(str(entry.get("opd")), {})
    if to == "division":
        return next((str(one["email"]) for one in opd.get("divisions", ()) if one["code"] == entry["division"]), "")
    return {"head": str(opd.get("head", {}).get("email", "")), "admin": evidence.admin, "mayor": evidence.mayor}[to]


def _address_of(reporter: Item | None, about: str, stopped: set[Any]) -> str:
    """Return where a reporter is told, "" where they are not: by e-mail, else by SMS to a telephone number; that it was
    received stands on the web's own page."""
    if reporter is None:
        return ""
    if reporter.get("email"):
        return str(reporter["email"])
    phone = str(reporter.get("phone", ""))
    silent = about == "received" and reporter.get("provider") in (None, "twilio")
    return phone if phone.startswith("+") and not silent and f"stop#{reporter['phone_key']}" not in stopped else ""


def _digest(identifier: str) -> str:
    """Return an id as an SMS provider may have got it: its letters are not all that providers take."""
    is_one = re.fullmatch(r"[0-9a-f]{32}", identifier)
    return identifier if is_one else hashlib.sha256(identifier.encode()).hexdigest()[:32]


def _repeated(journal: Sequence[Happened], names: Mapping[str, str]) -> Iterator[str]:
    """Say which message went out again without a reason."""
    taken: set[str] = set()
    recorded: set[str] = set()
    excused: set[str] = set()
    for line in journal:
        identifier = names.get(_digest(line.id), _digest(line.id))
        if line.what == "killed":
            excused |= taken
        elif line.what in EXCUSES:
            excused.add(identifier)
        elif line.what == "recorded":
            recorded.add(identifier)
        elif line.what == "taken":
            if identifier in recorded:
                yield f"{identifier}: went out again after it was written down"
            elif identifier in taken and identifier not in excused:
                yield f"{identifier}: went out twice, and nothing had failed between"
            taken.add(identifier)
            excused.discard(identifier)


# ------------------------------------------------------------------------------------------------ logs


def _logs(evidence: Evidence) -> Iterator[str]:
    if not evidence.personal:
        return
    anybody = re.compile("|".join(re.escape(one) for one in sorted(evidence.personal)), re.IGNORECASE)
    yield from (f"a log line names a person: {line}" for line in evidence.lines if anybody.search(line))


# ------------------------------------------------------------------------------------------------ time


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _key(at: datetime | None) -> str | None:
    """Return an instant as the tables' keys have it."""
    return f"{at.astimezone(UTC).isoformat(timespec='milliseconds')[:23]}Z" if at else None


@cache
def _days_off() -> frozenset[date]:
    years = json.loads(HOLIDAYS.read_text(encoding="utf-8"))
    return frozenset(date.fromisoformat(day) for days in years.values() for day in days)


def working_days_after(start: datetime, count: int) -> datetime:
    """Return the end of the count-th working day after the day of `start`."""
    day = start.astimezone(ZONE).date()
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5 and day not in _days_off()
    return datetime.combine(day + timedelta(days=1), time.min, ZONE).astimezone(UTC)
