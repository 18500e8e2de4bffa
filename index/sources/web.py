"""Fetch a web page, but nothing from the private network that this program runs in."""

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

from index.errors import FetchError, InputError, TooLarge
from index.limits import DEFAULT_MAX_BYTES, LoadLimits
from index.sources.detect import detect_format
from index.sources.loaders import MEDIA_TYPES

if TYPE_CHECKING:
    import ssl

    import httpcore

    _Backend = httpcore.NetworkBackend
    _Stream = httpcore.NetworkStream
else:
    # httpcore takes 140 ms to import, and only calls the methods of these.
    _Backend = _Stream = object


Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Sequence[str]]
"""Returns all addresses of a host and port; raises OSError if there are none."""
AddressPolicy = Callable[[Address], bool]
"""Returns whether a connection to an address is allowed."""

_MAX_URL_CHARS = 8_000
_PORTS = {"http": 80, "https": 443}
_WITH_SCHEME = re.compile(r"https?://", re.IGNORECASE)
# A host with a dot whose last label is not a number, or "localhost"; then a port and path.
_SCHEMELESS = re.compile(
    r"(?:(?:[^\W_](?:[\w-]{0,61}\w)?\.){1,20}[^\W\d_][\w-]{1,62}|localhost)(?::\d{1,5})?"
    r"(?P<path>/.*)?\Z",
    re.IGNORECASE | re.DOTALL,
)
_URL_CHARACTERS = "/?%:@!$&'()*+,;=~"
# The well-known prefix for IPv4 addresses in NAT64 (RFC 6052).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP = 0x0000_5EFE  # before the IPv4 address, but for two bits (RFC 5214)
# Not public, although Python's tables say so.
_NOT_PUBLIC = (
    ipaddress.IPv4Network("168.63.129.16/32"),  # Azure's metadata and host agent
    ipaddress.IPv4Network("192.88.99.0/24"),  # 6to4 relays, withdrawn (RFC 7526)
    ipaddress.IPv4Network("192.31.196.0/24"),  # AS112, answered inside many networks (RFC 7535)
    ipaddress.IPv4Network("192.175.48.0/24"),  # the same (RFC 7534)
    ipaddress.IPv4Network("192.52.193.0/24"),  # AMT relays (RFC 7450)
    ipaddress.IPv6Network("2001:20::/28"),  # ORCHIDv2, not addresses of hosts (RFC 7343)
    ipaddress.IPv6Network("2620:4f:8000::/48"),  # AS112
    ipaddress.IPv6Network("3fff::/20"),  # documentation (RFC 9637)
)


def parse_url(url: str) -> SplitResult:
    """Return the parts of ``url`` in ASCII, without a fragment; https if it has no scheme.

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
        # The error's own message may contain a password.
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
        path=quote(parts.path or "/", safe=_URL_CHARACTERS.replace("?", "")),
        query=quote(parts.query, safe=_URL_CHARACTERS),
        fragment="",
    )


def with_scheme(url: str) -> str:
    """Return ``url`` without outer white space, and with ``https://`` if it has no scheme."""
    url = url.strip()
    return f"https://{url}" if _SCHEMELESS.match(url) else url


def is_web_address(source: str) -> bool:
    """Return whether a source that the user typed is a web address rather than a file name.

    True for ``http://`` and ``https://``, for a host with a path and for a host that begins with
    ``www.``: ``example.org/page`` but not ``notes.txt``. The caller first checks whether there is
    a file of that name.
    """
    source = source.strip()
    if _WITH_SCHEME.match(source):
        return True
    found = _SCHEMELESS.match(source)
    return found is not None and (bool(found["path"]) or source.lower().startswith("www."))


def system_resolver(host: str, port: int) -> list[str]:
    """Return the addresses of ``host`` by the operating system; raises OSError without any."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: Address) -> bool:
    """Return whether ``address`` is on the public internet.

    The IPv4 address inside an IPv6 address must be public as well, since a gateway or tunnel may
    pass requests on to it.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.is_site_local or not all(map(is_public, _embedded(address))):
            return False
        if address in _NAT64:  # which Python counts as reserved
            return True
    if any(address in network for network in _NOT_PUBLIC if network.version == address.version):
        return False
    # is_global is also true for multicast and parts of the reserved ranges.
    private = address.is_private or address.is_loopback or address.is_link_local
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not private and not special


