"""What an operator may ask of the running service: sweep, token, outbox, recompute."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from infra.local.arguments import instant, role_fault
from infra.local.captures import MailCapture, SmsCapture
from infra.local.control import Command, Refused
from infra.local.identity import Identity
from infra.local.outbox import all_items, outbox
from infra.local.schedule import Schedule

_TRIES: Final = 20


class Commands:
    """The commands over the parts of one running service."""

    def __init__(
        self,
        schedule: Schedule,
        identity: Identity,
        dynamodb: Any,
        prefix: str,
        captures: tuple[MailCapture, SmsCapture],
    ) -> None:
        self._schedule = schedule
        self._identity = identity
        self._dynamodb = dynamodb
        self._prefix = prefix
        self._mail, self._sms = captures

    def by_name(self) -> dict[str, Command]:
        """Return the commands as the control socket knows them."""
        return {"sweep": self.sweep, "token": self.token, "outbox": self.outbox, "recompute": self.recompute}

    def sweep(self, arguments: Mapping[str, str]) -> Any:
        """Sweep as of `now`; return what the handler returns."""
        try:
            now = instant(arguments.get("now", ""))
        except ValueError as error:
            raise Refused(str(error)) from None
        return self._schedule.fire(now)

    def token(self, arguments: Mapping[str, str]) -> str:
        """Return an ID token of the user with that role, OPD and division."""
        role, opd, division = (arguments.get(name, "") for name in ("role", "opd", "division"))
        if fault := role_fault(role, opd, division):
            raise Refused(fault)
        if opd:
            self._must_exist(opd, division)
        return self._identity.token(role, opd, division)

    def outbox(self, _: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return what was sent so far."""
        captured = {**self._mail.all(), **self._sms.all()}
        return outbox(all_items(self._dynamodb, f"{self._prefix}notifications"), captured)

    def recompute(self, _: Mapping[str, str]) -> list[str]:
        """Return each difference between what is stored and what the record says."""
        from chalicelib.workflows.recomputing import recompute

        for _attempt in range(_TRIES):
            found = list(recompute(datetime.now(UTC)))
            if not any(line.startswith("statistics ") for line in found):
                break
            time.sleep(0.5)  # what the stream is still to bring is no difference
        return found

    def _must_exist(self, opd: str, division: str) -> None:
        key = {"pk": {"S": "opd"}, "sk": {"S": opd}}
        item = self._dynamodb.get_item(TableName=f"{self._prefix}registry", Key=key, ConsistentRead=True).get("Item")
        if item is None:
            raise Refused(f"there is no OPD {opd!r}")
        divisions = [each["code"] for each in json.loads(item["value"]["S"])["divisions"]]
        if division and division not in divisions:
            raise Refused(f"OPD {opd!r} has no division {division!r}; it has {', '.join(divisions)}")
