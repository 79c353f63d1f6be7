"""Messages of known providers that could not be read, and what staff made of each: a complaint, or nothing.

What is open and what is settled lie in partitions of their own, so that a list costs what it shows. An item of its own
holds the decision on a message, and only one can be taken. A settled message is written down before it leaves the open
ones: whatever breaks off in between is done by the next try, and nothing is lost.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

import msgspec

from chalicelib.adapters.tables import IntakeItem, from_instant, instant, store_errors

State = Literal["open", "filed", "discarded"]

_OPEN: Final = "quarantine"
_KEEP: Final = timedelta(days=90)
_LONGER: Final = timedelta(days=7)  # a decision outlives its message, which may lie there for days after its time


class Settled(msgspec.Struct, frozen=True):
    """What a message became, when, and by whom (the subject of their token): a complaint, or nothing for a reason."""

    state: Literal["filed", "discarded"]
    at: datetime
    who: str
    ticket: str | None = None
    reason: str | None = None


class Quarantined(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message of a known provider that could not be read, as it came; `settled` is None while it is open."""

    provider: str
    reason: str
    body: str
    settled: Settled | None = None


class Kept(NamedTuple):
    """A message in quarantine, when it came, and the key by which it is found."""

    key: str
    at: datetime
    message: Quarantined


class Read(NamedTuple):
    """Who read a message whole, numbers and all (the subject of their token), and when."""

    at: datetime
    who: str


_MESSAGE: Final = msgspec.json.Decoder(Quarantined)
_DECISION: Final = msgspec.json.Decoder(Settled)


def quarantine(message: Quarantined, name: str, now: datetime) -> None:
    """Keep what could not be read; the same `name` again is kept once a day, and stays settled once it is."""
    key = f"{instant(now)[:10]}#{name}"
    _write("open", Kept(key, now, message))
    decided = _decision(key)
    if decided and _row(decided.state, key):  # a repetition of what is settled must not open it again
        _delete_open(key)


def page_of_quarantine(state: State, before: str, limit: int) -> list[Kept]:
    """Return at most `limit` messages in that state whose keys lie before `before`, those of the newest day first."""
    with store_errors():
        rows = IntakeItem.query(
            _partition(state), IntakeItem.sk < before, scan_index_forward=False, consistent_read=True, limit=limit
        )
        return [_kept(row) for row in rows]


def message_in_quarantine(key: str) -> Kept | None:
    """Return one message, open or settled, or None."""
    still_open = _row("open", key)  # read first: what is not there any more has been written down as settled
    decided = _decision(key)
    return (decided and _row(decided.state, key)) or still_open


def record_read(key: str, who: str, now: datetime) -> None:
    """Write down that somebody reads a message whole."""
    expires_at = now + _KEEP + _LONGER
    with store_errors():
        IntakeItem(pk=_reads(key), sk=f"{instant(now)}#{who}", at=instant(now), value=who, expires_at=expires_at).save()


def reads_of(key: str) -> list[Read]:
    """Return who read a message whole, the first first."""
    with store_errors():
        rows = IntakeItem.query(_reads(key), consistent_read=True)
        return [Read(from_instant(row.at), str(row.value)) for row in rows]


def decide(key: str, decision: Settled, now: datetime) -> Settled:
    """Decide once and for all what becomes of a message; return what was decided, now or by somebody before."""
    item = IntakeItem(
        pk=_decided(key), sk="-", at=instant(now), value=msgspec.json.encode(decision).decode(),
        expires_at=now + _KEEP + _LONGER,
    )  # fmt: skip
    return _DECISION.decode(str(item.claim(IntakeItem.pk.does_not_exist()).value))


def settle(kept: Kept, settled: Settled) -> Kept:
    """Let an open message be settled, as was decided, and return it; one that is settled stays as it is."""
    done = kept
    if kept.message.settled is None:
        done = kept._replace(message=msgspec.structs.replace(kept.message, settled=settled))
        _write(settled.state, done)
    _delete_open(kept.key)
    return done


def _write(state: State, kept: Kept) -> None:
    with store_errors():
        IntakeItem(
            pk=_partition(state), sk=kept.key, at=instant(kept.at), value=msgspec.json.encode(kept.message).decode(),
            expires_at=kept.at + _KEEP,
        ).save()  # fmt: skip


def _delete_open(key: str) -> None:
    with store_errors():
        IntakeItem(_OPEN, key).delete()


def _row(state: State, key: str) -> Kept | None:
    row = IntakeItem.find(_partition(state), key)
    return _kept(row) if row else None


def _decision(key: str) -> Settled | None:
    item = IntakeItem.find(_decided(key), "-")
    return _DECISION.decode(str(item.value)) if item else None


def _kept(row: IntakeItem) -> Kept:
    return Kept(row.sk, from_instant(row.at), _MESSAGE.decode(str(row.value)))


def _partition(state: State) -> str:
    return _OPEN if state == "open" else f"{_OPEN}#{state}"


def _reads(key: str) -> str:
    return f"{_OPEN}#reads#{key}"


def _decided(key: str) -> str:
    return f"{_OPEN}#decided#{key}"
