"""An SMS comes in: one citizen's message is taken in once, however often and in however many pieces it is delivered."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from chalicelib import settings
from chalicelib.adapters.sms_providers import Inbound
from chalicelib.workflows import conversation, parts
from chalicelib.workflows.conversation import Reply

LONGEST: Final = 8_000  # characters of a whole SMS; ten times the longest that a phone sends


class TooLong(Exception):
    """No SMS is that long: it is kept in quarantine instead."""


def receive_sms(message: Inbound, now: datetime) -> Reply | None:
    """Take in one delivery and return the reply to it; None while parts of it are still missing.

    The same message id again, or the same text of the same sender within minutes, returns the same reply. Nothing is
    replied before it is stored. Raises StoreUnavailable when it was not, TooLong for what is no SMS.
    """
    if len(message.text) > (parts.LONGEST if message.is_part else LONGEST):
        raise TooLong
    if message.is_part:
        return parts.receive(message, now)
    config = settings.current().sms.get(message.provider)
    if config and config.unnumbered:
        return parts.receive_unnumbered(message, now)
    return conversation.receive_whole(message, now)
