"""AWS End User Messaging: two-way SMS by an SNS topic, whose HTTPS subscription is our webhook (no raw delivery).

SNS POSTs, as text/plain:

    {"Type": "Notification", "MessageId": "da41e39f-ea4d-435a-b922-c6aae3915ebe",
     "TopicArn": "arn:aws:sns:ap-southeast-3:123456789012:sambat-sms",
     "Message": "{\\"originationNumber\\":\\"+6280000000001\\",\\"destinationNumber\\":\\"+6280000000099\\",
                  \\"messageKeyword\\":\\"KEYWORD\\",\\"messageBody\\":\\"Sambat jalan berlubang\\",
                  \\"inboundMessageId\\":\\"cae173d2-66b9-564c-8309-21f858e9fb84\\",
                  \\"previousPublishedMessageId\\":\\"862a8790-60c0-4430-9b2b-658bdexample\\"}",
     "Timestamp": "2026-11-24T03:00:00.000Z", "SignatureVersion": "1", "Signature": "EXAMPLE...",
     "SigningCertURL": "https://sns.ap-southeast-3.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"}

or, as Message, an event of a configuration set whose destination is the same topic (named by SAMBAT_SMS_SNS_ACCOUNT,
for what we send):

    {"eventType": "TEXT_DELIVERED", "eventVersion": "1.0", "isFinal": true, "messageStatus": "DELIVERED",
     "messageId": "862a8790-60c0-4430-9b2b-658bdexample", "context": {"about": "7K3QD-9XW2M_4_reporter"}, ...}

sns_signature.py says how it is signed.

SNS repeats a call that was not answered 2xx for at most an hour, unchanged and with its first Timestamp; what it gave
up stays in a dead-letter queue for up to 14 days, from where it may be posted again as it is. So that is how old a
message may be; ids are remembered longer, so that an old one counts once only.

Sources: docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload, /configuration-sets-event-format,
/configuration-sets-event-types (TEXT_SUCCESSFUL and TEXT_DELIVERED mean the same, depending on the country);
/sns/latest/dg/sns-message-delivery-retries, /sns-dead-letter-queues; botocore's description of pinpoint-sms-voice-v2.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import msgspec

from chalicelib.adapters.sms_providers import wire
from chalicelib.adapters.sms_providers.contract import (
    CarrierDown,
    DeliveryReport,
    Inbound,
    NotAMessage,
    Reply,
    SendFailed,
    Unreadable,
    WebhookRequest,
)
from chalicelib.adapters.sms_providers.fetching import FetchRefused, fetch
from chalicelib.adapters.sms_providers.sns_signature import Envelope, host_of, is_signed_by_aws
from chalicelib.settings import SmsProvider

NAME = "sns"
REPLIES_INLINE = False
METHODS = frozenset({"POST"})

OLDEST: Final = timedelta(days=14)
FASTEST_CLOCK: Final = timedelta(minutes=5)
LONGEST_OUTGOING_ID: Final = 100
CONNECT_SECONDS: Final = 3
READ_SECONDS: Final = 10
_SAYS_NEITHER: Final = "TEXT_UNKNOWN"  # after 72 hours without word from the carrier

log = logging.getLogger(__name__)


class _Message(msgspec.Struct, rename="camel"):
    origination_number: str = ""
    message_body: str = ""
    inbound_message_id: str = ""
    event_type: str = ""
    is_final: bool = False
    message_id: str = ""
    context: dict[str, str] | None = None


def is_genuine(request: WebhookRequest, provider: SmsProvider) -> bool:
    """Say whether AWS signed it for our topic, at most 14 days ago.

    Raises FetchFailed when the certificate cannot be had now: that is no stranger's doing, and SNS will try again.
    """
    try:
        envelope = wire.parse(request.body, Envelope)
    except Unreadable:
        return False
    if envelope.topic_arn != provider.topic or not _is_recent(envelope.timestamp, request.now):
        return False
    return is_signed_by_aws(envelope, request.now)


def _is_recent(timestamp: str, now: datetime) -> bool:
    try:
        said = datetime.fromisoformat(timestamp)
    except ValueError:
        return False
    return said.tzinfo is not None and -FASTEST_CLOCK <= now - said <= OLDEST


def to_inbound_sms(request: WebhookRequest) -> Inbound | DeliveryReport:
    """Return the SMS, or the report; a subscription is confirmed, and is no message.

    Raises FetchFailed, besides, when the confirmation cannot be sent now: SNS will ask again.
    """
    envelope = wire.parse(request.body, Envelope)
    if envelope.type == "SubscriptionConfirmation":
        _confirm(envelope)
        raise NotAMessage("a subscription")
    if envelope.type == "UnsubscribeConfirmation":
        log.warning("sns: the topic's subscription was ended: no SMS will come by it")
        raise NotAMessage("the end of a subscription")
    message = wire.parse(envelope.message.encode(), _Message)
    if message.event_type:
        return _report(message)
    if not message.message_body.strip():
        raise Unreadable("no text")
    wire.must_fit(message.inbound_message_id, message.origination_number, message.message_body)
    sender = wire.e164(message.origination_number)
    return Inbound(NAME, message.inbound_message_id, sender, message.message_body, None)


def _confirm(envelope: Envelope) -> None:
    """Visit the SubscribeURL, which must be that of the topic's own region."""
    try:
        host = host_of(envelope.topic_arn)
        fetch(envelope.subscribe_url or "", lambda named: named == host)
    except (FetchRefused, ValueError) as refused:
        log.error("sns: the subscription was not confirmed: %s", refused)  # noqa: TRY400  it says all
    else:
        log.warning("sns: the topic's subscription is confirmed")