def _embedded(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses inside an IPv6 address."""
    found = []
    if address in _NAT64 or int(address) >> 32 & 0xFCFF_FFFF == _ISATAP:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    if address.sixtofour is not None:
        found.append(address.sixtofour)
    if address.teredo is not None:
        found.extend(address.teredo)
    return found


def resolve_allowed_addresses(
    target: SplitResult, resolver: Resolver, allowed: AddressPolicy
) -> list[str]:
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
        # Naming the address would reveal the private network to an outsider.
        msg = f"{target.hostname} is not on the public internet. Save the page and add the file."
        raise FetchError(msg)
    return [str(address) for address in found]


_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Refused without reading the content.
_REFUSED_MEDIA = ("image/", "audio/", "video/", "font/")


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Limits on one fetch, without looking up the name of the host."""

    max_bytes: int = DEFAULT_MAX_BYTES
    max_redirects: int = 5
    connect_seconds: float = 10.0
    read_seconds: float = 15.0
    total_seconds: float = 60.0


DEFAULT_LIMITS = FetchLimits()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file from the web."""

    url: str
    """The final URL, after redirects."""
    data: bytes
    content_type: str | None
    name: str
    """The last part of its path, else its host."""


def fetch(
    url: str,
    *,
    limits: FetchLimits = DEFAULT_LIMITS,
    resolver: Resolver | None = None,
    allowed: AddressPolicy | None = None,
) -> Fetched:
    """Return the file at ``url``, an http or https address on the public internet.

    ``resolver`` is by default ``system_resolver``, and ``allowed`` is ``is_public``.

    Raises:
        FetchError: The URL is invalid, not public, not of a text or document, or did not answer
            in time.
        TooLarge: It has more than ``limits.max_bytes`` bytes.
    """
    deadline = time.monotonic() + limits.total_seconds
    for _ in range(limits.max_redirects + 1):
        target = parse_url(url)
        addresses = resolve_allowed_addresses(
            target, resolver or system_resolver, allowed or is_public
        )
        response = _request(target, _PinnedBackend(addresses, deadline), limits)
        if isinstance(response, Fetched):
            return response
        url = response
    msg = f"The URL redirects more than {limits.max_redirects} times. Give the final address."
    raise FetchError(msg)


def _request(target: SplitResult, backend: _PinnedBackend, limits: FetchLimits) -> Fetched | str:
    """Return the file, or the URL that the host redirects to."""
    import httpcore

    timeouts = {"connect": limits.connect_seconds, "read": limits.read_seconds}
    accept = ", ".join(sorted(MEDIA_TYPES)) + ", text/*;q=0.8, */*;q=0.1"
    # Uncompressed content cannot be a zip bomb.
    headers = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": "article-qa"}
    options: dict[str, Any] = {"headers": headers, "extensions": {"timeout": timeouts}}
    try:
        with (
            httpcore.ConnectionPool(network_backend=backend) as pool,
            pool.stream("GET", target.geturl(), **options) as response,
        ):
            location = _header(response, b"location")
            if response.status in _REDIRECTS and location:
                return _redirect_url(target, location)
            return _content(target, response, limits)
    except httpcore.TimeoutException as error:
        msg = f"{target.hostname} did not answer in time. Try again later, or add it as a file."
        raise FetchError(msg) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        msg = f"{target.hostname} cannot be reached or broke the connection ({error}). Try later."
        raise FetchError(msg) from error


def _redirect_url(target: SplitResult, location: str) -> str:
    try:
        return urljoin(target.geturl(), location)
    except ValueError as error:
        msg = f"{target.hostname} redirects to an invalid URL. Give the final address."
        raise FetchError(msg) from error


def _content(target: SplitResult, response: httpcore.Response, limits: FetchLimits) -> Fetched:
    if response.status // 100 != 2:  # noqa: PLR2004 - 2xx is success
        msg = f"{target.hostname} answered with status {response.status}. Check the URL."
        raise FetchError(msg)
    if (_header(response, b"content-encoding") or "identity").lower() != "identity":
        msg = f"{target.hostname} sent compressed content. Download it and add the file."
        raise FetchError(msg)
    content_type = _header(response, b"content-type")
    media_type = (content_type or "").partition(";")[0].strip().lower()
    unsupported = FetchError(
        f"The URL leads to {media_type}, which is not text or a document. Give another URL."
    )
    if media_type.startswith(_REFUSED_MEDIA):
        raise unsupported
    data = _body(response, limits.max_bytes)
    if not _is_text_or_document(media_type) and not _is_known_by_its_bytes(data, limits):
        raise unsupported
    name = unquote(target.path.rstrip("/").rpartition("/")[2]) or target.netloc
    return Fetched(target.geturl(), data, content_type, name)


def _is_text_or_document(media_type: str) -> bool:
    # A server that does not know the type sends none, or the last one.
    known = media_type in MEDIA_TYPES or media_type.startswith("text/")
    return known or media_type in {"", "application/octet-stream"}


def _is_known_by_its_bytes(data: bytes, limits: FetchLimits) -> bool:
    """Return whether the loaders can read it or say what is wrong with it.

    Many servers send e-books and office documents as application/zip.
    """
    try:
        return detect_format(data, LoadLimits(max_bytes=limits.max_bytes)) is not None
    except InputError:  # broken or protected
        return True


def _body(response: httpcore.Response, max_bytes: int) -> bytes:
    msg = f"The page is over the limit of {max_bytes:,} bytes. Save it, split it and add the parts."
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
    """Connects to the given addresses. TLS still checks the certificate of the URL's host."""

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
    """A stream that ends at the deadline, even if a few bytes keep arriving."""

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
