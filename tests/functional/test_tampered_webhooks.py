"""Each provider's door against forgers and naughty citizens: a thousand tampered requests are 403 and write nothing;
what is authentic, however odd, is stored exactly, kept in quarantine, or refused clearly."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import random
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest

from chalicelib.adapters.sms_providers import WebhookRequest, provider_named
from chalicelib.settings import SMS_PROVIDERS
from tests.builders import FORM, Answer, Service, running_service
from tests.functional.doors import CITIZEN, LAMP, PARKING, PROBLEM, carrier_on, set_as, tables, watched_aws
from tests.functional.signed_doors import (
    DOORS,
    JSON,
    Door,
    Sms,
    certificate_of_aws,
    deliver,
    doors_open,
    form_of,
    sns_confirmation,
    sns_notification,
    twilio_form,
    with_headers,
)
from tests.unit.sms_internet import PUBLIC
from tests.unit.test_sms_sns import forget

TAMPERED: Final = 1_000  # requests for each provider
SEED: Final = 5
each = pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Service]:
    """A city with every door open."""
    with doors_open(), certificate_of_aws(tmp_path), running_service() as running:
        yield running


def test_there_is_a_door_for_every_provider() -> None:
    assert tuple(sorted(door.name for door in DOORS)) == tuple(sorted(SMS_PROVIDERS))


def problem(answer: Answer, status: int) -> dict[str, Any]:
    """Return the problem, after a look whether it is one and shows nothing of us."""
    assert (answer.status, answer.headers["Content-Type"]) == (status, PROBLEM), answer.text[:300]
    told: dict[str, Any] = answer.json
    assert (told["status"], told["type"].startswith("urn:sambat:problem:")) == (status, True)
    shows_nothing(answer)
    return told


def shows_nothing(answer: Answer) -> None:
    """Hold that an answer holds no trace of the code, and its headers no line end."""
    assert len(answer.body) < 2_000
    for trace in (b"Traceback", b'.py"', b"msgspec", b"botocore", b"Error("):
        assert trace not in answer.body
    assert all(value.isascii() and value.isprintable() for value in answer.headers.values())


# ------------------------------------------------------------------------------------------------ tampering

PRINTED: Final = string.ascii_letters + string.digits + "+/=,-_.é"  # what a header may hold, but spaces


class Forger:
    """Changes one thing about a genuine request, by chance, always the same ones."""

    def __init__(self, door: Door) -> None:
        self.door, self.chance, self.ids = door, random.Random(f"{SEED} {door.name}"), count()
        self.is_form = "x-www-form" in door.signed(Sms()).headers["content-type"]
        self.ways: dict[str, Callable[[WebhookRequest], WebhookRequest]] = {
            "byte changed": self.byte_changed,
            "byte inserted": lambda call: self.at_a_byte(call, self.any_byte(), 0),
            "byte removed": lambda call: self.at_a_byte(call, b"", 1),
            "cut off": lambda call: replace(call, body=call.body[: self.chance.randrange(len(call.body))]),
            "parameter doubled": self.doubled,
            "parameter renamed": self.renamed,
            "parameter left out": self.left_out,
            "parameters swapped": self.values_swapped,
            "parameters reordered": self.reordered,
            "signature garbled": self.garbled,
            "signature missing": lambda call: self.signed_with(call, None),
            "another's secret": lambda _: door.signed(replace(self.sms(), by_another=True)),
            "another's request": lambda _: self.sent_here(self.other_request()),
            "another's signature": self.with_anothers_signature,
            "another query": self.another_query,
        }
        if door.headers:
            self.ways["header garbled"] = self.header_garbled
            self.ways["header missing"] = lambda call: with_headers(call, {self.chance.choice(door.headers): None})
        if door.oldest:
            self.ways["old"] = lambda _: door.signed(replace(self.sms(), at=self.too_old()))
            self.ways["from the future"] = lambda _: door.signed(replace(self.sms(), at=self.too_early()))
            self.ways["timestamp moved"] = self.timestamp_moved
        if door.got:
            self.ways["method changed"] = lambda call: replace(call, method="GET")

    def sms(self) -> Sms:
        n = next(self.ids)
        return Sms(f"{LAMP} {n} 💡 & = + % ñ", f"+62800{n:08d}", f"id-{n}")

    def tampered(self) -> Iterator[tuple[str, WebhookRequest]]:
        """Yield the ways in turn, and what became of a genuine request."""
        while True:
            for way, change in self.ways.items():
                call = self.door.signed(self.sms())
                changed = change(call)
                if changed != call:
                    yield way, changed

    # --- bytes

    def any_byte(self) -> bytes:
        return bytes([self.chance.randrange(256)])

    def at_a_byte(self, call: WebhookRequest, new: bytes, instead_of: int) -> WebhookRequest:
        at = self.chance.randrange(len(call.body))
        return replace(call, body=call.body[:at] + new + call.body[at + instead_of :])

    def byte_changed(self, call: WebhookRequest) -> WebhookRequest:
        return self.at_a_byte(call, self.any_byte(), 1)

    # --- parameters: of a form, or the fields of JSON

    def parameters(self, call: WebhookRequest) -> list[tuple[str, Any]]:
        return form_of(call) if self.is_form else list(json.loads(call.body).items())

    def with_parameters(self, call: WebhookRequest, pairs: list[tuple[str, Any]]) -> WebhookRequest:
        if self.is_form:
            return replace(call, body=urlencode(pairs).encode())
        written = (f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in pairs)
        return replace(call, body=f"{{{', '.join(written)}}}".encode())

    def doubled(self, call: WebhookRequest) -> WebhookRequest:
        pairs = self.parameters(call)
        name, value = self.chance.choice(pairs)
        twin = (name, f"{value}{self.chance.randrange(10)}")
        return self.with_parameters(call, [twin, *pairs] if self.chance.random() < 0.5 else [*pairs, twin])

    def renamed(self, call: WebhookRequest) -> WebhookRequest:
        pairs = self.parameters(call)
        at = self.chance.randrange(len(pairs))
        name, value = pairs[at]
        return self.with_parameters(call, [*pairs[:at], (f"{name}_", value), *pairs[at + 1 :]])

    def left_out(self, call: WebhookRequest) -> WebhookRequest:
        pairs = self.parameters(call)
        pairs.pop(self.chance.randrange(len(pairs)))
        return self.with_parameters(call, pairs)

    def values_swapped(self, call: WebhookRequest) -> WebhookRequest:
        pairs = self.parameters(call)
        one, other = self.chance.sample(range(len(pairs)), 2)
        (first, here), (second, there) = pairs[one], pairs[other]
        pairs[one], pairs[other] = (first, there), (second, here)
        return self.with_parameters(call, pairs)

    def reordered(self, call: WebhookRequest) -> WebhookRequest:
        pairs = self.parameters(call)
        return self.with_parameters(call, self.chance.sample(pairs, len(pairs)))

    # --- the signature, wherever it stands

    def signature_in(self, call: WebhookRequest) -> str:
        if self.door.headers:
            return call.headers[self.door.signature]
        return str(dict(self.parameters(call))[self.door.signature])

    def signed_with(self, call: WebhookRequest, signature: str | None) -> WebhookRequest:
        if self.door.headers:
            return with_headers(call, {self.door.signature: signature})
        kept = [(name, value) for name, value in self.parameters(call) if name != self.door.signature]
        return self.with_parameters(call, [*kept, *([(self.door.signature, signature)] if signature else [])])

    def garble(self, said: str) -> str:
        at, new = self.chance.randrange(len(said)), self.chance.choice(PRINTED)
        ways = (said[:at] + new + said[at + 1 :], said[:at] + new + said[at:], said[:at] + said[at + 1 :], said[:at],
                "", said + said, said[::-1], new * len(said), said.swapcase())  # fmt: skip
        return self.chance.choice(ways)

    def garbled(self, call: WebhookRequest) -> WebhookRequest:
        return self.signed_with(call, self.garble(self.signature_in(call)))

    def header_garbled(self, call: WebhookRequest) -> WebhookRequest:
        name = self.chance.choice(self.door.headers)
        return with_headers(call, {name: self.garble(call.headers[name])})

    # --- another's, another place, another time

    def other_request(self) -> WebhookRequest:
        return self.chance.choice([other for other in DOORS if other != self.door]).signed(self.sms())

    def sent_here(self, call: WebhookRequest) -> WebhookRequest:
        return replace(call, url=self.door.signed(Sms()).url)

    def with_anothers_signature(self, call: WebhookRequest) -> WebhookRequest:
        other = Forger(self.chance.choice([one for one in DOORS if one != self.door]))
        return self.signed_with(call, other.signature_in(other.door.signed(self.sms())))

    def another_query(self, call: WebhookRequest) -> WebhookRequest:
        pairs = [(self.chance.choice(("about", "From", "text", "")), self.chance.choice(("", "x", "é&=?#", "1" * 300)))]
        return replace(call, url=f"{call.url}?{urlencode(pairs)}")

    def too_old(self) -> datetime:
        assert self.door.oldest
        return datetime.now(UTC) - self.door.oldest - timedelta(seconds=self.chance.choice((60, 3600, 10**6, 10**8)))

    def too_early(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.chance.choice((360, 3600, 10**6)))

    def timestamp_moved(self, call: WebhookRequest) -> WebhookRequest:
        """Return the request with another time beside the signature that was made for the first."""
        seconds = self.chance.choice((-200, -10, -1, 1, 10, 100))
        named = [name for name in self.door.headers if name.endswith("timestamp")]
        if named:
            return with_headers(call, {named[0]: str(int(call.headers[named[0]]) + seconds)})
        if self.door.name == "messagebird":
            head, claims, signature = call.headers[self.door.signature].split(".")
            said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
            later = json.dumps(said | {"nbf": said["nbf"] + seconds, "exp": said["exp"] + seconds}).encode()
            moved = base64.urlsafe_b64encode(later).decode().rstrip("=")
            return with_headers(call, {self.door.signature: f"{head}.{moved}.{signature}"})
        moment = self.door.signed(Sms(at=datetime.now(UTC) + timedelta(seconds=seconds)))
        stamp = {"vonage": "timestamp", "sns": "Timestamp"}[self.door.name]
        then = dict(self.parameters(moment))[stamp]
        pairs = [(name, then if name == stamp else value) for name, value in self.parameters(call)]
        return self.with_parameters(call, pairs)


@each
def test_a_thousand_tampered_requests_are_refused_and_write_nothing(city: Service, door: Door) -> None:
    forger, before, refused, harmless = Forger(door), tables(city), Counter[str](), list[WebhookRequest]()
    with watched_aws() as asked:
        for way, call in forger.tampered():
            if refused.total() == TAMPERED:
                break
            if way not in ("old", "from the future") and door.is_signed(call):
                harmless.append(call)  # what the scheme does not sign
                continue
            answer = deliver(city, call)
            assert answer.status == 403, (way, call, answer)
            assert problem(answer, 403)["type"] == "urn:sambat:problem:bad_signature"
            refused[way] += 1
        assert asked == [], "the database is not even asked"
    assert tables(city) == before
    assert len(refused) >= 12
    assert min(refused.values()) >= TAMPERED // 50, refused
    for call in forger.chance.sample(harmless, min(20, len(harmless))):
        answer = deliver(city, call)
        assert answer.status in (200, 403), (call, answer)
        shows_nothing(answer)


# ------------------------------------------------------------------------------------------------ one genuine message

WAYS: Final = [
    *((door, "POST", door.signed) for door in DOORS),
    *((door, "GET", door.got) for door in DOORS if door.got),
    *((door, "JSON", door.as_json) for door in DOORS if door.as_json),
]
each_way = pytest.mark.parametrize(
    ("door", "sign"), [(door, sign) for door, _, sign in WAYS], ids=[f"{door.name} {way}" for door, way, _ in WAYS]
)


def filed_in(city: Service) -> list[tuple[str, str, str]]:
    """Return (text, phone, provider) of all complaints."""
    people = {item["ticket"]["S"]: (item["phone"]["S"], item["provider"]["S"]) for item in city.items("reporters")}
    return sorted((item["text"]["S"], *people[item["ticket"]["S"]]) for item in city.items("complaints"))


def aside_in(city: Service) -> list[str]:
    """Return the providers of all that lies in quarantine."""
    rows = [item for item in city.items("intake") if item["pk"]["S"] == "quarantine"]
    return sorted(json.loads(row["value"]["S"])["provider"] for row in rows)


PHONES: Final = (f"+62800{n:08d}" for n in count(10_000_000))


@each_way
def test_one_message_delivered_again_is_one_complaint_and_one_answer(
    city: Service, door: Door, sign: Callable[[Sms], WebhookRequest]
) -> None:
    now, phone = datetime.now(UTC), next(PHONES)
    sent = [Sms(PARKING, phone, f"m-{phone}", now - timedelta(seconds=ago)) for ago in (2, 1)]  # signed anew
    answers = [deliver(city, sign(sms)) for sms in sent]
    assert (filed_in(city), aside_in(city)) == ([(PARKING, phone, door.name)], [])
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0] == answers[1]


def test_each_citizen_is_answered_by_the_provider_that_brought_the_message(tmp_path: Path) -> None:
    phones = {door.name: next(PHONES) for door in DOORS}
    with doors_open(), running_service() as city:
        with certificate_of_aws(tmp_path):
            inline = {door.name: deliver(city, door.signed(Sms(PARKING, phones[door.name]))).text for door in DOORS}
        tickets = {item["phone"]["S"]: item["ticket"]["S"] for item in city.items("reporters")}
        assert [name for name in phones if tickets[phones[name]] in inline[name]] == ["twilio"]
        with carrier_on() as carrier:
            city.deliver()
    told = dict(carrier.texts)
    assert sorted(told) == sorted(phone for name, phone in phones.items() if name not in ("twilio", "sns"))
    assert all(tickets[phone] in told[phone] for phone in told)
    assert len(carrier.asked) == len(told)


# ------------------------------------------------------------------------------------------------ odd, but authentic

LONGEST: Final = 8_000
SAID: Final = {
    "GSM-7 extension": "^{}\\[~]| € \f jalan rusak",
    "GSM-7 national": "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ ÄÖÑÜ§¿äöñüà",
    "NUL": "lampu\x00mati\x00",
    "controls": "".join(map(chr, range(1, 32))) + "\x7f\x80\x85\x9f lampu",
    "line ends": "\r\nbaris satu\rbaris dua\nbaris tiga\r\n",
    "spaces": " \t\u00a0\u2003\u3000 lampu  mati \u200b ",
    "marks": "\ufefflampu\ufeff mati\u2028\u2029\u0085",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏿 🇮🇩 1️⃣ \U000e0067 ❤️‍🔥",
    "right to left": "\u202eitam upmal\u202c مصباح الشارع \u2067x\u2069\u200f",
    "zero width": "l\u200ba\u200cm\u200dp\u2060u\u00ad mati",
    "combining": "e\u0301 a\u030a n\u0303 \u1112\u1161\u11ab Z" + "\u0300\u0316" * 40,
    "compatibility": "ﬁ ① Ａ ㎏ İ ı ſ ẞ Å K",
    "javanese": "ꦱꦩ꧀ꦧꦠ꧀ ꦭꦩ꧀ꦥꦸ ꦩꦠꦶ",
    "noncharacters": "\uffff\ufffe\U0010ffff\ue000\ufffd lampu",
    "markup": "<script>alert(1)</script> ]]> <!-- &amp; &#0; {{7*7}} ${jndi:ldap://x} %s%n%00 ' OR 1=1 --",
    "escapes": '\\u0000 \\ud83d \\x00 \\\\ \\" %F0%9F%92%A1 +%2B%26%3D& =;a=b&c=d',
    "JSON": '{"id": "x", "text": "y"}',
    "words": "null undefined NaN true 1e309 __proto__ constructor",
    "a character": "?",
    "the longest": "ñ" * LONGEST,
    "the longest, in emoji": "💡" * LONGEST,
}


@pytest.fixture
def no_faults(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Hold that nothing unforeseen happened."""
    with caplog.at_level(logging.WARNING):
        yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert all(record.exc_info is None for record in caplog.records)


