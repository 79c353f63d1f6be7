"""`make deploy` without AWS: what it asks, what it refuses, what it does about each state of a stack, what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from infra import deploy, questions, stack, synthesis
from infra.deploy import Journal
from infra.place import Place
from infra.questions import BadSecrets, Facts, Unanswered

MAILS: Final = {"SENDER_EMAIL": "s@kota.example", "ADMIN_EMAIL": "a@kota.example", "MAYOR_EMAIL": "m@kota.example"}
BEFORE: Final = {"SenderEmail": "s@kota.example", "AdminEmail": "a@kota.example", "MayorEmail": "m@kota.example"}


def silent(_: str) -> None:
    """Say nothing."""


# ------------------------------------------------------------------------------------------------------ questions


def test_what_is_not_said_is_named_all_at_once_when_there_is_nobody_to_ask() -> None:
    with pytest.raises(Unanswered, match=r"SENDER_EMAIL .*, ADMIN_EMAIL .*, MAYOR_EMAIL "):
        questions.parameters({}, {}, None)


def test_only_what_nobody_said_is_asked() -> None:
    asked: list[str] = []

    def answer(text: str) -> str:
        asked.append(text)
        return " m@kota.example "

    given = {name: value for name, value in MAILS.items() if name != "MAYOR_EMAIL"}
    assert questions.parameters(given, {}, answer) == BEFORE
    assert len(asked) == 1


def test_the_parameters_of_the_stack_stay_unless_said_otherwise() -> None:
    previous = {**BEFORE, "PublicUrl": "https://sambat.kota.example", "RequestsPerSecond": "80"}
    again = questions.parameters({"MAYOR_EMAIL": "new@kota.example"}, previous, None)
    assert again == {**previous, "MayorEmail": "new@kota.example"}


def test_what_is_not_a_persons_to_say_and_what_the_template_has_no_more_is_not_kept() -> None:
    previous = {**BEFORE, "SecretVersion": "v1", "EmulatorUrl": "http://x", "Stage": "dev", "Gone": "y"}
    assert questions.parameters({}, previous, None) == BEFORE


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PUBLIC_URL", "sambat.kota.example"),
        ("PUBLIC_URL", "https://sambat.kota.example/"),
        ("SENDER_EMAIL", "Kota <s@kota.example>"),
        ("GATEWAY_LOG_ROLE", "mine"),
        ("REQUESTS_PER_SECOND", "many"),
    ],
)
def test_a_value_that_the_template_would_refuse_is_refused_before_anything_is_done(variable: str, value: str) -> None:
    with pytest.raises(Unanswered, match=variable):
        questions.parameters({**MAILS, variable: value}, {}, None)


def test_every_question_is_about_a_parameter_of_the_template_and_every_parameter_has_its_question_or_is_ours() -> None:
    asked = {question.parameter for question in questions.QUESTIONS}
    assert asked | questions.OURS == set(questions.template_parameters())
    without_default = {name for name, one in questions.template_parameters().items() if "Default" not in one}
    assert without_default == {q.parameter for q in questions.QUESTIONS if q.text} | {"PublicUrl"}


@pytest.mark.parametrize(("given", "budget"), [("", ""), (" 50 ", "50")])
def test_a_budget_is_whole_dollars_or_none(given: str, budget: str) -> None:
    assert questions.budget_of({"BUDGET_USD": given}) == budget


@pytest.mark.parametrize("given", ["0", "-1", "5e3", "50.5", "fifty"])
def test_what_is_no_budget_is_refused(given: str) -> None:
    with pytest.raises(Unanswered, match="BUDGET_USD"):
        questions.budget_of({"BUDGET_USD": given})


# -------------------------------------------------------------------------------------------------------- secrets


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not a JSON file"),
        ("[]", "one JSON object"),
        ('{"SAMBAT_SMS_TWILIO_SECRET": 5}', "one JSON object"),
        ('{"SAMBAT_SIGNING_KEY": "x"}', "SAMBAT_SIGNING_KEY"),
    ],
)
def test_a_file_of_secrets_holds_texts_of_sms_settings_only(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "secrets.json").write_text(text, encoding="utf-8")
    with pytest.raises(BadSecrets, match=says):
        questions.read_secrets(tmp_path / "secrets.json")


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A secret as the template makes it: (client, arn)."""
    with mock_aws():
        client = boto3.client("secretsmanager")
        held = json.dumps({"SAMBAT_SIGNING_KEY": "k" * 64})
        yield client, client.create_secret(Name="s", SecretString=held)["ARN"]


