"""Short ways to make what a test needs: a city in moto, signed requests, tokens, stream deliveries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

import boto3
import jwt
from chalice.test import Client
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from moto import mock_aws
from twilio.request_validator import RequestValidator

from chalicelib import settings
from chalicelib.adapters import notifier
from chalicelib.adapters.tables import PREFIX
from chalicelib.api import identity, lists
from chalicelib.workflows import city
from infra.tables import create_tables

FORM = "application/x-www-form-urlencoded"


@cache
def signing_pair() -> rsa.RSAPrivateKey:
    """Return the key of the tests' own identity provider."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class IssuerKeys:
    """Stands where the issuer's key address is read: offers the one public key, by its id."""

    def get_signing_key_from_jwt(self, token: str) -> Any:
        header = jwt.get_unverified_header(token)
        if header.get("kid") != "tests":
            raise jwt.PyJWKClientError("no such key")
        public = json.loads(RSAAlgorithm.to_jwk(signing_pair().public_key()))
        return jwt.PyJWK({**public, "kid": "tests", "alg": "RS256"})


def token(role: str, opd: str = "", division: str = "", **claims: Any) -> str:
    """Return an ID token of the tests' issuer."""
    config = settings.current()
    now = datetime.now(UTC)
    body = {
        "iss": config.oidc_issuer,
        "aud": config.oidc_audience,
        "sub": f"{role}-{opd}-{division}",
        "iat": now,
        "exp": now + timedelta(hours=1),
        "token_use": "id",
        "cognito:groups": [role],
        **({"custom:opd": opd} if opd else {}),
        **({"custom:division": division} if division else {}),
        **claims,
    }
    return str(jwt.encode({k: v for k, v in body.items() if v is not None}, signing_pair(), "RS256", {"kid": "tests"}))


@dataclass
class Answer:
    """An HTTP answer of the app."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Service:
    """The app over a city in moto: HTTP in, stream delivered, e-mails out."""

    client: Client
    sent_sms: list[dict[str, str]] = field(default_factory=list)

    def call(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.client.http.request(method, path, sent, body.encode() if isinstance(body, str) else body)
        return Answer(response.status_code, dict(response.headers), response.body)

    def get(self, path: str, who: str = "", **headers: str) -> Answer:
        return self.call("GET", path, b"", **_bearer(who), **headers)

    def post(self, path: str, value: Any = None, who: str = "", **headers: str) -> Answer:
        body = b"" if value is None else json.dumps(value).encode()
        return self.call("POST", path, body, content_type="application/json", **_bearer(who), **headers)

    def put(self, path: str, value: Any, who: str = "") -> Answer:
        return self.call("PUT", path, json.dumps(value), content_type="application/json", **_bearer(who))

    def form(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        return self.call("POST", path, urlencode(fields), content_type=FORM, **headers)

    def twilio(self, text: str, sender: str = "+6280000000001", sid: str = "SM1", **changes: str) -> Answer:
        """Deliver an SMS as Twilio does, signed by Twilio's own SDK."""
        fields = {"MessageSid": sid, "From": sender, "To": "+6280000000000", "Body": text, "NumMedia": "0", **changes}
        url = f"{settings.current().public_url}/webhooks/sms/twilio"
        signature = RequestValidator("twilio-token").compute_signature(url, fields)
        return self.form("/webhooks/sms/twilio", fields, x_twilio_signature=signature)

    def deliver(self) -> list[dict[str, Any]]:
        """Deliver what the stream holds and was not delivered yet, and return Lambda's failures."""
        from app import notify_opd

        records = self._records()
        if not records:
            return []
        result: dict[str, Any] = notify_opd({"Records": records}, None)
        return list(result["batchItemFailures"])

    def _records(self) -> list[dict[str, Any]]:
        streams = boto3.client("dynamodbstreams")
        arn = boto3.client("dynamodb").describe_table(TableName=f"{PREFIX}complaints")["Table"]["LatestStreamArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        records = list(streams.get_records(ShardIterator=start["ShardIterator"])["Records"])
        new, self._seen = records[self._seen :], len(records)
        return new

    _seen: int = 0

    def sweep(self, at: str) -> dict[str, int]:
        """Run the scheduled sweep as of an instant."""
        from app import sweep_deadlines

        event = {
            "version": "0", "id": "tests", "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "123456789012", "region": "ap-southeast-3", "resources": [], "detail": {},
            "time": datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }  # fmt: skip
        result: dict[str, int] = sweep_deadlines(event, None)
        return result

    def emails(self) -> list[dict[str, str]]:
        """Return the e-mails that went out, oldest first."""
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.ses.models import ses_backends

        backend = ses_backends[DEFAULT_ACCOUNT_ID]["ap-southeast-3"]
        return [
            {"to": message.destinations["ToAddresses"][0], "subject": message.subject, "text": message.body}
            for message in backend.sent_messages
        ]

    def items(self, table: str) -> list[dict[str, Any]]:
        """Return all raw items of a table."""
        found: list[dict[str, Any]] = boto3.client("dynamodb").scan(TableName=f"{PREFIX}{table}")["Items"]
        return found


def _bearer(who: str) -> dict[str, str]:
    return {"authorization": f"Bearer {who}"} if who else {}


@contextmanager
def running_service() -> Iterator[Service]:
    """Yield the app over a new city in moto, its OPDs seeded, its sender verified, its issuer's keys known."""
    from app import app

    with mock_aws():
        notifier._ses.cache_clear()
        lists._FIRST_DAY.clear()
        city.forget()
        create_tables(boto3.client("dynamodb"), PREFIX)
        boto3.client("sesv2").create_email_identity(EmailIdentity=settings.current().sender_email)
        city.seed_opds(datetime.now(UTC))
        original, identity._keys = identity._keys, lambda url: IssuerKeys()  # type: ignore[assignment]
        try:
            with Client(app) as client:
                yield Service(client)
        finally:
            identity._keys = original
            notifier._ses.cache_clear()
