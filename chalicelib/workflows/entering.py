"""What staff enter for a citizen: what came at a desk or by telephone, and what they can read in a quarantined SMS."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from chalicelib import settings
from chalicelib.adapters import complaints
from chalicelib.adapters import quarantine as kept_apart
from chalicelib.adapters.quarantine import Kept, Settled
from chalicelib.domain.complaint import Actor, Complaint, Filing, Role
from chalicelib.domain.keys import ticket_for
from chalicelib.domain.sms import read_sms
from chalicelib.workflows import filing
from chalicelib.workflows.filing import Filed, Reporter


class SettledOtherwise(Exception):
    """The message in quarantine has become something else already: a complaint with that ticket, or nothing for that
    reason."""

    def __init__(self, kept: Kept) -> None:
        super().__init__(kept.key)
        settled = kept.message.settled
        self.ticket = settled.ticket if settled else None
        self.reason = (settled.reason if settled else None) or ""


def enter_complaint(
    brought: Filing, reporter: Reporter, actor: Actor, now: datetime, *, idempotency_key: str | None = None
) -> Filed:
    """File what a citizen brought to the staff. By their number it is part of their conversation by SMS, if the city
    has a provider for that. Raises as `submit_complaint`."""
    told = Reporter(reporter.name, reporter.phone, reporter.email, _provider(settings.current().sms_default, reporter))
    return filing.submit_complaint(brought, told, now, idempotency_key=idempotency_key, by=actor)


def file_quarantined(
    key: str, text: str, reporter: Reporter, actor: Actor, now: datetime, *, kind: str | None, category: str | None
) -> Complaint | None:
    """Make a complaint of what a quarantined SMS says, and return it; None when there is no such message. The same
    again is the same complaint; raises SettledOtherwise when the message has become something else."""
    kept = kept_apart.message_in_quarantine(key)
    if kept is None:
        return None
    ticket = ticket_for(settings.current().signing_key, "quarantine", key)
    decided = kept_apart.decide(key, Settled("filed", now, actor.subject, ticket=ticket), now)
    if decided.state == "discarded":
        raise SettledOtherwise(_as_decided(kept, decided))
    brought = Filing(text=text, channel="sms", kind=kind, category=category)
    told = Reporter(reporter.name, reporter.phone, provider=_provider(kept.message.provider, reporter))
    stored = filing.enter_sms(brought, read_sms(text).text or text, told, ticket, now, actor)
    done = _as_decided(kept, decided)
    if stored is None:
        raise SettledOtherwise(done)
    return stored


def discard_quarantined(key: str, reason: str, actor: Actor, now: datetime) -> Kept | None:
    """Let a message in quarantine become nothing, and return it; None when there is none. The same again changes
    nothing; raises SettledOtherwise when it has become something else, or was discarded for another reason."""
    kept = kept_apart.message_in_quarantine(key)
    if kept is None:
        return None
    decided = kept_apart.decide(key, Settled("discarded", now, actor.subject, reason=reason), now)
    done = _as_decided(kept, decided)
    if decided.reason != reason:
        raise SettledOtherwise(done)
    return done


def _as_decided(kept: Kept, decided: Settled) -> Kept:
    """Let the message be what was decided, also where that broke off before, and return it. Of a complaint its own
    timeline says who entered it; while none is stored, the message stays open and may be filed by other words."""
    if kept.message.settled:
        return kept_apart.settle(kept, kept.message.settled)
    if decided.state == "filed":
        stored = complaints.complaint_of(decided.ticket or "", consistent=True)
        if stored is None or stored.timeline[0].by != Role.ADMIN:
            return kept._replace(message=replace(kept.message, settled=decided))
        entered = stored.timeline[0]
        decided = Settled("filed", entered.at, entered.who or "", ticket=stored.ticket)
    return kept_apart.settle(kept, decided)


def _provider(name: str, reporter: Reporter) -> str | None:
    return (name or None) if reporter.phone else None
