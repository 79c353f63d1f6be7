"""What came at a desk, by telephone or in a chat group is entered on a page; the receipt is shown once."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chalicelib.adapters import complaints
from chalicelib.domain.keys import receipt_for
from chalicelib.settings import current
from tests.builders import Answer, Service
from tests.functional.doors import NO_SMS, aws_fault, set_as, tables, watched_aws
from tests.functional.office_browsers import OTHERS, signed_in, stored, wrong
from tests.functional.scenes import HOLE, LAMP, PARKING, UNCLEAR
from tests.functional.test_desk import Browser, csrf_of

WHERE = "/kantor/masukan"
WHOLE: dict[str, Any] = {
    "channel": "phone", "text": LAMP, "kind": "question", "category": "pju", "address": "Depan balai RW 05",
    "name": "Warga Uji", "phone": "0800 0000 0001", "email": "warga@mail.example", "anonymous": "true",
    "confidential": "true",
}  # fmt: skip


@pytest.fixture
def admin(service: Service) -> Browser:
    return signed_in(service)


def key_of(page: Answer) -> str:
    return str(re.findall(r'name="idempotency_key" value="([^"]+)"', page.text)[0])


def entered(browser: Browser, page: Answer | None = None, **fields: str) -> Answer:
    """Send the form with these fields, as that page of it has it."""
    shown = page or browser.get(WHERE)
    sent = {"csrf": csrf_of(shown), "idempotency_key": key_of(shown), "channel": "desk", **fields}
    return browser.submit(WHERE, sent)


def ticket_of(page: Answer) -> str:
    return str(re.findall(r'class="code huge">([^<]+)<', page.text)[0])


def test_all_that_was_said_is_stored_and_who_wrote_it_down(service: Service, admin: Browser) -> None:
    page = entered(admin, **WHOLE)
    assert page.status == 201
    one = stored(ticket_of(page))
    assert (one.channel, one.text, one.kind, one.category, one.address) == (
        "phone", LAMP, "question", "pju", "Depan balai RW 05"
    )  # fmt: skip
    assert (one.anonymous, one.confidential) == (True, True)
    assert (one.timeline[0].by, one.timeline[0].who) == ("admin", "rina")
    reporter = complaints.reporter_of(one.ticket)
    assert reporter is not None
    assert (reporter.name, reporter.phone, reporter.email) == ("Warga Uji", "+6280000000001", "warga@mail.example")


def test_the_receipt_is_shown_once_to_be_handed_over_and_opens_the_complaint(service: Service, admin: Browser) -> None:
    page = entered(admin, text=PARKING)
    ticket = ticket_of(page)
    receipt = receipt_for(current().signing_key, ticket)
    assert receipt in page.text
    assert "Berikan keduanya kepada warga." in page.text
    assert "Bidang Pengelolaan Perparkiran" in page.text
    assert "hreflang" not in page.text  # no switch: the page comes once
    assert receipt not in admin.get(f"/kantor/{ticket}").text
    assert service.form(f"/t/{ticket}", {"receipt": receipt}).status == 200


def test_what_waits_for_dispatch_and_whether_they_are_told_is_said(service: Service, admin: Browser) -> None:
    alone = entered(admin, text=UNCLEAR)
    assert "menunggu disposisi" in alone.text
    assert "Tidak ada kabar yang bisa dikirim" in alone.text
    assert "mendapat kabar" in entered(admin, text=UNCLEAR, email="warga@mail.example").text
    assert "mendapat kabar" in entered(admin, text=PARKING, phone="+628000000001").text
    with set_as(**NO_SMS):
        silent = entered(admin, text=LAMP, phone="+628000000001").text
        assert "Tidak ada kabar yang bisa dikirim" in silent
        assert "mendapat kabar" in entered(admin, text=HOLE, phone="+628000000001", email="warga@mail.example").text


def test_the_same_form_sent_twice_is_one_complaint(service: Service, admin: Browser) -> None:
    page = admin.get(WHERE)
    first, again = entered(admin, page, text=LAMP), entered(admin, page, text=LAMP)
    assert (first.status, again.status) == (201, 201)
    assert ticket_of(first) == ticket_of(again)


def test_the_same_form_with_other_words_says_so_and_can_be_sent_again(service: Service, admin: Browser) -> None:
    page = admin.get(WHERE)
    first = entered(admin, page, text=LAMP)
    refused = entered(admin, page, text=PARKING)
    assert refused.status == 422
    assert "Formulir ini sudah terkirim dengan isi lain" in refused.text
    assert PARKING in refused.text
    second = entered(admin, refused, text=PARKING)
    assert second.status == 201
    assert ticket_of(second) != ticket_of(first)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": "pendek"}, "text"),
        ({"text": ""}, "text"),
        ({"text": "x" * 4001}, "text"),
        ({"channel": "pigeon"}, "channel"),
        ({"kind": "praise"}, "kind"),
        ({"category": "no_such"}, "category"),
        ({"phone": "12"}, "phone"),
        ({"email": "warga"}, "email"),
        ({"name": "x" * 201}, "name"),
        ({"address": "x" * 301}, "address"),
        ({"anonymous": "perhaps"}, "anonymous"),
    ],
)
def test_an_error_stands_beside_its_field_and_what_was_typed_is_kept(
    service: Service, admin: Browser, changes: dict[str, str], field: str
) -> None:
    before = tables(service)
    page = admin.get(WHERE)
    typed: dict[str, Any] = {**WHOLE, "name": "Warga <Uji>", **changes}
    refused = entered(admin, page, **typed)
    assert refused.status == 400
    assert wrong(refused) == [field]
    assert key_of(refused) == key_of(page)
    if field != "name":
        assert "Warga &lt;Uji&gt;" in refused.text
    if field != "text":
        assert LAMP in refused.text
    if field != "channel":
        assert '<option value="phone" selected>' in refused.text
    assert tables(service) == before


def test_while_nothing_can_be_stored_what_was_typed_is_kept_and_is_one_complaint_afterwards(
    service: Service, admin: Browser
) -> None:
    page = admin.get(WHERE)
    with watched_aws(before=lambda call: aws_fault() if call.action in ("PutItem", "TransactWriteItems") else None):
        refused = entered(admin, page, **WHOLE)
    assert refused.status == 503
    assert LAMP in refused.text
    assert key_of(refused) == key_of(page)
    assert entered(admin, refused, **WHOLE).status == 201


def test_a_field_that_the_form_has_not_is_refused(service: Service, admin: Browser) -> None:
    before = tables(service)
    assert entered(admin, text=LAMP, status="closed").status == 400
    assert entered(admin, text=LAMP, idempotency_key="x" * 300).status == 400
    assert tables(service) == before


def test_nobody_but_an_admin_enters_anything_nor_does_another_site(service: Service, admin: Browser) -> None:
    before = tables(service)
    for role in ("mayor", "auditor"):
        browser = signed_in(service, role)
        assert browser.get(WHERE).status == 403
        csrf = csrf_of(browser.get("/kantor"))
        assert browser.submit(WHERE, {"csrf": csrf, "text": LAMP}).status == 403
        assert WHERE not in browser.get("/kantor").text
    assert admin.submit(WHERE, {**OTHERS, "text": LAMP}).status == 403
    assert tables(service) == before
