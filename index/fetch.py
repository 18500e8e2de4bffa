"""From a URL to bytes, without reaching into the network this program runs in.

Each host, the first and those it redirects to, is resolved here; all its addresses must
be public, and the connection goes to an address that was checked. So neither a redirect
nor a name that resolves differently the second time leads inside. No proxy is used,
whatever the environment says: the check would be the proxy's.

A test reaches a server of its own by giving a ``resolver`` and an ``AddressPolicy``.
"""

from __future__ import annotations

import ipaddress
import math
import re
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from index.errors import FetchError, TooLarge
from index.limits import DEFAULT_MAX_BYTES
from index.loaders import MEDIA_TYPES

if TYPE_CHECKING:
    import ssl

    import httpcore

    _Backend = httpcore.NetworkBackend
    _Stream = httpcore.NetworkStream
else:
    # httpcore takes 140 ms to import, and asks of these no more than the methods.
    _Backend = _Stream = object

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Sequence[str]]
"""From a host and a port to all its addresses; raises OSError if there are none."""
AddressPolicy = Callable[[Address], bool]
"""Whether a connection to this address is allowed."""

_MAX_URL_CHARS = 8_000
_PORTS = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_URL_SIGNS = "/?%:@!$&'()*+,;=~"
# The well-known prefix behind which NAT64 puts IPv4 addresses (RFC 6052).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What a fetch may take in all, but for the system's look-up of names."""

    max_bytes: int = DEFAULT_MAX_BYTES
    max_redirects: int = 5
    connect_seconds: float = 10.0
    read_seconds: float = 15.0
    total_seconds: float = 60.0


DEFAULT_LIMITS = FetchLimits()


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the URL gave at which redirects ended; named by its path or its host."""

    url: str
    data: bytes
    content_type: str | None
    name: str


def fetch(
    url: str,
    *,
    limits: FetchLimits = DEFAULT_LIMITS,
    resolver: Resolver | None = None,
    allowed: AddressPolicy | None = None,
) -> Fetched:
    """Return what is at ``url``, an http or https address on the public internet.

    ``resolver`` is ``system_resolver`` and ``allowed`` is ``is_public`` if not given.

    Raises:
        FetchError: The URL is not one, must not be reached, or did not give a text in time.
        TooLarge: There are more than ``limits.max_bytes`` bytes.
    """
    deadline = time.monotonic() + limits.total_seconds
    for _ in range(limits.max_redirects + 1):
        target = _parse(url)
        addresses = _checked_addresses(target, resolver or system_resolver, allowed or is_public)
        answer = _request(target, _PinnedBackend(addresses, deadline), limits)
        if isinstance(answer, Fetched):
            return answer
        url = answer
    msg = f"The URL redirects more than {limits.max_redirects} times. Give the final address."
    raise FetchError(msg)


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


def _parse(url: str) -> SplitResult:
    """Return the parts of ``url`` in ASCII, or raise FetchError: no web address, or a password."""
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


def _checked_addresses(
    target: SplitResult, resolver: Resolver, allowed: AddressPolicy
) -> list[str]:
    """Return the addresses of the host, or raise FetchError if one is not allowed."""
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


def _request(target: SplitResult, backend: _PinnedBackend, limits: FetchLimits) -> Fetched | str:
    """Return the content, or the URL that the host redirects to; raises what ``fetch`` does."""
    import httpcore

    timeouts = {"connect": limits.connect_seconds, "read": limits.read_seconds}
    accept = ", ".join(sorted(MEDIA_TYPES)) + ", text/*;q=0.8, */*;q=0.1"
    # "identity": what is not compressed cannot swell.
    headers = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": "article-qa"}
    options: dict[str, Any] = {"headers": headers, "extensions": {"timeout": timeouts}}
    try:
        with (
            httpcore.ConnectionPool(network_backend=backend) as pool,
            pool.stream("GET", target.geturl(), **options) as response,
        ):
            location = _header(response, b"location")
            if response.status in _REDIRECTS and location:
                return urljoin(target.geturl(), location)
            return _content(target, response, limits)
    except httpcore.TimeoutException as error:
        msg = f"{target.hostname} did not answer in time. Try again later, or add it as a file."
        raise FetchError(msg) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        msg = f"{target.hostname} cannot be reached or broke off ({error}). Try again later."
        raise FetchError(msg) from error


def _content(target: SplitResult, response: httpcore.Response, limits: FetchLimits) -> Fetched:
    if response.status // 100 != 2:  # noqa: PLR2004 - 2xx is success
        msg = f"{target.hostname} answered with status {response.status}. Check the URL."
        raise FetchError(msg)
    if (_header(response, b"content-encoding") or "identity").lower() != "identity":
        msg = f"{target.hostname} sends it compressed, unasked. Save the page and add the file."
        raise FetchError(msg)
    content_type = _header(response, b"content-type")
    media_type = (content_type or "").partition(";")[0].strip().lower()
    known = media_type in MEDIA_TYPES or media_type.startswith("text/")
    if not known and media_type not in {"", "application/octet-stream"}:
        msg = f"The URL gives {media_type}, no text or document. Give the URL of one."
        raise FetchError(msg)
    name = unquote(target.path.rstrip("/").rpartition("/")[2]) or target.netloc
    return Fetched(target.geturl(), _body(response, limits.max_bytes), content_type, name)


def _body(response: httpcore.Response, max_bytes: int) -> bytes:
    msg = (
        f"What the URL gives is over the limit of {max_bytes:,} bytes. Add a part of it as a file."
    )
    length = _header(response, b"content-length") or ""
    if length.isdecimal() and int(length[:20]) > max_bytes:
        raise TooLarge(msg)
    body = bytearray()
    for piece in response.iter_stream():
        body += piece
        if len(body) > max_bytes:
            raise TooLarge(msg)
    return bytes(body)


def _header(response: httpcore.Response, name: bytes) -> str | None:
    values = (value for key, value in response.headers if key.lower() == name)
    return next((value.decode("utf-8", "replace") for value in values), None)


class _PinnedBackend(_Backend):
    """Connects to the given addresses; TLS still asks the certificate for the URL's host."""

    def __init__(self, addresses: Sequence[str], deadline: float) -> None:
        self._addresses, self._deadline = addresses, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        import httpcore

        backend = httpcore.SyncBackend()
        failure: Exception = httpcore.ConnectError(f"no address of {host}")
        for address in self._addresses:
            left = _time_left(self._deadline, timeout)
            try:
                stream = backend.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._deadline)
        raise failure


class _TimedStream(_Stream):
    """A stream that ends with the deadline, however steadily a few bytes come."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _time_left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _time_left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _time_left(self._deadline, timeout)
        stream = self._stream.start_tls(ssl_context, server_hostname, left)
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's signature
        return self._stream.get_extra_info(info)


def _time_left(deadline: float, timeout: float | None) -> float:
    import httpcore

    left = min(deadline - time.monotonic(), timeout or math.inf)
    if left <= 0:
        raise httpcore.ReadTimeout
    return left
