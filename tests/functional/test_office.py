"""The city's office in a browser: the queue, each step of the admin's, contests, escalations, and one's own token."""

from __future__ import annotations

import gzip
import html
import re
from datetime import datetime, timedelta

import pytest

from chalicelib.adapters import complaints
from chalicelib.adapters.tables import EscalationItem, instant
from chalicelib.domain.complaint import Complaint
from tests.builders import Answer, Service, token
from tests.functional.scenes import LAMP, UNCLEAR, filed, opened, wall_clock
from tests.functional.test_desk import Browser, csrf_of

DAY = timedelta(days=1)
TORN = "Ada selokan bau dan parkir sembarangan di depan rumah"  # of two divisions: a suggestion, no certainty


@pytest.fixture
def admin(service: Service) -> Browser:
    """A browser in which an admin is signed in."""
    return Browser(service, {"sambat_session": token("admin", sub="rina")})


def stored(ticket: str) -> Complaint:
    found = complaints.complaint_of(ticket, consistent=True)
    assert found is not None
    return found


def chosen(page: Answer) -> list[str]:
    return re.findall(r'<option value="([^"]*)" selected>', page.text)


def test_the_queue_shows_what_is_due_first_whole_with_a_form_and_counts_all_of_it(
    service: Service, admin: Browser
) -> None:
    now = wall_clock()
    opened(now - 60 * DAY)
    long = UNCLEAR + " sekali" * 500
    fresh, late = filed(UNCLEAR, now).ticket, filed(long, now - 40 * DAY).ticket
    sent = filed(LAMP, now).ticket
    page = admin.get("/kantor", accept_language="en")
    assert page.text.index(late) < page.text.index(fresh)
    assert sent not in page.text
    assert long in page.text
    assert re.findall(r"<b>(\d+)</b>", page.text)[:3] == ["1", "0", "1"]
    assert f'action="https://sambat.example/api/kantor/{late}/dispatch?lang=en"' in page.text


def test_the_suggestion_is_chosen_already_and_its_words_are_named(service: Service, admin: Browser) -> None:
    waiting = filed(TORN)
    assert waiting.status == "received"
    assert waiting.suggestion is not None
    page = admin.get("/kantor")
    assert chosen(page) == [f"{waiting.suggestion.opd}/{waiting.suggestion.division}", waiting.kind]
    assert waiting.suggestion.because
    for said in waiting.suggestion.because:
        assert f"<q>{said}</q>" in page.text
    assert chosen(admin.get(f"/kantor/{waiting.ticket}")) == chosen(page)


def test_no_two_choices_look_the_same(service: Service, admin: Browser) -> None:
    filed(UNCLEAR)
    names = re.findall(r'<option value="[^"/]+/[^"]+"(?: selected)?>([^<]+)</option>', admin.get("/kantor").text)
    assert len(names) == len(set(names)) > 50


def test_a_long_queue_goes_on_page_by_page_and_is_small_on_its_way(service: Service, admin: Browser) -> None:
    now = wall_clock()
    made = [filed(UNCLEAR, now - n * timedelta(minutes=1)).ticket for n in range(13)]
    first = admin.get("/kantor")
    link = re.search(r'href="https://sambat.example/api(/kantor\?cursor=[^"]+)"', first.text)
    assert link
    second = admin.get(html.unescape(link[1]))
    seen = [[ticket for ticket in made if ticket in page.text] for page in (first, second)]
    assert [len(part) for part in seen] == [10, 3]
    assert not set(seen[0]) & set(seen[1])
    assert "cursor=" not in second.text
    assert all(re.findall(r"<b>(\d+)</b>", page.text)[2] == "13" for page in (first, second))
    assert len(gzip.compress(first.body)) < 15_000  # the gateway compresses
    assert admin.get("/kantor?cursor=abc").status == 400


