"""The envelope that SNS puts around a message, and AWS's signature of it.

It is RSA over SHA-1 (SignatureVersion 1) or SHA-256 (2) of the names and values of certain fields, each on a line of
its own, in the order of their names. AWS alone can put a certificate at sns.<region>.amazonaws.com: that host, over
verified TLS, is what makes it AWS's. Headers (X-Amz-Sns-*) are not signed.

Whoever knows the topic can name a certificate that is not there. So what can be told without it comes first, the same
address is not asked again for a minute, and all addresses together only a few times in one: SNS tries for an hour.

Sources: docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message; aws/aws-sdk-java-v2, SnsHostProvider.java
and the test vectors of services-custom/sns-message-manager (how a certificate is named, too).
"""

from __future__ import annotations

import base64
import re
from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from chalicelib.adapters.sms_providers.fetching import FetchFailed, FetchRefused, fetch

if TYPE_CHECKING:
    from cryptography import x509

MOST_CERTIFICATES: Final = 4
A_WHILE: Final = timedelta(minutes=1)
MOST_FETCHES: Final = 8  # in A_WHILE
SIGNATURE_BYTES: Final = range(2048 // 8, 4096 // 8 + 1)  # as many as the bits of an RSA key
_NOTIFICATION: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED: Final = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
_CERTIFICATES: Final[dict[str, x509.Certificate]] = {}  # fetched, by URL, which changes with the certificate
_PROVEN: Final[dict[str, x509.Certificate]] = {}  # those that verified a signature: no stranger throws them out
_FETCHED: Final[deque[datetime]] = deque(maxlen=MOST_FETCHES)
_IN_VAIN: Final[dict[str, tuple[datetime, type[FetchRefused | FetchFailed]]]] = {}  # by URL, for A_WHILE


class Envelope(msgspec.Struct, rename="pascal"):
    """What SNS POSTs."""

    type: str
    message_id: str
    topic_arn: str
    message: str
    timestamp: str
    signature_version: str
    signature: str
    signing_cert_url: str = msgspec.field(name="SigningCertURL")
    subscribe_url: str | None = msgspec.field(name="SubscribeURL", default=None)
    subject: str | None = None
    token: str | None = None


def is_signed_by_aws(envelope: Envelope, now: datetime) -> bool:
    """Say whether the signature is that of the certificate, valid `now`, of SNS in the region of its topic.

    Raises FetchFailed when the certificate cannot be had now.
    """
    signed = _string_to_sign(envelope)
    if not signed or envelope.signature_version not in ("1", "2"):
        return False
    try:
        signature = base64.b64decode(envelope.signature, validate=True)
        if len(signature) not in SIGNATURE_BYTES:
            return False
        certificate = _certificate(envelope.signing_cert_url, host_of(envelope.topic_arn), now)
    except (FetchRefused, ValueError):
        return False
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return False
    if not _is_signed_by(certificate, signature, signed, envelope.signature_version):
        return False
    _keep(_PROVEN, envelope.signing_cert_url, certificate)
    return True


def _keep(certificates: dict[str, x509.Certificate], url: str, certificate: x509.Certificate) -> None:
    if url not in certificates and len(certificates) >= MOST_CERTIFICATES:
        certificates.clear()
    certificates[url] = certificate


def host_of(topic: str) -> str:
    """Return the host of SNS in the region of that topic; ValueError for what is no ARN."""
    found = re.fullmatch(r"arn:(aws[a-z-]*):sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_-]+", topic)
    if not found:
        raise ValueError("not the ARN of a topic")
    return f"sns.{found[2]}.amazonaws.com{'.cn' if found[1] == 'aws-cn' else ''}"


def _string_to_sign(envelope: Envelope) -> bytes:
    """Return what AWS signs, nothing for a type that it does not send or a field that lacks."""
    fields = {
        "Message": envelope.message,
        "MessageId": envelope.message_id,
        "Subject": envelope.subject,
        "SubscribeURL": envelope.subscribe_url,
        "Timestamp": envelope.timestamp,
        "Token": envelope.token,
        "TopicArn": envelope.topic_arn,
        "Type": envelope.type,
    }
    said = [(name, fields[name]) for name in _SIGNED.get(envelope.type, ())]
    if any(value is None and name != "Subject" for name, value in said):
        return b""
    return "".join(f"{name}\n{value}\n" for name, value in said if value is not None).encode()


def _certificate(url: str, host: str, now: datetime) -> x509.Certificate:
    """Return the certificate at `url` of that host; raise FetchRefused, FetchFailed or ValueError."""
    if not re.fullmatch(rf"https://{re.escape(host)}/SimpleNotificationService-[0-9a-f]+\.pem", url):
        raise FetchRefused("not where SNS keeps its certificates")
    if known := _PROVEN.get(url) or _CERTIFICATES.get(url):
        return known
    _hold_back(url, now)
    try:
        certificate = _fetched(url, host)
    except (FetchRefused, FetchFailed, ValueError) as error:
        _IN_VAIN[url] = (now, FetchFailed if isinstance(error, FetchFailed) else FetchRefused)
        raise
    _keep(_CERTIFICATES, url, certificate)
    return certificate


def _hold_back(url: str, now: datetime) -> None:
    """Raise what that address came to within A_WHILE, or FetchFailed where enough was fetched in it; else note that
    one more is."""
    for old in [named for named, (at, _) in _IN_VAIN.items() if now - at >= A_WHILE]:
        del _IN_VAIN[old]
    if url in _IN_VAIN:
        raise _IN_VAIN[url][1]("in vain a moment ago")
    if len(_FETCHED) == MOST_FETCHES and now - _FETCHED[0] < A_WHILE:
        raise FetchFailed("enough was fetched for now")
    _FETCHED.append(now)


def _fetched(url: str, host: str) -> x509.Certificate:
    from cryptography import x509

    return x509.load_pem_x509_certificate(fetch(url, lambda named: named == host))


def _is_signed_by(certificate: x509.Certificate, signature: bytes, signed: bytes, version: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, signed, padding.PKCS1v15(), SHA1() if version == "1" else SHA256())  # noqa: S303  AWS's
    except InvalidSignature:
        return False
    return True
