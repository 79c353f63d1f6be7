"""What the public, the OPD and the log never learn; what the receipt opens."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from chalicelib import stream
from chalicelib.adapters.tables import PREFIX
from chalicelib.domain.privacy import MASK
from chalicelib.domain.ticket import ticket_from
from tests.builders import Answer, Service, token
from tests.functional.doors import (
    LAMP,
    VAGUE,
    Call,
    aws_fault,
    carrier_on,
    generic,
    generic_body,
    generic_part,
    smsgate,
    tables,
    watched_aws,
)

NAME, EMAIL, PHONE = "Kartika Uji Coba", "kartika.uji@example.org", "0812-3450-0001"
PERSON = {"name": NAME, "email": EMAIL, "phone": PHONE}
PERSONAL = (NAME, EMAIL, "81234500001", "0812-3450-0001")
ABSENT = ticket_from(7)


def file(service: Service, text: str = LAMP, **more: Any) -> dict[str, Any]:
    filed: dict[str, Any] = service.post("/complaints", {"text": text, **more}).json
    return filed


def check(service: Service, ticket: str) -> None:
    assert service.post(f"/admin/complaints/{ticket}/check", {}, token("admin")).status == 200


def public_views(service: Service, ticket: str) -> list[Answer]:
    """Return all that the public can look at."""
    return [service.get(f"/complaints/{ticket}"), service.get(f"/t/{ticket}"), service.get(f"/t?ticket={ticket}"),
            *(service.get(path) for path in ("/complaints", "/aduan", "/aduan.rss", "/papan"))]  # fmt: skip


# --- the text


def test_an_unchecked_text_is_null_to_the_public_and_whole_to_its_reporter(service: Service) -> None:
    text = f"{VAGUE}, telepon 0812 3456 7890"
    filed = file(service, text)
    seen = service.get(f"/complaints/{filed['ticket']}").json
    assert (seen["text"], seen["status"], seen["opd"]) == (None, "received", None)
    for view in public_views(service, filed["ticket"]):
        assert VAGUE not in view.text
    assert service.get(f"/complaints/{filed['ticket']}", x_receipt=filed["receipt"]).json["text"] == text


def test_a_certain_text_with_something_personal_or_a_link_waits_for_a_person(service: Service) -> None:
    for more in ("hubungi 0812 3456 7890", "surel a@b.id", "NIK 3573010101900001", "lihat https://x.id", "www.x.id"):
        filed = file(service, f"{LAMP} {more}")
        assert filed["status"] == "dispatched"
        assert service.get(f"/complaints/{filed['ticket']}").json["text"] is None, more
    assert service.get("/complaints").json["items"] == []


WRITTEN = [
    "081234567890", "0812 3456 7890", "0812-3456-7890", "+62 812 3456 7890", "(0341) 123-4567 8", "62.812.3456.7890",
    "3573010101900001", "35.73.01.010190.0001", "warga.satu@example.org", "warga @example.co.id",
    "warga[at]example.org", "0812\u200b3456\u200b7890", "0812\u20113456\u20117890",
]  # fmt: skip


def test_a_checked_text_is_masked_in_public_and_as_sent_to_its_reporter(service: Service) -> None:
    for personal in WRITTEN:
        text = f"{LAMP}, hubungi {personal} ya, harga 25000"
        filed = file(service, text)
        check(service, filed["ticket"])
        shown = service.get(f"/complaints/{filed['ticket']}").json["text"]
        assert shown.replace("(", "") == f"{LAMP}, hubungi {MASK} ya, harga 25000".replace("(", ""), personal
        for view in public_views(service, filed["ticket"]):
            assert personal not in view.text
        assert service.get(f"/complaints/{filed['ticket']}", x_receipt=filed["receipt"]).json["text"] == text


def test_an_answer_is_masked_in_public_and_whole_to_its_reporter(service: Service) -> None:
    filed = file(service)
    text = "Hubungi Pak Lurah di 0812 3456 7890 atau lurah@example.org"
    service.post(f"/opd/complaints/{filed['ticket']}/answer", {"text": text}, token("opd", "dpuprpkp"))
    shown = service.get(f"/complaints/{filed['ticket']}")
    assert shown.json["answers"][0]["text"] == f"Hubungi Pak Lurah di {MASK} atau {MASK}"
    for view in public_views(service, filed["ticket"]):
        assert "3456" not in view.text
        assert "lurah@" not in view.text
    own = service.get(f"/complaints/{filed['ticket']}", x_receipt=filed["receipt"]).json
    assert own["answers"][0]["text"] == text


def test_the_public_never_sees_who_worked_on_it_nor_where_it_is(service: Service) -> None:
    filed = file(service, address="Jl. Rahasia 5", lat=-7.9512345, long=112.6112345, **PERSON)
    officer = token("opd", "dpuprpkp", sub="officer-17")
    service.get(f"/opd/complaints/{filed['ticket']}", officer)
    service.post(f"/opd/complaints/{filed['ticket']}/start", {}, officer)
    service.get(f"/admin/complaints/{filed['ticket']}/reporter", token("admin", sub="admin-3"))
    service.post(f"/complaints/{filed['ticket']}/messages", {"text": "Rumah biru"}, x_receipt=filed["receipt"])
    for view in public_views(service, filed["ticket"]):
        for hidden in (*PERSONAL, "officer-17", "admin-3", "Jl. Rahasia", "7.951", "112.611", "Rumah biru"):
            assert hidden not in view.text


# --- confidential: as if it were not there


def test_a_confidential_one_answers_the_public_like_one_that_is_not_there(service: Service) -> None:
    filed = file(service, confidential=True, **PERSON)
    ticket, other = filed["ticket"], file(service)
    check(service, ticket)
    for receipt in ("", "x", other["receipt"], filed["receipt"][:-1]):
        hidden = service.get(f"/complaints/{ticket}", x_receipt=receipt)
        absent = service.get(f"/complaints/{ABSENT}", x_receipt=receipt)
        assert (hidden.status, hidden.body, hidden.headers) == (404, absent.body, absent.headers)
    for lang in ("id", "en"):
        hidden = service.get(f"/complaints/{ticket}", accept_language=lang)
        assert hidden.body == service.get(f"/complaints/{ABSENT}", accept_language=lang).body
    for path in ("/t/{}", "/t?ticket={}", "/t/{}?lang=en"):
        page, none = service.get(path.format(ticket)), service.get(path.format(ABSENT))
        assert page.status == 404
        assert page.text.replace(ticket, ABSENT) == none.text
        assert page.headers == none.headers
    opened, none = (service.form(f"/t/{one}", {"receipt": "x"}) for one in (ticket, ABSENT))
    assert (opened.status, opened.text.replace(ticket, ABSENT)) == (404, none.text)
    said = {"text": "Masih mati"}
    refused, none = (service.post(f"/complaints/{one}/messages", said, x_receipt="x") for one in (ticket, ABSENT))
    assert (refused.status, refused.body, refused.headers) == (404, none.body, none.headers)


def test_a_confidential_one_opens_with_its_receipt(service: Service) -> None:
    filed = file(service, confidential=True)
    own = service.get(f"/complaints/{filed['ticket']}", x_receipt=filed["receipt"])
    assert (own.status, own.json["text"]) == (200, LAMP)
    assert LAMP in service.form(f"/t/{filed['ticket']}", {"receipt": filed["receipt"]}).text
    added = service.post(f"/complaints/{filed['ticket']}/messages", {"text": "Masih"}, x_receipt=filed["receipt"])
    assert added.status == 200


def test_a_receipt_opens_its_own_ticket_alone(service: Service) -> None:
    mine, other = file(service, confidential=True), file(service, confidential=True)
    assert service.get(f"/complaints/{other['ticket']}", x_receipt=mine["receipt"]).status == 404
    spaced = mine["receipt"].lower().replace("-", " ")
    assert service.get(f"/complaints/{mine['ticket']}", x_receipt=spaced).status == 200


def test_anonymous_and_confidential_are_two_flags(service: Service) -> None:
    officer, admin = token("opd", "dpuprpkp"), token("admin")
    pairs = [(anonymous, confidential) for anonymous in (False, True) for confidential in (False, True)]
    flags = {pair: file(service, anonymous=pair[0], confidential=pair[1], **PERSON) for pair in pairs}
    for (anonymous, confidential), filed in flags.items():
        seen = service.get(f"/opd/complaints/{filed['ticket']}", officer).json
        assert (seen["anonymous"], seen["confidential"]) == (anonymous, confidential)
        assert (seen["reporter"] is None) is anonymous
        assert anonymous is not (NAME in json.dumps(seen))
        assert (service.get(f"/complaints/{filed['ticket']}").status == 404) is confidential
        known = service.get(f"/admin/complaints/{filed['ticket']}/reporter", admin).json
        assert (known["name"], known["email"]) == (NAME, EMAIL)
    listed = service.get("/opd/complaints", officer)
    assert not any(personal in listed.text for personal in PERSONAL)
    assert len(service.get("/complaints").json["items"]) == 2


# --- where a person stands, and where not


def test_a_person_stands_in_one_item_and_a_receipt_nowhere(service: Service) -> None:
    filed = file(service, **PERSON)
    generic(service, VAGUE, sender="+6281234500001")
    service.deliver()
    for name, items in tables(service).items():
        whole = " ".join(items)
        assert filed["receipt"] not in whole
        assert filed["receipt"].replace("-", "") not in whole
        if name != "reporters":
            assert not any(personal in whole for personal in PERSONAL), name
    keys = {item["phone_key"]["S"] for item in service.items("reporters")}
    assert len(keys) == 1
    assert "500001" not in keys.pop()


def test_erasing_a_person_is_deleting_one_item(service: Service) -> None:
    filed = file(service, **PERSON)
    service.deliver()
    key = {"ticket": {"S": filed["ticket"]}}
    boto3.client("dynamodb").delete_item(TableName=f"{PREFIX}reporters", Key=key)
    sent = len(service.emails())
    officer = token("opd", "dpuprpkp")
    assert service.get(f"/opd/complaints/{filed['ticket']}", officer).json["reporter"] is None
    assert service.post(f"/opd/complaints/{filed['ticket']}/answer", {"text": "Sudah."}, officer).status == 200
    assert service.deliver() == []
    assert len(service.emails()) == sent
    assert service.get(f"/complaints/{filed['ticket']}").json["status"] == "answered"


def test_mail_to_an_opd_names_nobody_and_no_subject_says_anything_personal(service: Service) -> None:
    for anonymous in (False, True):
        file(service, f"{LAMP}, telepon {PHONE}", anonymous=anonymous, **PERSON)
    assert service.deliver() == []
    for mail in service.emails():
        assert not any(personal in mail["subject"] for personal in PERSONAL)
        assert "Bukirsari" not in mail["subject"]
        if mail["to"] != EMAIL:
            assert NAME not in mail["text"]
            assert EMAIL not in mail["text"]


def test_no_answer_to_a_filing_repeats_the_person(service: Service) -> None:
    answers = [
        service.post("/complaints", {"text": LAMP, **PERSON}),
        service.form("/complaints", {"text": LAMP, **PERSON}),
        service.post("/complaints", {"text": LAMP, **PERSON, "phone": "12"}),
        service.post("/complaints", {"text": LAMP, **PERSON, "kind": NAME}),
    ]
    assert [answer.status for answer in answers] == [201, 201, 400, 400]
    for answer in answers:
        assert not any(personal in answer.text + str(answer.headers) for personal in PERSONAL)


# --- the log


def test_the_log_names_nobody_at_any_level_all_the_way(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sms_from = "+6281234500002"
    secret_words = ("warung ungu", "kardus basah", "pagar retak", "kucing belang")
    with carrier_on() as carrier:
        filed = file(service, f"{LAMP} dekat warung ungu", **PERSON)
        service.post("/complaints", {"text": f"{LAMP} dekat warung ungu", **PERSON, "email": f"{EMAIL},{EMAIL}"})
        service.form("/complaints", {"text": f"{VAGUE} dekat warung ungu", **PERSON})
        service.post(f"/complaints/{filed['ticket']}/messages", {"text": "kardus basah"}, x_receipt=filed["receipt"])
        service.get(f"/complaints/{filed['ticket']}?phone=81234500001")
        generic(service, "Sambat parkir liar depan warung ungu", sender=sms_from)
        smsgate(service, f"CEK {filed['ticket']}", sender=sms_from)
        generic_part(service, "pagar retak", 1, 3, sender=sms_from)
        generic_body(service, f'{{"from": "{sms_from}", "text": "pagar retak"'.encode())
        service.twilio("lampu mati dekat warung ungu", sender=sms_from)
        carrier.status = 500
        smsgate(service, "BANTUAN", "s-2", sender=sms_from)
        officer = token("opd", "dpuprpkp")
        service.get(f"/opd/complaints/{filed['ticket']}", officer)
        service.post(f"/opd/complaints/{filed['ticket']}/answer", {"text": "kucing belang"}, officer)
        service.post("/admin/complaints/search", {"phone": PHONE}, token("admin"))

        def refuse(call: Call) -> Any:
            return aws_fault(400, "MessageRejected") if call.action.startswith("/v2/email") else None

        records = service._records()
        with watched_aws(before=refuse):
            assert stream.notify(records, _now())["batchItemFailures"]
        carrier.status = 202
        assert stream.notify(records, _now())["batchItemFailures"] == []
        garbage = {"SequenceNumber": "9", "NewImage": {**records[0]["dynamodb"]["NewImage"], "timeline": {"S": "x"}}}
        assert stream.notify([{"dynamodb": garbage}], _now())["batchItemFailures"]
        service.sweep("2027-02-01T08:00:00+07:00")
        boto3.client("dynamodb").delete_table(TableName=f"{PREFIX}complaints")
        assert service.post("/complaints", {"text": f"{LAMP} dekat warung ungu", **PERSON}).status == 503
        assert generic(service, "Sambat parkir liar depan warung ungu", "g-9", sender=sms_from).status == 503
    assert len(carrier.texts) >= 2
    shown = [logging.Formatter().format(record) for record in caplog.records]
    assert any("not sent" in line for line in shown)
    assert any("poison" in line for line in shown)
    assert any("quarantine" in line for line in shown)
    assert any("unavailable" in line for line in shown)
    for line in shown:
        for personal in (*PERSONAL, "81234500002", *secret_words, filed["receipt"]):
            assert personal not in line


def _now() -> datetime:
    return datetime.now(UTC)
