"""The headers of every response, and the policy of the page."""

from __future__ import annotations

import hashlib
from base64 import b64encode

import pytest

from qa.page.guard import HEADERS, Guard, SecurityHeaders, ServedAddresses
from tests.asgi import Inner, Response, asked, order_of_streaming, scope_of

CORS = (
    ("access-control-allow-origin", "http://attacker.example"),
    ("access-control-allow-credentials", "true"),
    ("Access-Control-Expose-Headers", "*"),
)


def directives(response: Response) -> dict[str, str]:
    policy = response.header("content-security-policy") or ""
    return dict(part.strip().split(" ", 1) for part in policy.split(";"))


def hash_of(script: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/", "127.0.0.1:7860", 200),
        ("/config", "127.0.0.1:7860", 200),
        ("/monitoring", "127.0.0.1:7860", 404),
        ("/", "attacker.example", 400),
    ],
)
def test_every_response_has_the_headers_and_admits_no_other_website(
    path: str, host: str, status: int
) -> None:
    app = SecurityHeaders(Guard(Inner(CORS), ServedAddresses.of("127.0.0.1", 7860)))
    response = asked(app, scope_of(path=path, headers=[("host", host)]))
    assert response.status == status
    assert HEADERS.items() <= dict(response.headers).items()
    assert not [name for name, _ in response.headers if name.lower().startswith("access-control")]
    policy = directives(response)
    for directive in ("default-src", "object-src", "base-uri", "frame-ancestors"):
        assert policy[directive] == "'none'"
    assert policy["form-action"] == "'self'"


def test_the_policy_allows_no_other_host_and_no_scheme_for_scripts() -> None:
    policy = directives(asked(SecurityHeaders(Inner()), scope_of()))
    assert policy["script-src"] == "'self' 'unsafe-eval'"
    allowed = {"'none'", "'self'", "'unsafe-eval'", "'unsafe-inline'", "data:"}
    assert {source for each in policy.values() for source in each.split()} <= allowed


def test_the_policy_allows_the_pages_inline_scripts_and_those_it_adds() -> None:
    page = b'<base href="./"><script>one()</script><script src="a.js"></script><script a>2</script>'
    inner = Inner([("content-length", str(len(page)))], page)
    response = asked(SecurityHeaders(inner, ["added()"]), scope_of())
    hashes = " ".join(map(hash_of, ("one()", "2", "added()")))
    assert directives(response)["script-src"] == f"'self' 'unsafe-eval' {hashes}"
    assert response.body == page.removeprefix(b'<base href="./">')
    assert response.header("content-length") == str(len(response.body))


def test_the_page_is_requested_uncompressed_so_that_its_scripts_can_be_hashed() -> None:
    inner = Inner()
    asked(SecurityHeaders(inner), scope_of(headers=[("accept-encoding", "br")]))
    asked(SecurityHeaders(inner), scope_of(path="/x", headers=[("accept-encoding", "br")]))
    assert [scope["headers"] for scope in inner.scopes] == [[], [(b"accept-encoding", b"br")]]


def test_streamed_events_are_passed_on_one_by_one() -> None:
    order = order_of_streaming(SecurityHeaders)
    assert order == ["sent 0", "arrived", "sent 1", "arrived"]
