"""Settings: what is missing or bad stops the start and is named; no secret is ever shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from chalicelib import settings
from chalicelib.settings import BadSetting, SmsProvider, read

SECRETS = {
    "SAMBAT_SIGNING_KEY": "the-signing-key-of-the-city-32-or-more",
    "SAMBAT_SMS_TWILIO_SECRET": "the-twilio-token",
    "SAMBAT_SMS_GENERIC_SECRET": "whsec_dGhlLXNlY3JldC1vZi10aGUtZ2F0ZXdheQ==",
    "SAMBAT_SMS_SMSGATE_SECRET": "the-smsgate-key",
    "SAMBAT_SMS_SMSGATE_PASSWORD": "the-smsgate-password",
    "SAMBAT_SMS_VONAGE_SECRET": "the-vonage-signature-secret",
    "SAMBAT_SMS_PLIVO_SECRET": "the-plivo-token",
    "SAMBAT_SMS_SINCH_SECRET": "the-sinch-webhook-secret",
    "SAMBAT_SMS_MESSAGEBIRD_SECRET": "the-messagebird-key",
}
TOPIC = "arn:aws:sns:ap-southeast-3:000000000000:sambat-sms"
NEEDED = {
    "SAMBAT_PUBLIC_URL": "https://sambat.example/api",
    "SAMBAT_TABLE_PREFIX": "city-",
    "SAMBAT_SIGNING_KEY": SECRETS["SAMBAT_SIGNING_KEY"],
    "SAMBAT_OIDC_ISSUER": "https://issuer.example",
    "SAMBAT_OIDC_AUDIENCE": "client",
    "SAMBAT_SENDER_EMAIL": "sambat@city.example",
    "SAMBAT_ADMIN_EMAIL": "admin@city.example",
    "SAMBAT_MAYOR_EMAIL": "mayor@city.example",
}
WHOLE = {**NEEDED, **SECRETS}


def test_what_is_needed_is_enough_and_the_rest_has_its_defaults() -> None:
    found = read(NEEDED)
    assert found.public_url == "https://sambat.example/api"
    assert (found.table_prefix, found.signing_key) == ("city-", SECRETS["SAMBAT_SIGNING_KEY"].encode())
    assert (found.city, found.zone.key) == ("Kota Malang", "Asia/Jakarta")
    assert (found.oidc_issuer, found.oidc_audience) == ("https://issuer.example", "client")
    assert found.oidc_keys_url == "https://issuer.example/.well-known/jwks.json"
    assert (found.oidc_authorize_url, found.oidc_token_url) == ("", "")
    assert (found.roles_claim, found.opd_claim, found.division_claim) == (
        "cognito:groups",
        "custom:opd",
        "custom:division",
    )
    assert (found.sender_email, found.admin_email, found.mayor_email) == (
        "sambat@city.example",
        "admin@city.example",
        "mayor@city.example",
    )
    assert found.placeholders_to_admin
    assert (dict(found.sms), found.sms_default, found.sms_fallback, found.sms_number) == ({}, "", "", "")
    assert found.map_tiles == "https://tile.openstreetmap.org/{z}/{x}/{y}.png"


def test_everything_can_be_set() -> None:
    found = read(
        {
            **NEEDED,
            "SAMBAT_PUBLIC_URL": "http://127.0.0.1:8000/",
            "SAMBAT_CITY": "Kota Batu",
            "SAMBAT_TIME_ZONE": "Asia/Jayapura",
            "SAMBAT_OIDC_ISSUER": "https://issuer.example/",
            "SAMBAT_OIDC_KEYS_URL": "http://keys.example",
            "SAMBAT_OIDC_AUTHORIZE_URL": "http://authorize.example",
            "SAMBAT_OIDC_TOKEN_URL": "http://token.example",
            "SAMBAT_OIDC_ROLES_CLAIM": "roles",
            "SAMBAT_OIDC_OPD_CLAIM": "opd",
            "SAMBAT_OIDC_DIVISION_CLAIM": "division",
            "SAMBAT_PLACEHOLDERS_TO_ADMIN": "false",
            "SAMBAT_SMS_NUMBER": "081333471111",
            "SAMBAT_MAP_TILES": "https://{s}.tiles.example:8443/city/{z}/{x}/{y}@2x.png?key=a-b_c",
        }
    )
    assert (found.public_url, found.city, found.zone.key) == ("http://127.0.0.1:8000", "Kota Batu", "Asia/Jayapura")
    assert (found.oidc_issuer, found.oidc_keys_url) == ("https://issuer.example", "http://keys.example")
    assert (found.oidc_authorize_url, found.oidc_token_url) == ("http://authorize.example", "http://token.example")
    assert (found.roles_claim, found.opd_claim, found.division_claim) == ("roles", "opd", "division")
    assert not found.placeholders_to_admin
    assert found.sms_number == "081333471111"
    assert found.map_tiles == "https://{s}.tiles.example:8443/city/{z}/{x}/{y}@2x.png?key=a-b_c"
    assert read({**NEEDED, "SAMBAT_MAP_TILES": " "}).map_tiles == ""


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("given", [None, "", "   ", "\n"])
def test_what_is_missing_empty_or_blank_is_named(name: str, given: str | None) -> None:
    environ = {key: value for key, value in NEEDED.items() if key != name}
    if given is not None:
        environ[name] = given
    with pytest.raises(BadSetting, match=f"^{name} is not set$"):
        read(environ)


OPTIONAL = [
    "SAMBAT_CITY", "SAMBAT_TIME_ZONE", "SAMBAT_OIDC_KEYS_URL", "SAMBAT_OIDC_ROLES_CLAIM", "SAMBAT_OIDC_OPD_CLAIM",
    "SAMBAT_OIDC_DIVISION_CLAIM", "SAMBAT_PLACEHOLDERS_TO_ADMIN", "SAMBAT_SMS_DEFAULT", "SAMBAT_SMS_NUMBER",
    "SAMBAT_SMS_FALLBACK", "SAMBAT_SMS_VONAGE_METHOD", "SAMBAT_SMS_TWILIO_UNNUMBERED_PARTS",
    "SAMBAT_OIDC_AUTHORIZE_URL", "SAMBAT_OIDC_TOKEN_URL",
]  # fmt: skip


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_optional_one_that_is_empty_is_one_that_is_not_there(name: str) -> None:
    given = {**NEEDED, "SAMBAT_SMS_VONAGE_SECRET": "secret", "SAMBAT_SMS_TWILIO_SECRET": "secret"}
    assert read({**given, name: ""}) == read(given)


BAD = [
    ("SAMBAT_PUBLIC_URL", "sambat.example", "must start with http:// or https://"),
    ("SAMBAT_PUBLIC_URL", "ftp://sambat.example", "must start with http:// or https://"),
    ("SAMBAT_PUBLIC_URL", "https://", "must start with http:// or https://"),
    ("SAMBAT_SIGNING_KEY", "k" * 31, "must have at least 32 characters"),
    ("SAMBAT_TIME_ZONE", "Asia/Malang", "is no time zone: 'Asia/Malang'"),
    ("SAMBAT_TIME_ZONE", "../../etc/passwd", "is no time zone"),
    ("SAMBAT_TIME_ZONE", "Asia", "is no time zone"),
    ("SAMBAT_PLACEHOLDERS_TO_ADMIN", "no", "must be one of: true, false"),
    ("SAMBAT_PLACEHOLDERS_TO_ADMIN", "False", "must be one of: true, false"),
    ("SAMBAT_MAP_TILES", "https://tiles.example/{z}/{x}.png", "must be an address with {z}, {x} and {y}, or empty"),
    ("SAMBAT_MAP_TILES", "tiles.example/{z}/{x}/{y}.png", "must be an address with"),
    ("SAMBAT_MAP_TILES", "https://tiles.example; script-src *;/{z}/{x}/{y}.png", "must be an address with"),
    ("SAMBAT_MAP_TILES", "https://{a}.tiles.example/{z}/{x}/{y}.png", "must be an address with"),
    ("SAMBAT_SMS_DEFAULT", "vonage", "names a provider that is not on"),
    ("SAMBAT_SMS_DEFAULT", "twilio", "names a provider that is not on"),
    ("SAMBAT_SMS_FALLBACK", "vonage", "names a provider that is not on"),
    ("SAMBAT_SMS_FALLBACK", "carrier pigeon", "names a provider that is not on"),
    ("SAMBAT_SMS_SNS_TOPIC_ARN", " ", "is empty"),
    ("SAMBAT_SMS_SNS_TOPIC_ARN", "sambat-sms", "is no ARN of an SNS topic"),
    ("SAMBAT_SMS_SNS_TOPIC_ARN", f"{TOPIC}:subscription", "is no ARN of an SNS topic"),
    ("SAMBAT_SMS_SNS_TOPIC_ARN", TOPIC.replace(":sns:", ":sqs:"), "is no ARN of an SNS topic"),
    ("SAMBAT_SMS_TWILIO_SECRET", "", "is empty"),
    ("SAMBAT_SMS_SMSGATE_SECRET", " \n", "is empty"),
    ("SAMBAT_SMS_GENERIC_SECRET", "", "is empty"),
    ("SAMBAT_SMS_GENERIC_SECRET", "whsec_", "is empty"),
    ("SAMBAT_SMS_GENERIC_SECRET", "whsec_no base64!", "must be base64"),
    ("SAMBAT_SMS_GENERIC_SECRET", "whsec_é", "must be base64"),
    ("SAMBAT_SMS_GENERIC_SECRET", "whsec_dGhlL", "must be base64"),
]


@pytest.mark.parametrize(("name", "value", "said"), BAD)
def test_what_is_bad_is_named_with_what_is_wrong(name: str, value: str, said: str) -> None:
    with pytest.raises(BadSetting, match=f"^{name} {said}"):
        read({**NEEDED, name: value})


# ------------------------------------------------------------------------------------------------ providers


SWITCHES = {name: f"SAMBAT_SMS_{name.upper()}_SECRET" for name in settings.SMS_PROVIDERS if name != "sns"}
SWITCHES["sns"] = "SAMBAT_SMS_SNS_TOPIC_ARN"  # AWS signs with its own key: the city has no secret for it
ON = {**SECRETS, "SAMBAT_SMS_SNS_TOPIC_ARN": TOPIC}


@pytest.mark.parametrize("name", settings.SMS_PROVIDERS)
def test_a_provider_is_on_only_when_its_secret_is_set(name: str) -> None:
    others = {f"SAMBAT_SMS_{name.upper()}_{part}": "https://provider.example" for part in ("URL", "USER", "FROM")}
    assert set(read({**NEEDED, **others}).sms) == set()
    assert set(read({**NEEDED, SWITCHES[name]: ON[SWITCHES[name]]}).sms) == {name}


def test_a_secret_does_not_switch_on_what_needs_a_topic() -> None:
    assert dict(read({**NEEDED, "SAMBAT_SMS_SNS_SECRET": "secret"}).sms) == {}


def test_all_providers_may_be_on_each_with_its_own_webhook() -> None:
    found = read({**NEEDED, **ON}).sms
    assert set(found) == set(settings.SMS_PROVIDERS)
    assert all(one.webhook == f"https://sambat.example/api/webhooks/sms/{name}" for name, one in found.items())
    assert {one.topic for one in found.values()} == {"", TOPIC}


def test_a_provider_has_all_that_is_set_for_it() -> None:
    given = {"SECRET": "s3cr3t", "URL": "https://provider.example/", "USER": "user", "PASSWORD": "p4ss"}
    given |= {"ACCOUNT": "AC1", "FROM": "+6280000000001", "UNNUMBERED_PARTS": "true"}
    found = read({**NEEDED, **{f"SAMBAT_SMS_TWILIO_{part}": value for part, value in given.items()}})
    whole = SmsProvider("s3cr3t", "https://provider.example", "user", "p4ss", "AC1", "+6280000000001")
    webhook = "https://sambat.example/api/webhooks/sms/twilio"
    assert found.sms == {"twilio": replace(whole, webhook=webhook, unnumbered=True)}


@pytest.mark.parametrize("method", ["sha256", "sha512", "sha1", "md5", "md5hash"])
def test_vonage_signs_by_the_method_that_is_set_by_default_hmac_sha256(method: str) -> None:
    on = {**NEEDED, "SAMBAT_SMS_VONAGE_SECRET": "secret"}
    assert read({**on, "SAMBAT_SMS_VONAGE_METHOD": method}).sms["vonage"].method == method
    assert read(on).sms["vonage"].method == "sha256"
    with pytest.raises(
        BadSetting, match=r"^SAMBAT_SMS_VONAGE_METHOD must be one of: sha256, sha512, sha1, md5, md5hash$"
    ):
        read({**on, "SAMBAT_SMS_VONAGE_METHOD": "none"})


@pytest.mark.parametrize(("said", "unnumbered"), [("true", True), ("false", False), (None, False)])
def test_a_provider_delivers_parts_with_their_numbers_unless_it_is_said(said: str | None, *, unnumbered: bool) -> None:
    on = {**NEEDED, "SAMBAT_SMS_PLIVO_SECRET": "secret"} | ({"SAMBAT_SMS_PLIVO_UNNUMBERED_PARTS": said} if said else {})
    assert read(on).sms["plivo"].unnumbered is unnumbered
    with pytest.raises(BadSetting, match=r"^SAMBAT_SMS_PLIVO_UNNUMBERED_PARTS must be one of: false, true$"):
        read({**on, "SAMBAT_SMS_PLIVO_UNNUMBERED_PARTS": "yes"})


def test_a_fallback_is_one_that_is_on() -> None:
    on = {**NEEDED, "SAMBAT_SMS_PLIVO_SECRET": "secret", "SAMBAT_SMS_SMSGATE_SECRET": "secret"}
    assert read({**on, "SAMBAT_SMS_FALLBACK": "plivo"}).sms_fallback == "plivo"


@pytest.mark.parametrize(
    ("on", "default", "expected"),
    [
        (["TWILIO"], "", "twilio"),
        (["TWILIO", "SMSGATE"], "", "smsgate"),
        (["TWILIO", "SMSGATE"], "twilio", "twilio"),
        ([], "", ""),
    ],
)
def test_who_left_a_number_on_the_web_is_told_by_the_citys_provider(on: list[str], default: str, expected: str) -> None:
    secrets = {f"SAMBAT_SMS_{name}_SECRET": "secret" for name in on}
    assert read({**NEEDED, **secrets, "SAMBAT_SMS_DEFAULT": default}).sms_default == expected


# ------------------------------------------------------------------------------------------------ secrets


def test_no_secret_stands_in_the_settings_as_they_are_shown() -> None:
    found = read(WHOLE)
    shown = f"{found!r} {found} {dict(found.sms)!r}"
    assert "sambat.example" in shown
    for secret in SECRETS.values():
        assert secret not in shown
        assert secret.removeprefix("whsec_") not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [*((name, "") for name in NEEDED), *((name, value) for name, value, _ in BAD if value not in ("twilio", "vonage"))],
)
def test_no_secret_stands_in_what_is_said_of_a_bad_setting(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read({**WHOLE, name: value})
    said: BaseException | None = refused.value
    while said is not None:
        for secret in [*SECRETS.values(), *({value} if "SECRET" in name or "KEY" in name else set())]:
            assert not secret.strip() or secret not in str(said)
        said = said.__cause__


# ------------------------------------------------------------------------------------------------ this process


@pytest.fixture
def fresh() -> Iterator[None]:
    """Let the settings be read anew, now and afterwards."""
    settings.current.cache_clear()
    yield
    settings.current.cache_clear()


def test_a_process_reads_its_environment_once(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMBAT_CITY", "Kota Batu")
    assert settings.current().city == "Kota Batu"
    monkeypatch.setenv("SAMBAT_CITY", "Kota Malang")
    assert settings.current().city == "Kota Batu"


def test_a_secret_holds_further_settings_and_the_environment_wins(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    held = {"SAMBAT_MAYOR_EMAIL": "mayor@secret.example", "SAMBAT_CITY": "Kota Rahasia", "LOG_LEVEL": "DEBUG"}
    monkeypatch.delenv("SAMBAT_MAYOR_EMAIL")
    monkeypatch.setenv("SAMBAT_CITY", "Kota Batu")
    with mock_aws():
        made = boto3.client("secretsmanager").create_secret(Name="sambat", SecretString=json.dumps(held))
        monkeypatch.setenv("SAMBAT_SECRETS_ARN", made["ARN"])
        found = settings.current()
        assert set(settings._secrets(made["ARN"])) == {"SAMBAT_MAYOR_EMAIL", "SAMBAT_CITY"}
    assert (found.mayor_email, found.city) == ("mayor@secret.example", "Kota Batu")


@pytest.mark.parametrize("name", ["opds.json", "policy.json", "holidays.json", "routing.json"])
def test_a_data_file_is_parsed_once(name: str) -> None:
    assert settings.data_file(name) is settings.data_file(name)
