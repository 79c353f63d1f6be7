"""Citizens: bring a complaint, see what became of it, add to it, rate the answer, reopen. No account, ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib.adapters import complaints, registry
from chalicelib.api import lists, reading, views
from chalicelib.api.errors import Problem, answers_problems, bad_field
from chalicelib.domain.complaint import Complaint, Filing
from chalicelib.domain.keys import is_receipt
from chalicelib.settings import current
from chalicelib.workflows import city, filing, following

public = Blueprint(__name__)
answer = answers_problems(lambda: public.current_request)


@public.route("/health", methods=["GET"])
@answer
def health() -> dict[str, Any]:
    """Say that the service answers and its database too."""
    registry.watermark()
    return {"status": "ok"}


@public.route("/complaints", methods=["POST"], content_types=[reading.JSON, reading.FORM])
@answer
def submit() -> Response:
    """File a complaint: JSON is answered by JSON, a form by a page."""
    request = public.current_request
    if reading.is_form(request):
        from chalicelib.api.form import submit_form

        return submit_form(request)
    body = reading.checked_complaint(reading.read_json(request, reading.ComplaintBody))
    filed = submit_body(body, idempotency_key(request.headers.get("idempotency-key")))
    location = {"Location": f"{current().public_url}/complaints/{filed.complaint.ticket}"}
    return Response(views.filed_view(filed.complaint, filed.receipt), headers=location, status_code=201)


def idempotency_key(given: str | None) -> str | None:
    """Return a usable Idempotency-Key, None when there is none."""
    if not given:
        return None
    if len(given) > 255 or not given.isprintable():
        raise Problem("bad_request", [("Idempotency-Key", "too_long", {"limit": "255"})])
    return given


def submit_body(body: reading.ComplaintBody, key: str | None) -> filing.Filed:
    """File what was read."""
    brought, reporter = read_filing(body, "web", tuple(body.photos))
    return filing.submit_complaint(brought, reporter, reading.now(), idempotency_key=key)


def read_filing(body: reading.Brought, channel: str, photos: tuple[str, ...] = ()) -> tuple[Filing, filing.Reporter]:
    """Return what a body brings, and for whom; a 400 for a category that the city does not have."""
    must_be_known(body.category)
    brought = Filing(
        text=body.text,
        channel=channel,
        kind=body.kind,
        category=body.category,
        address=body.address or None,
        lat=body.lat,
        long=body.long,
        photos=photos,
        anonymous=body.anonymous,
        confidential=body.confidential,
    )
    return brought, filing.Reporter(body.name or None, body.phone or None, body.email or None)


def must_be_known(category: str | None) -> None:
    """Raise a 400 for a category that the city does not have."""
    if category and all(one["code"] != category for one in city.current(reading.now()).services()):
        raise bad_field("category", "unknown")


@public.route("/complaints", methods=["GET"])
@answer
def list_public() -> dict[str, Any]:
    """List what the public may read: checked, not confidential; newest first."""
    asked = reading.query(public.current_request, *lists.PUBLIC_FILTERS, "limit", "cursor")
    page, following = lists.published(asked, reading.limit_of(asked), reading.now())
    items = [{k: v for k, v in views.public_view(one).items() if k not in ("timeline", "answers")} for one in page]
    return {"items": items, "next": following}


def readable(ticket: str, receipt: str | None) -> tuple[Complaint, bool]:
    """Return a complaint and whether the caller is its reporter; Problem 404 for what the caller may not see."""
    read = reading.ticket_in(ticket)
    complaint = complaints.complaint_of(read, consistent=True) if read else None
    mine = bool(receipt) and is_receipt(current().signing_key, read or "", receipt or "")
    if complaint is None or (complaint.confidential and not mine):
        raise Problem("not_found")
    return complaint, mine


@public.route("/complaints/{ticket}", methods=["GET"])
@answer
def read(ticket: str) -> dict[str, Any]:
    """Show a complaint as everybody may see it; with its receipt, as its reporter sees it."""
    complaint, mine = readable(ticket, public.current_request.headers.get("x-receipt"))
    return views.own_view(complaint) if mine else views.public_view(complaint)


@public.route("/complaints/{ticket}/messages", methods=["POST"], content_types=[reading.JSON, reading.FORM])
@answer
def add_message(ticket: str) -> Any:  # noqa: ANN401
    """Add to one's own complaint; while it waits for an answer to a question, this is the answer. A form that is sent
    twice adds once."""
    once = reading.is_form(public.current_request)

    def step(own: str, body: reading.MessageBody) -> Complaint | None:
        return following.add_message(own, body.text, reading.now(), once=once, is_reply=None)

    return _follow_up(ticket, reading.MessageBody, step)


@public.route("/complaints/{ticket}/rating", methods=["POST"], content_types=[reading.JSON, reading.FORM])
@answer
def rate(ticket: str) -> Any:  # noqa: ANN401
    """Rate the answer to one's own complaint, which closes it."""
    return _follow_up(
        ticket, reading.RatingBody, lambda own, body: following.rate(own, body.score, body.comment, reading.now())
    )


@public.route("/complaints/{ticket}/reopen", methods=["POST"], content_types=[reading.JSON, reading.FORM])
@answer
def reopen(ticket: str) -> Any:  # noqa: ANN401
    """Say why one is not content with the answer, or with the rejection: it is worked on again."""
    return _follow_up(ticket, reading.ReasonBody, lambda own, body: following.reopen(own, body.reason, reading.now()))


def _follow_up(ticket: str, model: type[reading.BodyT], step: Callable[[str, reading.BodyT], Complaint | None]) -> Any:  # noqa: ANN401
    """Let the reporter do a step on their own complaint: JSON is answered by JSON, a form by the ticket's page."""
    request = public.current_request
    if not reading.is_form(request):
        body = reading.said(reading.read_json(request, model))
        return views.own_view(_followed(ticket, request.headers.get("x-receipt"), body, step))
    from chalicelib.api.pages import shows_problems, ticket_page

    def page() -> Response:
        fields = reading.read_form(request)
        receipt, _ = fields.pop("receipt", None), fields.pop("lang", None)
        body = reading.said(reading.from_form(fields, model))
        return ticket_page(request, _followed(ticket, receipt, body, step), mine=True)

    shown: Response = shows_problems(lambda: request)(page)()
    return shown


def _followed(
    ticket: str, receipt: str | None, body: reading.BodyT, step: Callable[[str, reading.BodyT], Complaint | None]
) -> Complaint:
    """Return the complaint after the step; Problem 404 without its receipt, as for none."""
    complaint, mine = readable(ticket, receipt)
    changed = step(complaint.ticket, body) if mine else None
    if changed is None:
        raise Problem("not_found")
    return changed


@public.route("/services", methods=["GET"])
@answer
def services() -> dict[str, Any]:
    """List the categories that a citizen may choose from."""
    return {"items": city.current(reading.now()).services(), "next": None}
