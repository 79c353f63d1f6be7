"""What is stored and was sent, against what the oracle knows; each difference is a line that a person can read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from chalicelib.adapters import rewards, statistics
from chalicelib.adapters import standings as kept
from chalicelib.adapters.escalations import to_escalation
from chalicelib.adapters.items import from_item
from chalicelib.adapters.tables import ComplaintItem, EscalationItem, NotificationItem, from_instant
from chalicelib.domain.complaint import Entry
from chalicelib.workflows.recomputing import recompute
from tests.simulation import stage
from tests.simulation.counts import month_of
from tests.simulation.log import Did, local
from tests.simulation.oracle import Oracle
from tests.simulation.post import Told, is_night, row_of

_NAMED: Final = re.compile(r"^- Aduan (\S+), .*\n.*Eskalasi ke-(\d+) dari aduan ini", re.MULTILINE)
_UNNAMED: Final = re.compile(r"^- dan (\d+) aduan lain", re.MULTILINE)
_DIGEST: Final = re.compile(r"(\d+) aduan terbuka\.\nLewat tenggat: (\d+)\. [^:\n]*: (\d+)\.")
_NONE: Final = "nothing"


def differences(oracle: Oracle, log: Sequence[Did], carrier: stage.Carrier, now: datetime) -> Iterator[str]:
    """Yield every difference."""
    yield from oracle.wrong
    yield from _complaints(oracle)
    yield from _escalations(oracle)
    yield from _standings(oracle)
    yield from _statistics(oracle)
    yield from _rewards(oracle)
    yield from _messages(oracle, log, carrier, now)
    yield from (f"recompute: {line}" for line in recompute(now))


def _differing(what: str, stored: Mapping[Any, Any], expected: Mapping[Any, Any]) -> Iterator[str]:
    for key in sorted(stored.keys() | expected.keys(), key=str):
        one, other = stored.get(key, _NONE), expected.get(key, _NONE)
        if one != other:
            yield f"{what} {_plain(key)}: stored {_plain(one)}, expected {_plain(other)}"


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return local(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} {_plain(one)}" for name, one in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(_plain, value)) + ")"
    return str(value)


# ------------------------------------------------------------------------------------------------ complaints


def _complaints(oracle: Oracle) -> Iterator[str]:
    found = {item.ticket: from_item(item) for item in ComplaintItem.scan()}
    yield from _differing("complaint", dict.fromkeys(found, "there"), dict.fromkeys(oracle.cases, "there"))
    for ticket, case in oracle.cases.items():
        if ticket not in found:
            continue
        one = found[ticket]
        stored = {
            "status": one.status, "kind": one.kind, "place": (one.opd, one.division), "category": one.category,
            "clock": one.clock, "rung": one.rung, "escalations": one.escalations, "verify due": one.verify_due_at,
            "answer due": one.answer_due_at, "rung due": one.rung_due_at, "finish due": one.finish_due_at,
            "window": one.window_until, "merged into": one.merged_into,
        }  # fmt: skip
        expected = {
            "status": case.status, "kind": case.kind, "place": case.place or (None, None), "category": case.category,
            "clock": case.clock, "rung": case.rung, "escalations": len(case.escalated), "verify due": case.verify_due,
            "answer due": case.answer_due, "rung due": case.rung_due, "finish due": case.finish_due,
            "window": case.window, "merged into": case.merged_into,
        }  # fmt: skip
        yield from _differing(ticket, stored, expected)
        yield from _timeline(ticket, [_fields(entry) for entry in one.timeline], case.entries)


def _fields(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in asdict(entry).items() if value is not None}


def _timeline(ticket: str, stored: Sequence[dict[str, Any]], expected: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield the first entry that differs: those after it differ for its sake."""
    for place in range(max(len(stored), len(expected))):
        one = stored[place] if place < len(stored) else {}
        other = expected[place] if place < len(expected) else {}
        if one != other:
            yield from _differing(f"{ticket} entry {place}", one, other)
            return


def _escalations(oracle: Oracle) -> Iterator[str]:
    found = [asdict(to_escalation(item)) for item in EscalationItem.scan()]
    known = [asdict(one) for case in oracle.cases.values() for one in case.escalated]
    yield from _differing("escalation", _by_name(found), _by_name(known))
    twice = [key for key, n in Counter((one["ticket"], one["clock"], one["rung"]) for one in found).items() if n > 1]
    yield from (f"escalation {_plain(key)} is there twice" for key in twice)


