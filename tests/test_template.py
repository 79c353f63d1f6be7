"""The template that is deployed: synthesised for each stage from app.py and infra/, offline, and held to its rules."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from chalicelib import settings
from infra import check_template, synthesis

Template = dict[str, Any]
Resource = dict[str, Any]

# Chalice's own names: of each function, the role that it gives it, and the policy file that .chalice/config.json names
FUNCTIONS: Final = {
    "APIHandler": ("ApiHandlerRole", "policy-api.json"),
    "Identify": ("IdentifyRole", "policy-identify.json"),
    "NotifyOpd": ("NotifyOpdRole", "policy-notify.json"),
    "SweepDeadlines": ("SweepDeadlinesRole", "policy-sweep.json"),
    "ReconcileMessages": ("ReconcileMessagesRole", "policy-reconcile.json"),
}
# The only stars in a resource, each for one action: any stream of that one table, since ListStreams takes no stream's
# name; any number, pool and configuration set of this account in this region, which the city may choose later
STARRED: Final = {
    ("dynamodb:ListStreams",): [{"Fn::Sub": "${ComplaintsTable.Arn}/stream/*"}],
    ("sms-voice:SendTextMessage",): [{"Fn::Sub": "arn:${AWS::Partition}:sms-voice:${AWS::Region}:${AWS::AccountId}:*"}],
}
TABLES: Final = {"complaints", "reporters", "escalations", "notifications", "intake", "registry", "statistics"}
REGION: Final = "ap-southeast-3"
# AWS::Budgets::Budget too, which the Jakarta region has not: it would have to be a stack of its own elsewhere
REFUSED_BY_THE_EMULATOR: Final = {
    "AWS::WAFv2::WebACLAssociation",
    "AWS::Backup::BackupSelection",
    "AWS::Cognito::UserPoolUser",
    "AWS::CloudWatch::CompositeAlarm",
}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Template]:
    return {stage: synthesis.synthesise(stage, tmp_path_factory.mktemp(stage))[0] for stage in synthesis.STAGES}


@pytest.fixture(params=synthesis.STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def template(templates: Mapping[str, Template], stage: str) -> Template:
    return templates[stage]


@pytest.fixture
def resources(template: Template) -> dict[str, Resource]:
    return dict(template["Resources"])


@pytest.fixture
def transformed(template: Template, monkeypatch: pytest.MonkeyPatch) -> Template:
    """The template after AWS's own SAM transform, as CloudFormation executes it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    return check_template.transformed(template)


def _of_type(resources: Mapping[str, Resource], type_: str) -> dict[str, Resource]:
    return {name: resource for name, resource in resources.items() if resource["Type"] == type_}


def _policy(file: str) -> Any:
    return json.loads((synthesis.ROOT / ".chalice" / file).read_text(encoding="utf-8"))


def _statements() -> Iterator[tuple[str, dict[str, Any], list[Any]]]:
    for _, file in FUNCTIONS.values():
        for statement in _policy(file)["Statement"]:
            resource = statement["Resource"]
            yield file, statement, resource if isinstance(resource, list) else [resource]


def _metric(resources: Mapping[str, Resource], metric: str, function: str) -> list[Resource]:
    wanted = {"Name": "FunctionName", "Value": {"Ref": function}}
    alarms = [alarm["Properties"] for alarm in _of_type(resources, "AWS::CloudWatch::Alarm").values()]
    return [alarm for alarm in alarms if alarm["MetricName"] == metric and wanted in alarm["Dimensions"]]


def test_cfn_lint_finds_nothing_before_and_after_the_sam_transform(
    template: Template, transformed: Template, tmp_path: Path
) -> None:
    synthesis.write_template(template, tmp_path / "before.yaml")
    synthesis.write_template(transformed, tmp_path / "after.yaml")
    command = [sys.executable, "-c", "from cfnlint.runner import main; main()", "--format", "parseable"]
    command += ["--regions", REGION, "--template", str(tmp_path / "before.yaml"), str(tmp_path / "after.yaml")]
    lint = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own linter
    assert (lint.stdout, lint.returncode) == ("", 0), lint.stderr


