"""The stage that every test stands on: settings before any import of the app, then a city in moto."""

from __future__ import annotations

import os

KEY = "a key that only the tests know, 32+"
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="ap-southeast-3",
    AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled",
    SAMBAT_PUBLIC_URL="https://sambat.example/api",
    SAMBAT_TABLE_PREFIX="test-",
    SAMBAT_SIGNING_KEY=KEY,
    SAMBAT_OIDC_ISSUER="https://issuer.example",
    SAMBAT_OIDC_AUDIENCE="sambat-tests",
    SAMBAT_OIDC_AUTHORIZE_URL="https://issuer.example/authorize",
    SAMBAT_OIDC_TOKEN_URL="https://issuer.example/token",
    SAMBAT_SENDER_EMAIL="sambat@city.example",
    SAMBAT_ADMIN_EMAIL="admin@city.example",
    SAMBAT_MAYOR_EMAIL="mayor@city.example",
    SAMBAT_PLACEHOLDERS_TO_ADMIN="false",
    SAMBAT_SMS_TWILIO_SECRET="twilio-token",
    SAMBAT_SMS_GENERIC_SECRET="whsec_c2FtYmF0LXRlc3RzLXNlY3JldC1vZi0zMi1ieXRlcyE=",
    SAMBAT_SMS_SMSGATE_SECRET="smsgate-key",
)

from collections.abc import Iterator  # noqa: E402

import pytest  # noqa: E402

from tests.builders import Service, running_service  # noqa: E402


@pytest.fixture
def service() -> Iterator[Service]:
    """The whole app over a new city in moto."""
    with running_service() as running:
        yield running
