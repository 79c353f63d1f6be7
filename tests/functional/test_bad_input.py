"""Whatever a client forges: a problem that names the field, in their language; nothing stored, nothing shown of us."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.builders import FORM, Answer, Service, running_service
from tests.functional.doors import LAMP, PROBLEM, VAGUE, tables

JSON = "application/json"


@pytest.fixture(scope="module")
def door() -> Iterator[Service]:
    """One city for all of it: hardly anything here leaves a trace in it."""
    with running_service() as running:
        registry = running.items("registry")
        yield running
        assert running.items("registry") == registry


@pytest.fixture(autouse=True)
def nothing_is_stored(door: Service, request: pytest.FixtureRequest) -> Iterator[None]:
    before = tables(door, *KEPT)
    yield
    if "stores" not in request.fixturenames:
        assert tables(door, *KEPT) == before


@pytest.fixture
def stores() -> None:
    """Marks the tests whose input is good after all."""


KEPT = ("complaints", "reporters", "escalations", "notifications", "intake")


def problem(answer: Answer, status: int, *fields: str) -> dict[str, Any]:
    """Return the problem, after a look whether it is one to the letter."""
    assert answer.status == status, answer.text[:500]
    assert answer.headers["Content-Type"] == PROBLEM
    body: dict[str, Any] = answer.json
    assert {"type", "title", "status", "detail"} <= set(body) <= {"type", "title", "status", "detail", "errors"}
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert [error["field"] for error in body.get("errors", ())] == list(fields)
    assert all(set(error) == {"field", "message"} and error["message"] for error in body.get("errors", ()))
    for trace in ("Traceback", ".py", "msgspec", "pynamodb", "botocore", "Exception", "{limit}", "{types}"):
        assert trace not in answer.text
    assert len(answer.body) < 2_000
    assert all("\r" not in value and "\n" not in value for value in answer.headers.values())
    return body


def send(door: Service, body: bytes | str, content_type: str = JSON, **headers: str) -> Answer:
    return door.call("POST", "/complaints", body, content_type=content_type, **headers)


def with_text(**fields: Any) -> str:
    return json.dumps({"text": LAMP, **fields})


# --- JSON that is none, or not the one expected

DEEP = 100_000
NOT_JSON: dict[str, bytes | str] = {
    "nothing": b"",
    "blank": b"   ",
    "cut off": b'{"text": "Lampu jalan mati',
    "trailing": with_text().encode() + b" x",
    "two": with_text().encode() * 2,
    "comma": b'{"text": "Lampu jalan mati",}',
    "single quotes": b"{'text': 'Lampu jalan mati'}",
    "comment": b'{"text": "Lampu jalan mati" /* x */}',
    "NaN": b'{"text": "Lampu jalan mati", "lat": NaN, "long": 1}',
    "Infinity": b'{"text": "Lampu jalan mati", "lat": -Infinity, "long": 1}',
    "leading zero": b'{"text": "Lampu jalan mati", "lat": 01, "long": 1}',
    "byte order mark": b"\xef\xbb\xbf" + with_text().encode(),
    "utf-16": with_text().encode("utf-16"),
    "utf-32": with_text().encode("utf-32"),
    "latin-1": '{"text": "Lampu jalan mati di caf\xe9"}'.encode("latin-1"),
    "bad utf-8": b'{"text": "Lampu jalan \xff\xfe mati"}',
    "overlong utf-8": b'{"text": "Lampu jalan \xc0\xaf mati"}',
    "surrogate in utf-8": b'{"text": "Lampu jalan \xed\xa0\x80 mati"}',
    "lone high surrogate": rb'{"text": "Lampu jalan \ud800 mati"}',
    "lone low surrogate": rb'{"text": "Lampu jalan \udc00 mati"}',
    "surrogates turned round": rb'{"text": "Lampu jalan \udc00\ud800 mati"}',
    "bad escape": rb'{"text": "Lampu jalan \x41 mati"}',
    "raw control": b'{"text": "Lampu jalan \x00 mati"}',
    "raw line end": b'{"text": "Lampu jalan \n mati"}',
    "form": urlencode({"text": LAMP}),
    "xml": "<text>Lampu jalan mati</text>",
    "deep arrays": b"[" * DEEP,
    "unknown and deep": b'{"text": "Lampu jalan mati", "photos": ' + b"[" * DEEP,
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_json_is_named_the_body(door: Service, body: bytes | str) -> None:
    answer = send(door, body)
    fields = {error["field"] for error in answer.json["errors"]}
    assert fields <= {"body", "photos[0]"}  # a nest is refused at its first wrong bracket, or when it never ends
    problem(answer, 400, *fields)


@pytest.mark.parametrize("body", ["[]", "null", "true", "1", '"text"', "[" * 500 + "]" * 500])
def test_json_that_is_no_object_is_refused(door: Service, body: str) -> None:
    problem(send(door, body), 400, "body")


def test_a_nest_that_is_closed_is_refused_as_well(door: Service) -> None:
    nest = "[" * 50_000 + "]" * 50_000
    problem(send(door, f'{{"text": "Lampu jalan mati", "photos": {nest}}}'), 400, "photos[0]")
    problem(send(door, f'{{"text": "Lampu jalan mati", "x": {nest}}}'), 400, "x")
    deep = '{"a":' * 20_000 + "1" + "}" * 20_000
    problem(send(door, f'{{"text": "Lampu jalan mati", "kind": {deep}}}'), 400, "kind")


@pytest.mark.parametrize("field", ["text", "kind", "lat", "anonymous", "photos"])
def test_a_field_given_twice_is_refused(door: Service, field: str) -> None:
    one = {"text": LAMP, "kind": "idea", "lat": 1, "long": 1, "anonymous": True, "photos": []}
    body = json.dumps(one)[:-1] + f', "{field}": {json.dumps(one[field])}}}'
    problem(send(door, body), 400, field)


def each(field: str, values: Sequence[Any], **others: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(field, {field: value, **others}) for value in values]


WRONG: list[tuple[str, dict[str, Any]]] = [
    *each("text", (None, 1, True, [], {}, ["Lampu jalan mati"])),
    *each("kind", ("rant", "", "COMPLAINT", 1, True, ["idea"], {"a": 1})),
    *each("category", ("no_such", "", "A b", "a" * 61, 7, "parkir\n", "../x")),
    *each("lat", (90.01, -91, "1", True, [], 10**400), long=1),
    *each("long", (180.01, -181, "1", False), lat=1),
    ("long", {"lat": 1}),
    ("lat", {"long": 1}),
    ("long", {"lat": 1, "long": None}),
    *each("anonymous", ("true", 1, 0, None, [])),
    *each("confidential", ("yes", 1, {})),
    ("photos", {"photos": "https://photos.example/1.jpg"}),
    ("photos", {"photos": ["https://photos.example/1.jpg"] * 6}),
    *[("photos[0]", {"photos": [value]}) for value in ("http://x", "javascript:alert(1)", "", 1, None, "https:" * 99)],
    ("photos[1]", {"photos": ["https://photos.example/1.jpg", 7]}),
    ("name", {"name": "n" * 201}),
    ("name", {"name": 5}),
    ("address", {"address": "a" * 301}),
    *each("phone", (
        "12", "abc", "0812abc34567", "+", "++6281234567", "+6281", "0" * 30, "0812 3456 7890 ext 1", "٠٨١٢٣٤٥٦٧٨٩٠",
        "0812\n34567890x", "+0812345678", 81234567890, "0" * 31, "   ", "+62812345678901234",
    )),
    *each("email", (
        "warga", "@example.org", "warga@", "warga@example", "a b@example.org", "a@b@example.org", "a@b.id,x@y.id",
        "<warga@example.org>", "Warga <warga@example.org>", "warga@example.org\r\nBcc: all@example.org", 7, " ",
        "w\n@example.org", "w\u202e@example.org", "w\x00@example.org", "w\x7f@example.org", "w\u200b@example.org",
        "warga@contoh\u2028.id", "wärga@example.org", "a" * 250 + "@example.org", "warga@example.org\n",
    )),
]  # fmt: skip


@pytest.mark.parametrize(("field", "fields"), WRONG)
def test_the_wrong_field_is_named(door: Service, field: str, fields: dict[str, Any]) -> None:
    problem(send(door, with_text(**fields)), 400, field)


def test_a_number_too_large_is_named(door: Service) -> None:
    problem(send(door, '{"text": "Lampu jalan mati", "lat": 1e400, "long": 1}'), 400, "lat")
    problem(send(door, '{"text": "Lampu jalan mati", "lat": 1' + "0" * 6000 + ', "long": 1}'), 400, "lat")


def test_a_missing_text_is_named(door: Service) -> None:
    problem(send(door, "{}"), 400, "text")
    problem(send(door, '{"name": "Warga"}'), 400, "text")


ODD_NAMES = [
    "x", " ", "Text", "text ", "telefon", "__proto__", "$.text", "a`b", "naïve", "\U0001f573", "\u202etxet", "\x00",
    "a\r\nSet-Cookie: b=c", "{name}", "%s", "<script>", "missing required field `phone`", "a` - at `$.kind",
    "Expected `str` of length >= 10", "ticket", "status", "receipt", "channel", "checked", "opd",
]  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES)
def test_an_unknown_field_is_named_whatever_it_is_called(door: Service, name: str) -> None:
    answer = send(door, with_text(**{name: 1}))
    (error,) = answer.json["errors"]
    assert "tidak dikenal" in error["message"]
    if "- at" not in name:
        problem(answer, 400, name)


@pytest.mark.parametrize("piece", ["x", " - at `", "`", "missing required field `", "Expected `", "\\", "$." * 3])
def test_an_unknown_field_of_any_length_is_named_shortly_and_soon(door: Service, piece: str) -> None:
    begun = time.perf_counter()
    answer = send(door, with_text(**{piece * (100_000 // len(piece) // 2): 1}))
    spent = time.perf_counter() - begun
    assert answer.status == 400
    assert len(answer.body) < 1_000
    assert spent < 2


@pytest.mark.parametrize("value", ["` - at `$.text" * 8_000, "Expected `str` of length >= (5" * 3_000])
def test_a_value_of_any_length_is_refused_soon_and_not_repeated(door: Service, value: str) -> None:
    begun = time.perf_counter()
    answer = send(door, with_text(kind=value))
    assert time.perf_counter() - begun < 2
    assert len(answer.body) < 1_000
    assert [error["message"] for error in answer.json["errors"]] == ["tidak sah"]


# --- the bounds of a text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "paling sedikit 10 karakter"),
        ("9 huruf..", "paling sedikit 10 karakter"),
        ("\U0001f573" * 9, "paling sedikit 10 karakter"),
        (" " * 50, "paling sedikit 10 karakter"),
        ("\n\t\u00a0\u2003" * 10, "paling sedikit 10 karakter"),
        ("   9 huruf..   ", "paling sedikit 10 karakter"),
        ("x" * 4001, "paling banyak 4000 karakter"),
        ("\U0001f573" * 4001, "paling banyak 4000 karakter"),
    ],
)
def test_a_text_too_short_or_too_long_says_by_how_much(door: Service, text: str, message: str) -> None:
    told = problem(send(door, json.dumps({"text": text})), 400, "text")
    assert told["errors"][0]["message"] == message
    page = send(door, urlencode({"text": text}), FORM)
    assert page.status == 400
    assert 'id="text-error"' in page.text


def test_a_text_within_the_bounds_is_taken_whole(door: Service, stores: None) -> None:
    for text in ("0123456789", "\U0001f573" * 10, "x" * 4000, "\U0001f573" * 4000, "\x00" * 11):
        filed = send(door, json.dumps({"text": text}))
        assert filed.status == 201
        own = door.get(f"/complaints/{filed.json['ticket']}", x_receipt=filed.json["receipt"])
        assert own.json["text"] == text
    assert door.deliver() == []


# --- size, encoding, media type


def test_128_kilobytes_are_read_and_one_byte_more_is_not(door: Service, stores: None) -> None:
    body = with_text().ljust(128 * 1024)
    assert send(door, body).status == 201
    before = tables(door, *KEPT)
    told = problem(send(door, body + " "), 413)
    assert "131072" in told["detail"]
    page = send(door, urlencode({"text": "x" * 140_000}), FORM)
    assert (page.status, page.headers["Content-Type"]) == (413, "text/html; charset=utf-8")
    assert tables(door, *KEPT) == before


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "deflate, gzip", "x"])
def test_a_compressed_body_is_415(door: Service, encoding: str) -> None:
    problem(send(door, gzip.compress(with_text().encode()), content_encoding=encoding), 415)
    page = send(door, gzip.compress(urlencode({"text": LAMP}).encode()), FORM, content_encoding=encoding)
    assert (page.status, page.headers["Content-Type"]) == (415, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/html", "multipart/form-data; boundary=x", "application/xml", "application/jsonx", "json",
     "image/png", "", "application/problem+json", "text/json"],
)  # fmt: skip
def test_another_media_type_is_415(door: Service, content_type: str) -> None:
    told = problem(send(door, with_text(), content_type), 415)
    assert "application/json" in told["detail"]
    assert FORM in told["detail"]


def test_a_media_type_may_have_parameters(door: Service, stores: None) -> None:
    for content_type in ("application/json; charset=utf-8", "APPLICATION/JSON", "application/json ;x=y"):
        assert send(door, with_text(), content_type).status == 201


# --- forms

BAD_FORMS = {
    "a field twice": "text=Lampu+jalan+mati&text=Lampu+jalan+mati",
    "an empty field twice": "text=Lampu+jalan+mati&name=&name=",
    "invalid utf-8": "text=Lampu+jalan+mati+%ff%fe",
    "a lone surrogate": "text=Lampu+jalan+mati+%ed%a0%80",
    "raw bytes": "text=Lampu jalan mati é".encode("latin-1"),
    "too many fields": "text=Lampu+jalan+mati&" + "&".join(f"a{n}=1" for n in range(70)),
}


@pytest.mark.parametrize("body", BAD_FORMS.values(), ids=BAD_FORMS)
def test_a_form_that_cannot_be_read_is_answered_by_a_page(door: Service, body: str | bytes) -> None:
    page = send(door, body, FORM)
    assert (page.status, page.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert "Traceback" not in page.text


FORM_FIELDS = [("lat", {"lat": "abc", "long": "1"}), ("lat", {"lat": "nan", "long": "nan"}), ("long", {"lat": "1"}),
               ("lat", {"lat": "inf", "long": "1"}), ("telefon", {"telefon": "1"}), ("photos", {"photos": "https://x"}),
               ("<b>", {"<b>": "1"})]  # fmt: skip


@pytest.mark.parametrize(("field", "fields"), FORM_FIELDS)
def test_a_field_that_the_form_has_not_is_an_error_as_well(door: Service, field: str, fields: dict[str, str]) -> None:
    page = send(door, urlencode({"text": LAMP, **fields}), FORM)
    assert page.status == 400
    assert 'role="alert"' in page.text
    assert LAMP in page.text
    assert "<b>" not in page.text.partition("<main")[2]


def test_a_percent_sign_that_encodes_nothing_is_one(door: Service, stores: None) -> None:
    assert send(door, "text=Lampu+jalan+50%25+mati+100%+%zz", FORM).status == 201
    assert any("Lampu jalan 50% mati 100% %zz" in item["text"]["S"] for item in door.items("complaints"))


# --- headers, queries, paths, methods


@pytest.mark.parametrize("key", ["k" * 256, "a\tb", "é\u202e", "a\r\nX: y"])
def test_an_idempotency_key_that_cannot_be_one_is_named(door: Service, key: str) -> None:
    problem(send(door, with_text(), idempotency_key=key), 400, "Idempotency-Key")


QUERIES = [
    ("limit", "limit=0"), ("limit", "limit=101"), ("limit", "limit=-1"), ("limit", "limit=x"), ("limit", "limit=1e1"),
    ("limit", "limit=" + quote("٣")), ("limit", "limit=" + "9" * 5000), ("limit", "limit=5&limit=5"),
    ("status", "status=open"), ("kind", "kind=rant"), ("cursor", "cursor=x"), ("cursor", "cursor=" + quote("\x00")),
    ("cursor", "cursor=" + "A" * 5000),
    ("page", "page=2"), ("channel", "channel=sms"), ("phone", "phone=0812"), ("x" * 60, "x" * 90 + "=1"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "query"), QUERIES)
def test_a_bad_parameter_is_named(door: Service, field: str, query: str) -> None:
    problem(door.get(f"/complaints?{query}"), 400, field)


ODD_TICKETS = ["XXXXX-XXXXX", "x", "0", "%00", "%ff", "..", "%2e%2e%2f", "%F0%9F%95%B3" * 10, "A" * 5000, "%C3%9F" * 10]


@pytest.mark.parametrize("ticket", ODD_TICKETS)
def test_an_unknown_ticket_is_the_same_404_everywhere(door: Service, ticket: str) -> None:
    absent = door.get("/complaints/00000-00000")
    problem(absent, 404)
    assert door.get(f"/complaints/{ticket}").body == absent.body
    assert door.get(f"/complaints/{ticket}", x_receipt="\u202ex" * 50).body == absent.body
    assert door.post(f"/complaints/{ticket}/messages", {"text": "Masih mati"}, x_receipt="x").body == absent.body
    assert door.get(f"/t/{ticket}").status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/complaints"), ("DELETE", "/complaints"), ("POST", "/complaints/00000-00000"), ("PATCH", "/services"),
     ("GET", "/complaints/00000-00000/messages"), ("POST", "/"), ("GET", "/webhooks/sms/twilio")],
)  # fmt: skip
def test_another_method_is_405_and_names_those_there_are(door: Service, method: str, path: str) -> None:
    answer = door.call(method, path, with_text(), content_type=JSON)
    problem(answer, 405)
    assert answer.headers["Allow"]


def test_errors_are_indonesian_unless_english_is_asked_for(door: Service) -> None:
    for headers, lang in (
        ({}, "id"), ({"accept_language": "de"}, "id"), ({"accept_language": "en"}, "en"),
        ({"accept_language": "id,en"}, "id"),
        ({"accept_language": "en-GB,en;q=0.9,id;q=0.1"}, "en"), ({"accept_language": ";;q=x,,\x00"}, "id"),
    ):  # fmt: skip
        answer = send(door, '{"text": "pendek"}', **headers)
        told = problem(answer, 400, "text")
        assert answer.headers["Content-Language"] == lang
        assert told["title"] == {"id": "Permintaan tidak dapat dibaca", "en": "The request cannot be read"}[lang]
        assert told["errors"][0]["message"].startswith({"id": "paling sedikit", "en": "must have at least"}[lang])


@pytest.mark.parametrize("path", ["/complaints/00000-00000/messages", "/complaints"])
def test_each_door_is_as_strict(door: Service, path: str) -> None:
    for body in (b"\xef\xbb\xbf{}", b"[" * DEEP, b'{"text": "Masih mati", "text": "Masih mati"}', b"\xff"):
        assert door.call("POST", path, body, content_type=JSON).status == 400
    problem(door.call("POST", path, b"{}".ljust(128 * 1024 + 1), content_type=JSON), 413)
    problem(door.call("POST", path, b"{}", content_type="text/plain"), 415)


def test_line_ends_and_direction_marks_reach_no_header_and_no_subject(door: Service, stores: None) -> None:
    nasty = "\r\nBcc: all@example.org\u202e\u2028\x00"
    fields = {"text": LAMP + nasty, "name": "Warga" + nasty, "address": "Jl. Bukirsari" + nasty}
    answers = [
        send(door, json.dumps({**fields, "email": "warga@example.org"}), accept_language="en"),
        send(door, urlencode({**fields, "email": "warga@example.org", "lang": "en" + nasty}), FORM),
        send(door, urlencode({**fields, "idempotency_key": "k" + nasty}), FORM),
        door.get(f"/complaints?{quote(nasty)}=1"),
        door.get(f"/t?ticket={quote(nasty)}"),
        door.get(f"/complaints/{quote(nasty)}"),
    ]
    assert [answer.status for answer in answers] == [201, 201, 400, 400, 404, 404]
    for answer in answers:
        for value in answer.headers.values():
            assert value.isprintable()
            assert value.isascii()
            assert "Bcc" not in value
    ticket = answers[0].json["ticket"]
    receipt = answers[0].json["receipt"]
    said = {"text": VAGUE + nasty}
    assert door.post(f"/complaints/{ticket}/messages", said, x_receipt=receipt).status == 200
    assert door.deliver() == []
    mails = door.emails()
    assert len(mails) >= 6
    for mail in mails:
        assert mail["subject"].isprintable()
        assert "Bcc" not in mail["subject"]
        assert "Bcc" not in mail["to"]
        assert not {"\u202e", "\x00", "\r"} & set(mail["text"])
