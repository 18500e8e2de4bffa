"""Fetching from a real server on this machine, and refusing whatever is not public."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qsl, quote

import pytest

from index.errors import FetchError, TooLarge, UnknownFormat, UnreadableFile
from index.sources.loaders import load_bytes
from index.sources.web import (
    Address,
    Fetched,
    FetchLimits,
    fetch,
    is_public,
    is_web_address,
    parse_url,
    system_resolver,
)
from tests.documents import docx, epub, odt, pdf, pptx, zipped

PUBLIC = "93.184.216.34"
RAIN = "It rained all day."
DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "epub": lambda: epub({"one": f"<p>{RAIN}</p>"}),
    "docx": lambda: docx([("Normal", RAIN)]),
    "odt": lambda: odt(f"<text:p>{RAIN}</text:p>"),
    "pptx": lambda: pptx([("", RAIN, "")]),
    "zip": lambda: zipped({"rain.txt": RAIN}),
    "broken": lambda: zipped({"rain.txt": RAIN})[:20],
    "other": lambda: b'{"weather": "rain"}',
}
# What servers call a document that they do not know better.
UNHELPFUL_MEDIA_TYPES = [
    "application/zip",
    "application/octet-stream",
    "application/x-zip-compressed",
]


class Site(BaseHTTPRequestHandler):
    """The pages the tests ask for, by path."""

    released = threading.Event()
    asked: ClassVar[list[str]]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        page = getattr(self, "page_" + self.path.split("?")[0].strip("/").split(".")[0], None)
        with suppress(OSError):  # the client went away, as it should
            if page is None:
                self.answer(404, b"not here")
            else:
                page()

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Type": "text/plain", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def page_article(self) -> None:
        self.answer(200, "Grüße".encode(), Content_Type="text/plain; charset=utf-8")

    def page_moved(self) -> None:
        self.answer(302, Location="/article.txt")

    def page_loop(self) -> None:
        self.answer(302, Location="/loop")

    def page_inward(self) -> None:
        self.answer(302, Location="http://inside.example/secret")

    def page_scheme(self) -> None:
        self.answer(302, Location="file:///etc/passwd")

    def page_astray(self) -> None:
        """Redirect to what is no URL."""
        self.answer(302, Location=parse_qsl(self.path.partition("?")[2])[0][1])

    def page_film(self) -> None:
        self.answer(200, b"\0\0\0\x18ftyp", Content_Type="video/mp4")

    def page_download(self) -> None:
        self.answer(200, b"words", Content_Type="application/octet-stream")

    def page_report(self) -> None:
        self.answer(200, pdf([["It rained."], ["It blew."]]), Content_Type="application/pdf")

    def page_sent(self) -> None:
        """Answer with the document and under the media type that are asked for."""
        name, media_type = parse_qsl(self.path.partition("?")[2])[0]
        self.answer(200, DOCUMENTS[name](), Content_Type=media_type)

    def page_declared(self) -> None:
        self.answer(200, b"", Content_Length="999999999")

    def page_endless(self) -> None:
        self.answer(200)
        while True:
            self.wfile.write(b"x" * 10_000)

    def page_packed(self) -> None:
        self.answer(200, b"\x1f\x8b", Content_Encoding="gzip")

    def page_cut(self) -> None:
        self.answer(200, b"half", Content_Length="8")

    def page_slow(self) -> None:
        self.answer(200, b"a beginning")
        self.released.wait(10)

    def page_drip(self) -> None:
        self.answer(200)
        while not self.released.wait(0.02):
            self.wfile.write(b"x")

    def page_host(self) -> None:
        self.answer(200, self.headers["Host"].encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


class Server:
    def __init__(self, port: int, asked: list[str]) -> None:
        self.port = port
        self.asked = asked

    def get(
        self, path: str, *, host: str = "site.example", limits: FetchLimits | None = None
    ) -> Fetched:
        return fetch(
            f"http://{host}:{self.port}{path}",
            limits=limits or FetchLimits(),
            resolver=lambda host, _: ["127.0.0.1"] if host == "site.example" else ["10.0.0.7"],
            allowed=is_this_machine,
        )


def is_this_machine(address: Address) -> bool:
    return address == ipaddress.ip_address("127.0.0.1")


@contextmanager
def serving() -> Iterator[Server]:
    class Handler(Site):
        asked: ClassVar[list[str]] = []
        released = threading.Event()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Server(server.server_address[1], Handler.asked)
        finally:
            Handler.released.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def test_it_brings_bytes_type_and_name(server: Server) -> None:
    found = server.get("/article.txt?page=2#part")
    assert found == Fetched(
        url=f"http://site.example:{server.port}/article.txt?page=2",
        data="Grüße".encode(),
        content_type="text/plain; charset=utf-8",
        name="article.txt",
    )


def test_the_server_is_asked_by_the_host_of_the_url(server: Server) -> None:
    assert server.get("/host").data == f"site.example:{server.port}".encode()


def test_a_redirect_is_followed_and_the_final_url_reported(server: Server) -> None:
    assert server.get("/moved").url.endswith("/article.txt")


def test_a_redirect_loop_ends_after_five(server: Server) -> None:
    with pytest.raises(FetchError, match="redirects more than 5 times"):
        server.get("/loop")
    assert server.asked == ["/loop"] * 6


def test_a_redirect_to_a_private_address_is_refused(server: Server) -> None:
    with pytest.raises(FetchError, match="not on the public internet"):
        server.get("/inward")


def test_a_redirect_to_another_scheme_is_refused(server: Server) -> None:
    with pytest.raises(FetchError, match="Only web addresses"):
        server.get("/scheme")


@pytest.mark.parametrize(
    "location",
    [
        "http://[::1",
        "//[::1",
        "http://[x]/",
        "http://site.example:port/",
        "https://",
        "http://a b/",
    ],
)
def test_a_redirect_to_no_url_is_refused(server: Server, location: str) -> None:
    with pytest.raises(FetchError, match=r"[A-Z].*\."):
        server.get("/astray?to=" + quote(location))


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("site.example/page", "https://site.example/page"),
        (" www.site.example ", "https://www.site.example/"),
        ("site.example:8443/page?a=b", "https://site.example:8443/page?a=b"),
        ("http://site.example/page", "http://site.example/page"),
    ],
)
def test_an_address_without_a_scheme_is_taken_as_https(typed: str, url: str) -> None:
    assert parse_url(typed).geturl() == url


@pytest.mark.parametrize(
    "typed",
    ["https://a.example", "HTTP://a.example", "a.example/page", "www.a.example", "a.b.org/d/"],
)
def test_a_source_that_is_a_web_address(typed: str) -> None:
    assert is_web_address(typed)


@pytest.mark.parametrize(
    "typed",
    [
        *("notes.txt", "docs/notes.txt", "./a.example/page", "../page", "/a.example/page", "-"),
        *("C:/notes.txt", "C:\\notes.txt", "~/a.b/c", "a b.txt", "a@b.example/c", "a.2024/b", ""),
    ],
)
def test_a_source_that_is_a_file(typed: str) -> None:
    assert not is_web_address(typed)


def test_every_address_of_a_host_must_be_allowed(server: Server) -> None:
    with pytest.raises(FetchError, match="not on the public internet"):
        fetch(
            f"http://site.example:{server.port}/article.txt",
            resolver=lambda *_: ["127.0.0.1", "10.0.0.7"],
            allowed=is_this_machine,
        )
    assert server.asked == []


def test_the_name_is_resolved_once_so_a_second_answer_leads_nowhere(server: Server) -> None:
    answers = iter([["127.0.0.2"], ["127.0.0.1"], ["127.0.0.1"]])
    resolved: list[str] = []

    def rebinding(host: str, _: int) -> Sequence[str]:
        resolved.append(host)
        return next(answers)

    def first_only(address: Address) -> bool:
        return address == ipaddress.ip_address("127.0.0.2")

    with pytest.raises(FetchError, match="cannot be reached"):
        fetch(
            f"http://site.example:{server.port}/article.txt", resolver=rebinding, allowed=first_only
        )
    assert resolved == ["site.example"]
    assert server.asked == []


def test_a_name_that_rebinds_between_two_hops_is_refused(server: Server) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.7"]])
    with pytest.raises(FetchError, match="not on the public internet"):
        fetch(
            f"http://site.example:{server.port}/moved",
            resolver=lambda *_: next(answers),
            allowed=is_this_machine,
        )
    assert server.asked == ["/moved"]


def test_the_next_address_is_tried_when_one_does_not_answer(server: Server) -> None:
    found = fetch(
        f"http://site.example:{server.port}/article.txt",
        resolver=lambda *_: ["127.0.0.2", "127.0.0.1"],
        allowed=lambda address: address.is_loopback,
    )
    assert found.name == "article.txt"


def test_an_endless_body_stops_at_the_limit(server: Server) -> None:
    with pytest.raises(TooLarge, match="50,000 bytes"):
        server.get("/endless", limits=FetchLimits(max_bytes=50_000))


def test_a_body_declared_too_long_is_refused_before_it_is_read(server: Server) -> None:
    with pytest.raises(TooLarge, match="over the limit"):
        server.get("/declared")


@pytest.mark.parametrize("path", ["/slow", "/drip"])
def test_the_whole_fetch_has_a_deadline(server: Server, path: str) -> None:
    with pytest.raises(FetchError, match="did not answer in time"):
        server.get(path, limits=FetchLimits(total_seconds=0.3))


def test_a_silent_server_meets_the_read_time_out(server: Server) -> None:
    with pytest.raises(FetchError, match="did not answer in time"):
        server.get("/slow", limits=FetchLimits(read_seconds=0.1))


def test_a_page_that_is_not_there_is_an_error_with_its_status(server: Server) -> None:
    with pytest.raises(FetchError, match="status 404"):
        server.get("/nowhere")


def test_a_film_is_refused_by_its_type(server: Server) -> None:
    with pytest.raises(FetchError, match="video/mp4"):
        server.get("/film")


def test_a_document_becomes_an_article_with_its_pages(server: Server) -> None:
    found = server.get("/report")
    article = load_bytes(found.data, found.name, content_type=found.content_type)
    assert article.text[article.pages[1] :] == "It blew."


@pytest.mark.parametrize("media_type", UNHELPFUL_MEDIA_TYPES)
@pytest.mark.parametrize("name", ["epub", "docx", "odt", "pptx"])
def test_a_document_is_recognised_by_its_bytes_under_any_media_type(
    server: Server, name: str, media_type: str
) -> None:
    found = server.get(f"/sent?{name}={media_type}")
    article = load_bytes(found.data, found.name, content_type=found.content_type)
    assert "It rained all day." in article.text


def test_an_archive_that_is_not_a_document_is_refused(server: Server) -> None:
    found = server.get("/sent?zip=application/zip")
    with pytest.raises(UnknownFormat, match=r"a zip archive\. Unpack it"):
        load_bytes(found.data, found.name, content_type=found.content_type)


def test_a_zip_that_is_broken_is_refused_as_a_file_is(server: Server) -> None:
    found = server.get("/sent?broken=application/zip")
    with pytest.raises(UnreadableFile, match="damaged or incomplete"):
        load_bytes(found.data, found.name, content_type=found.content_type)


@pytest.mark.parametrize("media_type", ["application/json", "application/zip", "model/obj"])
def test_what_no_loader_knows_is_refused_by_its_type(server: Server, media_type: str) -> None:
    with pytest.raises(FetchError, match=f"{media_type}, which is not text"):
        server.get(f"/sent?other={media_type}")


def test_a_document_without_a_useful_media_type_is_limited_in_size(server: Server) -> None:
    with pytest.raises(TooLarge, match="limit of 50 bytes"):
        server.get("/sent?epub=application/zip", limits=FetchLimits(max_bytes=50))


def test_an_untyped_download_passes_on_by_its_name(server: Server) -> None:
    assert server.get("/download.txt").name == "download.txt"


def test_a_compressed_body_is_refused(server: Server) -> None:
    with pytest.raises(FetchError, match="compressed"):
        server.get("/packed")


def test_a_body_cut_short_is_an_error(server: Server) -> None:
    with pytest.raises(FetchError, match="broke the connection"):
        server.get("/cut")


def test_a_proxy_in_the_environment_is_not_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert server.get("/article.txt").name == "article.txt"


def test_tls_names_the_host_of_the_url_and_not_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        greetings: list[bytes] = []

        def listen() -> None:
            connection, _ = listener.accept()
            with connection:
                greetings.append(connection.recv(4096))

        thread = threading.Thread(target=listen)
        thread.start()
        with pytest.raises(FetchError, match="cannot be reached"):
            fetch(
                f"https://site.example:{listener.getsockname()[1]}/",
                resolver=lambda *_: ["127.0.0.1"],
                allowed=is_this_machine,
            )
        thread.join()
    assert b"site.example" in greetings[0]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://site.example/a",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "site/a",
        "user@site.example/a",
        "http://",
        "",
        "http://user:secret@site.example/",
        "http://site.example:99999/",
        "http://[::1/",
        "http://a b.example/",
        "http://" + "ü" * 200 + ".example/",
        "http://site.example/" + "a" * 9_000,
    ],
)
def test_what_is_no_web_address_is_refused_unresolved(url: str) -> None:
    def never(*_: object) -> Sequence[str]:
        pytest.fail("it was resolved")

    with pytest.raises(FetchError):
        fetch(url, resolver=never)


def test_a_password_is_not_repeated_in_the_error() -> None:
    with pytest.raises(FetchError) as caught:
        fetch("http://user:hunter2@site.example/")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "localhost", "[::1]"])
def test_this_machine_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(FetchError, match=r"not on the public internet|was not found"):
        fetch(f"http://{host}:9/")


def test_a_host_without_address_is_an_error() -> None:
    def nothing(*_: object) -> Sequence[str]:
        raise socket.gaierror

    with pytest.raises(FetchError, match="was not found"):
        fetch("http://nowhere.example/", resolver=nothing)


def test_the_system_knows_this_machine() -> None:
    assert system_resolver("127.0.0.1", 80) == ["127.0.0.1"]


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - to be refused
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.88.99.1",
        "192.175.48.1",
        "::ffff:168.63.129.16",
        "::168.63.129.16",
        "64:ff9b::168.63.129.16",
        "64:ff9b:1::a00:1",
        "2002:a83f:8110::1",
        "2001:0:5db8:d822::5601:7eef",
        "2606:4700::5efe:10.0.0.1",
        "2606:4700::200:5efe:10.0.0.1",
        "2606:4700::5efe:168.63.129.16",
        "3fff::1",
        "5f00::1",
        "100::1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.3.4",
        "192.168.1.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fec0::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::7f00:1",
        "2002:7f00:1::",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2001:0:7f00:1::",
    ],
)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1", "64:ff9b::808:808"])
def test_an_address_outside_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
