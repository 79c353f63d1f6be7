"""How bytes from and to a provider are handled with care: fresh, strictly parsed, compared in constant time, posted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from chalicelib.adapters.sms_providers.contract import (
    CarrierDown,
    DeliveryReport,
    NotAMessage,
    Reply,
    SendFailed,
    Unreadable,
)

TOLERANCE_SECONDS: Final = 300  # Standard Webhooks and sms-gate.app both name five minutes
A_DAY_OF_RETRIES: Final = 25 * 3600
CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 10.0
LONGEST_ID: Final = 200
LONGEST_SENDER: Final = 64
LONGEST_RESPONSE: Final = 64 * 1024

ACCEPTED: Final = Reply('{"status":"accepted"}', "application/json")

Shape = TypeVar("Shape")
log = logging.getLogger(__name__)


def same(expected: str, given: str) -> bool:
    """Say whether both are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def is_fresh(timestamp: str, now: datetime, oldest: int = TOLERANCE_SECONDS) -> bool:
    """Say whether `timestamp` (Unix seconds) is within five minutes of `now`, either way; how far off, the log says.

    `oldest` is longer for a provider that may repeat a call as it was signed first: what is delivered again is known by
    its message id, and what is refused would be lost.
    """
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        return False
    off = int(timestamp) - now.timestamp()
    if not -oldest <= off <= TOLERANCE_SECONDS:
        log.warning("a webhook's clock is %d seconds off", off)
        return False
    return True


def parse(body: bytes, shape: type[Shape]) -> Shape:
    """Return the JSON `body` as `shape`; raise Unreadable for anything that is not exactly that.

    msgspec refuses NaN, lone surrogates and bad UTF-8; it takes the last of two equal keys, so those are refused here:
    what was signed would otherwise mean one thing to us and another to the next reader.
    """
    try:
        message = msgspec.json.decode(body, type=shape)
        json.loads(body, object_pairs_hook=_without_repeated_keys)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Unreadable(f"not the JSON expected ({type(error).__name__})") from None
    return message


def _without_repeated_keys(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")


def must_fit(message_id: str, sender: str, text: str) -> None:
    """Raise Unreadable unless the three are there and the first two short enough to be keys."""
    if not 0 < len(message_id) <= LONGEST_ID:
        raise Unreadable("no usable message id")
    if not 0 < len(sender.strip()) <= LONGEST_SENDER:
        raise Unreadable("no usable sender")
    if not text:
        raise Unreadable("no text")


def e164(number: str) -> str:
    """Return an Indonesian number as +62...; a foreign one, a short code or a name stays what it is.

    Carriers and phones write one subscriber as 0812..., 62812... and +62 812-...: kept apart, one citizen
    would be three.
    """
    digits = re.sub(r"[\s().-]", "", number)
    if re.fullmatch(r"\+[1-9][0-9]{7,14}", digits):
        return digits
    if re.fullmatch(r"0062[0-9]{8,12}", digits):
        return f"+{digits[2:]}"
    if re.fullmatch(r"62[0-9]{8,12}", digits):
        return f"+{digits}"
    if re.fullmatch(r"0[1-9][0-9]{7,11}", digits):
        return f"+62{digits[1:]}"
    return number.strip()


def international(number: str) -> str:
    """Return a number as E.164 from a carrier that writes all of them with their country's code, but without `+`;
    what is no such number stays what it is: a short code, or a name."""
    bare = number.strip()
    return f"+{bare}" if re.fullmatch(r"[1-9][0-9]{7,14}", bare) else e164(number)


def outgoing_id(message_id: str, longest: int) -> str:
    """Return `message_id` as a carrier with this limit takes it, dots as `_`, else a digest of it: the same at every
    attempt."""
    plain = message_id.replace(".", "_")
    if re.fullmatch(r"[A-Za-z0-9_-]+", plain) and len(plain) <= longest:
        return plain
    return hashlib.sha256(message_id.encode()).hexdigest()[: min(longest, 32)]


def message_id_of(outgoing: str) -> str:
    """Return our id of the message that went out under this one; of a digest, an id that no message has."""
    return outgoing.replace("_", ".")


def report_of(carrier: str, outgoing: str, carrier_id: str, *, delivered: bool | None) -> DeliveryReport:
    """Return what finally became of the message that went out under this id; NotAMessage for an interim state (None),
    and for a message that names none of ours."""
    if not outgoing or delivered is None:
        raise NotAMessage("an interim report, or about a message that is not ours")
    return DeliveryReport(carrier, message_id_of(outgoing), carrier_id, delivered)


def post(carrier: str, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """POST once, without retry or redirect (the headers carry credentials), and return status and body.

    Raises CarrierDown if no answer came, from nothing: the chain would show the request. A connection of its
    own each time, since one kept over a Lambda's sleep is dead at the next message.
    """
    import urllib3

    if not url.startswith(("https://", "http://")):
        raise SendFailed(f"{carrier}: its address is no http(s) URL")
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    try:
        with urllib3.PoolManager(timeout=timeout, retries=False) as pool:
            response = pool.request("POST", url, body=body, headers=dict(headers), preload_content=False)
            try:
                return response.status, response.read(LONGEST_RESPONSE)
            except urllib3.exceptions.HTTPError:
                return response.status, b""  # the status says that it was taken: sent again, it would arrive twice
            finally:
                response.close()
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise CarrierDown(f"{carrier}: no answer ({type(error).__name__})") from None


def hand_over(carrier: str, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """POST a message and return what its carrier says to it; SendFailed as `refused` when it was not taken."""
    status, answered = post(carrier, url, body, headers)
    if not 200 <= status < 300:
        raise refused(carrier, status)
    return answered


def basic(user: str, password: str) -> str:
    """Return the Authorization header of HTTP Basic."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def refused(carrier: str, status: int) -> SendFailed:
    """Return the error for an HTTP status that is no success; CarrierDown where the carrier asks to be left alone."""
    return (CarrierDown if status == 429 or status >= 500 else SendFailed)(f"{carrier} answered {status}")


def field_of(body: bytes, name: str, fallback: str) -> str:
    """Return the text field `name` of a carrier's JSON answer, else `fallback`: it did take the message."""
    try:
        answer = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return fallback
    value = answer.get(name)
    return value if isinstance(value, str) and value else fallback
