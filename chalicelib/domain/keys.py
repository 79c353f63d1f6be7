"""What is derived from the city's one secret: tickets that repeat for a repeated message, receipts, index keys."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from chalicelib.domain.ticket import ALPHABET, BITS, ticket_from

RECEIPT_LETTERS: Final = 26  # of 5 bits each: 130
_AS_TYPED: Final = str.maketrans("ILO", "110", "- ")


def keyed(key: bytes, purpose: str, *parts: str) -> bytes:
    """Return the 32-byte HMAC-SHA256 of the parts for one purpose; no two lists of parts are alike in it."""
    framed = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in (purpose, *parts))
    return hmac.new(key, framed, hashlib.sha256).digest()


def name_of(key: bytes, purpose: str, *parts: str) -> str:
    """Return 32 hexadecimal digits (128 bits) that stand for the parts, to be an index key or a fingerprint."""
    return keyed(key, purpose, *parts).hex()[:32]


def ticket_for(key: bytes, *parts: str) -> str:
    """Return the ticket that a message with these parts always gets; nobody without the key can tell which."""
    return ticket_from(int.from_bytes(keyed(key, "ticket", *parts)[:8], "big") >> (64 - BITS))


def receipt_for(key: bytes, ticket: str) -> str:
    """Return the ticket's receipt, 130 bits, as five groups; it is never stored."""
    number = int.from_bytes(keyed(key, "receipt", ticket)[:17], "big")
    letters = "".join(ALPHABET[number >> 5 * place & 31] for place in range(RECEIPT_LETTERS))
    return "-".join(letters[at : at + 6] for at in range(0, RECEIPT_LETTERS, 6))


def is_receipt(key: bytes, ticket: str, given: str) -> bool:
    """Say whether what was given is the ticket's receipt, however it is cased and spaced; constant in time."""
    read = given.upper().translate(_AS_TYPED)
    return hmac.compare_digest(read.encode("utf-8", "replace"), receipt_for(key, ticket).replace("-", "").encode())
