"""One CloudFormation stack: its package uploaded, its change set executed, its progress told, its faults named."""

from __future__ import annotations

import copy
import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from infra import synthesis

Say = Callable[[str], None]

NO_CHANGE: Final = ("didn't contain changes", "No updates are to be performed")
TOLD: Final = ("_COMPLETE", "_FAILED")  # ends of the statuses worth a line; what begins says nothing new
KEPT_AFTER_A_ROLLBACK: Final = "ROLLBACK_COMPLETE"
# What CloudFormation can go on from; any other status wants a person
READY: Final = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
)
PATIENCE: Final = 3600.0  # seconds for one pass


class DeployFailed(Exception):
    """The stack is not as asked; the message says in which state it is, why, and what to do."""


def artifact_bucket(s3: Any, account: str, region: str, say: Say) -> str:
    """Return the bucket of packages of this account and region, created if it is not there: private, encrypted."""
    name = f"sambat-artifacts-{account}-{region}"
    try:
        s3.head_bucket(Bucket=name, ExpectedBucketOwner=account)
    except s3.exceptions.ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise DeployFailed(f"bucket {name} is there and not ours to use ({error})") from None
        say(f"creating the bucket {name} for packages")
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **where)
    closed = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=closed)
    by_s3 = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=by_s3)
    return name


def upload(s3: Any, bucket: str, package: Path, say: Say) -> str:
    """Put zip and template of `package` into `bucket` under names made of their content; return the template's URL."""
    archive = (package / synthesis.PACKAGE).read_bytes()
    code = f"sambat/{hashlib.sha256(archive).hexdigest()}.zip"
    _put_new(s3, bucket, code, archive, say)
    template = with_code(synthesis.read_template(package / synthesis.TEMPLATE), f"s3://{bucket}/{code}")
    text = synthesis.template_text(template).encode()
    name = f"sambat/{hashlib.sha256(text).hexdigest()}.yaml"
    _put_new(s3, bucket, name, text, say)
    return f"{s3.meta.endpoint_url}/{bucket}/{name}"


