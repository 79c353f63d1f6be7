"""What a citizen's SMS means: free text first, a command only where it is surely one.

Rule: DOMAIN 6. No keyword, name or address is ever demanded; what is not a command is a complaint.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from itertools import product
from typing import Final

from chalicelib.domain.ticket import looks_like_ticket, read_ticket
from chalicelib.domain.values import dataclass


class Command(StrEnum):
    """What the sender wants."""

    FILE = "file"
    STATUS = "status"
    ADD = "add"
    RATE = "rate"
    REOPEN = "reopen"
    HELP = "help"
    STOP = "stop"
    START = "start"


_WORDS: Final = {
    "cek": Command.STATUS, "check": Command.STATUS, "status": Command.STATUS,
    "tambah": Command.ADD, "add": Command.ADD,
    "nilai": Command.RATE, "rate": Command.RATE,
    "buka": Command.REOPEN, "reopen": Command.REOPEN,
    "bantuan": Command.HELP, "help": Command.HELP, "info": Command.HELP,
    "berhenti": Command.STOP, "stop": Command.STOP,
    "mulai": Command.START, "start": Command.START,
}  # fmt: skip
_ALONE: Final = (Command.HELP, Command.STOP, Command.START)
_MISREAD: Final = {"0": "o", "1": "il"}  # what a digit within a word was meant as
_SCORES: Final = {
    **{str(score): score for score in range(1, 6)},
    "satu": 1, "dua": 2, "tiga": 3, "empat": 4, "lima": 5, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
}  # fmt: skip

# As text: each is compiled when it is first used, since together they would be a part of every cold start
_KEYWORD: Final = r"(?i)^[\s\W]*sambat(?:[\s:;,.!-]+|(?=\w)(?!an\b|i\b|ku\b|en\b|e\b))"
_KEYWORD_ALONE: Final = r"(?i)^[\s\W]*sambat[\s\W]*$"
_COMMAND: Final = r"(?s)^\W*(\w+)\W*(.*)$"
_STUCK: Final = rf"(?is)^\W*({'|'.join(_WORDS)})([0-9a-z]{{5}}[-.]?[0-9a-z]{{5}})(?!\w)(.*)$"
_TICKET_FIRST: Final = (
    r"(?is)(?:(?:untuk|utk|tiket|ticket|nomor|no|status|aduan|laporan)\b\W*)*"
    r"(\w{5}\s*(?:[-.]\s*)?\w{5})(?!\w)[\s:;,.!?>-]*(.*)"
)
_SCORE: Final = (
    rf"(?is)\W*(?:(?:bintang|skor|nilai|score|stars?)\W*)?({'|'.join(_SCORES)})"
    r"(?:\s*/\s*5|\s*(?:bintang|stars?))?(?!\w|\s*/|[.,-]\d(?!\w))\W*(.*)"
)
_NO_SCORE: Final = r"^\d{1,3}\W+"  # NILAI 10 <ticket>
_FLAGS: Final = {
    "anonim": "anonymous", "anonymous": "anonymous", "rahasia": "confidential", "confidential": "confidential",
}  # fmt: skip
_FLAG: Final = rf"(?is)^\W*({'|'.join(_FLAGS)})\b\W+(\w.*)$"
_POLITE_WORDS: Final = 3  # that may follow a command: "CEK <tiket> ya pak tolong"
_POLITE: Final = (
    rf"(?i)\W*(?:(?:sms|ya|pak|bu|mas|mbak|min|tolong|please|terima|kasih|makasih|suwun)\b\W*){{0,{_POLITE_WORDS}}}"
)


@dataclass(frozen=True, slots=True)
class Sms:
    """A message understood. `ticket` is None where it was mistyped and "" where a rating names none; `text` is the free
    part without the keyword, `score` is 1..5, None where none was named. `keyword` says of a complaint that it began
    with SAMBAT; only then ANONIM and RAHASIA behind it make it `anonymous` and `confidential`."""

    command: Command
    text: str = ""
    ticket: str | None = None
    score: int | None = None
    keyword: bool = False
    anonymous: bool = False
    confidential: bool = False


def read_sms(text: str) -> Sms:
    """Return what the message means. Help, stop and start only when they stand alone; a ticket command only with
    something that is, or was surely meant as, a ticket. Everything else is a complaint; never raises."""
    if re.match(_KEYWORD_ALONE, text) or not text.strip():
        return Sms(Command.HELP)
    free = re.sub(_KEYWORD, "", text, count=1)
    complaint = _complaint(free, keyword=free != text)
    command, rest = _command(free)
    if command is None:
        return complaint
    if command in _ALONE:
        return Sms(command) if re.fullmatch(_POLITE, rest) else complaint
    if not rest:
        return Sms(Command.HELP)
    return _about_ticket(command, rest) or (_rating_alone(rest) if command is Command.RATE else None) or complaint


def _complaint(free: str, *, keyword: bool) -> Sms:
    said, flags = free, set[str]()
    while keyword and (flag := re.match(_FLAG, said)):
        flags.add(_FLAGS[flag[1].lower()])
        said = flag[2]
    return Sms(
        Command.FILE,
        said.strip(),
        keyword=keyword,
        anonymous="anonymous" in flags,
        confidential="confidential" in flags,
    )


def _command(free: str) -> tuple[Command | None, str]:
    """Return the command with which the text begins, also one that is stuck to its ticket, and what follows."""
    stuck = re.match(_STUCK, free)
    if stuck and read_ticket(stuck[2]):
        return _WORDS[stuck[1].lower()], f"{stuck[2]} {stuck[3]}".strip()
    found = re.match(_COMMAND, free)
    if found is None:
        return None, ""
    word = found[1].lower()
    meant = map("".join, product(*(_MISREAD.get(letter, letter) for letter in word))) if len(word) < 10 else ()
    return next((_WORDS[one] for one in (word, *meant) if one in _WORDS), None), found[2].strip()


def _about_ticket(command: Command, rest: str) -> Sms | None:
    """Read `<ticket>` or `<ticket> <text>`, the ticket in one piece or in two; None when words stand there instead."""
    score = None
    if command is Command.RATE and (first := re.fullmatch(_SCORE, rest)) and re.match(_TICKET_FIRST, first[2]):
        score, rest = _SCORES[first[1].lower()], first[2]  # NILAI 5 <ticket>
    found = re.match(_TICKET_FIRST, re.sub(_NO_SCORE, "", rest, count=1) if command is Command.RATE else rest)
    if found is None or not looks_like_ticket(found[1]):
        return None
    ticket, said = read_ticket(found[1]), found[2].strip()
    if command is Command.RATE:
        if score is None and (named := re.fullmatch(_SCORE, said)):
            score, said = _SCORES[named[1].lower()], named[2].strip()
        return Sms(command, said, ticket, score)
    if command is Command.ADD:
        return Sms(command, said, ticket) if said else Sms(Command.HELP)
    if command is Command.REOPEN:
        return Sms(command, said, ticket)
    polite = len(re.findall(r"\w+", said)) <= (_POLITE_WORDS if ticket else 0)
    return Sms(command, ticket=ticket) if polite else None


def _rating_alone(rest: str) -> Sms | None:
    """Read `NILAI 5`: a score, and no ticket."""
    named = re.fullmatch(_SCORE, rest)
    if named is None or not re.fullmatch(_POLITE, named[2]):
        return None
    return Sms(Command.RATE, ticket="", score=_SCORES[named[1].lower()])


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
