"""`make deploy STAGE=prod`: from this checkout to a service that answers; run again, it changes what is different.

The package, its upload, the stack, the service's own address, its secrets, the OPDs, the first admin: each step finds
out what is there already. The rehearsal (`infra.rehearse`) takes the same steps on the emulator.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra import bundle, package, place, questions, stack, synthesis
from infra.place import Place
from infra.questions import Facts
from infra.stack import DeployFailed, Say

UNKNOWN_YET: Final = "https://not-yet.invalid/api"  # until API Gateway has said which address it gives
SEED: Final = """
from datetime import UTC, datetime
from chalicelib.workflows.city import seed_opds
print(seed_opds(datetime.now(UTC)))
"""


@dataclass
class Journal:
    """What is done and what is under way, so that an end in the middle can say so."""

    say: Say
    done: list[str] = field(default_factory=list)
    now: str = ""

    def begin(self, step: str) -> None:
        """Say that the step before is done and this one begins; "" after the last one."""
        if self.now:
            self.done.append(self.now)
        self.now = step
        if step:
            self.say(step)

    def left(self) -> str:
        """Return where it stopped and what stands, for a person."""
        stands = f"; what was done before stands: {', '.join(self.done)}" if self.done else ""
        return f"stopped at: {self.now}{stands}. Run the same command again to go on."


@dataclass(frozen=True)
class Order:
    """What is to be deployed; `admin` is the first admin's address, `secrets` are further settings, `budget` the US
    dollars a month above which the admin is told ("": as it is)."""

    stage: str
    stack: str
    parameters: Mapping[str, str]
    admin: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    budget: str = ""


def deploy(order: Order, to: Place, built: Path, journal: Journal, pause: float = 5.0) -> Facts:
    """Bring the stack and what it needs to the state asked for; return what there is to say about it.

    `built` is the folder with the package. Raises DeployFailed, or botocore's errors.
    """
    cloudformation, secrets = to.client("cloudformation"), to.client("secretsmanager")
    journal.begin("the package in its bucket")
    s3 = to.client("s3")
    url = stack.upload(s3, stack.artifact_bucket(s3, to.account, to.region, journal.say), built, journal.say)

    journal.begin(f"the stack {order.stack}")
    described = stack.description_of(cloudformation, order.stack)
    before = stack.outputs_of(described)
    address = stack.parameters_of(described).get("PublicUrl", UNKNOWN_YET)
    wanted = {"PublicUrl": address, "EmulatorUrl": to.emulator, "Stage": order.stage, **order.parameters}
    if "ServiceSecretArn" in before:
        wanted["SecretVersion"] = put_secrets(secrets, before["ServiceSecretArn"], order.secrets)
    outputs = stack.deploy_stack(cloudformation, order.stack, url, wanted, journal.say, pause)

    journal.begin("its own address and its secrets, in a second pass")
    found = {"SecretVersion": put_secrets(secrets, outputs["ServiceSecretArn"], order.secrets)}
    if wanted["PublicUrl"] == UNKNOWN_YET:
        found["PublicUrl"] = to.endpoint(outputs["RestAPIId"])
    if any(wanted.get(name) != value for name, value in found.items()):
        wanted |= found
        outputs = stack.deploy_stack(cloudformation, order.stack, url, wanted, journal.say, pause)

    journal.begin("the OPDs")
    journal.say(f"entered {seed(to, order.stack)} OPDs that were not there")
    journal.begin("the first admin")
    new = first_admin(to.client("cognito-idp"), outputs["StaffPoolId"], order.admin)
    journal.say(f"{order.admin} {'is created; Cognito has mailed the temporary password' if new else 'is there'}")
    if order.budget:
        journal.begin("the budget")
        set_budget(
            to.client("budgets"), to.account, f"{order.stack}-monthly", order.budget, order.parameters["AdminEmail"]
        )
    journal.begin("a look whether it answers")
    answers = health(f"{to.endpoint(outputs['RestAPIId'])}/health")
    journal.begin("")
    return _facts(order, to, outputs, wanted["PublicUrl"], answers)


def put_secrets(secrets: Any, arn: str, more: Mapping[str, str]) -> str:
    """Put `more` into the secret, keep what else it holds, and return its version: a new one only if it is another."""
    read = secrets.get_secret_value(SecretId=arn)
    held = json.loads(read["SecretString"])
    merged = {**held, **more}
    if merged == held:
        return str(read["VersionId"])
    questions.check_secrets(merged)
    return str(secrets.put_secret_value(SecretId=arn, SecretString=json.dumps(merged))["VersionId"])


def seed(to: Place, name: str) -> int:
    """Enter the OPDs of data/opds.json that the city's registry has not yet, never over an edit; return how many."""
    environment = {key: value for key, value in to.environment.items() if not key.startswith("SAMBAT_")}
    environment |= {**synthesis.PLACEHOLDERS, "SAMBAT_TABLE_PREFIX": f"{name}-", "AWS_DEFAULT_REGION": to.region}
    command = [sys.executable, "-c", SEED]
    run = subprocess.run(
        command, cwd=synthesis.ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    if run.returncode:
        raise DeployFailed(f"the OPDs could not be entered: {run.stderr.strip().rpartition(chr(10))[2]}")
    return int(run.stdout)


def first_admin(cognito: Any, pool: str, address: str) -> bool:
    """Let `address` be a user of group admin; return whether they are new: Cognito mails a new one the password."""
    attributes = [{"Name": "email", "Value": address}, {"Name": "email_verified", "Value": "true"}]
    new = True
    try:
        cognito.admin_create_user(
            UserPoolId=pool, Username=address, UserAttributes=attributes, DesiredDeliveryMediums=["EMAIL"]
        )
    except cognito.exceptions.UsernameExistsException:
        new = False
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=address, GroupName="admin")
    return new


