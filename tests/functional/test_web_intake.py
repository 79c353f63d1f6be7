"""The citizen's door on the web: JSON, the form, the ticket's page, the public list, messages."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import datetime
from typing import Any
from urllib.parse import quote

from chalicelib.adapters import complaints
from tests.builders import Service, token
from tests.functional.doors import LAMP, PROBLEM, TICKET, VAGUE, Call, aws_fault, tables, watched_aws

FILED = {"ticket", "receipt", "kind", "status", "opd", "division", "received_at", "answer_due_at", "links"}
SHOWN = {"ticket", "kind", "status", "text", "opd", "division", "received_at", "answer_due_at", "answers", "timeline"}
WHOLE: dict[str, Any] = {
    "text": LAMP, "kind": "complaint", "category": "lampu_jalan", "name": "Warga Satu", "phone": "0812-0000-0001",
    "email": "warga@example.org", "address": "Jl. Bukirsari 5", "lat": -7.95, "long": 112.61, "anonymous": False,
    "confidential": False, "photos": ["https://photos.example/1.jpg"],
}  # fmt: skip


def file(service: Service, text: str = LAMP, **more: Any) -> dict[str, Any]:
    answer = service.post("/complaints", {"text": text, **more})
    assert answer.status == 201, answer.text
    filed: dict[str, Any] = answer.json
    return filed


def check(service: Service, ticket: str) -> None:
    assert service.post(f"/admin/complaints/{ticket}/check", {}, token("admin")).status == 200


def a_category(service: Service, opd: str = "dpuprpkp", division: str = "pju") -> str:
    items = service.get("/services").json["items"]
    return str(next(one["code"] for one in items if (one["opd"], one["division"]) == (opd, division)))


# --- POST /complaints, JSON


def test_a_certain_complaint_is_dispatched_at_once_and_answered_to_the_letter(service: Service) -> None:
    answer = service.post("/complaints", {"text": LAMP})
    filed = answer.json
    assert answer.status == 201
    assert set(filed) == FILED
    assert re.fullmatch(TICKET, filed["ticket"])
    assert len(filed["receipt"].replace("-", "")) * 5 >= 128
    assert (filed["kind"], filed["status"]) == ("complaint", "dispatched")
    assert (filed["opd"], filed["division"]) == ("dpuprpkp", "pju")
    for field in ("received_at", "answer_due_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+07:00", filed[field])
    assert filed["answer_due_at"].endswith("T00:00:00+07:00")
    assert filed["links"]["self"] == f"https://sambat.example/api/complaints/{filed['ticket']}"
    assert filed["links"]["page"] == f"https://sambat.example/api/t/{filed['ticket']}"
    assert answer.headers["Location"] == filed["links"]["self"]


def test_an_unsure_one_is_received_with_nulls_and_waits_in_the_queue(service: Service) -> None:
    filed = file(service, VAGUE)
    assert set(filed) == FILED
    assert filed["status"] == "received"
    assert (filed["opd"], filed["division"], filed["answer_due_at"]) == (None, None, None)
    queue = service.get("/admin/queue", token("admin")).json["items"]
    assert [item["ticket"] for item in queue] == [filed["ticket"]]


def test_every_field_of_the_interface_is_kept_and_each_where_it_belongs(service: Service) -> None:
    body = {**WHOLE, "category": a_category(service)}
    filed = file(service, **{name: value for name, value in body.items() if name != "text"})
    seen = service.get(f"/admin/complaints/{filed['ticket']}", token("admin")).json
    for field in ("text", "kind", "category", "address", "lat", "long", "photos", "anonymous", "confidential"):
        assert seen[field] == body[field], field
    (reporter,) = service.items("reporters")
    kept = {name: value["S"] for name, value in reporter.items()}
    assert (kept["name"], kept["phone"], kept["email"]) == ("Warga Satu", "+6281200000001", "warga@example.org")
    (item,) = service.items("complaints")
    for personal in ("Warga Satu", "81200000001", "warga@example.org"):
        assert personal not in json.dumps(item)


def test_the_kind_that_was_chosen_is_the_kind(service: Service) -> None:
    for kind in ("complaint", "question", "idea", "information"):
        assert file(service, VAGUE, kind=kind)["kind"] == kind


def test_a_category_that_was_chosen_decides(service: Service) -> None:
    filed = file(service, VAGUE, category=a_category(service))
    assert (filed["opd"], filed["status"]) == ("dpuprpkp", "dispatched")


def test_null_and_empty_fields_are_absent_ones(service: Service) -> None:
    absent: dict[str, Any] = dict.fromkeys(("kind", "category", "name", "phone", "email", "address", "lat", "long"))
    file(service, **absent)
    file(service, name="", phone="", email="", address="")
    assert service.items("reporters") == []


def test_a_body_without_a_content_type_is_read_as_json(service: Service) -> None:
    assert service.call("POST", "/complaints", json.dumps({"text": LAMP})).status == 201


def test_text_is_stored_in_nfc_and_else_as_sent(service: Service) -> None:
    text = "  Jalan berlubang di kafe\u0301 \u2028 <b>\U0001f573\ufe0f</b> \u202eabc\x00\r\n  "
    filed = file(service, text)
    own = service.get(f"/complaints/{filed['ticket']}", x_receipt=filed["receipt"]).json
    assert own["text"] == unicodedata.normalize("NFC", text) != text


def test_a_coordinate_too_fine_for_the_database_is_no_fault(service: Service) -> None:
    filed = file(service, lat=1e-200, long=-0.0)
    seen = service.get(f"/admin/complaints/{filed['ticket']}", token("admin")).json
    assert (seen["lat"], seen["long"]) == (0, 0)


# --- Idempotency-Key


def test_the_same_key_and_body_have_the_same_answer_byte_for_byte_whatever_came_after(service: Service) -> None:
    body = {"text": VAGUE, "phone": "0812 0000 0001"}
    first = service.post("/complaints", body, idempotency_key="key-1")
    ticket = first.json["ticket"]
    assert service.post("/complaints", body, idempotency_key="key-1").body == first.body
    given = {"opd": "dishub", "division": "parkir", "kind": "question"}
    assert service.post(f"/admin/complaints/{ticket}/dispatch", given, token("admin")).status == 200
    assert service.post(f"/opd/complaints/{ticket}/answer", {"text": "Sudah."}, token("opd", "dishub")).status == 200
    check(service, ticket)
    again = service.post("/complaints", body, idempotency_key="key-1")
    assert (again.status, again.body, again.headers) == (201, first.body, first.headers)
    assert len(service.items("complaints")) == 1
    assert len(service.items("reporters")) == 1


def test_a_dispatched_one_is_repeated_as_dispatched_after_it_was_answered(service: Service) -> None:
    first = service.post("/complaints", {"text": LAMP}, idempotency_key="key-1")
    officer = token("opd", "dpuprpkp")
    service.post(f"/opd/complaints/{first.json['ticket']}/answer", {"text": "Sudah diganti."}, officer)
    assert service.post("/complaints", {"text": LAMP}, idempotency_key="key-1").body == first.body


def test_json_that_is_only_written_otherwise_is_the_same_body(service: Service) -> None:
    first = service.post("/complaints", {"text": LAMP, "name": "A"}, idempotency_key="key-1")
    spaced = json.dumps({"name": "A", "text": LAMP}, indent=2)
    again = service.call("POST", "/complaints", spaced, content_type="application/json", idempotency_key="key-1")
    assert again.body == first.body


MINE, OTHERS = {"phone": "0812 0000 0001"}, {"phone": "0812 0000 0002", "email": "lain@example.org"}


def test_the_same_key_with_another_body_is_refused_and_attaches_nobody(service: Service) -> None:
    for key, (first, other) in enumerate([
        ({"text": LAMP}, {"text": VAGUE, **OTHERS}),
        ({"text": LAMP, **MINE}, {"text": VAGUE, **OTHERS}),
        ({"text": LAMP, **MINE}, {"text": VAGUE}),
        ({"text": LAMP, **MINE}, {"text": LAMP, **OTHERS}),
        ({"text": LAMP}, {"text": LAMP, "confidential": True}),
    ]):  # fmt: skip
        filed = service.post("/complaints", first, idempotency_key=f"key-{key}")
        before = tables(service)
        refused = service.post("/complaints", other, idempotency_key=f"key-{key}")
        assert (refused.status, refused.headers["Content-Type"]) == (422, PROBLEM)
        assert refused.json["type"].endswith("key_used_otherwise")
        assert filed.json["ticket"] not in refused.text
        assert tables(service) == before
        assert service.post("/complaints", first, idempotency_key=f"key-{key}").body == filed.body


def test_without_a_key_the_same_body_twice_is_two_complaints(service: Service) -> None:
    assert file(service)["ticket"] != file(service)["ticket"]


def test_two_keys_are_two_complaints(service: Service) -> None:
    tickets = {service.post("/complaints", {"text": LAMP}, idempotency_key=key).json["ticket"] for key in "ab"}
    assert len(tickets) == 2


# --- what DynamoDB did, though its answer was lost


def test_a_put_whose_answer_was_lost_is_a_success(service: Service) -> None:
    lost: list[Call] = []

    def lose_the_first_answer(call: Call) -> Any:
        if call.action == "PutItem" and '"test-complaints"' in call.body and not lost:
            lost.append(call)
            return aws_fault()
        return None

    with watched_aws(after=lose_the_first_answer) as calls:
        filed = file(service, phone="0812 0000 0001")
    assert len(lost) == 1
    assert sum(call.action == "PutItem" and '"test-complaints"' in call.body for call in calls) == 2
    assert [item["ticket"]["S"] for item in service.items("complaints")] == [filed["ticket"]]
    assert [item["ticket"]["S"] for item in service.items("reporters")] == [filed["ticket"]]


def test_a_step_whose_answer_was_lost_is_recorded_once(service: Service) -> None:
    filed = file(service)
    lost: list[Call] = []

    def lose_the_first_answer(call: Call) -> Any:
        if call.action == "UpdateItem" and not lost:
            lost.append(call)
            return aws_fault()
        return None

    with watched_aws(after=lose_the_first_answer):
        added = service.post(
            f"/complaints/{filed['ticket']}/messages", {"text": "Masih mati."}, x_receipt=filed["receipt"]
        )
    assert (added.status, len(lost)) == (200, 1)
    assert [entry["entry"] for entry in added.json["timeline"]] == ["received", "dispatched", "message"]
    stored = complaints.complaint_of(filed["ticket"])
    assert stored is not None
    assert len(stored.timeline) == 3


# --- the form


def fields_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def test_the_form_needs_no_script_and_asks_for_no_account(service: Service) -> None:
    page = service.get("/")
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    without = re.sub("<script>.*?</script>", "", page.text, flags=re.DOTALL)
    assert "<script" not in without
    assert not re.search(r"\son\w+=", without)
    assert "password" not in page.text
    assert 'action="https://sambat.example/api/complaints"' in page.text
    assert len(fields_of(page.text)["idempotency_key"]) >= 22
    assert fields_of(service.get("/").text)["idempotency_key"] != fields_of(page.text)["idempotency_key"]


def test_a_form_as_the_browser_sends_it_shows_ticket_and_receipt(service: Service) -> None:
    hidden = fields_of(service.get("/").text)
    empty = dict.fromkeys(("kind", "category", "name", "phone", "email", "address"), "")
    answer = service.form("/complaints", {**hidden, **empty, "text": LAMP})
    assert answer.status == 201
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    (item,) = service.items("complaints")
    ticket = item["ticket"]["S"]
    assert ticket in answer.text
    assert answer.headers["Location"] == f"https://sambat.example/api/t/{ticket}"
    receipt = re.search(r"(?:[0-9A-Z]{6}-){4}[0-9A-Z]{2}", answer.text)
    assert receipt is not None
    assert service.get(f"/complaints/{ticket}", x_receipt=receipt[0]).json["text"] == LAMP
    assert "address" not in item
    assert service.items("reporters") == []


def test_a_form_sent_twice_is_one_complaint_and_the_same_page(service: Service) -> None:
    sent = {**fields_of(service.get("/").text), "text": LAMP, "phone": "0812 0000 0001"}
    first, again = service.form("/complaints", sent), service.form("/complaints", sent)
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    assert len(service.items("complaints")) == 1


def test_a_form_sent_again_with_other_words_is_shown_anew_with_a_key_of_its_own(service: Service) -> None:
    sent = {**fields_of(service.get("/").text), "text": LAMP}
    service.form("/complaints", sent)
    changed = service.form("/complaints", {**sent, "text": VAGUE})
    assert changed.status == 422
    assert VAGUE in changed.text
    key = fields_of(changed.text)["idempotency_key"]
    assert key != sent["idempotency_key"]
    assert service.form("/complaints", {**sent, "text": VAGUE, "idempotency_key": key}).status == 201


def test_a_form_with_errors_comes_again_with_what_was_typed(service: Service) -> None:
    hidden = fields_of(service.get("/").text)
    typed = {"text": "pendek", "name": "Warga <Satu>", "phone": "12", "address": 'Jl. "A" & B', "anonymous": "true"}
    answer = service.form("/complaints", {**hidden, **typed})
    assert answer.status == 400
    assert fields_of(answer.text)["idempotency_key"] == hidden["idempotency_key"]
    assert ">\npendek</textarea>" in answer.text
    assert 'value="Warga &lt;Satu&gt;"' in answer.text
    assert "Jl. &#34;A&#34; &amp; B" in answer.text
    assert 'name="anonymous" value="true" checked' in answer.text
    assert "paling sedikit 10 huruf" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert service.items("complaints") == []


WRONG_FIELDS = [
    ({"text": LAMP, "phone": "12"}, "phone"),
    ({"text": LAMP, "email": "warga"}, "email"),
    ({"text": LAMP, "kind": "rant"}, "kind"),
    ({"text": LAMP, "category": "no_such"}, "category"),
    ({"text": LAMP, "name": "n" * 201}, "name"),
    ({"text": LAMP, "address": "n" * 301}, "address"),
    ({"text": LAMP, "anonymous": "maybe"}, "anonymous"),
    ({"text": LAMP, "confidential": "yes"}, "confidential"),
    ({"lang": "id"}, "text"),
]


def test_the_field_that_is_wrong_is_the_one_that_is_marked(service: Service) -> None:
    for fields, about in WRONG_FIELDS:
        answer = service.form("/complaints", fields)
        assert answer.status == 400, about
        assert f'id="{about}-error"' in answer.text
        assert answer.text.count('aria-invalid="true"') == 1
    assert service.items("complaints") == []


def test_a_form_speaks_the_language_of_its_field_or_of_the_browser(service: Service) -> None:
    assert '<html lang="id">' in service.form("/complaints", {"text": "x"}).text
    assert '<html lang="en">' in service.form("/complaints", {"text": "x", "lang": "en"}).text
    assert '<html lang="en">' in service.form("/complaints", {"text": "x"}, accept_language="en").text
    filed = service.form("/complaints", {"text": LAMP, "lang": "en"})
    assert '<html lang="en">' in filed.text
    assert '<html lang="en">' in service.get("/?lang=en").text
    assert '<html lang="id">' in service.get("/?lang=xx", accept_language="de").text


def test_ticks_of_the_form_are_kept(service: Service) -> None:
    service.form("/complaints", {"text": LAMP, "anonymous": "on", "confidential": "true"})
    service.form("/complaints", {"text": VAGUE, "anonymous": "false", "confidential": "0"})
    kept = {
        item["text"]["S"]: (item.get("anonymous"), item.get("confidential")) for item in service.items("complaints")
    }
    assert kept == {LAMP: ({"BOOL": True}, {"BOOL": True}), VAGUE: (None, None)}


def test_line_ends_of_a_form_are_plain_ones(service: Service) -> None:
    service.form("/complaints", {"text": "Lampu mati\r\ndi jalan besar"})
    assert service.items("complaints")[0]["text"] == {"S": "Lampu mati\ndi jalan besar"}


# --- reading


def test_a_ticket_shows_all_that_the_interface_names(service: Service) -> None:
    filed = file(service)
    officer = token("opd", "dpuprpkp")
    service.post(f"/opd/complaints/{filed['ticket']}/answer", {"text": "Dijadwalkan.", "final": False}, officer)
    seen = service.get(f"/complaints/{filed['ticket']}").json
    assert set(seen) >= SHOWN
    assert (seen["status"], seen["opd"], seen["answer_due_at"]) == ("in_progress", "dpuprpkp", filed["answer_due_at"])
    assert [(one["text"], datetime.fromisoformat(one["at"]).utcoffset() is not None) for one in seen["answers"]] == [
        ("Dijadwalkan.", True)
    ]
    assert [one["entry"] for one in seen["timeline"]] == ["received", "dispatched", "answered"]


def test_a_ticket_may_be_typed_in_many_ways(service: Service) -> None:
    ticket = next(one["ticket"] for one in (file(service) for _ in range(200)) if re.search("[01]", one["ticket"]))
    for typed in (
        ticket.lower(), ticket.replace("-", ""), ticket.replace("-", " "), f"  {ticket.lower()} ",
        ticket.replace("0", "O").replace("1", "I"), ticket.replace("0", "o").replace("1", "l"),
    ):  # fmt: skip
        assert service.get(f"/complaints/{quote(typed)}").json["ticket"] == ticket, typed
        assert service.get(f"/t/{quote(typed)}").status == 200
        assert service.get(f"/t?ticket={quote(typed)}").status == 200


def test_a_ticket_with_one_letter_wrong_is_none(service: Service) -> None:
    ticket = file(service)["ticket"]
    wrong = ("A" if ticket[0] != "A" else "B") + ticket[1:]
    assert service.get(f"/complaints/{wrong}").status == 404


def test_the_page_of_a_ticket_shows_it_inert(service: Service) -> None:
    text = f"{LAMP} <img src=x onerror=alert(1)>"
    filed = file(service, text)
    check(service, filed["ticket"])
    page = service.get(f"/t/{filed['ticket']}")
    assert page.status == 200
    assert "<img" not in page.text
    assert "&lt;img src=x onerror=alert(1)&gt;" in page.text


def test_the_receipt_opens_ones_own_page_and_travels_in_the_body(service: Service) -> None:
    filed = file(service, f"{LAMP}, hubungi 0812 3456 7890")
    path = f"/t/{filed['ticket']}"
    assert "0812" not in service.get(path).text
    opened = service.form(path, {"receipt": filed["receipt"]})
    assert opened.status == 200
    assert "0812 3456 7890" in opened.text
    addresses = re.findall(r'(?:href|src|action)="([^"]*)"', opened.text)
    assert addresses
    assert not any(filed["receipt"] in address for address in addresses), "it stands in forms alone"
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    assert opened.headers["Cache-Control"] == "no-store"
    typed = filed["receipt"].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert "0812 3456 7890" in service.form(path, {"receipt": typed}).text
    wrong = service.form(path, {"receipt": file(service)["receipt"]})
    assert "0812" not in wrong.text
    assert 'id="receipt-error"' in wrong.text


def test_an_unknown_ticket_is_a_page_that_says_so(service: Service) -> None:
    for path in ("/t/XXXXX-XXXXX", "/t?ticket=lampu", "/t", "/t?ticket="):
        page = service.get(path)
        assert (page.status, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


# --- messages


def test_messages_are_added_by_the_receipt_alone(service: Service) -> None:
    filed, other = file(service), file(service)
    path = f"/complaints/{filed['ticket']}/messages"
    added = service.post(path, {"text": "Masih mati kafe\u0301"}, x_receipt=filed["receipt"])
    assert added.status == 200
    assert added.json["timeline"][-1]["text"] == "Masih mati kafé"
    assert "text" not in service.get(f"/complaints/{filed['ticket']}").json["timeline"][-1]
    before = tables(service)
    absent = service.post("/complaints/XXXXX-XXXXX/messages", {"text": "Masih mati"}, x_receipt=filed["receipt"])
    for receipt in ("", "x", other["receipt"], filed["receipt"][:-1]):
        refused = service.post(path, {"text": "Masih mati"}, x_receipt=receipt)
        assert (refused.status, refused.body) == (404, absent.body)
    assert tables(service) == before


def test_messages_come_by_form_too(service: Service) -> None:
    filed = file(service)
    path = f"/complaints/{filed['ticket']}/messages"
    added = service.form(path, {"text": "Masih mati", "receipt": filed["receipt"], "lang": "en"})
    assert added.status == 200
    assert added.headers["Content-Type"] == "text/html; charset=utf-8"
    assert service.form(path, {"text": "Masih mati", "receipt": "x"}).status == 404
    assert len(service.get(f"/complaints/{filed['ticket']}").json["timeline"]) == 3


def test_a_message_that_says_nothing_or_too_much_is_refused(service: Service) -> None:
    filed = file(service)
    for text in ("", "  \n ", "x" * 4001):
        refused = service.post(f"/complaints/{filed['ticket']}/messages", {"text": text}, x_receipt=filed["receipt"])
        assert refused.status == 400
        assert [error["field"] for error in refused.json["errors"]] == ["text"]


def test_a_full_complaint_takes_no_more_and_says_so(service: Service) -> None:
    filed = file(service)
    path = f"/complaints/{filed['ticket']}/messages"
    for _ in range(20):
        assert service.post(path, {"text": "x" * 4000}, x_receipt=filed["receipt"]).status == 200
    before = tables(service)
    full = service.post(path, {"text": "x"}, x_receipt=filed["receipt"])
    assert (full.status, full.json["type"].rpartition(":")[2]) == (409, "timeline_full")
    assert tables(service) == before


# --- the public list


def tickets_on(page: dict[str, Any]) -> list[str]:
    return [item["ticket"] for item in page["items"]]


def test_the_public_list_goes_on_by_cursor_and_stays_as_it_was(service: Service) -> None:
    for _ in range(7):
        file(service)
    newest_first = sorted((item["received"]["S"] for item in service.items("complaints")), reverse=True)
    expected = [key.partition("#")[2] for key in newest_first]
    first = service.get("/complaints?limit=3").json
    assert tickets_on(first) == expected[:3]
    file(service)
    second = service.get(f"/complaints?limit=3&cursor={first['next']}").json
    third = service.get(f"/complaints?limit=3&cursor={second['next']}").json
    assert tickets_on(second) + tickets_on(third) == expected[3:]
    assert third["next"] is None
    assert service.get(f"/complaints?limit=3&cursor={first['next']}").json["items"] == second["items"]


def test_the_public_list_never_shows_what_is_unchecked_or_confidential(service: Service) -> None:
    shown = file(service)["ticket"]
    hidden = [file(service, VAGUE)["ticket"], file(service, confidential=True)["ticket"]]
    secret = file(service, VAGUE, confidential=True)["ticket"]
    check(service, secret)
    service.twilio(LAMP)
    seen: list[str] = []
    cursor = ""
    for _ in range(10):
        page = service.get(f"/complaints?limit=1{cursor}")
        assert not any(ticket in page.text for ticket in [*hidden, secret])
        seen += tickets_on(page.json)
        if page.json["next"] is None:
            break
        cursor = f"&cursor={page.json['next']}"
    assert seen == [shown]
    check(service, hidden[0])
    assert set(tickets_on(service.get("/complaints").json)) == {shown, hidden[0]}


def test_the_public_list_is_filtered(service: Service) -> None:
    lamp, parking = file(service), file(service, "Parkir liar di depan Pasar Besar, jukir tidak memberi karcis")
    service.post(f"/opd/complaints/{lamp['ticket']}/answer", {"text": "Sudah."}, token("opd", "dpuprpkp"))
    for query, expected in {
        "opd=dishub": [parking], "opd=dpuprpkp": [lamp], "status=answered": [lamp], "status=dispatched": [parking],
        "kind=complaint": [parking, lamp], "kind=idea": [], "opd=nowhere": [], "opd=dishub&status=answered": [],
    }.items():  # fmt: skip
        assert set(tickets_on(service.get(f"/complaints?{query}").json)) == {one["ticket"] for one in expected}, query
    item = service.get("/complaints?opd=dishub").json["items"][0]
    assert {"ticket", "kind", "status", "text", "opd", "division", "received_at", "answer_due_at"} <= set(item)


def test_a_cursor_of_another_list_or_of_nobodys_is_refused(service: Service) -> None:
    for _ in range(3):
        file(service)
    cursor = service.get("/complaints?limit=1").json["next"]
    of_opd = service.get("/complaints?limit=1&opd=dpuprpkp").json["next"]
    assert LAMP[:5] not in cursor
    assert "2026" not in cursor
    forged = [of_opd, cursor[:-1], cursor[:20] + ("A" if cursor[20] != "A" else "B") + cursor[21:], "x", "é", "=", "0"]
    for bad in forged:
        refused = service.get(f"/complaints?cursor={quote(bad)}")
        assert (refused.status, refused.headers["Content-Type"]) == (400, PROBLEM), bad
        assert [error["field"] for error in refused.json["errors"]] == ["cursor"]
    assert service.get(f"/complaints?limit=1&cursor={cursor}").status == 200
    assert service.get(f"/complaints?opd=dpuprpkp&cursor={quote(cursor)}").status == 400
