"""Staff enter what reached the city otherwise than by its doors, and what a person can read in a quarantined SMS.

Only an admin does; mayor and auditor read the quarantine.
"""

from __future__ import annotations

import urllib.parse
from typing import Any, Final, cast, get_args

from chalice.app import Blueprint, Response

from chalicelib.adapters import quarantine
from chalicelib.adapters.quarantine import Kept, State, message_in_quarantine, page_of_quarantine
from chalicelib.api import lists, reading, views
from chalicelib.api.errors import Problem, answers_problems
from chalicelib.api.identity import Principal, guard, identify
from chalicelib.api.public import idempotency_key, must_be_known, read_filing
from chalicelib.domain.complaint import Actor, Complaint, Role
from chalicelib.domain.privacy import masked
from chalicelib.settings import current
from chalicelib.workflows import entering as desk
from chalicelib.workflows.filing import Reporter

entering = Blueprint(__name__)
answer = answers_problems(lambda: entering.current_request)

_READERS: Final = ("admin", "mayor", "auditor")
_SHOWN_IN_A_LIST: Final = 2_000  # characters of a body: a hundred whole ones are more than an answer of Lambda's holds


@entering.route("/admin/complaints", methods=["POST"], authorizer=identify, content_types=[reading.JSON])
@answer
def enter_complaint() -> Response:
    """File what a citizen brought to the staff; the receipt is for the citizen."""
    request = entering.current_request
    who = guard(request, "admin")
    body = reading.checked_complaint(reading.read_json(request, reading.EntryBody))
    brought, reporter = read_filing(body, body.channel.value)
    key = idempotency_key(request.headers.get("idempotency-key"))
    filed = desk.enter_complaint(brought, reporter, Actor(Role.ADMIN, who.subject), reading.now(), idempotency_key=key)
    return _created(filed.complaint, filed.receipt)


def _created(complaint: Complaint, receipt: str | None) -> Response:
    where = {"Location": f"{current().public_url}/complaints/{complaint.ticket}"}
    return Response(views.filed_view(complaint, receipt), headers=where, status_code=201)


@entering.route("/admin/quarantine", methods=["GET"], authorizer=identify)
@answer
def list_quarantine() -> dict[str, Any]:
    """List the messages of SMS providers that could not be read, newest first; those of a day by the time on a page."""
    guard(entering.current_request, *_READERS)
    asked = reading.query(entering.current_request, "state", "limit", "cursor")
    return part_of_quarantine(asked, reading.limit_of(asked))


def part_of_quarantine(asked: dict[str, str], limit: int) -> dict[str, Any]:
    """Return a page of the messages in the `state` asked for, by default the open ones, after the `cursor`."""
    state = cast("State", reading.choice(asked, "state", get_args(State)) or "open")
    where = f"quarantine:{state}"
    rows = page_of_quarantine(state, lists.opened(asked.get("cursor"), where) or "9", limit)
    items = [in_list(one) for one in sorted(rows, key=lambda one: one.at, reverse=True)]
    return {"items": items, "next": lists.sealed(rows[-1].key, where) if len(rows) == limit else None}


@entering.route("/admin/quarantine/{message}", methods=["GET"], authorizer=identify)
@answer
def read_quarantined(message: str) -> dict[str, Any]:
    """Show one message in quarantine whole, open or settled; that it was read is written down first."""
    return read_by(guard(entering.current_request, *_READERS).subject, message)


def read_by(who: str, message: str) -> dict[str, Any]:
    """Return a message whole, numbers and all, and who has read it so, `who` among them; Problem 404 for none."""
    key = reading.key_in(message)
    kept = message_in_quarantine(key) if key else None
    if kept is None:
        raise Problem("not_found")
    quarantine.record_read(kept.key, who, reading.now())
    reads = [{"at": views.iso(read.at), "who": read.who} for read in quarantine.reads_of(kept.key)]
    return {**_shown(kept, kept.message.body, len(kept.message.body)), "reads": reads}


@entering.route(
    "/admin/quarantine/{message}/complaint", methods=["POST"], authorizer=identify, content_types=[reading.JSON]
)
@answer
def file_quarantined(message: str) -> Response:
    """Make a complaint of what a person read in the message. No receipt: an SMS has none, its number proves it."""
    who = guard(entering.current_request, "admin")
    return _created(file_message(message, reading.read_json(entering.current_request, reading.ReadSmsBody), who), None)


def file_message(message: str, read: reading.ReadSmsBody, who: Principal) -> Complaint:
    """Make a complaint of what a person read in a message, and return it; Problem 404 for no message."""
    body = reading.checked_sms(read)
    must_be_known(body.category)
    reporter = Reporter(body.name or None, body.phone or None)
    actor, key = Actor(Role.ADMIN, who.subject), reading.key_in(message)
    filed = key and desk.file_quarantined(
        key, body.text, reporter, actor, reading.now(), kind=body.kind, category=body.category
    )
    if not filed:
        raise Problem("not_found")
    return filed


@entering.route(
    "/admin/quarantine/{message}/discard", methods=["POST"], authorizer=identify, content_types=[reading.JSON]
)
@answer
def discard_quarantined(message: str) -> dict[str, Any]:
    """Say why nothing becomes of the message."""
    who = guard(entering.current_request, "admin")
    return discard_message(message, reading.read_json(entering.current_request, reading.ReasonBody), who)


def discard_message(message: str, why: reading.ReasonBody, who: Principal) -> dict[str, Any]:
    """Let a message become nothing, for a reason, and return it as a list shows it; Problem 404 for no message."""
    body, actor, key = reading.said(why), Actor(Role.ADMIN, who.subject), reading.key_in(message)
    kept = desk.discard_quarantined(key, body.reason, actor, reading.now()) if key else None
    if kept is None:
        raise Problem("not_found")
    return in_list(kept)


def in_list(kept: Kept) -> dict[str, Any]:
    """Return a message as a list shows it: numbers hidden, a long body cut."""
    body = kept.message.body
    said = body if body.startswith("{") else urllib.parse.unquote_plus(body)  # a form hides its numbers from the mask
    return _shown(kept, masked(said[: 2 * _SHOWN_IN_A_LIST])[:_SHOWN_IN_A_LIST], _SHOWN_IN_A_LIST)


def _shown(kept: Kept, body: str, most: int) -> dict[str, Any]:
    message, settled = kept.message, kept.message.settled
    return {
        "id": kept.key.replace("#", "."),
        "at": views.iso(kept.at),
        "state": settled.state if settled else "open",
        "provider": message.provider,
        "reason": message.reason,
        "body": body,
        "truncated": len(message.body) > most,
        "settled": settled and {
            "at": views.iso(settled.at), "who": settled.who, "ticket": settled.ticket, "reason": settled.reason,
        },
    }  # fmt: skip