def with_code(template: synthesis.Template, uri: str) -> synthesis.Template:
    """Return `template` with `uri` as the code of every function."""
    placed = copy.deepcopy(template)
    for resource in placed["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = uri
    return placed


def _put_new(s3: Any, bucket: str, name: str, content: bytes, say: Say) -> None:
    try:
        s3.head_object(Bucket=bucket, Key=name)
    except s3.exceptions.ClientError:
        say(f"uploading {len(content):,} bytes")
        s3.put_object(Bucket=bucket, Key=name, Body=content)


def description_of(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    """Return what CloudFormation says of the stack; None when there is none."""
    try:
        found: list[dict[str, Any]] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return found[0]


def parameters_of(description: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the parameters that the stack was deployed with."""
    given = (description or {}).get("Parameters", ())
    return {one["ParameterKey"]: one.get("ParameterValue", "") for one in given}


def outputs_of(description: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the outputs of the stack."""
    return {one["OutputKey"]: one["OutputValue"] for one in (description or {}).get("Outputs", ())}


def physical_id(cloudformation: Any, stack: str, logical: str) -> str:
    """Return the name that one resource of the stack has in the account."""
    found = cloudformation.describe_stack_resource(StackName=stack, LogicalResourceId=logical)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def deploy_stack(
    cloudformation: Any, stack: str, template_url: str, parameters: Mapping[str, str], say: Say, pause: float = 5.0
) -> dict[str, str]:
    """Create or update `stack` and return its outputs when all is done; a stack that is so already stays untouched.

    Raises DeployFailed; CloudFormation has then gone back to what was before, or the message says that it could not.
    """
    before = description_of(cloudformation, stack)
    status = (before or {}).get("StackStatus", "")
    seen = _events_seen(cloudformation, stack) if before else set()
    if status == KEPT_AFTER_A_ROLLBACK:
        say("removing what a creation that failed has left: an empty stack")
        cloudformation.delete_stack(StackName=stack)
        _wait(cloudformation, str((before or {})["StackId"]), seen, say, pause)
    elif status not in {"", "REVIEW_IN_PROGRESS", *READY}:
        raise DeployFailed(f"stack {stack} is in state {status}; {advice(status)}")
    kind = "UPDATE" if status in READY else "CREATE"
    change = f"deploy-{time.time_ns()}"
    cloudformation.create_change_set(
        StackName=stack, ChangeSetName=change, ChangeSetType=kind, TemplateURL=template_url,
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in sorted(parameters.items())],
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": "service", "Value": "sambat"}],
    )  # fmt: skip
    if not _is_worth_executing(cloudformation, stack, change, pause):
        say("the stack is as asked already")
        cloudformation.delete_change_set(StackName=stack, ChangeSetName=change)
        return outputs_of(description_of(cloudformation, stack))
    cloudformation.execute_change_set(StackName=stack, ChangeSetName=change)
    identity = str((description_of(cloudformation, stack) or {})["StackId"])
    reached, reasons = _wait(cloudformation, identity, seen, say, pause)
    if reached not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise DeployFailed(
            f"stack {stack} ended in {reached}: {'; '.join(reasons) or 'no reason given'}. {advice(reached)}"
        )
    return outputs_of(description_of(cloudformation, stack))


def advice(status: str) -> str:
    """Return what a person does about a stack in this state."""
    if status.endswith("_IN_PROGRESS"):
        return "something is at work on it: wait for it, then run this again"
    return {
        "ROLLBACK_COMPLETE": "nothing of it is left but its name; mend the reason and run this again",
        "UPDATE_ROLLBACK_COMPLETE": "it runs as it did before; mend the reason and run this again",
        "UPDATE_ROLLBACK_FAILED": "half new, half old: aws cloudformation continue-update-rollback, then this again",
        "ROLLBACK_FAILED": "parts of it are left: aws cloudformation delete-stack, then run this again",
        "DELETE_FAILED": "parts of it are left: its events name them; delete those, then the stack",
    }.get(status, "look at its events in CloudFormation")


def _is_worth_executing(cloudformation: Any, stack: str, change: str, pause: float) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        made = cloudformation.describe_change_set(StackName=stack, ChangeSetName=change)
        if made["Status"] == "CREATE_COMPLETE":
            return True
        if made["Status"] == "FAILED":
            reason = made.get("StatusReason", "")
            if any(text in reason for text in NO_CHANGE):
                return False
            raise DeployFailed(f"CloudFormation refuses the change, and nothing was changed: {reason}")
        time.sleep(pause / 5)
    raise DeployFailed(f"change set {change} of {stack} was not made in time; nothing was changed")


def _wait(cloudformation: Any, stack: str, seen: set[str], say: Say, pause: float) -> tuple[str, list[str]]:
    """Return the status in which the stack comes to rest, and why resources failed; tell each that is done.

    `stack` is its ARN: one that is deleted has no name any more. Its status counts from its first new event on: right
    after the order it is still the one before.
    """
    deadline, reasons, begun = time.monotonic() + PATIENCE, list[str](), False
    while time.monotonic() < deadline:
        for event in _new_events(cloudformation, stack, seen):
            begun = True
            status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
            if status.endswith(TOLD):
                say(f"  {status:<24}{event['LogicalResourceId']}")
            if status.endswith("_FAILED") and "cancelled" not in reason:
                reasons.append(f"{event['LogicalResourceId']}: {reason}")
        reached = (description_of(cloudformation, stack) or {}).get("StackStatus", "DELETE_COMPLETE")
        if begun and not reached.endswith("_IN_PROGRESS"):
            return reached, reasons
        time.sleep(pause)
    raise DeployFailed(f"stack {stack} still works after {PATIENCE:.0f} s; it goes on by itself: run this again later")


def _new_events(cloudformation: Any, stack: str, seen: set[str]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack):
        new = [event for event in page["StackEvents"] if event["EventId"] not in seen]
        events += new
        if len(new) < len(page["StackEvents"]):
            break
    seen.update(event["EventId"] for event in events)
    return events[::-1]


def _events_seen(cloudformation: Any, stack: str) -> set[str]:
    seen: set[str] = set()
    _new_events(cloudformation, stack, seen)
    return seen
