"""What the views of the office hand to their pages, with `words` wherever a person may have typed something."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.domain.arrival import EnteredChannel
from chalicelib.domain.complaint import Status

WIB = ZoneInfo("Asia/Jakarta")
AT = datetime(2026, 11, 26, 9, 0, tzinfo=WIB)
DUE = datetime(2026, 12, 1, tzinfo=WIB)
ENTRY = ("channel", "text", "kind", "category", "address", "name", "phone", "email", "anonymous", "confidential")
MESSAGE = ("text", "phone", "name", "kind", "category", "discard-reason")
MONTHS = {"this": "2026-12", "choices": ["2026-12", "2026-11"], "before": "2026-10", "after": "2026-12"}


def found(words: str, **changes: Any) -> dict[str, Any]:
    """A complaint in a list of the office's."""
    return {"ticket": "7K3QM-2ZX4T", "status": "dispatched", "kind": "complaint", "channel": "sms", "text": words,
            "opd": "dishub", "opd_name": words, "division_name": words, "category_name": None, "rung": "black_vest",
            "received_at": AT, "overdue": True, **changes}  # fmt: skip


def sent(**changes: Any) -> dict[str, Any]:
    """A message about a complaint."""
    return {"about": "dispatched", "to": "head", "ticket": "7K3QM-2ZX4T", "via": "email", "at": AT, "state": "sent",
            "attempts": 1, "segments": None, **changes}  # fmt: skip


def held_back(words: str, **changes: Any) -> dict[str, Any]:
    """A message in quarantine."""
    return {"id": "2026-11-26.abc", "at": AT, "state": "open", "provider": "generic", "reason": words, "body": words,
            "truncated": False, "settled": None, "reads": [{"at": AT, "who": words}], **changes}  # fmt: skip


def ranked(words: str, **changes: Any) -> dict[str, Any]:
    """A division in a month's ranking."""
    return {"opd": "dishub", "division": "parkir", "opd_name": words, "division_name": words, "rank": 1,
            "nominated": True, "finished": 42, "share_on_time": 0.975, "median_hours": 24, "rating_mean": 4.6,
            "reward": words, "awarded_at": AT, "awarded_by": "x", **changes}  # fmt: skip


def counted(**changes: Any) -> dict[str, Any]:
    """A line of a month's statistics."""
    return {"received": 12, "dispatched": 9, "answered": 8, "on_time": 7, "late": 1, "share_on_time": 0.875,
            "median_hours": 48, "finished": 6, "rejected": 1, "merged": 0,
            "escalations": {"warning": 1, "black_vest": 0}, **changes}  # fmt: skip


def letter(words: str, **changes: Any) -> dict[str, Any]:
    """The facts of a warning letter."""
    facts = [
        {"ticket": "7K3QM-2ZX4T", "rung": rung, "deadline": "Senin, 30 November 2026",
         "recorded": "1 Des 2026 08.00 WIB", "state": state, "state_words": words}
        for rung, state in (("warning", "recorded"), ("black_vest", "denied"), ("replacement", "recorded"))
    ]  # fmt: skip
    return {"city": "Kota Malang", "place": "Malang", "on": "26 November 2026", "to_admin": False, "division": words,
            "opd": words, "rung": "black_vest", "since": "Kamis, 26 November 2026", "rules": [words], "facts": facts,
            "decision": {"day": "Kamis, 26 November 2026", "reason": words}, "down": "Sabtu, 26 Desember 2026",
            **changes}  # fmt: skip


def services(words: str) -> list[dict[str, str]]:
    """The categories that can be chosen."""
    return [{"code": "pju", "name": words, "name_en": words, "group": words}]


def values(words: str) -> dict[str, dict[str, Any]]:
    """The values of each page."""
    office = {"role": "admin", "csrf": words, "notice": words}
    settled = {"at": AT, "who": words, "ticket": "7K3QM-2ZX4T", "reason": words}
    return {
        "office_list.html": {
            **office, "items": [found(words), found(words, overdue=False, rung=None)], "asked": None,
            "chosen": {"status": "dispatched", "overdue": "true"}, "opds": [(words, "dishub")],
            "statuses": list(Status), "channels": ("web", "sms", "open311", *EnteredChannel),
            "next": "https://sambat.example.org/api/kantor/aduan?cursor=abc",
            "errors": [{"field": "asked", "message": words}], "fields": ["asked"],
        },
        "office_entry.html": {
            **office, "channels": list(EnteredChannel), "services": services(words), "idempotency_key": words,
            "typed": {**dict.fromkeys(ENTRY, words), "anonymous": "true"},
            "errors": [{"field": name, "message": words} for name in ENTRY], "fields": ENTRY,
        },
        "office_entered.html": {
            **office, "complaint": {"ticket": "7K3QM-2ZX4T", "receipt": "pXx0T2nq8yq3m7Q4wT1r5A", "opd": "dishub",
                                    "opd_name": words, "division_name": words, "answer_due_at": DUE}, "told": True,
        },
        "office_quarantine.html": {
            **office, "items": [held_back(words), held_back(words, state="filed", settled=settled)], "state": "open",
            "states": ("open", "filed", "discarded"), "ticket": "7K3QM-2ZX4T",
            "next": "https://sambat.example.org/api/kantor/karantina?cursor=abc",
        },
        "office_message.html": {
            **office, "message": held_back(words, settled=settled), "acts": True, "services": services(words),
            "typed": dict.fromkeys(MESSAGE, words), "fields": MESSAGE,
            "errors": [{"field": name, "message": words} for name in MESSAGE],
        },
        "office_rewards.html": {
            **office, "period": "2026-11", "months": MONTHS, "best": "dishub/parkir",
            "rows": [ranked(words), ranked(words, rank=None, nominated=False, finished=None)],
            "divisions": [(words, [("dishub/parkir", words)])], "fields": ("to", "reward"),
            "typed": {"reward": words}, "errors": [{"field": name, "message": words} for name in ("to", "reward")],
        },
        "office_figures.html": {
            **office, "period": "2026-11", "months": MONTHS, "total": counted(),
            "opds": [{"opd": "dishub", "opd_name": words, **counted()},
                     {"opd": "admin", "opd_name": "admin", **counted(dispatched=0)}],
            "channels": [{"channel": "sms", **counted()}, {"channel": words, **counted(share_on_time=None)}],
            "sms": {**dict.fromkeys(("messages", "segments", "delivered", "failed", "held", "emailed"), 3),
                    "segments_per_complaint": 1.5},
        },
        "office_holidays.html": {
            **office, "notice": None, "year": "2026", "years": ["2026", "2027"], "moved": 3,
            "days": [(date(2026, 8, 17), words)], "lines": f"2026-08-17 {words}", "fields": ["days"], "seen": "0f",
            "typed": {"days": words}, "errors": [{"field": "days", "message": words}],
        },
        "letter.html": {"csrf": words, "letter": letter(words)},
    }  # fmt: skip
