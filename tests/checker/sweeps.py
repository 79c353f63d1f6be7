"""What the sweeps said: every escalation to exactly its people, none by night, nothing left unsaid.

It goes by what the people could read: an e-mail's headings, the complaints and the reasons under them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.checker.days import ZONE, is_night
from tests.checker.messages import SWEEP, address_of
from tests.checker.record import Item, Place, Record
from tests.fake_aws import Sent

# about -> (the heading in the e-mail, who is told), the heaviest first
SECTIONS: Final = {
    "replacement": ("PENGGANTIAN", ("admin", "mayor")),
    "black_vest": ("ROMPI HITAM", ("head", "admin")),
    "warning": ("TEGURAN", ("division", "head")),
    "verify": ("TEGURAN UNTUK ADMIN: BELUM DITERUSKAN", ("admin", "mayor")),
    "standing": ("STATUS BIDANG", ("division", "head", "admin", "mayor")),
    "proposal": ("USULAN", ("mayor", "admin")),
    "reward": ("PENGHARGAAN", ("division", "head")),
    "nomination": ("NOMINASI PENGHARGAAN", ("admin",)),
    "reminder": ("JATUH TEMPO PADA HARI KERJA BERIKUTNYA", ("division",)),
    "digest": ("RINGKASAN HARI INI", ("head",)),
}
_ABOUT: Final = {heading: about for about, (heading, _) in SECTIONS.items()}
_NAMED: Final = re.compile(r"^- Aduan (\S+), .*\n.*Eskalasi ke-(\d+) dari aduan ini", re.MULTILINE)
_CAME_DOWN: Final = ": turun dari "


@dataclass(slots=True)
class Letter:
    """One message as its recipient reads it: `said` under each heading; `sent` each time that it went out."""

    sent: list[Sent]
    said: dict[str, str] = field(default_factory=dict)


def problems(record: Record, outbox: Sequence[Sent], offices: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with what the sweeps said."""
    letters = _read(outbox)
    for identifier, letter in letters.items():
        yield from (f"{identifier}: {problem}" for problem in _letter(letter, record, offices))
        if noted := record.notifications.get(identifier):
            yield from (f"{identifier}: {problem}" for problem in _noted(letter, noted))
    yield from _escalations(letters, record, offices)
    yield from _acts(letters, record, offices)
    yield from _proposals(letters, record, offices)
    yield from _once_a_day(letters)
    for pk in ("owed", "message"):
        yield from (f"{name}: still {pk}, and nothing is in the way any more" for name in record.kept(pk))


def _read(outbox: Sequence[Sent]) -> dict[str, Letter]:
    letters: dict[str, Letter] = {}
    for one in outbox:
        if not one.id.startswith(SWEEP):
            continue
        if one.id in letters:
            letters[one.id].sent.append(one)
            continue
        letter = letters[one.id] = Letter([one])
        about = ""
        for line in one.text.splitlines():
            about = _ABOUT.get(line, about)
            letter.said[about] = f"{letter.said.get(about, '')}{line}\n"
        letter.said.pop("", None)
    return letters


def _letter(letter: Letter, record: Record, offices: Mapping[str, str]) -> Iterator[str]:
    """Each time it went out it went to the same one, who is among those whom it concerns, by a sweep, by day."""
    if len({one.to for one in letter.sent}) != 1:
        yield f"went to {sorted({one.to for one in letter.sent})}"
    if not letter.said:
        yield "says nothing"
    address = letter.sent[0].to
    concerned = {
        "division": {str(one["email"]) for opd in record.opds.values() for one in opd["divisions"]},
        "head": {str(opd["head"]["email"]) for opd in record.opds.values()},
        **{to: {office} for to, office in offices.items()},
    }
    for about in letter.said:
        if not any(address in concerned[to] for to in SECTIONS[about][1]):
            yield f"{about} was told to {address}"
    for one in letter.sent:
        if one.swept_at is None:
            yield "was not sent by a sweep"
        elif is_night(one.swept_at):
            yield f"was sent by the sweep of {one.swept_at}, which is by night"