@each_way
def test_what_a_citizen_says_is_stored_as_it_was_said(
    city: Service, door: Door, sign: Callable[[Sms], WebhookRequest], no_faults: None
) -> None:
    phones = {name: next(PHONES) for name in SAID}
    for name, phone in phones.items():
        answer = deliver(city, sign(Sms(SAID[name], phone, f"m-{phone}")))
        assert answer.status == 200, (name, answer.text)
        shows_nothing(answer)
    stored = {phone: text for text, phone, _ in filed_in(city)}
    for name, phone in phones.items():
        assert stored.pop(phone) == unicodedata.normalize("NFC", SAID[name]), name
    assert (stored, aside_in(city)) == ({}, [])


ASIDE: Final = {"nothing": "", "blanks": " \r\n\t\u00a0", "too long": "ñ" * (LONGEST + 1), "far too long": "x" * 60_000}


@each_way
def test_no_text_and_one_that_no_phone_sends_are_kept_aside(
    city: Service, door: Door, sign: Callable[[Sms], WebhookRequest], no_faults: None
) -> None:
    for n, text in enumerate(ASIDE.values()):
        sms = Sms(text, next(PHONES), f"m-{n}")
        for _ in range(2):
            answer = deliver(city, sign(sms))
            assert answer.status == 200, answer.text
            shows_nothing(answer)
    assert (filed_in(city), aside_in(city)) == ([], [door.name] * len(ASIDE))


