"""What the interface answers, as the published document describes it; `views.py` makes it.

Nothing at work needs these classes: only `/openapi.json` imports them, and the tests hold real answers against them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.api.reading import Days, DivisionBody, HeadBody, Year
from chalicelib.domain.complaint import Kind, Reason, Rung, Status
from chalicelib.domain.escalation import State

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
Score = Annotated[int, Meta(ge=1, le=5)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0)]
Month = Annotated[str, Meta(description="A month of the city's calendar: 2026-11.")]


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
    """A complaint that was just filed. The receipt is told this once; it opens the complaint as its reporter's own.

    Who says nearly the same again by the same telephone number within minutes gets the first ticket, and no receipt:
    they have it.
    """

    ticket: Ticket
    receipt: str | None
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
    text: (
        Annotated[str, Meta(description="What the reporter wrote, or was asked or told: shown to them alone.")]
        | UnsetType
    ) = UNSET
    final: bool | UnsetType = UNSET
    rung: Rung | UnsetType = UNSET
    n: int | UnsetType = UNSET
    incomplete: bool | UnsetType = UNSET
    score: Score | UnsetType = UNSET
    reason: Annotated[Reason, Meta(description="Why it was rejected.")] | UnsetType = UNSET
    into: Annotated[str, Meta(description="The ticket of the complaint that it was merged into.")] | UnsetType = UNSET
    ticket: Annotated[str, Meta(description="The ticket of a complaint that was merged into it.")] | UnsetType = UNSET
    deadline: Instant | UnsetType = UNSET
    written_at: Instant | UnsetType = UNSET


class PublicItem(Struct):
    """A complaint in the public list. `text` is null while nobody has checked it, else without personal data.

    `reply_due_at` is until when a reply to the OPD's question is waited for, while it is; `reopen_until` until when
    its reporter may reopen it, once it is answered.
    """

    ticket: Ticket
    kind: Kind
    status: Status
    text: str | None
    opd: OpdCode | None
    division: DivisionCode | None
    category: str | None
    received_at: Instant
    answer_due_at: Instant | None
    merged_into: Ticket | None
    rating: Score | None
    reply_due_at: Instant | None
    reopen_until: Instant | None


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
    merged_into: Ticket | None
    rating: Score | None
    reply_due_at: Instant | None
    reopen_until: Instant | None
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


class LikelyDuplicate(ListItem):
    """A complaint that is likely about the same thing."""

    likeness: Annotated[float, Meta(ge=0, le=1)]


class StaffEntry(PublicEntry):
    """One step of a complaint, as who works on it may see it. `who` is the subject of their token."""

    text: Annotated[str, Meta(description="What was written in this step.")] | UnsetType = UNSET
    by: str | UnsetType = UNSET
    who: str | UnsetType = UNSET
    clock: int | UnsetType = UNSET
    finish_deadline: Instant | UnsetType = UNSET
    rung_deadline: Instant | UnsetType = UNSET


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


class MessageItem(Struct):
    """A message about a complaint: whom it was for, and what became of it; an SMS is `owed` while it is tried again,
    `held` over the day's caps, `delivered` or `failed` as its carrier reports."""

    about: str
    to: Literal["division", "head", "reporter"]
    ticket: Ticket
    via: Literal["email", "sms"]
    at: Instant
    state: Literal["sent", "owed", "held", "unwanted", "delivered", "failed"]
    attempts: Count
    segments: Count | None


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
    state: State


class SettledComplaint(StaffComplaint):
    """The complaint in whose timeline an escalation was contested or settled, and that escalation."""

    escalation: EscalationItem


class ContestedElsewhere(Struct):
    """The same where the complaint is another division's by now."""

    ticket: Ticket
    escalation: EscalationItem


class EscalationName(Struct):
    """One escalation: the n-th of a complaint."""

    ticket: Ticket
    n: Annotated[int, Meta(ge=1)]


Rules = Annotated[
    list[
        Literal[
            "first_warning", "complaint_reached_black_vest", "third_warning_within_window",
            "complaint_reached_replacement", "two_more_black_vests_within_window", "came_down",
        ]
    ],
    Meta(description="The rules that made it."),
]  # fmt: skip


class StandingItem(Struct):
    """How a division stands. `because` and `rules` are those of the rung, then those of the proposal.

    `comes_down_at` is when it comes down one rung if nothing happens until then; OPD and division `admin` are who
    dispatches.
    """

    opd: OpdCode
    division: DivisionCode
    rung: Rung | None
    since: Instant | None
    proposed: Rung | None
    because: list[EscalationName]
    rules: Rules
    rung_because: list[EscalationName]
    rung_rules: Rules
    proposal_because: list[EscalationName]
    proposal_rules: Rules
    comes_down_at: Instant | None


