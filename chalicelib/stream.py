"""A batch of stream records -> workflows: who is owed a message, what is counted; failures reported one by one."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.adapters.items import from_image
from chalicelib.workflows import counting, telling

log = logging.getLogger(__name__)


def notify(records: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, list[dict[str, str]]]:
    """Tell of every change in the batch and count it; return the records that failed in Lambda's own form.

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
    uncounted = counting.count([change.new for change in changes])
    untold = telling.tell(changes, now)
    failed += [one.sequence for one in changes if one.sequence in untold or one.new.ticket in uncounted]
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in failed]}