SENDERS: Final = {  # and whether that can be one
    "": False,
    " \r\n": False,
    "6" * 10_000: False,
    "+" + "6" * 65: False,  # one too many also where no plus is written
    "6" * 64: True,
    "BANK\r\nX-Evil: 1": True,
    "+62800\r\n00000001": True,
    "a/../b#?%2F\\\x00": True,
    "\u202e💡": True,
    "'; DROP TABLE reporters; --": True,
}
IDS: Final = {
    "": False,
    "i" * 201: False,
    "i" * 150: True,
    "/": True,
    "a/../../b\\..": True,
    "a\x00b": True,
    "a\r\nX-Evil: 1": True,
    "#?%2F%00&=+": True,
    "💡\u202e": True,
}


@each_way
def test_an_odd_sender_and_an_odd_id_are_one_complaint_or_kept_aside(
    city: Service, door: Door, sign: Callable[[Sms], WebhookRequest], no_faults: None
) -> None:
    odd = [(Sms(LAMP, sender, f"s-{n}"), good) for n, (sender, good) in enumerate(SENDERS.items())]
    odd += [(Sms(LAMP, next(PHONES), message_id), good) for message_id, good in IDS.items()]
    for sms, _ in odd:
        answers = [deliver(city, sign(sms)) for _ in range(2)]
        assert [answer.status for answer in answers] == [200, 200], (sms, answers)
        assert answers[0] == answers[1], sms
        shows_nothing(answers[0])
    assert Counter(text for text, _, _ in filed_in(city)) == {LAMP: sum(good for _, good in odd)}
    assert aside_in(city) == [door.name for _, good in odd if not good]