def test_new_secrets_make_a_new_version_and_keep_the_signing_key(secret: Any) -> None:
    client, arn = secret
    before = deploy.put_secrets(client, arn, {})
    after = deploy.put_secrets(client, arn, {"SAMBAT_SMS_TWILIO_SECRET": "t"})
    assert before != after
    assert deploy.put_secrets(client, arn, {"SAMBAT_SMS_TWILIO_SECRET": "t"}) == after
    assert json.loads(client.get_secret_value(SecretId=arn)["SecretString"]) == {
        "SAMBAT_SIGNING_KEY": "k" * 64,
        "SAMBAT_SMS_TWILIO_SECRET": "t",
    }


@pytest.mark.parametrize("value", ["", " "])
def test_a_secret_with_which_no_function_would_start_is_never_stored(secret: Any, value: str) -> None:
    client, arn = secret
    with pytest.raises(BadSecrets, match="SAMBAT_SMS_TWILIO_SECRET"):
        deploy.put_secrets(client, arn, {"SAMBAT_SMS_TWILIO_SECRET": value})
    assert "TWILIO" not in client.get_secret_value(SecretId=arn)["SecretString"]


# ------------------------------------------------------------------------------------------------------ the stack


class Refused(Exception):
    """What botocore raises."""


class CloudFormation:
    """One stack in one state; `ends` is the state that a change brings, `refusal` what becomes of a change set."""

    class exceptions:  # noqa: N801  as botocore has it
        ClientError = Refused

    def __init__(self, status: str = "", ends: str = "", refusal: str = "") -> None:
        self.status, self.ends, self.refusal = status, ends, refusal
        self.done: list[str] = []
        self.events: list[dict[str, str]] = []
        self.parameters: list[dict[str, str]] = []

    def describe_stacks(self, StackName: str) -> Any:  # noqa: N803
        if not self.status or (self.status == "DELETE_COMPLETE" and StackName == "city"):
            raise Refused("Stack with id city does not exist")
        outputs = [{"OutputKey": "RestAPIId", "OutputValue": "api1"}]
        return {"Stacks": [{"StackId": "arn:city", "StackStatus": self.status, "Outputs": outputs}]}

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, StackName: str) -> Any:  # noqa: N803
        assert self.status, "a stack that is not there has no events"
        return [{"StackEvents": self.events[::-1]}]

    def create_change_set(self, **asked: Any) -> None:
        self.done.append(asked["ChangeSetType"])
        self.parameters = asked["Parameters"]
        if asked["ChangeSetType"] == "CREATE":
            self.status = "REVIEW_IN_PROGRESS"

    def describe_change_set(self, **_: Any) -> Any:
        return {"Status": "FAILED", "StatusReason": self.refusal} if self.refusal else {"Status": "CREATE_COMPLETE"}

    def delete_change_set(self, **_: Any) -> None:
        self.done.append("delete the change set")

    def delete_stack(self, **_: Any) -> None:
        self.done.append("delete the stack")
        self._tell("city", "DELETE_COMPLETE")

    def execute_change_set(self, **_: Any) -> None:
        self.done.append("execute")
        if self.ends.endswith("ROLLBACK_COMPLETE"):
            self._tell("ComplaintsTable", "CREATE_FAILED", "limit exceeded")
            self._tell("NotifyOpd", "CREATE_FAILED", "Resource creation cancelled")
        self._tell("city", self.ends)

    def _tell(self, resource: str, status: str, reason: str = "") -> None:
        if resource == "city":
            self.status = status
        self.events.append({
            "EventId": str(len(self.events)), "LogicalResourceId": resource, "ResourceStatus": status,
            "ResourceStatusReason": reason,
        })  # fmt: skip


def deployed(cloudformation: CloudFormation, say: Callable[[str], None] = silent) -> dict[str, str]:
    """Deploy that one stack, without waiting."""
    return stack.deploy_stack(cloudformation, "city", "https://b/t.yaml", {"B": "2", "A": "1"}, say, pause=0)


@pytest.mark.parametrize(
    ("status", "ends", "steps"),
    [
        ("", "CREATE_COMPLETE", ["CREATE", "execute"]),
        ("REVIEW_IN_PROGRESS", "CREATE_COMPLETE", ["CREATE", "execute"]),
        ("UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE", ["UPDATE", "execute"]),
        ("ROLLBACK_COMPLETE", "CREATE_COMPLETE", ["delete the stack", "CREATE", "execute"]),
    ],
)
def test_a_stack_is_brought_on_from_where_it_is(status: str, ends: str, steps: list[str]) -> None:
    there = CloudFormation(status, ends)
    assert deployed(there) == {"RestAPIId": "api1"}
    assert there.done == steps
    assert [one["ParameterKey"] for one in there.parameters] == ["A", "B"]


def test_a_stack_that_is_so_already_stays_untouched() -> None:
    there = CloudFormation("UPDATE_COMPLETE", refusal="The submitted information didn't contain changes.")
    assert deployed(there) == {"RestAPIId": "api1"}
    assert there.done == ["UPDATE", "delete the change set"]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("UPDATE_IN_PROGRESS", "wait for it"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("DELETE_FAILED", "parts of it are left"),
    ],
)
def test_a_stack_that_wants_a_person_is_left_alone(status: str, says: str) -> None:
    there = CloudFormation(status)
    with pytest.raises(stack.DeployFailed, match=says):
        deployed(there)
    assert there.done == []


