"""The interface as one table: every operation, what it takes, what it answers, what can go wrong.

`openapi.py` makes the published document of it. Not in it are the officer's desk and the pages of citizens, which are
for people: their forms and addresses may change with the pages.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from chalicelib.api import answers, reading
from chalicelib.api.lists import COUNTED, PUBLIC_FILTERS
from chalicelib.domain.complaint import Kind, Rung, Status
from chalicelib.domain.values import dataclass
from chalicelib.settings import SMS_PROVIDERS

READERS: Final = ("admin", "mayor", "auditor")

# A parameter, wherever an operation has it: where it stands, what it may be, what it means
PARAMETERS: Final[dict[str, tuple[str, dict[str, Any], str]]] = {
    "opd": ("query", {"type": "string", "maxLength": 500}, "Only this OPD's."),
    "division": ("query", {"type": "string", "maxLength": 500}, "Only this division's."),
    "category": ("query", {"type": "string", "maxLength": 500}, "Only of this category."),
    "status": ("query", {"type": "string", "enum": [*Status]}, "Only in this status."),
    "kind": ("query", {"type": "string", "enum": [*Kind]}, "Only of this kind."),
    "channel": ("query", {"type": "string", "maxLength": 500}, "Only what came this way: `web`, `sms`, ..."),
    "rung": ("query", {"type": "string", "enum": [*Rung]}, "Only of this rung."),
    "overdue": ("query", {"type": "string", "enum": ["true", "false"]}, "Only what is overdue, or only what is not."),
    "from": ("query", {"type": "string", "format": "date-time"}, "Only from this instant on."),
    "to": ("query", {"type": "string", "format": "date-time"}, "Only before this instant."),
    "due_before": ("query", {"type": "string", "format": "date-time"}, "Only what is owed before this instant."),
    "period": (
        "query",
        {"type": "string", "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])$"},
        "A month: `2026-11`; without it the present one, of rewards the newest one whose ranking is due, of complaints "
        "any: else those that arrived in it, with `counted` those that were counted in it.",
    ),
    "counted": (
        "query",
        {"type": "string", "enum": [*COUNTED]},
        "Only what this number of the scoreboard counts, of that OPD and division.",
    ),
    "limit": ("query", {"type": "integer", "minimum": 1, "maximum": 100, "default": 25}, "The longest page."),
    "cursor": (
        "query",
        {"type": "string", "maxLength": 500},
        "`next` of the page before, of this list with the same filters; of an export, its header `X-Next`.",
    ),
    "state": (
        "query",
        {"type": "string", "enum": ["open", "filed", "discarded"], "default": "open"},
        "Only what is still open, became a complaint, or became nothing.",
    ),
    "X-Receipt": ("header", {"type": "string"}, "The receipt: it opens one's own complaint."),
    "Idempotency-Key": (
        "header",
        {"type": "string", "maxLength": 255},
        "Sent again with the same body, the answer is the same; with another body it is 422.",
    ),
}
PATH_PARAMETERS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "ticket": ({"type": "string", "minLength": 1}, "The ticket, however it is cased and spaced."),
    "n": ({"type": "integer", "minimum": 1, "maximum": 999_999_999}, "The number of the escalation in its complaint."),
    "opd": ({"type": "string", "minLength": 1}, "The code of the OPD."),
    "division": ({"type": "string", "minLength": 1}, "The code of the division within the OPD."),
    "message": ({"type": "string", "minLength": 1}, "The `id` of the message in quarantine."),
    "provider": (
        {"type": "string", "enum": sorted(SMS_PROVIDERS)},
        "The provider; one that is not switched on is 404. Each signs in its own way.",
    ),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One route and method.

    `answer` is the class of a success, `otherwise` the one that may stand in its place, `listed` whether it comes as a
    page of them; `media` is its type where it is no JSON, `more` names the header that says what is left of a long one.
    `form` are the fields that an HTML form has beside those of `body`; such an operation answers a form by a page.
    `problems` are the statuses that do not follow from the rest (503 always; 401 and 403 with `roles`; 400 and 413 with
    a body, 400 with a query; 415 with a method that sends something).
    """

    name: str
    method: str
    path: str
    tag: str
    summary: str
    answer: type[Struct] | None = None
    otherwise: type[Struct] | None = None
    listed: bool = False
    media: str | None = None
    more: str | None = None
    status: int = 200
    roles: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    body: type[Struct] | None = None
    form: tuple[str, ...] | None = None
    problems: tuple[int, ...] = ()

    @property
    def statuses(self) -> list[int]:
        """Every status that is not a success, ascending."""
        writing = {415} if self.method in ("POST", "PUT") else set()
        read = {400, 413} if self.body else set()
        guarded = {401, 403} if self.roles else set()
        asked = {400} if self.query else set()
        return sorted({*self.problems, *writing, *read, *guarded, *asked, 503})


