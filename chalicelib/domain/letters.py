"""The words of each message that leaves the service: plain Indonesian, nothing personal in a subject."""

from __future__ import annotations

import unicodedata
from datetime import datetime, tzinfo
from typing import Final

from chalicelib.domain import replies
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.deadlines import last_day
from chalicelib.domain.notices import Notice, To
from chalicelib.domain.values import dataclass

_KIND: Final = {"complaint": "keluhan", "question": "pertanyaan", "idea": "ide", "information": "informasi"}


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
    if notice.about == "replied":
        return _replied(notice, names, public_url, zone)
    return _to_division(notice, names, public_url, zone)


def _to_division(notice: Notice, names: Names, public_url: str, zone: tzinfo) -> Letter:
    complaint, entry, due = notice.complaint, notice.entry, _day(notice.entry.deadline, zone)
    came, subject = {
        "dispatched": ("diteruskan kepada Anda", "Aduan baru"),
        "forwarded": ("diteruskan kepada Anda oleh bidang lain", "Aduan baru"),
        "reopened": ("dibuka kembali oleh pelapor", "Aduan dibuka kembali"),
    }[notice.about]
    known = (
        f"Kategori: {names.category}" if names.category else "",
        _place(complaint),
        f"Alasan: {inert(entry.text)}" if entry.text else "",
    )
    lines = [
        f"{names.opd}, {names.division}",
        "",
        f"Aduan {complaint.ticket} ({_KIND[complaint.kind]}) {came}.",
        f"Tenggat tanggapan: {due}.",
        *filter(None, known),
        "",
        inert(complaint.text),
        "",
        f"Jawab di sini: {public_url}/meja/{complaint.ticket}",
    ]
    return Letter(f"{subject} {complaint.ticket}, tenggat {due}", _joined(lines))


def _place(complaint: Complaint) -> str:
    point = ""
    if complaint.lat is not None and complaint.long is not None:
        point = f"titik {point_of(complaint.lat, complaint.long)} {map_link(complaint.lat, complaint.long)}"
    told = "; ".join(filter(None, (inert(complaint.address), point)))
    return f"Lokasi: {told}" if told else ""


def point_of(lat: float, long: float) -> str:
    """Return a point in digits, to a decimetre."""
    return f"{lat:.6f}, {long:.6f}"


def map_link(lat: float, long: float) -> str:
    """Return where a point can be seen on a map."""
    return f"https://www.openstreetmap.org/?mlat={lat:.6f}&mlon={long:.6f}#map=18/{lat:.6f}/{long:.6f}"


def _replied(notice: Notice, names: Names, public_url: str, zone: tzinfo) -> Letter:
    complaint, entry = notice.complaint, notice.entry
    due = f"Tenggat tanggapan: {_day(entry.deadline, zone)}." if entry.deadline else ""
    lines = [
        f"{names.opd}, {names.division}",
        "",
        f"Pelapor aduan {complaint.ticket} membalas pertanyaan Anda:",
        "",
        inert(entry.text),
        "",
        due,
        f"Jawab di sini: {public_url}/meja/{complaint.ticket}",
    ]
    return Letter(f"Balasan pelapor untuk aduan {complaint.ticket}", _joined(lines))


def _to_reporter(notice: Notice, public_url: str, zone: tzinfo) -> Letter:
    complaint, link = notice.complaint, f"{public_url}/t/{notice.entry.into or notice.complaint.ticket}"
    if notice.about == "received":
        text = filed_reply(complaint, zone)
        return Letter(f"Aduan Anda diterima: {complaint.ticket}", f"{text}\n\n{link}\n", text)
    said, until = inert(notice.entry.text), _day(notice.entry.deadline, zone)
    subject, head, foot = _told(notice, until)
    joined = ""
    if notice.ticket != complaint.ticket:  # only the other one's reporter may reply, rate and reopen
        joined = f"Aduan Anda digabung dengan {complaint.ticket}."
        foot = foot if notice.about == "merged" else ""
    lines = [f"Aduan Anda {notice.ticket} {head}", joined, "", said, "", foot, f"Lihat: {link}"]
    short = replies.told_sms(notice.ticket, _in_short(notice), said, _ask(notice), link)
    return Letter(f"{subject} {notice.ticket}", _joined(lines), short)


def _in_short(notice: Notice) -> str:
    entry, opd = notice.entry, (notice.entry.opd or "").upper()
    return {
        "answered": f"dijawab {opd}",
        "asked": f"ditanya {opd}",
        "rejected": f"tidak diproses, {_REASON[entry.reason or 'spam']}",
        "merged": f"digabung dengan {entry.into}",
    }[notice.about]


def _ask(notice: Notice) -> str:
    """Return what the reporter may do now by SMS: nothing for one whose complaint went into another's."""
    if notice.ticket != notice.complaint.ticket:
        return ""
    if notice.about == "asked":
        by_ticket = f" Balas: TAMBAH {notice.ticket} <jawaban>"
        return " Balas SMS ini dengan jawaban Anda." if notice.complaint.proves_number else by_ticket
    if notice.about == "answered" and notice.entry.final:
        return f" Nilai: NILAI {notice.ticket} 1-5. Belum beres: BUKA {notice.ticket} <alasan>"
    return f" Keliru? BUKA {notice.ticket} <alasan>" if notice.about == "rejected" else ""


_REASON: Final = {
    "spam": "bukan aduan",
    "not_the_city": "bukan wewenang pemerintah kota",
    "insufficient": "keterangannya belum cukup",
    "abusive": "isinya tidak pantas",
}


def _told(notice: Notice, until: str) -> tuple[str, str, str]:
    """Return the subject, the first line and the last word of what a reporter is told."""
    entry = notice.entry
    match notice.about:
        case "asked":
            return (
                "Pertanyaan untuk aduan",
                "mendapat pertanyaan dari dinas:",
                f"Balas paling lambat {until} di halaman aduan, atau kirim SMS: TAMBAH {notice.ticket} <jawaban>.",
            )
        case "rejected":
            again = "Jika menurut Anda keliru, buka kembali di halaman aduan dengan alasannya."
            return "Aduan tidak diproses:", f"tidak diproses: {_REASON[entry.reason or 'spam']}.", again
        case "merged":
            same = "Anda tetap mendapat kabar tentang aduan itu."
            return "Aduan digabung:", f"sama dengan aduan {entry.into}, dan digabung dengannya.", same
    if not entry.final:
        return "Tanggapan untuk aduan", "mendapat jawaban sementara:", ""
    return "Tanggapan untuk aduan", "dijawab:", f"Belum puas? Buka kembali paling lambat {until}, atau beri nilai."


def filed_reply(complaint: Complaint, zone: tzinfo) -> str:
    """Return the reply to a new complaint, as it was filed: whenever it is asked for again, the same words."""
    for entry in complaint.timeline[:2]:
        if entry.entry == "dispatched" and entry.at == complaint.received_at and entry.deadline:
            return replies.receipt_reply(complaint.ticket, entry.opd, last_day(entry.deadline, zone))
    return replies.receipt_reply(complaint.ticket, None, None)


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


def _day(deadline: datetime | None, zone: tzinfo) -> str:
    return replies.short_day(last_day(deadline, zone)) if deadline else "-"
