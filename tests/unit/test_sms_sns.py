"""AWS End User Messaging by SNS: signed by a key of the tests' own, and in its SDK's test vectors by AWS's.

The certificate is fetched over real TLS from a server here; what is sent goes to it over plain HTTP.
"""

from __future__ import annotations

import base64
import json
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from chalicelib.adapters.sms_providers import (
    CarrierDown,
    DeliveryReport,
    Inbound,
    NotAMessage,
    Unreadable,
    WebhookRequest,
    sns,
    sns_signature,
)
from chalicelib.adapters.sms_providers.fetching import FetchFailed
from chalicelib.settings import SmsProvider
from tests.carrier import CITIZEN, CITY, WORDS, Carrier, carrier_on, failure_of
from tests.unit.sms_internet import PUBLIC, Internet, internet_for, key_and_certificate

NOW = datetime(2026, 11, 24, 3, 0, 5, tzinfo=UTC)
TOPIC, HOST = "arn:aws:sns:ap-southeast-3:123456789012:sambat-sms", "sns.ap-southeast-3.amazonaws.com"
PEM = "/SimpleNotificationService-0123456789abcdef.pem"
URL = "https://sambat.example.go.id/api/webhooks/sms/sns"
MESSAGE_ID, ABOUT = "7K3QD-9XW2M.4.reporter", "7K3QD-9XW2M_4_reporter"
SMS_ID = "cae173d2-66b9-564c-8309-21f858e9fb84"
CONFIRM = f"https://{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37fb687f"


@lru_cache
def aws() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """Return the key that signs here for SNS, and its certificate for the year."""
    return key_and_certificate("sns.amazonaws.com", NOW - timedelta(days=100), NOW + timedelta(days=200))


def forget() -> None:
    """Let no certificate be known, and none have been asked for."""
    for kept in (sns_signature._CERTIFICATES, sns_signature._PROVEN, sns_signature._IN_VAIN, sns_signature._FETCHED):
        kept.clear()


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    forget()
    with internet_for(HOST, tmp_path, monkeypatch) as running:
        running.answers[PEM] = (200, {}, pem(aws()[1]))
        yield running
    forget()


def sms(**fields: Any) -> dict[str, Any]:
    return {"originationNumber": CITIZEN, "destinationNumber": CITY, "messageKeyword": "KEYWORD", "messageBody": WORDS,
            "inboundMessageId": SMS_ID, "previousPublishedMessageId": "862a8790", **fields}  # fmt: skip


def event(**fields: Any) -> dict[str, Any]:
    return {"eventType": "TEXT_DELIVERED", "eventVersion": "1.0", "eventTimestamp": 1795489205000, "isFinal": True,
            "originationPhoneNumber": CITY, "destinationPhoneNumber": CITIZEN, "messageId": "862a8790-60c0",
            "messageStatus": "DELIVERED", "context": {"about": ABOUT}, "totalMessagePrice": 0.09, **fields}  # fmt: skip


def notification(message: Any, **fields: Any) -> dict[str, Any]:
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    return {"Type": "Notification", "MessageId": "da41e39f-ea4d-435a-b922-c6aae3915ebe", "TopicArn": TOPIC,
            "Message": text, "Timestamp": "2026-11-24T03:00:00.000Z", "SignatureVersion": "1",
            "SigningCertURL": f"https://{HOST}{PEM}", **fields}  # fmt: skip


def confirmation(kind: str = "SubscriptionConfirmation", **fields: Any) -> dict[str, Any]:
    return notification("You have chosen", **{"Type": kind, "Token": "2336412f37fb687f", "SubscribeURL": CONFIRM,
                                              **fields})  # fmt: skip


def signed(envelope: dict[str, Any], key: rsa.RSAPrivateKey | None = None, **after: Any) -> WebhookRequest:
    """Return what SNS POSTs, with `after` changed when it was signed."""
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    said = "".join(f"{name}\n{envelope[name]}\n" for name in names if envelope.get(name) is not None)
    hashed = SHA256() if envelope["SignatureVersion"] == "2" else SHA1()  # noqa: S303  as AWS signs
    signature = (key or aws()[0]).sign(said.encode(), padding.PKCS1v15(), hashed)
    whole = {**envelope, "Signature": base64.b64encode(signature).decode(), **after}
    return raw(json.dumps({name: value for name, value in whole.items() if value is not ...}).encode())


def raw(body: bytes) -> WebhookRequest:
    headers = {"content-type": "text/plain; charset=UTF-8", "x-amz-sns-topic-arn": TOPIC}
    return WebhookRequest("POST", URL, headers, body, {}, NOW)


