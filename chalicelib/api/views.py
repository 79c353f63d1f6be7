"""A complaint as each of its readers may see it: the public, its reporter, the OPD, the admin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, tzinfo
from typing import Any

from chalicelib.adapters.tables import NotificationItem, ReporterItem, from_instant
from chalicelib.domain.complaint import REPORTER_READ, Complaint, Entry, Status
from chalicelib.domain.escalation import Escalation
from chalicelib.domain.notices import Notice
from chalicelib.domain.privacy import masked
from chalicelib.domain.reward import RewardRow
from chalicelib.domain.standing import Id, Standing
from chalicelib.settings import current
from chalicelib.workflows import city
from chalicelib.workflows.standings import Row

_PUBLIC_ENTRY = (
    "opd", "division", "category", "kind", "final", "rung", "n", "incomplete", "score", "reason", "into", "ticket",
)  # fmt: skip
_PUBLIC_INSTANTS = ("deadline", "written_at")
_STAFF_ENTRY = (*_PUBLIC_ENTRY, "by", "who", "text", "clock")
_STAFF_INSTANTS = (*_PUBLIC_INSTANTS, "finish_deadline", "rung_deadline")
_SAID_TO_REPORTER = ("asked", "rejected")  # what staff wrote for them; the other reasons are for staff alone
_SAID_BY_REPORTER = ("message", "replied", "rated", "reopened")


def iso(at: datetime | None, zone: tzinfo | None = None) -> str | None:
    """Return an instant as the interface writes it: ISO 8601 with the city's offset, whole seconds."""
    return at.astimezone(zone or current().zone).isoformat(timespec="seconds") if at else None


def filed_view(complaint: Complaint, receipt: str | None) -> dict[str, Any]:
    """The answer to a filing, as it was filed: the same whenever the same filing is repeated. No receipt goes with the
    first complaint of a number that says the same again."""
    first = complaint.timeline[0]
    sent = next((e for e in complaint.timeline[1:2] if e.entry == "dispatched" and e.at == first.at), None)
    base = current().public_url
    return {
        "ticket": complaint.ticket,
        "receipt": receipt,
        "kind": first.kind,
        "status": "dispatched" if sent else "received",
        "opd": sent.opd if sent else None,
        "division": sent.division if sent else None,
        "received_at": iso(complaint.received_at),
        "answer_due_at": iso(sent.deadline) if sent else None,
        "links": {"self": f"{base}/complaints/{complaint.ticket}", "page": f"{base}/t/{complaint.ticket}"},
    }


def public_view(complaint: Complaint) -> dict[str, Any]:
    """What everybody may see: no text before it is checked, nothing personal in it afterwards."""
    return _citizen_view(complaint, masked(complaint.text) if complaint.checked else None, own=False)


def own_view(complaint: Complaint) -> dict[str, Any]:
    """What its reporter sees: the text as it was sent, and their own messages."""
    return _citizen_view(complaint, complaint.text, own=True)


def _citizen_view(complaint: Complaint, text: str | None, *, own: bool) -> dict[str, Any]:
    return {
        "ticket": complaint.ticket,
        "kind": complaint.kind,
        "status": complaint.status,
        "text": text,
        "opd": complaint.opd,
        "division": complaint.division,
        "category": complaint.category,
        "received_at": iso(complaint.received_at),
        "answer_due_at": iso(complaint.answer_due_at),
        **_course(complaint),
        "answers": [
            {"at": iso(entry.at), "text": entry.text if own else masked(entry.text or ""), "final": entry.final}
            for entry in complaint.timeline
            if entry.entry == "answered"
        ],
        "timeline": [_citizen_entry(one, own=own) for one in complaint.timeline if one.entry != REPORTER_READ],
    }


def _course(complaint: Complaint) -> dict[str, Any]:
    """What the reporter's part made of it: where it went, how it was rated, until when they are waited for."""
    window = iso(complaint.window_until)
    over = (Status.ANSWERED, Status.CLOSED)
    return {
        "merged_into": complaint.merged_into,
        "rating": complaint.rating,
        "reply_due_at": window if complaint.status is Status.WAITING else None,
        "reopen_until": window if complaint.status in over else None,
    }


def _citizen_entry(entry: Entry, *, own: bool) -> dict[str, Any]:
    shown = _entry(entry, _PUBLIC_ENTRY, _PUBLIC_INSTANTS)
    if own and entry.text is not None and entry.entry in (*_SAID_BY_REPORTER, *_SAID_TO_REPORTER):
        shown["text"] = entry.text
    return shown


def _entry(entry: Entry, fields: tuple[str, ...], instants: tuple[str, ...]) -> dict[str, Any]:
    shown: dict[str, Any] = {"at": iso(entry.at), "entry": entry.entry}
    shown |= {name: value for name in fields if (value := getattr(entry, name)) is not None}
    shown |= {name: iso(at) for name in instants if (at := getattr(entry, name)) is not None}
    return shown


