"""`make recompute` over the real tables; and what a reconciler sends, and leaves alone, of long ago."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3

from chalicelib.adapters.tables import PREFIX
from chalicelib.workflows import reconciling
from chalicelib.workflows.recomputing import recompute
from tests.builders import Service, token

LAMP = "Lampu jalan (PJU) mati di Jl. Bukirsari sudah dua minggu"


def test_a_life_leaves_no_difference_and_a_tampered_one_is_named(service: Service) -> None:
    filed = service.post("/complaints", {"text": LAMP, "email": "warga@example.test"}).json
    service.sweep(filed["answer_due_at"].replace("T00:00:00", "T08:00:00"))
    officer = token("opd", "dpuprpkp")
    assert service.post(f"/opd/complaints/{filed['ticket']}/start", None, officer).status == 200
    now = datetime.now(UTC) + timedelta(minutes=1)
    assert all(line.startswith("statistics ") for line in recompute(now)), "what the stream has not brought yet"
    service.deliver()
    assert list(recompute(now)) == []
    boto3.client("dynamodb").update_item(
        TableName=f"{PREFIX}complaints",
        Key={"ticket": {"S": filed["ticket"]}},
        UpdateExpression="SET rung = :rung",
        ExpressionAttributeValues={":rung": {"S": "replacement"}},
    )
    assert any("rung is replacement, by its timeline warning" in line for line in recompute(now))


def test_what_a_reporter_was_not_told_in_weeks_is_not_sent_when_a_way_is_found(service: Service) -> None:
    service.post("/complaints", {"text": LAMP, "email": "warga@example.test"})
    late = (datetime.now(UTC) + timedelta(days=15)).replace(hour=18)
    reconciling.reconcile(late)
    told = {mail["to"] for mail in service.emails()}
    assert told == {"pju@dpuprpkp.example.invalid", "kepala@dpuprpkp.example.invalid"}


def test_within_days_the_reporter_is_told_too(service: Service) -> None:
    service.post("/complaints", {"text": LAMP, "email": "warga@example.test"})
    reconciling.reconcile(datetime.now(UTC) + timedelta(hours=3))
    reconciling.reconcile(datetime.now(UTC) + timedelta(hours=4))
    assert sorted(mail["to"] for mail in service.emails()) == [
        "kepala@dpuprpkp.example.invalid",
        "pju@dpuprpkp.example.invalid",
        "warga@example.test",
    ]


def test_the_database_client_still_has_what_we_take_from_it(service: Service) -> None:
    assert "_ruleset_resolver" in vars(boto3.client("dynamodb")), "tables._Wire switches it off: look for its new name"
