"""Where a stack is deployed to: an account and region of AWS, or the emulator that stands for them in a rehearsal."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config

from infra.local.engine import REGION as JAKARTA
from infra.local.environment import point_aws_at

_RETRIES: Final = {"mode": "standard", "total_max_attempts": 5}


@dataclass(frozen=True)
class Place:
    """An account and region; `emulator` is the emulator's address, "" on AWS."""

    region: str
    account: str
    emulator: str = ""
    environment: dict[str, str] = field(default_factory=dict, repr=False)  # of programs that work there

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service there."""
        return _client(service, self.region, self.emulator)

    def endpoint(self, api_id: str) -> str:
        """Return the address that API Gateway gives to the stage of this API, without a trailing slash."""
        if self.emulator:
            return f"{self.emulator}/_aws/execute-api/{api_id}/api"
        return f"https://{api_id}.execute-api.{self.region}.amazonaws.com/api"


def on_aws() -> Place:
    """Return the place of the operator's own credentials; Jakarta where they name no region."""
    region = boto3.Session().region_name or JAKARTA
    account = str(_client("sts", region, "").get_caller_identity()["Account"])
    return Place(region, account, environment={**os.environ, "AWS_REGION": region, "AWS_DEFAULT_REGION": region})


def on_emulator(url: str, account: str) -> Place:
    """Return the place that an emulator is."""
    environment = dict(os.environ)
    point_aws_at(url, environment)
    return Place(JAKARTA, account, url, environment)


@cache
def _client(service: str, region: str, emulator: str) -> Any:
    if not emulator:
        return boto3.client(service, region_name=region, config=Config(retries=_RETRIES))
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=emulator,
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106  the emulator checks none
        config=Config(proxies={}, retries=_RETRIES, s3={"addressing_style": "path"}),
    )
