"""Contests, their verdicts, and the standings of divisions by HTTP: who may, what counts, and why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.adapters import complaints, escalations
from chalicelib.domain import owed
from chalicelib.domain.complaint import Complaint, Rung
from chalicelib.domain.escalation import decide_escalation, escalated
from chalicelib.domain.ticket import ticket_from
from chalicelib.workflows import city, standings
from tests.builders import Answer, Service, token
from tests.functional.scenes import HOLE, LAMP, UNCLEAR, Call, filed, opened, wall_clock, watched_calls

DAY = timedelta(days=1)
NOBODYS = ticket_from(12345)
LONG_AGO = 40 * DAY
NONE = {"ticket": NOBODYS}


@pytest.fixture(autouse=True)
def in_a_city_of_some_age(service: Service) -> None:
    opened(wall_clock() - 120 * DAY)


def climb(complaint: Complaint, rungs: int = 1) -> Complaint:
    """Record the next rungs of a complaint, each at its own deadline, as sweeps would have done."""
    for _ in range(rungs):
        written_at = wall_clock()
        known = city.current(written_at)
        due = complaint.next_rung_at or complaint.verify_due_at
        found = decide_escalation(complaint, due, written_at)
        assert found is not None
        after = escalated(complaint, found, known.calendar, known.policy)
        assert escalations.record_escalation(complaint, after, found, owed.of_escalation(found))
        standings.refresh((found.opd, found.division), [found])
        complaint = after
    return complaint


def late(text: str = LAMP, rungs: int = 1, **given: Any) -> Complaint:
    """File a complaint so long ago that it has climbed that many rungs."""
    return climb(filed(text, wall_clock() - LONG_AGO, **given), rungs)


def officer(division: str = "pju", opd: str = "dpuprpkp") -> str:
    return token("opd", opd, division)


def contest(service: Service, ticket: str, n: int | str = 1, who: str | None = None) -> Answer:
    body = {"reason": "Dijawab lewat telepon, ada saksinya"}
    return service.post(
        f"/opd/escalations/{ticket}/{n}/contest", body, officer() if who is None else who, accept_language="en"
    )


def settle(service: Service, ticket: str, verdict: str, n: int | str = 1, who: str | None = None) -> Answer:
    body = {"reason": "Buktinya ada, kata saksi"}
    bearer = token("admin") if who is None else who
    return service.post(f"/admin/escalations/{ticket}/{n}/{verdict}", body, bearer, accept_language="en")


def rule(service: Service, what: str, body: dict[str, str], who: str = "mayor", where: str = "dpuprpkp/pju") -> Answer:
    return service.post(f"/admin/standings/{where}/{what}", body, token(who), accept_language="en")


def listed(service: Service) -> dict[str, dict[str, Any]]:
    answer = service.get("/admin/standings", token("auditor"))
    assert answer.status == 200, answer.text
    return {f"{one['opd']}/{one['division']}": one for one in answer.json["items"]}


def states(service: Service) -> list[str]:
    return [one["state"] for one in service.get("/admin/escalations", token("admin")).json["items"]]


# ------------------------------------------------------------------------------------------------ contests


def test_a_contested_escalation_does_not_count_until_it_is_settled(service: Service) -> None:
    ticket = late().ticket
    assert listed(service)["dpuprpkp/pju"]["rung"] == "warning"
    answer = contest(service, ticket)
    assert answer.status == 200
    assert (answer.json["ticket"], answer.json["timeline"][-1]["entry"]) == (ticket, "contested")
    assert (answer.json["escalation"]["n"], answer.json["escalation"]["state"]) == (1, "contested")
    assert states(service) == ["contested"]
    assert listed(service) == {}
    assert settle(service, ticket, "deny").json["escalation"]["state"] == "denied"
    assert (states(service), listed(service)["dpuprpkp/pju"]["rung"]) == (["denied"], "warning")


def test_an_upheld_contest_means_that_it_never_counted(service: Service) -> None:
    ticket = late().ticket
    contest(service, ticket)
    answer = settle(service, ticket, "uphold")
    assert answer.status == 200
    assert (answer.json["timeline"][-1]["entry"], answer.json["escalation"]["state"]) == ("upheld", "upheld")
    assert (states(service), listed(service)) == (["upheld"], {})


def test_each_of_these_is_done_once_and_in_its_order(service: Service) -> None:
    ticket = late().ticket
    for verdict in ("uphold", "deny"):
        early = settle(service, ticket, verdict)
        assert (early.status, early.json["detail"]) == (409, "While recorded, what is possible: contest.")
    assert contest(service, ticket).status == 200
    again = contest(service, ticket)
    assert (again.status, again.json["detail"]) == (409, "While contested, what is possible: uphold, deny.")
    assert settle(service, ticket, "uphold").status == 200
    for answer in (settle(service, ticket, "deny"), settle(service, ticket, "uphold"), contest(service, ticket)):
        assert (answer.status, answer.json["detail"]) == (409, "While upheld, what is possible: -.")


def test_a_division_contests_what_it_had_also_where_the_complaint_is_elsewhere_now(service: Service) -> None:
    ticket = late(name="Warga Uji").ticket
    body = {"opd": "dishub", "division": "parkir", "reason": "Bukan lampu"}
    assert service.post(f"/opd/complaints/{ticket}/forward", body, officer()).status == 200
    answer = contest(service, ticket)
    assert answer.status == 200
    assert set(answer.json) == {"ticket", "escalation"}
    assert contest(service, ticket, who=officer("parkir", "dishub")).status == 404


def test_an_escalation_that_is_not_the_officers_is_none(service: Service) -> None:
    ticket, other = late().ticket, late(HOLE).ticket
    absent = contest(service, NOBODYS)
    assert absent.status == 404
    tried = [contest(service, other), contest(service, ticket, who=officer("parkir", "dishub"))]
    tried += [contest(service, ticket, n) for n in (0, 2, "x", "-1", "01", "1.0", "9" * 30, "%31", "1%0a")]
    assert [answer.body for answer in tried] == [absent.body] * len(tried)
    assert states(service) == ["recorded", "recorded"]
    assert contest(service, ticket, who=officer("")).status == 200  # of the whole OPD


def test_an_admin_settles_no_escalation_that_is_not_there(service: Service) -> None:
    ticket = late().ticket
    for n, where in ((2, ticket), ("x", ticket), (1, NOBODYS), (1, "lampu")):
        assert settle(service, where, "uphold", n).status == 404


@pytest.mark.parametrize("role", ["mayor", "auditor", "opd"])
def test_only_an_admin_settles(service: Service, role: str) -> None:
    ticket = late().ticket
    contest(service, ticket)
    for verdict in ("uphold", "deny"):
        assert settle(service, ticket, verdict, who=token(role, "dpuprpkp")).status == 403
    assert states(service) == ["contested"]


def test_what_was_said_against_an_escalation_is_for_staff_alone(service: Service) -> None:
    ticket = late().ticket
    contest(service, ticket)
    settle(service, ticket, "deny")
    seen = service.get(f"/complaints/{ticket}")
    assert "saksi" not in seen.text
    contested, denied = seen.json["timeline"][-2:]
    assert (contested["entry"], contested["n"], contested["opd"]) == ("contested", 1, "dpuprpkp")
    assert (denied["entry"], denied["n"]) == ("denied", 1)
    assert not {"text", "who", "by"} & {*contested, *denied}
    whole = service.get(f"/admin/complaints/{ticket}", token("auditor")).json["timeline"]
    assert [(one["text"], one["who"]) for one in whole[-2:]] == [
        ("Dijawab lewat telepon, ada saksinya", "opd-dpuprpkp-pju"), ("Buktinya ada, kata saksi", "admin--"),
    ]  # fmt: skip


@pytest.mark.parametrize("reason", [" ", "", "x" * 4001, None])
def test_each_of_these_needs_a_reason(service: Service, reason: str | None) -> None:
    ticket = late(rungs=2).ticket
    body = {"reason": reason}
    tried = [
        service.post(f"/opd/escalations/{ticket}/1/contest", body, officer()),
        service.post(f"/admin/escalations/{ticket}/1/uphold", body, token("admin")),
        service.post(f"/admin/escalations/{ticket}/1/deny", body, token("admin")),
        rule(service, "dismiss", body),  # type: ignore[arg-type]
        rule(service, "confirm", {"rung": "black_vest", **body}),  # type: ignore[dict-item]
    ]
    assert [(one.status, one.json["errors"][0]["field"]) for one in tried] == [(400, "reason")] * 5
    assert listed(service)["dpuprpkp/pju"]["proposed"] == "black_vest"


# ------------------------------------------------------------------------------------------------ standings


def test_a_standing_names_its_rung_its_proposal_and_what_made_both(service: Service) -> None:
    ticket = late(rungs=2).ticket
    (one,) = service.get("/admin/standings", token("mayor")).json["items"]
    recorded = {item["n"]: item for item in service.get("/admin/escalations", token("admin")).json["items"]}
    assert one == {
        "opd": "dpuprpkp",
        "division": "pju",
        "rung": "warning",
        "since": recorded[1]["recorded_at"],
        "proposed": "black_vest",
        "because": [{"ticket": ticket, "n": 1}, {"ticket": ticket, "n": 2}],
        "rules": ["first_warning", "complaint_reached_black_vest"],
        "rung_because": [{"ticket": ticket, "n": 1}],
        "rung_rules": ["first_warning"],
        "proposal_because": [{"ticket": ticket, "n": 2}],
        "proposal_rules": ["complaint_reached_black_vest"],
        "comes_down_at": (datetime.fromisoformat(recorded[2]["recorded_at"]) + 30 * DAY).isoformat(),
    }


def test_the_mayor_confirms_what_is_proposed_and_nothing_else(service: Service) -> None:
    complaint = late(rungs=2)
    wrong = rule(service, "confirm", {"rung": "replacement", "reason": "Sudah keterlaluan"})
    assert wrong.status == 409
    assert wrong.json["detail"] == "What is proposed: black_vest. What is possible: confirm, dismiss."
    done = rule(service, "confirm", {"rung": "black_vest", "reason": "Dua kali tanpa kabar"})
    assert done.status == 200
    assert (done.json["rung"], done.json["proposed"]) == ("black_vest", None)
    assert done.json["rung_because"] == [{"ticket": complaint.ticket, "n": 2}]
    assert listed(service)["dpuprpkp/pju"] == done.json
    again = rule(service, "confirm", {"rung": "black_vest", "reason": "Sekali lagi"})
    assert (again.status, again.json["detail"]) == (409, "What is proposed: -. What is possible: -.")
    climb(complaint)
    assert listed(service)["dpuprpkp/pju"]["proposed"] == "replacement"
    last = rule(service, "confirm", {"rung": "replacement", "reason": "Tidak berubah"})
    assert (last.status, last.json["rung"]) == (200, "replacement")


@pytest.mark.parametrize("other", ["confirm", "dismiss"])
def test_of_two_who_settle_a_proposal_at_once_one_is_first_and_the_other_finds_nothing_proposed(
    service: Service, other: str
) -> None:
    late(rungs=2)
    reason = {"reason": "Sudah keterlaluan"}
    firsts: list[Answer] = []

    def overtake(call: Call) -> None:
        if call.operation == "TransactWriteItems" and not firsts:
            firsts.append(Answer(0, {}, b""))
            firsts[0] = rule(service, other, reason if other == "dismiss" else {"rung": "black_vest", **reason})

    with watched_calls(overtake):
        second = rule(service, "confirm", {"rung": "black_vest", **reason})
    assert (firsts[0].status, second.status) == (200, 409)
    assert listed(service)["dpuprpkp/pju"]["rung"] == ("black_vest" if other == "confirm" else "warning")
    assert sum(item["pk"]["S"] == "act#dpuprpkp/pju" for item in service.items("registry")) == 1


def test_a_dismissed_proposal_leaves_the_rung_and_is_told_once(service: Service) -> None:
    late(rungs=2)
    done = rule(service, "dismiss", {"reason": "Salah alamat"})
    assert (done.status, done.json["rung"], done.json["proposed"]) == (200, "warning", None)
    again = rule(service, "dismiss", {"reason": "Salah alamat"})
    assert (again.status, again.json["detail"]) == (409, "What is proposed: -. What is possible: -.")


@pytest.mark.parametrize("role", ["admin", "auditor", "opd"])
def test_nobody_but_the_mayor_rules_on_a_proposal(service: Service, role: str) -> None:
    late(rungs=2)
    for what, body in (("confirm", {"rung": "black_vest", "reason": "x"}), ("dismiss", {"reason": "x"})):
        assert rule(service, what, body, role).status == 403
    assert listed(service)["dpuprpkp/pju"]["proposed"] == "black_vest"


def test_a_division_that_the_city_has_not_is_404(service: Service) -> None:
    for where in ("dpuprpkp/parkir", "tidak_ada/pju", "%00/%00", f"{'a' * 3000}/pju", "dpuprpkp/PJU"):
        for what, body in (("confirm", {"rung": "black_vest", "reason": "x"}), ("dismiss", {"reason": "x"})):
            assert rule(service, what, body, where=where).status == 404, where


def test_a_rung_is_one_of_the_ladder(service: Service) -> None:
    late(rungs=2)
    for rung in ("vest", "", None, 2):
        answer = rule(service, "confirm", {"rung": rung, "reason": "x"})  # type: ignore[dict-item]
        assert (answer.status, answer.json["errors"][0]["field"]) == (400, "rung")
    assert rule(service, "confirm", {"rung": Rung.WARNING, "reason": "x"}).status == 409


def test_the_admin_has_a_standing_too(service: Service) -> None:
    ticket = late(UNCLEAR).ticket
    standing = listed(service)["admin/admin"]
    assert (standing["rung"], standing["because"]) == ("warning", [{"ticket": ticket, "n": 1}])
    assert rule(service, "dismiss", {"reason": "x"}, where="admin/admin").status == 409


def test_the_list_goes_on_by_cursor(service: Service) -> None:
    for text in (LAMP, HOLE, UNCLEAR):
        late(text)
    found, cursor = [], ""
    for _ in range(3):
        page = service.get(f"/admin/standings?limit=1{cursor}", token("admin")).json
        found += [f"{one['opd']}/{one['division']}" for one in page["items"]]
        cursor = f"&cursor={page['next']}"
    assert found == ["admin/admin", "dpuprpkp/jalan", "dpuprpkp/pju"]
    assert page["next"] is None
    for query in ("limit=0", "cursor=x", "opd=dpuprpkp"):
        assert service.get(f"/admin/standings?{query}", token("admin")).status == 400


def test_what_is_not_counted_any_more_is_still_listed_when_something_was_done(service: Service) -> None:
    ticket = late(rungs=2).ticket
    rule(service, "dismiss", {"reason": "x"})
    for n in (1, 2):
        assert contest(service, ticket, n).status == 200
        assert settle(service, ticket, "uphold", n).status == 200
    standing = listed(service)["dpuprpkp/pju"]
    assert (standing["rung"], standing["proposed"], standing["because"]) == (None, None, [])


def test_the_ladder_is_seen_by_who_reads_all_and_by_nobody_else(service: Service) -> None:
    late()
    for role, status in (("admin", 200), ("mayor", 200), ("auditor", 200), ("opd", 403)):
        for path in ("/admin/standings", "/admin/escalations"):
            assert service.get(path, token(role, "dpuprpkp")).status == status


def test_a_contest_is_not_lost_when_the_complaint_is_over(service: Service) -> None:
    complaint = late()
    assert service.post(f"/opd/complaints/{complaint.ticket}/answer", {"text": "Sudah."}, officer()).status == 200
    assert contest(service, complaint.ticket).status == 200
    stored = complaints.complaint_of(complaint.ticket, consistent=True)
    assert stored is not None
    assert (stored.status, stored.timeline[-1].entry) == ("answered", "contested")
