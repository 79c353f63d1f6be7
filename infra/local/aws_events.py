"""The events that AWS would send: of the stream, of the schedule, to the failure queue."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from infra.local.delivery import Parked, Record, sequence_number
from infra.local.engine import ACCOUNT, REGION


class LambdaContext:
    """What a function may ask of its invocation."""

    function_version = "$LATEST"
    memory_limit_in_mb = 256
    identity = client_context = None

    def __init__(self, function_name: str) -> None:
        self.function_name = function_name
        self.aws_request_id = str(uuid.uuid4())
        self.invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function_name}"
        self.log_group_name, self.log_stream_name = f"/aws/lambda/{function_name}", "local"

    def get_remaining_time_in_millis(self) -> int:
        """Return a time limit that never comes: nothing here is cut off."""
        return 300_000


def lambda_record(record: Mapping[str, Any], stream_arn: str) -> dict[str, Any]:
    """Return a record that `get_records` gave as Lambda gets it: plain JSON, with its stream's ARN."""
    change = dict(record["dynamodb"])
    created = change.get("ApproximateCreationDateTime")
    if isinstance(created, datetime):
        change["ApproximateCreationDateTime"] = created.timestamp()
    return {**record, "dynamodb": _plain(change), "awsRegion": REGION, "eventSourceARN": stream_arn}


def stream_event(records: Sequence[Record]) -> dict[str, Any]:
    """Return the event that carries a batch of stream records."""
    return {"Records": list(records)}


def scheduled_event(now: datetime) -> dict[str, Any]:
    """Return EventBridge's event of a schedule that fired at `now`."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/sambat-local-sweep-deadlines"],
        "detail": {},
    }


def failure_message(parked: Parked, function_name: str) -> dict[str, Any]:
    """Return what Lambda sends to the failure queue for a record it gave up on: where it is, not what it says."""
    place = sequence_number(parked.record)
    created = datetime.fromtimestamp(parked.record["dynamodb"].get("ApproximateCreationDateTime", 0), UTC).isoformat()
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function_name}",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": parked.tries,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            **({"functionError": "Unhandled"} if parked.error else {}),
        },
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "DDBStreamBatchInfo": {
            "shardId": "shardId-00000000000000000000-00000000",
            "startSequenceNumber": place,
            "endSequenceNumber": place,
            "approximateArrivalOfFirstRecord": created,
            "approximateArrivalOfLastRecord": created,
            "batchSize": 1,
            "streamArn": parked.record["eventSourceARN"],
        },
    }


def _plain(value: Any) -> Any:
    """Return a DynamoDB value as JSON has it: bytes as base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(each) for each in value]
    return value
