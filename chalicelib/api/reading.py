"""What clients send, read strictly: bodies against their models, queries, instants, page limits. All of it is theirs
to forge; whatever is wrong becomes a Problem that names the field."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from chalicelib.adapters.sms_providers.wire import e164
from chalicelib.api.errors import Problem, bad_field
from chalicelib.domain.arrival import EnteredChannel
from chalicelib.domain.complaint import Reason, Rung
from chalicelib.domain.ticket import read_ticket

MOST_BYTES: Final = 128 * 1024
MOST_BYTES_SMS: Final = 256 * 1024
MOST_OF_A_PARAMETER: Final = 500  # characters; as UTF-8 they are still a key that DynamoDB takes
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

BodyT = TypeVar("BodyT", bound=msgspec.Struct)

LongText = Annotated[str, msgspec.Meta(min_length=10, max_length=4000)]
SomeText = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
SmsText = Annotated[str, msgspec.Meta(min_length=1, max_length=8000)]  # as much as the SMS door takes
Name = Annotated[str, msgspec.Meta(max_length=200)]
Address = Annotated[str, msgspec.Meta(max_length=300)]
Phone = Annotated[str, msgspec.Meta(max_length=30)]
Email = Annotated[str, msgspec.Meta(max_length=254)]
Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]{1,60}$(?!\n)")]  # Python's $ lets a line end follow
PhotoLink = Annotated[str, msgspec.Meta(max_length=500, pattern="^https://")]
KindName = Literal["complaint", "question", "idea", "information"]
Period = Annotated[str, msgspec.Meta(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$(?!\n)", description="A month: 2026-11.")]
Year = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{3}$(?!\n)")]
Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)")]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Brought(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is brought, whoever writes it down."""

    text: LongText
    kind: KindName | None = None
    category: Code | None = None
    name: Name | None = None
    phone: Phone | None = None
    email: Email | None = None
    address: Address | None = None
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    long: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    anonymous: bool = False
    confidential: bool = False


class ComplaintBody(Brought, kw_only=True):
    """What a citizen brings by the web."""

    photos: Annotated[list[PhotoLink], msgspec.Meta(max_length=5)] = []


class EntryBody(Brought, kw_only=True):
    """What a citizen brought to the staff, and how."""

    channel: EnteredChannel = EnteredChannel.STAFF


class ReadSmsBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a person read in a quarantined SMS. By `phone` it is part of that number's conversation."""

    text: SmsText
    phone: Phone | None = None
    name: Name | None = None
    kind: KindName | None = None
    category: Code | None = None


class MessageBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a reporter adds."""

    text: SomeText


class RatingBody(msgspec.Struct, forbid_unknown_fields=True):
    """How content the reporter is with the answer."""

    score: Annotated[int, msgspec.Meta(ge=1, le=5)]
    comment: SomeText | None = None


class ReasonBody(msgspec.Struct, forbid_unknown_fields=True):
    """Why something is done."""

    reason: SomeText


class AnswerBody(msgspec.Struct, forbid_unknown_fields=True):
    """An OPD's reply; `final` false is an interim answer."""

    text: SomeText
    final: bool = True


class QuestionBody(msgspec.Struct, forbid_unknown_fields=True):
    """What the OPD asks the reporter."""

    text: SomeText


class ForwardBody(msgspec.Struct, forbid_unknown_fields=True):
    """To which other division an OPD gives a complaint, and why."""

    opd: Code
    division: Code
    reason: SomeText


class RejectBody(msgspec.Struct, forbid_unknown_fields=True):
    """Why a complaint is turned down. `note` is for the reporter; with `not_the_city` it must name the right office."""

    reason: Reason
    note: SomeText | None = None


class MergeBody(msgspec.Struct, forbid_unknown_fields=True):
    """The ticket of the complaint that survives."""

    into: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class ConfirmBody(msgspec.Struct, forbid_unknown_fields=True):
    """The proposed rung that is to take effect, and why."""

    rung: Rung
    reason: SomeText


class RewardBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a division is awarded for a month."""

    opd: Code
    division: Code
    period: Period
    reward: Title


Days = Annotated[dict[Day, Title], msgspec.Meta(max_length=100)]


class HolidaysBody(msgspec.Struct, forbid_unknown_fields=True):
    """The whole table of days on which the city does not work, beside its weekends: by year, each day with its name."""

    years: Annotated[dict[Year, Days], msgspec.Meta(min_length=1, max_length=30)]


class DispatchBody(msgspec.Struct, forbid_unknown_fields=True):
    """To whom an admin gives a complaint, and its kind where that was taken wrongly."""

    opd: Code
    division: Code
    kind: KindName | None = None


class SearchBody(msgspec.Struct, forbid_unknown_fields=True):
    """What an admin looks for: a phone never stands in an URL."""

    ticket: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    phone: Phone | None = None


class HeadBody(msgspec.Struct, forbid_unknown_fields=True):
    """How an OPD's head is reached."""

    email: Email


class CategoryBody(msgspec.Struct, forbid_unknown_fields=True):
    """A category, and the words by which the routing rules know it."""

    code: Code
    name: Name
    name_en: Name
    keywords: dict[str, list[Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]]]
    supervision: bool = False


class DivisionBody(msgspec.Struct, forbid_unknown_fields=True):
    """A division that acts."""

    code: Code
    name: Name
    email: Email
    categories: list[CategoryBody]


class OpdBody(msgspec.Struct, forbid_unknown_fields=True):
    """An OPD as the city sets it; its code stands in the path."""

    name: Name
    head: HeadBody
    divisions: Annotated[list[DivisionBody], msgspec.Meta(min_length=1, max_length=40)]
    code: Code | None = None


def now() -> datetime:
    """Return the wall clock in whole milliseconds, as it is stored: the one place where the API reads it."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def raw_body(request: Any, most: int = MOST_BYTES) -> bytes:  # noqa: ANN401
    """Return the body's bytes; 413 above `most`, 415 when it is compressed."""
    if request.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise Problem("unsupported_media_type", types="Content-Encoding: identity")
    try:
        body = request.raw_body
    except ValueError as error:
        raise bad_field("body", "not_json") from error
    data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body or b"")
    if len(data) > most:
        raise Problem("too_large", limit=str(most))
    return data


def is_form(request: Any) -> bool:  # noqa: ANN401
    """Say whether the body is an HTML form's."""
    return str(request.headers.get("content-type", "")).split(";")[0].strip().lower() == FORM


def read_json(request: Any, model: type[BodyT]) -> BodyT:  # noqa: ANN401
    """Return the JSON body as the model says, refusing what it does not know, and keys given twice."""
    data = raw_body(request)
    try:
        body = msgspec.json.decode(data, type=model)
        json.loads(data, object_pairs_hook=_once)
    except msgspec.ValidationError as error:
        raise Problem("bad_request", [explain(str(error))]) from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise bad_field("body", "not_json") from error
    return body


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) < len(pairs):
        twice = next(name for at, (name, _) in enumerate(pairs) if name in dict(pairs[:at]))
        raise bad_field(twice[:60], "twice")
    return seen


