"""Where a request comes from."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

_IPV6_NETWORK = 64


def address_of(scope: Mapping[str, Any]) -> str:
    """Return for whom an ASGI request counts: its IP address, or its network for IPv6."""
    address = _parsed(scope)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
    return str(address or _host(scope))


def is_loopback(scope: Mapping[str, Any]) -> bool:
    """Return whether an ASGI request comes from this machine."""
    address = _parsed(scope)
    return address is not None and address.is_loopback


def _parsed(scope: Mapping[str, Any]) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address of a client, which a server on IPv6 may have got as ``::ffff:1.2.3.4``."""
    try:
        address = ipaddress.ip_address(_host(scope))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _host(scope: Mapping[str, Any]) -> str:
    return str((scope.get("client") or ("",))[0])
