"""What goes out: SMS over a real HTTP server that records the request, e-mail over moto and over the same server."""

from __future__ import annotations

import base64
import json
import logging
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from standardwebhooks import Webhook

from chalicelib import settings
from chalicelib.adapters import notifier
from chalicelib.adapters.sms_providers import SendFailed, wire
from tests.carrier import Carrier, running

CITIZEN, CITY = "+6280000000001", "+6280000000099"
PERSON = "warga@example.org"
WORDS = "Tiket SBT-AB12 diterima 💡 <&>"
HOOK_KEY = "whsec_" + base64.b64encode(b"kunci rahasia generic 0001").decode()
REGION = "ap-southeast-3"


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    with running(Carrier(status=202, answer=b'{"id": "carrier-1", "sid": "SM0042"}')) as told:
        yield told


def city(carrier_url: str = "", **more: str) -> settings.Settings:
    return settings.read(
        {
            "SAMBAT_PUBLIC_URL": "https://sambat.example.go.id/api",
            "SAMBAT_TABLE_PREFIX": "sambat-test-",
            "SAMBAT_SIGNING_KEY": "k" * 32,
            "SAMBAT_OIDC_ISSUER": "https://issuer.example.org",
            "SAMBAT_OIDC_AUDIENCE": "sambat",
            "SAMBAT_SENDER_EMAIL": "sambat@example.go.id",
            "SAMBAT_ADMIN_EMAIL": "admin@example.go.id",
            "SAMBAT_MAYOR_EMAIL": "walikota@example.go.id",
            "SAMBAT_SMS_SMSGATE_SECRET": "kunci",
            "SAMBAT_SMS_SMSGATE_USER": "petugas",
            "SAMBAT_SMS_SMSGATE_PASSWORD": "rahasia",
            "SAMBAT_SMS_SMSGATE_URL": f"{carrier_url}/3rdparty/v1/",
            "SAMBAT_SMS_GENERIC_SECRET": HOOK_KEY,
            "SAMBAT_SMS_GENERIC_URL": f"{carrier_url}/outgoing",
            "SAMBAT_SMS_TWILIO_SECRET": "token",
            "SAMBAT_SMS_TWILIO_URL": carrier_url,
            "SAMBAT_SMS_TWILIO_ACCOUNT": "AC0001",
            "SAMBAT_SMS_TWILIO_FROM": CITY,
            **more,
        }
    )


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


each = pytest.mark.parametrize("provider", ["smsgate", "generic", "twilio"])


# --- SMS


def test_smsgate_is_given_an_id_that_makes_a_retry_the_same_message(carrier: Carrier) -> None:
    assert notifier.send_sms(CITIZEN, WORDS, "note-1", city(carrier.url), "smsgate") == "carrier-1"
    path, headers, body = carrier.only
    assert (path, headers["authorization"]) == ("/3rdparty/v1/messages", basic("petugas", "rahasia"))
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {"id": "note-1", "phoneNumbers": [CITIZEN], "textMessage": {"text": WORDS}}


@pytest.mark.parametrize("message_id", ["SBT-AB12#3#reporter", "n" * 37, "ü"])
def test_an_id_that_smsgate_would_refuse_becomes_a_digest_the_same_each_time(carrier: Carrier, message_id: str) -> None:
    for _ in range(2):
        notifier.send_sms(CITIZEN, WORDS, message_id, city(carrier.url), "smsgate")
    first, second = (json.loads(body)["id"] for _, _, body in carrier.asked)
    assert first == second != message_id
    assert len(first) <= 36
    assert first.isalnum()


def test_a_message_that_smsgate_already_has_was_sent(carrier: Carrier) -> None:
    carrier.status, carrier.answer = 409, b'{"message": "message already exists"}'
    assert notifier.send_sms(CITIZEN, WORDS, "note-1", city(carrier.url), "smsgate") == "note-1"


def test_generic_signs_what_it_sends_so_that_the_sdk_accepts_it(carrier: Carrier) -> None:
    assert notifier.send_sms(CITIZEN, WORDS, "note-1", city(carrier.url), "generic") == "carrier-1"
    path, headers, body = carrier.only
    assert path == "/outgoing"
    assert headers["webhook-id"] == "note-1"
    assert Webhook(HOOK_KEY).verify(body, headers) == {"id": "note-1", "to": CITIZEN, "text": WORDS}


def test_twilio_is_sent_a_form_in_the_name_of_the_account(carrier: Carrier) -> None:
    carrier.status = 201
    assert notifier.send_sms(CITIZEN, WORDS, "note-1", city(carrier.url), "twilio") == "SM0042"
    path, headers, body = carrier.only
    assert path == "/2010-04-01/Accounts/AC0001/Messages.json"
    assert headers["authorization"] == basic("AC0001", "token")
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    told = "https://sambat.example.go.id/api/webhooks/sms/twilio?about=note-1"
    assert parse_qs(body.decode()) == {"To": [CITIZEN], "From": [CITY], "Body": [WORDS], "StatusCallback": [told]}