def genuine(request: WebhookRequest, topic: str = TOPIC) -> bool:
    return sns.is_genuine(request, SmsProvider("", topic=topic))


# --- who may speak


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(
    "envelope",
    [
        notification(sms()),
        notification(sms(), Subject="a subject"),
        notification("two\nlines\n"),
        confirmation(),
        confirmation("UnsubscribeConfirmation"),
    ],
)
def test_what_sns_signed_is_genuine(world: Internet, envelope: dict[str, Any], version: str) -> None:
    assert genuine(signed({**envelope, "SignatureVersion": version}))
    assert world.asked == [(HOST, PEM)]


# Of aws/aws-sdk-java-v2, services-custom/sns-message-manager/src/test/resources: signed by AWS itself
VECTOR_TOPIC: Final = "arn:aws:sns:us-west-2:131990247566:dongie-standard-topic"
VECTOR_CERTIFICATE: Final = b"""-----BEGIN CERTIFICATE-----
MIIFxTCCBK2gAwIBAgIQBkyRNHAyygLkObkxH5ju+zANBgkqhkiG9w0BAQsFADA8
MQswCQYDVQQGEwJVUzEPMA0GA1UEChMGQW1hem9uMRwwGgYDVQQDExNBbWF6b24g
UlNBIDIwNDggTTAxMB4XDTI1MTExMDAwMDAwMFoXDTI2MTAxNDIzNTk1OVowHDEa
MBgGA1UEAxMRc25zLmFtYXpvbmF3cy5jb20wggEiMA0GCSqGSIb3DQEBAQUAA4IB
DwAwggEKAoIBAQChbVNQ+DEaT5WN+l+bg0iEeF666Z6LDFc1KJr4lNl0odcXQSsk
KsZYCMVdp4I/Ikk9zWyckRTMkmQGYimpD+bTsMCP5C/sJIU0E9Y2OXjjl5Videkq
qnRL9VdE5N41Rvks7S/5MpYcSmCsmaHfwcv82Gvx2zm9CrA5Xu7K2ZqhzRQPCRSP
mHTHQr4ED63ujE+qTpPgQZ0TvgmcrAc08Z75Z7Zzs17aTNc3YhAtQx9WowN8uiHk
kgc+ONNdtwKvWZNmnbmxMHYtYc291WCP1K1Nh4TV5XNyjIebzQKDrqTCN0ItAr1x
e6Bl3BYS3SG9XHAy0q3ekITzQsKypcuaK6dTAgMBAAGjggLhMIIC3TAfBgNVHSME
GDAWgBSBuA5jiokSGOX6OztQlZ/m5ZAThTAdBgNVHQ4EFgQUBQEUzzzuVJAKzAlR
d0Q//W6HvZUwHAYDVR0RBBUwE4IRc25zLmFtYXpvbmF3cy5jb20wEwYDVR0gBAww
CjAIBgZngQwBAgEwDgYDVR0PAQH/BAQDAgWgMBMGA1UdJQQMMAoGCCsGAQUFBwMB
MDsGA1UdHwQ0MDIwMKAuoCyGKmh0dHA6Ly9jcmwucjJtMDEuYW1hem9udHJ1c3Qu
Y29tL3IybTAxLmNybDB1BggrBgEFBQcBAQRpMGcwLQYIKwYBBQUHMAGGIWh0dHA6
Ly9vY3NwLnIybTAxLmFtYXpvbnRydXN0LmNvbTA2BggrBgEFBQcwAoYqaHR0cDov
L2NydC5yMm0wMS5hbWF6b250cnVzdC5jb20vcjJtMDEuY2VyMAwGA1UdEwEB/wQC
MAAwggF/BgorBgEEAdZ5AgQCBIIBbwSCAWsBaQB3ANdtfRDRp/V3wsfpX9cAv/mC
yTNaZeHQswFzF8DIxWl3AAABmnAb33MAAAQDAEgwRgIhANXAgMEZWU326cqxqwnf
ntD0XcBjRbmvVMOp3hZ8boPXAiEAkI3NTMXcdLCChHak1ipOae7K7r3spMGUMk6Q
cEUKqBEAdgDCMX5XRRmjRe5/ON6ykEHrx8IhWiK/f9W1rXaa2Q5SzQAAAZpwG9+u
AAAEAwBHMEUCIQD+Qyok8NYaFuQkccW+XIMmxHxj6Yka2wjtg6UN/tbU5wIgcp4z
8MyC/dUfeLRuHAt0owtVgEu7xXqrMBOYlbXrfC4AdgDLOPcViXyEoURfW8Hd+8lu
8ppZzUcKaQWFsMsUwxRY5wAAAZpwG9+yAAAEAwBHMEUCIQCmu1jQUG9A2br7OqwM
FvQXtBX10yIvvDa6a2Ov1Zgg6gIgKlqRvN6WhX0pSHAN2bKmjRwIUI3X9kjS/A/m
DYULaV4wDQYJKoZIhvcNAQELBQADggEBAIbTQWQhqrG6SzwLq79tKCpI0aL0xlD+
/jrGPxpwTlK7rtAArHiEVh/bsmwLYRlIxPBiU+NE/kqeT0lhJA6/e3X3KRmnpJ6u
Z70PJGYwmZbSRsFom0vGFBMncX0qYx1iD0dooPeAkkSnM5j81rBh+FepV3HfF+tA
9gaglWLsU7Z/A0fdn9D32UPreVHloOut5EyEinvXRUAWZco9CRloyEXJr7Mxq9MZ
vYOK+5wuSPHnPij+fGlQsPxEgoTnCmU03PqNS49kL13jjEnYYdijqL+4rfHtuZbc
4hlVoZfttwg8wD3m5brhQ+GkBBNYN8HFtdVy/BnFi+SPJqv6BgB3Y00=
-----END CERTIFICATE-----
"""
VECTOR_URL: Final = "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-7506a1e35b36ef5a444dd1a8e7cc3ed8.pem"
VECTORS: Final = [
    {
        "Type": "Notification",
        "MessageId": "26858270-545e-5848-82a2-e05566af3dcf",
        "Subject": "My message subject",
        "Message": "Hello! This message has a subject.",
        "Timestamp": "2026-03-06T19:53:21.424Z",
        "SignatureVersion": "1",
        "Signature": "jvNSgHVOF9KUOKI3bmQZhURD0kDN6txhfjiyuvnV95Dw6b2SRa7nq3AhM8agP0KUCIrRgKHqUlN6K2XBA35Lzkx1eI5RT0oX"
        "IN00pvvzGxSz0ddnuSGmDJM7bd/b1vl2RlLjz+KvkhzEtspxLnxjLsGl2EpOmztt+um7owb4475sOLdGTx1QiFV/8HqB2J0DyjeWdRZvu7Xp"
        "sf1Yd2rgmijFoz8x89Vw8pIksjczr4q16pxdh/XKWjbN2uPoC+3EeYdljL8KUvLYH9ueHSs5E9qq2iLdze4+FtANnE73XRvvSGE0KI+FGOvz"
        "1igest6qon3g1/CVy4mq3n19TsCSmA==",
    },
    {
        "Type": "Notification",
        "MessageId": "9d2c5580-b61d-550c-8583-37a582870907",
        "Message": "This message uses signature version 2.",
        "Timestamp": "2026-03-06T20:00:26.893Z",
        "SignatureVersion": "2",
        "Signature": "kGNJ7FIM5DJxRv9bdoSJBty2WHpADFWrJ0ZQU/A2sALy6tBE5hqfUvPRlklTJ+PACFMguoFOO7W6ac/Bs4gR+JBRFhx4598X"
        "8/HWzrmaLrtB2f7nzViHbpzYN+u+OewXhxjj2lNsu0bLKv6fogkACytDIOhjZylbfJoPphDYAB7T3Ila7u+K3m2wLHH4k1cPYKyBf5FI/kAo"
        "QAVsY6qFHeb6CWfHsdM98I2gwyEvwJSzW0iyYBfqckmthQwH3Ex53jrhQlZylXFDYmstSJAdvbLeGqIUxKyk+O25wYgBjbbbeR+2qE2UCGEQ"
        "rk1Bq018wmTxdHZmDhoBjJXiGmFkfg==",
    },
]


