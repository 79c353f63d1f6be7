"""What is fetched because a message named it: over real TLS from a server here, by the tests' names and addresses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.adapters.sms_providers import fetching
from chalicelib.adapters.sms_providers.fetching import MOST_BYTES, FetchFailed, FetchRefused, fetch
from tests.unit.sms_internet import PUBLIC, Internet, internet_for

HOST = "sns.ap-southeast-3.amazonaws.com"
OTHER = "elsewhere.example"
URL = f"https://{HOST}/key.pem"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    with internet_for(HOST, tmp_path, monkeypatch) as running:
        running.answers["/key.pem"] = (200, {}, b"a certificate")
        running.names[OTHER] = [PUBLIC]
        yield running


def get(url: str = URL) -> bytes:
    return fetch(url, lambda host: host == HOST)


def test_it_is_fetched_from_the_address_that_was_checked_under_its_own_name(world: Internet) -> None:
    assert get() == b"a certificate"
    assert (world.resolved, world.connected) == ([HOST], [PUBLIC]), "resolved once"
    assert (world.indicated, world.asked) == ([HOST], [(HOST, "/key.pem")])


def test_path_and_query_are_sent_as_they_stand(world: Internet) -> None:
    for path in ("/?Action=ConfirmSubscription&Token=a%2Fb+c", "/", "/b;c?d=%5Be%5D"):
        world.answers[path] = (200, {}, path.encode())
        assert get(f"https://{HOST}{path}") == path.encode()
    assert get(f"https://{HOST}/?Action=ConfirmSubscription&Token=a%2Fb+c#fragment").startswith(b"/?Action")


@pytest.mark.parametrize(
    "url",
    [
        "",
        HOST,
        f"//{HOST}/key.pem",
        f"http://{HOST}/key.pem",
        f"ftp://{HOST}/key.pem",
        "file:///etc/passwd",
        "https:///key.pem",
        f"https://{OTHER}/key.pem",
        f"https://{HOST}.{OTHER}/key.pem",
        f"https://{OTHER}/{HOST}/key.pem",
        f"https://{OTHER}#{HOST}/key.pem",
        f"https://{OTHER}?{HOST}/key.pem",
        f"https://{OTHER}\\@{HOST}/key.pem",
        f"https://{HOST}\\.{OTHER}/key.pem",
        f"https://{OTHER}@{HOST}/key.pem",
        f"https://user:password@{HOST}/key.pem",
        f"https://{HOST}:443/key.pem",
        f"https://{HOST}:8443/key.pem",
        f"https://{HOST}./key.pem",
        f"https://{HOST.upper()}/key.pem",
        f"https://{HOST}\r\nHost: x/key.pem",
        f"https://{HOST}/key.pem\r\nX: y",
        f"https://{HOST}/key .pem",
        f"https://{HOST}/kéy.pem",
        "https://[::1]/key.pem",
        "https://[::1/key.pem",
        "https://127.0.0.1/key.pem",
    ],
)
def test_another_address_than_https_of_an_allowed_host_is_refused_before_anything_is_asked(
    world: Internet, url: str
) -> None:
    with pytest.raises(FetchRefused):
        get(url)
    assert (world.resolved, world.connected) == ([], [])


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "2001::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::",
    ],
)  # fmt: skip
@pytest.mark.parametrize("beside", [[], [PUBLIC]])
def test_a_name_with_an_address_that_is_not_public_is_refused(world: Internet, address: str, beside: list[str]) -> None:
    world.names[HOST] = [*beside, address]
    with pytest.raises(FetchRefused, match="not public"):
        get()
    assert world.connected == []


@pytest.mark.parametrize("address", ["8.8.8.8", "2600:1f00::1", "2406:da00::1"])
def test_public_addresses_of_either_kind_are_asked(world: Internet, address: str) -> None:
    world.names[HOST] = [address]
    assert get() == b"a certificate"
    assert world.connected == [address]


def test_the_next_address_is_asked_where_nobody_listens_at_the_first(world: Internet) -> None:
    world.names[HOST], world.silent = ["52.94.0.9", PUBLIC], {"52.94.0.9"}
    assert get() == b"a certificate"
    assert world.connected == ["52.94.0.9", PUBLIC]


def test_two_redirects_within_the_allowed_host_are_followed(world: Internet) -> None:
    world.answers["/one"] = (302, {"Location": "/two"}, b"")
    world.answers["/two"] = (307, {"Location": URL}, b"")
    assert get(f"https://{HOST}/one") == b"a certificate"
    assert [path for _, path in world.asked] == ["/one", "/two", "/key.pem"]
    assert world.resolved == [HOST] * 3, "each time checked anew"


def test_a_third_redirect_is_refused(world: Internet) -> None:
    world.answers["/one"] = (302, {"Location": "/one"}, b"")
    with pytest.raises(FetchRefused, match="again"):
        get(f"https://{HOST}/one")
    assert len(world.asked) == 3


@pytest.mark.parametrize(
    "location",
    [
        f"http://{HOST}/key.pem",
        f"https://{OTHER}/key.pem",
        f"//{OTHER}/key.pem",
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[",
        f"https://{HOST}:8443/key.pem",
        "",
    ],
)
def test_a_redirect_to_elsewhere_is_refused(world: Internet, location: str) -> None:
    world.answers["/key.pem"] = (302, {"Location": location}, b"")
    with pytest.raises(FetchRefused):
        get()
    assert len(world.asked) == 1


def test_a_redirect_to_a_name_that_has_become_a_private_one_is_refused(world: Internet) -> None:
    inside = "sns.us-east-1.amazonaws.com"
    world.names[inside] = ["10.0.0.1"]
    world.answers["/key.pem"] = (301, {"Location": f"https://{inside}/key.pem"}, b"")
    with pytest.raises(FetchRefused, match="not public"):
        fetch(URL, lambda host: host in (HOST, inside))
    assert world.connected == [PUBLIC]


@pytest.mark.parametrize("status", [201, 204, 304, 400, 403, 404, 410])
def test_what_is_not_there_is_refused(world: Internet, status: int) -> None:
    world.answers["/key.pem"] = (status, {}, b"")
    with pytest.raises(FetchRefused, match=str(status)):
        get()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_has_trouble_fails_for_now(world: Internet, status: int) -> None:
    world.answers["/key.pem"] = (status, {}, b"")
    with pytest.raises(FetchFailed, match=str(status)):
        get()


def test_64_kb_are_fetched_and_not_a_byte_more(world: Internet) -> None:
    world.answers["/key.pem"] = (200, {}, b"a" * MOST_BYTES)
    assert len(get()) == MOST_BYTES == 65_536
    world.answers["/key.pem"] = (200, {}, b"a" * (MOST_BYTES + 1))
    with pytest.raises(FetchRefused, match="too large"):
        get()


def test_what_claims_to_be_compressed_is_not_blown_up(world: Internet) -> None:
    world.answers["/key.pem"] = (200, {"Content-Encoding": "gzip"}, b"not gzip")
    assert get() == b"not gzip"


def test_what_is_cut_off_fails_for_now(world: Internet) -> None:
    world.answers["/key.pem"] = (200, {"Content-Length": "99"}, b"half of it")
    with pytest.raises(FetchFailed, match="cut off"):
        get()


def test_a_server_that_is_not_who_it_should_be_fails(world: Internet) -> None:
    with pytest.raises(FetchFailed, match="SSLError"):
        fetch(f"https://{OTHER}/key.pem", lambda host: host == OTHER)
    assert world.asked == []


def test_a_certificate_of_an_unknown_authority_fails(
    world: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "none.pem").touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(FetchFailed, match="SSLError"):
        get()
    assert world.asked == []


def test_a_name_without_an_address_fails_for_now(world: Internet) -> None:
    del world.names[HOST]
    with pytest.raises(FetchFailed, match="no address"):
        get()
    world.names[HOST] = []
    with pytest.raises(FetchFailed, match="no address"):
        get()


def test_nobody_listening_fails_for_now_without_repeating_the_address(world: Internet) -> None:
    world.silent = {PUBLIC}
    with pytest.raises(FetchFailed) as caught:
        get(f"{URL}?Token=secret")
    assert "secret" not in str(caught.value)
    assert HOST not in str(caught.value)


def test_a_proxy_of_the_environment_is_not_used(world: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert get() == b"a certificate"


def test_it_takes_less_time_than_sns_waits_for_us(world: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    slowest = fetching.MOST_ADDRESSES * (fetching.CONNECT_SECONDS + fetching.READ_SECONDS)
    assert slowest < 15
    assert fetching.WHOLE_SECONDS < 15
    monkeypatch.setattr(fetching, "WHOLE_SECONDS", -1)
    with pytest.raises(FetchFailed, match="too slow"):
        get()