def test_an_admin_dispatches_and_goes_on_with_the_queue(service: Service, admin: Browser) -> None:
    ticket, next_one = filed(UNCLEAR, wall_clock() - timedelta(minutes=1)).ticket, filed(UNCLEAR).ticket
    csrf = csrf_of(admin.get("/kantor"))
    done = admin.submit(f"/kantor/{ticket}/dispatch", {"csrf": csrf, "to": "dishub/parkir", "kind": "idea"})
    assert done.status == 200
    assert "Diteruskan ke Bidang Pengelolaan Perparkiran, Dinas Perhubungan" in done.text
    assert f"/kantor/{ticket}?lang=id" in done.text
    assert f"/kantor/{ticket}/dispatch" not in done.text
    assert f"/kantor/{next_one}/dispatch" in done.text
    now = stored(ticket)
    assert (now.status, now.opd, now.division, now.kind) == ("dispatched", "dishub", "parkir", "idea")
    assert (now.timeline[-1].by, now.timeline[-1].who) == ("admin", "rina")


def test_a_dispatch_that_cannot_be_shows_the_page_again_and_what_was_chosen(service: Service, admin: Browser) -> None:
    ticket = filed(TORN).ticket
    csrf = csrf_of(admin.get(f"/kantor/{ticket}"))
    for to in (
        "dishub/nowhere",
        "nowhere/parkir",
        "dishub",
        "/",
        "admin/",
        "dishub/parkir/x",
        "<script>/x",
        "\u00e9/x",
    ):
        again = admin.submit(f"/kantor/{ticket}/dispatch", {"csrf": csrf, "to": to, "kind": "idea"})
        assert again.status == 400, to
        assert "Pilih OPD dan bidang dari daftar." in again.text
        assert 'aria-describedby="to-error"' in again.text
        assert chosen(again) == ["idea"]
        assert TORN in again.text
    nothing = admin.submit(f"/kantor/{ticket}/dispatch", {"csrf": csrf, "to": ""}, accept_language="en")
    assert nothing.status == 400
    assert "Choose an agency and division" in nothing.text
    kind = admin.submit(f"/kantor/{ticket}/dispatch", {"csrf": csrf, "to": "dishub/parkir", "kind": "praise"})
    assert kind.status == 400
    assert chosen(kind) == ["dishub/parkir"]
    more = {"csrf": csrf, "to": "dishub/parkir", "status": "closed"}
    assert admin.submit(f"/kantor/{ticket}/dispatch", more).status == 400
    assert [entry.entry for entry in stored(ticket).timeline] == ["received"]


def test_what_somebody_else_dispatched_meanwhile_is_said_to_be(service: Service, admin: Browser) -> None:
    ticket = filed(UNCLEAR).ticket
    fields = {"csrf": csrf_of(admin.get("/kantor")), "to": "dishub/parkir"}
    assert admin.submit(f"/kantor/{ticket}/dispatch", fields).status == 200
    again = admin.submit(f"/kantor/{ticket}/dispatch", {**fields, "to": "dlh/sampah"})
    assert again.status == 409
    assert "Tidak bisa diteruskan lagi" in again.text
    assert "Dinas Perhubungan" in again.text
    assert stored(ticket).opd == "dishub"


def test_an_admin_checks_the_words_once_and_then_the_public_reads_them(service: Service, admin: Browser) -> None:
    ticket = filed(UNCLEAR).ticket
    page = admin.get(f"/kantor/{ticket}")
    assert service.get(f"/complaints/{ticket}").json["text"] is None
    done = admin.submit(f"/kantor/{ticket}/check", {"csrf": csrf_of(page)})
    assert done.status == 200
    assert f"/kantor/{ticket}/check" not in done.text
    assert service.get(f"/complaints/{ticket}").json["text"] == UNCLEAR


# ------------------------------------------------------------------------------------------------ reject, merge


def sent(browser: Browser, ticket: str, form: str, **fields: str) -> Answer:
    """Fill in one of the forms of a complaint's page, and send it."""
    page = browser.get(f"/kantor/{ticket}")
    assert f"/kantor/{ticket}/{form}?" in page.text
    return browser.submit(f"/kantor/{ticket}/{form}", {"csrf": csrf_of(page), **fields})