@pytest.mark.parametrize("vector", VECTORS)
def test_what_aws_itself_signed_is_genuine(vector: dict[str, str]) -> None:
    sns_signature._CERTIFICATES[VECTOR_URL] = x509.load_pem_x509_certificate(VECTOR_CERTIFICATE)
    envelope = {**vector, "TopicArn": VECTOR_TOPIC, "SigningCertURL": VECTOR_URL}
    now = datetime.fromisoformat(vector["Timestamp"]) + timedelta(minutes=1)
    call = replace(raw(json.dumps(envelope).encode()), now=now)
    assert genuine(call, VECTOR_TOPIC)
    assert not genuine(replace(call, body=call.body.replace(b"essage ", b"essages ")), VECTOR_TOPIC)
    forget()


@pytest.mark.parametrize(
    "after",
    [
        {"Message": json.dumps(sms(messageBody="something else"))},
        {"MessageId": "other"},
        {"Timestamp": "2026-11-24T03:00:01.000Z"},
        {"Subject": "added"},
        {"Type": "SubscriptionConfirmation"},
        {"Type": "SubscriptionConfirmation", "SubscribeURL": CONFIRM, "Token": "t"},
        {"Type": "Other"},
        {"SignatureVersion": "2"},
        {"SignatureVersion": "3"},
        {"SignatureVersion": 1},
        {"Signature": ""},
        {"Signature": "AAAA"},
        {"Signature": "é"},
        {"Signature": "no base64!"},
        {"Signature": None},
        {"Signature": ...},
        {"SigningCertURL": ...},
        {"Message": ...},
        {"Type": ...},
    ],
)
def test_what_was_changed_after_it_was_signed_is_refused(world: Internet, after: dict[str, Any]) -> None:
    assert genuine(signed(notification(sms()))), "as it was signed"
    assert not genuine(signed(notification(sms()), **after))


