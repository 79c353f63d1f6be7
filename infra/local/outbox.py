"""What was sent so far: the service's own list of messages, joined with what their carriers were given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer

from infra.local.captures import Captured

_NOT_OUT: Final = ("owed", "held", "unwanted", "failed")  # an SMS to be tried again, over the caps, or not sent at all


def outbox(notifications: Iterator[Mapping[str, Any]], captured: Mapping[str, Captured]) -> list[dict[str, Any]]:
    """Return every message that went out, oldest first; `to` and `text` are "" where the carrier's copy is lost."""
    went = (item for item in notifications if item.get("state") not in _NOT_OUT)
    lines = [_line(item, captured.get(str(item.get("carrier_id")))) for item in went]
    return sorted(lines, key=lambda line: (line["at"], line["id"]))


def all_items(dynamodb: Any, table: str) -> Iterator[dict[str, Any]]:
    """Return a whole table: for an operator's eyes, never for a request."""
    plain = TypeDeserializer().deserialize
    for page in dynamodb.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            yield {name: plain(value) for name, value in item.items()}


def _line(item: Mapping[str, Any], sent: Captured | None) -> dict[str, Any]:
    return {
        "id": item["id"],
        "at": item["at"],
        "via": item["via"],
        "to": sent.to if sent else "",
        "opd": item.get("opd"),
        "subject": sent.subject if sent else None,
        "text": sent.text if sent else "",
        "tickets": sorted(item.get("tickets", ())),
        "about": item["about"],
    }
