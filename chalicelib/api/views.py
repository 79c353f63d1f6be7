"""A complaint as each of its readers may see it: the public, its reporter, the OPD, the admin."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from chalicelib.adapters.tables import ReporterItem
from chalicelib.domain.complaint import REPORTER_READ, Complaint, Entry
from chalicelib.domain.escalation import Escalation
from chalicelib.domain.privacy import masked
from chalicelib.settings import current

_PUBLIC_ENTRY = ("opd", "division", "category", "kind", "final", "rung", "n", "incomplete")
_STAFF_ENTRY = (*_PUBLIC_ENTRY, "by", "who", "text", "clock")


def iso(at: datetime | None, zone: tzinfo | None = None) -> str | None:
    """Return an instant as the interface writes it: ISO 8601 with the city's offset, whole seconds."""
    return at.astimezone(zone or current().zone).isoformat(timespec="seconds") if at else None


def filed_view(complaint: Complaint, receipt: str) -> dict[str, Any]:
    """The answer to a filing, as it was filed: the same whenever the same filing is repeated."""
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
        "answers": [
            {"at": iso(entry.at), "text": entry.text if own else masked(entry.text or ""), "final": entry.final}
            for entry in complaint.timeline
            if entry.entry == "answered"
        ],
        "timeline": [_citizen_entry(one, own=own) for one in complaint.timeline if one.entry != REPORTER_READ],
    }


def _citizen_entry(entry: Entry, *, own: bool) -> dict[str, Any]:
    shown = _entry(entry, _PUBLIC_ENTRY)
    if own and entry.entry == "message":
        shown["text"] = entry.text
    return shown


def _entry(entry: Entry, fields: tuple[str, ...]) -> dict[str, Any]:
    shown: dict[str, Any] = {"at": iso(entry.at), "entry": entry.entry}
    shown |= {name: value for name in fields if (value := getattr(entry, name)) is not None}
    if entry.deadline:
        shown["deadline"] = iso(entry.deadline)
    if entry.written_at:
        shown["written_at"] = iso(entry.written_at)
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
        "timeline": [_entry(entry, _STAFF_ENTRY) for entry in complaint.timeline],
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


def escalation_view(escalation: Escalation, state: str) -> dict[str, Any]:
    """One escalation in the admin's list."""
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
        "state": state,
    }