def _by_name(escalations: Sequence[dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    return {(one["ticket"], one["n"]): one for one in escalations}


# ------------------------------------------------------------------------------------------------ divisions


def _standings(oracle: Oracle) -> Iterator[str]:
    stored = kept.all_standings()
    expected = {place: oracle.ladder.standing(place) for place, found in oracle.ladder.escalated.items() if found}
    shown = {
        place: {
            "rung": one.rung, "since": one.since, "proposed": one.proposed, "rung_because": list(one.rung_because),
            "proposal_because": list(one.proposal_because), "because": list(one.because), "rules": list(one.rules),
            "down_at": one.down_at, "acts": one.acts,
        }
        for place, one in stored.items()
    }  # fmt: skip
    yield from _differing("standing", shown, expected)
    for place in expected:
        acts = {act.n: asdict(act) for act in kept.acts_of(*place)}
        yield from _differing(
            f"act of {place}", acts, {act.n: asdict(act) for act in oracle.ladder.acts.get(place, [])}
        )


def _statistics(oracle: Oracle) -> Iterator[str]:
    expected = oracle.counts()
    months = {key[0] for key in expected}
    stored = {
        (*cell, metric): n
        for month in sorted(months | {month_of(case.received_at) for case in oracle.cases.values()})
        for (cell, metric), n in statistics.cells_of(month, consistent=True).items()
    }
    yield from _differing("statistics", stored, expected)


def _rewards(oracle: Oracle) -> Iterator[str]:
    months = {month_of(case.received_at) for case in oracle.cases.values()} | set(oracle.rankings)
    for month in sorted(months):
        stored = {place: asdict(one) for place, one in enumerate(rewards.ranking_of(month))}
        expected = {place: asdict(one) for place, one in enumerate(oracle.rankings.get(month, []))}
        yield from _differing(f"ranking of {month}", stored, expected)
        given = {(one.opd, one.division, one.period): (one.reward, one.at, one.by) for one in rewards.awards_of(month)}
        awarded = {key: value for key, value in oracle.awards.items() if key[2] == month}
        yield from _differing("award", given, awarded)


# ------------------------------------------------------------------------------------------------ messages


def _messages(oracle: Oracle, log: Sequence[Did], carrier: stage.Carrier, now: datetime) -> Iterator[str]:
    records = {item.id: item for item in NotificationItem.scan()}
    mails = {mail.id: mail for mail in carrier.took}
    yield from (f"message {name} went out {n} times" for name, n in _often(mail.id for mail in carrier.took))
    yield from _differing(
        "message", dict.fromkeys(records, "written down"), dict.fromkeys(mails, "written down")
    )  # fmt: skip
    who = {address: to for to, address in stage.addresses(now)}
    who |= {"admin@city.example": ("admin", "", ""), "mayor@city.example": ("mayor", "", "")}
    yield from _news(oracle, records, mails, who)
    sent = [
        Told(from_instant(record.at), who[mails[name].to], record.about, tuple(record.tickets))
        for name, record in records.items()
        if name.startswith("sweep.") and name in mails
    ]
    yield from _reports(sent, oracle.post.went, log)
    digests = Counter(
        (who[mail.to][1], *counts) for mail in carrier.took if mail.to in who for counts in _DIGEST.findall(mail.text)
    )
    yield from _differing("digest", digests, oracle.post.digests)
    yield from (f"{told} went out by night" for told in sent if _is_as_of_night(told.at, log))
    yield from _each_escalation_once(oracle, carrier, who)


def _often(names: Iterator[str]) -> list[tuple[str, int]]:
    return [(name, n) for name, n in Counter(names).items() if n > 1]


def _news(
    oracle: Oracle, records: Mapping[str, Any], mails: Mapping[str, stage.Mail], who: Mapping[str, Any]
) -> Iterator[str]:
    stored = {
        name: (from_instant(record.at), record.about, who.get(mails[name].to, ("reporter",))[0], record.tickets)
        for name, record in records.items()
        if not name.startswith("sweep.") and name in mails
    }
    expected = {name: (at, about, to[0], [ticket]) for name, (at, about, to, ticket) in oracle.post.news.items()}
    yield from _differing("news", stored, expected)
    for name, (_, _, to, _) in oracle.post.news.items():
        if to[0] != "reporter" and name in mails and who[mails[name].to] != to:
            yield f"news {name} went to {mails[name].to}, expected {to}"


def _reports(stored: Sequence[Told], expected: Sequence[Told], log: Sequence[Did]) -> Iterator[str]:
    """Of two sweeps at once either may send, and what it does not, the next sweep does: those are held as one."""
    shared = _shared(log)

    def joined(messages: Sequence[Told]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for one in messages:
            if one.at in shared:
                found.setdefault((shared[one.at], one.to), Counter()).update(set(one.tickets))
            else:
                found.setdefault((one.at, one.to), []).append((one.about, one.tickets))
        return {key: sorted(value) for key, value in found.items()}

    yield from _differing("report", joined(stored), joined(expected))


def _shared(log: Sequence[Did]) -> dict[datetime, datetime]:
    """Return which sweeps are held as one with another: two at once, and the next that sends."""
    shared: dict[datetime, datetime] = {}
    first: datetime | None = None
    for did in log:
        if did.what != "sweep":
            continue
        if first is not None:
            shared[did.at] = first
        if did.args["at_once"] and not is_night(did.args["now"]):
            first = first or did.at
            shared[did.at] = first
        elif not is_night(did.args["now"]):
            first = None
    return shared


def _is_as_of_night(at: datetime, log: Sequence[Did]) -> bool:
    return not any(did.what == "sweep" and did.at == at and not is_night(did.args["now"]) for did in log)


def _each_escalation_once(oracle: Oracle, carrier: stage.Carrier, who: Mapping[str, Any]) -> Iterator[str]:
    """By the words of the e-mails alone: who must hear of an escalation does, and once."""
    named: Counter[Any] = Counter()
    unnamed: Counter[Any] = Counter()
    for mail in carrier.took:
        if mail.id.startswith("sweep."):
            named.update((who[mail.to], ticket, int(n)) for ticket, n in _NAMED.findall(mail.text))
            unnamed[who[mail.to]] += sum(map(int, _UNNAMED.findall(mail.text)))
    still = {row.name for row in oracle.post.rows.values()}
    for case in oracle.cases.values():
        for one in case.escalated:
            row = row_of(one)
            for to in row.recipients() if row.name not in still else ():
                times = named.pop((to, one.ticket, one.n), 0)
                if times > 1 or (times == 0 and not unnamed[to]):
                    yield f"escalation {one.n} of {one.ticket} was told to {to} {times} times"
    yield from (f"{_plain(key)} was told of an escalation that is none" for key in named)