def _noted(letter: Letter, noted: Item) -> Iterator[str]:
    """What is written down of it is what it says."""
    heaviest = next(about for about in SECTIONS if about in letter.said)
    if noted["about"] != ("warning" if heaviest == "verify" else heaviest):
        yield f"is written down as about {noted['about']}, and is about {heaviest}"
    named = {ticket for text in letter.said.values() for ticket, _ in _NAMED.findall(text)}
    if not named <= set(noted["tickets"]):
        yield f"is written down with {noted['tickets']}, and names {sorted(named)}"


def _escalations(letters: Mapping[str, Letter], record: Record, offices: Mapping[str, str]) -> Iterator[str]:
    """Each escalation is in one message to each of its people, and in none to anybody else."""
    told: dict[tuple[str, str, int, str], set[str]] = defaultdict(set)
    for identifier, letter in letters.items():
        for about, text in letter.said.items():
            for ticket, n in _NAMED.findall(text):
                told[about, ticket, int(n), letter.sent[0].to].add(identifier)
    owed = set()
    for ticket, timeline in record.timelines.items():
        for entry in timeline:
            if entry["entry"] == "escalated":
                about = "verify" if entry["opd"] == "admin" else entry["rung"]
                place = entry["opd"], entry["division"]
                addresses = (address_of(to, place, record, offices) for to in SECTIONS[about][1])
                owed |= {(about, ticket, entry["n"], address) for address in addresses}
    for one in owed | set(told):
        if one not in owed:
            yield f"{one}: was told, and nobody was to be told"
        elif len(told[one]) != 1:
            yield f"{one}: was to be told once, and was told in {len(told[one])} messages"


def _acts(letters: Mapping[str, Letter], record: Record, offices: Mapping[str, str]) -> Iterator[str]:
    """What was done to a standing is told once to each of its people, with the reason that the mayor gave."""
    came_down: Counter[str] = Counter()
    for place, acts in record.acts().items():
        for to in _people(place):
            address = address_of(to, place, record, offices)
            said = [letter.said.get("standing", "") for letter in letters.values() if letter.sent[0].to == address]
            for act in acts:
                came_down[address] += act["what"] == "came_down"
                if act["what"] != "came_down" and (count := sum(text.count(act["reason"]) for text in said)) != 1:
                    yield f"{place}: {act['what']} for {act['reason']!r} was told to {address} {count} times"
    told: Counter[str] = Counter()
    for letter in letters.values():
        told[letter.sent[0].to] += letter.said.get("standing", "").count(_CAME_DOWN)
    told = +told
    if told != +came_down:
        yield f"the ways down were told {dict(told)}, and were {dict(+came_down)}"


def _people(place: Place) -> tuple[str, ...]:
    return ("admin", "mayor") if place[0] == "admin" else ("division", "head")


def _proposals(letters: Mapping[str, Letter], record: Record, offices: Mapping[str, str]) -> Iterator[str]:
    """What waits for the mayor was told to the mayor, and to the admin."""
    for place, standing in record.standings().items():
        if not standing["proposed"]:
            continue
        opd, division = record.opds.get(place[0], {}).get("name"), record.division(place).get("name")
        name = "Admin" if place[0] == "admin" else f"{opd}, {division}"
        for to in ("mayor", "admin"):
            said = [one.said.get("proposal", "") for one in letters.values() if one.sent[0].to == offices[to]]
            if not any(f"- {name}: diusulkan " in text for text in said):
                yield f"{place}: {standing['proposed']} is proposed, and the {to} was not told"


def _once_a_day(letters: Mapping[str, Letter]) -> Iterator[str]:
    """Of what is due tomorrow a division is told once a day, of the day's numbers a head."""
    told = Counter(
        (about, letter.sent[0].to, letter.sent[0].swept_at.astimezone(ZONE).date())
        for letter in letters.values()
        for about in ("reminder", "digest")
        if about in letter.said and letter.sent[0].swept_at
    )
    yield from (f"{one}: told {count} times on one day" for one, count in told.items() if count > 1)
