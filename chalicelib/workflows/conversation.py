"""What a whole SMS asks for: a command on one's own ticket, a reply to a question, else it is a complaint."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from chalicelib import settings
from chalicelib.adapters import complaints, intake, quarantine
from chalicelib.adapters.quarantine import Quarantined
from chalicelib.adapters.sms_providers import Inbound, provider_named
from chalicelib.domain import replies, sms
from chalicelib.domain.bounds import TimelineFull
from chalicelib.domain.complaint import Complaint, Filing, Status
from chalicelib.domain.deadlines import last_day
from chalicelib.domain.keys import name_of, ticket_for
from chalicelib.domain.letters import filed_reply
from chalicelib.domain.life import IllegalAction
from chalicelib.domain.sms import Command, Sms
from chalicelib.domain.values import dataclass
from chalicelib.workflows import city, doubling, filing, following, outgoing


@dataclass(frozen=True, slots=True)
class Reply:
    """What the sender is told; `by_stream`: the stream tells it, too, since it follows from a complaint that is new.
    `key` names the message that it replies to, where that came in parts."""

    text: str
    by_stream: bool = False
    key: str = ""


def receipt_of(complaint: Complaint) -> Reply:
    """Return the reply to what became, or was added to, this complaint."""
    return Reply(filed_reply(complaint, settings.current().zone), by_stream=True)


def may_reply(message: Inbound) -> bool:
    """Say whether this number may be sent an SMS: after BERHENTI, nothing but the confirmation of it."""
    stops = not message.is_part and sms.read_sms(message.text).command is Command.STOP
    return stops or not intake.wants_no_sms(filing.phone_key(message.sender))


def tell_sender(message: Inbound, reply: Reply, now: datetime) -> str | None:
    """Send a reply that nobody else sends; return it instead where the provider takes it in its answer. None is sent to
    who wants none, or had as many as a day allows."""
    inline = provider_named(message.provider).REPLIES_INLINE
    if (reply.by_stream and not inline) or not may_reply(message):
        return None
    if inline:
        return reply.text if outgoing.has_room(filing.phone_key(message.sender), reply.text, now) else None
    _send(message, reply, now)
    return None


def tell_later(message: Inbound, reply: Reply, now: datetime, down: set[str]) -> None:
    """As `tell_sender`, where the provider waits for no answer any more."""
    by_stream = reply.by_stream and not provider_named(message.provider).REPLIES_INLINE
    if not by_stream and may_reply(message):
        _send(message, reply, now, down)


def _send(message: Inbound, reply: Reply, now: datetime, down: set[str] | None = None) -> None:
    phone_key, reply_id = filing.phone_key(message.sender), f"reply.{reply.key or message_key_of(message)}"
    outgoing.reply_once(reply_id, message.sender, phone_key, reply.text, message.provider, now, down)


def message_key_of(message: Inbound) -> str:
    """Return the key under which a delivery's message id is remembered: an id of one sender is no other's."""
    key = settings.current().signing_key
    return name_of(key, "message", message.provider, message.message_id, message.sender)


def _own_ticket_of(message: Inbound) -> str:
    key = settings.current().signing_key
    return ticket_for(key, "sms", message.provider, message.message_id, message.sender)


def outcome_of(message: Inbound) -> Complaint | None:
    """Return the complaint that a message became, or to which it was added; None when it was not taken in yet."""
    known, _, _ = (intake.remembered_ticket(message_key_of(message)) or "").partition("#")
    return complaints.complaint_of(known or _own_ticket_of(message), consistent=True)


def receive_whole(message: Inbound, now: datetime, *, incomplete: bool = False) -> Reply:
    """Do what a whole message asks for: a command, a reply to a question, else a complaint."""
    meant = sms.read_sms(message.text)
    match meant.command:
        case Command.HELP:
            return Reply(replies.HELP)
        case Command.STOP:
            intake.stop_sms(filing.phone_key(message.sender), now)
            return Reply(replies.STOPPED)
        case Command.START:
            intake.start_sms(filing.phone_key(message.sender))
            return Reply(replies.STARTED)
        case Command.STATUS:
            return Reply(_status(meant.ticket, message.sender))
        case Command.FILE:
            return _free_text(meant, message, now, incomplete=incomplete)
        case _:
            return Reply(_act(meant, message, now))


# ------------------------------------------------------------------------------------------------ on one's own ticket


def _is_from(ticket: str | None, sender: str) -> bool:
    reporter = complaints.reporter_of(ticket) if ticket else None
    return reporter is not None and reporter.phone_key == filing.phone_key(sender)


def _status(ticket: str | None, sender: str) -> str:
    """Tell the status to the number that filed it; to any other the ticket does not exist."""
    complaint = complaints.complaint_of(ticket, consistent=True) if ticket and _is_from(ticket, sender) else None
    if complaint is None:
        return replies.NOT_FOUND
    due = complaint.running_deadline
    return replies.status_reply(complaint, last_day(due, settings.current().zone) if due else None)


@dataclass(frozen=True, slots=True)
class _Action:
    """What a command does on a ticket, and the words for both outcomes."""

    do: Callable[[str, Sms, datetime], Complaint | None]
    done: str
    cannot: str


_ACTIONS: Final = {
    Command.ADD: _Action(
        lambda ticket, meant, now: following.add_message(ticket, meant.text, now, once=True, is_reply=None),
        replies.ADDED,
        replies.CANNOT_ADD,
    ),
    Command.RATE: _Action(
        lambda ticket, meant, now: following.rate(ticket, meant.score or 0, meant.text or None, now),
        replies.RATED,
        replies.CANNOT_RATE,
    ),
    Command.REOPEN: _Action(
        lambda ticket, meant, now: following.reopen(ticket, meant.text, now),
        replies.REOPENED,
        replies.CANNOT_REOPEN,
    ),
}


def _act(meant: Sms, message: Inbound, now: datetime) -> str:
    """Add to one's own complaint, rate or reopen it, once for each message id."""
    done = message_key_of(message)
    known, ticket = intake.remembered_ticket(done), meant.ticket
    if ticket == "":
        ticket = known or _only_answered(message.sender)
        if ticket is None:
            return replies.WHICH_TICKET.format(score=meant.score)
    if ticket is None or not _is_from(ticket, message.sender):
        return _kept(message, now) if meant.text else replies.NOT_FOUND
    if meant.command is Command.RATE and meant.score is None:
        return replies.HOW_TO_RATE.format(ticket=ticket)
    if not meant.text and meant.command is Command.REOPEN:
        return replies.HOW_TO_REOPEN.format(ticket=ticket)
    action = _ACTIONS[meant.command]
    if known is None:
        try:
            if action.do(ticket, meant, now) is None:
                return replies.NOT_FOUND
        except (TimelineFull, IllegalAction):
            return action.cannot.format(ticket=ticket)
        intake.remember_ticket(done, ticket, now)
    return action.done.format(ticket=ticket, score=meant.score)


