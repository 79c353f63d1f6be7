"""The form in a browser's eyes: what it may load, its map, the place, the receipt, and our own faults."""

from __future__ import annotations

import base64
import hashlib
import re

import boto3
import pytest

from chalicelib.adapters.tables import PREFIX
from chalicelib.workflows import city
from tests.builders import Answer, Service
from tests.functional.doors import LAMP, NO_SMS, VAGUE, set_as
from tests.functional.test_web_intake import fields_of


def policy_of(page: Answer) -> dict[str, list[str]]:
    parts = (part.split() for part in page.headers["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in parts}


def test_the_forms_own_script_and_its_map_are_all_that_the_browser_may_load(service: Service) -> None:
    page = service.get("/")
    script = page.text.split("<script>")[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = policy_of(page)
    assert policy["script-src"] == [f"'sha256-{digest}'", "https://sambat.example/api/peta.js"]
    assert policy["img-src"] == ["data:", "https://tile.openstreetmap.org"]
    assert policy["default-src"] == ["'none'"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "geolocation=(self)" in page.headers["Permissions-Policy"]
    other = service.get("/t/XXXXX-XXXXX")
    assert policy_of(other)["img-src"] == ["data:"]
    assert "script-src" not in policy_of(other)


@pytest.mark.parametrize(
    ("tiles", "origin"),
    [
        ("https://{s}.tiles.example/{z}/{x}/{y}.png", "https://*.tiles.example"),
        ("https://tiles.example:8443/a/{z}/{x}/{y}.png?key=1", "https://tiles.example:8443"),
    ],
)
def test_the_city_chooses_whose_map_it_is(service: Service, tiles: str, origin: str) -> None:
    with set_as(SAMBAT_MAP_TILES=tiles):
        page = service.get("/")
    assert policy_of(page)["img-src"] == ["data:", origin]
    assert f'data-tiles="{tiles}"' in page.text


def test_without_tiles_there_is_no_map(service: Service) -> None:
    with set_as(SAMBAT_MAP_TILES=""):
        page = service.get("/")
    assert policy_of(page)["img-src"] == ["data:"]
    assert len(policy_of(page)["script-src"]) == 1
    assert "data-map" not in page.text
    assert "data-tiles" not in page.text


def test_the_maps_script_is_kept_by_the_browser_and_its_address_changes_with_it(service: Service) -> None:
    address = re.search(r'data-map="https://sambat.example/api(/peta\.js\?v=[0-9a-f]{16})"', service.get("/").text)
    assert address
    script = service.get(address[1])
    assert (script.status, script.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert script.headers["X-Content-Type-Options"] == "nosniff"
    assert address[1].endswith(hashlib.sha256(script.body).hexdigest()[:16])
    assert "Redistribution and use in source and binary forms" in script.text


def test_a_point_on_the_map_is_kept_with_the_form_and_with_the_complaint(service: Service) -> None:
    point = {"lat": "-7.965228", "long": "112.615871"}
    again = service.form("/complaints", {"text": "pendek", **point})
    assert point.items() <= fields_of(again.text).items()
    service.form("/complaints", {"text": LAMP, **point})
    (item,) = service.items("complaints")
    assert (item["lat"], item["long"]) == ({"N": "-7.965228"}, {"N": "112.615871"})


def test_the_receipt_comes_with_what_happens_next_and_by_when(service: Service) -> None:
    sent = service.form("/complaints", {"text": LAMP, "phone": "0800 0000 0001"}).text
    assert "Kami kabari lewat nomor HP" in sent
    assert re.search(r"paling lambat <b>\w+, \d+ \w+ \d{4}</b> \(5 hari kerja lagi\)", sent)
    with set_as(**NO_SMS):  # nothing is promised that cannot come
        assert "Kami kabari" not in service.form("/complaints", {"text": LAMP, "phone": "0800 0000 0001"}).text
        assert "Kami kabari" in service.form("/complaints", {"text": LAMP, "email": "warga@mail.example"}).text
    waits = service.form("/complaints", {"text": VAGUE}).text
    assert "Kami kabari" not in waits
    assert re.search(r"dinas yang tepat, paling lambat <b>\w+, \d+ \w+ \d{4}</b>", waits)


def test_our_own_fault_gives_the_form_back_with_what_was_typed(service: Service) -> None:
    typed = {"text": f"{LAMP} <b>", "name": "Warga Satu", "idempotency_key": "key-1"}
    for table in ("complaints", "registry"):
        boto3.client("dynamodb").delete_table(TableName=f"{PREFIX}{table}")
        city.forget()
        page = service.form("/complaints", typed)
        assert (page.status, page.headers["Retry-After"]) == (503, "5")
        assert "Kata-kata Anda masih di bawah ini" in page.text
        assert f"{LAMP} &lt;b&gt;</textarea>" in page.text
        assert 'value="Warga Satu"' in page.text
        assert fields_of(page.text)["idempotency_key"] == "key-1"
