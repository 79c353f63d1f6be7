"""Environment -> frozen Settings, read once; a missing or bad value stops the start and is named."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

_TOPIC: Final = r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+"
DATA: Final = Path(__file__).parent / "data"
SMS_PROVIDERS: Final = ("smsgate", "generic", "vonage", "plivo", "sinch", "messagebird", "sns", "twilio")
MAP_TILES: Final = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
_TILES: Final = r"https?://(?:\{s\}\.)?[A-Za-z0-9.-]+(?::[0-9]+)?/[A-Za-z0-9/._~?&=%@+{}-]*"
METHODS: Final[Mapping[str, Sequence[str]]] = {  # of signing, where a provider has several; the first is the default
    "vonage": ("sha256", "sha512", "sha1", "md5", "md5hash"),  # all but the last HMACs
    "plivo": ("v3", "v2"),
}


class BadSetting(Exception):
    """A SAMBAT_* variable is missing or not usable; the message names it and never shows a secret."""


@dataclass(frozen=True, slots=True)
class SmsProvider:
    """What one SMS provider needs; `secret` is set for all but `sns`, which has a `topic`; the rest is "" where unused.

    `webhook` is our own address of its webhook; `unnumbered` says that it delivers the parts of a long SMS as messages
    of their own, without their numbers.
    """

    secret: str = field(repr=False)
    url: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    account: str = ""
    sender: str = ""
    method: str = ""
    topic: str = ""
    webhook: str = ""
    unnumbered: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between cities and stages."""

    public_url: str  # without a trailing slash; the base of every link, form, cookie path, signature check
    table_prefix: str
    signing_key: bytes = field(repr=False)
    city: str
    zone: ZoneInfo
    oidc_issuer: str
    oidc_audience: str
    oidc_keys_url: str
    oidc_authorize_url: str
    oidc_token_url: str
    roles_claim: str
    opd_claim: str
    division_claim: str
    sender_email: str
    admin_email: str
    mayor_email: str
    placeholders_to_admin: bool  # mail for an OPD whose address is still a placeholder goes to the admin
    sms: Mapping[str, SmsProvider]
    sms_default: str  # the provider for a phone given on the web; "" = such a reporter is told by e-mail only
    sms_fallback: str  # the provider that is tried where another one fails; "" = none
    sms_number: str  # the number shown on the form; "" = none
    map_tiles: str  # where the form's map gets its pictures, with {z}, {x}, {y}; "" = no map


def read(environ: Mapping[str, str]) -> Settings:
    """Return the settings of `environ`; raise BadSetting naming the first variable that is missing or bad."""

    def must(name: str, least: int = 1) -> str:
        value = environ.get(name, "")
        if not value.strip():
            raise BadSetting(f"{name} is not set")
        if len(value) < least:
            raise BadSetting(f"{name} must have at least {least} characters")
        return value

    public_url = must("SAMBAT_PUBLIC_URL").rstrip("/")
    if not public_url.startswith(("http://", "https://")):
        raise BadSetting("SAMBAT_PUBLIC_URL must start with http:// or https://")
    zone_name = environ.get("SAMBAT_TIME_ZONE") or "Asia/Jakarta"
    try:
        zone = ZoneInfo(zone_name)
    except (KeyError, ValueError, OSError) as error:
        raise BadSetting(f"SAMBAT_TIME_ZONE is no time zone: {zone_name!r}") from error
    placeholders = _one_of(environ, "SAMBAT_PLACEHOLDERS_TO_ADMIN", ("true", "false"))
    issuer = must("SAMBAT_OIDC_ISSUER").rstrip("/")
    sms = _sms_providers(environ, public_url)
    sms_default = environ.get("SAMBAT_SMS_DEFAULT") or next((name for name in SMS_PROVIDERS if name in sms), "")
    sms_fallback = environ.get("SAMBAT_SMS_FALLBACK", "")
    for variable, name in (("SAMBAT_SMS_DEFAULT", sms_default), ("SAMBAT_SMS_FALLBACK", sms_fallback)):
        if name and name not in sms:
            raise BadSetting(f"{variable} names a provider that is not on")
    return Settings(
        public_url=public_url,
        table_prefix=must("SAMBAT_TABLE_PREFIX"),
        signing_key=must("SAMBAT_SIGNING_KEY", least=32).encode(),
        city=environ.get("SAMBAT_CITY") or "Kota Malang",
        zone=zone,
        oidc_issuer=issuer,
        oidc_audience=must("SAMBAT_OIDC_AUDIENCE"),
        oidc_keys_url=environ.get("SAMBAT_OIDC_KEYS_URL") or f"{issuer}/.well-known/jwks.json",
        oidc_authorize_url=environ.get("SAMBAT_OIDC_AUTHORIZE_URL", ""),
        oidc_token_url=environ.get("SAMBAT_OIDC_TOKEN_URL", ""),
        roles_claim=environ.get("SAMBAT_OIDC_ROLES_CLAIM") or "cognito:groups",
        opd_claim=environ.get("SAMBAT_OIDC_OPD_CLAIM") or "custom:opd",
        division_claim=environ.get("SAMBAT_OIDC_DIVISION_CLAIM") or "custom:division",
        sender_email=must("SAMBAT_SENDER_EMAIL"),
        admin_email=must("SAMBAT_ADMIN_EMAIL"),
        mayor_email=must("SAMBAT_MAYOR_EMAIL"),
        placeholders_to_admin=placeholders == "true",
        sms=sms,
        sms_default=sms_default,
        sms_fallback=sms_fallback,
        sms_number=environ.get("SAMBAT_SMS_NUMBER", ""),
        map_tiles=_map_tiles(environ.get("SAMBAT_MAP_TILES", MAP_TILES).strip()),
    )