def _report(message: _Message) -> DeliveryReport:
    about = (message.context or {}).get("about", "")
    says_neither = not message.is_final or message.event_type == _SAYS_NEITHER
    delivered = None if says_neither else message.event_type in ("TEXT_DELIVERED", "TEXT_SUCCESSFUL")
    return wire.report_of(NAME, about, message.message_id, delivered=delivered)


def answer(text: str | None) -> Reply:  # noqa: ARG001  the reply goes out by `send`
    """Return the 2xx that ends SNS's attempts."""
    return Reply('{"status":"accepted"}', "application/json")


def send(to: str, text: str, message_id: str, provider: SmsProvider) -> str:
    """Have AWS send `text` and return its id. A retry after a lost answer is a twin: AWS takes no id of ours for it."""
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

    if not provider.sender:
        raise SendFailed("SAMBAT_SMS_SNS_FROM is not set")
    more = {"ConfigurationSetName": provider.account} if provider.account else {}
    try:
        sent = _client().send_text_message(
            DestinationPhoneNumber=to,
            OriginationIdentity=provider.sender,
            MessageBody=text,
            MessageType="TRANSACTIONAL",
            Context={"about": wire.outgoing_id(message_id, LONGEST_OUTGOING_ID)},
            **more,
        )
    except ClientError as error:  # its message may quote the number
        code = error.response.get("Error", {}).get("Code", "no")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        down = code == "ThrottlingException" or status == 429 or status >= 500
        raise (CarrierDown if down else SendFailed)(f"{NAME}: AWS said {code}") from None
    except ParamValidationError:  # its message quotes what was given
        raise SendFailed(f"{NAME}: not a message that AWS takes") from None
    except BotoCoreError as error:
        raise CarrierDown(f"{NAME}: no answer ({type(error).__name__})") from None
    return str(sent.get("MessageId") or message_id)


@lru_cache(maxsize=1)
def _client() -> Any:  # noqa: ANN401  boto3 builds its clients at run time
    import boto3
    from botocore.config import Config

    # Once, as every provider: after a lost answer a second attempt would be a second SMS
    retries = {"mode": "standard", "total_max_attempts": 1}
    config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries=retries)
    return boto3.client("pinpoint-sms-voice-v2", config=config)
