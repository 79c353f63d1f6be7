"""What the raw tables hold, decoded here anew."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

Item = dict[str, Any]
Place = tuple[str, str]  # an OPD and its division


@dataclass(frozen=True, slots=True)
class Record:
    """All tables at one moment; complaints, timelines and reporters by ticket, notifications by id, OPDs by code."""

    complaints: Mapping[str, Item]
    timelines: Mapping[str, list[Item]]
    reporters: Mapping[str, Item]
    escalations: Sequence[Item]
    notifications: Mapping[str, Item]
    intake: Sequence[Item]
    registry: Sequence[Item]
    statistics: Sequence[Item]
    opds: Mapping[str, Item]

    def kept(self, pk: str) -> dict[str, Any]:
        """Return what the registry keeps under a name, by its range key."""
        return {one["sk"]: one["value"] for one in self.registry if one["pk"] == pk}

    def acts(self) -> dict[Place, list[Item]]:
        """Return what was done to the standing of each division, in the order of the keys."""
        acts: dict[Place, list[Item]] = {}
        for one in sorted(self.registry, key=lambda item: str(item["sk"])):
            if one["pk"].startswith("act#"):
                acts.setdefault(place_of(one["pk"].removeprefix("act#")), []).append(
                    {**json.loads(one["value"]), "key": one["sk"]}
                )
        return acts

    def standings(self) -> dict[Place, Item]:
        """Return how each division stands as it is kept, behind nine digits that say how long its record is."""
        return {place_of(name): json.loads(value[9:]) for name, value in self.kept("standing").items()}

    def division(self, place: Place) -> Item:
        """Return a division as the city has it, empty where it has none."""
        divisions = self.opds.get(place[0], {}).get("divisions", ())
        return next((one for one in divisions if one["code"] == place[1]), {})


def place_of(key: str) -> Place:
    """Return the OPD and the division of a key of the registry."""
    opd, _, division = key.partition("/")
    return opd, division


def read(dynamodb: Any, prefix: str) -> Record:
    """Read all tables."""
    complaints = {one["ticket"]: one for one in _table(dynamodb, f"{prefix}complaints")}
    registry = _table(dynamodb, f"{prefix}registry")
    return Record(
        complaints=complaints,
        timelines={ticket: [json.loads(text) for text in one["timeline"]] for ticket, one in complaints.items()},
        reporters={one["ticket"]: one for one in _table(dynamodb, f"{prefix}reporters")},
        escalations=_table(dynamodb, f"{prefix}escalations"),
        notifications={one["id"]: one for one in _table(dynamodb, f"{prefix}notifications")},
        intake=_table(dynamodb, f"{prefix}intake"),
        registry=registry,
        statistics=_table(dynamodb, f"{prefix}statistics"),
        opds={one["sk"]: json.loads(one["value"]) for one in registry if one["pk"] == "opd"},
    )


def _table(dynamodb: Any, name: str) -> list[Item]:
    plain = TypeDeserializer().deserialize
    pages = dynamodb.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    return [{key: plain(value) for key, value in item.items()} for page in pages for item in page["Items"]]