def set_budget(budgets: Any, account: str, name: str, dollars: str, address: str) -> None:
    """Let `address` be told when the account's month costs 80 % of `dollars`, and when it is forecast to cost all.

    By its API and not in the template: CloudFormation has no budgets in Jakarta.
    """
    budget = {
        "BudgetName": name,
        "BudgetLimit": {"Amount": dollars, "Unit": "USD"},
        "TimeUnit": "MONTHLY",
        "BudgetType": "COST",
    }
    told = [{"SubscriptionType": "EMAIL", "Address": address}]
    levels = (("ACTUAL", 80.0), ("FORECASTED", 100.0))
    notifications = [
        {
            "Notification": {
                "NotificationType": kind,
                "ComparisonOperator": "GREATER_THAN",
                "Threshold": percent,
                "ThresholdType": "PERCENTAGE",
            },
            "Subscribers": told,
        }
        for kind, percent in levels
    ]
    try:
        budgets.create_budget(AccountId=account, Budget=budget, NotificationsWithSubscribers=notifications)
    except budgets.exceptions.DuplicateRecordException:
        budgets.update_budget(AccountId=account, NewBudget=budget)


def _budget_there(budgets: Any, account: str, name: str) -> str:
    try:
        found = budgets.describe_budget(AccountId=account, BudgetName=name)
    except (ClientError, BotoCoreError):
        return ""
    return str(found["Budget"]["BudgetLimit"]["Amount"])


def health(url: str, tries: int = 6, pause: float = 2.0) -> bool:
    """Say whether `url` answers 200 within a few tries: a new API needs a moment."""
    for _ in range(tries):
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  our own address
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(pause)
    return False


def _facts(order: Order, to: Place, outputs: Mapping[str, str], public_url: str, answers: bool) -> Facts:
    sender = order.parameters["SenderEmail"]
    ses = to.client("sesv2")
    identity = order.parameters.get("SenderIdentity") or sender
    held = json.loads(
        to.client("secretsmanager").get_secret_value(SecretId=outputs["ServiceSecretArn"])["SecretString"]
    )
    return Facts(
        stack=order.stack,
        stage=order.stage,
        region=to.region,
        public_url=public_url,
        endpoint=to.endpoint(outputs["RestAPIId"]),
        api_id=outputs["RestAPIId"],
        answers=answers,
        sandbox=not _asked(lambda: ses.get_account()["ProductionAccessEnabled"], default=False),
        sender=sender,
        sender_verified=_asked(lambda: ses.get_email_identity(EmailIdentity=identity)["VerifiedForSendingStatus"]),
        admin=order.admin,
        alarms_to=order.parameters["AdminEmail"],
        secret=outputs["ServiceSecretArn"],
        budget=_budget_there(to.client("budgets"), to.account, f"{order.stack}-monthly"),
        sms=tuple(sorted(name for name in held if name.startswith("SAMBAT_SMS_") and name.endswith("_SECRET"))),
    )