@pytest.mark.parametrize("reason", ["spam", "insufficient", "abusive", "not_the_city"])
def test_an_admin_turns_a_complaint_down_and_says_why(service: Service, admin: Browser, reason: str) -> None:
    ticket = filed(UNCLEAR).ticket
    done = sent(admin, ticket, "reject", reason=reason, note="Hubungi kantor <pusat>.")
    assert done.status == 200
    assert "Aduan ditutup tanpa diproses" in done.text
    assert f"/kantor/{ticket}/dispatch" not in done.text
    now = stored(ticket)
    last = now.timeline[-1]
    assert (now.status, last.who, last.reason, last.text) == ("rejected", "rina", reason, "Hubungi kantor <pusat>.")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"reason": "not_the_city"}, "reject-note"),
        ({"reason": "not_the_city", "note": "x" * 4001}, "reject-note"),
        ({"reason": "boring", "note": "Karena <begitu>."}, "reject-reason"),
        ({"note": "Karena <begitu>."}, "reject-reason"),
    ],
)
def test_a_rejection_that_cannot_be_shows_its_error_and_what_was_typed(
    service: Service, admin: Browser, fields: dict[str, str], wrong: str
) -> None:
    ticket = filed(UNCLEAR).ticket
    again = sent(admin, ticket, "reject", **fields)
    assert again.status == 400
    assert f'<a href="#{wrong}">' in again.text
    assert re.search(f'id="{wrong}"[^>]* aria-invalid="true"', again.text)
    assert len(re.findall("<details open>", again.text)) == 1
    assert html.escape(fields.get("note", "")) in again.text
    assert ("not_the_city" in chosen(again)) == (fields.get("reason") == "not_the_city")
    assert stored(ticket).status == "received"


def test_a_complaint_goes_into_another_and_its_page_leads_there(service: Service, admin: Browser) -> None:
    twice, first = filed(LAMP).ticket, filed(LAMP).ticket
    done = sent(admin, twice, "merge", into=f" {first.lower()} ")
    assert done.status == 200
    assert f'href="https://sambat.example/api/kantor/{first}?lang=id"' in done.text
    assert (stored(twice).status, stored(twice).merged_into) == ("merged", first)
    assert f"Aduan {twice} yang sama digabung ke sini" in admin.get(f"/kantor/{first}").text


def test_a_merge_that_cannot_be_shows_its_error_and_what_was_typed(service: Service, admin: Browser) -> None:
    ticket, over = filed(UNCLEAR).ticket, filed(UNCLEAR).ticket
    sent(admin, over, "reject", reason="spam")
    for into in ("x", "<b>", "00000-00000", ticket, over, "7" * 41):
        again = sent(admin, ticket, "merge", into=into)
        assert again.status == 400, into
        assert '<a href="#merge-into">Tulis nomor tiket aduan lain yang masih terbuka.' in again.text
        assert f'value="{html.escape(into)}"' in again.text
    assert [entry.entry for entry in stored(ticket).timeline] == ["received"]


def test_what_is_over_by_now_cannot_be_turned_down_and_what_was_typed_is_not_lost(
    service: Service, admin: Browser
) -> None:
    ticket = filed(UNCLEAR).ticket
    csrf = csrf_of(admin.get("/kantor"))
    sent(admin, ticket, "reject", reason="spam")
    fields = {"csrf": csrf, "reason": "abusive", "note": "Kata-kata <kasar>."}
    again = admin.submit(f"/kantor/{ticket}/reject", fields, accept_language="en")
    assert again.status == 409
    assert "No longer possible" in again.text
    assert "Kata-kata &lt;kasar&gt;." in again.text


def test_a_step_on_a_complaint_that_is_not_there_is_404(service: Service, admin: Browser) -> None:
    csrf = csrf_of(admin.get("/kantor"))
    for ticket in ("00000-00000", "x"):
        for step in ("dispatch", "check", "reject", "merge", "contest/1"):
            assert admin.submit(f"/kantor/{ticket}/{step}", {"csrf": csrf}).status == 404, step


# ------------------------------------------------------------------------------------------------ contests


def contested(service: Service) -> str:
    """Let a complaint be escalated and its division contest that; return its ticket."""
    now = wall_clock()
    opened(now - 60 * DAY)
    ticket = filed(LAMP, now - 40 * DAY).ticket
    service.sweep(now.isoformat())
    reason = {"reason": "Sudah dijawab lewat telepon."}
    officer = token("opd", "dpuprpkp", "pju")
    assert service.post(f"/opd/escalations/{ticket}/1/contest", reason, officer).status == 200
    return ticket


