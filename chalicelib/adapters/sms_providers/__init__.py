"""SMS providers: one module for each, all of the same shape, found by their name in the webhook's path.

A new one is a module here (verify, read, answer, send), its line in PROVIDERS, and its name in settings.
"""

from collections.abc import Mapping
from typing import Final

from chalicelib.adapters.sms_providers import generic, smsgate, twilio
from chalicelib.adapters.sms_providers.contract import (
    BadSignature,
    CarrierDown,
    Inbound,
    NotAMessage,
    Part,
    Provider,
    Reply,
    SendFailed,
    Unreadable,
    WebhookRequest,
)

__all__ = [
    "PROVIDERS",
    "BadSignature",
    "CarrierDown",
    "Inbound",
    "NotAMessage",
    "Part",
    "Provider",
    "Reply",
    "SendFailed",
    "Unreadable",
    "WebhookRequest",
]

PROVIDERS: Final[Mapping[str, Provider]] = {provider.NAME: provider for provider in (smsgate, generic, twilio)}