def _kept(message: Inbound, now: datetime) -> str:
    """Keep for the staff what was said about a ticket that is not this number's: mistyped, it would be lost."""
    said = json.dumps({"from": message.sender, "text": message.text}, ensure_ascii=False)
    kept = Quarantined(message.provider, "about a ticket that this number has not filed", said)
    name = name_of(settings.current().signing_key, "kept", message.sender, sms.same_text(message.text))
    quarantine.quarantine(kept, name, now)
    return replies.KEPT


def complaints_of_number(sender: str) -> list[Complaint]:
    """Return the last that this number has surely filed: who types another's on the web shall not read their next
    words."""
    return complaints.complaints_of(complaints.tickets_of_phone(filing.phone_key(sender), proven=True))


def _only_answered(sender: str) -> str | None:
    """Return the ticket of the one complaint of this number that waits for a rating; None of several or none."""
    waiting = [one.ticket for one in complaints_of_number(sender) if one.status is Status.ANSWERED]
    return waiting[0] if len(waiting) == 1 else None


# ------------------------------------------------------------------------------------------------ free text


def _free_text(meant: Sms, message: Inbound, now: datetime, *, incomplete: bool) -> Reply:
    """Take the words as the reply to a question that this number was asked, else as a complaint; a delivery that comes
    again, always as it was taken first."""
    delivery, own = message_key_of(message), _own_ticket_of(message)
    known, _, reply_to = (intake.remembered_ticket(delivery) or "").partition("#")
    mine = [] if known and not reply_to else complaints_of_number(message.sender)
    is_filed = any(one.ticket == own for one in mine)
    asked = known if reply_to else None if is_filed else _asked(mine, meant, now)
    if asked and _replied(asked, meant.text, delivery, now, is_new=not reply_to):
        return Reply(replies.REPLIED.format(ticket=asked))
    words = Filing(
        message.text, "sms", anonymous=meant.anonymous, confidential=meant.confidential, incomplete=incomplete
    )
    ticket = ("" if reply_to else known) or _ticket_among_twins(delivery, own, message.sender, words, mine, now)
    stored = complaints.complaint_of(ticket, consistent=True) if ticket != own else None
    if stored is None:
        who = filing.Reporter(phone=message.sender, provider=message.provider)
        stored = filing.submit_sms(words, meant.text, who, ticket, now)
    return receipt_of(stored)


def _asked(mine: Sequence[Complaint], meant: Sms, now: datetime) -> str | None:
    """Return the ticket whose question these words reply to: the one that was asked last, of those still waiting. With
    the keyword they are a complaint of its own. The same words again, minutes later, are the same reply."""
    if meant.keyword:
        return None
    waiting = [one for one in mine if one.status is Status.WAITING]
    if waiting:
        return max(waiting, key=lambda one: one.timeline[-1].at).ticket
    window, said = timedelta(minutes=city.policy().twin_minutes), sms.same_text(meant.text)
    for one in mine:
        for entry in one.entries("replied"):
            if now - entry.at < window and sms.same_text(entry.text or "") == said:
                return one.ticket
    return None


_REPLY: Final = "replied"  # stands behind the ticket of a delivery that was a reply


def _replied(ticket: str, text: str, delivery: str, now: datetime, *, is_new: bool) -> bool:
    """Add the reply to its complaint, once; False when that takes none any more: then it is a complaint of its own."""
    intake.remember_ticket(delivery, f"{ticket}#{_REPLY}", now)  # first: afterwards nothing waits for a reply
    try:
        return following.add_message(ticket, text, now, once=True, is_reply=is_new) is not None
    except (TimelineFull, IllegalAction):
        return False


def _ticket_among_twins(
    delivery: str, own: str, sender: str, words: Filing, mine: Sequence[Complaint], now: datetime
) -> str:
    """Return the ticket of a delivery: its own, or that of what the number sent minutes before in nearly the same words
    (a twin, in the very same ones); always the same one."""
    first = doubling.first_of(mine, words, now)
    if first and first.ticket != own and complaints.complaint_of(own, consistent=True) is None:
        intake.remember_ticket(delivery, first.ticket, now)
        return first.ticket
    twin = name_of(settings.current().signing_key, "twin", sender, sms.same_text(words.text))
    ticket = intake.claim_text(twin, own, now, timedelta(minutes=city.policy().twin_minutes))
    if ticket == own or complaints.complaint_of(own, consistent=True):  # filed before the other one came
        return own
    intake.remember_ticket(delivery, ticket, now)
    return ticket