def _map_tiles(address: str) -> str:
    whole = re.fullmatch(_TILES, address) and all(part in address for part in ("{z}", "{x}", "{y}"))
    if address and not whole:
        raise BadSetting("SAMBAT_MAP_TILES must be an address with {z}, {x} and {y}, or empty")
    return address


def _sms_providers(environ: Mapping[str, str], public_url: str) -> dict[str, SmsProvider]:
    """Return the providers that are on: those with a secret; `sns` with a topic, since AWS signs with its own key."""
    providers = {}
    for name in SMS_PROVIDERS:
        prefix = f"SAMBAT_SMS_{name.upper()}_"
        switch = f"{prefix}TOPIC_ARN" if name == "sns" else f"{prefix}SECRET"
        if switch not in environ:
            continue
        if not environ[switch].strip():
            raise BadSetting(f"{switch} is empty: an empty secret would let anybody in")
        if name == "generic":
            _must_be_base64(switch, environ[switch].removeprefix("whsec_"))
        if name == "sns" and not re.fullmatch(_TOPIC, environ[switch]):
            raise BadSetting(f"{switch} is no ARN of an SNS topic")
        providers[name] = SmsProvider(
            secret=environ.get(f"{prefix}SECRET", ""),
            url=environ.get(f"{prefix}URL", "").rstrip("/"),
            user=environ.get(f"{prefix}USER", ""),
            password=environ.get(f"{prefix}PASSWORD", ""),
            account=environ.get(f"{prefix}ACCOUNT", ""),
            sender=environ.get(f"{prefix}FROM", ""),
            method=_one_of(environ, f"{prefix}METHOD", METHODS[name]) if name in METHODS else "",
            topic=environ.get(f"{prefix}TOPIC_ARN", ""),
            webhook=f"{public_url}/webhooks/sms/{name}",
            unnumbered=_one_of(environ, f"{prefix}UNNUMBERED_PARTS", ("false", "true")) == "true",
        )
    return providers


def _one_of(environ: Mapping[str, str], name: str, choices: Sequence[str]) -> str:
    """Return a setting, by default the first choice."""
    value = environ.get(name) or choices[0]
    if value not in choices:
        raise BadSetting(f"{name} must be one of: {', '.join(choices)}")
    return value


def _must_be_base64(name: str, text: str) -> None:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise BadSetting(f"{name} must be base64, as Standard Webhooks writes it (whsec_...)") from error
    if not key:
        raise BadSetting(f"{name} is empty: an empty secret would let anybody in")


@lru_cache(maxsize=1)
def current() -> Settings:
    """Return this process's settings: the environment, over the secret that SAMBAT_SECRETS_ARN names."""
    arn = os.environ.get("SAMBAT_SECRETS_ARN")
    return read({**(_secrets(arn) if arn else {}), **os.environ})


def _secrets(arn: str) -> dict[str, str]:
    import boto3

    text = boto3.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    return {name: str(value) for name, value in json.loads(text).items() if name.startswith("SAMBAT_")}


@lru_cache(maxsize=8)
def data_file(name: str) -> Any:  # noqa: ANN401  reviewed JSON, given its shape by who asks for it
    """Return the parsed JSON file `name` of chalicelib/data."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))
