"""Which web addresses may be fetched: what a URL is, and where its host leads to.

A host is judged by all its addresses, as they were when it was resolved here; the connection
must go to one of these, or the name could lead elsewhere the second time.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from urllib.parse import SplitResult, quote, urlsplit

from index.errors import FetchError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Sequence[str]]
"""From a host and a port to all its addresses; raises OSError if there are none."""
AddressPolicy = Callable[[Address], bool]
"""Whether a connection to this address is allowed."""

_MAX_URL_CHARS = 8_000
_PORTS = {"http": 80, "https": 443}
_URL_SIGNS = "/?%:@!$&'()*+,;=~"
# The well-known prefix behind which NAT64 puts IPv4 addresses (RFC 6052).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def parsed_url(url: str) -> SplitResult:
    """Return the parts of ``url`` in ASCII, without a fragment.

    Raises:
        FetchError: It is no web address, or holds a password.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", "" if parts.port is None else f":{parts.port}"
        host = host if host.isascii() else host.encode("idna").decode("ascii")
        if re.search(r"[^\w.:-]", host):
            raise ValueError(host)
    except ValueError as error:  # of the port, of an IPv6 address, of a name
        msg = f"This is no URL ({error}). Check its host and port."
        raise FetchError(msg) from error
    if parts.scheme not in _PORTS or not host or len(url) > _MAX_URL_CHARS:
        msg = "Only web addresses can be fetched. Give a URL that starts with https:// or http://."
        raise FetchError(msg)
    if parts.username is not None or parts.password is not None:
        msg = "The URL holds a user name or password. Download the page and add the file instead."
        raise FetchError(msg)
    return parts._replace(
        netloc=(f"[{host}]" if ":" in host else host) + port,
        path=quote(parts.path or "/", safe=_URL_SIGNS.replace("?", "")),
        query=quote(parts.query, safe=_URL_SIGNS),
        fragment="",
    )


def system_resolver(host: str, port: int) -> list[str]:
    """Return the addresses that the operating system knows for ``host``.

    Raises:
        OSError: There are none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: Address) -> bool:
    """Tell whether ``address`` is on the public internet.

    An IPv6 address that stands for an IPv4 one (mapped, 6to4, NAT64) is judged by that.
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    # is_global alone holds multicast and parts of the reserved ranges for global.
    inside = address.is_private or address.is_loopback or address.is_link_local
    odd = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not inside and not odd


def checked_addresses(target: SplitResult, resolver: Resolver, allowed: AddressPolicy) -> list[str]:
    """Return the addresses of the host of ``target``.

    Raises:
        FetchError: It has none, or one that is not allowed.
    """
    try:
        addresses = resolver(target.hostname or "", target.port or _PORTS[target.scheme])
        found = [ipaddress.ip_address(address) for address in addresses]
    except (OSError, ValueError) as error:
        msg = f"The host {target.hostname} was not found. Check the URL and the connection."
        raise FetchError(msg) from error
    if not found or not all(map(allowed, found)):
        # Which address it was would tell an outsider about the network inside.
        msg = f"{target.hostname} is not on the public internet. Save the page and add the file."
        raise FetchError(msg)
    return [str(address) for address in found]