@pytest.mark.parametrize(
    ("verdict", "state", "shown"),
    [
        ("uphold", "upheld", "sanggahan diterima, tidak dihitung"),
        ("deny", "denied", "sanggahan ditolak, tetap dihitung"),
    ],
)
def test_an_admin_settles_a_contest_once(
    service: Service, admin: Browser, verdict: str, state: str, shown: str
) -> None:
    ticket = contested(service)
    queue = admin.get("/kantor")
    assert "Sanggahan yang menunggu keputusan" in queue.text
    assert queue.text.count(f"/kantor/{ticket}?") == 2
    assert "Sudah dijawab lewat telepon." in admin.get(f"/kantor/{ticket}").text
    done = sent(admin, ticket, "contest/1", verdict=verdict, reason="Ada buktinya.")
    assert done.status == 200
    assert "Keputusan atas sanggahan tercatat" in done.text
    assert shown in done.text
    last = stored(ticket).timeline[-1]
    assert (last.entry, last.n, last.who, last.text) == (state, 1, "rina", "Ada buktinya.")
    fields = {"csrf": csrf_of(done), "verdict": verdict, "reason": "Sekali lagi."}
    again = admin.submit(f"/kantor/{ticket}/contest/1", fields)
    assert again.status == 409
    assert "Sanggahan ini sudah diputuskan." in again.text
    assert "Sekali lagi." in again.text
    assert "Sanggahan yang menunggu keputusan" not in admin.get("/kantor").text


def test_a_contest_is_not_buried_by_newer_escalations_and_beyond_them_it_is_said(
    service: Service, admin: Browser
) -> None:
    ticket, said = contested(service), "tidak tampil di sini, tetapi mungkin masih menunggu"
    later(wall_clock(), 150)
    queue = admin.get("/kantor").text
    assert f"/kantor/{ticket}?" in queue.partition("Sanggahan yang menunggu keputusan")[2]
    assert said not in queue
    assert "Teguran: 100 dari 100 eskalasi terbaru" in queue
    later(wall_clock(), 1000)
    queue = admin.get("/kantor").text
    assert f"/kantor/{ticket}?" not in queue
    assert f"lebih lama dari 1000 eskalasi terakhir {said}" in queue


def later(now: datetime, many: int) -> None:
    """Let so many escalations stand in the ledger after all that were recorded."""
    with EscalationItem.batch_write() as batch:
        for n in range(many):
            batch.save(
                EscalationItem(ticket=f"T{n:04}-LATER", n=1, clock=1, rung="warning", opd="dishub", division="parkir",
                    deadline=instant(now), written_at=instant(now), recorded=f"{instant(now + DAY)}#T{n:04}-LATER#0001")
            )  # fmt: skip


def test_a_verdict_needs_its_reason_and_one_of_two_buttons(service: Service, admin: Browser) -> None:
    ticket = contested(service)
    mute = sent(admin, ticket, "contest/1", verdict="uphold", reason=" ")
    assert mute.status == 400
    assert f'<a href="#{ticket}-1-reason">Tulis alasan keputusan' in mute.text
    for verdict in ({}, {"verdict": "perhaps"}):
        again = sent(admin, ticket, "contest/1", reason="Ada <buktinya>.", **verdict)
        assert again.status == 400
        assert "Pilih salah satu tombol keputusan." in again.text
        assert "Ada &lt;buktinya&gt;." in again.text
    fields = {"csrf": csrf_of(mute), "verdict": "uphold", "reason": "Ada."}
    for n in ("2", "0", "x"):
        assert admin.submit(f"/kantor/{ticket}/contest/{n}", fields).status == 404
    assert stored(ticket).timeline[-1].entry == "contested"


# ------------------------------------------------------------------------------------------------ what is shown


def test_the_office_shows_nobody_unasked_who_filed_it(service: Service, admin: Browser) -> None:
    ticket = filed(UNCLEAR, name="Warga Uji", phone="+6281200000001", email="warga@mail.example").ticket
    for path in ("/kantor", f"/kantor/{ticket}"):
        page = admin.get(path)
        assert page.status == 200
        assert not [known for known in ("Warga Uji", "81200000001", "warga@mail") if known in page.text]
    assert [entry.entry for entry in stored(ticket).timeline] == ["received"]
    service.get(f"/admin/complaints/{ticket}/reporter", token("auditor"))
    assert "Identitas pelapor dibaca" in admin.get(f"/kantor/{ticket}").text


