"""What leaves the service for a person: an e-mail by SES, an SMS by the provider it came by. Each once per call."""

from __future__ import annotations

import re
import unicodedata
from email.utils import formataddr, parseaddr
from functools import lru_cache
from typing import Any, Final

from chalicelib.adapters.sms_providers import CarrierDown, SendFailed, provider_named
from chalicelib.settings import Settings

LONGEST_SUBJECT: Final = 120
ID_HEADER: Final = "X-Sambat-Id"


def send_email(to: str, subject: str, text: str, message_id: str, settings: Settings) -> str:
    """Hand a plain UTF-8 e-mail to SES and return its MessageId; raise SendFailed (CarrierDown), which names nobody.

    `message_id` travels as X-Sambat-Id, so that a mail that went out twice (its first answer was lost) is seen as one.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    if not re.fullmatch(r"[^\s,;<>@]+@[^\s,;<>@]+", to):
        raise SendFailed("email: not one address")
    name, address = parseaddr(settings.sender_email)
    try:
        sent = _ses().send_email(
            FromEmailAddress=formataddr((name or f"Sambat {settings.city}", address)),
            Destination={"ToAddresses": [to]},
            Content={
                "Simple": {
                    "Subject": {"Data": one_line(subject), "Charset": "UTF-8"},
                    "Body": {"Text": {"Data": text.encode("utf-8", "replace").decode(), "Charset": "UTF-8"}},
                    "Headers": [{"Name": ID_HEADER, "Value": re.sub(r"[^\x21-\x7e]", "-", message_id)[:256]}],
                }
            },
        )
    except ClientError as error:  # its message quotes the address
        code = error.response.get("Error", {}).get("Code", "no")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        failed = CarrierDown if status == 429 or status >= 500 else SendFailed
        raise failed(f"email: SES said {code}") from None
    except BotoCoreError as error:
        raise CarrierDown(f"email: no answer ({type(error).__name__})") from None
    return str(sent["MessageId"])


def one_line(subject: str) -> str:
    """Return `subject` in at most 120 characters without controls, line ends, direction marks or broken characters."""
    inert = (" " if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else c for c in subject)
    line = " ".join("".join(inert).split())
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1].rstrip()}…"


def send_sms(to: str, text: str, message_id: str, settings: Settings, provider_name: str) -> str:
    """Send by that provider and return its id of the message; raise SendFailed, which names nobody."""
    provider = settings.sms.get(provider_name)
    if provider is None:
        raise SendFailed("sms: that provider is not on")
    return provider_named(provider_name).send(to, text, message_id, provider)


@lru_cache(maxsize=1)
def _ses() -> Any:  # noqa: ANN401  boto3 builds its clients at run time
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": 3}
    return boto3.client("sesv2", config=Config(connect_timeout=3, read_timeout=10, retries=retries))