_PATH: Final = r" - at (?:`key` in )?`\$?\.?([^`]*)`$"
_EXPLAIN: Final[Sequence[tuple[str, Callable[[re.Match[str]], tuple[str, str, dict[str, str]]]]]] = (
    (r"^Object missing required field `(.+?)`", lambda m: (m[1], "required", {})),
    (
        r"(?s)^Object contains unknown field `(.*?)`(?: - at `[^`]*`)?$",
        lambda m: (m[1][:60], "unknown", {}),
    ),
    (r"^Expected `str` of length >= (\d+)", lambda m: ("", "too_short", {"limit": m[1]})),
    (r"^Expected `str` of length <= (\d+)", lambda m: ("", "too_long", {"limit": m[1]})),
    (r"^Expected `object` of length >=", lambda _: ("", "required", {})),
    (r"^Expected `(?:array|object)` of length", lambda _: ("", "too_many", {})),
    (r"^Expected `\w+` >= (-?[\d.]+)", lambda m: ("", "too_small", {"limit": m[1]})),
    (r"^Expected `\w+` <= (-?[\d.]+)", lambda m: ("", "too_big", {"limit": m[1]})),
    (r"^Invalid enum value", lambda _: ("", "invalid", {})),
    (r"^Expected `(\w+)[ |`].*got", lambda m: ("", "type", {"expected": m[1]})),
)


def explain(message: str) -> tuple[str, str, dict[str, str]]:
    """Return (field, code, parameters) of a msgspec validation message."""
    path = re.search(_PATH, message)
    where = path[1] if path else ""
    for pattern, told in _EXPLAIN:
        if found := re.search(pattern, message):
            field, code, params = told(found)
            return ".".join(part for part in (where, field) if part) or "body", code, params
    return where or "body", "invalid", {}


def read_form(request: Any) -> dict[str, str]:  # noqa: ANN401
    """Return the fields of a form body; an empty field is an absent one, a field given twice is refused."""
    data = raw_body(request)
    try:
        pairs = urllib.parse.parse_qsl(data.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=60)
    except ValueError as error:
        raise bad_field("body", "not_form") from error
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise bad_field(name[:60], "twice")
        fields[name] = value.replace("\r\n", "\n")
    return {name: value for name, value in fields.items() if value.strip()}


def from_form(fields: Mapping[str, Any], model: type[BodyT]) -> BodyT:
    """Return a form's fields as the model says: "true", "on" and "1" are true, numbers are read as such."""
    plain: dict[str, Any] = {
        name: _TICKS.get(value.lower(), value) if name in _BOOLEANS else value for name, value in fields.items()
    }
    try:
        return msgspec.convert(plain, type=model, strict=False)
    except msgspec.ValidationError as error:
        raise Problem("bad_request", [explain(str(error))]) from error


_BOOLEANS: Final = frozenset({"anonymous", "confidential", "interim"})
_TICKS: Final = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}


def said(body: BodyT) -> BodyT:
    """Return the body when no text in it is blank."""
    for name in body.__struct_fields__:
        text = getattr(body, name)
        if isinstance(text, str) and not text.strip():
            raise bad_field(name, "required")
    return body


def checked_rejection(body: RejectBody) -> RejectBody:
    """Return the body when it says which office is the right one, where it is not the city."""
    if body.reason is Reason.NOT_THE_CITY and body.note is None:
        raise bad_field("note", "required")
    return said(body)


def checked_holidays(body: HolidaysBody) -> HolidaysBody:
    """Return the body when each day is one of its year."""
    for year, days in body.years.items():
        for day, name in days.items():
            if not day.startswith(f"{year}-") or not _is_day(day):
                raise bad_field(f"years.{year}.{day}", "day")
            if not name.strip():
                raise bad_field(f"years.{year}.{day}", "required")
    return body


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


BroughtT = TypeVar("BroughtT", bound=Brought)


def checked_complaint(body: BroughtT) -> BroughtT:
    """Return the body when it also makes sense: a real text, both coordinates or none, addresses that can be one."""
    if len(body.text.strip()) < 10:
        raise bad_field("text", "too_short", limit="10")
    if (body.lat is None) != (body.long is None):
        raise bad_field("lat" if body.lat is None else "long", "pair")
    if body.lat is not None and body.long is not None:  # to a centimetre; DynamoDB takes no number below 1e-130
        body.lat, body.long = round(body.lat, 7) + 0.0, round(body.long, 7) + 0.0
    if body.email and not _is_email(body.email):
        raise bad_field("email", "email")
    if body.phone:
        body.phone = phone_number(body.phone)
    return body


