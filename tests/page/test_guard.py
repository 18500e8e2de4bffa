"""The requests that reach the page, and the refusals of all others."""

from __future__ import annotations

import json

import pytest
from starlette.types import Message

from qa.page.guard import Guard, ServedAddresses
from tests.asgi import HOST, Inner, Response, asked, headers_of, order_of_streaming, run, scope_of

SERVED = ServedAddresses.of("127.0.0.1", 7860)
JOIN, UPLOAD = "/gradio_api/queue/join", "/gradio_api/upload"
OWN, NEXT_PORT = f"http://{HOST}", "http://127.0.0.1:8000"
NAVIGATION = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}


def guarded(
    method: str = "GET", path: str = "/", prefix: str = "", **fields: str | None
) -> tuple[Response, Inner]:
    """Return the answer to a request, and the application that it may have reached."""
    inner = Inner()
    app = Guard(inner, SERVED, ["ask"], prefix)
    return asked(app, scope_of(method, path, headers_of(**fields))), inner


def test_a_host_that_is_not_served_is_refused_with_a_message() -> None:
    response, inner = guarded(host="attacker.example:7860")
    assert response.status == 400
    assert "--allowed-host" in response.body.decode()
    assert not inner.scopes


@pytest.mark.parametrize("hosts", [[], [HOST, HOST], [HOST, "attacker.example"], [""]])
def test_a_missing_or_duplicate_host_is_refused(hosts: list[str]) -> None:
    inner = Inner()
    response = asked(Guard(inner, SERVED), scope_of(headers=[("host", host) for host in hosts]))
    assert response.status == 400
    assert not inner.scopes


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", JOIN, UPLOAD, "/config"])
@pytest.mark.parametrize(
    "fields",
    [
        {"origin": "http://attacker.example"},
        {"origin": NEXT_PORT},
        {"origin": "http://localhost:7860"},
        {"origin": "null"},
        {"origin": ""},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "anything else"},
        {"origin": OWN, "sec_fetch_site": "cross-site"},
        {"origin": NEXT_PORT, "sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "cors", "sec_fetch_dest": "document"},
    ],
)
def test_a_request_from_another_website_is_refused(
    method: str, path: str, fields: dict[str, str]
) -> None:
    response, inner = guarded(method, path, **fields)
    assert response.status == 403
    assert not inner.scopes


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_to_the_page_may_be_followed_from_anywhere(site: str) -> None:
    response, inner = guarded(sec_fetch_site=site, **NAVIGATION)
    assert response.status == 200
    assert inner.scopes


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/"), ("HEAD", "/"), ("GET", "/config"), ("POST", UPLOAD)]
)
def test_a_navigation_from_elsewhere_reaches_only_the_page(method: str, path: str) -> None:
    response, inner = guarded(method, path, sec_fetch_site="cross-site", **NAVIGATION)
    assert response.status == 403
    assert not inner.scopes


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"origin": OWN},
        {"origin": OWN, "sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "same-origin"},
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", JOIN), ("POST", UPLOAD)])
def test_the_page_itself_and_programs_reach_it(
    method: str, path: str, fields: dict[str, str]
) -> None:
    response, inner = guarded(method, path, **fields)
    assert response.status == 200
    assert inner.scopes


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file/etc/passwd",
        "/gradio_api/proxy=https://x.hf.space/",
        "/gradio_api/dev/reload",
        "/dev/reload",
        "/monitoring",
        "/monitoring/summary",
        "/monitoring/key",
        "/gradio_api/startup-events",
        "/gradio_api/component_server",
        "/gradio_api/deep_link",
        "/gradio_api/run/ask",
        "/gradio_api/api/ask",
        "/gradio_api/call/respond",
        "/gradio_api/call/v2/respond",
        "/gradio_api/call/ask/../respond",
        "/gradio_api/vibe-edit",
        "/gradio_api/process_recording",
        "/gradio_api/token",
        "/gradio_api/openapi.json",
        "/openapi.json",
        "/docs",
        "/svelte/x.js",
        "/static/../routes.py",
        "/static/..\\routes.py",
        "/assets/x/../../config",
        "/assets/x\0.js",
        "//config",
        "http://attacker.example/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_paths_that_the_page_does_not_use_are_closed(method: str, path: str) -> None:
    response, inner = guarded(method, path)
    assert response.status == 404
    assert not inner.scopes


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "X"])
@pytest.mark.parametrize("path", ["/", JOIN, UPLOAD])
def test_other_methods_are_refused(method: str, path: str) -> None:
    response, inner = guarded(method, path)
    assert response.status == 405
    assert response.header("allow") == ("GET, HEAD" if path == "/" else "POST")
    assert not inner.scopes


def test_a_program_reads_why_it_is_refused() -> None:
    response, _ = guarded("POST", JOIN, origin="null")
    assert "Other websites" in json.loads(response.body)["detail"]


@pytest.mark.parametrize("fields", [{}, {"origin": OWN}, {"origin": NEXT_PORT}])
def test_a_websocket_is_refused(fields: dict[str, str]) -> None:
    inner, sent = Inner(), []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    scope = {**scope_of(headers=headers_of(**fields)), "type": "websocket"}
    run(Guard(inner, SERVED)(scope, receive, send))
    assert [message["type"] for message in sent] == ["websocket.close"]
    assert not inner.scopes


def test_forwarded_headers_are_removed() -> None:
    _, inner = guarded(
        x_forwarded_host="attacker.example",
        x_forwarded_proto="https",
        forwarded="host=attacker.example",
        x_gradio_server="http://attacker.example",
        accept="*/*",
    )
    assert [name for name, _ in inner.scopes[0]["headers"]] == [b"host", b"accept"]


@pytest.mark.parametrize(
    ("path", "reached"),
    [("/qa", "/"), ("/qa/", "/"), ("/qa/config", "/config"), ("/config", "/config")],
)
def test_a_prefix_is_removed_if_the_proxy_did_not(path: str, reached: str) -> None:
    response, inner = guarded(path=path, prefix="/qa/")
    assert response.status == 200
    assert inner.scopes[0]["path"] == reached


def test_a_path_that_only_resembles_the_prefix_is_closed() -> None:
    assert guarded(path="/qax/config", prefix="/qa")[0].status == 404


def test_streamed_events_are_passed_on_one_by_one() -> None:
    order = order_of_streaming(lambda stream: Guard(stream, SERVED))
    assert order == ["sent 0", "arrived", "sent 1", "arrived"]
