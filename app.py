"""The composition root: logging, CORS, every door and every trigger. It decides nothing.

a citizen's POST or SMS -> api -> workflows -> DynamoDB -> stream -> notify_opd -> the OPD
                                                        -> every 15 minutes -> sweep_deadlines -> escalations
"""

# ruff: noqa: E402  the garbage collector is stopped before the imports that it would slow down
from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

gc.disable()  # nothing is garbage while modules load: looking for it took a fifth of a cold start

from chalice.app import Chalice, CloudWatchEvent, CORSConfig, DynamoDBEvent, Rate, Response

from chalicelib import stream
from chalicelib.api.admin import admin
from chalicelib.api.desk import desk
from chalicelib.api.entering import entering
from chalicelib.api.errors import as_problem
from chalicelib.api.figures import figures
from chalicelib.api.form import form_pages
from chalicelib.api.headers import secured
from chalicelib.api.identity import identity
from chalicelib.api.ladder import ladder
from chalicelib.api.office import office
from chalicelib.api.office_complaint import complaint_pages
from chalicelib.api.office_entry import entry_pages
from chalicelib.api.office_holidays import holiday_pages
from chalicelib.api.office_letter import letter_pages
from chalicelib.api.office_quarantine import quarantine_pages
from chalicelib.api.office_reports import report_pages
from chalicelib.api.office_search import search_pages
from chalicelib.api.office_standings import standing_pages
from chalicelib.api.opd import opd
from chalicelib.api.openapi import documents
from chalicelib.api.pages import citizen_pages
from chalicelib.api.public import public
from chalicelib.api.public_pages import public_pages
from chalicelib.api.signing_in import signing_in
from chalicelib.api.webhooks import webhooks
from chalicelib.workflows import city, reconciling, sweeping

logging.getLogger().setLevel(os.environ.get("LOG_LEVEL", "INFO"))
for talkative in ("boto3", "botocore", "pynamodb", "urllib3"):  # at DEBUG they log whole requests, people in them
    logging.getLogger(talkative).setLevel(logging.INFO)

city.policy()  # a number of data/policy.json that is none stops the start, and names it
app = Chalice("sambat", configure_logs=False)
app.api.cors = CORSConfig(
    allow_origin="*", allow_headers=["Idempotency-Key", "X-Receipt", "Accept-Language"], max_age=600
)


@app.middleware("http")
def speak_problems(event: Any, get_response: Callable[[Any], Response]) -> Response:  # noqa: ANN401
    """Let what Chalice refuses by itself look like every other error, and give every answer its security headers."""
    return secured(as_problem(get_response(event), event))


for blueprint in (
    identity, public, webhooks, opd, admin, ladder, figures, form_pages, citizen_pages, desk, office, documents,
    signing_in, standing_pages, entering, public_pages, complaint_pages, search_pages, letter_pages,
    entry_pages, quarantine_pages, report_pages, holiday_pages,
):  # fmt: skip
    app.register_blueprint(blueprint)
for methods in app.routes.values():
    if "GET" in methods:  # it has no body: what a client says of one is no reason for a 415
        methods["GET"].content_types = ["*/*"]


@app.on_dynamodb_record(stream_arn=os.environ.get("SAMBAT_STREAM_ARN", "arn:aws:dynamodb:::table/complaints/stream"))
def notify_opd(event: DynamoDBEvent) -> dict[str, list[dict[str, str]]]:
    """Tell who is owed a message of what changed."""
    return stream.notify(event.to_dict()["Records"], datetime.now(UTC))


@app.schedule(Rate(15, unit=Rate.MINUTES))
def sweep_deadlines(event: CloudWatchEvent) -> dict[str, int]:
    """Escalate what is due as of the event's own time, so that a retried event decides the same."""
    at = datetime.fromisoformat(event.to_dict()["time"].replace("Z", "+00:00"))
    return sweeping.sweep(at, datetime.now(UTC))


@app.schedule(Rate(1, unit=Rate.HOURS))
def reconcile_messages(event: CloudWatchEvent) -> dict[str, int]:
    """Send what is owed and the stream never delivered: it forgets after 24 hours."""
    return reconciling.reconcile(datetime.fromisoformat(event.to_dict()["time"].replace("Z", "+00:00")))


gc.freeze()  # what is loaded stays: later searches pass it by
gc.enable()
