"""Admins: every complaint by its filters, search, the queue, dispatch, check, escalations, OPDs; who else may read."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib import settings
from chalicelib.adapters import complaints
from chalicelib.api import lists
from chalicelib.domain.complaint import Actor, Complaint, Kind, Role
from chalicelib.domain.deadlines import calendar_from, deadline_after
from chalicelib.domain.policy import Policy
from chalicelib.domain.ticket import ticket_from
from chalicelib.workflows import handling
from tests.builders import Answer, Service, token
from tests.functional.scenes import HOLE, LAMP, PARKING, UNCLEAR, filed, opened, wall_clock, watched_calls

DAY = timedelta(days=1)
NOBODYS = ticket_from(12345)


def listed(service: Service, path: str, query: str = "") -> list[dict[str, Any]]:
    """Return the items of a whole list, page by page."""
    items: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(200):
        answer = service.get(f"{path}?{query}{cursor}", token("admin"))
        assert answer.status == 200, answer.text
        items += answer.json["items"]
        if answer.json["next"] is None:
            return items
        cursor = f"&cursor={answer.json['next']}"
    raise AssertionError("the list has no end")


def tickets(service: Service, query: str = "", path: str = "/admin/complaints") -> list[str]:
    return [item["ticket"] for item in listed(service, path, query)]


def iso(at: datetime) -> str:
    return quote(at.isoformat())


def whole(service: Service, ticket: str) -> dict[str, Any]:
    shown: dict[str, Any] = service.get(f"/admin/complaints/{ticket}", token("admin")).json
    return shown


# ------------------------------------------------------------------------------------------------ the list


def test_the_list_is_newest_first_and_says_what_stands_of_each(service: Service) -> None:
    now = wall_clock()
    opened(now - 400 * DAY)
    made = {age: filed(LAMP, now - age * DAY).ticket for age in (300, 0, 45, 2, 100)}
    items = listed(service, "/admin/complaints")
    assert [item["ticket"] for item in items] == [made[age] for age in sorted(made)]
    first = items[0]
    assert {
        "ticket", "kind", "channel", "status", "opd", "division", "received_at", "answer_due_at", "rung"
    } <= set(first)  # fmt: skip
    assert (first["kind"], first["channel"], first["status"]) == ("complaint", "web", "dispatched")
    assert (first["opd"], first["division"], first["rung"]) == ("dpuprpkp", "pju", None)
    assert datetime.fromisoformat(first["received_at"]) == now.replace(microsecond=0)
    assert first["received_at"].endswith("+07:00")


def test_each_filter_keeps_what_it_says_and_they_combine(service: Service) -> None:
    now = wall_clock()
    opened(now - 100 * DAY)
    lamp = filed(LAMP, now - 60 * DAY).ticket
    hole = filed(HOLE, now - 40 * DAY, kind="question").ticket
    parking = filed(PARKING, now - 2 * DAY, channel="sms").ticket
    queued = filed(UNCLEAR, now - DAY, channel="sms", kind="idea").ticket
    answered = filed(LAMP, now - 50 * DAY).ticket
    officer = token("opd", "dpuprpkp")
    assert service.post(f"/opd/complaints/{answered}/answer", {"text": "Sudah."}, officer).status == 200
    expected = {
        "": [queued, parking, hole, answered, lamp],
        "opd=dpuprpkp": [hole, answered, lamp],
        "opd=dishub": [parking],
        "opd=nobody": [],
        "division=pju": [answered, lamp],
        "opd=dpuprpkp&division=jalan": [hole],
        "opd=dishub&division=jalan": [],
        "status=received": [queued],
        "status=answered": [answered],
        "status=dispatched": [parking, hole, lamp],
        "status=in_progress": [],
        "kind=question": [hole],
        "kind=idea": [queued],
        "channel=sms": [queued, parking],
        "channel=web&status=dispatched": [hole, lamp],
        "channel=open311": [],
        "overdue=true": [hole, lamp],
        "overdue=false": [queued, parking, answered],
        "overdue=true&kind=question": [hole],
        f"from={iso(now - 40 * DAY)}": [queued, parking, hole],
        f"to={iso(now - 40 * DAY)}": [answered, lamp],
        f"from={iso(now - 50 * DAY)}&to={iso(now - DAY)}": [parking, hole, answered],
        f"from={iso(now - 50 * DAY)}&to={iso(now - DAY)}&opd=dpuprpkp&overdue=true": [hole],
        f"from={iso(now)}&to={iso(now - DAY)}": [],
        f"from={iso(now + DAY)}": [],
    }
    for query, found in expected.items():
        assert tickets(service, query) == found, query
        assert tickets(service, f"{query}&limit=1") == found, query


def test_a_window_of_all_time_asks_only_where_complaints_can_be(service: Service) -> None:
    now = wall_clock()
    opened(now - 40 * DAY)
    lamp = filed(LAMP, now - 35 * DAY).ticket
    always = "from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z"
    for query in ("", always, f"{always}&overdue=false", f"{always}&opd=dpuprpkp"):
        with watched_calls() as calls:
            found = tickets(service, query)
        assert found == ([] if "false" in query else [lamp])
        assert len(calls) <= 8, query


def test_sixty_complaints_come_page_by_page_each_exactly_once(service: Service) -> None:
    now = wall_clock()
    opened(now - 200 * DAY)
    made = [
        filed((LAMP, PARKING)[n % 2], now - n // 3 * timedelta(hours=53), channel=("web", "sms")[n % 2]).ticket
        for n in range(60)
    ]  # three at the same instant each, over several months
    for limit in (7, 60, 100):
        found = tickets(service, f"limit={limit}")
        assert len(found) == 60
        assert set(found) == set(made)
        assert [made.index(ticket) // 3 for ticket in found] == sorted(made.index(ticket) // 3 for ticket in found)
    assert set(tickets(service, "limit=4&channel=sms")) == set(made[1::2])
    assert len(tickets(service, "limit=13&opd=dishub")) == 30


def test_what_comes_while_somebody_turns_pages_neither_repeats_nor_hides_anything(service: Service) -> None:
    now = wall_clock()
    opened(now - 30 * DAY)
    made = [filed(LAMP, now - n * DAY).ticket for n in range(1, 7)]
    first = service.get("/admin/complaints?limit=3", token("admin")).json
    filed(LAMP, now)
    rest = service.get(f"/admin/complaints?limit=100&cursor={first['next']}", token("admin")).json
    assert [item["ticket"] for item in first["items"] + rest["items"]] == made


def test_a_page_reads_a_bounded_part_of_a_list_that_holds_nothing_for_it_and_its_cursor_goes_on(
    service: Service,
) -> None:
    asked: list[str] = []

    def endless(place: str, most: int) -> list[str]:
        asked.extend(f"{int(place[:6]) + n:06d}#{NOBODYS}" for n in range(1, most + 1))
        return asked[-most:]

    with watched_calls() as calls:
        page, following = lists._page(endless, lambda key: key, "000000", 100, lambda one: True, "endless")
    assert page == []
    assert len(asked) == 200
    assert len(calls) == 2
    assert lists.opened(following, "endless") == asked[-1]


def test_a_query_that_makes_no_sense_is_refused_by_name(service: Service) -> None:
    bad = {
        "status=late": "status",
        "kind=keluhan": "kind",
        "overdue=yes": "overdue",
        "from=yesterday": "from",
        "from=2026-12-01T00:00:00": "from",
        "to=2026-13-01T00:00:00Z": "to",
        "to=9999-12-31T23:59:59-12:00": "to",
        "limit=-1": "limit",
        "limit=1&limit=2": "limit",
        "cursor=x": "cursor",
        "phone=081": "phone",
    }
    for query, field in bad.items():
        answer = service.get(f"/admin/complaints?{query}", token("admin"))
        assert answer.status == 400, query
        assert [error["field"] for error in answer.json["errors"]] == [field]


# ------------------------------------------------------------------------------------------------ search, one complaint


def test_search_finds_by_ticket_however_it_is_typed_and_by_phone_however_it_is_written(service: Service) -> None:
    mine = [filed(text, phone="+6281200000001").ticket for text in (LAMP, PARKING)]
    filed(LAMP, phone="+6281200000002")
    typed = mine[0].replace("-", " ").lower()

    def search(**what: str) -> Answer:
        return service.post("/admin/complaints/search", what, token("admin"))

    assert [item["ticket"] for item in search(ticket=typed).json["items"]] == [mine[0]]
    for phone in ("+6281200000001", "0812-0000-0001", "62 812 0000 0001"):
        assert {item["ticket"] for item in search(phone=phone).json["items"]} == set(mine), phone
    assert search(phone="+6281200000009").json == {"items": [], "next": None}
    assert search(ticket=NOBODYS).json["items"] == []
    assert search(ticket="what?").json["items"] == []
    assert "81200000001" not in search(phone="+6281200000001").text
    for bad in ({}, {"ticket": mine[0], "phone": "081200000001"}, {"phone": "call me"}, {"name": "Warga"}):
        assert service.post("/admin/complaints/search", bad, token("admin")).status == 400, bad


def test_the_whole_timeline_says_who_did_what_when(service: Service) -> None:
    filing = service.post("/complaints", {"text": UNCLEAR, "kind": "question"}).json
    ticket, admin, officer = filing["ticket"], token("admin", sub="rina"), token("opd", "dpuprpkp", sub="sri")
    begun = wall_clock().replace(microsecond=0)
    service.post(f"/admin/complaints/{ticket}/dispatch", {"opd": "dpuprpkp", "division": "pju"}, admin)
    service.post(f"/admin/complaints/{ticket}/check", None, admin)
    service.post(f"/opd/complaints/{ticket}/start", None, officer)
    service.post(f"/complaints/{ticket}/messages", {"text": "Masih mati."}, x_receipt=filing["receipt"])
    service.post(f"/opd/complaints/{ticket}/answer", {"text": "Besok.", "final": False}, officer)
    service.post(f"/opd/complaints/{ticket}/answer", {"text": "Sudah."}, officer)
    shown = whole(service, ticket)
    told = [(entry["entry"], entry["by"], entry.get("who"), entry.get("text")) for entry in shown["timeline"]]
    assert told == [
        ("received", "reporter", None, None),
        ("dispatched", "admin", "rina", None),
        ("checked", "admin", "rina", None),
        ("started", "opd", "sri", None),
        ("message", "reporter", None, "Masih mati."),
        ("answered", "opd", "sri", "Besok."),
        ("answered", "opd", "sri", "Sudah."),
    ]
    for entry in shown["timeline"]:
        assert begun - timedelta(seconds=2) <= datetime.fromisoformat(entry["at"]) <= wall_clock()
    dispatched = shown["timeline"][1]
    assert (dispatched["opd"], dispatched["division"], dispatched["clock"]) == ("dpuprpkp", "pju", 1)
    assert dispatched["deadline"] == shown["answer_due_at"]


def test_a_ticket_that_is_not_there_is_404_for_every_action(service: Service) -> None:
    where = {"opd": "dpuprpkp", "division": "pju"}
    for ticket in (NOBODYS, "xyz", "%F0%9F%92%A1"):
        path = f"/admin/complaints/{ticket}"
        answers = [
            service.get(path, token("admin")),
            service.get(f"{path}/reporter", token("admin")),
            service.post(f"{path}/dispatch", where, token("admin")),
            service.post(f"{path}/check", None, token("admin")),
        ]
        assert [answer.status for answer in answers] == [404] * 4
        assert len({answer.body for answer in answers}) == 1


# ------------------------------------------------------------------------------------------------ queue and dispatch


def test_the_queue_holds_what_nobody_has_yet_oldest_first_with_what_the_rules_suggest(service: Service) -> None:
    now = wall_clock()
    filed(LAMP, now)
    unsure = "Ada karcis aneh waktu bayar motor tadi siang"
    empty = "Halo apakah ada orang di sana"
    made = [filed(text, now - age * DAY).ticket for text, age in ((empty, 8), (unsure, 4), (UNCLEAR, 0))]
    items = listed(service, "/admin/queue", "limit=2")
    assert [item["ticket"] for item in items] == made
    assert {item["status"] for item in items} == {"received"}
    assert all(set(item["suggestion"]) == {"opd", "division", "category", "label", "because"} for item in items)
    assert items[0]["suggestion"]["opd"] is None
    assert (items[1]["suggestion"]["opd"], items[1]["suggestion"]["division"]) == ("dishub", "parkir")
    assert items[1]["suggestion"]["because"]


def test_dispatch_starts_the_answer_clock_and_tells_the_division_and_the_head(service: Service) -> None:
    before = filed(UNCLEAR)
    service.deliver()
    where = {"opd": "dishub", "division": "parkir"}
    answer = service.post(f"/admin/complaints/{before.ticket}/dispatch", where, token("admin"))
    assert answer.status == 200
    shown = answer.json
    assert (shown["status"], shown["opd"], shown["division"]) == ("dispatched", "dishub", "parkir")
    assert shown["suggestion"] is None
    due = deadline(wall_clock(), "answer")
    assert datetime.fromisoformat(shown["answer_due_at"]) == due
    assert shown["finish_due_at"] == views_iso(before.finish_due_at)
    assert tickets(service, path="/admin/queue") == []
    assert service.deliver() == []
    assert [mail["to"] for mail in service.emails()] == [
        "parkir@dishub.example.invalid",
        "kepala@dishub.example.invalid",
    ]
    again = service.post(f"/admin/complaints/{before.ticket}/dispatch", where, token("admin"), accept_language="en")
    assert again.status == 409
    assert again.json["detail"] == "While dispatched, what is possible: reject, merge, check."


def deadline(start: datetime, what: str) -> datetime:
    """Return the deadline of the policy, counted from `start`."""
    data = settings.data_file("policy.json")
    calendar = calendar_from(settings.data_file("holidays.json"), settings.current().zone, frozenset(data["weekend"]))
    policy = Policy.from_data(data)
    return deadline_after(start, policy.finish.get(what) or getattr(policy, what), calendar)


def views_iso(at: datetime) -> str:
    return at.astimezone(settings.current().zone).isoformat(timespec="seconds")


@pytest.mark.parametrize(("kind", "other"), [("question", "complaint"), ("complaint", "idea")])
def test_a_corrected_kind_moves_the_finish_deadline_counted_from_the_arrival(
    service: Service, kind: str, other: str
) -> None:
    arrived = wall_clock() - 3 * DAY
    complaint = filed(UNCLEAR, arrived, kind=kind)
    assert complaint.finish_due_at == deadline(arrived, kind)
    body = {"opd": "dishub", "division": "parkir", "kind": other}
    shown = service.post(f"/admin/complaints/{complaint.ticket}/dispatch", body, token("admin")).json
    assert shown["kind"] == other
    assert shown["finish_due_at"] == views_iso(deadline(arrived, other))
    assert shown["timeline"][-1]["kind"] == other


def test_a_dispatch_to_nowhere_is_refused_and_nothing_changes(service: Service) -> None:
    complaint = filed(UNCLEAR)
    bad: list[tuple[Any, str]] = [
        ({"opd": "nobody", "division": "parkir"}, "division"),
        ({"opd": "dishub", "division": "pju"}, "division"),
        ({"opd": "dishub"}, "division"),
        ({"opd": "dishub", "division": "parkir", "kind": "keluhan"}, "kind"),
        ({"opd": "dishub", "division": "parkir", "to": "x"}, "to"),
        ({"opd": "DISHUB", "division": "parkir"}, "opd"),
        ({"opd": None, "division": "parkir"}, "opd"),
    ]
    for body, field in bad:
        answer = service.post(f"/admin/complaints/{complaint.ticket}/dispatch", body, token("admin"))
        assert answer.status == 400, body
        assert [error["field"] for error in answer.json["errors"]] == [field]
    assert complaints.complaint_of(complaint.ticket) == complaint


def test_what_two_admins_dispatch_at_once_goes_to_one_division(service: Service) -> None:
    ticket = filed(UNCLEAR).ticket
    already: list[Complaint | None] = []

    def be_quicker(call: Any) -> None:
        if call.operation == "UpdateItem" and not already:
            already.append(None)
            already[0] = handling.dispatch(ticket, "dishub", "parkir", Actor(Role.ADMIN, "quick"), wall_clock())

    with watched_calls(be_quicker):
        where = {"opd": "dpuprpkp", "division": "pju"}
        answer = service.post(f"/admin/complaints/{ticket}/dispatch", where, token("admin"))
    assert answer.status == 409
    shown = whole(service, ticket)
    assert (shown["opd"], shown["division"]) == ("dishub", "parkir")
    assert [entry["entry"] for entry in shown["timeline"]] == ["received", "dispatched"]


def test_the_public_reads_a_text_once_it_is_checked_and_a_second_check_changes_nothing(service: Service) -> None:
    ticket = filed(PARKING, channel="sms").ticket
    assert service.get(f"/complaints/{ticket}").json["text"] is None
    assert ticket not in service.get("/complaints").text
    once = service.post(f"/admin/complaints/{ticket}/check", None, token("admin", sub="rina"))
    assert (once.status, once.json["checked"]) == (200, True)
    assert service.get(f"/complaints/{ticket}").json["text"] == PARKING
    assert ticket in service.get("/complaints").text
    twice = service.post(f"/admin/complaints/{ticket}/check", None, token("admin", sub="dewi"))
    assert (twice.status, twice.json) == (200, once.json)


# ------------------------------------------------------------------------------------------------ the reporter


@pytest.mark.parametrize("role", ["admin", "mayor", "auditor"])
def test_each_read_of_the_reporter_is_written_down(service: Service, role: str) -> None:
    given: dict[str, Any] = {"name": "Warga Uji", "phone": "+6281200000001", "email": "warga@mail.example"}
    ticket = filed(LAMP, **given, anonymous=True).ticket
    for _ in range(2):
        answer = service.get(f"/admin/complaints/{ticket}/reporter", token(role, sub="p-1"))
        assert (answer.status, answer.json) == (200, {"ticket": ticket, **given})
    reads = whole(service, ticket)["timeline"][2:]
    assert [(entry["entry"], entry["by"], entry["who"]) for entry in reads] == [("reporter_read", role, "p-1")] * 2
    assert all(datetime.fromisoformat(entry["at"]) <= wall_clock() for entry in reads)
    assert "reporter_read" not in service.get(f"/complaints/{ticket}").text


def test_nothing_but_that_shows_the_reporter_to_an_admin(service: Service) -> None:
    ticket = filed(LAMP, name="Warga Uji", phone="+6281200000001", email="warga@mail.example").ticket
    seen = [
        service.get(f"/admin/complaints/{ticket}", token("admin")),
        service.get("/admin/complaints", token("admin")),
        service.post(f"/admin/complaints/{ticket}/check", None, token("admin")),
        service.post("/admin/complaints/search", {"phone": "+6281200000001"}, token("admin")),
    ]
    for answer in seen:
        assert answer.status == 200
        assert not [said for said in ("Warga", "81200000001", "warga@") if said in answer.text]
    assert [entry["entry"] for entry in whole(service, ticket)["timeline"]][2:] == []


def test_who_left_no_name_is_nobody_and_was_not_read(service: Service) -> None:
    ticket = filed(LAMP).ticket
    answer = service.get(f"/admin/complaints/{ticket}/reporter", token("admin"))
    assert answer.json == {"ticket": ticket, "name": None, "phone": None, "email": None}
    assert [entry["entry"] for entry in whole(service, ticket)["timeline"]] == ["received", "dispatched"]


# ------------------------------------------------------------------------------------------------ escalations


def test_escalations_are_listed_newest_first_by_every_filter(service: Service) -> None:
    start = datetime(2026, 3, 2, 3, tzinfo=UTC)
    opened(start)
    lamp, hole = filed(LAMP, start).ticket, filed(HOLE, start).ticket
    parking = filed(PARKING, start + 7 * DAY).ticket
    first, second, third = ("2026-03-12T08:00:00+07:00", "2026-04-01T08:00:00+07:00", "2026-04-20T08:00:00+07:00")
    assert service.sweep(first)["recorded"] == 2
    service.post(f"/opd/complaints/{hole}/answer", {"text": "Sudah."}, token("opd", "dpuprpkp"))
    assert service.sweep(second)["recorded"] == 2
    assert service.sweep(third)["recorded"] == 2
    items = listed(service, "/admin/escalations", "limit=2")
    told = {(item["ticket"], item["n"], item["rung"], item["recorded_at"]) for item in items}
    assert told == {
        (lamp, 1, "warning", first),
        (hole, 1, "warning", first),
        (lamp, 2, "black_vest", second),
        (parking, 1, "warning", second),
        (lamp, 3, "replacement", third),
        (parking, 2, "black_vest", third),
    }
    assert [item["recorded_at"] for item in items] == sorted((item["recorded_at"] for item in items), reverse=True)
    warned = next(item for item in items if item["ticket"] == lamp and item["n"] == 1)
    assert set(warned) >= {"ticket", "n", "rung", "opd", "division", "deadline", "recorded_at", "state"}
    assert (warned["opd"], warned["division"], warned["state"]) == ("dpuprpkp", "pju", "recorded")
    assert warned["deadline"] == "2026-03-10T00:00:00+07:00"

    def found(query: str) -> set[tuple[str, int]]:
        rows = listed(service, "/admin/escalations", f"limit=1&{query}")
        assert len(rows) == len({(row["ticket"], row["n"]) for row in rows})
        return {(row["ticket"], row["n"]) for row in rows}

    assert found("opd=dishub") == {(parking, 1), (parking, 2)}
    assert found("opd=nobody") == set()
    assert found("division=jalan") == {(hole, 1)}
    assert found("opd=dpuprpkp&division=pju") == {(lamp, 1), (lamp, 2), (lamp, 3)}
    assert found("rung=warning") == {(lamp, 1), (hole, 1), (parking, 1)}
    assert found("rung=replacement") == {(lamp, 3)}
    assert found(f"from={quote(second)}") == {(lamp, 2), (parking, 1), (lamp, 3), (parking, 2)}
    assert found(f"to={quote(second)}") == {(lamp, 1), (hole, 1)}
    assert found(f"from={quote(second)}&to={quote(third)}&opd=dishub") == {(parking, 1)}
    assert found("from=0001-01-01T00:00:00Z&to=9999-12-31T00:00:00Z&rung=black_vest") == {(lamp, 2), (parking, 2)}
    for bad in ("rung=vest", "from=x", "status=open"):
        assert service.get(f"/admin/escalations?{bad}", token("admin")).status == 400


# ------------------------------------------------------------------------------------------------ OPDs


def opd_of(service: Service, code: str) -> dict[str, Any]:
    answer = service.get(f"/admin/opds/{code}", token("admin"))
    assert answer.status == 200
    found: dict[str, Any] = answer.json
    return found


def test_an_opd_is_read_and_written_whole(service: Service) -> None:
    before = opd_of(service, "dishub")
    assert before["code"] == "dishub"
    assert [division["code"] for division in before["divisions"]]
    wanted = deepcopy(before)
    wanted["name"] = "Dinas Perhubungan Kota"
    wanted["head"]["email"] = "kepala@dishub.example"
    answer = service.put("/admin/opds/dishub", wanted, token("admin"))
    assert (answer.status, answer.json) == (200, wanted)
    assert opd_of(service, "dishub") == wanted
    without_code = {name: value for name, value in wanted.items() if name != "code"}
    assert service.put("/admin/opds/dishub", without_code, token("admin")).json == wanted
    assert service.get("/admin/opds/nobody", token("admin")).status == 404
    assert service.put("/admin/opds/nobody", without_code, token("admin")).status == 404


def test_the_rules_know_new_keywords_and_the_next_mail_new_contacts_at_once(service: Service) -> None:
    text = "Zeppelin mogok menghalangi gang rumah kami"
    assert service.post("/complaints", {"text": text}).json["status"] == "received"
    wanted = opd_of(service, "dishub")
    parking = next(division for division in wanted["divisions"] if division["code"] == "parkir")
    parking["categories"][0]["keywords"]["strong"].append("zeppelin")
    parking["email"], wanted["head"]["email"] = "parkir@malang.example", "kepala@malang.example"
    assert service.put("/admin/opds/dishub", wanted, token("admin")).status == 200
    filing = service.post("/complaints", {"text": text}).json
    assert (filing["status"], filing["opd"], filing["division"]) == ("dispatched", "dishub", "parkir")
    assert service.deliver() == []
    assert {mail["to"] for mail in service.emails()} == {"parkir@malang.example", "kepala@malang.example"}


def test_what_the_rules_or_the_post_cannot_read_is_refused_and_nothing_changes(service: Service) -> None:
    good = opd_of(service, "dishub")

    def broken(change: Any) -> dict[str, Any]:
        wanted = deepcopy(good)
        change(wanted)
        return wanted

    def keywords(wanted: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = wanted["divisions"][0]["categories"][0]["keywords"]
        return found

    foreign = opd_of(service, "dpuprpkp")["divisions"][0]["categories"][0]["code"]
    bad = {
        "an unknown strength": lambda opd: keywords(opd).update(heavy=["x"]),
        "a keyword of signs": lambda opd: keywords(opd)["strong"].append("!!"),
        "a keyword without words": lambda opd: keywords(opd)["strong"].append(" .. "),
        "a keyword in capitals": lambda opd: keywords(opd)["strong"].append("ZEPPELIN"),
        "a keyword that is a number": lambda opd: keywords(opd)["strong"].append(5),
        "keywords as text": lambda opd: keywords(opd).update(strong="zeppelin"),
        "a category twice": lambda opd: opd["divisions"][0]["categories"].append(opd["divisions"][0]["categories"][0]),
        "a category of another OPD": lambda opd: opd["divisions"][0]["categories"][0].update(code=foreign),
        "a division twice": lambda opd: opd["divisions"].append({**opd["divisions"][0], "categories": []}),
        "no divisions": lambda opd: opd.update(divisions=[]),
        "another code": lambda opd: opd.update(code="dlh"),
        "an unknown field": lambda opd: opd.update(budget=1),
        "a division without a name": lambda opd: opd["divisions"][0].pop("name"),
        "an address that is none": lambda opd: opd["head"].update(email="kepala dishub"),
        "two addresses": lambda opd: opd["divisions"][0].update(email="a@dishub.example,b@dishub.example"),
        "a line end in an address": lambda opd: opd["head"].update(email="a@dishub.example\nBcc: b@evil.example"),
    }
    for what, change in bad.items():
        answer = service.put("/admin/opds/dishub", broken(change), token("admin"))
        assert answer.status == 400, what
        assert answer.json["errors"], what
    assert opd_of(service, "dishub") == good
    assert service.put("/admin/opds/dishub", good, token("admin")).status == 200


def test_a_contact_may_be_left_open_and_its_mail_goes_to_the_admin(service: Service) -> None:
    wanted = opd_of(service, "dishub")
    for division in wanted["divisions"]:
        division["email"] = ""
    wanted["head"]["email"] = ""
    assert service.put("/admin/opds/dishub", wanted, token("admin")).status == 200
    filed(PARKING)
    assert service.deliver() == []
    assert {mail["to"] for mail in service.emails()} == {settings.current().admin_email}


# ------------------------------------------------------------------------------------------------ who else


@pytest.mark.parametrize("role", ["mayor", "auditor"])
def test_mayor_and_auditor_read_all_of_it_and_write_nothing(service: Service, role: str) -> None:
    who = token(role)
    ticket = filed(UNCLEAR, name="Warga Uji").ticket
    stored = complaints.complaint_of(ticket)
    opd = opd_of(service, "dishub")
    writes = [
        service.post(f"/admin/complaints/{ticket}/dispatch", {"opd": "dishub", "division": "parkir"}, who),
        service.post(f"/admin/complaints/{ticket}/check", None, who),
        service.put("/admin/opds/dishub", {**opd, "name": "Dinas Lain"}, who),
        service.post("/admin/complaints", {"text": LAMP}, who),
        service.post("/admin/quarantine/2026-11-24.0/complaint", {"text": LAMP}, who),
        service.post("/admin/quarantine/2026-11-24.0/discard", {"reason": "Iklan."}, who),
    ]
    assert [answer.status for answer in writes] == [403] * 6
    assert len(service.items("complaints")) == 1
    assert complaints.complaint_of(ticket) == stored
    assert opd_of(service, "dishub") == opd
    reads = ["complaints", f"complaints/{ticket}", "queue", "escalations", "opds/dishub", "quarantine"]
    for path in (*reads, f"complaints/{ticket}/reporter"):
        assert service.get(f"/admin/{path}", who).status == 200, path
    assert service.post("/admin/complaints/search", {"ticket": ticket}, who).status == 200
    assert stored is not None
    assert stored.kind is Kind.COMPLAINT
