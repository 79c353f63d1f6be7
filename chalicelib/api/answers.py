"""What the interface answers, as the published document describes it; `views.py` makes it.

Nothing at work needs these classes: only `/openapi.json` imports them, and the tests hold real answers against them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.api.reading import DivisionBody, HeadBody
from chalicelib.domain.complaint import Kind, Rung, Status

Ticket = Annotated[
    str,
    Meta(
        pattern="^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$",
        description="Ten characters of Crockford's base 32; the last one checks the others.",
    ),
]
Instant = Annotated[datetime, Meta(tz=True)]
OpdCode = Annotated[str, Meta(description="The code of an OPD.")]
DivisionCode = Annotated[str, Meta(description="The code of a division within its OPD.")]
Channel = Annotated[str, Meta(description="How it came: `web`, `sms`, ...")]


class FieldError(Struct):
    """One field that is wrong, and how."""

    field: str
    message: str


class Problem(Struct):
    """An error (RFC 9457), in the language that was asked for. `errors` is there when fields are wrong."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] | UnsetType = UNSET


class Health(Struct):
    """The service answers, and its database too."""

    status: Literal["ok"]


class Service(Struct):
    """A category that a citizen may choose."""

    code: str
    name: str
    name_en: str
    opd: OpdCode
    division: DivisionCode
    group: str


class Links(Struct):
    """Where the complaint is read: by programs, and by people."""

    self: str
    page: str


class Filed(Struct):
    """A complaint that was just filed. The receipt is told this once; it opens the complaint as its reporter's own."""

    ticket: Ticket
    receipt: str
    kind: Kind
    status: Status
    opd: OpdCode | None
    division: DivisionCode | None
    received_at: Instant
    answer_due_at: Instant | None
    links: Links


class AnswerGiven(Struct):
    """What the OPD answered; `final` false is an interim answer."""

    at: Instant
    text: str
    final: bool


class PublicEntry(Struct):
    """One step of a complaint, as a citizen may see it; a field that the step does not have is absent."""

    at: Instant
    entry: str
    kind: Kind | UnsetType = UNSET
    opd: OpdCode | UnsetType = UNSET
    division: DivisionCode | UnsetType = UNSET
    category: str | UnsetType = UNSET
    text: Annotated[str, Meta(description="The reporter's own message, shown to them alone.")] | UnsetType = UNSET
    final: bool | UnsetType = UNSET
    rung: Rung | UnsetType = UNSET
    n: int | UnsetType = UNSET
    incomplete: bool | UnsetType = UNSET
    deadline: Instant | UnsetType = UNSET
    written_at: Instant | UnsetType = UNSET


class PublicItem(Struct):
    """A complaint in the public list. `text` is null while nobody has checked it, else without personal data."""

    ticket: Ticket
    kind: Kind
    status: Status
    text: str | None
    opd: OpdCode | None
    division: DivisionCode | None
    category: str | None
    received_at: Instant
    answer_due_at: Instant | None


class PublicComplaint(PublicItem):
    """A complaint as everybody may see it; its reporter sees their text as it was sent."""

    answers: list[AnswerGiven]
    timeline: list[PublicEntry]


class ListItem(Struct):
    """A complaint in a list of an OPD's or of the admin's."""

    ticket: Ticket
    kind: Kind
    channel: Channel
    status: Status
    opd: OpdCode | None
    division: DivisionCode | None
    category: str | None
    received_at: Instant
    verify_due_at: Instant
    answer_due_at: Instant | None
    finish_due_at: Instant
    rung: Rung | None
    escalations: int
    overdue: bool
    text: str


class Suggestion(Struct):
    """What the routing rules would do, and because of which words."""

    opd: OpdCode | None
    division: DivisionCode | None
    category: str | None
    label: str | None
    because: list[str]


class QueueItem(ListItem):
    """A complaint that waits for dispatch."""

    suggestion: Suggestion | None


class StaffEntry(PublicEntry):
    """One step of a complaint, as who works on it may see it. `who` is the subject of their token."""

    text: Annotated[str, Meta(description="What was written in this step.")] | UnsetType = UNSET
    by: str | UnsetType = UNSET
    who: str | UnsetType = UNSET
    clock: int | UnsetType = UNSET


class StaffComplaint(QueueItem):
    """The whole of a complaint for who works on it."""

    address: str | None
    lat: float | None
    long: float | None
    photos: list[str]
    anonymous: bool
    confidential: bool
    checked: bool
    incomplete: bool
    provisional_deadlines: bool
    timeline: list[StaffEntry]


class Reporter(Struct):
    """Who filed it."""

    name: str | None
    phone: str | None
    email: str | None


class ReporterOfComplaint(Reporter):
    """Who filed one complaint; what they did not say is null."""

    ticket: Ticket


class OfficerComplaint(StaffComplaint):
    """A complaint for its OPD; `reporter` is null when they asked not to be known, or said nothing of themselves."""

    reporter: Reporter | None


class EscalationItem(Struct):
    """A deadline that passed. `recorded_at` is the time of the sweep's event, `written_at` the wall clock."""

    ticket: Ticket
    n: Annotated[int, Meta(ge=1)]
    rung: Rung
    opd: OpdCode
    division: DivisionCode
    deadline: Instant
    recorded_at: Instant
    written_at: Instant
    clock: int
    state: str


class Opd(Struct):
    """An OPD as the city has set it."""

    code: OpdCode
    name: str
    head: HeadBody
    divisions: list[DivisionBody]


class QuarantineItem(Struct):
    """A message of an SMS provider that could not be read, as it came."""

    id: str
    at: Instant
    provider: str
    reason: str
    body: str
