"""What an operator types, checked: before it is sent, and again by the service that gets it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

ROLES: Final = ("admin", "opd", "mayor", "auditor")


def instant(text: str) -> datetime:
    """Return the instant that `text` means, in UTC; raise ValueError, fit for an operator, if it means none."""
    fault = f"NOW must be an instant with its offset, as 2026-12-10T08:00:00+07:00; not {text!r}"
    try:
        at = datetime.fromisoformat(text.strip())
        in_utc = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(fault) from None
    if at.tzinfo is None:
        raise ValueError(fault)
    return in_utc


def role_fault(role: str, opd: str, division: str) -> str:
    """Return what is wrong with this combination, or ""."""
    if role not in ROLES:
        return f"ROLE must be one of {', '.join(ROLES)}"
    if role == "opd" and not opd:
        return "ROLE=opd needs an OPD, as OPD=dishub"
    if role != "opd" and (opd or division):
        return "OPD and DIVISION are for ROLE=opd only"
    return ""