def test_a_subject_that_was_signed_cannot_be_taken_away(world: Internet) -> None:
    call = signed(notification(sms(), Subject="x"))
    assert genuine(call)
    assert not genuine(signed(notification(sms(), Subject="x"), Subject=...))
    assert not genuine(signed(notification(sms(), Subject="x"), Subject=None))


@pytest.mark.parametrize("field", ["SubscribeURL", "Token"])
def test_a_subscription_cannot_be_given_another_address_or_token(world: Internet, field: str) -> None:
    assert genuine(signed(confirmation()))
    for value in ("https://evil.example/", ...):
        after: dict[str, Any] = {field: value}
        assert not genuine(signed(confirmation(), **after))


def test_another_key_is_refused(world: Internet) -> None:
    other = rsa.generate_private_key(65537, 2048)
    assert not genuine(signed(notification(sms()), key=other))


@pytest.mark.parametrize("topic", [f"{TOPIC}2", TOPIC.replace("1234", "4321"), TOPIC.replace("-3", "-1"), "", "x"])
def test_another_topic_is_refused_before_anything_is_fetched(world: Internet, topic: str) -> None:
    assert not genuine(signed(notification(sms())), topic)
    assert not genuine(signed(notification(sms(), TopicArn=topic)))
    assert world.resolved == []


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}{PEM}",
        f"https://{HOST}",
        f"https://{HOST}/",
        f"https://{HOST}/.pem",
        f"https://{HOST}/SimpleNotificationService.pem",
        f"https://{HOST}/SimpleNotificationService-.pem",
        f"https://{HOST}/SimpleNotificationService-0123_4.pem",
        f"https://{HOST}/SimpleNotificationService-ABCDEF.pem",
        f"https://{HOST}/simplenotificationservice-0123.pem",
        f"https://{HOST}/x{PEM[1:]}",
        f"https://{HOST}/0123456789abcdef.pem",
        f"https://{HOST}{PEM}?x=y",
        f"https://{HOST}{PEM}#x",
        f"https://{HOST}{PEM}x",
        f"https://{HOST}{PEM}\n",
        f"https://{HOST}/a/..{PEM}",
        f"https://{HOST}/%2e{PEM}",
        f"https://{HOST}:443{PEM}",
        f"https://user@{HOST}{PEM}",
        f"https://{HOST}@evil.example{PEM}",
        f"https://{HOST}.evil.example{PEM}",
        f"https://evil.example/{HOST}{PEM}",
        f"https://sns.us-east-1.amazonaws.com{PEM}",
        f"https://snsxap-southeast-3.amazonaws.com{PEM}",
        f"https://{HOST}.cn{PEM}",
        f"https://sns.s3.amazonaws.com{PEM}",
        f"https://127.0.0.1{PEM}",
        "",
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_fetched(world: Internet, url: str) -> None:
    assert not genuine(signed(notification(sms(), SigningCertURL=url)))
    assert (world.resolved, world.connected) == ([], [])


@pytest.mark.parametrize(
    ("topic", "host"),
    [
        (TOPIC, HOST),
        ("arn:aws-cn:sns:cn-north-1:123456789012:t", "sns.cn-north-1.amazonaws.com.cn"),
        ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:t", "sns.us-gov-west-1.amazonaws.com"),
    ],
)
def test_the_host_is_that_of_the_topics_region(topic: str, host: str) -> None:
    assert sns_signature.host_of(topic) == host