@pytest.mark.parametrize("text", ["BANTUAN", LAMP])  # answered at once; told by the stream
def test_what_is_sent_to_an_odd_sender_breaks_no_request_to_its_carrier(text: str, no_faults: None) -> None:
    with doors_open(), carrier_on() as carrier, running_service() as city:
        for door in DOORS:
            for n, sender in enumerate((*SENDERS, "+6280000000001\r\nX-Evil: 1", CITIZEN)):
                if door.name != "sns":  # its certificate is not to be had while a carrier is
                    assert deliver(city, door.signed(Sms(text, sender, f"s-{n}"))).status == 200
        assert city.deliver() == []
    assert CITIZEN in dict(carrier.texts)
    assert not [headers for _, headers, _ in carrier.asked if "x-evil" in headers]


# --- bytes that hold no message

TEXT_OF: Final = b"Lampu"  # where the bytes stand in a text
NO_TEXT: Final = {
    "overlong": b"\xc0\xaf",
    "overlong, of three": b"\xe0\x80\xaf",
    "a surrogate": b"\xed\xa0\x80",
    "beyond Unicode": b"\xf4\x90\x80\x80",
    "latin-1": b"\xe9",
    "half a character": b"\xf0\x9f\x92",
    "a lone surrogate, escaped": rb"\ud83d",
    "surrogates turned round": rb"\udca1\ud83d",
    "a raw NUL": b"\x00",
    "a raw line end": b"\n",
    "no escape": rb"\x41",
}
NO_MESSAGE: Final = {
    "blank": b" ",
    "null": b"null",
    "a list": b"[]",
    "a number": b"9" * 5_000,
    "UTF-16": json.dumps({"id": "1", "text": LAMP}).encode("utf-16"),
    "UTF-32": json.dumps({"id": "1", "text": LAMP}).encode("utf-32"),
    "a mark before": b"\xef\xbb\xbf{}",
    "a nest": b"[" * 100_000,
    "a nest of objects": b'{"a":' * 20_000,
    "a nest that ends": b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "NULs": b"\x00" * 1_000,
    "all bytes": bytes(range(256)) * 100,
    "zipped": gzip.compress(LAMP.encode(), mtime=0),
}


