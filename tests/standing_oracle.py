"""The standing of a division told a second time, by brute force: no code shared with the domain, only its plain data.

The record is one list of lines; what is proposed at a point is asked anew of all lines before it, by trying every
choice of escalations, with the city's numbers written out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from chalicelib.domain.escalation import Escalation
from chalicelib.domain.standing import Act

THIRTY_DAYS = timedelta(hours=720)
UP = {"warning": "black_vest", "black_vest": "replacement"}
DOWN = {"replacement": "black_vest", "black_vest": "warning", "warning": None}

Name = tuple[str, int]
Line = tuple[datetime, int, str, int, Any]  # written at, 0 for an escalation and 1 for an act, ticket, n, the thing


def oracle_standing(escalations: Iterable[Escalation], acts: Iterable[Act]) -> dict[str, Any]:
    """Return rung, since, proposed, rung_because, proposal_because, because, rules, down_at, acts (default policy).

    Rungs are plain strings or None; escalations are lists of (ticket, n) in the order of recording.
    """
    lines: list[Line] = []
    for one in escalations:
        if one.state not in ("contested", "upheld"):
            lines.append((one.written_at, 0, one.ticket, one.n, one))
    for act in acts:
        lines.append((act.written_at, 1, "", act.n, act))
    lines.sort(key=lambda line: line[:4])
    now: dict[str, Any] = {"rung": None, "since": None, "names": [], "rules": [], "began": 0, "spent": set()}
    for place, line in enumerate(lines):
        if line[1] == 0:
            _read_escalation(now, place, line)
        elif line[4].what == "came_down":
            _read_way_down(now, place, lines)
        else:
            _read_settling(now, place, lines)
    proposed, names, rules = _question(now, lines)
    times = [line[4].recorded_at for line in lines if line[1] == 0]
    return {
        "rung": now["rung"],
        "since": now["since"],
        "proposed": proposed,
        "rung_because": now["names"],
        "proposal_because": names,
        "because": now["names"] + [name for name in names if name not in now["names"]],
        "rules": now["rules"] + rules,
        "down_at": None if now["rung"] is None else max([now["since"], *times]) + THIRTY_DAYS,
        "acts": max([0] + [line[3] for line in lines if line[1] == 1]),
    }


def _read_escalation(now: dict[str, Any], place: int, line: Line) -> None:
    if now["rung"] is None:
        now.update(rung="warning", since=line[4].recorded_at, names=[line[2:4]], rules=["first_warning"], began=place)


def _read_way_down(now: dict[str, Any], place: int, lines: list[Line]) -> None:
    act = lines[place][4]
    if now["rung"] is None or now["rung"] != act.rung:
        return
    now.update(rung=DOWN[now["rung"]], since=act.at, rules=["came_down"], began=place)
    if now["rung"] is None:
        now["names"] = []
        now["spent"].update(line[2:4] for line in lines[:place] if line[1] == 0)


def _read_settling(now: dict[str, Any], place: int, lines: list[Line]) -> None:
    act = lines[place][4]
    proposed, names, rules = _question(now, lines[:place])
    if proposed is None or proposed != act.rung:
        return
    now["spent"].update(names, act.because)
    if act.what == "confirmed":
        now.update(rung=proposed, since=act.at, names=names, rules=rules, began=place)


def _question(now: dict[str, Any], lines: list[Line]) -> tuple[str | None, list[Name], list[str]]:
    """Return what is proposed at the end of these lines, out of which escalations, by which rules."""
    unspent = [
        (place, line[2:4], line[4])
        for place, line in enumerate(lines)
        if line[1] == 0 and line[2:4] not in now["spent"]
    ]
    later = [one for one in unspent if one[0] > now["began"]]
    groups: dict[str, list[Any]] = {}
    if now["rung"] == "warning":
        groups["complaint_reached_black_vest"] = [[one] for one in later if one[2].rung == "black_vest"]
        warnings = [one for one in unspent if one[2].rung == "warning"]
        triples = [triple for triple in _close_together(warnings, 3) if any(one in later for one in triple)]
        groups["third_warning_within_window"] = triples
    if now["rung"] == "black_vest":
        groups["complaint_reached_replacement"] = [[one] for one in later if one[2].rung == "replacement"]
        vests = [one for one in later if one[2].rung == "black_vest"]
        groups["two_more_black_vests_within_window"] = _close_together(vests, 2)
    rules = [rule for rule, found in groups.items() if found]
    speaking = {one[1] for found in groups.values() for group in found for one in group}
    return (UP[now["rung"]] if rules else None, [one[1] for one in unspent if one[1] in speaking], rules)


def _close_together(ones: list[Any], size: int) -> list[tuple[Any, ...]]:
    """Return every choice of `size` whose recorded times differ by less than thirty days."""
    found = []
    for i, first in enumerate(ones):
        near = [one for one in ones[i + 1 :] if abs(one[2].recorded_at - first[2].recorded_at) < THIRTY_DAYS]
        for rest in combinations(near, size - 1):
            times = [one[2].recorded_at for one in (first, *rest)]
            if max(times) - min(times) < THIRTY_DAYS:
                found.append((first, *rest))
    return found
