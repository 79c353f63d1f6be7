"""What everybody may read, in a browser and in a feed reader: the list of complaints, its RSS, the scoreboard."""

from __future__ import annotations

import html
import re
from collections import Counter
from datetime import timedelta
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree as ET  # our own feed, read as any reader would

import pytest

from chalicelib.api import feed, lists
from chalicelib.domain.complaint import Actor, Complaint, Role
from chalicelib.domain.privacy import MASK
from chalicelib.workflows import city, following, handling
from tests.builders import Answer, Service, token
from tests.functional.scenes import HOLE, LAMP, PARKING, UNCLEAR, filed, opened, wall_clock, watched_calls
from tests.functional.test_figures_http import month
from tests.functional.test_ladder_http import late

DAY = timedelta(days=1)
ADMIN = Actor(Role.ADMIN, "an admin")
OFFICER = Actor(Role.OPD, "an officer")
HOSTILE = "<script>alert(1)</script> & ]]> <![CDATA[ \"' \x00\x08\x0b\x1f\ufffe\uffff \U0001f573 &#0; {{7*7}}"


@pytest.fixture(autouse=True)
def in_a_city_of_some_age(service: Service) -> None:
    opened(wall_clock() - 120 * DAY)


def shown(service: Service, path: str, **headers: str) -> str:
    answer = service.get(path, **headers)
    assert answer.status == 200, answer.text
    return html.unescape(answer.text)


def checked(complaint: Complaint) -> Complaint:
    after = handling.check(complaint.ticket, ADMIN, wall_clock())
    assert after
    return after


def answered(complaint: Complaint, *, final: bool = True) -> Complaint:
    after = handling.answer(complaint.ticket, "Sudah.", OFFICER, wall_clock(), lambda _: True, final=final)
    assert after
    return after


def cards(page: str) -> list[str]:
    """Return the tickets of a list, in its order."""
    return re.findall(r'class="code" href="[^"]*/t/([0-9A-Z-]+)\?', page)


def listed(service: Service, query: str) -> list[str]:
    answer = service.get(f"/complaints?limit=100&{query}")
    assert answer.status == 200, answer.text
    return [one["ticket"] for one in answer.json["items"]]


# ------------------------------------------------------------------------------------------------ the list


def test_the_list_shows_what_was_checked_masked_and_newest_first(service: Service) -> None:
    now = wall_clock()
    old = filed(LAMP, now - 2 * DAY, name="Warga Uji", phone="+6280000000001")
    new = checked(filed(f"{HOLE}, hubungi 0812 3456 7890", now - DAY))
    hidden = [filed(UNCLEAR, now), checked(filed(PARKING, now, confidential=True))]
    page = shown(service, "/aduan")
    assert cards(page) == [new.ticket, old.ticket]
    assert f"hubungi {MASK}" in page
    for secret in ("3456", "Warga Uji", "80000000001", UNCLEAR, PARKING, *(one.ticket for one in hidden)):
        assert secret not in page
    assert "Dinas Pekerjaan Umum" in page


def test_the_list_is_filtered_as_its_form_and_the_api_say(service: Service) -> None:
    lamp, hole, parking = filed(LAMP), answered(filed(HOLE, kind="idea")), filed(PARKING)
    wanted = {
        "opd=dpuprpkp": {lamp, hole},
        "opd=dpuprpkp&division=jalan": {hole},
        "division=parkir": {parking},
        "category=pju": {lamp},
        "category=pju&opd=dishub": set[Complaint](),
        "kind=idea": {hole},
        "status=answered": {hole},
        "status=dispatched&kind=complaint": {lamp, parking},
        f"period={month()}": {lamp, hole, parking},
        f"period={month(1)}": set[Complaint](),
        "opd=tidak_ada": set[Complaint](),
        "opd=&status=&kind=&category=": {lamp, hole, parking},
    }
    for query, found in wanted.items():
        tickets = sorted(one.ticket for one in found)
        assert sorted(cards(shown(service, f"/aduan?{query}"))) == tickets, query
        assert sorted(listed(service, query)) == tickets, query


@pytest.mark.parametrize("query", ["kind=spam", "status=x", "period=2026-13", "counted=all", "cursor=abc"])
def test_a_filter_that_cannot_be_is_a_page_that_says_so_and_is_not_kept(service: Service, query: str) -> None:
    answer = service.get(f"/aduan?{query}")
    assert (answer.status, answer.headers["Cache-Control"]) == (400, "no-store")
    assert "text/html" in answer.headers["Content-Type"]
    assert service.get(f"/complaints?{query}").status == 400


