"""What a citizen's SMS means, and what is answered: free text first, a command only where it is surely one.

Rule: DOMAIN 6. No keyword, name or address is ever demanded; what is not a command is a complaint.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from chalicelib.domain.complaint import Complaint
from chalicelib.domain.ticket import looks_like_ticket, read_ticket

SEGMENT: Final = 160  # characters of one GSM-7 SMS (3GPP TS 23.038)
_KEYWORD: Final = re.compile(r"^[\s\W]*sambat(?:[\s:;,.!-]+|(?=\w)(?!an\b|i\b|ku\b|en\b|e\b))", re.IGNORECASE)
_KEYWORD_ALONE: Final = re.compile(r"^[\s\W]*sambat[\s\W]*$", re.IGNORECASE)
_COMMAND: Final = re.compile(r"^\W*(\w+)\W*(.*)$", re.DOTALL)
_TICKET_FIRST: Final = re.compile(
    r"(?:(?:tiket|ticket|nomor|no|status|aduan|laporan)\b\W*)*"
    r"(\w{5}\s*[-.]?\s*\w{5})(?!\w)[\s:;,.!?>-]*(.*)",
    re.DOTALL | re.IGNORECASE,
)
_POLITE_WORDS: Final = 3  # that may follow a ticket in "CEK <tiket> ya pak tolong"
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")
_PLAIN: Final = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-",
                               "\u2014": "-", "\u2026": "...", "\u00a0": " ", "\t": " "})  # fmt: skip


class Command(StrEnum):
    """What the sender wants."""

    FILE = "file"
    STATUS = "status"
    ADD = "add"
    HELP = "help"
    STOP = "stop"


_WORDS: Final = {
    "cek": Command.STATUS, "check": Command.STATUS, "status": Command.STATUS,
    "tambah": Command.ADD, "add": Command.ADD,
    "bantuan": Command.HELP, "help": Command.HELP, "info": Command.HELP,
    "berhenti": Command.STOP, "stop": Command.STOP,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sms:
    """A message understood: `ticket` is None where it was mistyped, `text` is the free part without the keyword."""

    command: Command
    text: str = ""
    ticket: str | None = None


def read_sms(text: str) -> Sms:
    """Return what the message means. Help and stop only when they stand alone; a ticket command only with
    something that is, or was surely meant as, a ticket. Everything else is a complaint; never raises."""
    if _KEYWORD_ALONE.match(text) or not text.strip():
        return Sms(Command.HELP)
    free = _KEYWORD.sub("", text, count=1)
    found = _COMMAND.match(free)
    command = _WORDS.get(found.group(1).lower()) if found else None
    rest = found.group(2).strip() if found else ""
    if command and not rest:
        return Sms(command if command in (Command.HELP, Command.STOP) else Command.HELP)
    if command in (Command.STATUS, Command.ADD):
        return _about_ticket(command, rest) or Sms(Command.FILE, free.strip())
    return Sms(Command.FILE, free.strip())


def _about_ticket(command: Command, rest: str) -> Sms | None:
    """Read `<ticket>` or `<ticket> <text>`, the ticket in one piece or in two; None when words stand there instead."""
    found = _TICKET_FIRST.match(rest)
    if found is None or not looks_like_ticket(found[1]):
        return None
    ticket, said = read_ticket(found[1]), found[2].strip()
    if command is Command.ADD:
        return Sms(command, said, ticket) if said else Sms(Command.HELP)
    polite = len(re.findall(r"\w+", said)) <= (_POLITE_WORDS if ticket else 0)
    return Sms(command, ticket=ticket) if polite else None


def same_text(text: str) -> str:
    """Return the form in which two deliveries of one message are alike: NFKC, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def joined_parts(parts: Sequence[tuple[int, str]], total: int) -> tuple[str, bool]:
    """Return a long message from its (number, text) parts in any order, and whether all `total` are there.

    Neighbouring parts join without a space, as they were cut; a gap is marked by an ellipsis.
    """
    known = dict(parts)
    text, gap = "", False
    for number in range(1, total + 1):
        if number in known:
            text += (" … " if gap and text else "") + known[number]
            gap = False
        else:
            gap = True
    return text, len(known) >= total


