"""Every error that a client sees: RFC 9457 problem details, in Indonesian or English, never a stack trace."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from chalice.app import Response

from chalicelib.adapters.tables import StoreUnavailable
from chalicelib.domain.bounds import TimelineFull
from chalicelib.domain.life import IllegalAction
from chalicelib.domain.reward import BadPeriod
from chalicelib.pages import language
from chalicelib.workflows.contesting import NotPossible
from chalicelib.workflows.entering import SettledOtherwise
from chalicelib.workflows.filing import KeyUsedOtherwise
from chalicelib.workflows.handling import UnknownDivision, UnknownTicket
from chalicelib.workflows.holidays import ChangeUnderWay
from chalicelib.workflows.rewarding import AlreadyAwarded
from chalicelib.workflows.standings import NothingProposed

log = logging.getLogger(__name__)

PROBLEM: Final = "application/problem+json"
RETRY_AFTER: Final = "5"

# code -> (status, title, detail), each text in (Indonesian, English)
_PROBLEMS: Final[dict[str, tuple[int, tuple[str, str], tuple[str, str]]]] = {
    "bad_request": (
        400,
        ("Permintaan tidak dapat dibaca", "The request cannot be read"),
        ("Periksa isian yang disebut di bawah ini.", "Check the fields named below."),
    ),
    "unauthorized": (
        401,
        ("Belum masuk", "Not signed in"),
        ("Token tidak ada, salah, atau sudah kedaluwarsa.", "The token is missing, wrong or expired."),
    ),
    "forbidden": (
        403,
        ("Tidak berwenang", "Not allowed"),
        ("Peran Anda tidak boleh melakukan ini.", "Your role may not do this."),
    ),
    "bad_signature": (
        403,
        ("Tanda tangan salah", "Bad signature"),
        ("Permintaan ini tidak ditandatangani dengan benar.", "This request is not signed correctly."),
    ),
    "not_found": (
        404,
        ("Tidak ditemukan", "Not found"),
        ("Tidak ada yang seperti itu di sini.", "There is no such thing here."),
    ),
    "method_not_allowed": (
        405,
        ("Metode tidak dilayani", "Method not allowed"),
        ("Alamat ini tidak melayani metode itu.", "This address does not serve that method."),
    ),
    "illegal_action": (
        409,
        ("Tidak dapat dilakukan sekarang", "Not possible now"),
        (
            "Dalam status {status} yang mungkin: {possible}.",
            "While {status}, what is possible: {possible}.",
        ),
    ),
    "is_over": (
        409,
        ("Tidak dapat dilakukan sekarang", "Not possible now"),
        (
            "Aduan yang dituju berstatus {status}; yang mungkin hanya aduan yang belum selesai.",
            "The complaint that it would go into is {status}; what is possible is one that is not over.",
        ),
    ),
    "timeline_full": (
        409,
        ("Aduan sudah penuh", "The complaint is full"),
        ("Tambahan tidak tersimpan; kirim sebagai aduan baru.", "Nothing was added; file it as a new complaint."),
    ),
    "nothing_proposed": (
        409,
        ("Tidak ada usulan seperti itu", "There is no such proposal"),
        (
            "Yang diusulkan: {proposed}. Yang mungkin: {possible}.",
            "What is proposed: {proposed}. What is possible: {possible}.",
        ),
    ),
    "change_under_way": (
        409,
        ("Perubahan sebelumnya masih berjalan", "An earlier change is under way"),
        (
            "Tenggat aduan masih disesuaikan dengan perubahan hari libur sebelumnya; coba lagi 15 menit lagi.",
            "Deadlines are still moving after the last change of holidays; try again in 15 minutes.",
        ),
    ),
    "already_awarded": (
        409,
        ("Penghargaan lain sudah tercatat", "Another reward is recorded"),
        (
            "Bidang itu sudah mendapat penghargaan untuk bulan itu: {reward}.",
            "That division has been awarded for that month already: {reward}.",
        ),
    ),
    "made_a_complaint": (
        409,
        ("Sudah menjadi aduan", "It has become a complaint"),
        ("Pesan itu sudah menjadi aduan {ticket}.", "That message has become the complaint {ticket}."),
    ),
    "discarded": (
        409,
        ("Sudah dibuang", "It was discarded"),
        ("Pesan itu sudah dibuang: {reason}", "That message was discarded: {reason}"),
    ),
    "too_large": (
        413,
        ("Terlalu besar", "Too large"),
        ("Isi permintaan melebihi {limit} byte.", "The body has more than {limit} bytes."),
    ),
    "unsupported_media_type": (
        415,
        ("Jenis isi tidak dilayani", "Unsupported media type"),
        ("Kirim sebagai {types}.", "Send it as {types}."),
    ),
    "key_used_otherwise": (
        422,
        ("Kunci sudah dipakai", "Key used before"),
        (
            "Idempotency-Key ini sudah dipakai untuk isi yang lain.",
            "This Idempotency-Key was used before with another body.",
        ),
    ),
    "unavailable": (
        503,
        ("Sedang terganggu", "Out of order"),
        ("Gangguan di pihak kami. Coba lagi sebentar lagi.", "The fault is ours. Please try again shortly."),
    ),
}

# code -> message for a field, in (Indonesian, English)
_FIELDS: Final[dict[str, tuple[str, str]]] = {
    "required": ("wajib diisi", "is required"),
    "unknown": ("tidak dikenal", "is not known"),
    "twice": ("disebut dua kali", "is given twice"),
    "type": ("harus berupa {expected}", "must be {expected}"),
    "too_short": ("paling sedikit {limit} karakter", "must have at least {limit} characters"),
    "too_long": ("paling banyak {limit} karakter", "must have at most {limit} characters"),
    "too_small": ("paling kecil {limit}", "must be at least {limit}"),
    "too_big": ("paling besar {limit}", "must be at most {limit}"),
    "too_many": ("terlalu banyak", "has too many entries"),
    "choice": ("harus salah satu dari: {choices}", "must be one of: {choices}"),
    "pair": ("lat dan long harus diisi keduanya", "lat and long must be given together"),
    "email": ("bukan alamat surel", "is not an e-mail address"),
    "phone": ("bukan nomor telepon", "is not a telephone number"),
    "instant": ("bukan waktu ISO 8601 dengan zona", "is not an ISO 8601 instant with its offset"),
    "cursor": ("bukan kursor dari daftar ini", "is not a cursor of this list"),
    "not_json": ("bukan JSON yang sah", "is not valid JSON"),
    "not_form": ("bukan isian formulir yang sah", "is not a valid form"),
    "invalid": ("tidak sah", "is not valid"),
    "no_division": ("OPD atau bidang itu tidak ada", "there is no such OPD or division"),
    "no_ticket": ("tidak ada aduan dengan nomor tiket itu", "there is no complaint with that ticket"),
    "period": ("bukan bulan seperti 2026-11, atau belum tiba", "is not a month such as 2026-11, or is still to come"),
    "day": ("bukan tanggal di tahun itu", "is not a day of that year"),
    "one_of_two": ("isi salah satu: ticket atau phone", "give one of: ticket, phone"),
}
_WORDS: Final = {"teks": "text", "angka": "a number", "ya/tidak (boolean)": "a boolean", "objek": "an object",
                 "daftar": "a list", "bilangan bulat": "a whole number"}  # fmt: skip
_TYPES: Final = {"str": "teks", "float": "angka", "int": "bilangan bulat", "bool": "ya/tidak (boolean)",
                 "object": "objek", "array": "daftar"}  # fmt: skip


class Problem(Exception):
    """What a view raises: the code of a problem, the bad fields as (field, code, parameters), extra headers."""

    def __init__(
        self,
        code: str,
        fields: Sequence[tuple[str, str, dict[str, str]]] = (),
        headers: dict[str, str] | None = None,
        **params: str,
    ) -> None:
        super().__init__(code)
        self.code, self.fields, self.headers, self.params = code, fields, headers or {}, params

    @property
    def status(self) -> int:
        """The HTTP status."""
        return _PROBLEMS[self.code][0]

    def errors(self, lang: str) -> list[dict[str, str]]:
        """Return the bad fields with their messages in that language."""
        return [{"field": field, "message": _field_message(code, params, lang)} for field, code, params in self.fields]

    def response(self, lang: str) -> Response:
        """Return the problem as an HTTP answer."""
        status, title, detail = _PROBLEMS[self.code]
        at = ("id", "en").index(lang)
        body: dict[str, Any] = {
            "type": f"urn:sambat:problem:{self.code}",
            "title": title[at],
            "status": status,
            "detail": detail[at].format(**self.params),
        }
        if self.fields:
            body["errors"] = self.errors(lang)
        headers = {"Content-Type": PROBLEM, "Content-Language": lang, **self.headers}
        return Response(json.dumps(body, ensure_ascii=False), status_code=status, headers=headers)


def _field_message(code: str, params: dict[str, str], lang: str) -> str:
    text = _FIELDS[code][("id", "en").index(lang)]
    if "expected" in params:
        word = _TYPES.get(params["expected"], params["expected"])
        params = {"expected": word if lang == "id" else _WORDS.get(word, word)}
    return text.format(**params)


def bad_field(field: str, code: str, **params: str) -> Problem:
    """Return the 400 for one bad field."""
    return Problem("bad_request", [(field, code, params)])


_ADDRESSES: Final = {"answer_interim": "answer", "message": "messages", "rate": "rating"}


def _steps(possible: Sequence[str]) -> str:
    """Return the steps as their addresses name them: an interim answer is an answer."""
    return ", ".join(dict.fromkeys(_ADDRESSES.get(step, step) for step in possible)) or "-"


def _illegal(error: IllegalAction) -> Problem:
    """Return what is said of an illegal step; `absorb` is asked of the complaint that another was to go into."""
    if error.action == "absorb":
        return Problem("is_over", status=error.status)
    return Problem("illegal_action", status=error.status, possible=_steps(error.possible))


def _settled_otherwise(error: SettledOtherwise) -> Problem:
    if error.ticket:
        return Problem("made_a_complaint", ticket=error.ticket)
    return Problem("discarded", reason=error.reason)


_KNOWN: Final[tuple[tuple[type[Exception], Callable[[Any], Problem]], ...]] = (
    (Problem, lambda it: it),
    (IllegalAction, _illegal),
    (NotPossible, lambda it: Problem("illegal_action", status=it.state, possible=_steps(it.possible))),
    (
        NothingProposed,
        lambda it: Problem("nothing_proposed", proposed=it.proposed or "-", possible=_steps(it.possible)),
    ),
    (AlreadyAwarded, lambda it: Problem("already_awarded", reward=it.reward)),
    (SettledOtherwise, _settled_otherwise),
    (ChangeUnderWay, lambda _: Problem("change_under_way")),
    (TimelineFull, lambda _: Problem("timeline_full")),
    (KeyUsedOtherwise, lambda _: Problem("key_used_otherwise")),
    (UnknownDivision, lambda _: bad_field("division", "no_division")),
    (UnknownTicket, lambda _: bad_field("into", "no_ticket")),
    (BadPeriod, lambda _: bad_field("period", "period")),
)


def problem_of(error: Exception) -> Problem:
    """Return what a client is told of an error; an unforeseen one is logged, and is our own fault: 503."""
    for kind, told in _KNOWN:
        if isinstance(error, kind):
            return told(error)
    if isinstance(error, StoreUnavailable):
        log.warning("unavailable: %s", error)
    else:
        log.error("unforeseen %s", type(error).__name__, exc_info=error)
    return Problem("unavailable", headers={"Retry-After": RETRY_AFTER})


def asked_language(request: Any) -> str:  # noqa: ANN401  chalice's request is untyped
    """Return the language that the client asks for."""
    return language((request.query_params or {}).get("lang"), request.headers.get("accept-language"))


def answers_problems(request_of: Callable[[], Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the decorator of every JSON view: what it raises becomes a problem in the client's language."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def answer(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            try:
                return view(*args, **kwargs)
            except Exception as error:
                return problem_of(error).response(asked_language(request_of()))

        return answer

    return decorate


def as_problem(response: Response, request: Any) -> Response:  # noqa: ANN401
    """Turn an answer that Chalice itself made (unknown method, media type, a fault) into a problem."""
    body = response.body
    if not (isinstance(body, dict) and set(body) == {"Code", "Message"}):
        return response
    code = {405: "method_not_allowed", 415: "unsupported_media_type"}.get(response.status_code)
    problem = Problem(code or "unavailable", types="application/json, application/x-www-form-urlencoded")
    if code is None:
        problem.headers["Retry-After"] = RETRY_AFTER
    made = problem.response(asked_language(request))
    made.headers.update({name: value for name, value in response.headers.items() if name.lower() != "content-type"})
    return made