def test_what_a_messenger_adds_to_a_shared_link_counts_for_nothing(service: Service) -> None:
    ticket = filed(LAMP).ticket
    assert cards(shown(service, "/aduan?fbclid=abc&utm_source=wa&opd=dpuprpkp")) == [ticket]
    for path in ("/papan", "/aduan.rss"):
        assert service.get(f"{path}?fbclid=abc").status == 200


def test_the_list_goes_on_with_its_filters_until_its_end(service: Service) -> None:
    now = wall_clock()
    all_of_them = [filed(f"{LAMP} nomor {n}", now - n * timedelta(minutes=1)).ticket for n in range(25)]
    filed(PARKING)
    first = shown(service, "/aduan?opd=dpuprpkp&kind=complaint")
    (older,) = re.findall(r'href="https://sambat.example/api(/aduan\?[^"]*)" rel="next"', first)
    assert "opd=dpuprpkp&kind=complaint" in older
    second = shown(service, older)
    assert cards(first) + cards(second) == all_of_them
    assert 'rel="next"' not in second
    assert 'href="https://sambat.example/api/aduan?opd=dpuprpkp&kind=complaint&lang=id">Kembali' in second


def test_an_agency_has_a_page_with_its_month_and_where_it_stands(service: Service) -> None:
    late(LAMP)
    answered(filed(HOLE))
    service.deliver()
    page = shown(service, "/aduan?opd=dpuprpkp", accept_language="en")
    assert "<h1>Dinas Pekerjaan Umum" in page
    assert "<b>Warning</b> · Bidang Penerangan Jalan" in page
    assert re.search(r"counted=on_time&period=[0-9-]+&lang=en\"><b>[0-9]+%</b> in time", page)
    assert "/papan?lang=en#opd-dpuprpkp" in page
    assert "This month" not in shown(service, "/aduan?opd=dpuprpkp&kind=idea", accept_language="en")
    assert "This month" not in shown(service, "/aduan?opd=dishub", accept_language="en")


def test_a_category_has_a_page_in_the_language_of_its_reader(service: Service) -> None:
    filed(LAMP)
    assert "<h1>Penerangan jalan umum</h1>" in shown(service, "/aduan?category=pju")
    page = shown(service, "/aduan?category=pju&opd=dpuprpkp&lang=en")
    assert "<h1>Street lighting</h1>" in page
    assert "Complaint · Street lighting" in page


def test_nobody_can_write_a_heading_by_a_link(service: Service) -> None:
    page = shown(service, "/aduan?opd=Wali%20Kota%20korupsi&category=Hubungi%20saya&division=x")
    assert "<h1>Aduan warga</h1>" in page


def test_a_page_of_the_list_costs_the_same_however_many_complaints_there_are(service: Service) -> None:
    asked: list[list[tuple[str, str]]] = []
    for _ in range(2):
        for n in range(45):
            filed(f"{LAMP} nomor {len(asked)} {n}")
        city.forget()
        shown(service, "/aduan")  # the first day is read once
        with watched_calls() as calls:
            shown(service, "/aduan")
        asked.append([(call.operation, call.table) for call in calls])
    assert asked[0] == asked[1]
    assert [operation for operation, _ in asked[0]] == ["Query", "BatchGetItem"]


# ------------------------------------------------------------------------------------------------ behind a number


def test_behind_every_number_of_the_board_stand_as_many_complaints(service: Service) -> None:
    handling.forward(late(LAMP).ticket, "dpuprpkp", "jalan", "Bukan kami", OFFICER, wall_clock(), lambda _: True)
    answered(late(HOLE))
    for text in (LAMP, HOLE, PARKING):
        answered(filed(f"{text} lagi"), final=False)
        following.rate(answered(filed(text)).ticket, 4, None, wall_clock())
    filed(PARKING)
    service.deliver()
    boards = [service.get(f"/scoreboard?period={month(back)}").json for back in range(3)]
    seen = set()
    for board in boards:
        lines = [("", board["total"]), *((f"&opd={one['opd']}", one) for one in board["opds"])]
        lines += [(f"&opd={one['opd']}&division={one['division']}", one) for one in board["divisions"]]
        for where, line in lines:
            for counted in lists.COUNTED:
                if counted in line:
                    found = listed(service, f"period={board['period']}&counted={counted}{where}")
                    assert len(found) == line[counted], (board["period"], counted, where)
                    seen |= {counted} if found else set()
    assert seen == set(lists.COUNTED)


