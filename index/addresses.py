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
_WITH_SCHEME = re.compile(r"https?://", re.IGNORECASE)
# A host with a dot whose last label is no number, or "localhost"; then a port, path or query.
_SCHEMELESS = re.compile(
    r"(?:(?:[^\W_](?:[\w-]{0,61}\w)?\.){1,20}[^\W\d_][\w-]{1,62}|localhost)(?::\d{1,5})?"
    r"(?P<path>/.*)?\Z",
    re.IGNORECASE | re.DOTALL,
)
_URL_SIGNS = "/?%:@!$&'()*+,;=~"
# The well-known prefix behind which NAT64 puts IPv4 addresses (RFC 6052).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP = 0x0000_5EFE  # before the IPv4 address, but for two bits (RFC 5214)
# What Python's tables count as public, and is not.
_NOT_PUBLIC = (
    ipaddress.IPv4Network("168.63.129.16/32"),  # Azure's metadata and host agent
    ipaddress.IPv4Network("192.88.99.0/24"),  # 6to4 relays, withdrawn (RFC 7526)
    ipaddress.IPv4Network("192.31.196.0/24"),  # AS112, answered within many networks (RFC 7535)
    ipaddress.IPv4Network("192.175.48.0/24"),  # the same (RFC 7534)
    ipaddress.IPv4Network("192.52.193.0/24"),  # AMT relays (RFC 7450)
    ipaddress.IPv6Network("2001:20::/28"),  # ORCHIDv2, no addresses of hosts (RFC 7343)
    ipaddress.IPv6Network("2620:4f:8000::/48"),  # AS112
    ipaddress.IPv6Network("3fff::/20"),  # documentation (RFC 9637)
)


def parsed_url(url: str) -> SplitResult:
    """Return the parts of ``url`` in ASCII, without a fragment; https where it has no scheme.

    Raises:
        FetchError: It is not a web address, or contains a password.
    """
    if len(url) > _MAX_URL_CHARS:
        msg = f"The URL is longer than {_MAX_URL_CHARS:,} characters. Download the page and add it."
        raise FetchError(msg)
    try:
        parts = urlsplit(with_scheme(url))
        host, port = parts.hostname or "", "" if parts.port is None else f":{parts.port}"
        host = host if host.isascii() else host.encode("idna").decode("ascii")
        if re.search(r"[^\w.:-]", host):
            raise ValueError(host)
    except ValueError as error:  # of the port, of an IPv6 address, of a name
        # Not with the error's words, which may repeat a password.
        msg = "This is not a valid URL. Check its host and port."
        raise FetchError(msg) from error
    if parts.scheme not in _PORTS or not host:
        msg = "Only web addresses can be fetched. Give a URL that starts with https:// or http://."
        raise FetchError(msg)
    if parts.username is not None or parts.password is not None:
        msg = (
            "The URL contains a user name or password. Download the page and add the file instead."
        )
        raise FetchError(msg)
    return parts._replace(
        netloc=(f"[{host}]" if ":" in host else host) + port,
        path=quote(parts.path or "/", safe=_URL_SIGNS.replace("?", "")),
        query=quote(parts.query, safe=_URL_SIGNS),
        fragment="",
    )


def with_scheme(url: str) -> str:
    """Return ``url`` without outer white space, and with ``https://`` if it has no scheme."""
    url = url.strip()
    return f"https://{url}" if _SCHEMELESS.match(url) else url


def is_web_address(source: str) -> bool:
    """Return whether a source that the user typed is a web address and not the name of a file.

    It is one with ``http://`` or ``https://``, and without a scheme if it starts with the name
    of a host and has a path, or is a host that begins with ``www.``: ``example.org/page`` but
    not ``notes.txt``. Whether a file of that name exists is for the caller to check first.
    """
    source = source.strip()
    if _WITH_SCHEME.match(source):
        return True
    found = _SCHEMELESS.match(source)
    return found is not None and (bool(found["path"]) or source.lower().startswith("www."))


def system_resolver(host: str, port: int) -> list[str]:
    """Return the addresses that the operating system knows for ``host``.

    Raises:
        OSError: There are none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: Address) -> bool:
    """Tell whether ``address`` is on the public internet.

    An IPv6 address that contains an IPv4 one, behind which a gateway or tunnel may pass it on,
    is judged by that one, too.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.is_site_local or not all(map(is_public, _contained(address))):
            return False
        if address in _NAT64:  # whose own range counts as reserved
            return True
    if any(address in network for network in _NOT_PUBLIC if network.version == address.version):
        return False
    # is_global alone is also true of multicast and of parts of the reserved ranges.
    inside = address.is_private or address.is_loopback or address.is_link_local
    odd = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not inside and not odd


def _contained(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses within an IPv6 address of a form that has some."""
    found = []
    if address in _NAT64 or int(address) >> 32 & 0xFCFF_FFFF == _ISATAP:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    if address.sixtofour is not None:
        found.append(address.sixtofour)
    if address.teredo is not None:
        found.extend(address.teredo)
    return found


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