def list_item(complaint: Complaint, now: datetime) -> dict[str, Any]:
    """A complaint in a list of the admin's or an OPD's."""
    return {
        "ticket": complaint.ticket,
        "kind": complaint.kind,
        "channel": complaint.channel,
        "status": complaint.status,
        "opd": complaint.opd,
        "division": complaint.division,
        "category": complaint.category,
        "received_at": iso(complaint.received_at),
        "verify_due_at": iso(complaint.verify_due_at),
        "answer_due_at": iso(complaint.answer_due_at),
        "finish_due_at": iso(complaint.finish_due_at),
        "rung": complaint.rung,
        "escalations": complaint.escalations,
        "overdue": complaint.is_overdue(now),
        **_course(complaint),
        "text": complaint.text,
    }


def staff_view(complaint: Complaint, now: datetime) -> dict[str, Any]:
    """The whole of a complaint for who works on it; who filed it stands elsewhere."""
    return {
        **list_item(complaint, now),
        "address": complaint.address,
        "lat": complaint.lat,
        "long": complaint.long,
        "photos": list(complaint.photos),
        "anonymous": complaint.anonymous,
        "confidential": complaint.confidential,
        "checked": complaint.checked,
        "incomplete": complaint.incomplete,
        "provisional_deadlines": complaint.provisional,
        "suggestion": suggestion_view(complaint),
        "timeline": [_entry(entry, _STAFF_ENTRY, _STAFF_INSTANTS) for entry in complaint.timeline],
    }


def suggestion_view(complaint: Complaint) -> dict[str, Any] | None:
    """What the routing rules would do with a complaint that waits for the admin, and because of which words."""
    found = complaint.suggestion
    if found is None:
        return None
    return {"opd": found.opd, "division": found.division, "category": found.category, "label": found.label,
            "because": list(found.because)}  # fmt: skip


def reporter_view(reporter: ReporterItem | None) -> dict[str, Any] | None:
    """Who filed it; only for those who may know."""
    if reporter is None:
        return None
    return {"name": reporter.name, "phone": reporter.phone, "email": reporter.email}


def escalation_view(escalation: Escalation) -> dict[str, Any]:
    """One escalation, and whether it counts."""
    return {
        "ticket": escalation.ticket,
        "n": escalation.n,
        "rung": escalation.rung,
        "opd": escalation.opd,
        "division": escalation.division,
        "deadline": iso(escalation.deadline),
        "recorded_at": iso(escalation.recorded_at),
        "written_at": iso(escalation.written_at),
        "clock": escalation.clock,
        "state": escalation.state,
    }


def standing_view(row: Row) -> dict[str, Any]:
    """How a division stands, what is proposed, and the escalations and rules behind both."""
    standing = row.standing
    return {
        "opd": row.opd,
        "division": row.division,
        "rung": standing.rung,
        "since": iso(standing.since),
        "proposed": standing.proposed,
        "because": _named(standing.because),
        "rules": list(standing.rules),
        "rung_because": _named(standing.rung_because),
        "rung_rules": list(standing.rung_rules),
        "proposal_because": _named(standing.proposal_because),
        "proposal_rules": list(standing.proposal_rules),
        "comes_down_at": iso(standing.down_at),
    }


def public_standing(standing: Standing, shown: Callable[[str], bool]) -> dict[str, Any] | None:
    """The rung on which a division stands for everybody to see, and why; None on none.

    What is only proposed blames nobody yet. `because` names the escalations of complaints that are `shown` to the
    public, `escalations` counts all.
    """
    if standing.rung is None:
        return None
    return {
        "rung": standing.rung,
        "since": iso(standing.since),
        "rules": list(standing.rung_rules),
        "because": _named(one for one in standing.rung_because if shown(one[0])),
        "escalations": len(standing.rung_because),
    }


def _named(escalations: Iterable[Id]) -> list[dict[str, Any]]:
    return [{"ticket": ticket, "n": n} for ticket, n in escalations]


def rule_numbers() -> dict[str, str]:
    """Return the numbers that the rules of a standing name."""
    policy = city.policy().standing
    days = f"{policy.window / timedelta(days=1):g}"
    return {"warnings": str(policy.warnings), "vests": str(policy.vests), "days": days}


def reward_view(row: RewardRow) -> dict[str, Any]:
    """A division in a month's ranking, and its reward, for everybody; who awarded it is staff's to know."""
    return {**row.public, "awarded_at": iso(row.awarded_at)}


def message_view(notice: Notice, record: NotificationItem) -> dict[str, Any]:
    """A message about a complaint for staff: whom it was for and what became of it, never its address."""
    return {
        "about": notice.about,
        "to": notice.to,
        "ticket": notice.ticket,
        "via": record.via,
        "at": iso(from_instant(record.at)),
        "state": record.state or "sent",
        "attempts": int(record.attempts or 1),
        "segments": int(record.segments) if record.segments else None,
    }