def test_a_number_of_another_month_or_division_has_others_behind_it(service: Service) -> None:
    ticket = answered(filed(LAMP)).ticket
    assert listed(service, f"counted=answered&period={month()}&division=pju") == [ticket]
    assert listed(service, f"counted=answered&period={month(1)}") == []
    assert listed(service, "counted=answered&division=jalan") == []
    assert listed(service, "counted=answered&opd=dishub") == []
    assert listed(service, "counted=late") == []


# ------------------------------------------------------------------------------------------------ the feed


def items(answer: Answer) -> list[dict[str, str]]:
    """Return the items of a feed as any reader of XML gets them."""
    assert answer.status == 200
    rss = ET.fromstring(answer.body)  # noqa: S314
    assert (rss.tag, rss.get("version")) == ("rss", "2.0")
    (channel,) = rss
    assert {"title", "link", "description"} <= {part.tag for part in channel}
    return [{part.tag: part.text or "" for part in item} for item in channel.iter("item")]


def test_a_feed_is_what_the_list_shows(service: Service) -> None:
    at = wall_clock() - DAY
    complaint = checked(filed(f"{LAMP}, hubungi 0812 3456 7890", at))
    filed(UNCLEAR)
    checked(filed(HOLE, confidential=True))
    answer = service.get("/aduan.rss?lang=en")
    assert answer.headers["Content-Type"] == feed.TYPE == "application/rss+xml; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    (item,) = items(answer)
    own = f"https://sambat.example/api/t/{complaint.ticket}"
    assert (item["guid"], item["link"]) == (own, f"{own}?lang=en")
    assert item["description"] == item["title"] == f"{LAMP}, hubungi {MASK}"
    assert parsedate_to_datetime(item["pubDate"]) == at.replace(microsecond=0)


def test_a_hostile_text_is_only_text_in_a_feed(service: Service) -> None:
    checked(filed(HOSTILE))
    (item,) = items(service.get("/aduan.rss"))
    assert item["description"] == re.sub("[\x00\x08\x0b\x1f\ufffe\uffff]", "\ufffd", HOSTILE)
    assert "<script" not in service.get("/aduan.rss").text
    page = service.get("/aduan").text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_long_text_has_a_short_title(service: Service) -> None:
    checked(filed(f"{LAMP}\n\n{'kata ' * 100}"))
    (item,) = items(service.get("/aduan.rss"))
    assert item["title"] == f"{LAMP} {'kata ' * 100}"[:100].rstrip() + " …"
    assert len(item["description"]) > 500


def test_a_feed_has_the_newest_fifty_of_all_or_of_an_agency_or_a_category(service: Service) -> None:
    now = wall_clock()
    lamps = [filed(f"{LAMP} nomor {n}", now - n * timedelta(minutes=1)).ticket for n in range(52)]
    parking = filed(PARKING, now - DAY).ticket

    def tickets(query: str) -> list[str]:
        return [item["guid"].rpartition("/")[2] for item in items(service.get(f"/aduan.rss?{query}"))]

    assert tickets("") == lamps[:50]
    assert tickets("opd=dishub") == tickets("category=parkir") == [parking]
    assert tickets("opd=dishub&category=pju") == []
    page = shown(service, "/aduan?opd=dishub&category=parkir&kind=complaint")
    assert (
        'title="Aduan warga Kota Malang" href="https://sambat.example/api/aduan.rss?opd=dishub&category=parkir' in page
    )
    assert "Parkir dan juru parkir · Dinas Perhubungan" in service.get("/aduan.rss?opd=dishub&category=parkir").text


# ------------------------------------------------------------------------------------------------ the scoreboard


def test_the_board_shows_how_each_does_and_why_one_stands_on_a_rung(service: Service) -> None:
    slow = late(LAMP)
    answered(filed(HOLE))
    service.deliver()
    page = shown(service, "/papan")
    assert "<b>Teguran</b> sejak" in page
    assert "Tenggat sebuah aduan terlewat." in page
    assert f'href="https://sambat.example/api/t/{slow.ticket}?lang=id"' in page
    assert page.index("Yang sedang ditegur") < page.index("Semua OPD")
    assert 'id="opd-dpuprpkp"' in page
    assert f"/aduan?opd=dpuprpkp&division=jalan&counted=on_time&period={month()}&lang=id" in page
    assert "26 OPD tanpa aduan" in page


