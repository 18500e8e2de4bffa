"""For whom a request counts."""

from __future__ import annotations

import pytest

from qa.visitors.addresses import address_of, is_loopback


@pytest.mark.parametrize(
    ("client", "address", "is_local"),
    [
        (("192.0.2.7", 1), "192.0.2.7", False),
        (("127.0.0.1", 1), "127.0.0.1", True),
        (("::1", 1), "::/64", True),
        (("2001:db8::7", 1), "2001:db8::/64", False),
        (("::ffff:192.0.2.7", 1), "192.0.2.7", False),
        (("::ffff:127.0.0.1", 1), "127.0.0.1", True),
        (("a-socket", 1), "a-socket", False),
        (None, "", False),
    ],
)
def test_a_request_counts_for_its_address_or_network(
    client: tuple[str, int] | None, address: str, *, is_local: bool
) -> None:
    scope = {"client": client}
    assert (address_of(scope), is_loopback(scope)) == (address, is_local)
