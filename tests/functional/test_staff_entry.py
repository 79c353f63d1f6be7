"""What came at a desk, by telephone, in a chat group: staff enter it, and it is a complaint as every other."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.adapters import complaints
from chalicelib.domain.arrival import EnteredChannel
from tests.builders import Answer, Service, token
from tests.functional.doors import (
    CITIZEN,
    LAMP,
    NEIGHBOUR,
    PARKING,
    VAGUE,
    carrier_on,
    generic,
    set_as,
    smsgate,
    tables,
)

RINA, DEWI = token("admin", sub="rina"), token("admin", sub="dewi")
CHANNELS = ("staff", "desk", "phone", "letter", "email", "opd_page", "social_media", "whatsapp", "telegram")
NO_SMS = {f"SAMBAT_SMS_{name}_SECRET": None for name in ("TWILIO", "GENERIC", "SMSGATE")}


def enter(service: Service, text: str = LAMP, who: str = RINA, key: str = "", **given: Any) -> Answer:
    headers = {"idempotency_key": key} if key else {}
    return service.post("/admin/complaints", {"text": text, **given}, who, **headers)


def entered(service: Service, text: str = LAMP, **given: Any) -> dict[str, Any]:
    answer = enter(service, text, **given)
    assert answer.status == 201, answer.text
    filed: dict[str, Any] = answer.json
    return filed


def whole(service: Service, ticket: str) -> dict[str, Any]:
    shown: dict[str, Any] = service.get(f"/admin/complaints/{ticket}", RINA).json
    return shown


# ------------------------------------------------------------------------------------------------ as every other


def test_it_is_answered_as_what_a_citizen_files_and_the_receipt_opens_it_to_the_citizen(service: Service) -> None:
    answer = enter(service, channel="desk", name="Warga Satu")
    theirs = service.post("/complaints", {"text": LAMP})
    filed = answer.json
    assert (answer.status, set(filed)) == (201, set(theirs.json))
    same = ("kind", "status", "opd", "division", "answer_due_at")
    assert {name: filed[name] for name in same} == {name: theirs.json[name] for name in same}
    assert answer.headers["Location"] == f"https://sambat.example/api/complaints/{filed['ticket']}"
    path, mine = f"/complaints/{filed['ticket']}", {"x_receipt": filed["receipt"]}
    assert service.get(path, **mine).json["text"] == LAMP
    assert service.post(f"{path}/messages", {"text": "Sekarang tiga."}, **mine).status == 200
    assert service.get(f"/admin/complaints/{filed['ticket']}/reporter", RINA).json["name"] == "Warga Satu"


def test_every_field_is_kept_where_it_belongs(service: Service) -> None:
    given: dict[str, Any] = {
        "kind": "question", "address": "Jl. Bukirsari 5", "lat": -7.95, "long": 112.61, "anonymous": True,
        "confidential": True,
    }  # fmt: skip
    person = {"name": "Warga Satu", "phone": "0800-0000-0001", "email": "warga@example.org"}
    ticket = entered(service, channel="letter", **given, **person)["ticket"]
    shown = whole(service, ticket)
    assert {name: shown[name] for name in given} == given
    assert (shown["channel"], shown["text"]) == ("letter", LAMP)
    reporter = service.get(f"/admin/complaints/{ticket}/reporter", RINA).json
    assert reporter == {"ticket": ticket, **person, "phone": CITIZEN}
    assert service.get(f"/complaints/{ticket}").status == 404
    hidden = service.get(f"/opd/complaints/{ticket}", token("opd", "dpuprpkp")).json
    assert hidden["reporter"] is None


def test_a_category_that_was_chosen_decides(service: Service) -> None:
    lamps = next(one["code"] for one in service.get("/services").json["items"] if one["division"] == "pju")
    assert entered(service, VAGUE, category=lamps)["division"] == "pju"
    assert enter(service, VAGUE, category="nobodys").status == 400


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"text": "terlalu"}, "text"),
        ({"text": "x" * 4_001}, "text"),
        ({"text": " " * 20}, "text"),
        ({"channel": "web"}, "channel"),
        ({"channel": "sms"}, "channel"),
        ({"channel": ""}, "channel"),
        ({"phone": "nanti"}, "phone"),
        ({"email": "warga"}, "email"),
        ({"lat": 1}, "long"),
        ({"photos": []}, "photos"),
        ({"provider": "generic"}, "provider"),
    ],
)
def test_what_is_no_complaint_is_refused_by_name_and_nothing_is_stored(
    service: Service, given: dict[str, Any], field: str
) -> None:
    answer = enter(service, **given)
    assert answer.status == 400
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert service.items("complaints") == service.items("reporters") == []


# ------------------------------------------------------------------------------------------------ how, and by whom


def test_the_channels_are_a_closed_list_each_is_kept_listed_and_counted(service: Service) -> None:
    assert tuple(EnteredChannel) == CHANNELS
    made = {channel: entered(service, channel=channel)["ticket"] for channel in CHANNELS}
    assert whole(service, entered(service)["ticket"])["channel"] == "staff"
    for channel, ticket in made.items():
        found = service.get(f"/admin/complaints?channel={channel}", RINA).json["items"]
        assert ticket in {item["ticket"] for item in found}
        assert {item["channel"] for item in found} == {channel}
    assert service.deliver() == []
    month = service.get("/admin/stats", RINA).json
    assert {line["channel"]: line["received"] for line in month["channels"]} == {
        **dict.fromkeys(CHANNELS, 1),
        "staff": 2,
    }


def test_staff_read_who_entered_it_and_neither_the_public_nor_its_reporter_does(service: Service) -> None:
    filed = entered(service, channel="phone")
    ticket, receipt = filed["ticket"], filed["receipt"]
    for shown in (
        whole(service, ticket),
        service.get(f"/opd/complaints/{ticket}", token("opd", "dpuprpkp")).json,
    ):
        received = shown["timeline"][0]
        assert (received["entry"], received["by"], received["who"]) == ("received", "admin", "rina")
    service.post(f"/admin/complaints/{ticket}/check", None, DEWI)
    public = [service.get(f"/complaints/{ticket}"), service.get(f"/complaints/{ticket}", x_receipt=receipt)]
    for answer in public:
        assert set(answer.json["timeline"][0]) == {"at", "entry", "kind"}
    pages = [service.get(f"/t/{ticket}"), service.form(f"/t/{ticket}", {"receipt": receipt})]
    for answer in (*public, *pages, service.get("/complaints")):
        assert answer.status == 200
        assert "rina" not in answer.text
    assert LAMP in public[0].json["text"]


def test_the_public_waits_for_a_person_though_the_same_by_web_is_read_at_once(service: Service) -> None:
    ticket = entered(service, channel="opd_page")["ticket"]
    assert service.get(f"/complaints/{ticket}").json["text"] is None
    theirs = service.post("/complaints", {"text": LAMP}).json["ticket"]
    assert service.get(f"/complaints/{theirs}").json["text"] == LAMP
    assert [item["ticket"] for item in service.get("/complaints").json["items"]] == [theirs]


# ------------------------------------------------------------------------------------------------ by the number


def test_by_the_citizens_number_it_is_part_of_their_conversation(service: Service) -> None:
    with carrier_on() as carrier, set_as(SAMBAT_SMS_DEFAULT="generic"):
        ticket = entered(service, channel="phone", phone="0800 0000 0001")["ticket"]
        assert service.deliver() == []
        assert [(to, ticket in text) for to, text in carrier.texts] == [(CITIZEN, True)], "the receipt"
        officer = token("opd", "dpuprpkp")
        service.post(f"/opd/complaints/{ticket}/ask", {"text": "Tiang nomor berapa?"}, officer)
        assert service.deliver() == []
        assert carrier.texts[-1][0] == CITIZEN
        assert "Tiang nomor berapa?" in carrier.texts[-1][1]
        assert smsgate(service, f"TAMBAH {ticket} Tiang 14.").status == 200
        assert generic(service, f"CEK {ticket}", "g-1", NEIGHBOUR).status == 200
        assert ticket not in carrier.texts[-1][1]
        assert generic(service, f"CEK {ticket}", "g-2").status == 200
        assert ticket in carrier.texts[-1][1]
        told = whole(service, ticket)["timeline"]
        assert [entry["text"] for entry in told if entry["entry"] == "replied"] == ["Tiang 14."]
        service.post(f"/opd/complaints/{ticket}/answer", {"text": "Sudah diganti."}, officer)
        assert service.deliver() == []
        assert (carrier.texts[-1][0], "Sudah diganti." in carrier.texts[-1][1]) == (CITIZEN, True)
    assert {path for path, _, _ in carrier.asked} >= {"/generic"}


def test_a_city_without_sms_and_a_citizen_without_a_number_have_no_such_conversation(service: Service) -> None:
    def provider_of(ticket: str) -> str | None:
        reporter = complaints.reporter_of(ticket)
        assert reporter is not None
        return reporter.provider

    with set_as(**NO_SMS):
        assert provider_of(entered(service, phone="0800 0000 0001")["ticket"]) is None
    assert provider_of(entered(service, PARKING, phone="0800 0000 0001")["ticket"]) == "smsgate"
    assert provider_of(entered(service, name="Warga Satu")["ticket"]) is None
    assert complaints.reporter_of(entered(service)["ticket"]) is None


def test_the_same_words_of_a_number_within_minutes_are_its_first_complaint(service: Service) -> None:
    first = entered(service, phone=CITIZEN)
    again = entered(service, phone="0800 0000 0001", channel="whatsapp")
    assert (again["ticket"], again["receipt"]) == (first["ticket"], None)
    more = entered(service, f"{LAMP}, tolong", phone=CITIZEN)
    assert more["ticket"] == first["ticket"]
    said = [entry.get("text") for entry in whole(service, first["ticket"])["timeline"] if entry["entry"] == "message"]
    assert said == [f"{LAMP}, tolong"]
    assert entered(service, phone=NEIGHBOUR)["ticket"] != first["ticket"]
    assert entered(service)["ticket"] != first["ticket"]


# ------------------------------------------------------------------------------------------------ once


def test_the_same_key_and_body_have_the_same_answer_and_another_body_is_422(service: Service) -> None:
    first = enter(service, key="form-1", channel="desk", phone=CITIZEN)
    after = tables(service, "complaints", "reporters")
    service_again = [enter(service, key="form-1", channel="desk", phone=CITIZEN) for _ in range(2)]
    assert {answer.body for answer in service_again} == {first.body}
    for other in ({"channel": "phone"}, {"phone": NEIGHBOUR}, {"text": PARKING}):
        body: dict[str, Any] = {"channel": "desk", "phone": CITIZEN, **other}
        assert enter(service, key="form-1", **body).status == 422
    assert tables(service, "complaints", "reporters") == after


def test_a_key_is_that_of_who_sent_it(service: Service) -> None:
    first = enter(service, key="1", who=RINA).json["ticket"]
    theirs = service.post("/complaints", {"text": LAMP}, idempotency_key="1").json["ticket"]
    hers = enter(service, PARKING, key="1", who=DEWI)
    assert hers.status == 201
    assert len({first, theirs, hers.json["ticket"]}) == 3
    assert whole(service, hers.json["ticket"])["timeline"][0]["who"] == "dewi"


def test_a_key_beyond_all_measure_is_refused(service: Service) -> None:
    assert enter(service, key="k" * 256).status == 400
    assert service.items("complaints") == []
