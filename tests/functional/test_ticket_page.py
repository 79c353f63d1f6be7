"""The reporter's page of a ticket in a browser: what it offers in each status, and every form on it."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.adapters import complaints
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.keys import receipt_for
from chalicelib.settings import current
from tests.builders import Answer, Service, token
from tests.functional.scenes import LAMP, UNCLEAR, filed, opened, wall_clock

DAY = timedelta(days=1)
LONG = "Panjang <sekali> " * 300


def own(service: Service, ticket: str, **headers: str) -> Answer:
    """Open one's own page, by the receipt."""
    page = service.form(f"/t/{ticket}", {"receipt": receipt_for(current().signing_key, ticket)}, **headers)
    assert page.status == 200
    return page


def sent(service: Service, ticket: str, form: str, **fields: str) -> Answer:
    """Fill in one of the forms of one's own page with the receipt that stands in it, and send it."""
    page = own(service, ticket)
    assert f'action="https://sambat.example/api/complaints/{ticket}/{form}?lang=id"' in page.text
    receipt = re.search('name="receipt" value="([^"]+)"', page.text)
    assert receipt
    return service.form(f"/complaints/{ticket}/{form}?lang=id", {"receipt": receipt[1], **fields})


def offered(page: Answer) -> list[str]:
    return re.findall(r"/complaints/[^/]+/(\w+)\?", page.text)


def stored(ticket: str) -> Complaint:
    found = complaints.complaint_of(ticket, consistent=True)
    assert found is not None
    return found


def officer(service: Service, ticket: str, step: str, **body: Any) -> None:
    assert service.post(f"/opd/complaints/{ticket}/{step}", body, token("opd", "dpuprpkp")).status == 200


def rejected(service: Service) -> str:
    ticket = filed(UNCLEAR).ticket
    body = {"reason": "not_the_city", "note": "Hubungi <BBPJN>."}
    assert service.post(f"/admin/complaints/{ticket}/reject", body, token("admin")).status == 200
    return ticket


def answered(service: Service) -> str:
    ticket = filed(LAMP).ticket
    officer(service, ticket, "answer", text="Sudah diganti.")
    return ticket


def test_a_reporter_replies_to_the_question_and_the_agency_goes_on(service: Service) -> None:
    ticket = filed(LAMP).ticket
    officer(service, ticket, "ask", text="Nomor <tiang> berapa?")
    page = own(service, ticket)
    assert page.text.index("Nomor &lt;tiang&gt; berapa?") < page.text.index("<h2>Isi aduan</h2>")
    assert offered(page) == ["messages"]
    done = sent(service, ticket, "messages", text="Tiang 12,\r\ndepan masjid.")
    assert done.status == 200
    assert "balasan Anda tersimpan" in done.text
    assert "Tiang 12,\ndepan masjid." in done.text
    now = stored(ticket)
    assert (now.status, now.timeline[-1].entry, now.timeline[-1].text) == (
        "dispatched", "replied", "Tiang 12,\ndepan masjid."
    )  # fmt: skip


def test_two_questions_may_have_one_answer_and_what_is_sent_twice_is_added_once(service: Service) -> None:
    ticket = filed(LAMP).ticket
    receipt = {"receipt": receipt_for(current().signing_key, ticket), "text": "Ya"}
    for question in ("Di depan nomor 12?", "Masih padam malam ini?"):
        officer(service, ticket, "ask", text=question)
        for _ in range(2):
            done = service.form(f"/complaints/{ticket}/messages?lang=id", receipt)
            assert "balasan Anda tersimpan" in done.text
        assert stored(ticket).status == "dispatched"
    assert [entry.entry for entry in stored(ticket).timeline[2:]] == ["asked", "replied"] * 2


def test_what_is_sent_again_is_thanked_for_in_words_whatever_came_between(service: Service) -> None:
    ticket = filed(LAMP).ticket
    fields = {"receipt": receipt_for(current().signing_key, ticket), "text": "Sekarang dua lampu."}
    assert service.form(f"/complaints/{ticket}/messages?lang=id", fields).status == 200
    officer(service, ticket, "start")
    again = service.form(f"/complaints/{ticket}/messages?lang=id", fields)
    assert "keterangan Anda tersimpan" in again.text
    assert [entry.entry for entry in stored(ticket).timeline[2:]] == ["message", "started"]


