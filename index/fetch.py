"""From a URL to bytes, without reaching into the network this program runs in.

Each host, the first and those it redirects to, is resolved here; all its addresses must
be public, and the connection goes to an address that was checked. So neither a redirect
nor a name that resolves differently the second time leads inside. No proxy is used,
whatever the environment says: the check would be the proxy's.

A test reaches a server of its own by giving a ``resolver`` and an ``AddressPolicy``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urljoin

from index.addresses import (
    AddressPolicy,
    Resolver,
    checked_addresses,
    is_public,
    parsed_url,
    system_resolver,
)
from index.errors import FetchError, InputError, TooLarge
from index.limits import DEFAULT_MAX_BYTES, LoadLimits
from index.loaders import MEDIA_TYPES
from index.recognition import kind_of_content

if TYPE_CHECKING:
    import ssl

    import httpcore

    _Backend = httpcore.NetworkBackend
    _Stream = httpcore.NetworkStream
else:
    # httpcore takes 140 ms to import, and asks of these no more than the methods.
    _Backend = _Stream = object

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# What is no text or document, whatever its bytes; so they are not waited for.
_OTHER_MEDIA = ("image/", "audio/", "video/", "font/")


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
        target = parsed_url(url)
        addresses = checked_addresses(target, resolver or system_resolver, allowed or is_public)
        answer = _request(target, _PinnedBackend(addresses, deadline), limits)
        if isinstance(answer, Fetched):
            return answer
        url = answer
    msg = f"The URL redirects more than {limits.max_redirects} times. Give the final address."
    raise FetchError(msg)


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
                return _redirected(target, location)
            return _content(target, response, limits)
    except httpcore.TimeoutException as error:
        msg = f"{target.hostname} did not answer in time. Try again later, or add it as a file."
        raise FetchError(msg) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        msg = f"{target.hostname} cannot be reached or broke the connection ({error}). Try later."
        raise FetchError(msg) from error


def _redirected(target: SplitResult, location: str) -> str:
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
        msg = f"{target.hostname} sent it compressed, unasked. Download it and add the file."
        raise FetchError(msg)
    content_type = _header(response, b"content-type")
    media_type = (content_type or "").partition(";")[0].strip().lower()
    other = FetchError(
        f"The URL leads to {media_type}, which is not text or a document. Give another URL."
    )
    if media_type.startswith(_OTHER_MEDIA):
        raise other
    data = _body(response, limits.max_bytes)
    if not _is_text_or_document(media_type) and not _is_known_by_its_bytes(data, limits):
        raise other
    name = unquote(target.path.rstrip("/").rpartition("/")[2]) or target.netloc
    return Fetched(target.geturl(), data, content_type, name)


def _is_text_or_document(media_type: str) -> bool:
    # The last two are what a server says that does not know.
    known = media_type in MEDIA_TYPES or media_type.startswith("text/")
    return known or media_type in {"", "application/octet-stream"}


def _is_known_by_its_bytes(data: bytes, limits: FetchLimits) -> bool:
    """Tell whether the loaders know what it is, be it to read it or to say what is wrong.

    Many servers send an e-book or an office document as application/zip.
    """
    try:
        return kind_of_content(data, LoadLimits(max_bytes=limits.max_bytes)) is not None
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