# ------------------------------------------------------------------------------------------------------ functions


def test_the_functions_are_the_five_that_the_policies_are_written_for(resources: dict[str, Resource]) -> None:
    assert set(_of_type(resources, "AWS::Serverless::Function")) == set(FUNCTIONS)


def test_every_function_has_a_role_and_a_policy_of_its_own(resources: dict[str, Resource]) -> None:
    for function, (role, file) in FUNCTIONS.items():
        assert resources[function]["Properties"]["Role"] == {"Fn::GetAtt": [role, "Arn"]}
        documents = [policy["PolicyDocument"] for policy in resources[role]["Properties"]["Policies"]]
        assert documents == [_policy(file)], f"Chalice changed or mixed the policy of {function}"


def test_no_policy_has_a_wildcard_in_an_action_nor_a_foreign_one_in_a_resource() -> None:
    for file, statement, targets in _statements():
        assert statement["Effect"] == "Allow"
        assert "NotAction" not in statement
        assert "NotResource" not in statement
        assert not [action for action in statement["Action"] if "*" in action], file
        if statement["Sid"] == "TracesHaveNoResource":
            assert statement["Action"] == ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], file
            continue
        starred = [target for target in targets if "*" in json.dumps(target)]
        assert not starred or starred == STARRED.get(tuple(statement["Action"])), file


def test_every_policy_names_only_what_the_template_has(resources: dict[str, Resource], template: Template) -> None:
    known = set(resources) | set(template["Parameters"])
    for file, _, targets in _statements():
        text = json.dumps(targets)
        named = set(re.findall(r'"(?:Ref|Fn::GetAtt)": \[?"([A-Za-z]+)"', text))
        named |= set(re.findall(r"\$\{([A-Za-z]+)\.Arn\}", text))
        assert named <= known, file
        for table, index in re.findall(r"\$\{([A-Za-z]+)\.Arn\}/index/(\w+)", text):
            assert index in {i["IndexName"] for i in resources[table]["Properties"]["GlobalSecondaryIndexes"]}, file


def test_nobody_scans_and_nobody_touches_a_table_itself() -> None:
    granted = {action for _, statement, _ in _statements() for action in statement["Action"]}
    assert not granted & {"dynamodb:Scan", "dynamodb:DeleteTable", "dynamodb:UpdateTable", "dynamodb:CreateTable"}


def test_the_authorizer_reads_no_table() -> None:
    assert "dynamodb:" not in json.dumps(_policy("policy-identify.json"))


def test_only_who_tells_people_sends_mail_and_only_as_the_sender() -> None:
    senders = {file: s.get("Condition") for file, s, _ in _statements() if "ses:SendEmail" in s["Action"]}
    as_the_sender = {"StringEquals": {"ses:FromAddress": {"Ref": "SenderEmail"}}}
    assert senders == dict.fromkeys(("policy-notify.json", "policy-reconcile.json", "policy-sweep.json"), as_the_sender)


def test_every_function_logs_to_a_group_of_its_own_that_forgets(resources: dict[str, Resource]) -> None:
    groups = set()
    for function, (_, file) in FUNCTIONS.items():
        group = resources[function]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
        groups.add(group)
        assert [s["Resource"] for s in _policy(file)["Statement"] if "logs:PutLogEvents" in s["Action"]] == [
            {"Fn::GetAtt": [group, "Arn"]}
        ]
    assert len(groups) == len(FUNCTIONS)
    for name, group in _of_type(resources, "AWS::Logs::LogGroup").items():
        assert group["Properties"]["RetentionInDays"] == {"Fn::If": ["IsProduction", 90, 14]}, name


