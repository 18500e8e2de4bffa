"""Where a request comes from."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

_IPV6_NETWORK = 64


def address_of(scope: Mapping[str, Any]) -> str:
    """Return for whom an ASGI request counts: its IP address, or its network for IPv6."""
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
    return str(address)


def is_loopback(scope: Mapping[str, Any]) -> bool:
    """Return whether an ASGI request comes from this machine."""
    try:
        return ipaddress.ip_address((scope.get("client") or ("",))[0]).is_loopback
    except ValueError:
        return False