@each
@pytest.mark.parametrize("answer", [b"", b"OK", b"[]", b'{"id": 7, "sid": null}', b"[" * 50_000, b"\xff" * 200_000])
def test_a_carrier_that_took_it_need_not_say_more(carrier: Carrier, provider: str, answer: bytes) -> None:
    carrier.answer = answer
    assert notifier.send_sms(CITIZEN, WORDS, "note-1", city(carrier.url), provider) == "note-1"


@each
def test_an_answer_cut_off_after_its_status_still_counts_as_taken(carrier: Carrier, provider: str) -> None:
    carrier.headers = {"Content-Length": "9999", "Connection": "close"}
    assert notifier.send_sms(CITIZEN, WORDS, "note-1", city(carrier.url), provider)


def failure_of(send: Callable[[], object], caplog: pytest.LogCaptureFixture) -> str:
    """Return the message of the SendFailed, after a look whether anything personal stands in it or in the log."""
    with caplog.at_level(logging.DEBUG), pytest.raises(SendFailed) as caught:
        send()
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__, "a log of the chain shows the request"
    for personal in (CITIZEN, CITIZEN[1:], PERSON, WORDS, "SBT-AB12"):
        assert personal not in shown
    return str(caught.value)


@each
@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 429, 500, 503])
def test_a_refusal_is_a_failure_that_names_nobody(
    carrier: Carrier, provider: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    carrier.status, carrier.answer = status, f'{{"error": "cannot send {WORDS} to {CITIZEN}"}}'.encode()
    carrier.headers = {"Location": f"{carrier.url}/elsewhere"}
    with caplog.at_level(logging.DEBUG), pytest.raises(SendFailed, match=f"{provider} answered {status}") as caught:
        notifier.send_sms(CITIZEN, WORDS, "note-1", city(carrier.url), provider)
    assert CITIZEN[1:] not in repr(caught.value) + caplog.text
    assert len(carrier.asked) == 1, "neither repeated nor redirected"


@each
def test_nobody_listening_is_a_failure_that_names_nobody(provider: str, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        message = failure_of(lambda: notifier.send_sms(CITIZEN, WORDS, "note-1", city(url), provider), caplog)
    assert message.startswith(f"{provider}: no answer")


@each
@pytest.mark.parametrize("url", ["nowhere", "http://", "http://[", "ftp://127.0.0.1/x", "http://127.0.0.1:99999"])
def test_an_address_that_is_none_is_a_failure(provider: str, url: str, caplog: pytest.LogCaptureFixture) -> None:
    failure_of(lambda: notifier.send_sms(CITIZEN, WORDS, "note-1", city(url), provider), caplog)


@each
def test_a_carrier_that_keeps_silent_is_given_up(
    carrier: Carrier, provider: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wire.CONNECT_SECONDS + wire.READ_SECONDS < 15
    monkeypatch.setattr(wire, "READ_SECONDS", 0.1)
    carrier.silent = threading.Event()
    message = failure_of(lambda: notifier.send_sms(CITIZEN, WORDS, "note-1", city(carrier.url), provider), caplog)
    assert "ReadTimeoutError" in message
    assert len(carrier.asked) == 1


@pytest.mark.parametrize(("provider", "lacks"), [("generic", "url"), ("twilio", "account"), ("twilio", "sender")])
def test_a_provider_that_lacks_a_setting_says_which(provider: str, lacks: str) -> None:
    whole = city("http://127.0.0.1:9")
    nothing: dict[str, Any] = {lacks: ""}
    lame = replace(whole, sms={provider: replace(whole.sms[provider], **nothing)})
    with pytest.raises(SendFailed, match=f"SAMBAT_SMS_{provider.upper()}_"):
        notifier.send_sms(CITIZEN, WORDS, "note-1", lame, provider)


def test_a_broken_generic_secret_sends_nothing(carrier: Carrier) -> None:
    whole = city(carrier.url)
    broken = replace(whole.sms["generic"], secret="whsec_??")
    with pytest.raises(SendFailed, match="SAMBAT_SMS_GENERIC_SECRET"):
        notifier.send_sms(CITIZEN, WORDS, "n", replace(whole, sms={"generic": broken}), "generic")
    assert carrier.asked == []


@pytest.mark.parametrize("name", ["twilio", "pigeon", ""])
def test_a_provider_that_is_off_sends_nothing(name: str) -> None:
    with pytest.raises(SendFailed, match="not on"):
        notifier.send_sms(CITIZEN, WORDS, "n", replace(city(), sms={}), name)


# --- e-mail


@pytest.fixture
def fresh_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    notifier._ses.cache_clear()
    yield monkeypatch
    notifier._ses.cache_clear()


@pytest.fixture
def mailbox(fresh_client: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    with mock_aws():
        boto3.client("sesv2").create_email_identity(EmailIdentity="sambat@example.go.id")
        yield ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages


def test_an_email_arrives_as_written(mailbox: list[Any]) -> None:
    carrier_id = notifier.send_email(PERSON, "Keluhan baru 💡", f"{WORDS}\nbaris dua", "note-1", city())
    (mail,) = mailbox
    assert (mail.id, mail.destinations) == (carrier_id, {"ToAddresses": [PERSON]})
    assert (mail.subject, mail.body) == ("Keluhan baru 💡", f"{WORDS}\nbaris dua")
    assert mail.source == "Sambat Kota Malang <sambat@example.go.id>"


def test_the_sender_keeps_a_name_of_its_own(mailbox: list[Any]) -> None:
    notifier.send_email(PERSON, "x", "y", "n", city(SAMBAT_SENDER_EMAIL="Dinas X <sambat@example.go.id>"))
    assert mailbox[0].source == "Dinas X <sambat@example.go.id>"


@pytest.mark.parametrize(
    ("subject", "line"),
    [
        ("Keluhan\r\nBcc: all@example.org", "Keluhan Bcc: all@example.org"),
        ("a\nb\rc\x00d\x1be\x7ff\x85g\u2028h\u2029i", "a b c d e f g h i"),
        ("\u202emoc.elpmaxe\u200b!", "moc.elpmaxe !"),
        ("  dua   spasi  ", "dua spasi"),
        ("\ud800x", "x"),
        ("k" * 120, "k" * 120),
        ("k" * 121, "k" * 119 + "…"),
        ("💡" * 500, "💡" * 119 + "…"),
    ],
)
def test_a_subject_is_one_short_harmless_line(mailbox: list[Any], subject: str, line: str) -> None:
    notifier.send_email(PERSON, subject, "x", "n", city())
    assert mailbox[0].subject == line


@pytest.mark.parametrize(
    "to",
    [
        "",
        "warga",
        "@example.org",
        "a@b@c",
        "a@x.id,b@x.id",
        "a@x.id\r\nBcc: b@x.id",
        "A <a@x.id>",
        "a b@x.id",
        "a@x.id\n",
    ],
)
def test_only_one_plain_address_is_written_to(mailbox: list[Any], to: str) -> None:
    with pytest.raises(SendFailed, match="not one address"):
        notifier.send_email(to, "x", "y", "n", city())
    assert mailbox == []


def test_a_refusal_of_ses_names_its_code_and_nobody(mailbox: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    unverified = city(SAMBAT_SENDER_EMAIL=PERSON)
    with pytest.raises(SendFailed, match="email: SES said MessageRejected") as caught:
        notifier.send_email(PERSON, "x", "y", "n", unverified)
    assert PERSON not in repr(caught.value)
    assert PERSON not in caplog.text
    assert caught.value.__suppress_context__


def test_ses_is_given_the_id_as_a_header_and_utf_8(carrier: Carrier, fresh_client: pytest.MonkeyPatch) -> None:
    fresh_client.setenv("AWS_ENDPOINT_URL_SESV2", carrier.url)
    carrier.status, carrier.answer = 200, b'{"MessageId": "ses-1"}'
    assert notifier.send_email(PERSON, "Perihal", "rusak \ud800", "SBT-AB12#3\r\nX: y", city()) == "ses-1"
    path, _, body = carrier.only
    assert path == "/v2/email/outbound-emails"
    assert json.loads(body)["Content"] == {
        "Simple": {
            "Subject": {"Data": "Perihal", "Charset": "UTF-8"},
            "Body": {"Text": {"Data": "rusak ?", "Charset": "UTF-8"}},
            "Headers": [{"Name": "X-Sambat-Id", "Value": "SBT-AB12#3--X:-y"}],
        }
    }


def test_ses_out_of_reach_is_a_failure_that_names_nobody(
    fresh_client: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        fresh_client.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with caplog.at_level(logging.INFO), pytest.raises(SendFailed, match="no answer") as caught:
            notifier.send_email(PERSON, "x", WORDS, "n", city())
    assert PERSON not in repr(caught.value) + caplog.text
    assert caught.value.__suppress_context__


def test_a_client_that_cannot_be_made_is_a_failure_too(fresh_client: pytest.MonkeyPatch) -> None:
    fresh_client.delenv("AWS_DEFAULT_REGION")
    fresh_client.delenv("AWS_REGION", raising=False)
    fresh_client.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(SendFailed, match="NoRegionError"):
        notifier.send_email(PERSON, "x", "y", "n", city())


def test_one_client_serves_all_emails(mailbox: list[Any]) -> None:
    for _ in range(3):
        notifier.send_email(PERSON, "x", "y", "n", city())
    assert notifier._ses.cache_info().misses == 1