def test_the_environment_of_the_functions_is_enough_to_start(template: Template) -> None:
    environment = template["Globals"]["Function"]["Environment"]["Variables"]
    secret = template["Resources"]["ServiceSecret"]["Properties"]["GenerateSecretString"]
    values = {**synthesis.PLACEHOLDERS, "SAMBAT_TIME_ZONE": "Asia/Jakarta"}
    given = {name: values.get(name, "https://x.example") for name in environment}
    given[secret["GenerateStringKey"]] = "k" * secret["PasswordLength"]
    assert settings.read(given).sms == {}
    assert "SAMBAT_SIGNING_KEY" not in environment, "an environment is no place for a secret"


def test_production_runs_on_arm(templates: Mapping[str, Template]) -> None:
    functions = _of_type(templates["prod"]["Resources"], "AWS::Serverless::Function").values()
    assert [function["Properties"]["Architectures"] for function in functions] == [["arm64"]] * len(FUNCTIONS)


# ----------------------------------------------------------------------------------------------- tables and stream


def _tables_of(resources: Mapping[str, Resource]) -> list[Resource]:
    return [resource for resource in resources.values() if resource.get("Type") == "AWS::DynamoDB::Table"]


def test_resources_yaml_reads_without_cloudformations_tags() -> None:
    merged = yaml.safe_load(synthesis.MERGED.read_text(encoding="utf-8"))
    names = {table["Properties"]["TableName"]["Fn::Sub"] for table in _tables_of(merged["Resources"])}
    assert names == {"${AWS::StackName}-" + table for table in TABLES}


def test_every_table_is_encrypted_on_demand_and_recoverable(resources: dict[str, Resource]) -> None:
    tables = _of_type(resources, "AWS::DynamoDB::Table")
    assert len(tables) == len(TABLES)
    for name, table in tables.items():
        properties = table["Properties"]
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, name
        assert properties["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}, name
        assert properties["BillingMode"] == "PAY_PER_REQUEST", name
        assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["IsProduction", True, False]}, name


def test_a_table_declares_the_attributes_of_its_keys_and_no_others(resources: dict[str, Resource]) -> None:
    for name, table in _of_type(resources, "AWS::DynamoDB::Table").items():
        properties = table["Properties"]
        keys = [properties["KeySchema"], *(i["KeySchema"] for i in properties.get("GlobalSecondaryIndexes", []))]
        used = {part["AttributeName"] for key in keys for part in key}
        assert {a["AttributeName"] for a in properties["AttributeDefinitions"]} == used, name


def test_no_index_shows_who_a_reporter_is(resources: dict[str, Resource]) -> None:
    for index in resources["ReportersTable"]["Properties"]["GlobalSecondaryIndexes"]:
        assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_data_outlives_the_stack_on_prod_only(templates: Mapping[str, Template]) -> None:
    for stage, kept in (("prod", ("RetainExceptOnCreate", "Retain")), ("dev", ("Delete", "Delete"))):
        resources = templates[stage]["Resources"]
        for name in (*_of_type(resources, "AWS::DynamoDB::Table"), "ServiceSecret", "StaffPool"):
            assert (resources[name]["DeletionPolicy"], resources[name]["UpdateReplacePolicy"]) == kept, name
        assert templates[stage]["Parameters"]["Stage"]["Default"] == stage