def test_a_reporter_adds_to_what_is_under_way(service: Service) -> None:
    ticket = filed(LAMP).ticket
    done = sent(service, ticket, "messages", text="Sekarang <b>dua</b> lampu.")
    assert "keterangan Anda tersimpan" in done.text
    assert "Sekarang &lt;b&gt;dua&lt;/b&gt; lampu." in done.text
    assert offered(done) == ["messages"]
    assert "Sekarang" not in service.call("GET", f"/t/{ticket}").text  # the public does not read it


def test_a_reporter_rates_the_answer_and_the_complaint_is_closed(service: Service) -> None:
    ticket = answered(service)
    assert offered(own(service, ticket)) == ["rating", "reopen", "messages"]
    done = sent(service, ticket, "rating", score="4", comment="Lumayan.")
    assert done.status == 200
    assert "Terima kasih atas penilaian Anda" in done.text
    assert "4 dari 5" in done.text
    assert offered(done) == ["reopen"]
    now = stored(ticket)
    assert (now.status, now.rating, now.timeline[-1].text) == ("closed", 4, "Lumayan.")
    assert sent(service, ticket, "reopen", reason="Mati lagi.").status == 200
    assert stored(ticket).status == "dispatched"


def test_a_rating_may_come_without_a_word(service: Service) -> None:
    ticket = answered(service)
    assert sent(service, ticket, "rating", score="5", comment="").status == 200
    assert stored(ticket).timeline[-1].text is None


def test_a_reporter_reopens_what_was_answered(service: Service) -> None:
    ticket = answered(service)
    done = sent(service, ticket, "reopen", reason="Masih mati.")
    assert done.status == 200
    assert "Aduan ini dibuka lagi." in done.text
    assert "Masih mati." in done.text
    assert offered(done) == ["messages"]


def test_what_was_rejected_says_why_and_is_reopened_once(service: Service) -> None:
    ticket = rejected(service)
    page = own(service, ticket)
    assert "Tidak diproses: bukan wewenang kota" in page.text
    assert "Hubungi &lt;BBPJN&gt;." in page.text
    assert offered(page) == ["reopen"]
    assert "BBPJN" not in service.call("GET", f"/t/{ticket}").text
    assert sent(service, ticket, "reopen", reason="Ini jalan kota.").status == 200
    assert stored(ticket).status == "received"
    service.post(f"/admin/complaints/{ticket}/reject", {"reason": "spam"}, token("admin"))
    assert offered(own(service, ticket)) == []


def test_after_the_window_nothing_is_offered(service: Service) -> None:
    ticket = answered(service)
    service.sweep((wall_clock() + 30 * DAY).isoformat())
    page = own(service, ticket)
    assert stored(ticket).status == "closed"
    assert offered(page) == []
    assert "pelapor tidak berkeberatan" in page.text


def test_what_was_merged_leads_to_the_other(service: Service) -> None:
    ticket, other = filed(LAMP).ticket, filed(LAMP).ticket
    service.post(f"/admin/complaints/{ticket}/merge", {"into": other}, token("admin"))
    page = own(service, ticket)
    assert f'href="https://sambat.example/api/t/{other}?lang=id"' in page.text
    assert offered(page) == []


