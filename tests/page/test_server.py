"""Start and stop the server, and send it requests over HTTP."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from gradio_client import Client  # type: ignore[import-untyped] # it ships no types
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from typer.testing import CliRunner

from index.errors import SettingsError
from qa.api.services import Services
from qa.article_qa import ArticleQA
from qa.cli.commands import app, main
from qa.page.server import PageServer, ServeOptions, listen
from qa.settings import Settings
from tests.asgi import run
from tests.browser.visiting import GRADIO_WARNINGS, served_page
from tests.proxy import reverse_proxy

pytestmark = [pytest.mark.slow, *GRADIO_WARNINGS]
ROOT = Path(__file__).parents[2]
WORDS = "The harbour bridge opened in 1932. It is 1,149 metres long."
SMALL = Settings(max_article_bytes=10_000)
# Linux buffers up to 38 MB of a connection that the server does not read, however it is
# busy: with more, a client can finish only if the server reads far beyond its limits.
MORE_THAN_IS_BUFFERED = 100_000_000


@pytest.fixture(scope="module")
def qa() -> Iterator[ArticleQA]:
    with ArticleQA.from_text(WORDS, title="Bridge", settings=SMALL) as shelf:
        yield shelf


@pytest.fixture(scope="module")
def server(qa: ArticleQA) -> Iterator[PageServer]:
    with served_page(qa) as serving:
        yield serving


@pytest.fixture
def client(server: PageServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.address, trust_env=False) as direct:
        yield direct


def stored(server: PageServer) -> list[Path]:
    return [path for path in server.uploads.rglob("*") if path.is_file()]


def test_the_page_has_a_policy_and_is_refused_to_other_hosts(client: httpx.Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "sha256-" in answer.headers["content-security-policy"]
    assert client.get("/", headers={"host": "attacker.example"}).status_code == 400
    assert client.get("/config", headers={"origin": "http://localhost:1"}).status_code == 403


def test_curl_and_the_gradio_client_work(client: httpx.Client, server: PageServer) -> None:
    started = client.post("/gradio_api/call/ask", json={"data": ["When did the bridge open?"]})
    event = started.json()["event_id"]
    with client.stream("GET", f"/gradio_api/call/ask/{event}", timeout=120) as events:
        assert "1932" in "".join(events.iter_text())
    program = Client(server.address, verbose=False, analytics_enabled=False)
    assert program.predict("When did the bridge open?", api_name="/ask")["short"] == "1932"
    program.close()


def test_an_upload_is_kept_in_a_folder_of_this_server(
    client: httpx.Client, server: PageServer
) -> None:
    answer = client.post("/gradio_api/upload", files={"files": ("a.txt", WORDS.encode())})
    (path,) = map(Path, answer.json())
    assert path.is_relative_to(server.uploads)
    path.unlink()


@pytest.mark.parametrize("size", [10_001, 200_000])
def test_a_file_over_the_limit_is_refused_and_not_stored(
    client: httpx.Client, server: PageServer, size: int
) -> None:
    answer = client.post("/gradio_api/upload", files={"files": ("a.txt", b"x" * size)})
    assert answer.status_code == 413
    assert stored(server) == []


def test_an_endless_chunked_upload_is_cut_off_and_not_stored(
    server: PageServer,
) -> None:
    head = b"--mark\r\nContent-Disposition: form-data; name=files; filename=a.txt\r\n\r\n"
    # Each file is small enough; it is their number that has no end.
    part = b"%s%s\r\n" % (head, b"x" * 9_000)
    assert endless_upload(server, part, limit=MORE_THAN_IS_BUFFERED) == 413
    assert stored(server) == []


def test_an_upload_that_is_broken_off_is_not_stored(server: PageServer) -> None:
    part = b"--mark\r\nContent-Disposition: form-data; name=files; filename=a.txt\r\n\r\nxxx"
    endless_upload(server, part, limit=1)
    latest = time.monotonic() + 30
    while stored(server) and time.monotonic() < latest:
        time.sleep(0.02)
    assert stored(server) == []


def endless_upload(server: PageServer, part: bytes, limit: int) -> int:
    """Send chunks until the server closes or ``limit`` bytes are sent; return the status, or 0."""
    place = urlsplit(server.address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    connection.putrequest("POST", "/gradio_api/upload")
    connection.putheader("Content-Type", "multipart/form-data; boundary=mark")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    with closing(connection):
        try:
            for _ in range(-(-limit // len(part))):
                connection.send(b"%x\r\n%s\r\n" % (len(part), part))
        except ConnectionError:  # the server has answered and closed
            return connection.getresponse().status
    return 0


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("GET", "/assets/none.js", b""),
        ("GET", "/static/none", b""),
        ("GET", "/gradio_api/file=/etc/passwd", b""),
        ("GET", "/static/%2e%2e/%2e%2e/routes.py", b""),
        ("GET", "/assets/..%2f..%2f..%2froutes.py", b""),
        ("POST", "/gradio_api/upload", b"no form"),
        ("POST", "/gradio_api/queue/join", b"no JSON"),
        ("POST", "/gradio_api/queue/join", b"{}"),
        ("POST", "/gradio_api/queue/join", b'{"data": [], "fn_index": 999, "session_hash": "x"}'),
        ("POST", "/gradio_api/call/ask", b"[]"),
        ("POST", "/gradio_api/call/none", b"{}"),
        ("POST", "/gradio_api/cancel", b"{}"),
    ],
)
def test_an_error_response_contains_no_server_path_and_no_traceback(
    client: httpx.Client, method: str, path: str, content: bytes
) -> None:
    answer = client.request(method, path, content=content)
    assert answer.status_code in range(400, 500)
    for sign in ("Traceback", "site-packages", str(ROOT), "/tmp", ".py", "root:"):  # noqa: S108
        assert sign not in answer.text


def test_closing_the_server_is_quick_and_deletes_the_uploads(qa: ArticleQA) -> None:
    with served_page(qa) as server:
        with httpx.Client(base_url=server.address, trust_env=False) as client:
            client.post("/gradio_api/upload", files={"files": ("a.txt", b"words")})
            with client.stream("GET", "/gradio_api/heartbeat/somebody"):
                began = time.monotonic()
                server.close()
        assert time.monotonic() - began < 4
        assert not server.uploads.exists()
        server.wait()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_in_use_is_an_error_with_advice(host: str) -> None:
    with listen(ServeOptions(port=0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"^Port {port} is in use\."):
            listen(ServeOptions(host=host, port=port))


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "999.1.1.1"])
def test_a_host_of_another_machine_is_an_error_with_advice(host: str) -> None:
    with pytest.raises(SettingsError, match="is not an address of this machine"):
        listen(ServeOptions(host=host, port=0))


@pytest.mark.parametrize("port", ["0", "65536", "-1", "many"])
def test_a_port_out_of_range_is_a_usage_error(port: str) -> None:
    result = CliRunner().invoke(app, ["serve", "--port", port])
    assert result.exit_code == 2
    assert "--port" in result.output


def test_article_and_library_cannot_be_given_together() -> None:
    result = CliRunner().invoke(app, ["serve", "--article", "a.txt", "--library", "folder"])
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--article", "/does/not/exist.txt"], "exist.txt"),
        (["--allowed-host", "https://example.org"], "is not a host name"),
        (["--root-path", "/qa"], "is not a full address"),
    ],
)
def test_an_invalid_option_ends_the_program_with_a_message(
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with listen(ServeOptions(port=0)) as probe:
        port = probe.getsockname()[1]
    monkeypatch.setattr(sys, "argv", ["article-qa", "serve", "--port", str(port), *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert message in "".join(capsys.readouterr().err.split("\n"))


@pytest.mark.parametrize("command", [["-m", "app"], ["-m", "qa", "serve"]])
def test_both_commands_serve_the_page_until_ctrl_c(command: list[str]) -> None:
    with listen(ServeOptions(port=0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, *command, "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout
        line = process.stdout.readline()
        assert line == f"Open http://127.0.0.1:{port}/ in a browser. Ctrl-C ends it.\n"
        assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code == 200
        process.send_signal(2)
        rest, _ = process.communicate(timeout=30)
        assert "Traceback" not in rest
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("keeps_prefix", [False, True])
def test_behind_a_proxy_with_a_prefix_the_page_works(qa: ArticleQA, *, keeps_prefix: bool) -> None:
    with (
        reverse_proxy(keeps_prefix=keeps_prefix) as proxy,
        served_page(qa, public_url=proxy.address) as server,
        httpx.Client(base_url=proxy.address, trust_env=False) as client,
    ):
        proxy.forward_to(server.port)
        assert server.address == f"{proxy.address}/"
        assert client.get("config").json()["root"] == proxy.address
        own = proxy.address.removesuffix("/qa")
        assert client.get("config", headers={"origin": own}).status_code == 200
        foreign = client.get("config", headers={"origin": "http://127.0.0.1:1"})
        assert foreign.status_code == 403
        sent = {"files": ("a.txt", WORDS.encode())}
        assert client.post("gradio_api/upload", files=sent).status_code == 200
        program = Client(server.address, verbose=False, analytics_enabled=False)
        assert program.predict("When did the bridge open?", api_name="/ask")["short"] == "1932"
        program.close()


@pytest.mark.parametrize("trusted", [True, False])
def test_visitors_behind_a_proxy_are_distinguished_only_if_it_is_trusted(
    qa: ArticleQA, *, trusted: bool
) -> None:
    proxies = ["127.0.0.1"] if trusted else []
    with (
        served_page(qa, trusted_proxies=proxies) as server,
        httpx.Client(base_url=server.address, trust_env=False) as client,
    ):
        # 100,000 bytes that are not added are the limit of a visitor.
        statuses = [
            client.post(
                "/gradio_api/upload",
                files=[("files", (f"{n}{m}.txt", b"x" * 9_000)) for m in range(8)],
                headers={"x-forwarded-for": f"192.0.2.{n}"},
            ).status_code
            for n in range(2)
        ]
    assert statuses == ([200, 200] if trusted else [200, 429])


def test_forwarded_addresses_are_not_believed(client: httpx.Client) -> None:
    headers = {"x-forwarded-host": "attacker.example", "x-forwarded-proto": "https"}
    root = json.loads(client.get("/config", headers=headers).content)["root"]
    assert "attacker.example" not in root
    assert root.startswith("http://127.0.0.1")


def test_programs_are_answered_over_mcp_beside_the_page(qa: ArticleQA) -> None:
    # Programs may send a whole article.
    search = {"search": WORDS * 1_800}

    async def found(address: str) -> list[int]:
        async with (
            streamable_http_client(f"{address}mcp") as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            await session.initialize()
            results = [await session.call_tool("list_articles", each) for each in ({}, search)]
            return [(each.structured_content or {})["total"] for each in results]

    services = Services.of(qa)
    with served_page(qa, services) as server:
        assert run(found(server.address)) == [1, 0]
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        for header in ({"origin": "https://attacker.example"}, {"sec-fetch-site": "cross-site"}):
            refused = httpx.post(f"{server.address}mcp", json=call, headers=header, trust_env=False)
            assert refused.status_code == 403
    services.close()
