"""What the views hand to the public pages, with `words` wherever a person may have typed something."""

from __future__ import annotations

from typing import Any

AT = "2026-11-24T10:00:00+07:00"
DUE = "2026-12-01T00:00:00+07:00"
TICKET = "7K3QM-2ZX4T"


def a_card(words: str = "Lampu jalan mati", **changes: Any) -> dict[str, Any]:
    """Return a complaint of the public list."""
    return {"ticket": TICKET, "kind": "complaint", "status": "dispatched", "text": words, "opd": "dpuprpkp",
            "division": "pju", "category": "pju", "received_at": AT, "answer_due_at": DUE, "days_left": 2,
            "answers": [], "timeline": [{"entry": "dispatched"}], "opd_name": words, "division_name": words,
            "category_name": words, **changes}  # fmt: skip


def cards(words: str) -> list[dict[str, Any]]:
    """Return one for each way in which the clock can stand."""
    answer = {"at": AT, "text": words, "final": True}
    answered = [{"entry": "dispatched"}, {"entry": "answered"}]
    return [
        a_card(words),
        a_card(words, answer_due_at="2026-11-20T00:00:00+07:00", days_left=-3),
        a_card(words, status="answered", answers=[answer], timeline=answered),
        a_card(words, status="in_progress", answers=[{**answer, "final": False}], timeline=answered),
        a_card(words, status="waiting"),
        a_card(words, status="received", answer_due_at=None, opd=None, opd_name=None, division_name=None),
        a_card(words, status="rejected", category_name=None),
    ]


def figures(**changes: Any) -> dict[str, Any]:
    """Return what is counted of somebody's month."""
    return {"dispatched": 12, "answered": 10, "on_time": 9, "late": 3, "share_on_time": 0.75, "median_hours": 36,
            "p90_hours": 120, "finished": 8, "rated": 4, "rating_mean": 4.25, **changes}  # fmt: skip


def nothing(**changes: Any) -> dict[str, Any]:
    """Return the month of one that has nothing to show."""
    none = dict.fromkeys(("share_on_time", "median_hours", "p90_hours", "rating_mean"))
    return {**dict.fromkeys(figures(), 0), **none, **changes}


def a_standing(rung: str = "warning", **changes: Any) -> dict[str, Any]:
    """Return the rung on which a division stands."""
    return {"rung": rung, "since": AT, "rules": ["first_warning"], "because": [{"ticket": TICKET, "n": 1}],
            "escalations": 1, **changes}  # fmt: skip


def a_division(words: str = "Bidang Parkir", division: str = "parkir", **changes: Any) -> dict[str, Any]:
    """Return a division on the board."""
    return {"opd": "dishub", "division": division, "opd_name": words, "division_name": words, "standing": None,
            **figures(), **changes}  # fmt: skip


def an_opd(words: str = "Dinas Perhubungan", code: str = "dishub", **changes: Any) -> dict[str, Any]:
    """Return an OPD on the board with its divisions."""
    return {"opd": code, "opd_name": words, "divisions": [a_division(words)], "quiet": [words], **figures(), **changes}


def a_board(words: str) -> dict[str, Any]:
    """Return a board with one of each kind."""
    several = [{"ticket": f"7K3QM-2ZX{n}T", "n": 1} for n in range(9)]
    vest = a_standing("black_vest", because=several, escalations=11,
                      rules=["complaint_reached_black_vest", "third_warning_within_window", "a_new_rule"])  # fmt: skip
    stands = [
        a_division(words, "lalin", standing=a_standing("replacement", escalations=2)),
        a_division(words, standing=vest),
        a_division(words, "admin", opd="admin", standing=a_standing(because=[])),
    ]
    rewarded = {**a_division(words), "reward": words, "rank": 1}
    return {
        "total": figures(received=40),
        "stands": stands,
        "rewards": [rewarded, {**rewarded, "rank": None, "finished": None, "share_on_time": None}],
        "opds": [an_opd(words, divisions=stands[:2]), an_opd(words, "dlh", divisions=[], quiet=[], **nothing())],
        "quiet": [("dinkes", words)],
    }


def values(words: str) -> dict[str, dict[str, Any]]:
    """Return the values of each page."""
    choices = ["2026-11", "2026-10", "2026-09"]
    return {
        "complaints.html": {
            "here": "/aduan?opd=dpuprpkp",
            "filters": {"opd": "dpuprpkp", "category": words, "kind": "idea", "counted": "late", "period": "2026-11"},
            "items": cards(words),
            "named": {"opd": words, "division": words, "category": words},
            "services": [{"code": "pju", "group": words, "words": words}],
            "opds": [("dpuprpkp", words)],
            "statuses": ["received", "closed"],
            "feed": "/aduan.rss?opd=dpuprpkp",
            "next": "/aduan?cursor=abc",
            "is_first": False,
            "standing": {"line": figures(), "stands": [a_division(words, standing=a_standing())]},
            "this_month": "2026-11",
            "city": words,
        },
        "board.html": {
            "here": "/papan?period=2026-10",
            "period": "2026-10",
            "months": {"this": "2026-11", "choices": choices, "before": "2026-09", "after": "2026-11"},
            "board": a_board(words),
            "numbers": {"warnings": "3", "vests": "2", "days": "30"},
            "reward_after": 10,
        },
    }
