"""What every SMS provider speaks: the request that comes in, the message in it, the reply, four ways to fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.settings import SmsProvider


class BadSignature(Exception):
    """The request does not prove that it is the provider's and fresh (5 minutes): 403, nothing is written."""


class Unreadable(Exception):
    """The provider sent it, and a citizen's message may be in it that cannot be read: quarantine, answered 2xx."""


class NotAMessage(Exception):
    """The provider sent it, and it is no incoming text (a delivery report, a ping): answered 2xx, nothing is stored."""


class SendFailed(Exception):
    """The carrier did not take the message; the text of this error holds no number, no address, no message."""


class CarrierDown(SendFailed):
    """The carrier takes nothing now, whatever the message: it did not answer, or asks to be left alone."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One call of a provider. `url` is the configured public URL + path + raw query string, as the provider called it;
    header names are in lower case; `now` is aware."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str]
    now: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """This text is part `number` (1..total) of the longer message `ref`."""

    ref: str
    number: int
    total: int


@dataclass(frozen=True, slots=True)
class Inbound:
    """One text that came in. `message_id` is the same whenever the provider delivers it again, and holds nothing
    personal; `sender` is E.164 where it could be made so; `text` is whole and untouched, whatever its length."""

    provider: str
    message_id: str
    sender: str
    text: str
    part: Part | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the provider is answered over HTTP."""

    body: str
    content_type: str
    status: int = 200


class Provider(Protocol):
    """The shape of a provider's module. Call `verify` before `read`.

    REPLIES_INLINE: the text given to `answer` reaches the citizen; otherwise `send` must carry it.
    """

    NAME: str
    REPLIES_INLINE: bool
    METHODS: frozenset[str]

    def verify(self, request: WebhookRequest, provider: SmsProvider) -> None:
        """Raise BadSignature unless the provider made this very request."""

    def read(self, request: WebhookRequest) -> Inbound:
        """Return the text that came in; raise NotAMessage or Unreadable, and nothing else."""

    def answer(self, text: str | None) -> Reply:
        """Return what the provider expects, with `text` for the citizen where it replies inline."""

    def send(self, to: str, text: str, message_id: str, provider: SmsProvider) -> str:
        """Hand `text` for `to` to the carrier and return its id of it; raise SendFailed. Tried once."""