_PAGE: Final = ("limit", "cursor")

OPERATIONS: Final = (
    Operation(
        "read_health", "GET", "/health", "service", "Say that the service answers, and its database too.",
        answers.Health,
    ),
    Operation("read_document", "GET", "/openapi.json", "service", "Return this document."),
    Operation(
        "file_complaint", "POST", "/complaints", "citizens", "File a complaint; no account is needed.", answers.Filed,
        status=201, headers=("Idempotency-Key",), body=reading.ComplaintBody, form=("idempotency_key", "lang"),
        problems=(422,),
    ),
    Operation(
        "list_complaints", "GET", "/complaints", "citizens",
        "List what the public may read, newest first: checked, and not confidential.",
        answers.PublicItem, listed=True, query=(*PUBLIC_FILTERS, *_PAGE),
    ),
    Operation(
        "read_complaint", "GET", "/complaints/{ticket}", "citizens",
        "Show a complaint as everybody may see it; with its receipt, as its reporter does.",
        answers.PublicComplaint, headers=("X-Receipt",), problems=(404,),
    ),
    Operation(
        "add_message", "POST", "/complaints/{ticket}/messages", "citizens",
        "Add to one's own complaint; without its receipt it does not exist.",
        answers.PublicComplaint, headers=("X-Receipt",), body=reading.MessageBody, form=("receipt", "lang"),
        problems=(404, 409),
    ),
    Operation(
        "rate_complaint", "POST", "/complaints/{ticket}/rating", "citizens",
        "Rate the answer to one's own complaint, which closes it.",
        answers.PublicComplaint, headers=("X-Receipt",), body=reading.RatingBody, form=("receipt", "lang"),
        problems=(404, 409),
    ),
    Operation(
        "reopen_complaint", "POST", "/complaints/{ticket}/reopen", "citizens",
        "Reopen one's own complaint: within the window after the answer, or once after a rejection.",
        answers.PublicComplaint, headers=("X-Receipt",), body=reading.ReasonBody, form=("receipt", "lang"),
        problems=(404, 409),
    ),
    Operation(
        "read_scoreboard", "GET", "/scoreboard", "citizens",
        "Show how OPDs and divisions did in a month, how the divisions stand now, and who was rewarded.",
        answers.Scoreboard, query=("period",),
    ),
    Operation(
        "list_services", "GET", "/services", "citizens", "List the categories that a citizen may choose from.",
        answers.Service, listed=True,
    ),
    Operation(
        "receive_sms", "POST", "/webhooks/sms/{provider}", "sms",
        "Take in an SMS as its provider sends it; answered as that provider expects.", problems=(403, 404, 413),
    ),
    Operation(
        "receive_sms_by_get", "GET", "/webhooks/sms/{provider}", "sms",
        "The same, of a provider that sends by GET; of any other it is 405.", problems=(403, 404, 405),
    ),
    Operation(
        "list_own_complaints", "GET", "/opd/complaints", "opd",
        "List the OPD's complaints: the open ones by what is due first, those of another status newest first.",
        answers.ListItem, listed=True, roles=("opd",), query=("status", "due_before", *_PAGE),
    ),
    Operation(
        "read_own_complaint", "GET", "/opd/complaints/{ticket}", "opd", "Show one of the OPD's complaints, whole.",
        answers.OfficerComplaint, roles=("opd",), problems=(404,),
    ),
    Operation(
        "start_complaint", "POST", "/opd/complaints/{ticket}/start", "opd", "Say that the division has begun.",
        answers.OfficerComplaint, roles=("opd",), problems=(404, 409),
    ),
    Operation(
        "answer_complaint", "POST", "/opd/complaints/{ticket}/answer", "opd",
        "Answer the citizen: either answer stops the clock, a final one ends the complaint.",
        answers.OfficerComplaint, roles=("opd",), body=reading.AnswerBody, problems=(404, 409),
    ),
    Operation(
        "ask_reporter", "POST", "/opd/complaints/{ticket}/ask", "opd",
        "Ask the reporter; the clocks stand still until the reply, or until its window has passed.",
        answers.OfficerComplaint, roles=("opd",), body=reading.QuestionBody, problems=(404, 409),
    ),
    Operation(
        "forward_complaint", "POST", "/opd/complaints/{ticket}/forward", "opd",
        "Give a complaint to another division of the city; a new answer clock starts there.",
        answers.StaffComplaint, roles=("opd",), body=reading.ForwardBody, problems=(404, 409),
    ),
    Operation(
        "refuse_complaint", "POST", "/opd/complaints/{ticket}/refuse", "opd",
        "Give a complaint back to the admin: it is not theirs.",
        answers.StaffComplaint, roles=("opd",), body=reading.ReasonBody, problems=(404, 409),
    ),
    Operation(
        "contest_escalation", "POST", "/opd/escalations/{ticket}/{n}/contest", "opd",
        "Contest an escalation against the own division, once; until it is settled it does not count.",
        answers.SettledComplaint, answers.ContestedElsewhere, roles=("opd",), body=reading.ReasonBody,
        problems=(404, 409),
    ),
    Operation(
        "list_all_complaints", "GET", "/admin/complaints", "admin", "List complaints by their filters, newest first.",
        answers.ListItem, listed=True, roles=READERS,
        query=("opd", "division", "status", "kind", "channel", "from", "to", "overdue", *_PAGE),
    ),
    Operation(
        "enter_complaint", "POST", "/admin/complaints", "admin",
        "Enter what a citizen brought at a desk, by telephone, in a chat, ...; the receipt is the citizen's.",
        answers.Filed, status=201, roles=("admin",), headers=("Idempotency-Key",), body=reading.EntryBody,
        problems=(422,),
    ),
    Operation(
        "search_complaints", "POST", "/admin/complaints/search", "admin",
        "Find complaints by their ticket, or by the telephone number that filed them: one of the two.",
        answers.ListItem, listed=True, roles=READERS, body=reading.SearchBody,
    ),
    Operation(
        "read_any_complaint", "GET", "/admin/complaints/{ticket}", "admin", "Show one complaint, whole.",
        answers.StaffComplaint, roles=READERS, problems=(404,),
    ),
    Operation(
        "read_reporter", "GET", "/admin/complaints/{ticket}/reporter", "admin",
        "Show who filed it, as far as they said; each read is written into the complaint's timeline.",
        answers.ReporterOfComplaint, roles=READERS, problems=(404,),
    ),
    Operation(
        "dispatch_complaint", "POST", "/admin/complaints/{ticket}/dispatch", "admin",
        "Give a complaint to a division; its answer clock starts.",
        answers.StaffComplaint, roles=("admin",), body=reading.DispatchBody, problems=(404, 409),
    ),
    Operation(
        "check_complaint", "POST", "/admin/complaints/{ticket}/check", "admin",
        "Let the public read the complaint's text; a second time changes nothing.",
        answers.StaffComplaint, roles=("admin",), problems=(404,),
    ),
    Operation(
        "reject_complaint", "POST", "/admin/complaints/{ticket}/reject", "admin",
        "Turn a complaint down for a reason of the closed list; its reporter may reopen it once.",
        answers.StaffComplaint, roles=("admin",), body=reading.RejectBody, problems=(404, 409),
    ),
    Operation(
        "merge_complaint", "POST", "/admin/complaints/{ticket}/merge", "admin",
        "Let a complaint go into another about the same, whose answers its reporter then hears.",
        answers.StaffComplaint, roles=("admin",), body=reading.MergeBody, problems=(404, 409),
    ),
    Operation(
        "list_duplicates", "GET", "/admin/complaints/{ticket}/duplicates", "admin",
        "List what is likely about the same thing, the likeliest first; only a person merges.",
        answers.LikelyDuplicate, listed=True, roles=READERS, problems=(404,),
    ),
    Operation(
        "list_messages", "GET", "/admin/complaints/{ticket}/messages", "admin",
        "List the messages about a complaint, and what became of each.",
        answers.MessageItem, listed=True, roles=READERS, problems=(404,),
    ),
    Operation(
        "list_queue", "GET", "/admin/queue", "admin",
        "List what waits for dispatch, by what is due first, with what the routing rules suggest.",
        answers.QueueItem, listed=True, roles=READERS, query=_PAGE,
    ),
    Operation(
        "list_escalations", "GET", "/admin/escalations", "admin", "List what was escalated, newest first.",
        answers.EscalationItem, listed=True, roles=READERS,
        query=("opd", "division", "rung", "from", "to", *_PAGE),
    ),
    Operation(
        "uphold_contest", "POST", "/admin/escalations/{ticket}/{n}/uphold", "admin",
        "The division is right: the escalation never counted.",
        answers.SettledComplaint, roles=("admin",), body=reading.ReasonBody, problems=(404, 409),
    ),
    Operation(
        "deny_contest", "POST", "/admin/escalations/{ticket}/{n}/deny", "admin",
        "The contest fails: the escalation counts.",
        answers.SettledComplaint, roles=("admin",), body=reading.ReasonBody, problems=(404, 409),
    ),
    Operation(
        "list_standings", "GET", "/admin/standings", "admin",
        "List how the divisions stand and why: those on a rung, proposed for one, or that ever had to do with one.",
        answers.StandingItem, listed=True, roles=READERS, query=_PAGE,
    ),
    Operation(
        "confirm_rung", "POST", "/admin/standings/{opd}/{division}/confirm", "admin",
        "Let the proposed rung take effect.",
        answers.StandingItem, roles=("mayor",), body=reading.ConfirmBody, problems=(404, 409),
    ),
    Operation(
        "dismiss_proposal", "POST", "/admin/standings/{opd}/{division}/dismiss", "admin",
        "Let a proposal pass.",
        answers.StandingItem, roles=("mayor",), body=reading.ReasonBody, problems=(404, 409),
    ),
    Operation(
        "read_statistics", "GET", "/admin/stats", "admin",
        "Show a month in figures: in sum, and by OPD, division, kind and channel.",
        answers.Statistics, roles=READERS, query=("period",),
    ),
    Operation(
        "export_complaints", "GET", "/admin/export.csv", "admin",
        "Return complaints for a spreadsheet, newest first: at most 5,000 rows, and less when they are long.",
        media="text/csv", more="X-Next", roles=READERS,
        query=("opd", "division", "status", "kind", "channel", "from", "to", "overdue", "cursor"),
    ),
    Operation(
        "list_rewards", "GET", "/admin/rewards", "admin", "List a month's ranking, and what was awarded.",
        answers.RewardItem, listed=True, roles=READERS, query=("period", *_PAGE),
    ),
    Operation(
        "award_reward", "POST", "/admin/rewards", "admin",
        "Record what a division is awarded for a month, once; it is told, and everybody may read it.",
        answers.RewardItem, status=201, roles=("admin",), body=reading.RewardBody, problems=(409,),
    ),
    Operation(
        "read_holidays", "GET", "/admin/holidays", "admin", "Show the days on which the city does not work.",
        answers.Holidays, roles=READERS,
    ),
    Operation(
        "write_holidays", "PUT", "/admin/holidays", "admin",
        "Set the whole table of holidays; deadlines that are still to come move, by the next sweep at the latest.",
        answers.Holidays, roles=("admin",), body=reading.HolidaysBody, problems=(409,),
    ),
    Operation(
        "read_opd", "GET", "/admin/opds/{opd}", "admin", "Show an OPD: its head, divisions, categories, their words.",
        answers.Opd, roles=READERS, problems=(404,),
    ),
    Operation(
        "write_opd", "PUT", "/admin/opds/{opd}", "admin",
        "Set an OPD's contacts, divisions and categories; the routing rules know them within a minute.",
        answers.Opd, roles=("admin",), body=reading.OpdBody, problems=(404,),
    ),
    Operation(
        "list_quarantine", "GET", "/admin/quarantine", "admin",
        "List the messages of SMS providers that could not be read, newest first, numbers hidden.",
        answers.QuarantineItem, listed=True, roles=READERS, query=("state", *_PAGE),
    ),
    Operation(
        "read_quarantined", "GET", "/admin/quarantine/{message}", "admin",
        "Show one message in quarantine, whole; who read it is recorded.",
        answers.QuarantinedMessage, roles=READERS, problems=(404,),
    ),
    Operation(
        "file_quarantined", "POST", "/admin/quarantine/{message}/complaint", "admin",
        "Make a complaint of what a person read in the message; without a receipt, as of every SMS.",
        answers.Filed, status=201, roles=("admin",), body=reading.ReadSmsBody, problems=(404, 409),
    ),
    Operation(
        "discard_quarantined", "POST", "/admin/quarantine/{message}/discard", "admin",
        "Say why nothing becomes of the message.",
        answers.QuarantineItem, roles=("admin",), body=reading.ReasonBody, problems=(404, 409),
    ),
)  # fmt: skip

