"""The envelope that SNS puts around a message, and AWS's signature of it.

It is RSA over SHA-1 (SignatureVersion 1) or SHA-256 (2) of the names and values of certain fields, each on a line of
its own, in the order of their names. AWS alone can put a certificate at sns.<region>.amazonaws.com: that host, over
verified TLS, is what makes it AWS's. Headers (X-Amz-Sns-*) are not signed.

Sources: docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message; aws/aws-sdk-java-v2, SnsHostProvider.java
and the test vectors of services-custom/sns-message-manager.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from chalicelib.adapters.sms_providers.fetching import FetchRefused, fetch

if TYPE_CHECKING:
    from cryptography import x509

MOST_CERTIFICATES: Final = 4
_NOTIFICATION: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED: Final = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
_CERTIFICATES: Final[dict[str, x509.Certificate]] = {}  # by URL, which changes with the certificate


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
        certificate = _certificate(envelope.signing_cert_url, host_of(envelope.topic_arn))
    except (FetchRefused, ValueError):
        return False
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return False
    return _is_signed_by(certificate, signature, signed, envelope.signature_version)


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


def _certificate(url: str, host: str) -> x509.Certificate:
    """Return the certificate at `url` of that host, kept once read; raise FetchRefused, FetchFailed or ValueError."""
    if not re.fullmatch(rf"https://{re.escape(host)}/[A-Za-z0-9_-]+\.pem", url):
        raise FetchRefused("not where SNS keeps its certificates")
    if url not in _CERTIFICATES:
        from cryptography import x509

        certificate = x509.load_pem_x509_certificate(fetch(url, lambda named: named == host))
        if len(_CERTIFICATES) >= MOST_CERTIFICATES:
            _CERTIFICATES.clear()
        _CERTIFICATES[url] = certificate
    return _CERTIFICATES[url]


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
