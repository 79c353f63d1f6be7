"""The ticket: typed on old phones, read out, never guessed, and a slip of the finger is always seen."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ticket import ALPHABET, BITS, looks_like_ticket, read_ticket, ticket_from
from tests.unit.samples import TICKET

NUMBERS = st.integers(0, (1 << BITS) - 1)
TICKETS = NUMBERS.map(ticket_from)


def swapped(ticket: str, left: int, right: int) -> str:
    letters = list(ticket.replace("-", ""))
    letters[left], letters[right] = letters[right], letters[left]
    return "".join(letters)


def test_it_has_ten_characters_of_which_none_is_read_wrongly_and_forty_five_bits() -> None:
    assert BITS >= 45
    assert len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)


@given(TICKETS)
def test_it_is_written_in_one_form_and_read_back_as_it_is(ticket: str) -> None:
    assert re.fullmatch(rf"[{ALPHABET}]{{5}}-[{ALPHABET}]{{5}}", ticket)
    assert read_ticket(ticket) == ticket


@given(NUMBERS, NUMBERS)
def test_two_numbers_never_share_a_ticket(one: int, other: int) -> None:
    assert (ticket_from(one) == ticket_from(other)) == (one == other)


@pytest.mark.parametrize("number", [-1, 1 << BITS])
def test_a_number_of_other_than_45_bits_has_no_ticket(number: int) -> None:
    with pytest.raises(ValueError, match="45 bits"):
        ticket_from(number)


@given(TICKETS)
def test_every_single_wrong_character_is_found(ticket: str) -> None:
    letters = ticket.replace("-", "")
    for place, right in enumerate(letters):
        for wrong in ALPHABET:
            if wrong != right:
                assert read_ticket(letters[:place] + wrong + letters[place + 1 :]) is None


@given(TICKETS)
def test_every_two_characters_that_changed_places_are_found(ticket: str) -> None:
    letters = ticket.replace("-", "")
    for left in range(10):
        for right in range(left):
            assert (read_ticket(swapped(ticket, left, right)) is None) == (letters[left] != letters[right])


@given(TICKETS, st.data())
def test_it_is_understood_however_it_is_typed(ticket: str, data: st.DataObject) -> None:
    looks = {"0": "0Oo", "1": "1IiLl"}
    typed = ""
    for letter in ticket.replace("-", ""):
        typed += data.draw(st.sampled_from(looks.get(letter, letter + letter.lower())))
        typed += data.draw(st.sampled_from(["", "", "", "-", " ", ".", "\u00a0", " - "]))
    assert read_ticket(typed) == ticket


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-",
        TICKET[:-1],
        TICKET + "0",
        "UUUUU-UUUUU",
        "7K3M9_QX2TW",
        "7K3M9-QX2T\u0660",
        "７K3M9-QX2TW",
        "\ud800" * 10,
    ],
)
def test_what_cannot_be_a_ticket_is_none(typed: str) -> None:
    assert read_ticket(typed) is None


@given(st.text(max_size=30))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    assert read_ticket(text) is None or read_ticket(text) == read_ticket(read_ticket(text) or "")
    assert looks_like_ticket(text) in (True, False)


# ---------------------------------------------------------------------------- meant as a ticket, or as words


@pytest.mark.parametrize(
    "typed",
    [
        TICKET, TICKET.lower(), "7k3m9qx2tw", "7K3M9 QX2TW", "7K3M9.QX2TW", "7K3M9 - QX2TW",
        "7K3M9-QX2TX", "7k3m9qx2tx", "7K3M9 QX2TX", "UK3M9-QXUTW", "ABCDE-FGHJ1", "00000-00000",
    ],
)  # fmt: skip
def test_a_ticket_is_known_as_one_also_when_it_is_mistyped(typed: str) -> None:
    assert looks_like_ticket(typed)


@pytest.mark.parametrize("typed", ["songgoriti", "jalan-jalan", "pohon-pohon"])
def test_a_word_that_happens_to_be_a_ticket_is_a_word(typed: str) -> None:
    assert read_ticket(typed)  # one text in 32 is
    assert not looks_like_ticket(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "penerangan", "kerusakan2", "rambu2 yang", "gara2 jalan", "sampah rt 2", "mushola rt 2", "lampu hati2",
        "0812345678", "0000000000", "25000 30000", "25000-30000", "jalan jelek", "taman-bunga",
        "7K3M9-QX2T", "7K3M9-QX2TWX", "7K3M-9QX2TW",
    ],
)  # fmt: skip
def test_what_people_write_of_that_length_is_not_taken_for_one(typed: str) -> None:
    assert not looks_like_ticket(typed)


def beginning_with(letters: str) -> str:
    """Return the ticket whose first nine characters are these."""
    number = 0
    for letter in letters:
        number = number << 5 | ALPHABET.index(letter)
    return ticket_from(number)


def test_a_ticket_of_letters_alone_is_known_by_its_dash() -> None:
    ticket = beginning_with("ABCDEFGHJ")
    assert ticket.replace("-", "").isalpha()
    assert looks_like_ticket(ticket)
    assert not looks_like_ticket(ticket.replace("-", ""))
    assert not looks_like_ticket(ticket.replace("-", " "))


def test_one_digit_is_enough_for_a_valid_ticket_and_not_for_a_mistyped_one() -> None:
    ticket = beginning_with("ABCDEFGH5")
    assert sum(letter.isdigit() for letter in ticket) == 1
    mistyped = "Z" + ticket[1:]
    for between in ("", " "):
        assert looks_like_ticket(ticket.replace("-", between))
        assert not looks_like_ticket(mistyped.replace("-", between))
    assert looks_like_ticket(mistyped)
