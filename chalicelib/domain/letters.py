"""The words of each message that leaves the service: plain Indonesian, nothing personal in a subject."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from chalicelib.domain import sms
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.deadlines import last_day
from chalicelib.domain.notices import Notice, To

_KIND: Final = {"complaint": "keluhan", "question": "pertanyaan", "idea": "ide", "information": "informasi"}
_RUNG: Final = {"warning": "Teguran", "black_vest": "Rompi hitam", "replacement": "Penggantian"}


@dataclass(frozen=True, slots=True)
class Names:
    """What people call the things of a complaint: its OPD, division and category."""

    opd: str
    division: str
    category: str


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail's subject and text, and the same as an SMS ("" where none is ever sent)."""

    subject: str
    text: str
    sms: str = ""


def letter_for(notice: Notice, names: Names, public_url: str, zone: tzinfo) -> Letter:
    """Return the words of a notice."""
    if notice.to is To.REPORTER:
        return _to_reporter(notice, public_url, zone)
    if notice.about == "dispatched":
        return _dispatched(notice, names, public_url, zone)
    return _escalated(notice, names, public_url, zone)


def _dispatched(notice: Notice, names: Names, public_url: str, zone: tzinfo) -> Letter:
    complaint, due = notice.complaint, _day(notice.entry.deadline, zone)
    lines = [
        f"{names.opd}, {names.division}",
        "",
        f"Aduan {complaint.ticket} ({_KIND[complaint.kind]}) diteruskan kepada Anda.",
        f"Tenggat tanggapan: {due}.",
        f"Kategori: {names.category}" if names.category else "",
        f"Lokasi: {inert(complaint.address)}" if complaint.address else "",
        "",
        inert(complaint.text),
        "",
        f"Jawab di sini: {public_url}/meja/{complaint.ticket}",
    ]
    return Letter(f"Aduan baru {complaint.ticket}, tenggat {due}", _joined(lines))


def _escalated(notice: Notice, names: Names, public_url: str, zone: tzinfo) -> Letter:
    complaint, entry, rung = notice.complaint, notice.entry, _RUNG[notice.about]
    page = "Jawab di sini: {}/meja" if notice.to in (To.DIVISION, To.HEAD) else "Lihat: {}/kantor"
    lines = [
        f"{rung}: {names.opd}, {names.division}",
        "",
        f"Aduan {complaint.ticket} belum ditanggapi. Tenggat yang terlewati: {_day(entry.deadline, zone)}.",
        f"Eskalasi ke-{entry.n} dari aduan ini, dicatat {_day(entry.at, zone, exact=True)}.",
        "",
        inert(complaint.text),
        "",
        f"{page.format(public_url)}/{complaint.ticket}",
    ]
    return Letter(f"{rung}: aduan {complaint.ticket} belum ditanggapi", _joined(lines))


def _to_reporter(notice: Notice, public_url: str, zone: tzinfo) -> Letter:
    complaint, link = notice.complaint, f"{public_url}/t/{notice.complaint.ticket}"
    if notice.about == "received":
        text = filed_reply(complaint, zone)
        return Letter(f"Aduan Anda diterima: {complaint.ticket}", f"{text}\n\n{link}\n", text)
    said, final = notice.entry.text or "", notice.entry.final
    lines = [
        f"Aduan Anda {complaint.ticket} {'dijawab' if final else 'mendapat jawaban sementara'}:",
        "",
        inert(said),
        "",
        f"Lihat: {link}",
    ]
    short = sms.answer_sms(complaint.ticket, notice.entry.opd, said, link)
    return Letter(f"Tanggapan untuk aduan {complaint.ticket}", _joined(lines), short)


def filed_reply(complaint: Complaint, zone: tzinfo) -> str:
    """Return the reply to a new complaint, as it was filed: whenever it is asked for again, the same words."""
    for entry in complaint.timeline[:2]:
        if entry.entry == "dispatched" and entry.at == complaint.received_at and entry.deadline:
            return sms.receipt_reply(complaint.ticket, entry.opd, last_day(entry.deadline, zone))
    return sms.receipt_reply(complaint.ticket, None, None)


def inert(text: str | None) -> str:
    """Return a text without control and direction-changing characters, its line ends kept."""
    kept = (
        c if c in "\n\t" or (unicodedata.category(c) not in {"Cc", "Cs", "Zl", "Zp"} and c not in _TURNS) else " "
        for c in text or ""
    )
    return "".join(kept)


_TURNS: Final = frozenset(  # the twelve of Unicode's Bidi_Control
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def _joined(lines: list[str]) -> str:
    return "\n".join(line for at, line in enumerate(lines) if line or (at and lines[at - 1])) + "\n"


def _day(at: datetime | None, zone: tzinfo, *, exact: bool = False) -> str:
    if at is None:
        return "-"
    return sms.short_day(at.astimezone(zone).date() if exact else last_day(at, zone))
