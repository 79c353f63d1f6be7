"""Who is told of what, by which way, and how often: real stream records, redelivered, doubled, split, poisoned."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from chalicelib.adapters.tables import PREFIX, StoreUnavailable
from chalicelib.workflows import outgoing
from tests.builders import Service, token
from tests.functional.doors import (
    CITIZEN,
    LAMP,
    NEIGHBOUR,
    PARKING,
    VAGUE,
    Call,
    Carrier,
    aws_fault,
    carrier_on,
    generic,
    set_as,
    smsgate,
    watched_aws,
)

DIVISION, HEAD = "pju@dpuprpkp.example.invalid", "kepala@dpuprpkp.example.invalid"
EMAIL = "warga@example.org"


@pytest.fixture
def carrier(service: Service) -> Iterator[Carrier]:
    with carrier_on() as told:
        yield told


def file(service: Service, text: str = LAMP, **more: Any) -> dict[str, Any]:
    filed: dict[str, Any] = service.post("/complaints", {"text": text, **more}).json
    return filed


def answer(service: Service, ticket: str, text: str, opd: str = "dpuprpkp", *, final: bool = True) -> None:
    body = {"text": text, "final": final}
    assert service.post(f"/opd/complaints/{ticket}/answer", body, token("opd", opd)).status == 200


def notify(records: list[dict[str, Any]]) -> list[str]:
    """Deliver stream records and return the sequence numbers of those that failed."""
    from app import notify_opd

    failures = notify_opd({"Records": records}, None)["batchItemFailures"]
    return [failure["itemIdentifier"] for failure in failures]


def sequence(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def to(service: Service) -> list[str]:
    return [mail["to"] for mail in service.emails()]


# --- whom


def test_a_dispatch_is_told_to_the_division_and_the_head(service: Service) -> None:
    filed = file(service, address="Jl. Bukirsari 5")
    assert service.deliver() == []
    mails = service.emails()
    assert sorted(mail["to"] for mail in mails) == sorted([DIVISION, HEAD])
    for mail in mails:
        assert filed["ticket"] in mail["subject"]
        for said in (LAMP, "Jl. Bukirsari 5", f"https://sambat.example/api/meja/{filed['ticket']}"):
            assert said in mail["text"]
    due = datetime.fromisoformat(filed["answer_due_at"]) - timedelta(days=1)
    assert f"{due.day} " in mails[0]["subject"].rpartition("tenggat ")[2]


def test_what_waits_in_the_queue_is_told_once_an_admin_dispatches_it(service: Service) -> None:
    filed = file(service, VAGUE)
    assert service.deliver() == []
    assert to(service) == []
    given = {"opd": "dpuprpkp", "division": "pju"}
    assert service.post(f"/admin/complaints/{filed['ticket']}/dispatch", given, token("admin")).status == 200
    assert service.deliver() == []
    assert sorted(to(service)) == sorted([DIVISION, HEAD])


def test_each_rung_is_told_to_whom_it_concerns(service: Service) -> None:
    filed = file(service)
    service.deliver()
    due = datetime.fromisoformat(filed["answer_due_at"])
    told: dict[str, list[str]] = {}
    for days in (0.4, 16.4, 40.4):
        seen = len(service.emails())
        assert service.sweep((due + timedelta(days=days)).isoformat())["recorded"] == 1
        assert service.deliver() == []
        for mail in service.emails()[seen:]:
            told.setdefault(mail["subject"].partition(":")[0], []).append(mail["to"])
    admin, mayor = "admin@city.example", "mayor@city.example"
    ladder = ("Teguran", "Rompi hitam", "Penggantian")
    assert {about: sorted(told[about]) for about in ladder} == {
        "Teguran": sorted([DIVISION, HEAD]),
        "Rompi hitam": sorted([HEAD, admin]),
        "Penggantian": sorted([admin, mayor]),
    }


def test_a_reporter_with_an_address_is_told_by_mail(service: Service, carrier: Carrier) -> None:
    filed = file(service, email=EMAIL, phone="0800 0000 0001")
    service.deliver()
    answer(service, filed["ticket"], "Kami jadwalkan.", final=False)
    answer(service, filed["ticket"], "Sudah diganti.")
    assert service.deliver() == []
    mine = [mail for mail in service.emails() if mail["to"] == EMAIL]
    assert len(mine) == 3
    assert all(filed["ticket"] in mail["text"] for mail in mine)
    assert "Kami jadwalkan." in mine[1]["text"]
    assert "Sudah diganti." in mine[2]["text"]
    assert not any(filed["receipt"] in mail["text"] for mail in service.emails())
    assert carrier.asked == []


def test_a_reporter_with_a_number_alone_is_told_by_the_citys_own_provider(service: Service, carrier: Carrier) -> None:
    filed = file(service, phone="0800 0000 0001")
    service.deliver()
    assert carrier.asked == [], "a filing by the web stands on its page"
    answer(service, filed["ticket"], "Sudah diganti.")
    assert service.deliver() == []
    ((path, _, _),) = carrier.asked
    assert path == "/smsgate/messages"
    ((number, text),) = carrier.texts
    assert number == CITIZEN
    assert "Sudah diganti." in text
    assert filed["ticket"] in text


def test_the_default_provider_is_a_setting(service: Service, carrier: Carrier) -> None:
    filed = file(service, phone="0800 0000 0001")
    with set_as(SAMBAT_SMS_DEFAULT="generic"):
        answer(service, filed["ticket"], "Sudah diganti.")
        assert service.deliver() == []
    assert [path for path, _, _ in carrier.asked] == ["/generic"]


@pytest.mark.parametrize("provider", ["generic", "smsgate", "twilio"])
def test_who_wrote_an_sms_is_answered_by_the_provider_it_came_by(
    service: Service, carrier: Carrier, provider: str
) -> None:
    deliver: dict[str, Any] = {"generic": generic, "smsgate": smsgate, "twilio": Service.twilio}
    deliver[provider](service, PARKING, sender=CITIZEN)
    service.deliver()
    before = len(carrier.asked)
    assert before == (0 if provider == "twilio" else 1)
    ticket = service.items("complaints")[0]["ticket"]["S"]
    answer(service, ticket, "Jukir sudah ditertibkan.", "dishub")
    assert service.deliver() == []
    paths = {"generic": "/generic", "smsgate": "/smsgate/messages", "twilio": "/2010-04-01/Accounts/AC1/Messages.json"}
    assert [path for path, _, _ in carrier.asked[before:]] == [paths[provider]]
    number, text = carrier.texts[-1]
    assert number == CITIZEN
    assert "Jukir sudah ditertibkan." in text


def test_who_left_nothing_is_told_nothing(service: Service, carrier: Carrier) -> None:
    filed = file(service, name="Warga")
    answer(service, filed["ticket"], "Sudah diganti.")
    assert service.deliver() == []
    assert sorted(to(service)) == sorted([DIVISION, HEAD])
    assert carrier.asked == []


def test_steps_that_concern_nobody_else_tell_nobody(service: Service) -> None:
    filed = file(service, email=EMAIL)
    service.deliver()
    before = len(service.emails())
    service.post(f"/complaints/{filed['ticket']}/messages", {"text": "Masih"}, x_receipt=filed["receipt"])
    service.post(f"/opd/complaints/{filed['ticket']}/start", {}, token("opd", "dpuprpkp"))
    service.post(f"/admin/complaints/{filed['ticket']}/check", {}, token("admin"))
    assert service.deliver() == []
    assert len(service.emails()) == before


# --- placeholders


def test_mail_for_a_placeholder_goes_to_the_admin_until_the_city_sets_its_own(service: Service) -> None:
    admin = token("admin")
    with set_as(SAMBAT_PLACEHOLDERS_TO_ADMIN="true"):
        file(service)
        service.deliver()
        assert to(service) == ["admin@city.example"] * 2
        opd = service.get("/admin/opds/dpuprpkp", admin).json
        opd["head"]["email"] = "kepala@pu.city.example"
        for division in opd["divisions"]:
            if division["code"] == "pju":
                division["email"] = "pju@pu.city.example"
        assert service.put("/admin/opds/dpuprpkp", opd, admin).status == 200
        file(service)
        assert service.deliver() == []
    assert sorted(to(service)[2:]) == ["kepala@pu.city.example", "pju@pu.city.example"]


# --- once


def test_records_that_come_again_doubled_or_split_send_nothing_twice(service: Service, carrier: Carrier) -> None:
    filed = [file(service, email=f"warga{n}@example.org") for n in range(3)]
    generic(service, PARKING)
    answer(service, filed[1]["ticket"], "Sudah.")
    records = service._records()
    assert len(records) >= 5  # four filed, one answered
    assert notify([records[0], records[0]]) == []
    once = len(service.emails())
    assert once == 3
    for batch in (
        records[:1],
        records[:2],
        records[1:4],
        records,
        records[::-1],
        [one for r in records for one in (r, r)],
    ):
        assert notify(batch) == []
    after = Counter(to(service))
    sms = len(carrier.asked)
    for batch in (records, records[2:], records[:3], *([record] for record in records)):
        assert notify(copy.deepcopy(batch)) == []
    assert Counter(to(service)) == after
    assert len(carrier.asked) == sms
    assert after[DIVISION] == after[HEAD] == 3
    assert [after[f"warga{n}@example.org"] for n in range(3)] == [1, 2, 1]
    assert sms == 1


def test_an_old_record_after_a_newer_one_sends_only_what_is_its_own(service: Service) -> None:
    filed = file(service, email=EMAIL)
    answer(service, filed["ticket"], "Sudah diganti.")
    first, second, *_ = service._records()
    assert notify([second]) == []
    assert to(service) == [EMAIL]
    assert notify([first]) == []
    assert Counter(to(service)) == {EMAIL: 2, DIVISION: 1, HEAD: 1}


def test_each_message_is_written_down_without_anything_personal(service: Service) -> None:
    filed = file(service, email=EMAIL)
    service.deliver()
    kept = service.items("notifications")
    assert sorted(item["about"]["S"] for item in kept) == ["dispatched", "dispatched", "received"]
    for item in kept:
        assert item["tickets"] == {"L": [{"S": filed["ticket"]}]}
        assert item["via"] == {"S": "email"}
        assert item["carrier_id"]["S"]
        assert item["expires_at"]["N"].isdigit()
    whole = json.dumps(kept)
    assert EMAIL not in whole
    assert "Bukirsari" not in whole


# --- what fails


def refusing(address: str) -> Any:
    """Let SES refuse what goes to this address, for good and without a retry."""

    def refuse(call: Call) -> Any:
        refused = call.action.startswith("/v2/email") and address in call.body
        return aws_fault(400, "MessageRejected") if refused else None

    return watched_aws(before=refuse)


def test_a_mail_that_is_refused_holds_up_no_other_and_is_tried_again_alone(service: Service) -> None:
    file(service, email=EMAIL)
    file(service, VAGUE, email="lain@example.org")
    records = service._records()
    with refusing(DIVISION):
        assert notify(records) == [sequence(records[0])]
    assert Counter(to(service)) == {HEAD: 1, EMAIL: 1, "lain@example.org": 1}
    assert notify(records) == []
    assert Counter(to(service)) == {HEAD: 1, EMAIL: 1, "lain@example.org": 1, DIVISION: 1}


def test_an_sms_that_is_refused_holds_up_no_other_and_is_left_to_the_sweep(service: Service, carrier: Carrier) -> None:
    generic(service, PARKING)
    file(service, email=EMAIL)
    records = service._records()
    carrier.status = 500
    assert notify(records) == []
    assert len(to(service)) == 5
    carrier.status = 202
    assert notify(records) == []
    assert len(carrier.asked) == 1
    noon = datetime.now(UTC).replace(hour=5, minute=0) + timedelta(days=1)  # in the city, where nights are quiet
    assert outgoing.send_owed(noon, noon) == (1, 0)
    assert notify(records) == []
    assert (len(to(service)), len(carrier.asked)) == (5, 2)


def test_a_poison_record_is_reported_alone(service: Service) -> None:
    for _ in range(3):
        file(service)
    records = service._records()
    garbage: list[dict[str, Any]] = [
        {"ticket": {"S": "x"}},
        {**records[1]["dynamodb"]["NewImage"], "timeline": {"L": [{"S": "{"}]}},
        {**records[1]["dynamodb"]["NewImage"], "timeline": {"S": "x"}},
        {**records[1]["dynamodb"]["NewImage"], "status": {"S": "lost"}},
        {**records[1]["dynamodb"]["NewImage"], "received": {"S": "yesterday"}},
        {**records[1]["dynamodb"]["NewImage"], "text": {"N": "1"}},
    ]
    for n, image in enumerate(garbage):
        poison = copy.deepcopy(records[1])
        poison["dynamodb"]["NewImage"] = image
        assert notify([records[0], poison, records[2]]) == [sequence(poison)], n
    assert Counter(to(service)) == {DIVISION: 2, HEAD: 2}
    assert notify(records) == []
    assert Counter(to(service)) == {DIVISION: 3, HEAD: 3}


def test_an_item_that_was_deleted_tells_nobody(service: Service) -> None:
    filed = file(service)
    service.deliver()
    key = {"ticket": {"S": filed["ticket"]}}
    boto3.client("dynamodb").delete_item(TableName=f"{PREFIX}complaints", Key=key)
    assert service.deliver() == []
    assert len(to(service)) == 2


def test_what_was_sent_and_could_not_be_written_down_goes_again_under_the_same_id(service: Service) -> None:
    file(service)
    records = service._records()
    ids: list[str] = []

    def fail_to_write(call: Call) -> Any:
        if call.action.startswith("/v2/email"):
            ids.extend(one["Value"] for one in json.loads(call.body)["Content"]["Simple"]["Headers"])
        return aws_fault(400, "ValidationException") if call.action == "BatchWriteItem" else None

    with watched_aws(before=fail_to_write):
        assert notify(records) == [sequence(records[0])]
        assert notify(records) == [sequence(records[0])]
    assert len(ids) == 4
    assert len(set(ids)) == 2
    assert notify(records) == []
    assert notify(records) == []
    assert len(to(service)) == 6


def test_a_batch_of_which_nothing_is_known_is_given_back_whole(service: Service) -> None:
    file(service)
    records = service._records()
    boto3.client("dynamodb").delete_table(TableName=f"{PREFIX}notifications")
    with pytest.raises(StoreUnavailable):
        notify(records)
    assert to(service) == []


def test_two_senders_of_the_same_words_are_both_told(service: Service, carrier: Carrier) -> None:
    generic(service, PARKING, "g-1", CITIZEN)
    generic(service, PARKING, "g-2", NEIGHBOUR)
    assert service.deliver() == []
    assert {number for number, _ in carrier.texts} == {CITIZEN, NEIGHBOUR}
    assert len({text for _, text in carrier.texts}) == 2
