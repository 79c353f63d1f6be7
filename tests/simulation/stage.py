"""What the city stands on: tables, 37 OPDs, a carrier that keeps the e-mails it took, the stream of the complaints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import boto3

from chalicelib.adapters import notifier
from chalicelib.adapters.tables import PREFIX
from chalicelib.workflows import city
from infra.bench.null_endpoint import response
from infra.tables import create_tables

OPDS: Final = 37  # of Malang; those that data/opds.json has not are made up


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail as the carrier took it."""

    id: str
    to: str
    text: str


@dataclass
class Carrier:
    """Stands in the place of SES, in front of whatever else answers for AWS."""

    took: list[Mail] = field(default_factory=list)
    is_down: bool = False

    def stand(self) -> None:
        """From now on every e-mail of this process comes here."""
        notifier._ses.cache_clear()
        notifier._ses().meta.events.register_first("before-send.sesv2.SendEmail", self._take)

    def _take(self, request: Any, **_: Any) -> Any:
        if self.is_down:
            answer = response(request.url, b'{"message": "down"}', "application/json")
            answer.status_code = 503
            return answer
        asked = json.loads(request.body)
        content = asked["Content"]["Simple"]
        (to,) = asked["Destination"]["ToAddresses"]
        self.took.append(Mail(content["Headers"][0]["Value"], to, content["Body"]["Text"]["Data"]))
        return response(request.url, b'{"MessageId": "simulated"}', "application/json")


class Stream:
    """The stream of the complaints, read once from its beginning, with what Lambda would bring again."""

    def __init__(self) -> None:
        self._client = boto3.client("dynamodbstreams")
        table = boto3.client("dynamodb").describe_table(TableName=f"{PREFIX}complaints")["Table"]
        self._arn = table["LatestStreamArn"]
        self._last: dict[str, str] = {}

    def new(self) -> list[dict[str, Any]]:
        """Return the records that were not returned yet, in their order."""
        found: list[dict[str, Any]] = []
        for shard in self._client.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"]:
            name = shard["ShardId"]
            place = self._place(name)
            while place:
                page = self._client.get_records(ShardIterator=place, Limit=1000)
                if not page["Records"]:
                    break
                found += page["Records"]
                self._last[name] = page["Records"][-1]["dynamodb"]["SequenceNumber"]
                place = page.get("NextShardIterator", "")
        return found

    def _place(self, shard: str) -> str:
        """Return where to read on: an iterator of the engine's own does not outlive an empty page."""
        kind = "AFTER_SEQUENCE_NUMBER" if shard in self._last else "TRIM_HORIZON"
        after = {"SequenceNumber": self._last[shard]} if shard in self._last else {}
        asked = {"StreamArn": self._arn, "ShardId": shard, "ShardIteratorType": kind, **after}
        return str(self._client.get_shard_iterator(**asked)["ShardIterator"])


def found_city(now: datetime) -> None:
    """Create the tables and all OPDs of a city that begins its service at `now`."""
    city.forget()
    create_tables(boto3.client("dynamodb"), PREFIX)
    city.seed_opds(now)
    known = city.current(now).opds
    for number in range(len(known) + 1, OPDS + 1):
        city.save_opd(_made_up(f"opd_{number}"))


def _made_up(code: str) -> dict[str, Any]:
    divisions = [
        {
            "code": unit, "name": f"Bidang {unit}", "email": f"{unit}@{code}.example.invalid",
            "categories": [
                {"code": f"{code}_{unit}", "name": f"Urusan {code} {unit}", "name_en": f"{code} {unit}", "keywords": {}}
            ],
        }
        for unit in ("satu", "dua")
    ]  # fmt: skip
    return {
        "code": code, "name": f"Perangkat Daerah {code}", "head": {"email": f"kepala@{code}.example.invalid"},
        "divisions": divisions,
    }  # fmt: skip


def fresh(now: datetime) -> None:
    """Let the service take the city as it remembers it for one of a minute ago: it would read it anew for each of the
    simulated times, and nobody edits it here but through the service itself, which forgets it then."""
    if known := city._cache.get("city"):
        city._cache["city"] = (now, known[1])


def addresses(now: datetime) -> Iterator[tuple[tuple[str, str, str], str]]:
    """Yield who has which address, but for admin and mayor."""
    for code, opd in city.current(now).opds.items():
        yield ("head", code, ""), opd["head"]["email"]
        for division in opd["divisions"]:
            yield ("division", code, division["code"]), division["email"]