def test_what_a_citizen_wrote_is_inert(service: Service, admin: Browser) -> None:
    ticket = filed("<script>alert(1)</script> mohon bantuannya").ticket
    for path in ("/kantor", f"/kantor/{ticket}"):
        page = admin.get(path)
        assert "<script" not in page.text
        assert "&lt;script&gt;alert(1)" in page.text


def test_the_newest_escalations_stand_below_with_a_count_of_each_rung(service: Service, admin: Browser) -> None:
    now = wall_clock()
    opened(now - 60 * DAY)
    tickets = [filed(LAMP, now - 40 * DAY).ticket for _ in range(2)]
    service.sweep(now.isoformat())
    service.sweep((now + 10 * DAY).isoformat())
    page = admin.get("/kantor")
    assert "Teguran: 2 dari 4 eskalasi terbaru" in page.text
    assert "Rompi hitam: 2 dari 4 eskalasi terbaru" in page.text
    for ticket in tickets:
        assert page.text.count(f"/kantor/{ticket}?") == 2


@pytest.mark.parametrize("role", ["mayor", "auditor"])
def test_who_only_reads_sees_the_same_without_a_form_that_writes(service: Service, role: str) -> None:
    ticket = filed(TORN).ticket
    reader = Browser(service, {"sambat_session": token(role)})
    for path in ("/kantor", f"/kantor/{ticket}"):
        page = reader.get(path)
        assert page.status == 200
        assert TORN in page.text
        assert "Usulan" in page.text
        assert not re.search("/(dispatch|check|reject|merge)", page.text)
    fields = {"csrf": csrf_of(page), "to": "dishub/parkir"}
    assert reader.submit(f"/kantor/{ticket}/dispatch", fields).status == 403
    for step in ("check", "reject", "merge", "contest/1"):
        assert reader.submit(f"/kantor/{ticket}/{step}", {"csrf": fields["csrf"]}).status == 403
    assert [entry.entry for entry in stored(ticket).timeline] == ["received"]


@pytest.mark.parametrize("role", ["admin", "mayor", "auditor"])
def test_ones_own_token_is_shown_for_the_interface_and_works_there(service: Service, role: str) -> None:
    browser = Browser(service, {"sambat_session": token(role, exp=wall_clock() + timedelta(minutes=30))})
    page = browser.submit("/kantor/token", {"csrf": csrf_of(browser.get("/kantor"))})
    assert page.status == 200
    assert page.headers["Cache-Control"] == "no-store"
    shown = re.search(r"<textarea[^>]* readonly[^>]*>\s*([^<\s]+)</textarea>", page.text)
    assert shown
    assert service.get("/admin/queue", shown[1]).status == 200
    assert "Berlaku sampai" in page.text


@pytest.mark.parametrize("role", ["admin", "mayor", "auditor"])
def test_everybody_can_sign_out(service: Service, role: str) -> None:
    browser = Browser(service, {"sambat_session": token(role)})
    assert browser.submit("/keluar", {"csrf": csrf_of(browser.get("/kantor"))}).status == 200
    assert browser.cookies == {}
    assert browser.get("/kantor").status == 303


def test_a_form_of_another_site_changes_nothing_in_the_office(service: Service, admin: Browser) -> None:
    ticket, other = filed(UNCLEAR).ticket, filed(UNCLEAR).ticket
    theirs = csrf_of(Browser(service, {"sambat_session": token("admin", sub="joko")}).get("/kantor"))
    for csrf in ({}, {"csrf": "x"}, {"csrf": theirs}, {"csrf": "\u00e9"}):
        for path, fields in (
            (f"/kantor/{ticket}/dispatch", {"to": "dishub/parkir"}),
            (f"/kantor/{ticket}/check", {}),
            (f"/kantor/{ticket}/reject", {"reason": "spam"}),
            (f"/kantor/{ticket}/merge", {"into": other}),
            (f"/kantor/{ticket}/contest/1", {"reason": "Benar.", "verdict": "uphold"}),
            ("/kantor/token", {}),
            ("/keluar", {}),
        ):
            answer = admin.submit(path, {**fields, **csrf})
            assert answer.status == 403, (path, csrf)
            assert admin.cookies["sambat_session"] not in answer.text
    assert [entry.entry for entry in stored(ticket).timeline] == ["received"]
