"""The Host and Origin headers that the server accepts."""

from __future__ import annotations

import pytest

from index.errors import SettingsError
from qa.page.guard import ServedAddresses

LOOPBACK = ServedAddresses.of("127.0.0.1", 7860)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860", "LocalHost:7860"]
)
def test_a_loopback_server_is_served_under_its_usual_spellings(host: str) -> None:
    assert LOOPBACK.serves(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:80",
        "127.0.0.1:78600",
        "127.0.0.1:7860:7860",
        "localhost.:7860",
        "x.localhost:7860",
        "localhost.localdomain:7860",
        "127.1:7860",
        "127.0.0.2:7860",
        "2130706433:7860",
        "0x7f.0.0.1:7860",
        "0177.0.0.1:7860",
        "127.000.000.001:7860",
        "0.0.0.0:7860",
        "[::]:7860",
        "[0:0:0:0:0:0:0:1]:7860",
        "[::ffff:127.0.0.1]:7860",
        "::1:7860",
        "attacker.example:7860",
        "attacker.example",
        "192.168.1.5:7860",
        "127.0.0.1:7860@attacker.example",
        "attacker.example#127.0.0.1:7860",
        "127.0.0.1:7860,attacker.example",
        "127.0.0.1:07860",
        "１２７.0.0.1:7860",
    ],
)
def test_no_other_spelling_or_name_is_served(host: str) -> None:
    assert not LOOPBACK.serves(host)


def test_on_port_80_the_port_may_be_omitted() -> None:
    assert ServedAddresses.of("127.0.0.1", 80).serves("localhost")


def test_an_allowed_host_is_served_with_the_servers_port_and_without() -> None:
    served = ServedAddresses.of("127.0.0.1", 7860, ["QA.example", "other.example:8443"])
    assert served.serves("qa.example:7860")
    assert served.serves("qa.example")
    assert served.serves("other.example:8443")
    for host in ("x.qa.example", "qa.example:81", "other.example", "other.example:7860"):
        assert not served.serves(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - what is tested
def test_a_server_on_all_interfaces_is_served_only_by_ip_address(host: str) -> None:
    served = ServedAddresses.of(host, 7860, ["qa.lan"])
    for own in ("192.168.1.5:7860", "localhost:7860", "[fe80::1]:7860", "qa.lan:7860"):
        assert served.serves(own)
    for other in (
        "attacker.example:7860",
        "192.168.1.5:80",
        "192.168.1.5",
        "127.1:7860",
        "0.0.0.0:7860",
        "[fe80:0::1]:7860",
        "192.168.1.5.:7860",
        "[192.168.1.5]:7860",
    ):
        assert not served.serves(other)


def test_a_server_on_one_interface_is_served_only_under_its_address() -> None:
    served = ServedAddresses.of("192.168.1.5", 7860)
    assert served.serves("192.168.1.5:7860")
    assert not served.serves("localhost:7860")


@pytest.mark.parametrize("host", ["", "https://qa.example", "qa.example/qa", "*", "a b", "x:y"])
def test_an_allowed_host_that_is_not_a_host_name_is_an_error(host: str) -> None:
    with pytest.raises(SettingsError, match="is not a host name"):
        ServedAddresses.of("127.0.0.1", 7860, [host])


@pytest.mark.parametrize("url", ["/qa", "example.org/qa", "ftp://example.org", "http://[::1", "//"])
def test_a_root_path_that_is_not_a_full_address_is_an_error(url: str) -> None:
    with pytest.raises(SettingsError, match="is not a full address"):
        ServedAddresses.of("127.0.0.1", 7860, public_url=url)


def test_the_origin_of_the_requested_host_is_the_servers_own() -> None:
    assert LOOPBACK.is_own_origin("http://127.0.0.1:7860", "127.0.0.1:7860")
    for foreign in (
        "null",
        "",
        "http://127.0.0.1",
        "http://127.0.0.1:8000",
        "http://localhost:7860",
        "http://attacker.example",
        "http://127.0.0.1:7860.attacker.example",
        "http://attacker.example/127.0.0.1:7860",
        "file://",
    ):
        assert not LOOPBACK.is_own_origin(foreign, "127.0.0.1:7860")


def test_behind_a_proxy_the_public_origin_is_the_servers_own() -> None:
    served = ServedAddresses.of("127.0.0.1", 7860, public_url="https://Example.org:443/qa/")
    assert served.serves("example.org")
    assert served.is_own_origin("https://example.org", "example.org")
    assert served.is_own_origin("https://example.org", "127.0.0.1:7860")
    for foreign in ("http://example.org", "https://example.org:8443", "https://xexample.org", ""):
        assert not served.is_own_origin(foreign, "example.org")
        assert not served.is_own_origin(foreign, "127.0.0.1:7860")