def spoilt(whole: bytes) -> list[bytes]:
    """Return that message of LAMP, in JSON, with one thing wrong in each."""
    assert whole.count(TEXT_OF) == 1
    bodies = [whole.replace(TEXT_OF, TEXT_OF + one) for one in NO_TEXT.values()]
    twice = whole.rstrip(b"}") + b', "text": "x", "text": "y"' + b"}" * (len(whole) - len(whole.rstrip(b"}")))
    return [*bodies, twice, whole[:-1], whole + b"x", whole * 2, whole.replace(b'"', b"'")]


@pytest.mark.parametrize("door", [door for door in DOORS if door.raw], ids=lambda door: door.name)
def test_bytes_that_hold_no_message_are_kept_aside(city: Service, door: Door, no_faults: None) -> None:
    assert door.raw
    bodies = [*NO_MESSAGE.values(), *spoilt((door.as_json or door.signed)(Sms()).body)]
    for body in bodies:
        answer = deliver(city, door.raw(body))
        assert answer.status == 200, (body[:200], answer)
        shows_nothing(answer)
    assert (filed_in(city), aside_in(city)) == ([], [door.name] * len(bodies))


def test_a_topics_message_that_is_none_is_kept_aside(city: Service, no_faults: None) -> None:
    whole = json.loads(next(door for door in DOORS if door.name == "sns").signed(Sms()).body)["Message"].encode()
    texts = []
    for body in (*NO_MESSAGE.values(), *spoilt(whole), b""):
        with suppress(UnicodeDecodeError):
            texts.append(body.decode())
    assert len(texts) > 10
    for text in texts:
        assert deliver(city, sns_notification(text)).status == 200, text[:200]
    assert (filed_in(city), aside_in(city)) == ([], ["sns"] * len(texts))