@pytest.mark.parametrize(
    "topic", ["", "x", "arn:aws:sqs:ap-southeast-3:123456789012:t", "arn:aws:sns:evil.example/:123456789012:t"]
)
def test_what_is_no_topic_has_no_host(topic: str) -> None:
    with pytest.raises(ValueError, match="ARN"):
        sns_signature.host_of(topic)
    assert not genuine(signed(notification(sms(), TopicArn=topic)), topic)


def test_the_certificate_is_fetched_once_for_many_messages_and_anew_when_its_address_changes(world: Internet) -> None:
    for number in range(3):
        assert genuine(signed(notification(sms(messageBody=f"{number}"))))
    assert len(world.asked) == 1
    for number in range(6):
        path = f"/SimpleNotificationService-{number}.pem"
        world.answers[path] = world.answers[PEM]
        assert genuine(signed(notification(sms(), SigningCertURL=f"https://{HOST}{path}")))
        assert len(sns_signature._CERTIFICATES) <= sns_signature.MOST_CERTIFICATES
    assert len(world.asked) == 7


def test_forged_calls_that_name_other_certificates_never_throw_out_the_one_that_was_proven(world: Internet) -> None:
    assert genuine(signed(notification(sms())))
    for number in range(6):
        path = f"/SimpleNotificationService-{number}.pem"
        world.answers[path] = world.answers[PEM]
        url = f"https://{HOST}{path}"
        assert not genuine(signed(notification(sms(), SigningCertURL=url), MessageId="another"))
    before = len(world.asked)
    assert genuine(signed(notification(sms(messageBody="after it"))))
    assert len(world.asked) == before


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, b""),
        (200, {}, b"<html>"),
        (200, {}, b"\xff" * 1000),
        (200, {}, b"a" * 70_000),
        (404, {}, b""),
        (403, {}, b""),
        (302, {"Location": f"https://evil.example{PEM}"}, b""),
        (302, {"Location": "http://169.254.169.254/latest/meta-data/"}, b""),
    ],
)
def test_what_is_no_certificate_makes_nothing_genuine(
    world: Internet, answer: tuple[int, dict[str, str], bytes]
) -> None:
    world.answers[PEM] = answer
    assert not genuine(signed(notification(sms())))
    assert sns_signature._CERTIFICATES == {}


def test_a_certificate_of_another_kind_of_key_makes_nothing_genuine(world: Internet) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), NOW
    name = x509.Name([])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    world.answers[PEM] = (200, {}, pem(certificate))
    assert not genuine(signed(notification(sms())))


def test_a_certificate_is_good_for_its_dates_by_the_requests_own_clock(world: Internet) -> None:
    key, certificate = key_and_certificate("sns.amazonaws.com", NOW - timedelta(days=1), NOW + timedelta(days=1))
    world.answers[PEM] = (200, {}, pem(certificate))
    for days, passes in ((-2, False), (0, True), (2, False)):
        at = NOW + timedelta(days=days)
        envelope = notification(sms(), Timestamp=f"{at:%Y-%m-%dT%H:%M:%S.000Z}")
        assert genuine(replace(signed(envelope, key), now=at)) is passes, days
    assert len(world.asked) == 1, "and is kept over its end"


@pytest.mark.parametrize("trouble", ["no name", "nobody", "503"])
def test_a_certificate_that_cannot_be_had_now_is_no_strangers_fault(world: Internet, trouble: str) -> None:
    if trouble == "no name":
        world.names.clear()
    world.silent = {PUBLIC} if trouble == "nobody" else set()
    world.answers[PEM] = (503, {}, b"")
    with pytest.raises(FetchFailed):
        genuine(signed(notification(sms())))
    assert sns_signature._CERTIFICATES == {}


@pytest.mark.parametrize("length", [0, 1, 128, 255, 513, 1024])
def test_a_signature_of_a_length_that_rsa_does_not_give_is_refused_before_anything_is_fetched(
    world: Internet, length: int
) -> None:
    garbage = base64.b64encode(b"s" * length).decode()
    assert not genuine(signed(notification(sms()), Signature=garbage))
    assert world.resolved == []


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_a_key_of_any_length_that_aws_may_use_signs(world: Internet, bits: int) -> None:
    certificate, key = aws()[1], rsa.generate_private_key(65537, bits)
    longer = (
        x509.CertificateBuilder(certificate.issuer, certificate.subject, key.public_key(), 1)
        .not_valid_before(certificate.not_valid_before_utc)
        .not_valid_after(certificate.not_valid_after_utc)
        .sign(key, SHA256())
    )
    world.answers[PEM] = (200, {}, pem(longer))
    assert genuine(signed(notification(sms()), key))