def short_day(on: date) -> str:
    """Return a day as it is written in an SMS: 1 Des 2026."""
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def receipt_reply(ticket: str, opd: str | None, last_day: date | None) -> str:
    """The reply to a new complaint: always with its ticket, and within one segment."""
    check = f"Balas CEK {ticket} utk status."
    if opd is None or last_day is None:
        return f"Aduan diterima, tiket {ticket}. Admin akan meneruskan ke dinas yang tepat. {check}"
    due = short_day(last_day)
    return f"Aduan diterima, tiket {ticket}, diteruskan ke {opd.upper()}. Dijawab plg lambat {due}. {check}"


def status_reply(complaint: Complaint, last_day: date | None) -> str:
    """The reply to CEK from the number that filed it."""
    to = (complaint.opd or "admin").upper()
    due = f", tenggat {short_day(last_day)}" if last_day else ""
    words = {
        "received": f"diterima, menunggu diteruskan oleh admin{due}",
        "dispatched": f"diteruskan ke {to}{due}",
        "in_progress": f"dikerjakan {to}{due}",
        "waiting": f"menunggu balasan Anda untuk {to}",
        "answered": f"dijawab {to}",
        "closed": f"selesai, dijawab {to}",
        "rejected": "tidak diproses",
        "merged": f"digabung dengan {complaint.merged_into}",
    }
    about = {"waiting": "asked", "rejected": "rejected", "merged": "merged"}.get(complaint.status, "answered")
    last = next(complaint.entries(about), None)
    is_of_now = last is not None and last.clock in (None, complaint.clock)  # no answer that was not good enough
    said = f": {plain(last.text)}" if last and last.text and is_of_now else "."
    return shortened(f"Tiket {complaint.ticket}: {words[complaint.status]}{said}", 2 * SEGMENT - 14)


def told_sms(ticket: str, what: str, text: str, link: str) -> str:
    """What became of a complaint, as an SMS of at most three segments; the link shows the whole."""
    head, tail = f"Tiket {ticket} {what}", f" {link}"
    said = f": {shortened(plain(text), 3 * 153 - len(head) - len(tail) - 2)}" if text else "."
    return head + said + tail


NOT_FOUND: Final = "Tiket itu tidak ada untuk nomor ini. Periksa lagi hurufnya, atau kirim aduan Anda tanpa kata CEK."
ADDED: Final = "Tambahan untuk tiket {ticket} sudah kami simpan."
CANNOT_ADD: Final = "Tiket {ticket} tidak menerima tambahan lagi. Kirim sebagai aduan baru."
STOPPED: Final = "Anda tidak akan menerima SMS lagi dari layanan ini. Aduan Anda tetap kami proses."
HELP: Final = (
    "Kirim aduan Anda dengan kata-kata sendiri, sebut tempatnya. CEK <tiket>: status. TAMBAH <tiket> <isi>: menambah. "
    "BERHENTI: tanpa SMS."
)


def plain(text: str) -> str:
    """Return text on one line, with typographic signs as plain ones, so that it costs fewer segments, and without
    control, invisible and direction-changing characters."""
    kinds = ((letter, unicodedata.category(letter)) for letter in text.translate(_PLAIN))
    return " ".join("".join(" " if kind == "Cc" else c for c, kind in kinds if kind not in {"Cf", "Cs"}).split())


def shortened(text: str, most: int) -> str:
    """Return the text, cut at a word to at most so many characters."""
    if len(text) <= most:
        return text
    cut = text[: most - 3]
    return (cut.rsplit(" ", 1)[0] if " " in cut[-30:] else cut) + "..."
