"""What is derived from the city's one secret: the same for ever, and nothing that anybody else can make."""

from __future__ import annotations

import hashlib
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.keys import RECEIPT_LETTERS, is_receipt, keyed, name_of, receipt_for, ticket_for
from chalicelib.domain.ticket import ALPHABET, read_ticket
from tests.unit.samples import TICKET

KEY = b"k" * 32
RECEIPT = receipt_for(KEY, TICKET)


def test_a_receipt_and_a_ticket_given_out_once_are_never_made_otherwise() -> None:
    assert receipt_for(KEY, "7K3M9-QX2TH") == "67CBWJ-VC4XPY-W8PNVD-EZGK45-3W"
    assert ticket_for(KEY, "web", "a") == "Q3286-RSVDS"


def test_a_key_is_the_hmac_of_purpose_and_parts_each_with_its_length() -> None:
    framed = b"\0\0\0\x05phone" + b"\0\0\0\x04+628" + b"\0\0\0\x02\xc3\xa9"
    expected = hmac.new(KEY, framed, hashlib.sha256).digest()
    assert keyed(KEY, "phone", "+628", "é") == expected
    assert name_of(KEY, "phone", "+628", "é") == expected.hex()[:32]


PARTS = st.lists(st.text(st.characters(codec="utf-8"), max_size=5), min_size=1, max_size=4)


@given(PARTS, PARTS)
def test_only_the_same_parts_make_the_same_key(one: list[str], other: list[str]) -> None:
    assert (keyed(KEY, *one) == keyed(KEY, *other)) == (one == other)
    assert keyed(KEY, *one) != keyed(b"K" * 32, *one)


@given(PARTS)
def test_a_message_gets_a_real_ticket_and_always_the_same(parts: list[str]) -> None:
    ticket = ticket_for(KEY, *parts)
    assert read_ticket(ticket) == ticket == ticket_for(KEY, *parts)
    assert ticket_for(b"K" * 32, *parts) != ticket


def test_a_receipt_has_at_least_128_bits_of_letters_that_are_read_rightly() -> None:
    assert RECEIPT_LETTERS * 5 >= 128
    assert re.fullmatch(rf"(?:[{ALPHABET}]{{6}}-){{4}}[{ALPHABET}]{{2}}", RECEIPT)


def test_every_letter_of_a_receipt_varies() -> None:
    receipts = [receipt_for(KEY, f"ticket {number}").replace("-", "") for number in range(200)]
    assert all(len({receipt[place] for receipt in receipts}) > 20 for place in range(RECEIPT_LETTERS))


@pytest.mark.parametrize(
    "typed",
    [
        RECEIPT, RECEIPT.lower(), RECEIPT.replace("-", ""), RECEIPT.replace("-", " "), f" {RECEIPT} ",
        RECEIPT.replace("0", "O").replace("1", "I"), RECEIPT.replace("0", "o").replace("1", "l"),
    ],
)  # fmt: skip
def test_a_receipt_opens_however_it_is_typed(typed: str) -> None:
    assert is_receipt(KEY, TICKET, typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        RECEIPT[:-1],
        RECEIPT + "0",
        RECEIPT[::-1],
        TICKET,
        "é" * 26,
        "\ud800",
        "0" * 26,
        receipt_for(KEY, "other"),
    ],
)
def test_nothing_else_opens(typed: str) -> None:
    assert not is_receipt(KEY, TICKET, typed)


def test_a_receipt_opens_its_own_ticket_in_its_own_city_only() -> None:
    assert not is_receipt(KEY, "00000-00000", RECEIPT)
    assert not is_receipt(b"K" * 32, TICKET, RECEIPT)


@given(st.text(max_size=40))
def test_any_text_is_judged_without_a_fault(text: str) -> None:
    assert not is_receipt(KEY, TICKET, text)
