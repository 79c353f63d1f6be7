"""What a deployment must know, where it learns it, and what it tells at its end; all of it without AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from chalicelib import settings
from infra import synthesis


class Unanswered(Exception):
    """Something that the stack needs was not said, or cannot be so; the message names the variable."""


class BadSecrets(Exception):
    """With these settings the service would not start; the message names the first, and shows none."""


@dataclass(frozen=True, slots=True)
class Question:
    """One parameter of the stack: the variable that answers it, and what a person is asked ("" = never asked)."""

    parameter: str
    variable: str
    text: str = ""


QUESTIONS: Final = (
    Question("SenderEmail", "SENDER_EMAIL", "address that mail is sent from"),
    Question("AdminEmail", "ADMIN_EMAIL", "the admin's mail (alarms, and what needs a hand)"),
    Question("MayorEmail", "MAYOR_EMAIL", "the mayor's mail (the upper rungs)"),
    Question("PublicUrl", "PUBLIC_URL"),
    Question("SenderIdentity", "SENDER_IDENTITY"),
    Question("CityName", "CITY"),
    Question("TimeZone", "TIME_ZONE"),
    Question("RequestsPerSecond", "REQUESTS_PER_SECOND"),
    Question("FilingsPerSecond", "FILINGS_PER_SECOND"),
    Question("GatewayLogRole", "GATEWAY_LOG_ROLE"),
)
OURS: Final = frozenset({"Stage", "EmulatorUrl", "SecretVersion"})  # never a person's to say


def parameters(
    environ: Mapping[str, str], previous: Mapping[str, str], ask: Callable[[str], str] | None
) -> dict[str, str]:
    """Return the stack's parameters: of `environ`, else as `previous`ly, else as `ask` answers; the rest is default.

    Raises Unanswered naming all that is missing when there is nobody to ask (`ask` is None).
    """
    known = template_parameters()
    answers = {name: value for name, value in previous.items() if name in known and name not in OURS}
    missing = []
    for question in QUESTIONS:
        given = environ.get(question.variable, "").strip()
        if not given and question.text and question.parameter not in answers:
            given = ask(f"{question.text}: ").strip() if ask else ""
            if not given:
                missing.append(f"{question.variable} ({question.text})")
                continue
        if given:
            answers[question.parameter] = given
    if missing:
        raise Unanswered(f"not said: {', '.join(missing)}; as in make deploy STAGE=dev {missing[0].split()[0]}=...")
    for question in QUESTIONS:
        if question.parameter in answers:
            _must_fit(question, answers[question.parameter], known[question.parameter])
    return answers


def template_parameters() -> dict[str, dict[str, Any]]:
    """Return the parameters that resources.yaml declares."""
    declared: dict[str, dict[str, Any]] = yaml.safe_load(synthesis.MERGED.read_text(encoding="utf-8"))["Parameters"]
    return declared


def _must_fit(question: Question, value: str, declared: Mapping[str, Any]) -> None:
    pattern, allowed = declared.get("AllowedPattern", ".*"), declared.get("AllowedValues", [value])
    if not re.fullmatch(pattern, value) or value not in allowed:
        raise Unanswered(f"{question.variable} cannot be {value!r}: {declared.get('Description', pattern)}")
    if declared["Type"] == "Number" and not value.isdecimal():
        raise Unanswered(f"{question.variable} must be a number, not {value!r}")


def budget_of(environ: Mapping[str, str]) -> str:
    """Return the monthly budget in US dollars, "" for none; raise Unanswered for what is no amount."""
    given = environ.get("BUDGET_USD", "").strip()
    if given and not re.fullmatch(r"[1-9]\d{0,6}", given):
        raise Unanswered(f"BUDGET_USD must be whole US dollars a month, not {given!r}")
    return given


def read_secrets(file: Path) -> dict[str, str]:
    """Return the SAMBAT_SMS_* settings of a JSON file; raise BadSecrets for anything else in it."""
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadSecrets(f"{file} is not a JSON file ({type(error).__name__})") from None
    if not isinstance(read, dict) or not all(isinstance(value, str) for value in read.values()):
        raise BadSecrets(f"{file} must be one JSON object of texts")
    if foreign := sorted(name for name in read if not name.startswith("SAMBAT_SMS_")):
        raise BadSecrets(f"{foreign[0]} in {file} is no SAMBAT_SMS_* setting")
    return read


def check_secrets(secrets: Mapping[str, str]) -> None:
    """Raise BadSecrets when the service would not start with these: every function would fail at once."""
    try:
        settings.read({**synthesis.PLACEHOLDERS, **secrets})
    except settings.BadSetting as error:
        raise BadSecrets(str(error)) from None


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands at the end of a deployment."""

    stack: str
    stage: str
    region: str
    public_url: str
    endpoint: str
    api_id: str
    answers: bool
    sandbox: bool
    sender: str
    sender_verified: bool
    admin: str
    alarms_to: str
    secret: str
    sms: tuple[str, ...]
    budget: str  # US dollars a month, "" without one


def next_steps(facts: Facts) -> list[str]:
    """Return what a person still has to do, as lines for a terminal; no secret is among them."""
    lines = [f"{facts.public_url}  is where the service is" if facts.answers else _silent(facts)]
    if facts.public_url != facts.endpoint:
        lines.append(
            f"- The custom domain: map {facts.public_url} to stage api of REST API {facts.api_id} "
            "(API Gateway, custom domain names), and point its DNS name there."
        )
    else:
        lines.append(f"- A domain of the city's own: make deploy STAGE={facts.stage} PUBLIC_URL=https://...")
    if not facts.sender_verified:
        lines.append(f"- SES has mailed {facts.sender} a link: open it, or no e-mail goes out.")
    if facts.sandbox:
        lines.append(
            "- SES is in its sandbox: it mails verified addresses only. Ask for production access: "
            f"aws sesv2 put-account-details --production-access-enabled --mail-type TRANSACTIONAL "
            f"--website-url {facts.public_url} --region {facts.region}"
        )
    lines.append(f"- {facts.alarms_to} must confirm the mail of AWS Notifications, or no alarm arrives.")
    lines.append(f"- {facts.admin} signs in within 7 days, with the password that Cognito mailed.")
    if facts.sms:
        lines.append(f"- SMS is on: {', '.join(name.split('_')[2].lower() for name in facts.sms)}.")
    else:
        lines += [
            "- SMS is off. To switch a provider on, write its settings into a file that only you read:",
            '    {"SAMBAT_SMS_SMSGATE_SECRET": "...", "SAMBAT_SMS_SMSGATE_USER": "...", ...}',
            f"  then make deploy STAGE={facts.stage} SECRETS=that-file (it goes into {facts.secret};",
            "  the functions start anew and read it), and delete the file.",
        ]
    if not facts.budget:
        lines.append(f"- No budget watches the bill: make deploy STAGE={facts.stage} BUDGET_USD=50")
    lines.append(
        "- Every OPD's address in the registry still ends in .invalid until an admin sets it (PUT /admin/opds/...);"
    )
    lines.append(f"  until then its mail goes to {facts.alarms_to}.")
    return lines


def _silent(facts: Facts) -> str:
    return (
        f"The stack is there, but {facts.endpoint}/health does not answer 200: "
        f"aws logs tail /aws/lambda/{facts.stack}-api --region {facts.region}"
    )