def test_a_poison_record_is_set_apart_and_parked(transformed: Template) -> None:
    assert transformed["Resources"]["ComplaintsTable"]["Properties"]["StreamSpecification"] == {
        "StreamViewType": "NEW_AND_OLD_IMAGES"
    }
    (mapping,) = _of_type(transformed["Resources"], "AWS::Lambda::EventSourceMapping").values()
    properties = mapping["Properties"]
    assert properties["EventSourceArn"] == {"Fn::GetAtt": ["ComplaintsTable", "StreamArn"]}
    assert properties["FunctionName"] == {"Ref": "NotifyOpd"}
    assert properties["StartingPosition"] == "TRIM_HORIZON"
    assert properties["BatchSize"] == 100
    assert properties["MaximumBatchingWindowInSeconds"] <= 1
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert properties["BisectBatchOnFunctionError"] is True
    assert 1 <= properties["MaximumRetryAttempts"] <= 10
    assert 3600 <= properties["MaximumRecordAgeInSeconds"] < 86400
    assert properties["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["FailureQueue", "Arn"]}


def test_the_failure_queue_is_encrypted_and_keeps_what_it_has_for_two_weeks(resources: dict[str, Resource]) -> None:
    assert resources["FailureQueue"]["Properties"] == {"MessageRetentionPeriod": 1209600, "SqsManagedSseEnabled": True}


@pytest.mark.parametrize(
    ("function", "schedule"), [("SweepDeadlines", "rate(15 minutes)"), ("ReconcileMessages", "rate(1 hour)")]
)
def test_what_is_scheduled_gets_the_events_own_time(
    resources: dict[str, Resource], function: str, schedule: str
) -> None:
    (event,) = resources[function]["Properties"]["Events"].values()
    assert event == {"Type": "Schedule", "Properties": {"Schedule": schedule}}


# ---------------------------------------------------------------------------------------------------------- alarms


def test_every_alarm_reaches_the_admin(resources: dict[str, Resource]) -> None:
    for name, alarm in _of_type(resources, "AWS::CloudWatch::Alarm").items():
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
    assert resources["AlarmTopic"]["Properties"]["Subscription"] == [
        {"Protocol": "email", "Endpoint": {"Ref": "AdminEmail"}}
    ]


def test_a_parked_record_raises_an_alarm(resources: dict[str, Resource]) -> None:
    alarm = resources["FailureQueueAlarm"]["Properties"]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["FailureQueue", "QueueName"]}}]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("ApproximateNumberOfMessagesVisible", 0)
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_a_failed_or_throttled_function_raises_an_alarm(
    resources: dict[str, Resource], function: str, metric: str
) -> None:
    (alarm,) = _metric(resources, metric, function)
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == ("Sum", "GreaterThanThreshold", 0)


def test_a_sweep_that_does_not_run_for_an_hour_raises_an_alarm(resources: dict[str, Resource]) -> None:
    (alarm,) = _metric(resources, "Invocations", "SweepDeadlines")
    assert (alarm["Period"] * alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (3600, "breaching")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)


def test_the_dashboard_shows_every_alarm_every_function_and_every_table(resources: dict[str, Resource]) -> None:
    text = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(re.sub(r"\$\{[^}]*\}", "x", text))["widgets"]
    assert sum(widget["width"] * widget["height"] for widget in widgets) == 24 * 22, "no hole, nothing overlaps"
    alarms = set(re.findall(r"\$\{(\w+)\.Arn\}", text))
    assert alarms == set(_of_type(resources, "AWS::CloudWatch::Alarm"))
    for function in FUNCTIONS:
        assert text.count(f'"${{{function}}}"') >= 3, f"errors, invocations and duration of {function}"
    for table in TABLES:
        assert text.count(f'"${{AWS::StackName}}-{table}"') == 2, f"write and read units of {table}"


def test_a_stream_that_is_read_late_raises_an_alarm(resources: dict[str, Resource]) -> None:
    (alarm,) = _metric(resources, "IteratorAge", "NotifyOpd")
    assert alarm["Threshold"] <= 300_000


# ------------------------------------------------------------------------------------------------ API and identity


def test_the_gateways_own_answers_are_problems_that_a_browser_may_read(resources: dict[str, Resource]) -> None:
    answers = resources["RestAPI"]["Properties"]["GatewayResponses"]
    statuses = {}
    for kind, answer in answers.items():
        assert answer["ResponseParameters"]["Headers"]["Access-Control-Allow-Origin"] == "'*'", kind
        assert answer["ResponseParameters"]["Headers"]["X-Content-Type-Options"] == "'nosniff'", kind
        ((content_type, text),) = answer["ResponseTemplates"].items()
        assert content_type == "application/problem+json", kind
        problem = json.loads(text)
        assert {"type", "title", "status", "detail"} == set(problem), kind
        assert problem["status"] == answer["StatusCode"], kind
        statuses[kind] = answer["StatusCode"]
    assert statuses["MISSING_AUTHENTICATION_TOKEN"] == 404, "the gateway's word for a route that does not exist"
    assert (statuses["UNAUTHORIZED"], statuses["ACCESS_DENIED"]) == (401, 403)
    assert (statuses["REQUEST_TOO_LARGE"], statuses["THROTTLED"]) == (413, 429)
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= set(statuses)