def _asked(question: Callable[[], Any], *, default: bool = False) -> bool:
    try:
        return bool(question())
    except (ClientError, BotoCoreError, KeyError):
        return default


def settled(to: Place, name: str, ask: Callable[[str], str] | None) -> tuple[dict[str, str], str]:
    """Return the parameters of the stack and the first admin's address: as given, as before, as found, or as asked.

    Raises questions.Unanswered.
    """
    before = stack.description_of(to.client("cloudformation"), name)
    previous = stack.parameters_of(before)
    if before is None or before["StackStatus"] in ("REVIEW_IN_PROGRESS", stack.KEPT_AFTER_A_ROLLBACK):
        previous = {}
    parameters = questions.parameters(os.environ, previous, ask)
    if not previous:
        parameters = {**_found_in_the_account(to, parameters["SenderEmail"]), **parameters}
    return parameters, os.environ.get("ADMIN_USER") or parameters["AdminEmail"]


def _found_in_the_account(to: Place, sender: str) -> dict[str, str]:
    """Return what a new stack must leave to the account: its gateway's log role, an identity that SES has already."""
    found = {}
    if to.client("apigateway").get_account().get("cloudwatchRoleArn"):
        found["GatewayLogRole"] = "existing"
    ses = to.client("sesv2")
    for identity in (sender.partition("@")[2], sender):
        try:
            verified = ses.get_email_identity(EmailIdentity=identity)["VerifiedForSendingStatus"]
        except ses.exceptions.NotFoundException:
            continue
        if verified or identity == sender:
            found["SenderIdentity"] = identity
            break
    return found


def main() -> int:
    """Deploy the stage asked for; exit code 1 when it is not as asked at the end, 2 when something was not said."""
    asked = _arguments()
    name, journal = os.environ.get("STACK") or f"sambat-{asked.stage}", Journal(_say)
    try:
        journal.begin("a look at the account")
        to = place.on_aws()
        journal.say(f"account {to.account}, region {to.region}, stack {name}")
        secrets = questions.read_secrets(asked.secrets) if asked.secrets else {}
        budget = questions.budget_of(os.environ)
        parameters, admin = settled(to, name, input if sys.stdin.isatty() else None)
        journal.begin("the package")
        package.package(asked.stage, asked.out)
        facts = deploy(Order(asked.stage, name, parameters, admin, secrets, budget), to, asked.out, journal)
    except (questions.Unanswered, questions.BadSecrets) as unclear:
        return _complain(f"{unclear} ({journal.left()})", 2)
    except (DeployFailed, bundle.BundleRefused, synthesis.SynthesisFailed, subprocess.CalledProcessError) as failed:
        return _complain(f"{failed} ({journal.left()})", 1)
    except (BotoCoreError, ClientError) as refused:
        return _complain(f"AWS says: {refused} ({journal.left()})", 1)
    except KeyboardInterrupt:
        return _complain(f"what CloudFormation has begun goes on by itself ({journal.left()})", 130)
    print("\n".join(["", *questions.next_steps(facts)]))
    return 0 if facts.answers else 1


def _complain(message: str, code: int) -> int:
    print(f"deploy: {message}", file=sys.stderr)
    return code


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    parser.add_argument("--stage", choices=synthesis.STAGES, required=True)
    parser.add_argument("--out", type=Path, help="folder for the package (default build/STAGE)")
    parser.add_argument("--secrets", type=Path, help="JSON file with SAMBAT_SMS_* settings for the secret")
    asked = parser.parse_args()
    asked.out = asked.out or synthesis.ROOT / "build" / asked.stage
    return asked


_BEGUN: Final = time.monotonic()


def _say(what: str) -> None:
    print(f"{time.monotonic() - _BEGUN:6.1f} s  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
