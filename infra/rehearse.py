"""The deployment rehearsed: the package for this machine, deployed on the emulator by the steps of `make deploy`.

CloudFormation, the gateway, the functions, the stream's trigger, mail and sign-in are the emulator's. It enforces no
IAM, has no gateway responses and no firewall: the README says what is therefore not shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra import package, place, stack
from infra.deploy import Journal, Order, deploy
from infra.local.arguments import instant
from infra.local.aws_events import scheduled_event
from infra.local.captures import Captured, MailCapture, SmsCapture
from infra.local.engine import ACCOUNT, ALL_SERVICES, Engine
from infra.place import Place
from infra.questions import Facts

STAGE: Final = "prod"  # what the city will run; only the processor differs
STACK: Final = "sambat-rehearsal"
PASSWORD: Final = "Rehearsal-2026-only"  # noqa: S105  of users of an emulator that lives for minutes
PARAMETERS: Final = {
    "SenderEmail": "sambat@sambat.example",
    "AdminEmail": "admin@sambat.example",
    "MayorEmail": "walikota@sambat.example",
}
TWILIO: Final = {
    "SECRET": "only the rehearsal knows",
    "ACCOUNT": "AC00000000000000000000000000000000",
    "FROM": "+15005550006",
}


@dataclass(frozen=True)
class Rehearsal:
    """A deployed stack on an emulator, and what a test asks of it."""

    facts: Facts
    order: Order
    at: Place
    built: Path
    mail: MailCapture
    sms: SmsCapture

    @property
    def url(self) -> str:
        """The public URL, with the stage's prefix."""
        return self.facts.public_url

    def again(self, say: Callable[[str], None]) -> Facts:
        """Deploy the same once more."""
        return deploy(self.order, self.at, self.built, Journal(say), pause=0.2)

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """Invoke a function of the stack by its logical name and return what it returned; RuntimeError if it failed."""
        name = stack.physical_id(self.at.client("cloudformation"), STACK, function)
        answer = self.at.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
        payload = answer["Payload"].read()
        if "FunctionError" in answer:
            raise RuntimeError(payload.decode())
        return json.loads(payload)

    def at_schedule(self, function: str, at: str) -> Any:
        """Invoke a scheduled function by the event that EventBridge sends at that instant."""
        return self.invoke(function, scheduled_event(instant(at)))

    def user(self, role: str, opd: str = "", division: str = "") -> str:
        """Create a user of that role with `PASSWORD` and return the address to sign in with."""
        cognito, pool = self.at.client("cognito-idp"), self._output("StaffPoolId")
        name = f"{'-'.join(part for part in (role, opd, division) if part)}@staff.sambat.example"
        given = {"email": name, "email_verified": "true", "custom:opd": opd, "custom:division": division}
        attributes = [{"Name": key, "Value": value} for key, value in given.items() if value]
        cognito.admin_create_user(UserPoolId=pool, Username=name, UserAttributes=attributes, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=role)
        return name

    def token(self, user: str) -> str:
        """Return an ID token of the emulator's Cognito."""
        answer = self.at.client("cognito-idp").admin_initiate_auth(
            UserPoolId=self._output("StaffPoolId"),
            ClientId=self._output("StaffClientId"),
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user, "PASSWORD": PASSWORD},
        )
        return str(answer["AuthenticationResult"]["IdToken"])

    def mails(self) -> list[Captured]:
        """Return every e-mail that left."""
        return list(self.mail.all().values())

    def texts(self) -> list[Captured]:
        """Return every SMS that left."""
        return list(self.sms.all().values())

    def _output(self, name: str) -> str:
        return stack.outputs_of(stack.description_of(self.at.client("cloudformation"), STACK))[name]


@contextmanager
def rehearsed(engine_python: Path, folder: Path, say: Callable[[str], None]) -> Iterator[Rehearsal]:
    """Yield the deployed service; everything of it is in `folder` and ends with the block."""
    with ExitStack() as ending:
        journal = Journal(say)
        journal.begin("the package for this machine")
        package.package(STAGE, folder / "package", "host")
        engine = Engine(engine_python, folder, services=ALL_SERVICES)
        ending.callback(engine.stop)
        engine.start(lambda: False)
        mail, sms = MailCapture(folder, engine.url), SmsCapture(folder)
        sms.start()
        ending.callback(sms.stop)
        secrets = {f"SAMBAT_SMS_TWILIO_{name}": value for name, value in TWILIO.items()}
        secrets["SAMBAT_SMS_TWILIO_URL"] = f"{sms.url}/twilio"
        order = Order(STAGE, STACK, PARAMETERS, PARAMETERS["AdminEmail"], secrets, budget="50")
        at = place.on_emulator(engine.url, ACCOUNT)
        facts = deploy(order, at, folder / "package", journal, pause=0.2)
        yield Rehearsal(facts, order, at, folder / "package", mail, sms)
