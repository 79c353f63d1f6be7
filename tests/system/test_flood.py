"""A small flood of SMS on DynamoDB Local, by several processes at once; `make bench` has the large one."""

from __future__ import annotations

from collections import Counter

import pytest

from infra import dynamodb_local
from infra.bench.deliveries import sms_text
from infra.bench.flood import Flood, damage, pour
from tests.system.town import Town

SMALL = Flood(messages=120, longest_wait=0.5, processes=3)

pytestmark = pytest.mark.system


def test_a_flood_of_sms_delivered_twice_and_under_two_ids_loses_none_and_doubles_none(town: Town) -> None:
    if reason := dynamodb_local.missing():
        pytest.skip(reason)
    delivered = Counter(one.delivery.message_id for one in pour(SMALL))
    assert set(delivered.values()) == {2}
    assert len(delivered) == SMALL.messages + SMALL.messages // SMALL.twins
    complaints = town.raw("complaints")
    assert len(complaints) == SMALL.messages
    found = damage(SMALL, complaints, town.raw("reporters"))
    assert not any((found.lost, found.doubled, found.strange, found.of_others)), found


def test_what_a_flood_damages_is_seen() -> None:
    flood = Flood(messages=5)
    phones = list(flood.sent().values())
    stored = [(0, phones[0]), (1, phones[1]), (1, phones[1]), (2, "+6280000009999"), (3, None), (9, phones[0])]
    complaints = [{"ticket": str(at), "text": sms_text(number)} for at, (number, _) in enumerate(stored)]
    reporters = [{"ticket": str(at), "phone": phone} for at, (_, phone) in enumerate(stored) if phone]
    found = damage(flood, complaints, reporters)
    assert (found.lost, found.doubled) == ([sms_text(4)], [sms_text(1)])
    assert (found.strange, found.of_others) == (["5"], ["3", "4"])
