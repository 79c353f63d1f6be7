"""Figures by HTTP: statistics, the public scoreboard, rewards, holidays, and what a spreadsheet gets."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.adapters import complaints
from chalicelib.api import figures
from chalicelib.domain.complaint import Complaint
from chalicelib.domain.tally import BOUNDS
from chalicelib.domain.ticket import ticket_from
from chalicelib.settings import current
from chalicelib.workflows import city
from tests.builders import Answer, Service, token
from tests.functional.scenes import HOLE, LAMP, UNCLEAR, filed, opened, wall_clock, watched_calls
from tests.functional.test_ladder_http import climb, late

DAY = timedelta(days=1)
ADMIN, MAYOR, OFFICER = "admin", "mayor", "opd"


@pytest.fixture(autouse=True)
def in_a_city_of_some_age(service: Service) -> None:
    opened(wall_clock() - 120 * DAY)


def get(service: Service, path: str, role: str = ADMIN) -> Any:
    answer = service.get(path, token(role, "dpuprpkp"))
    assert answer.status == 200, answer.text
    return answer.json


def answered(service: Service, complaint: Complaint) -> Complaint:
    who = token("opd", "dpuprpkp")
    assert service.post(f"/opd/complaints/{complaint.ticket}/answer", {"text": "Sudah."}, who).status == 200
    return complaint


def month(back: int = 0) -> str:
    """Return the month that it is in the city, or so many before it."""
    on = wall_clock().astimezone(current().zone).replace(day=1)
    for _ in range(back):
        on = (on - DAY).replace(day=1)
    return f"{on:%Y-%m}"


# ------------------------------------------------------------------------------------------------ statistics


def test_a_month_is_shown_in_sum_and_by_each_way_to_divide_it(service: Service) -> None:
    answered(service, filed(LAMP))
    filed(HOLE, channel="sms")
    filed(UNCLEAR)
    service.deliver()
    shown = get(service, "/admin/stats")
    assert (shown["period"], shown["bins_hours"]) == (month(), list(BOUNDS))
    assert (shown["total"]["received"], shown["total"]["answered"], shown["total"]["share_on_time"]) == (3, 1, 1.0)
    assert (shown["total"]["median_hours"], shown["total"]["p90_hours"]) == (1, 1)
    assert [(one["opd"], one["dispatched"]) for one in shown["opds"]] == [("dpuprpkp", 2)]
    assert {one["division"]: one["finished"] for one in shown["divisions"]} == {"jalan": 0, "pju": 1}
    assert {one["channel"]: one["received"] for one in shown["channels"]} == {"web": 2, "sms": 1}
    assert sum(one["received"] for one in shown["kinds"]) == 3
    assert get(service, f"/admin/stats?period={month()}") == shown
    assert get(service, "/admin/stats?period=2020-01")["total"]["received"] == 0


@pytest.mark.parametrize("path", ["/admin/stats", "/scoreboard", "/admin/rewards"])
@pytest.mark.parametrize("period", ["2026-13", "2026-1", "1999-01", "2026-01-01", "november", "2026-01%0A", "٢٠٢٦-01"])
def test_a_period_is_a_month(service: Service, path: str, period: str) -> None:
    answer = service.get(f"{path}?period={period}", token(ADMIN), accept_language="en")
    assert answer.status == 400
    assert answer.json["errors"][0]["field"] == "period"


@pytest.mark.parametrize("path", ["/admin/stats", "/admin/rewards", "/admin/holidays", "/admin/export.csv"])
def test_the_city_reads_its_figures_and_the_divisions_do_not(service: Service, path: str) -> None:
    for role, status in ((ADMIN, 200), (MAYOR, 200), ("auditor", 200), (OFFICER, 403)):
        assert service.get(path, token(role, "dpuprpkp")).status == status


# ------------------------------------------------------------------------------------------------ the scoreboard


def test_the_scoreboard_says_how_each_division_does_and_where_it_stands(service: Service) -> None:
    slow = late(LAMP)
    answered(service, filed(HOLE))
    service.deliver()
    answer = service.get("/scoreboard")
    assert answer.status == 200
    assert "max-age" in answer.headers["Cache-Control"]
    divisions = {one["division"]: one for one in answer.json["divisions"]}
    assert divisions["jalan"]["share_on_time"] == 1.0
    assert (divisions["jalan"]["answered"], divisions["jalan"]["finished"], divisions["jalan"]["standing"]) == (
        1,
        1,
        None,
    )
    standing = divisions["pju"]["standing"]
    assert (standing["rung"], standing["rules"], standing["escalations"]) == ("warning", ["first_warning"], 1)
    assert standing["because"] == [{"ticket": slow.ticket, "n": 1}]
    assert [one["opd"] for one in answer.json["opds"]] == ["dpuprpkp"]
    assert answer.json["period"] == month()


def test_a_division_without_a_figure_that_month_is_on_the_board_by_its_rung(service: Service) -> None:
    late(LAMP)
    shown = service.get("/scoreboard?period=2020-01").json
    assert shown["opds"] == []
    (one,) = shown["divisions"]
    assert (one["division"], one["answered"], one["share_on_time"], one["median_hours"]) == ("pju", 0, None, None)
    assert one["standing"]["rung"] == "warning"


def test_what_is_only_proposed_blames_nobody_in_public(service: Service) -> None:
    late(LAMP, rungs=2)
    assert get(service, "/admin/standings")["items"][0]["proposed"] == "black_vest"
    answer = service.get("/scoreboard")
    assert answer.json["divisions"][0]["standing"]["rung"] == "warning"
    assert "black_vest" not in answer.text


def test_a_confidential_complaint_counts_and_is_not_named(service: Service) -> None:
    hidden = late(LAMP, rungs=2, confidential=True)
    body = {"rung": "black_vest", "reason": "Kata saksi"}
    assert service.post("/admin/standings/dpuprpkp/pju/confirm", body, token(MAYOR)).status == 200
    answer = service.get("/scoreboard")
    standing = answer.json["divisions"][0]["standing"]
    assert (standing["rung"], standing["because"], standing["escalations"]) == ("black_vest", [], 1)
    assert hidden.ticket not in answer.text
    assert "saksi" not in answer.text


def test_the_scoreboard_costs_the_same_however_many_complaints_there_are(service: Service) -> None:
    late(LAMP)
    service.deliver()
    asked = []
    for _ in range(2):
        city.forget()
        with watched_calls() as calls:
            assert service.get("/scoreboard").status == 200
        asked.append([(call.operation, call.table) for call in calls])
        for _ in range(12):
            filed(LAMP)
        service.deliver()
    assert asked[0] == asked[1]
    assert not {"Scan"} & {operation for operation, _ in asked[0]}


# ------------------------------------------------------------------------------------------------ rewards

REWARD = {"opd": "dpuprpkp", "division": "pju", "reward": "Telepon genggam"}


def award(service: Service, who: str = ADMIN, **changes: Any) -> Answer:
    body = {**REWARD, "period": month(1), **changes}
    return service.post("/admin/rewards", body, token(who, "dpuprpkp"), accept_language="en")


def test_an_award_is_recorded_with_who_gave_it_and_everybody_sees_it_without(service: Service) -> None:
    answer = award(service)
    assert answer.status == 201
    assert answer.headers["Location"] == f"https://sambat.example/api/admin/rewards?period={month(1)}"
    assert (answer.json["reward"], answer.json["awarded_by"]) == ("Telepon genggam", "admin-dpuprpkp-")
    (listed,) = get(service, f"/admin/rewards?period={month(1)}", MAYOR)["items"]
    assert listed == answer.json
    board = service.get(f"/scoreboard?period={month(1)}")
    (shown,) = board.json["rewards"]
    assert shown == {name: value for name, value in listed.items() if name != "awarded_by"}
    assert datetime.fromisoformat(shown["awarded_at"]).utcoffset() == timedelta(hours=7)
    assert service.get(f"/scoreboard?period={month(2)}").json["rewards"] == []


def test_a_division_has_one_reward_a_month(service: Service) -> None:
    first = award(service)
    assert (award(service).status, award(service).json) == (201, first.json)
    other = award(service, reward="Motor")
    assert other.status == 409
    assert other.json["detail"] == "That division has been awarded for that month already: Telepon genggam."
    assert award(service, reward="Motor", period=month(2)).status == 201


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"period": "2099-01"}, "period"),
        ({"period": "2026-13"}, "period"),
        ({"division": "parkir"}, "division"),
        ({"opd": "tidak_ada"}, "division"),
        ({"opd": "admin", "division": "admin"}, "division"),
        ({"reward": " "}, "reward"),
        ({"reward": "x" * 201}, "reward"),
        ({"reward": None}, "reward"),
        ({"rank": 1}, "rank"),
    ],
)
def test_an_award_that_makes_no_sense_is_refused(service: Service, changes: dict[str, Any], field: str) -> None:
    answer = award(service, **changes)
    assert (answer.status, [one["field"] for one in answer.json["errors"]]) == (400, [field])
    assert get(service, f"/admin/rewards?period={month(1)}")["items"] == []


@pytest.mark.parametrize("role", [MAYOR, "auditor", OFFICER])
def test_only_an_admin_records_an_award(service: Service, role: str) -> None:
    assert award(service, role).status == 403
    assert get(service, f"/admin/rewards?period={month(1)}")["items"] == []


def test_the_list_of_a_month_goes_on_by_cursor(service: Service) -> None:
    for division in ("pju", "jalan", "drainase"):
        assert award(service, division=division).status == 201, division
    path, found, cursor = f"/admin/rewards?period={month(1)}&limit=2", [], ""
    for _ in range(2):
        page = get(service, path + cursor)
        found += [one["division"] for one in page["items"]]
        cursor = f"&cursor={page['next']}"
    assert (sorted(found), page["next"]) == (["drainase", "jalan", "pju"], None)
    elsewhere = service.get(f"/admin/rewards?period={month(2)}&cursor={get(service, path)['next']}", token(ADMIN))
    assert elsewhere.status == 400


# ------------------------------------------------------------------------------------------------ holidays


def test_a_new_holiday_moves_the_deadlines_that_are_still_to_come(service: Service) -> None:
    before = filed(LAMP)
    assert before.answer_due_at is not None
    years = get(service, "/admin/holidays")["years"]
    on = (before.answer_due_at - timedelta(seconds=1)).astimezone(current().zone).date().isoformat()
    years[on[:4]] = {**years[on[:4]], on: "Libur setempat"}
    answer = service.put("/admin/holidays", {"years": years}, token(ADMIN))
    assert answer.status == 200
    assert answer.json == {"years": years, "moved": 1}
    after = get(service, f"/admin/complaints/{before.ticket}")
    assert datetime.fromisoformat(after["answer_due_at"]) > before.answer_due_at
    assert after["timeline"][-1]["entry"] == "deadlines_moved"
    assert {"deadline", "finish_deadline"} <= set(after["timeline"][-1])
    assert get(service, "/admin/holidays", MAYOR) == {"years": years}
    seen = service.get(f"/complaints/{before.ticket}").json["timeline"][-1]
    assert set(seen) == {"at", "entry", "deadline"}


@pytest.mark.parametrize("role", [MAYOR, "auditor", OFFICER])
def test_only_an_admin_sets_the_holidays(service: Service, role: str) -> None:
    years = get(service, "/admin/holidays")["years"]
    changed = {"years": {**years, "2030": {"2030-01-01": "Tahun Baru"}}}
    assert service.put("/admin/holidays", changed, token(role, "dpuprpkp")).status == 403
    assert get(service, "/admin/holidays")["years"] == years


BAD_YEARS = [
    ({}, "years"),
    ({"26": {}}, "years"),
    ({"2026\n": {}}, "years"),
    ({"2026": {"2027-01-01": "x"}}, "years.2026.2027-01-01"),
    ({"2026": {"2026-02-30": "x"}}, "years.2026.2026-02-30"),
    ({"2026": {"2026-1-1": "x"}}, "years[...]"),
    ({"2026": {"20260101": "x"}}, "years[...]"),
    ({"2026": {"2026-01-01": " "}}, "years.2026.2026-01-01"),
    ({"2026": {"2026-01-01": "x" * 201}}, "years[...][...]"),
    ({"2026": {"2026-01-01": 1}}, "years[...][...]"),
    ({"2026": ["2026-01-01"]}, "years[...]"),
    ({str(year): {} for year in range(2000, 2031)}, "years"),
    ({"2026": {(datetime(2026, 1, 1) + n * DAY).date().isoformat(): "x" for n in range(101)}}, "years[...]"),  # noqa: DTZ001
]


@pytest.mark.parametrize(("years", "field"), BAD_YEARS)
def test_a_table_that_makes_no_sense_changes_nothing(service: Service, years: Any, field: str) -> None:
    before = get(service, "/admin/holidays")
    answer = service.put("/admin/holidays", {"years": years}, token(ADMIN))
    assert (answer.status, [one["field"] for one in answer.json["errors"]]) == (400, [field])
    assert get(service, "/admin/holidays") == before


# ------------------------------------------------------------------------------------------------ the export


def sheet(answer: Answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def export(service: Service, query: str = "") -> list[dict[str, str]]:
    answer = service.get(f"/admin/export.csv?{query}", token("auditor"))
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return sheet(answer)


def test_a_row_says_all_of_a_complaint_but_who_filed_it(service: Service) -> None:
    who: dict[str, Any] = {"name": "Warga Uji", "phone": "081234567890", "email": "warga@mail.example"}
    complaint = answered(service, filed(f"{LAMP}, hubungi 0812-3456-7890", **who))
    (row,) = export(service)
    assert tuple(row) == figures.COLUMNS
    stored = get(service, f"/admin/complaints/{complaint.ticket}")
    same = ("ticket", "kind", "channel", "status", "opd", "division", "category", "received_at", "answer_due_at",
            "finish_due_at")  # fmt: skip
    assert {name: row[name] for name in same} == {name: stored[name] or "" for name in same}
    assert row["answered_at"] == next(one["at"] for one in stored["timeline"] if one["entry"] == "answered")
    assert (row["sp4n_lapor"], row["rung"], row["escalations"], row["rating"]) == ("pengaduan", "", "0", "")
    assert row["text"] == f"{LAMP}, hubungi [disamarkan]"
    assert not [one for one in ("Warga Uji", "81234567890", "warga@") if one in str(row)]


def test_a_climbing_and_a_rated_complaint_show_it(service: Service) -> None:
    slow = late(LAMP, rungs=2)
    (row,) = export(service)
    assert (row["ticket"], row["rung"], row["escalations"]) == (slow.ticket, "black_vest", "2")


@pytest.mark.parametrize(
    ("kind", "classified"),
    [("complaint", "pengaduan"), ("idea", "aspirasi"), ("question", "permintaan informasi"),
     ("information", "permintaan informasi")],
)  # fmt: skip
def test_each_kind_has_its_class_of_the_national_system(service: Service, kind: str, classified: str) -> None:
    filed(LAMP, kind=kind)
    assert [(row["kind"], row["sp4n_lapor"]) for row in export(service)] == [(kind, classified)]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(service: Service, begin: str) -> None:
    text = f'{begin}HYPERLINK("https://evil.example";"lampu jalan mati")'
    filed(text)
    filed(f"lampu {begin} jalan mati")
    last, first = sorted(row["text"] for row in export(service))[::-1]
    assert first == f"'{text}"
    assert last == f"lampu {begin} jalan mati"


def test_a_cell_holds_whatever_a_citizen_writes(service: Service) -> None:
    texts = [
        'Lampu "mati", lalu;\njalan gelap',
        "Lampu mati\r\n=1+1",
        "\x00 lampu jalan mati",
        "\U0001f573 lampu jalan",
    ]
    for text in texts:
        filed(text)
    assert sorted(row["text"] for row in export(service)) == sorted(texts)


def test_the_text_of_a_confidential_complaint_stays_out(service: Service) -> None:
    hidden = filed(LAMP, confidential=True)
    assert [(row["ticket"], row["text"]) for row in export(service)] == [(hidden.ticket, "")]


def test_the_export_takes_the_filters_of_the_list(service: Service) -> None:
    lamp, hole, unclear = filed(LAMP), filed(HOLE, channel="sms"), filed(UNCLEAR, wall_clock() - 30 * DAY)
    climb(unclear)
    since = (wall_clock() - DAY).isoformat().replace("+", "%2B")
    expected = {
        "opd=dpuprpkp": [hole, lamp],
        "opd=dpuprpkp&division=pju": [lamp],
        "status=received": [unclear],
        "kind=idea": [],
        "channel=sms": [hole],
        f"from={since}": [hole, lamp],
        f"to={since}": [unclear],
        "overdue=false": [hole, lamp, unclear],
    }
    for query, found in expected.items():
        assert [row["ticket"] for row in export(service, query)] == [one.ticket for one in found], query
        listed = get(service, f"/admin/complaints?{query}")["items"]
        assert [one["ticket"] for one in listed] == [one.ticket for one in found], query


@pytest.mark.parametrize("query", ["status=open", "cursor=x", "limit=5", "from=now", "phone=0812"])
def test_a_filter_that_makes_no_sense_is_refused(service: Service, query: str) -> None:
    answer = service.get(f"/admin/export.csv?{query}", token(ADMIN))
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, query.partition("=")[0])


def test_what_does_not_fit_is_fetched_by_the_cursor_that_is_left(service: Service) -> None:
    now = wall_clock()
    made = [filed(LAMP, now - n * timedelta(minutes=1)).ticket for n in range(5)]
    text, following = figures.exported({}, now, most=2)
    assert following is not None
    answer = service.get(f"/admin/export.csv?cursor={following}", token(ADMIN))
    assert "X-Next" not in answer.headers
    found = [row["ticket"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert found + [row["ticket"] for row in sheet(answer)] == made


def many(text: str, how_many: int) -> None:
    """Store so many complaints with that text, one a minute, the newest now."""
    one = filed(LAMP)
    for n in range(1, how_many):
        at = one.received_at - n * timedelta(minutes=1)
        complaints.add_complaint(replace(one, ticket=ticket_from(n), received_at=at, text=text), "tests")


def test_an_export_that_fills_an_answer_stops_and_says_where(service: Service) -> None:
    many("\U0001f573" * 4000, 240)  # each character takes four bytes
    answer = service.get("/admin/export.csv", token(ADMIN))
    assert 3_000_000 < len(answer.body) < 5_500_000
    assert len(sheet(answer)) == 200
    rest = service.get(f"/admin/export.csv?cursor={answer.headers['X-Next']}", token(ADMIN))
    assert len({row["ticket"] for row in [*sheet(answer), *sheet(rest)]}) == 240
    assert answer.headers["Access-Control-Expose-Headers"] == "X-Next"


def test_an_export_of_little_in_much_stops_in_time_and_says_where(service: Service) -> None:
    many(LAMP, 240)
    answered(service, next(one for one in [complaints.complaint_of(ticket_from(239))] if one))
    asked = {"status": "answered"}
    nothing, following = figures.exported(asked, wall_clock(), most_pages=1)
    assert len(nothing.splitlines()) == 1
    assert following is not None
    found, end = figures.exported({**asked, "cursor": following}, wall_clock(), most_pages=1)
    assert (len(found.splitlines()), end) == (2, None)
