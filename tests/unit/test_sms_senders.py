"""The four carriers that write numbers without `+`: whoever writes from abroad can be answered, a short code cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from chalicelib.adapters.sms_providers import Inbound, WebhookRequest, provider_named, wire
from tests.unit import test_sms_messagebird as messagebird
from tests.unit import test_sms_plivo as plivo
from tests.unit import test_sms_sinch as sinch
from tests.unit import test_sms_vonage as vonage

SMS_FROM: Final[dict[str, Callable[[str], WebhookRequest]]] = {
    "vonage": lambda sender: vonage.as_form(vonage.sms(msisdn=sender)),
    "plivo": lambda sender: plivo.posted(plivo.sms(From=sender)),
    "sinch": lambda sender: sinch.signed(sinch.text(**{"from": sender})),
    "messagebird": lambda sender: messagebird.text(originator=sender),
}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("15550000001", "+15550000001"),
        ("+15550000001", "+15550000001"),
        (" 15550000001 ", "+15550000001"),
        ("12345678", "+12345678"),
        ("123456789012345", "+123456789012345"),
        ("6280000000001", "+6280000000001"),
        ("080000000001", "+6280000000001"),
        ("+62 800-0000-0001", "+6280000000001"),
        ("1234567", "1234567"),
        ("98108", "98108"),
        ("1234567890123456", "1234567890123456"),
        ("00155500001", "00155500001"),
        ("١٥٥٥٠٠٠٠٠٠١", "١٥٥٥٠٠٠٠٠٠١"),
        ("INFO PULSA", "INFO PULSA"),
    ],
)
@pytest.mark.parametrize("name", SMS_FROM)
def test_a_number_from_abroad_gets_its_plus_and_a_short_code_stays(name: str, written: str, read: str) -> None:
    assert wire.international(written) == read
    message = provider_named(name).to_inbound_sms(SMS_FROM[name](written))
    assert isinstance(message, Inbound)
    assert message.sender == read