EXAMPLES: Final[dict[type[Struct], dict[str, Any]]] = {
    reading.ComplaintBody: {
        "text": "Lampu jalan (PJU) mati di Jl. Bukirsari sudah dua minggu",
        "kind": "complaint",
        "address": "Jl. Bukirsari, depan balai RW",
        "lat": -7.9425,
        "long": 112.6188,
        "anonymous": False,
    },
    reading.EntryBody: {
        "text": "Pohon tumbang menutup Jl. Veteran, lapor lewat telepon",
        "channel": "phone",
        "phone": "0800 0000 0001",
    },
    reading.ReadSmsBody: {"text": "Sambat air PDAM mati di Sukun sejak kemarin", "phone": "0800 0000 0001"},
    reading.MessageBody: {"text": "Sekarang tiga lampu yang mati."},
    reading.AnswerBody: {"text": "Sudah diganti hari ini.", "final": True},
    reading.DispatchBody: {"opd": "dpuprpkp", "division": "pju"},
    reading.RatingBody: {"score": 4, "comment": "Cepat, terima kasih."},
    reading.ReasonBody: {"reason": "Lampu di ujung gang masih mati."},
    reading.QuestionBody: {"text": "Tiang nomor berapa?"},
    reading.ForwardBody: {"opd": "dishub", "division": "parkir", "reason": "Ini soal juru parkir."},
    reading.RejectBody: {"reason": "not_the_city", "note": "Jalan nasional: hubungi BBPJN Jawa Timur-Bali."},
    reading.MergeBody: {"into": "1MASW-9NF66"},
    reading.ConfirmBody: {"rung": "black_vest", "reason": "Tiga kali terlambat tanpa kabar."},
    reading.RewardBody: {"opd": "dpuprpkp", "division": "pju", "period": "2026-10", "reward": "Telepon genggam"},
    reading.HolidaysBody: {"years": {"2026": {"2026-12-25": "Hari Raya Natal"}}},
    reading.SearchBody: {"ticket": "1MASW-9NF66"},
    reading.OpdBody: {
        "name": "Dinas Perhubungan",
        "head": {"email": "kepala@dishub.example"},
        "divisions": [
            {
                "code": "parkir",
                "name": "Bidang Parkir",
                "email": "parkir@dishub.example",
                "categories": [
                    {
                        "code": "parkir_liar",
                        "name": "Parkir liar",
                        "name_en": "Illegal parking",
                        "keywords": {"strong": ["parkir liar"]},
                    }
                ],
            }
        ],
    },
    answers.Filed: {
        "ticket": "1MASW-9NF66",
        "receipt": "K8Z0E0-PBZGV0-VK8495-6BEQV6-53",
        "kind": "complaint",
        "status": "dispatched",
        "opd": "dpuprpkp",
        "division": "pju",
        "received_at": "2026-11-24T10:00:00+07:00",
        "answer_due_at": "2026-12-02T00:00:00+07:00",
        "links": {
            "self": "https://sambat.example/api/complaints/1MASW-9NF66",
            "page": "https://sambat.example/api/t/1MASW-9NF66",
        },
    },
    answers.Problem: {
        "type": "urn:sambat:problem:bad_request",
        "title": "The request cannot be read",
        "status": 400,
        "detail": "Check the fields named below.",
        "errors": [{"field": "text", "message": "must have at least 10 characters"}],
    },
}