def test_what_sns_asks_while_aws_cannot_be_reached_is_503_without_a_fault_and_writes_nothing(
    tmp_path: Path, no_faults: None, caplog: pytest.LogCaptureFixture
) -> None:
    door = next(door for door in DOORS if door.name == "sns")
    with doors_open(), certificate_of_aws(tmp_path) as world, running_service() as city:
        world.silent = {PUBLIC}
        with watched_aws() as asked:
            answer = deliver(city, door.signed(Sms()))
        assert problem(answer, 503)["type"] == "urn:sambat:problem:unavailable"
        assert (answer.headers["Retry-After"], asked) == ("5", [])
        world.silent = set()
        forget()  # as after a minute
        assert deliver(city, door.signed(Sms())).status == 200
        assert len(filed_in(city)) == 1
        world.silent = {PUBLIC}
        problem(deliver(city, sns_confirmation()), 503)
        assert aside_in(city) == []
    assert [record.getMessage() for record in caplog.records if "not now" in record.getMessage()] == [
        "sns: not now: no answer (NewConnectionError)"
    ] * 2


@each
def test_no_bytes_whatever_are_a_fault(city: Service, door: Door, no_faults: None) -> None:
    """With a signature that once was right, as nobody could sign some of them."""
    calls = [replace(door.signed(Sms()), body=body) for body in NO_MESSAGE.values()]
    with watched_aws() as asked:
        for call in calls:
            for content_type in (JSON, FORM, "text/plain", f"{JSON}; charset=utf-16"):
                problem(deliver(city, with_headers(call, {"content-type": content_type})), 403)
    assert asked == []


