"""SMS providers: one module for each, all of the same shape, found by their name in the webhook's path.

A new one is a module here, its case in `provider_named`, and its name in settings. A process loads only those that it
uses.
"""

from chalicelib.adapters.sms_providers.contract import (
    CarrierDown,
    DeliveryReport,
    Inbound,
    NotAMessage,
    NotNow,
    Part,
    Provider,
    Reply,
    SendFailed,
    Unreadable,
    WebhookRequest,
)

__all__ = [
    "CarrierDown",
    "DeliveryReport",
    "Inbound",
    "NotAMessage",
    "NotNow",
    "Part",
    "Provider",
    "Reply",
    "SendFailed",
    "Unreadable",
    "WebhookRequest",
    "provider_named",
]


def provider_named(name: str) -> Provider:
    """Return the module of a provider, loaded when it is first asked for; KeyError for a name that none has."""
    match name:
        case "smsgate":
            from chalicelib.adapters.sms_providers import smsgate

            return smsgate
        case "generic":
            from chalicelib.adapters.sms_providers import generic

            return generic
        case "vonage":
            from chalicelib.adapters.sms_providers import vonage

            return vonage
        case "plivo":
            from chalicelib.adapters.sms_providers import plivo

            return plivo
        case "sinch":
            from chalicelib.adapters.sms_providers import sinch

            return sinch
        case "messagebird":
            from chalicelib.adapters.sms_providers import messagebird

            return messagebird
        case "sns":
            from chalicelib.adapters.sms_providers import sns

            return sns
        case "twilio":
            from chalicelib.adapters.sms_providers import twilio

            return twilio
        case _:
            raise KeyError(name)
