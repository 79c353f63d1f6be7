"""A batch of stream records -> workflows: each on its own, failures reported one by one."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.adapters.complaints import from_image
from chalicelib.workflows import telling

log = logging.getLogger(__name__)


def notify(records: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, list[dict[str, str]]]:
    """Tell of every change in the batch; return the records that failed in Lambda's own form.

    A record that cannot be read is reported like one whose message did not go out: Lambda tries again from the first
    failed one on, what was sent is not sent again, and after the last try the failure queue keeps the rest.
    """
    changes, failed = [], []
    for record in records:
        image = record["dynamodb"]
        try:
            new = from_image(image.get("NewImage"))
            if new is not None:
                changes.append(telling.Change(image["SequenceNumber"], from_image(image.get("OldImage")), new))
        except Exception:
            log.exception("poison record %s", image["SequenceNumber"])
            failed.append(image["SequenceNumber"])
    failed += telling.tell(changes, now)
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in failed]}