def test_the_vest_is_drawn_once_the_mayor_confirms_it_and_not_before(service: Service) -> None:
    hidden = late(LAMP, rungs=2, confidential=True)
    assert 'class="stand of-black_vest"' not in shown(service, "/papan")
    body = {"rung": "black_vest", "reason": "Kata saksi"}
    assert service.post("/admin/standings/dpuprpkp/pju/confirm", body, token("mayor")).status == 200
    page = shown(service, "/papan")
    assert 'class="stand of-black_vest"' in page
    assert "1 keterlambatan pada aduan rahasia" in page
    for secret in (hidden.ticket, "saksi", LAMP):
        assert secret not in page


def test_an_agency_stands_by_its_share_and_after_all_who_has_nothing_to_measure(service: Service) -> None:
    answered(filed(LAMP, wall_clock() - 40 * DAY))  # too late
    answered(filed(HOLE))
    answered(filed(PARKING))
    filed("Sampah menumpuk di TPS Jl. Borobudur belum diangkut")
    service.deliver()
    assert re.findall(r'id="opd-(\w+)"', shown(service, "/papan")) == ["dishub", "dpuprpkp", "dlh"]


def test_the_board_shows_the_months_rewards_by_their_rank(service: Service) -> None:
    body = {"opd": "dpuprpkp", "division": "pju", "period": month(1), "reward": "Telepon genggam"}
    assert service.post("/admin/rewards", body, token("admin")).status == 201
    assert 'class="stand of-reward"' in shown(service, f"/papan?period={month(1)}")
    assert "Telepon genggam" not in shown(service, "/papan")


def test_the_months_beside_are_one_step_away(service: Service) -> None:
    def steps(path: str) -> tuple[str, ...]:
        return tuple(re.findall(r'period=([0-9-]+)&lang=id" rel="(?:prev|next)"', shown(service, path)))

    assert steps("/papan") == (month(1),)
    assert steps(f"/papan?period={month(1)}") == (month(2), month())
    assert steps("/papan?period=2026-01") == ("2025-12", "2026-02")
    assert steps("/papan?period=2000-01") == ("2000-02",)
    assert 'value="2009-07" selected' in shown(service, "/papan?period=2009-07")
    assert steps("/papan?period=2099-12") == ("2099-11",)
    assert service.get("/papan?period=2026-13").status == 400


def test_an_empty_city_is_invited(service: Service) -> None:
    page = shown(service, "/papan")
    assert "Papan ini menunggu aduan pertama" in page
    assert "Tidak ada yang tercatat pada Januari 2026" in shown(service, "/papan?period=2026-01")
    assert "Jadilah yang pertama" in shown(service, "/aduan")
    assert items(service.get("/aduan.rss")) == []


def test_the_board_asks_what_the_scoreboard_asks_however_many_complaints_there_are(service: Service) -> None:
    late(LAMP)
    service.deliver()

    def asked(path: str) -> list[tuple[str, str]]:
        city.forget()
        with watched_calls() as calls:
            assert service.get(path).status == 200
        return [(call.operation, call.table) for call in calls]

    before = asked("/papan")
    for n in range(12):
        filed(f"{LAMP} {n}")
    service.deliver()
    assert asked("/papan") == before
    more = Counter(before)
    more.subtract(asked("/scoreboard"))
    assert +more == {("Query", "registry"): 1, ("GetItem", "registry"): 1}  # what people call them, once a minute
    assert -more == {}


# ------------------------------------------------------------------------------------------------ all three


@pytest.mark.parametrize("path", ["/aduan", "/papan"])
def test_anybodys_cache_may_keep_a_public_page_for_a_minute_in_one_language(service: Service, path: str) -> None:
    answer = service.get(path)
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["Vary"] == "Accept-Language"
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert '<html lang="id"' in answer.text
    assert '<html lang="en"' in service.get(path, accept_language="en").text
    assert "noindex" not in answer.text


def test_what_was_handed_on_counts_again_and_the_board_does_not_call_that_complaints(service: Service) -> None:
    ticket = filed(LAMP).ticket
    body = {"opd": "dpuprpkp", "division": "jalan", "reason": "Bukan lampu."}
    assert service.post(f"/opd/complaints/{ticket}/forward", body, token("opd", "dpuprpkp")).status == 200
    service.deliver()
    board = service.get("/papan").text
    assert re.findall(r'counted=dispatched[^"]*"><b>(\d+)</b> ([^<]*)</a>', board)[0] == ("2", "diteruskan")
    assert "dihitung lagi setiap kali diteruskan" in board