def test_what_was_not_there_is_not_asked_for_again_within_a_minute(world: Internet) -> None:
    there, call = world.answers.pop(PEM), signed(notification(sms()))
    assert not genuine(call)
    world.answers[PEM] = there
    assert not genuine(replace(call, now=NOW + timedelta(seconds=59)))
    assert len(world.asked) == 1
    assert genuine(replace(call, now=NOW + timedelta(seconds=60)))
    assert len(world.asked) == 2


def test_what_could_not_be_had_is_still_no_strangers_fault_a_moment_later_and_is_asked_for_after_a_minute(
    world: Internet,
) -> None:
    there, call = world.answers[PEM], signed(notification(sms()))
    world.answers[PEM] = (503, {}, b"")
    for seconds in (0, 59):
        with pytest.raises(FetchFailed):
            genuine(replace(call, now=NOW + timedelta(seconds=seconds)))
    assert len(world.asked) == 1
    world.answers[PEM] = there
    assert genuine(replace(call, now=NOW + timedelta(seconds=60)))


def test_a_flood_of_forged_addresses_is_no_flood_of_fetches_and_aws_is_heard_through_it(world: Internet) -> None:
    assert genuine(signed(notification(sms())))
    calls = [signed(notification(sms(), SigningCertURL=f"https://{HOST}/SimpleNotificationService-{n:x}.pem"))
             for n in range(100)]  # fmt: skip
    most = sns_signature.MOST_FETCHES
    for call in calls[: most - 1]:
        assert not genuine(call)
    for call in calls[most:]:
        with pytest.raises(FetchFailed, match="enough"):
            genuine(call)
    assert len(world.asked) == most
    assert genuine(signed(notification(sms(messageBody="the certificate is known"))))
    assert not genuine(replace(calls[-1], now=NOW + timedelta(minutes=1)))
    assert len(world.asked) == most + 1
    assert len(sns_signature._IN_VAIN) <= most


def test_a_private_address_behind_the_hosts_name_makes_nothing_genuine(world: Internet) -> None:
    world.names[HOST] = ["169.254.169.254"]
    assert not genuine(signed(notification(sms())))
    assert world.connected == []


@pytest.mark.parametrize(
    ("age", "passes"),
    [
        (timedelta(minutes=-5, seconds=-1), False),
        (timedelta(minutes=-5), True),
        (timedelta(hours=1), True),
        (timedelta(days=14), True),
        (timedelta(days=14, seconds=1), False),
    ],
)
def test_sns_may_try_for_an_hour_and_a_dead_letter_may_lie_for_two_weeks(
    world: Internet, age: timedelta, passes: bool
) -> None:
    envelope = notification(sms(), Timestamp=f"{NOW - age:%Y-%m-%dT%H:%M:%S.000Z}")
    assert genuine(signed(envelope)) is passes


@pytest.mark.parametrize(
    "timestamp",
    ["", "now", "1795489205", "2026-11-24T03:00:00", "2026-11-24", "0001-01-01T00:00:00+23:59",
     "9999-12-31T23:59:59-23:59", "2026-13-01T00:00:00Z", "9" * 400],
)  # fmt: skip
def test_a_timestamp_that_is_no_instant_is_refused(world: Internet, timestamp: str) -> None:
    assert not genuine(signed(notification(sms(), Timestamp=timestamp)))
    assert world.resolved == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"Type": "Notification"}', b'{"Type": 7}', b'"x"']
)
def test_garbage_is_refused(world: Internet, body: bytes) -> None:
    assert not genuine(raw(body))


def test_a_doubled_field_is_refused(world: Internet) -> None:
    call = signed(notification(sms()))
    doubled = call.body[:-1] + b', "Message": ' + json.dumps(notification(sms())["Message"]).encode() + b"}"
    assert json.loads(doubled) == json.loads(call.body)
    assert not genuine(replace(call, body=doubled))


def test_unsigned_headers_are_not_asked(world: Internet) -> None:
    call = signed(notification(sms()))
    lying = {"x-amz-sns-topic-arn": "arn:aws:sns:us-east-1:1:x", "x-amz-sns-message-type": "SubscriptionConfirmation"}
    for headers in ({}, lying):
        assert genuine(replace(call, headers=headers))
        assert isinstance(sns.to_inbound_sms(replace(call, headers=headers)), Inbound)


# --- what came in


def test_a_text_is_read_whole() -> None:
    assert sns.to_inbound_sms(signed(notification(sms()))) == Inbound("sns", SMS_ID, CITIZEN, WORDS, None)