def test_the_gateways_own_answers_say_what_the_api_would_say(resources: dict[str, Resource]) -> None:
    from chalicelib.api.errors import Problem

    only_the_gateways = {"THROTTLED", "QUOTA_EXCEEDED", "INTEGRATION_TIMEOUT"}
    for kind, answer in resources["RestAPI"]["Properties"]["GatewayResponses"].items():
        if kind not in only_the_gateways:
            (text,) = answer["ResponseTemplates"].values()
            said = json.loads(text)
            same = Problem(said["type"].rpartition(":")[2], limit="", types="").response("id")
            meant = json.loads(same.body)
            assert {said[name] == meant[name] for name in ("type", "title", "status")} == {True}, kind


def test_the_api_is_regional_throttled_and_has_one_stage_only(transformed: Template) -> None:
    resources = transformed["Resources"]
    (api,) = _of_type(resources, "AWS::ApiGateway::RestApi").values()
    assert api["Properties"]["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert api["Properties"]["MinimumCompressionSize"] == 1024
    (live,) = _of_type(resources, "AWS::ApiGateway::Stage").values()
    throttled = {(each["HttpMethod"], each["ResourcePath"]): each for each in live["Properties"]["MethodSettings"]}
    assert set(throttled) == {("*", "/*"), ("POST", "/~1complaints")}, "all, and of these the filings"
    for each in throttled.values():
        assert {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= set(each)
    (deployment,) = _of_type(resources, "AWS::ApiGateway::Deployment").values()
    assert "StageName" not in deployment["Properties"], "a second stage, past throttle and firewall"


def test_the_gateway_keeps_nothing_about_who_asked_for_what(resources: dict[str, Resource]) -> None:
    api = resources["RestAPI"]["Properties"]
    line = api["AccessLogSetting"]["Format"]
    assert json.loads(line)["route"] == "$context.resourcePath"
    assert not re.search(r"\$context\.(identity|path\b|customDomain|authorizer|requestOverride)|\$input|\$method", line)
    assert api["TracingEnabled"] is False, "a trace of the gateway keeps address and path"
    assert all(not method["DataTraceEnabled"] for method in api["MethodSettings"])
    assert all(method["LoggingLevel"] == "OFF" for method in api["MethodSettings"])


def test_no_officer_can_choose_an_opd_or_sign_up(resources: dict[str, Resource]) -> None:
    client = resources["StaffClient"]["Properties"]
    assert client["WriteAttributes"]
    assert not [name for name in client["WriteAttributes"] if name.startswith("custom:")]
    assert {"custom:opd", "custom:division"} <= set(client["ReadAttributes"])
    assert "aws.cognito.signin.user.admin" not in client["AllowedOAuthScopes"]
    assert (client["AllowedOAuthFlows"], client["GenerateSecret"]) == (["code"], False)
    assert client["CallbackURLs"] == [{"Fn::Sub": "${PublicUrl}/masuk/selesai"}]
    assert resources["StaffPool"]["Properties"]["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True


def test_the_groups_are_the_roles_of_the_api(resources: dict[str, Resource]) -> None:
    groups = _of_type(resources, "AWS::Cognito::UserPoolGroup").values()
    assert {group["Properties"]["GroupName"] for group in groups} == {"admin", "opd", "mayor", "auditor"}


def test_what_the_emulator_refuses_stands_behind_a_condition(template: Template) -> None:
    for name, resource in template["Resources"].items():
        if resource["Type"] in REFUSED_BY_THE_EMULATOR:
            assert resource.get("Condition") == "IsProductionOnAws", name
    assert template["Conditions"]["IsProductionOnAws"] == {
        "Fn::And": [{"Condition": "IsProduction"}, {"Condition": "OnAws"}]
    }
