"""SMS as providers deliver them to the webhook: signed at each delivery, whatever their message id."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import time
from typing import Any, Final

from chalicelib.settings import SMS_PROVIDERS
from infra.bench.stage import complaint_text, http_event

SMS_LENGTH: Final = 160  # characters of one SMS
CITY: Final = "+6280000000099"
SECRET: Final = "whsec_c2FtYmF0LWJlbmNoLXNlY3JldC1vZi0zMi1ieXRlcyE="  # noqa: S105  guards nothing
ALL_ON: Final = {
    **{f"SAMBAT_SMS_{name.upper()}_SECRET": SECRET for name in SMS_PROVIDERS},
    "SAMBAT_SMS_SNS_TOPIC_ARN": "arn:aws:sns:ap-southeast-3:123456789012:sms",
}


def sms_text(number: int) -> str:
    """Return the text of the `number`-th SMS, one like no other."""
    return f"SAMBAT laporan {number + 1}: {complaint_text(number)}"[:SMS_LENGTH]


def by_generic(text: str, sender: str, message_id: str, part: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return API Gateway's event of a delivery by `generic`, signed now as Standard Webhooks says."""
    message = {"id": message_id, "from": sender, "to": CITY, "text": text, "received_at": "2026-11-24T10:00:00+07:00"}
    event = _event("generic", {**message, "part": part} if part else message)
    name, at = "msg_2mQ6bVd0", str(int(time.time()))
    key = base64.b64decode(os.environ["SAMBAT_SMS_GENERIC_SECRET"].removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, f"{name}.{at}.{event['body']}".encode(), hashlib.sha256)).decode()
    headers = {"webhook-id": name, "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}
    event["headers"].update(headers)
    event["multiValueHeaders"].update({name: [value] for name, value in headers.items()})
    return event


def by_vonage(text: str, sender: str, message_id: str) -> dict[str, Any]:
    """Return API Gateway's event of a delivery by `vonage`, as JSON, signed now by HMAC-SHA256."""
    message = {
        "msisdn": sender.removeprefix("+"), "to": CITY.removeprefix("+"), "messageId": message_id, "text": text,
        "type": "text", "keyword": "SAMBAT", "message-timestamp": "2026-11-24 03:00:00",
        "timestamp": str(int(time.time())), "nonce": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
    }  # fmt: skip
    signed = "".join(f"&{name}={re.sub('[&=]', '_', value)}" for name, value in sorted(message.items()))
    secret = os.environ["SAMBAT_SMS_VONAGE_SECRET"]
    return _event("vonage", {**message, "sig": hmac.new(secret.encode(), signed.encode(), "sha256").hexdigest()})


def _event(provider: str, body: dict[str, Any]) -> dict[str, Any]:
    return http_event("POST", "/webhooks/sms/{provider}", body, provider=provider)


def taken(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of the webhook; RuntimeError unless the provider is told that the SMS was taken."""
    if answer["statusCode"] != 200 or json.loads(answer["body"]) != {"status": "accepted"}:
        raise RuntimeError(f"not taken: {answer}")
    return answer
