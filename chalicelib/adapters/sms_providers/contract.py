"""What every SMS provider speaks: the request that comes in, what is in it, the reply, the ways to fail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from chalicelib.domain.values import dataclass
from chalicelib.settings import SmsProvider


class Unreadable(Exception):
    """The provider sent it, and a citizen's message may be in it that cannot be read: quarantine, answered 2xx."""


class NotAMessage(Exception):
    """The provider sent it, and it is neither an incoming text nor a final delivery report: answered 2xx, and nothing
    is stored."""


class NotNow(Exception):
    """What a provider's call needs from elsewhere cannot be had now: answered 503, so that it comes again. The text of
    this error may be logged."""


class SendFailed(Exception):
    """The carrier did not take the message; the text of this error holds no number, no address, no message."""


class CarrierDown(SendFailed):
    """The carrier takes nothing now, whatever the message: it did not answer, or asks to be left alone."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One call of a provider. `url` is the configured public URL + path + query string, as the provider called it;
    header names are in lower case; `query` has the last of repeated names, `pairs` all; `now` is aware."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str]
    now: datetime
    pairs: tuple[tuple[str, str], ...] = ()


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

    @property
    def is_part(self) -> bool:
        """Whether others must come before the text is whole."""
        return self.part is not None and self.part.total > 1


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What finally became of a message of ours: on the phone, or given up by the carrier. `message_id` is the one that
    `send` was given (see wire.message_id_of), `carrier_id` what it returned."""

    provider: str
    message_id: str
    carrier_id: str
    delivered: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What the provider is answered over HTTP."""

    body: str
    content_type: str
    status: int = 200


class Provider(Protocol):
    """The shape of a provider's module. Ask `is_genuine` before anything is read.

    REPLIES_INLINE: the text given to `answer` reaches the citizen; otherwise `send` must carry it.
    """

    NAME: str
    REPLIES_INLINE: bool
    METHODS: frozenset[str]

    def is_genuine(self, request: WebhookRequest, provider: SmsProvider) -> bool:
        """Say whether the provider made this very request, and lately where its signature carries the time; raise
        NotNow where that cannot be told now, and nothing else."""

    def to_inbound_sms(self, request: WebhookRequest) -> Inbound | DeliveryReport:
        """Return what came in; raise NotAMessage, Unreadable or NotNow, and nothing else."""

    def answer(self, text: str | None) -> Reply:
        """Return what the provider expects, with `text` for the citizen where it replies inline."""

    def send(self, to: str, text: str, message_id: str, provider: SmsProvider) -> str:
        """Hand `text` for `to` to the carrier and return its id of it; raise SendFailed. Tried once."""
