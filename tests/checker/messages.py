"""Who is told what: at once by the stream, grouped by the sweep; at least once, again only for a reason."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.checker.record import Item, Place, Record
from tests.fake_aws import Happened, Sent

SWEEP: Final = "sweep."
_REPLY: Final = "reply."
_OWED_TO: Final = {
    "received": ("reporter",),
    "dispatched": ("division", "head"),
    "forwarded": ("division", "head"),
    "asked": ("reporter",),
    "replied": ("division",),
    "answered": ("reporter",),
    "rejected": ("reporter",),
    "merged": ("reporter",),
    "reopened": ("division", "head"),
}
_EXCUSES: Final = ("answer lost", "not recorded", "killed")


def problems(
    record: Record, outbox: Sequence[Sent], journal: Sequence[Happened], offices: Mapping[str, str]
) -> Iterator[str]:
    """Yield which message did not go out, went wrong, or went again without a reason; `offices` are the addresses of
    admin and mayor."""
    owed = dict(_owed(record, offices))
    names = {_digest(identifier): identifier for identifier in {*owed, *record.notifications}}
    sent: dict[str, list[Sent]] = defaultdict(list)
    for message in outbox:
        sent[names.get(_digest(message.id), _own(message.id))].append(message)
    for identifier, address in owed.items():
        if not sent[identifier]:
            yield f"{identifier}: owed to {address}, and never went out"
        yield from (
            f"{identifier}: owed to {address}, and went to {one.to}" for one in sent[identifier] if one.to != address
        )
    for identifier in {one for one in sent if sent[one]} | set(record.notifications):
        if identifier not in owed and not identifier.startswith((_REPLY, SWEEP)):
            yield f"{identifier}: went out or is written down, and nobody was owed it"
        if not identifier.startswith(_REPLY):
            yield from _written_down(identifier, sent[identifier], record.notifications.get(identifier))
    yield from _repeated(journal, names)


def _written_down(identifier: str, sent: Sequence[Sent], noted: Item | None) -> Iterator[str]:
    if noted is None:
        yield f"{identifier}: went out, and is not written down"
    elif noted["carrier_id"] not in {one.carrier_id for one in sent}:
        yield f"{identifier}: written down with a carrier's id that no carrier gave"


# ------------------------------------------------------------------------------------------------ owed at once


def _owed(record: Record, offices: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the id and the address of every message that the timelines owe at once."""
    stopped = {one["pk"] for one in record.intake if str(one["pk"]).startswith("stop#")}
    for ticket, timeline in record.timelines.items():
        also: list[str] = []  # whose complaints went into this one: they hear what its reporter hears
        for place, entry in enumerate(timeline):
            if entry["entry"] == "absorbed":
                also.append(entry["ticket"])
            for to in _OWED_TO.get(entry["entry"], ()):
                name = f"{ticket}.{place}.{to}"
                if to != "reporter":
                    yield from _told([name], address_of(to, _place(entry), record, offices) if "opd" in entry else "")
                    continue
                for other, identifier in ((ticket, name), *((other, f"{name}.{other}") for other in also)):
                    reporter = record.reporters.get(other)
                    yield from _told([identifier], _address_of_reporter(reporter, entry["entry"], stopped))


def _told(names: Sequence[str], address: str) -> Iterator[tuple[str, str]]:
    if address:
        yield from ((name, address) for name in names)


def _place(entry: Item) -> Place:
    return entry["opd"], entry["division"]


def address_of(to: str, place: Place, record: Record, offices: Mapping[str, str]) -> str:
    """Return the e-mail address of an office."""
    if to == "division":
        return str(record.division(place).get("email", ""))
    if to == "head":
        return str(record.opds.get(place[0], {}).get("head", {}).get("email", ""))
    return offices[to]


def _address_of_reporter(reporter: Item | None, about: str, stopped: set[Any]) -> str:
    """Return where a reporter is told, "" where they are not: by e-mail, else by SMS to a telephone number; that it was
    received stands on the web's own page."""
    if reporter is None:
        return ""
    if reporter.get("email"):
        return str(reporter["email"])
    phone = str(reporter.get("phone", ""))
    silent = about == "received" and reporter.get("provider") in (None, "twilio")
    return phone if phone.startswith("+") and not silent and f"stop#{reporter['phone_key']}" not in stopped else ""


# ------------------------------------------------------------------------------------------------ told again


def _own(identifier: str) -> str:
    """Return our id of what an SMS provider got under this one: dots are no letters that all of them take."""
    return identifier.replace("_", ".")


def _digest(identifier: str) -> str:
    """Return an id as one of fixed length: where ours is too long for a provider, it gets no more."""
    is_one = re.fullmatch(r"[0-9a-f]{32}", identifier)
    return identifier if is_one else hashlib.sha256(_own(identifier).encode()).hexdigest()[:32]


def _repeated(journal: Sequence[Happened], names: Mapping[str, str]) -> Iterator[str]:
    """Say which message went out again without a reason."""
    taken: set[str] = set()
    recorded: set[str] = set()
    excused: set[str] = set()
    for line in journal:
        identifier = names.get(_digest(line.id), _digest(line.id))
        if line.what == "killed":
            excused |= taken
        elif line.what in _EXCUSES:
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