@pytest.mark.parametrize("body", ["a\x00b\x1b", "baris satu\nbaris dua ", "[]{}€^|~\\ <&> \"'", "é" * 1600])
def test_no_character_of_a_text_changes(body: str) -> None:
    message = sns.to_inbound_sms(signed(notification(sms(messageBody=body))))
    assert isinstance(message, Inbound)
    assert message.text == body


def test_published_twice_it_is_the_same_message() -> None:
    again = sns.to_inbound_sms(signed(notification(sms(), MessageId="other", Timestamp="2026-11-24T03:30:00.000Z")))
    assert again == sns.to_inbound_sms(signed(notification(sms())))


@pytest.mark.parametrize(
    "message",
    [
        "",
        "hello",
        "[]",
        "null",
        "{}",
        "[" * 50_000,
        '{"messageBody": "a", "messageBody": "b", "inboundMessageId": "c", "originationNumber": "d"}',
        '{"messageBody": "\\ud800", "inboundMessageId": "c", "originationNumber": "d"}',
        sms(messageBody=" \n"),
        sms(messageBody=None),
        sms(messageBody=["x"]),
        sms(inboundMessageId=""),
        sms(inboundMessageId="i" * 201),
        sms(originationNumber=""),
        sms(originationNumber=62800),
        event(context={"about": 7}),
        event(isFinal="true"),
    ],
)
def test_what_cannot_be_read_as_one_text_is_unreadable(message: Any) -> None:
    with pytest.raises(Unreadable):
        sns.to_inbound_sms(signed(notification(message)))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_what_is_no_envelope_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        sns.to_inbound_sms(raw(body))


# --- what became of ours


@pytest.mark.parametrize(
    ("kind", "delivered"),
    [
        ("TEXT_DELIVERED", True),
        ("TEXT_SUCCESSFUL", True),
        ("TEXT_INVALID", False),
        ("TEXT_UNREACHABLE", False),
        ("TEXT_CARRIER_BLOCKED", False),
        ("TEXT_TTL_EXPIRED", False),
        ("TEXT_SPAM", False),
    ],
)
def test_a_final_event_says_what_became_of_the_message_that_we_know(kind: str, delivered: bool) -> None:
    said = DeliveryReport("sns", MESSAGE_ID, "862a8790-60c0", delivered)
    assert sns.to_inbound_sms(signed(notification(event(eventType=kind)))) == said


@pytest.mark.parametrize(
    "fields",
    [
        {"isFinal": False},
        {"eventType": "TEXT_PENDING", "isFinal": False},
        {"eventType": "TEXT_UNKNOWN"},
        {"context": {}},
        {"context": None},
        {"context": {"account": "bar"}},
    ],
)
def test_an_interim_or_foreign_event_is_nothing_to_do(fields: dict[str, Any]) -> None:
    with pytest.raises(NotAMessage):
        sns.to_inbound_sms(signed(notification(event(**fields))))


# --- subscriptions


