"""SMS providers: verify, read, take in, answer as that provider expects.

A bad signature is 403 and writes nothing. What is the provider's own but cannot be read is kept in quarantine and
answered 2xx, since providers do not try a 4xx again; a fault of ours is 503, so that they do, and so is what cannot be
told now.
"""

from __future__ import annotations

import logging
import urllib.parse
from typing import Final

from chalice.app import Blueprint, Response

from chalicelib.adapters import quarantine
from chalicelib.adapters.sms_providers import (
    DeliveryReport,
    NotAMessage,
    NotNow,
    Provider,
    Unreadable,
    WebhookRequest,
    provider_named,
)
from chalicelib.api import reading
from chalicelib.api.errors import RETRY_AFTER, Problem, answers_problems
from chalicelib.domain.bounds import TimelineFull
from chalicelib.domain.keys import name_of
from chalicelib.domain.life import IllegalAction
from chalicelib.settings import current
from chalicelib.workflows import conversation, outgoing, texting

webhooks = Blueprint(__name__)
log = logging.getLogger(__name__)
_MOST_KEPT: Final = 60_000  # characters of a body in quarantine, each up to 6 bytes as JSON: an item has 400 KB
answer = answers_problems(lambda: webhooks.current_request)


@webhooks.route(
    "/webhooks/sms/{provider}",
    methods=["GET", "POST"],
    content_types=[reading.JSON, reading.FORM, "text/plain"],
    cors=False,
)
@answer
def receive(provider: str) -> Response:
    """Take in an SMS of one provider; 404 for a provider that is not on."""
    config = current().sms.get(provider)
    if config is None:
        raise Problem("not_found")
    module = provider_named(provider)
    if webhooks.current_request.method not in module.METHODS:
        raise Problem("method_not_allowed", headers={"Allow": ", ".join(sorted(module.METHODS))})
    request = _request(provider)
    try:
        if not module.is_genuine(request, config):
            log.warning("%s: a request that is not genuine", provider)
            raise Problem("bad_signature")
        return _take_in(module, request)
    except NotNow as error:
        log.warning("%s: not now: %s", provider, error)
        raise Problem("unavailable", headers={"Retry-After": RETRY_AFTER}) from None


def _request(provider: str) -> WebhookRequest:
    """Return the request as the provider made it: its address is the configured one, never the Host header's."""
    request = webhooks.current_request
    params = request.query_params
    pairs = [(name, value) for name in params or () for value in params.getlist(name)]
    query = f"?{urllib.parse.urlencode(pairs)}" if pairs else ""
    return WebhookRequest(
        method=request.method,
        url=f"{current().public_url}/webhooks/sms/{provider}{query}",
        headers={name.lower(): value for name, value in request.headers.items()},
        body=reading.raw_body(request, reading.MOST_BYTES_SMS),
        query=dict(pairs),
        now=reading.now(),
        pairs=tuple(pairs),
    )


def _take_in(module: Provider, request: WebhookRequest) -> Response:
    text: str | None = None
    try:
        found = module.to_inbound_sms(request)
        if isinstance(found, DeliveryReport):
            outgoing.record_report(found, request.now)
        elif reply := texting.receive_sms(found, request.now):
            text = conversation.tell_sender(found, reply, request.now)
    except NotAMessage:
        log.info("%s: not a message", module.NAME)
    except Unreadable as error:
        _quarantine(module.NAME, request, str(error))
    except (texting.TooLong, TimelineFull, IllegalAction) as error:  # what is late for a complaint that takes no more
        _quarantine(module.NAME, request, type(error).__name__)
    answered = module.answer(text)
    return Response(answered.body, status_code=answered.status, headers={"Content-Type": answered.content_type})


def _quarantine(provider: str, request: WebhookRequest, reason: str) -> None:
    by_address = urllib.parse.urlsplit(request.url).query if request.method == "GET" else ""
    body = request.body.decode("utf-8", "backslashreplace") or by_address
    key = name_of(current().signing_key, "quarantine", provider, body)
    kept = body if len(body) <= _MOST_KEPT else f"{body[:_MOST_KEPT]}…"
    quarantine.quarantine(quarantine.Quarantined(provider, reason, kept), key, request.now)
    log.warning("%s: a message is in quarantine", provider)
