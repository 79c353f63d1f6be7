"""The whole life by HTTP: rate, reopen, ask, forward, refuse, reject, merge; who may, what each reader sees of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.adapters import complaints
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.keys import receipt_for
from chalicelib.domain.ticket import ticket_from
from chalicelib.settings import current
from tests.builders import Answer, Service, token
from tests.functional.scenes import HOLE, LAMP, UNCLEAR, Call, filed, opened, wall_clock, watched_calls

DAY = timedelta(days=1)
NOBODYS = ticket_from(12345)
OFFICER, ADMIN = "officer", "admin"


@pytest.fixture(autouse=True)
def in_a_city_of_some_age(service: Service) -> None:
    opened(wall_clock() - 120 * DAY)


def who(name: str) -> str:
    return {OFFICER: token("opd", "dpuprpkp", "pju"), ADMIN: token("admin")}[name]


def receipt(ticket: str) -> str:
    return receipt_for(current().signing_key, ticket)


def act(service: Service, complaint: Complaint, step: str, body: Any = None, **headers: str) -> Answer:
    """Do a step as whose it is: the reporter by the receipt, the officer, the admin."""
    ticket = complaint.ticket
    if step in ("messages", "rating", "reopen"):
        return service.post(f"/complaints/{ticket}/{step}", body, x_receipt=receipt(ticket), **headers)
    if step in ("dispatch", "check", "reject", "merge"):
        return service.post(f"/admin/complaints/{ticket}/{step}", body, who(ADMIN), **headers)
    return service.post(f"/opd/complaints/{ticket}/{step}", body, who(OFFICER), **headers)


def done(service: Service, complaint: Complaint, step: str, body: Any = None) -> dict[str, Any]:
    """Do a step that is possible."""
    answer = act(service, complaint, step, body)
    assert answer.status == 200, answer.text
    shown: dict[str, Any] = answer.json
    return shown


def answered(service: Service, **given: Any) -> Complaint:
    complaint = filed(LAMP, **given)
    done(service, complaint, "answer", {"text": "Sudah diganti."})
    return complaint


def public(service: Service, complaint: Complaint) -> dict[str, Any]:
    shown: dict[str, Any] = service.get(f"/complaints/{complaint.ticket}").json
    return shown


def own(service: Service, complaint: Complaint) -> dict[str, Any]:
    shown: dict[str, Any] = service.get(f"/complaints/{complaint.ticket}", x_receipt=receipt(complaint.ticket)).json
    return shown


def staff(service: Service, complaint: Complaint) -> dict[str, Any]:
    shown: dict[str, Any] = service.get(f"/admin/complaints/{complaint.ticket}", who(ADMIN)).json
    return shown


def last(view: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = view["timeline"][-1]
    return entry


def stored(complaint: Complaint) -> Complaint | None:
    return complaints.complaint_of(complaint.ticket, consistent=True)


# ------------------------------------------------------------------------------------------------ the reporter


def test_a_rating_closes_the_complaint_and_everybody_sees_the_score(service: Service) -> None:
    complaint = answered(service)
    shown = done(service, complaint, "rating", {"score": 4, "comment": "Cepat, hubungi 081234567890"})
    assert (shown["status"], shown["rating"], last(shown)["text"]) == ("closed", 4, "Cepat, hubungi 081234567890")
    seen = public(service, complaint)
    assert (seen["rating"], last(seen)["entry"], last(seen)["score"]) == (4, "rated", 4)
    assert "text" not in last(seen)
    assert last(staff(service, complaint))["text"] == "Cepat, hubungi 081234567890"


def test_the_same_rating_again_changes_nothing_and_another_one_is_refused(service: Service) -> None:
    complaint = answered(service)
    done(service, complaint, "rating", {"score": 4})
    before = stored(complaint)
    done(service, complaint, "rating", {"score": 4})
    again = act(service, complaint, "rating", {"score": 1}, accept_language="en")
    assert (again.status, again.json["detail"]) == (409, "While closed, what is possible: reopen.")
    assert stored(complaint) == before


@pytest.mark.parametrize("step", ["messages", "rating", "reopen"])
def test_a_follow_up_without_its_receipt_is_the_404_of_nothing(service: Service, step: str) -> None:
    complaint, other = answered(service), answered(service)
    body = {"messages": {"text": "x"}, "rating": {"score": 1}, "reopen": {"reason": "x"}}[step]
    absent = service.post(f"/complaints/{NOBODYS}/{step}", body, x_receipt=receipt(NOBODYS))
    assert absent.status == 404
    before = stored(complaint)
    for given in ("", "x", receipt(other.ticket), receipt(complaint.ticket)[:-1]):
        refused = service.post(f"/complaints/{complaint.ticket}/{step}", body, x_receipt=given)
        assert (refused.status, refused.body) == (404, absent.body)
    assert service.post(f"/complaints/{complaint.ticket}/{step}", body, who(ADMIN)).body == absent.body
    assert stored(complaint) == before


def test_a_form_rates_and_reopens_and_is_answered_by_the_page(service: Service) -> None:
    complaint = answered(service)
    fields = {"receipt": receipt(complaint.ticket), "lang": "en"}
    page = service.form(f"/complaints/{complaint.ticket}/rating", {**fields, "score": "5", "comment": ""})
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert public(service, complaint)["rating"] == 5
    page = service.form(f"/complaints/{complaint.ticket}/reopen", {**fields, "reason": "Mati lagi."})
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert public(service, complaint)["status"] == "dispatched"


@pytest.mark.parametrize(
    ("fields", "status"), [({"score": "6"}, 400), ({"score": "x"}, 400), ({"score": "5", "receipt": "x"}, 404)]
)
def test_a_form_that_is_refused_is_answered_by_a_page_too(
    service: Service, fields: dict[str, str], status: int
) -> None:
    complaint = answered(service)
    given = {"receipt": receipt(complaint.ticket), **fields}
    page = service.form(f"/complaints/{complaint.ticket}/rating", given)
    assert (page.status, page.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert public(service, complaint)["status"] == "answered"


def test_a_reopened_answer_goes_back_to_its_division_on_new_clocks(service: Service) -> None:
    complaint = answered(service)
    until = own(service, complaint)["reopen_until"]
    assert datetime.fromisoformat(until) > wall_clock() + 10 * DAY
    done(service, complaint, "rating", {"score": 1})
    assert public(service, complaint)["reopen_until"] == until
    shown = done(service, complaint, "reopen", {"reason": "Mati lagi, di rumah Bu Siti"})
    assert (shown["status"], shown["division"], shown["rating"]) == ("dispatched", "pju", None)
    assert shown["reopen_until"] is None
    assert datetime.fromisoformat(shown["answer_due_at"]) > wall_clock()
    assert last(shown)["text"] == "Mati lagi, di rumah Bu Siti"
    assert "Siti" not in service.get(f"/complaints/{complaint.ticket}").text
    assert last(staff(service, complaint))["text"] == "Mati lagi, di rumah Bu Siti"
    again = act(service, complaint, "reopen", {"reason": "Masih mati"}, accept_language="en")
    assert (again.status, again.json["detail"]) == (409, "While dispatched, what is possible: messages.")


def test_what_is_rejected_is_reopened_once(service: Service) -> None:
    complaint = filed(LAMP)
    done(service, complaint, "reject", {"reason": "insufficient"})
    assert done(service, complaint, "reopen", {"reason": "Di depan SD 3"})["status"] == "received"
    done(service, complaint, "reject", {"reason": "insufficient"})
    assert act(service, complaint, "reopen", {"reason": "Sungguh!"}).status == 409


# ------------------------------------------------------------------------------------------------ the division


def test_a_question_stops_the_clocks_until_the_reporter_replies(service: Service) -> None:
    complaint = filed(LAMP)
    shown = done(service, complaint, "ask", {"text": "Tiang nomor berapa?"})
    assert (shown["status"], last(shown)["entry"], last(shown)["text"]) == ("waiting", "asked", "Tiang nomor berapa?")
    assert (shown["reply_due_at"], shown["overdue"]) == (last(shown)["deadline"], False)
    mine, seen = own(service, complaint), public(service, complaint)
    assert last(mine)["text"] == "Tiang nomor berapa?"
    assert mine["reply_due_at"] == seen["reply_due_at"] == shown["reply_due_at"]
    assert seen["reopen_until"] is None
    assert "text" not in last(seen)
    replied = done(service, complaint, "messages", {"text": "Tiang 14"})
    assert (replied["status"], last(replied)["entry"], last(replied)["text"]) == ("dispatched", "replied", "Tiang 14")
    assert replied["reply_due_at"] is None
    assert "Tiang" not in service.get(f"/complaints/{complaint.ticket}").text


def test_a_named_reporter_is_shown_with_the_question_and_that_is_written_down(service: Service) -> None:
    complaint = filed(LAMP, name="Bu Siti")
    assert done(service, complaint, "ask", {"text": "Di mana?"})["reporter"]["name"] == "Bu Siti"
    assert [entry["entry"] for entry in staff(service, complaint)["timeline"]][-2:] == ["asked", "reporter_read"]


def test_a_forwarded_complaint_is_the_other_divisions_at_once(service: Service) -> None:
    complaint = filed(LAMP, name="Bu Siti", phone="081234567890")
    body = {"opd": "dishub", "division": "parkir", "reason": "Ini soal juru parkir, kata Pak Budi"}
    answer = act(service, complaint, "forward", body)
    assert answer.status == 200
    assert (answer.json["opd"], answer.json["division"], answer.json["status"]) == ("dishub", "parkir", "dispatched")
    assert "reporter" not in answer.json
    assert "Siti" not in answer.text
    gone = service.get(f"/opd/complaints/{complaint.ticket}", who(OFFICER))
    assert gone.body == service.get(f"/opd/complaints/{NOBODYS}", who(OFFICER)).body
    there = service.get(f"/opd/complaints/{complaint.ticket}", token("opd", "dishub", "parkir"))
    assert there.status == 200
    seen = last(public(service, complaint))
    assert (seen["entry"], seen["opd"], seen["division"]) == ("forwarded", "dishub", "parkir")
    for view in (service.get(f"/complaints/{complaint.ticket}"),
                 service.get(f"/complaints/{complaint.ticket}", x_receipt=receipt(complaint.ticket))):  # fmt: skip
        assert "Budi" not in view.text


def test_there_must_be_such_another_division(service: Service) -> None:
    complaint = filed(LAMP)
    for opd, division in (("dishub", "tidak_ada"), ("tidak_ada", "parkir"), ("dpuprpkp", "parkir")):
        answer = act(service, complaint, "forward", {"opd": opd, "division": division, "reason": "x"})
        assert (answer.status, answer.json["errors"][0]["field"]) == (400, "division")
    same = act(service, complaint, "forward", {"opd": "dpuprpkp", "division": "pju", "reason": "x"})
    assert same.status == 409
    assert stored(complaint) == complaint


def test_a_refused_complaint_is_in_the_admins_queue_with_who_said_so(service: Service) -> None:
    complaint = filed(LAMP, name="Bu Siti")
    answer = act(service, complaint, "refuse", {"reason": "Bukan lampu jalan kota"})
    assert answer.status == 200
    assert (answer.json["status"], answer.json["opd"], answer.json["answer_due_at"]) == ("received", None, None)
    assert "Siti" not in answer.text
    queue = service.get("/admin/queue", who(ADMIN)).json["items"]
    assert [one["ticket"] for one in queue] == [complaint.ticket]
    entry = last(staff(service, complaint))
    assert (entry["entry"], entry["opd"], entry["text"]) == ("refused", "dpuprpkp", "Bukan lampu jalan kota")
    assert entry["who"] == "opd-dpuprpkp-pju"
    seen = last(public(service, complaint))
    assert (seen["entry"], seen["opd"]) == ("refused", "dpuprpkp")
    assert not {"text", "who", "by"} & set(seen)


@pytest.mark.parametrize("step", ["ask", "forward", "refuse"])
def test_another_divisions_complaint_is_none(service: Service, step: str) -> None:
    other = filed(HOLE)
    body = {"ask": {"text": "x"}, "refuse": {"reason": "x"},
            "forward": {"opd": "dishub", "division": "parkir", "reason": "x"}}[step]  # fmt: skip
    absent = service.post(f"/opd/complaints/{NOBODYS}/{step}", body, who(OFFICER))
    assert absent.status == 404
    assert act(service, other, step, body).body == absent.body
    assert stored(other) == other


# ------------------------------------------------------------------------------------------------ the admin


def test_a_rejection_tells_its_reporter_why_and_the_public_the_reason_alone(service: Service) -> None:
    complaint = filed(UNCLEAR)
    body = {"reason": "not_the_city", "note": "Jalan nasional: BBPJN, Bu Siti"}
    shown = done(service, complaint, "reject", body)
    assert (shown["status"], last(shown)["reason"], last(shown)["text"]) == ("rejected", *body.values())
    assert last(own(service, complaint))["text"] == body["note"]
    seen = last(public(service, complaint))
    assert (seen["reason"], "text" in seen, "who" in seen) == ("not_the_city", False, False)
    again = act(service, complaint, "reject", {"reason": "spam"}, accept_language="en")
    assert (again.status, again.json["detail"]) == (409, "While rejected, what is possible: check.")


def test_who_is_turned_away_from_the_city_hears_whom_to_ask(service: Service) -> None:
    complaint = filed(UNCLEAR)
    for body in (
        {"reason": "not_the_city"},
        {"reason": "not_the_city", "note": " \n"},
        {"reason": "spam", "note": " "},
    ):
        answer = act(service, complaint, "reject", body)
        assert answer.status == 400
        assert answer.json["errors"] == [{"field": "note", "message": "wajib diisi"}]
    assert act(service, complaint, "reject", {"reason": "boring"}).json["errors"][0]["field"] == "reason"
    assert stored(complaint) == complaint


def test_a_merged_complaint_names_the_one_that_goes_on(service: Service) -> None:
    twin, first = filed(LAMP), filed(LAMP)
    shown = done(service, twin, "merge", {"into": first.ticket.replace("-", " ").lower()})
    assert (shown["status"], shown["merged_into"], last(shown)["into"]) == ("merged", first.ticket, first.ticket)
    assert public(service, twin)["merged_into"] == first.ticket
    assert (last(public(service, first))["entry"], last(public(service, first))["ticket"]) == ("absorbed", twin.ticket)
    assert public(service, first)["merged_into"] is None
    listed = service.get("/admin/complaints?status=merged", who(ADMIN)).json["items"]
    assert [(one["ticket"], one["merged_into"]) for one in listed] == [(twin.ticket, first.ticket)]


@pytest.mark.parametrize("which", ["the one that goes", "the one that stays"])
def test_what_is_answered_in_the_moment_of_merging_is_not_merged(service: Service, which: str) -> None:
    twin, first = filed(LAMP), filed(LAMP)
    theirs = twin if which == "the one that goes" else first
    answers: list[Answer] = []

    def overtake(call: Call) -> None:
        if call.operation == "TransactWriteItems" and not answers:
            answers.append(Answer(0, {}, b""))
            officer = token("opd", "dpuprpkp")
            answers[0] = service.post(f"/opd/complaints/{theirs.ticket}/answer", {"text": "Sudah."}, officer)

    with watched_calls(overtake):
        merged = service.post(f"/admin/complaints/{twin.ticket}/merge", {"into": first.ticket}, token("admin"))
    assert (answers[0].status, merged.status) == (200, 409)
    assert public(service, theirs)["status"] == "answered"
    assert "absorbed" not in [entry["entry"] for entry in public(service, first)["timeline"]]


def test_a_complaint_goes_only_into_another_one_that_is_not_over(service: Service) -> None:
    complaint, over = filed(LAMP), answered(service)
    for into in (NOBODYS, "lampu", " "):
        answer = act(service, complaint, "merge", {"into": into}, accept_language="en")
        assert answer.status == 400
        assert answer.json["errors"] == [{"field": "into", "message": "there is no complaint with that ticket"}]
    told = act(service, complaint, "merge", {"into": over.ticket}, accept_language="en")
    assert told.status == 409
    assert told.json["detail"].startswith("The complaint that it would go into is answered;")
    assert act(service, complaint, "merge", {"into": complaint.ticket}).status == 409
    assert stored(complaint) == complaint


def test_a_confidential_complaint_stays_unseen_whatever_becomes_of_it(service: Service) -> None:
    quiet, loud, last_one = filed(LAMP, confidential=True), filed(LAMP), filed(LAMP, confidential=True)
    done(service, loud, "merge", {"into": quiet.ticket})
    done(service, last_one, "merge", {"into": quiet.ticket})
    absent = service.get(f"/complaints/{NOBODYS}")
    for hidden in (quiet, last_one):
        assert service.get(f"/complaints/{hidden.ticket}").body == absent.body
        assert own(service, hidden)["ticket"] == hidden.ticket
    assert public(service, loud)["status"] == "merged"


@pytest.mark.parametrize(("role", "status"), [("mayor", 403), ("auditor", 403), ("opd", 403)])
def test_only_an_admin_rejects_and_merges(service: Service, role: str, status: int) -> None:
    complaint, other = filed(LAMP), filed(LAMP)
    for step, body in (("reject", {"reason": "spam"}), ("merge", {"into": other.ticket})):
        answer = service.post(f"/admin/complaints/{complaint.ticket}/{step}", body, token(role, "dpuprpkp"))
        assert answer.status == status
    assert stored(complaint) == complaint


# ------------------------------------------------------------------------------------------------ what is said

TEXTS: dict[str, tuple[str, dict[str, Any]]] = {
    "messages": ("text", {}),
    "rating": ("comment", {"score": 3}),
    "reopen": ("reason", {}),
    "ask": ("text", {}),
    "answer": ("text", {}),
    "forward": ("reason", {"opd": "dishub", "division": "parkir"}),
    "refuse": ("reason", {}),
    "reject": ("note", {"reason": "spam"}),
}


@pytest.mark.parametrize("step", TEXTS)
def test_words_are_words_and_not_too_many(service: Service, step: str) -> None:
    complaint = answered(service) if step in ("messages", "rating", "reopen") else filed(LAMP)
    before = stored(complaint)
    field, others = TEXTS[step]
    for text, message in (
        (" \n\t", "is required"),
        ("", "must have at least 1 characters"),
        ("x" * 4001, "must have at most 4000 characters"),
        (7, "must be text"),
    ):
        answer = act(service, complaint, step, {**others, field: text}, accept_language="en")
        assert answer.status == 400
        assert answer.json["errors"] == [{"field": field, "message": message}]
    assert stored(complaint) == before
    done(service, complaint, step, {**others, field: "x" * 4000})


@pytest.mark.parametrize("score", [0, 6, -1, 2.5, "5", None, True])
def test_a_score_is_one_of_five(service: Service, score: Any) -> None:
    complaint = answered(service)
    answer = act(service, complaint, "rating", {"score": score})
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "score")
    assert public(service, complaint)["status"] == "answered"


NOT_NOW = {  # status -> what its reporter, its division and the admin may not do then, and what they are told
    "dispatched": [("rating", "messages"), ("reopen", "messages"), ("dispatch", "reject, merge, check")],
    "waiting": [("ask", "-"), ("answer", "-"), ("rating", "messages")],
    "answered": [("answer", "-"), ("ask", "-"), ("reject", "check"), ("merge", "check")],
    "merged": [("messages", "-"), ("rating", "-"), ("reopen", "-"), ("start", "-"), ("reject", "check")],
}
BODIES: dict[str, Any] = {
    "messages": {"text": "x"}, "rating": {"score": 3}, "reopen": {"reason": "x"}, "ask": {"text": "x"},
    "answer": {"text": "x"}, "start": None, "reject": {"reason": "spam"},
    "dispatch": {"opd": "dishub", "division": "parkir"},
}  # fmt: skip


@pytest.mark.parametrize("status", NOT_NOW)
def test_what_is_not_possible_is_409_and_names_what_is(service: Service, status: str) -> None:
    complaint = filed(LAMP)
    steps = {"waiting": ("ask", {"text": "?"}), "answered": ("answer", {"text": "Sudah."}),
             "merged": ("merge", {"into": filed(LAMP).ticket})}  # fmt: skip
    if status in steps:
        done(service, complaint, *steps[status])
    before = stored(complaint)
    for step, possible in NOT_NOW[status]:
        body = {"into": filed(LAMP).ticket} if step == "merge" else BODIES[step]
        answer = act(service, complaint, step, body, accept_language="en")
        told = (answer.status, answer.json["detail"])
        assert told == (409, f"While {status}, what is possible: {possible}."), step
    assert stored(complaint) == before