def checked_sms(body: ReadSmsBody) -> ReadSmsBody:
    """Return the body when it says something, and its number is one."""
    if not body.text.strip():
        raise bad_field("text", "required")
    if body.phone:
        body.phone = phone_number(body.phone)
    return body


_EMAIL: Final = r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\"]+"  # in ASCII: SES takes no other


def _is_email(text: str) -> bool:
    return text.isascii() and text.isprintable() and re.fullmatch(_EMAIL, text) is not None


def checked_opd(body: OpdBody) -> OpdBody:
    """Return the body when each division stands once in it, and each contact is one address or left open."""
    codes = [division.code for division in body.divisions]
    contacts = {"head.email": body.head.email, **{f"divisions.{one.code}.email": one.email for one in body.divisions}}
    for where, email in contacts.items():
        if email and not _is_email(email):
            raise bad_field(where, "email")
    if len(set(codes)) < len(codes):
        raise bad_field("divisions", "twice")
    return body


def number_in(path: str) -> int:
    """Return the number that a path names, from 1; Problem 404 for anything else."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}", path):
        raise Problem("not_found")
    return int(path)


def key_in(path: str) -> str | None:
    """Return the key in quarantine that a path names, with a point where a path could hold no hash sign."""
    found = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9A-Za-z]{1,64})", path)
    return f"{found[1]}#{found[2]}" if found else None


def ticket_in(path: str) -> str | None:
    """Return the ticket that a path names, however it was typed and escaped (API Gateway hands it on as it came)."""
    return read_ticket(urllib.parse.unquote(path))


def phone_number(typed: str) -> str:
    """Return a telephone number as +62..., the form in which an SMS of it arrives; 400 when it cannot be one."""
    number = e164(typed)
    if not re.fullmatch(r"\+[1-9][0-9]{7,14}", number):
        raise bad_field("phone", "phone")
    return number


# ------------------------------------------------------------------------------------------------ queries


def query(request: Any, *allowed: str) -> dict[str, str]:  # noqa: ANN401
    """Return the query's parameters, an empty one as absent; one that is unknown or given twice is refused."""
    found = {}
    for name in request.query_params or {}:
        values = request.query_params.getlist(name)
        if name not in allowed and name != "lang":
            raise bad_field(name[:60], "unknown")
        if len(values) > 1:
            raise bad_field(name, "twice")
        if len(values[0]) > MOST_OF_A_PARAMETER:
            raise bad_field(name, "too_long", limit=str(MOST_OF_A_PARAMETER))
        if values[0] != "":
            found[name] = values[0]
    return found


def limit_of(asked: dict[str, str], default: int = 25) -> int:
    """Return the page size asked for, 1..100."""
    text = asked.get("limit", str(default))
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= 100:
        raise bad_field("limit", "invalid")
    return int(text)


def choice(asked: dict[str, str], name: str, choices: Sequence[str]) -> str | None:
    """Return a parameter that must be one of a closed list, or None when it is absent."""
    value = asked.get(name)
    if value is not None and value not in choices:
        raise bad_field(name, "choice", choices=", ".join(choices))
    return value


def period_of(asked: dict[str, str]) -> str | None:
    """Return the month asked for, such as "2026-11", or None when none is."""
    value = asked.get("period")
    if value is not None and not re.fullmatch(r"20[0-9]{2}-(?:0[1-9]|1[0-2])", value):
        raise bad_field("period", "period")
    return value


def instant_of(asked: dict[str, str], name: str) -> datetime | None:
    """Return an instant (ISO 8601 with its offset) from the query, or None when it is absent."""
    value = asked.get(name)
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value.replace(" ", "+"))  # an unescaped + arrives as a space
        utc = at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise bad_field(name, "instant") from error
    if at.tzinfo is None:
        raise bad_field(name, "instant")
    return utc
