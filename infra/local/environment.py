"""What the service finds in its environment here: dummy AWS keys, the emulator's address, SAMBAT_* defaults."""

from __future__ import annotations

import json
import os
import secrets
import string
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Final

from infra.local.engine import REGION

DEFAULT_PREFIX: Final = "sambat-local-"
CALLBACK: Final = "/masuk/selesai"

# What a provider that is switched on is told to use until the operator names a real one: the capture server's path, and
# credentials that are not secret because nobody but that server takes them.
_SMS_DEFAULTS: Final = {
    "SMSGATE": {"URL": "/smsgate", "USER": "sambat", "PASSWORD": "local"},
    "GENERIC": {"URL": "/generic"},
    "VONAGE": {"URL": "/vonage", "ACCOUNT": "local", "PASSWORD": "local", "FROM": "SAMBAT"},
    "PLIVO": {"URL": "/plivo", "ACCOUNT": "local", "FROM": "+15005550006"},
    "SINCH": {"URL": "/sinch", "ACCOUNT": "local", "PASSWORD": "local", "FROM": "+15005550006"},
    "MESSAGEBIRD": {"URL": "/messagebird", "PASSWORD": "local", "FROM": "SAMBAT"},
    "TWILIO": {"URL": "/twilio", "ACCOUNT": "AC00000000000000000000000000000000", "FROM": "+15005550006"},
}


class Settings:
    """The runner's memory in DATA/settings.json, for the owner's eyes: generated secrets and the emulator's ids."""

    def __init__(self, data: Path) -> None:
        self._path = data / "settings.json"
        self.values: dict[str, str] = json.loads(self._path.read_text("utf-8")) if self._path.exists() else {}
        self.values.setdefault("signing_key", secrets.token_urlsafe(48))
        self.values.setdefault("password", _password())
        self.save()

    def save(self) -> None:
        """Write the settings so that a crash leaves the old file or the new one, never half of one."""
        temporary = self._path.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(self.values, file, indent=1)
        temporary.replace(self._path)


def point_aws_at(engine_url: str, environ: MutableMapping[str, str]) -> None:
    """Make every AWS client of this process talk to the emulator, whatever the operator's own AWS settings are."""
    for name in [name for name in environ if name.startswith("AWS_")]:
        del environ[name]
    environ.update(
        AWS_ENDPOINT_URL=engine_url,
        AWS_REGION=REGION,
        AWS_DEFAULT_REGION=REGION,
        AWS_ACCESS_KEY_ID="local",
        AWS_SECRET_ACCESS_KEY="local",  # noqa: S106  the emulator checks none
        AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled",
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
    direct = [host for host in environ.get("no_proxy", environ.get("NO_PROXY", "")).split(",") if host]
    environ["no_proxy"] = environ["NO_PROXY"] = ",".join([*direct, "127.0.0.1", "localhost"])


def set_defaults(environ: MutableMapping[str, str], defaults: dict[str, str]) -> None:
    """Set each variable that the operator left unset or empty."""
    for name, value in defaults.items():
        if not environ.get(name):
            environ[name] = value


def service_defaults(port: int, signing_key: str) -> dict[str, str]:
    """Return the SAMBAT_* settings that need no emulator."""
    return {
        "SAMBAT_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SAMBAT_TABLE_PREFIX": DEFAULT_PREFIX,
        "SAMBAT_SIGNING_KEY": signing_key,
        "SAMBAT_SENDER_EMAIL": "sambat@sambat.example.invalid",
        "SAMBAT_ADMIN_EMAIL": "admin@sambat.example.invalid",
        "SAMBAT_MAYOR_EMAIL": "walikota@sambat.example.invalid",
        "SAMBAT_PLACEHOLDERS_TO_ADMIN": "false",  # every mail is captured here, so each shows whom it was for
    }


def sms_defaults(environ: MutableMapping[str, str], capture_url: str) -> dict[str, str]:
    """Return where the providers that are on send to unless the operator says otherwise: our capture server."""
    defaults = {}
    for provider, settings in _SMS_DEFAULTS.items():
        if not environ.get(f"SAMBAT_SMS_{provider}_SECRET"):
            continue
        for name, value in settings.items():
            defaults[f"SAMBAT_SMS_{provider}_{name}"] = f"{capture_url}{value}" if name == "URL" else value
    if environ.get("SAMBAT_SMS_SNS_TOPIC_ARN"):
        defaults["SAMBAT_SMS_SNS_FROM"] = "SAMBAT"
        defaults["AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2"] = f"{capture_url}/sns"
    return defaults


def oidc_defaults(environ: MutableMapping[str, str], identity: Any) -> dict[str, str]:
    """Return the local provider's addresses; none at all where the operator brings an issuer of their own."""
    if environ.get("SAMBAT_OIDC_ISSUER"):
        return {}
    return {
        "SAMBAT_OIDC_ISSUER": identity.issuer,
        "SAMBAT_OIDC_AUDIENCE": identity.client_id,
        "SAMBAT_OIDC_KEYS_URL": identity.keys_url,
        "SAMBAT_OIDC_AUTHORIZE_URL": identity.authorize_url,
        "SAMBAT_OIDC_TOKEN_URL": identity.token_url,
    }


def _password() -> str:
    """Return a password that any policy of Cognito accepts."""
    letters = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(14))
    return f"Sb-{letters}-7"
