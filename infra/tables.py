"""The tables of resources.yaml, created on an engine of one's own (the local runner's, moto's, DynamoDB Local)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

RESOURCES: Final = Path(__file__).parent / "resources.yaml"
_AS_IN_THE_API: Final = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")


def table_definitions(prefix: str, template: Path = RESOURCES) -> list[dict[str, Any]]:
    """Return what `create_table` needs for each table of `template`, plus `TimeToLive` where a table has it.

    Encryption, backups and protection are left out: they mean nothing on a local engine.
    """
    resources = yaml.safe_load(template.read_text(encoding="utf-8"))["Resources"]
    return [_definition(each["Properties"], prefix) for each in _of_type(resources, "AWS::DynamoDB::Table")]


def table_name(name: Any, prefix: str) -> str:
    """Return the local name of a table that the template names {"Fn::Sub": "${Stack}-complaints"}, or by a text."""
    text = name["Fn::Sub"] if isinstance(name, Mapping) else name
    return prefix + str(text).rpartition("}")[2].lstrip("-_")


def create_tables(dynamodb: Any, prefix: str, template: Path = RESOURCES) -> list[str]:
    """Create by the client `dynamodb` each table and index that is not there yet; return the new tables' names."""
    there = {name for page in dynamodb.get_paginator("list_tables").paginate() for name in page["TableNames"]}
    created = []
    for definition in table_definitions(prefix, template):
        ttl = definition.pop("TimeToLive", None)
        name = definition["TableName"]
        if name in there:
            _add_missing_indexes(dynamodb, definition)
            continue
        dynamodb.create_table(**definition)
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        if ttl:
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
        created.append(name)
    return created


def _definition(properties: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    definition: dict[str, Any] = {
        "TableName": table_name(properties["TableName"], prefix),
        "BillingMode": "PAY_PER_REQUEST",
    }
    definition.update({key: properties[key] for key in _AS_IN_THE_API if key in properties})
    if stream := properties.get("StreamSpecification"):
        definition["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": stream["StreamViewType"]}
    if ttl := properties.get("TimeToLiveSpecification"):
        definition["TimeToLive"] = ttl
    return definition


def _add_missing_indexes(dynamodb: Any, definition: Mapping[str, Any]) -> None:
    """Bring a table of an older version up to date: an index is the one thing that can be added in place."""
    table = dynamodb.describe_table(TableName=definition["TableName"])["Table"]
    there = {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])}
    for index in definition.get("GlobalSecondaryIndexes", []):
        if index["IndexName"] not in there:
            dynamodb.update_table(
                TableName=definition["TableName"],
                AttributeDefinitions=definition["AttributeDefinitions"],
                GlobalSecondaryIndexUpdates=[{"Create": index}],
            )


def _of_type(resources: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    return (resource for resource in resources.values() if resource.get("Type") == kind)