def test_twilios_broken_characters_are_read_as_its_own_library_reads_them(city: Service, no_faults: None) -> None:
    for n, broken in enumerate((b"%C0%AF", b"%FF", b"%ED%A0%80", b"%F0%9F%92")):
        body = f"MessageSid=SM{n}&From={quote(next(PHONES))}&Body=Lampu+".encode() + broken + b"+mati"
        assert deliver(city, twilio_form(body)).status == 200
    assert {text for text, _, _ in filed_in(city)} == {"Lampu " + "\ufffd" * n + " mati" for n in (1, 2, 3)}


@each
def test_a_megabyte_is_too_large(city: Service, door: Door, no_faults: None) -> None:
    with watched_aws() as asked:
        for big in (LAMP * 20_000, "[" * 1_000_000, "💡" * 200_000):
            call = door.signed(Sms(big))
            assert len(call.body) >= 800_000
            for headers in (call.headers, {}):
                answer = deliver(city, replace(call, headers=headers))
                assert problem(answer, 413)["type"] == "urn:sambat:problem:too_large"
    assert asked == []


# ------------------------------------------------------------------------------------------------ the route


@each
def test_a_method_that_the_provider_does_not_use_is_405_and_names_those_that_it_does(city: Service, door: Door) -> None:
    allowed = provider_named(door.name).METHODS
    assert (door.got is not None) == ("GET" in allowed)
    with watched_aws() as asked:
        for method in {"GET", "PUT", "PATCH", "DELETE", "HEAD"} - allowed:
            answer = deliver(city, replace(door.signed(Sms()), method=method))
            problem(answer, 405)
            assert "POST" in answer.headers["Allow"]
            if method == "GET":
                assert answer.headers["Allow"] == "POST"
        if "GET" in allowed:
            problem(city.get(door.path), 403)
    assert asked == []


@each
def test_a_provider_that_is_not_on_is_as_one_that_is_not_there(city: Service, door: Door) -> None:
    with set_as(**{door.switch: None}), watched_aws() as asked:
        off = deliver(city, door.signed(Sms()))
        problem(off, 404)
        for name in ("nobody", door.name.upper(), f"{door.name}%20", f"{door.name}.py", "contract", "wire", "__init__",
                     "%2e%2e", "%00", "x" * 5_000):  # fmt: skip
            for method in ("GET", "POST"):
                assert city.call(method, f"/webhooks/sms/{name}", content_type=JSON) == off, name
    assert asked == []
    assert deliver(city, door.signed(Sms())).status == 200


NOT_SERVED: Final = (
    "application/xml", "multipart/form-data; boundary=x", "image/png", "application/octet-stream", "text/html",
    "text/plainer", "nonsense", "é", ";",
)  # fmt: skip


@each
def test_another_content_type_and_a_compressed_body_are_415(city: Service, door: Door) -> None:
    call = door.signed(Sms())
    with watched_aws() as asked:
        for headers in (*({"content-type": one} for one in NOT_SERVED), {"content-encoding": "gzip"}):
            problem(deliver(city, with_headers(call, headers)), 415)
    assert asked == []


@each
def test_the_case_of_a_headers_name_is_nothing(city: Service, door: Door) -> None:
    for written in (str.upper, str.title):
        call = door.signed(Sms(LAMP, next(PHONES), "m-1"))
        headers = {written(name): value for name, value in call.headers.items()}
        assert deliver(city, replace(call, headers=headers)).status == 200
    assert len(filed_in(city)) == 2