def test_a_change_that_fails_says_why_and_what_is_left() -> None:
    there = CloudFormation("UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
    with pytest.raises(
        stack.DeployFailed, match=r"ComplaintsTable: limit exceeded\. it runs as it did before"
    ) as failed:
        deployed(there)
    assert "cancelled" not in str(failed.value)


def test_a_template_that_cloudformation_refuses_changes_nothing() -> None:
    there = CloudFormation("UPDATE_COMPLETE", refusal="Template error: X")
    with pytest.raises(stack.DeployFailed, match="nothing was changed: Template error: X"):
        deployed(there)
    assert "execute" not in there.done


def test_only_the_events_of_this_change_are_told() -> None:
    there, said = CloudFormation("CREATE_COMPLETE", "UPDATE_COMPLETE"), list[str]()
    there._tell("Old", "CREATE_COMPLETE")
    deployed(there, said.append)
    assert [line.split() for line in said] == [["UPDATE_COMPLETE", "city"]]


def test_every_function_gets_the_uploaded_code_and_nothing_else_is_touched() -> None:
    function = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "./deployment.zip"}}
    template = {"Resources": {"F": function, "T": {"Type": "AWS::DynamoDB::Table"}}}
    placed = stack.with_code(template, "s3://b/k")
    assert placed["Resources"]["F"]["Properties"] == {"CodeUri": "s3://b/k"}
    assert placed["Resources"]["T"] == template["Resources"]["T"]
    assert function["Properties"] == {"CodeUri": "./deployment.zip"}


def test_the_bucket_of_packages_is_private_and_the_same_package_is_uploaded_once(tmp_path: Path) -> None:
    (tmp_path / synthesis.PACKAGE).write_bytes(b"zip")
    synthesis.write_template({"Resources": {}}, tmp_path / synthesis.TEMPLATE)
    said: list[str] = []
    with mock_aws():
        s3 = boto3.client("s3", region_name="ap-southeast-3")
        for _ in range(2):
            bucket = stack.artifact_bucket(s3, "123456789012", "ap-southeast-3", said.append)
            url = stack.upload(s3, bucket, tmp_path, said.append)
        closed = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert set(closed.values()) == {True}
        assert s3.get_object(Bucket=bucket, Key=url.partition(f"{bucket}/")[2])["Body"].read().startswith(b"Resources")
    assert [line.split()[0] for line in said] == ["creating", "uploading", "uploading"]


# ------------------------------------------------------------------------------------------------------- what it says


def facts(**changes: Any) -> Facts:
    """A deployment at whose end nothing is left to do."""
    url = "https://api1.execute-api.ap-southeast-3.amazonaws.com/api"
    plain: dict[str, Any] = {
        "stack": "sambat-prod", "stage": "prod", "region": "ap-southeast-3", "public_url": url, "endpoint": url,
        "api_id": "api1", "answers": True, "sandbox": False, "sender": "s@kota.example", "sender_verified": True,
        "admin": "a@kota.example", "alarms_to": "a@kota.example", "secret": "arn:secret",
        "sms": ("SAMBAT_SMS_SMSGATE_SECRET",), "budget": "50",
    }  # fmt: skip
    return Facts(**{**plain, **changes})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sandbox": True}, "put-account-details"),
        ({"sender_verified": False}, "SES has mailed s@kota.example a link"),
        (
            {"public_url": "https://sambat.kota.example"},
            "map https://sambat.kota.example to stage api of REST API api1",
        ),
        ({"sms": ()}, "SECRETS=that-file"),
        ({"budget": ""}, "BUDGET_USD="),
        ({"answers": False}, "does not answer 200"),
    ],
)
def test_what_is_left_to_do_is_said_and_only_that(changes: dict[str, Any], says: str) -> None:
    assert says in "\n".join(questions.next_steps(facts(**changes)))
    assert says not in "\n".join(questions.next_steps(facts()))


def test_an_end_in_the_middle_says_what_stands() -> None:
    journal = Journal(silent)
    journal.begin("the stack")
    assert journal.left().startswith("stopped at: the stack. Run")
    journal.begin("the OPDs")
    assert journal.left().startswith("stopped at: the OPDs; what was done before stands: the stack.")


def test_the_address_that_the_gateway_gives_is_known_from_its_id() -> None:
    assert Place("ap-southeast-3", "1").endpoint("a1") == "https://a1.execute-api.ap-southeast-3.amazonaws.com/api"
    assert Place("x", "1", "http://e:1").endpoint("a1") == "http://e:1/_aws/execute-api/a1/api"