@pytest.mark.parametrize(
    ("form", "fields", "wrong"),
    [
        ("messages", {"text": " \n "}, "text"),
        ("messages", {"text": LONG}, "text"),
        ("rating", {"comment": "Kurang <jelas>."}, "score"),
        ("rating", {"score": "6", "comment": "Kurang <jelas>."}, "score"),
        ("rating", {"score": "lima"}, "score"),
        ("rating", {"score": "3", "comment": LONG}, "comment"),
        ("reopen", {"reason": LONG}, "reason"),
        ("reopen", {}, "reason"),
    ],
)
def test_a_form_that_cannot_be_done_comes_back_with_its_error_and_what_was_typed(
    service: Service, form: str, fields: dict[str, str], wrong: str
) -> None:
    ticket = answered(service)
    again = sent(service, ticket, form, **fields)
    assert again.status == 400
    assert again.headers["Content-Type"].startswith("text/html")
    assert f'<a href="#{wrong}">' in again.text
    assert f'id="{wrong}"' in again.text
    assert f'id="{wrong}-error"' in again.text
    assert offered(again) == ["rating", "reopen", "messages"]
    assert len(re.findall("<details open>", again.text)) == (form != "rating")
    assert html.escape(fields.get("comment") or fields.get("reason") or fields.get("text", "")).strip() in again.text
    assert re.findall(r'value="(\d)" required checked', again.text) == ["3"] * (fields.get("score") == "3")
    assert stored(ticket).status == "answered"


@pytest.mark.parametrize(
    ("form", "fields", "typed"),
    [
        ("rating", {"score": "1", "comment": "Lama <sekali>."}, "Lama &lt;sekali&gt;."),
        ("reopen", {"reason": "Mati <lagi>."}, "Mati &lt;lagi&gt;."),
    ],
)
def test_what_is_no_longer_possible_is_said_and_what_was_typed_is_not_lost(
    service: Service, form: str, fields: dict[str, str], typed: str
) -> None:
    ticket = filed(LAMP).ticket
    receipt = receipt_for(current().signing_key, ticket)
    again = service.form(f"/complaints/{ticket}/{form}?lang=en", {"receipt": receipt, **fields})
    assert again.status == 409
    assert "Nothing was stored:" in again.text
    assert typed in again.text
    assert [entry.entry for entry in stored(ticket).timeline] == ["received", "dispatched"]


def test_a_complaint_that_holds_no_more_offers_no_form_and_says_so(service: Service) -> None:
    ticket = filed(LAMP).ticket
    page = own(service, ticket)
    receipt = receipt_for(current().signing_key, ticket)
    for n in range(40):
        page = service.form(f"/complaints/{ticket}/messages", {"receipt": receipt, "text": f"{n} {'Panjang ' * 490}"})
        if page.status != 200:
            break
    assert page.status == 409
    assert "Aduan ini sudah penuh" in page.text
    assert "Panjang Panjang" in page.text


def test_without_the_right_receipt_a_form_is_answered_like_one_for_nothing(service: Service) -> None:
    ticket, other = filed(LAMP, confidential=True).ticket, filed(LAMP).ticket
    for form, fields in (("messages", {"text": "x"}), ("rating", {"score": "9"}), ("reopen", {})):
        for receipt in ({}, {"receipt": "x"}, {"receipt": receipt_for(current().signing_key, other)}):
            got = [service.form(f"/complaints/{one}/{form}", {**fields, **receipt}) for one in (ticket, "00000-00000")]
            assert got[0].status in (400, 404)
            assert got[0].status == got[1].status
            assert got[0].text == got[1].text
            assert LAMP not in got[0].text
    assert len(stored(ticket).timeline) == 2


def test_the_receipt_stands_on_ones_own_page_alone_and_in_no_address(service: Service) -> None:
    ticket = answered(service)
    receipt = receipt_for(current().signing_key, ticket)
    assert receipt not in service.call("GET", f"/t/{ticket}").text
    page = own(service, ticket, accept_language="en")
    assert receipt in page.text
    assert not re.search(f'(?:href|action)="[^"]*{receipt}', page.text)
    assert f'action="https://sambat.example/api/t/{ticket}?lang=id"' in page.text  # the language switch keeps it
    assert page.headers["Cache-Control"] == "no-store"


def test_a_missed_deadline_is_said_to_everybody(service: Service) -> None:
    opened(wall_clock() - 60 * DAY)
    ticket = filed(LAMP, wall_clock() - 40 * DAY).ticket
    service.sweep(wall_clock().isoformat())
    page = service.call("GET", f"/t/{ticket}?lang=en")
    assert "Deadline missed: the division is warned" in page.text
    assert "working days late" in page.text