def test_a_subscription_of_our_topic_is_confirmed_at_the_topics_own_host(world: Internet) -> None:
    path = CONFIRM.removeprefix(f"https://{HOST}")
    world.answers[path] = (200, {}, b"<ConfirmSubscriptionResponse/>")
    call = signed(confirmation())
    assert genuine(call)
    with pytest.raises(NotAMessage):
        sns.to_inbound_sms(call)
    assert world.asked == [(HOST, PEM), (HOST, path)]


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        CONFIRM.replace("https", "http"),
        CONFIRM.replace(HOST, "evil.example"),
        CONFIRM.replace(HOST, f"{HOST}.evil.example"),
        CONFIRM.replace(HOST, "sns.us-east-1.amazonaws.com"),
        CONFIRM.replace(HOST, f"{HOST}:8443"),
        CONFIRM.replace(HOST, f"x@{HOST}"),
        "https://169.254.169.254/latest/meta-data/",
        f"https://{HOST}/gone",
    ],
)
def test_a_subscription_is_confirmed_nowhere_else(
    world: Internet, url: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(NotAMessage):
        sns.to_inbound_sms(signed(confirmation(SubscribeURL=url)))
    assert "not confirmed" in caplog.text
    assert "evil" not in caplog.text
    assert {path for _, path in world.asked} <= {"/gone"}


def test_a_confirmation_that_fails_for_now_is_asked_for_again(world: Internet) -> None:
    world.silent = {PUBLIC}
    with pytest.raises(FetchFailed):
        sns.to_inbound_sms(signed(confirmation()))


def test_the_end_of_a_subscription_is_told_and_confirms_nothing(
    world: Internet, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(NotAMessage):
        sns.to_inbound_sms(signed(confirmation("UnsubscribeConfirmation")))
    assert "ended" in caplog.text
    assert world.asked == []


# --- sending


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch) -> Iterator[Carrier]:
    with carrier_on() as told:
        told.status, told.answer = 200, b'{"MessageId": "862a8790-60c0"}'
        monkeypatch.setenv("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2", told.url)
        sns._client.cache_clear()
        yield told
    sns._client.cache_clear()


def city(**changes: Any) -> SmsProvider:
    return replace(SmsProvider("", topic=TOPIC, sender=CITY, webhook=URL), **changes)


def test_a_message_goes_out_in_the_name_of_the_citys_number(carrier: Carrier) -> None:
    assert sns.send(CITIZEN, WORDS, MESSAGE_ID, city()) == "862a8790-60c0"
    _, headers, body = carrier.only
    assert headers["x-amz-target"] == "PinpointSMSVoiceV2.SendTextMessage"
    assert "/sms-voice/aws4_request" in headers["authorization"]
    assert json.loads(body) == {
        "DestinationPhoneNumber": CITIZEN,
        "OriginationIdentity": CITY,
        "MessageBody": WORDS,
        "MessageType": "TRANSACTIONAL",
        "Context": {"about": ABOUT},
    }


def test_a_configuration_set_is_named_where_there_is_one(carrier: Carrier) -> None:
    sns.send(CITIZEN, WORDS, MESSAGE_ID, city(account="sambat-events"))
    assert json.loads(carrier.only[2])["ConfigurationSetName"] == "sambat-events"


def test_the_event_about_what_was_sent_carries_our_id(carrier: Carrier) -> None:
    sns.send(CITIZEN, WORDS, MESSAGE_ID, city())
    told = sns.to_inbound_sms(signed(notification(event(context=json.loads(carrier.only[2])["Context"]))))
    assert isinstance(told, DeliveryReport)
    assert told.message_id == MESSAGE_ID


@pytest.mark.parametrize(
    ("status", "code", "down"),
    [
        (400, "ValidationException", False),
        (400, "AccessDeniedException", False),
        (402, "ServiceQuotaExceededException", False),
        (400, "ThrottlingException", True),
        (429, "TooManyRequestsException", True),
        (500, "InternalServerException", True),
        (503, "ServiceUnavailable", True),
    ],
)
def test_a_refusal_is_told_by_its_code_names_nobody_and_is_not_repeated(
    carrier: Carrier, status: int, code: str, down: bool, caplog: pytest.LogCaptureFixture
) -> None:
    carrier.status = status
    carrier.answer = json.dumps({"__type": code, "Message": f"cannot send {WORDS} to {CITIZEN}"}).encode()
    error = _failure(caplog)
    assert (str(error), isinstance(error, CarrierDown)) == (f"sns: AWS said {code}", down)
    assert len(carrier.asked) == 1


def test_nobody_listening_is_a_carrier_that_is_down(
    carrier: Carrier, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2", f"http://127.0.0.1:{taken.getsockname()[1]}")
        error = _failure(caplog)
    assert str(error).startswith("sns: no answer")
    assert isinstance(error, CarrierDown)


def test_what_aws_could_never_take_is_a_failure_of_this_message_only(
    carrier: Carrier, caplog: pytest.LogCaptureFixture
) -> None:
    error = _failure(caplog, text="")
    assert not isinstance(error, CarrierDown)
    assert carrier.asked == []


def test_without_a_number_of_the_city_nothing_is_sent(carrier: Carrier, caplog: pytest.LogCaptureFixture) -> None:
    failure_of(lambda: sns.send(CITIZEN, WORDS, MESSAGE_ID, city(sender="")), caplog)
    assert carrier.asked == []


def test_an_answer_without_an_id_is_still_an_answer(carrier: Carrier) -> None:
    carrier.answer = b"{}"
    assert sns.send(CITIZEN, WORDS, MESSAGE_ID, city()) == MESSAGE_ID


def _failure(caplog: pytest.LogCaptureFixture, text: str = WORDS) -> Exception:
    # At DEBUG, botocore itself writes every request down
    return failure_of(lambda: sns.send(CITIZEN, text, MESSAGE_ID, city()), caplog, level=logging.INFO)


def test_sns_is_told_that_it_was_taken() -> None:
    reply = sns.answer("Tiket 7K3QD-9XW2M")
    assert (reply.status, json.loads(reply.body)) == (200, {"status": "accepted"})