class Counted(Struct):
    """What happened in a month. Hours are working hours, to one bin of the histogram; of nothing they are null.

    `dispatched` counts what a division was given, `answered` first answers, `on_time` and `late` how answer clocks
    ended, `rated` the scores behind `rating_mean`.
    """

    dispatched: Count
    answered: Count
    on_time: Count
    late: Count
    share_on_time: Share | None
    median_hours: Count | None
    p90_hours: Count | None
    finished: Count
    rated: Count
    rating_mean: Annotated[float, Meta(ge=1, le=5)] | None


class PublicStanding(Struct):
    """The rung on which a division stands now. `because` leaves out confidential complaints, `escalations` does not."""

    rung: Rung
    since: Instant
    rules: Rules
    because: list[EscalationName]
    escalations: Count


class CityOnBoard(Counted, kw_only=True):
    """The whole city; `received` is what citizens brought."""

    received: Count


class OpdOnBoard(Counted, kw_only=True):
    """An OPD on the scoreboard; `admin` is who dispatches."""

    opd: OpdCode


class DivisionOnBoard(OpdOnBoard, kw_only=True):
    """A division on the scoreboard; its standing is the one now, null when it is on no rung."""

    division: DivisionCode
    standing: PublicStanding | None


class PublicReward(Struct):
    """A division in a month's ranking, and what it was awarded; who was awarded without a place in it has no rank."""

    opd: OpdCode
    division: DivisionCode
    period: Month
    rank: Annotated[int, Meta(ge=1)] | None
    nominated: bool
    finished: Count | None
    share_on_time: Share | None
    median_hours: Count | None
    rating_mean: Annotated[float, Meta(ge=1, le=5)] | None
    reward: str | None
    awarded_at: Instant | None


class RewardItem(PublicReward):
    """The same for who may award. `awarded_by` is the subject of their token."""

    awarded_by: str | None


class Scoreboard(Struct):
    """A month in figures, how the divisions stand now, and the month's rewards."""

    period: Month
    total: CityOnBoard
    opds: list[OpdOnBoard]
    divisions: list[DivisionOnBoard]
    rewards: list[PublicReward]


class Climbed(Struct):
    """How many escalations reached each rung."""

    warning: Count
    black_vest: Count
    replacement: Count


class Summary(Counted, kw_only=True):
    """Everything that is counted of a month. What a reopening takes back it takes back in the month of the answer."""

    received: int
    finish_late: int
    refused: int
    rejected: int
    merged: int
    reopened: int
    closed: int
    escalations: Climbed


class OpdSummary(Summary, kw_only=True):
    """A month of one OPD; `admin` is who dispatches."""

    opd: OpdCode


class DivisionSummary(OpdSummary, kw_only=True):
    """A month of one division."""

    division: DivisionCode


class KindSummary(Summary, kw_only=True):
    """A month of one kind of complaint."""

    kind: Kind


class ChannelSummary(Summary, kw_only=True):
    """A month of what came one way."""

    channel: Channel


class SmsCounts(Struct):
    """The SMS that went out in a month. `held` were over the day's caps: not sent, or the next morning; `delivered` is
    what carriers report, `failed` what was given up, `emailed` what went by e-mail at last."""

    messages: Count
    segments: Count
    held: Count
    delivered: Count
    failed: Count
    emailed: Count
    segments_per_complaint: float | None


class Statistics(Struct):
    """A month in figures. `bins_hours` are the bounds of the histogram from which median and p90 are read."""

    period: Month
    total: Summary
    opds: list[OpdSummary]
    divisions: list[DivisionSummary]
    kinds: list[KindSummary]
    channels: list[ChannelSummary]
    bins_hours: list[int]
    sms: SmsCounts


class Holidays(Struct):
    """The table of holidays. `moved` says, after a change, how many complaints' deadlines have moved by now."""

    years: dict[Year, Days]
    moved: Count | UnsetType = UNSET


class Opd(Struct):
    """An OPD as the city has set it."""

    code: OpdCode
    name: str
    head: HeadBody
    divisions: list[DivisionBody]


class Settled(Struct):
    """What a message in quarantine became: a complaint, or nothing for a reason. `who` is the subject of the token."""

    at: Instant
    who: str
    ticket: Ticket | None
    reason: str | None


class QuarantineItem(Struct):
    """A message of an SMS provider that could not be read, as it came; `reason` says why it could not.

    In a list numbers are hidden in the body, and a long one is cut, and `truncated`.
    """

    id: str
    at: Instant
    state: Literal["open", "filed", "discarded"]
    provider: str
    reason: str
    body: str
    truncated: bool
    settled: Settled | None


class ReadAt(Struct):
    """Who read a message whole (the subject of their token), and when."""

    at: Instant
    who: str


class QuarantinedMessage(QuarantineItem):
    """A message in quarantine whole, and who has read it so."""

    reads: list[ReadAt]
