"""A long SMS whose parts are delivered as messages of their own, without numbers: one citizen, one message."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.adapters.sms_providers import Inbound
from chalicelib.domain.gsm import parts
from chalicelib.workflows import sweeping, texting
from tests.builders import Service, token
from tests.functional.doors import CITIZEN, NEIGHBOUR, carrier_on, set_as, ticket_in

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TEXT = (
    "Sambat lampu jalan (PJU) mati di Jl. Bukirsari sudah dua minggu, dari depan musala sampai pertigaan gelap semua, "
    "kemarin malam ada yang jatuh dari sepeda motor karena lubang yang tidak kelihatan, lalu tadi pagi ada lagi; mohon "
    "segera diperbaiki sebelum ada korban, warga RT 5 dan RT 6 sudah tiga kali melapor ke kelurahan dan belum dijawab."
)
HEAD, MIDDLE, TAIL = parts(TEXT)


@pytest.fixture(autouse=True)
def unnumbered(service: Service) -> Iterator[None]:
    with set_as(SAMBAT_SMS_GENERIC_UNNUMBERED_PARTS="true"):
        yield


def deliver(seconds: float, text: str, message_id: str, sender: str = CITIZEN) -> str | None:
    """Take in one message so many seconds after the beginning and return the reply."""
    reply = texting.receive_sms(Inbound("generic", message_id, sender, text, None), NOW + seconds * SECOND)
    return reply.text if reply else None


def sweep(minutes: float) -> dict[str, int]:
    at = NOW + timedelta(minutes=minutes)
    return sweeping.sweep(at, at)


def texts(service: Service) -> list[str]:
    return sorted(item["text"]["S"] for item in service.items("complaints"))


def said(service: Service, ticket: str) -> list[str]:
    seen: dict[str, Any] = service.get(f"/admin/complaints/{ticket}", token("admin")).json
    return [seen["text"], *(entry["text"] for entry in seen["timeline"] if entry["entry"] == "message")]


def test_parts_within_seconds_are_one_complaint_as_it_was_written(service: Service) -> None:
    assert deliver(0, HEAD, "m-1") is None
    assert deliver(1, MIDDLE, "m-2") is None
    assert "DPUPRPKP" in str(deliver(2, TAIL, "m-3"))
    assert texts(service) == [TEXT]
    assert sweep(11)["filed"] == 0


def test_a_part_delivered_again_changes_nothing(service: Service) -> None:
    for seconds, (text, message_id) in enumerate([(HEAD, "m-1"), (HEAD, "m-1"), (MIDDLE, "m-2"), (TAIL, "m-3")]):
        reply = deliver(seconds, text, message_id)
    assert deliver(5, TAIL, "m-3") == reply
    assert deliver(6, HEAD, "m-1") == reply
    assert said(service, ticket_in(reply)) == [TEXT]
    assert len(texts(service)) == 1


def test_parts_delivered_again_after_their_minute_are_the_same_message(service: Service) -> None:
    texts_of = {"m-1": HEAD, "m-2": MIDDLE, "m-3": TAIL}
    replies = [deliver(seconds, text, message_id) for seconds, (message_id, text) in enumerate(texts_of.items())]
    for seconds in (600, 20 * 86_400):
        again = {deliver(seconds + n, texts_of[message_id], message_id) for n, message_id in enumerate(("m-3", "m-1"))}
        assert again == {replies[-1]}
    assert sweep(60)["filed"] == 0
    assert said(service, ticket_in(replies[-1])) == [TEXT]
    assert len(texts(service)) == 1


def test_parts_of_two_numbers_never_mix(service: Service) -> None:
    deliver(0, HEAD, "m-1")
    deliver(0, "Sambat sampah menumpuk di Pasar Dinoyo", "m-1", NEIGHBOUR)
    deliver(1, MIDDLE, "m-2")
    deliver(1, TAIL, "m-3")
    assert texts(service) == sorted([TEXT, "Sambat sampah menumpuk di Pasar Dinoyo"])


def test_the_last_part_may_come_first_and_nothing_is_lost(service: Service) -> None:
    ticket = ticket_in(deliver(0, TAIL, "m-3"))
    assert deliver(1, HEAD, "m-1") is None
    assert deliver(2, MIDDLE, "m-2") is None
    assert sweep(11)["filed"] == 1
    assert said(service, ticket) == [TAIL, HEAD + MIDDLE]
    assert len(texts(service)) == 1
    assert sweep(12)["filed"] == 0


def test_the_beginning_of_what_was_rejected_meanwhile_is_a_complaint_of_its_own(service: Service) -> None:
    ticket = ticket_in(deliver(0, TAIL, "m-3"))
    deliver(1, HEAD, "m-1")
    rejected = {"reason": "spam", "note": "Bukan aduan."}
    assert service.post(f"/admin/complaints/{ticket}/reject", rejected, token("admin")).status == 200
    assert sweep(11)["filed"] == 1
    assert texts(service) == sorted([TAIL, HEAD])
    assert sweep(12)["filed"] == 0


def test_a_message_of_its_own_that_is_delivered_again_is_no_part_of_another(service: Service) -> None:
    ticket = ticket_in(deliver(0, "Sambat sampah menumpuk di Pasar Dinoyo", "m-0"))
    deliver(100, HEAD, "m-1")
    assert ticket_in(deliver(101, "Sambat sampah menumpuk di Pasar Dinoyo", "m-0")) == ticket
    other = ticket_in(deliver(102, TAIL, "m-2"))
    assert said(service, other) == [HEAD + TAIL]


def test_a_middle_part_that_comes_last_is_added(service: Service) -> None:
    deliver(0, HEAD, "m-1")
    ticket = ticket_in(deliver(1, TAIL, "m-3"))
    assert ticket_in(deliver(2, MIDDLE, "m-2")) == ticket
    assert said(service, ticket) == [HEAD + TAIL, MIDDLE]


def test_a_message_that_happens_to_fill_a_part_is_filed_after_ten_minutes(service: Service) -> None:
    assert deliver(0, HEAD, "m-1") is None
    assert sweep(9.9)["filed"] == 0
    assert sweep(10.1)["filed"] == 1
    assert texts(service) == [HEAD]
    (item,) = service.items("complaints")
    assert "incomplete" not in item


def test_who_came_by_a_provider_that_replies_at_once_hears_of_it_when_the_sweep_files(service: Service) -> None:
    twilio = {"SAMBAT_SMS_TWILIO_UNNUMBERED_PARTS": "true"}
    with carrier_on() as carrier, set_as(**twilio):
        assert texting.receive_sms(Inbound("twilio", "m-1", CITIZEN, HEAD, None), NOW) is None
        for minutes in (11, 26):
            sweep(minutes)
            service.deliver()
        ((to, text),) = carrier.texts
    (item,) = service.items("complaints")
    assert (to, ticket_in(text)) == (CITIZEN, item["ticket"]["S"])


def test_what_comes_a_minute_later_is_a_message_of_its_own(service: Service) -> None:
    deliver(0, HEAD, "m-1")
    assert deliver(61, "Sambat sampah menumpuk di Pasar Dinoyo", "m-2")
    sweep(11)
    assert texts(service) == sorted([HEAD, "Sambat sampah menumpuk di Pasar Dinoyo"])


def test_a_provider_that_joins_them_itself_waits_for_nothing(service: Service) -> None:
    with set_as(SAMBAT_SMS_GENERIC_UNNUMBERED_PARTS=None):
        assert deliver(0, HEAD, "m-1")
    assert texts(service) == [HEAD]


def test_a_command_after_a_long_one_is_a_command(service: Service) -> None:
    deliver(0, HEAD, "m-1")
    ticket = ticket_in(deliver(1, TAIL, "m-2"))
    assert str(deliver(20, f"CEK {ticket}", "m-3")).startswith(f"Tiket {ticket}")
    assert said(service, ticket) == [HEAD + TAIL]
