"""Who makes a request to a server without accounts, and what its cookie looks like."""

from __future__ import annotations

import pytest
from starlette.types import Scope

from qa.page.guard import refusal
from qa.visitors.caller import Caller, Role
from qa.visitors.cookies import Cookie
from qa.visitors.gate import Gate
from tests.asgi import Inner, Response, asked, headers_of, scope_of

COOKIE = Cookie("visitor", 7860, is_https=False)


def passed(
    scope: Scope, *, visitors_apart: bool, cookie: Cookie = COOKIE
) -> tuple[Response, Caller | None]:
    """Return the response to a request, and the caller whom the application was given."""
    inner = Inner()
    response = asked(Gate(inner, refusal, cookie, visitors_apart=visitors_apart), scope)
    return response, inner.scopes[0]["state"]["caller"] if inner.scopes else None


def test_on_this_machine_there_is_one_user_without_a_cookie() -> None:
    response, caller = passed(scope_of(), visitors_apart=False)
    assert caller == Caller(address="127.0.0.1")
    assert response.header("set-cookie") is None


def test_each_browser_is_a_visitor_of_its_own() -> None:
    response, first = passed(scope_of(), visitors_apart=True)
    _, second = passed(scope_of(), visitors_apart=True)
    assert first
    assert second
    assert first.visitor != second.visitor
    cookie = (response.header("set-cookie") or "").split(";")[0]
    again, same = passed(scope_of(headers=headers_of(cookie=cookie)), visitors_apart=True)
    assert same == first
    assert again.header("set-cookie") is None


@pytest.mark.parametrize("value", ["", "x", "x" * 44, "a b", "ü" * 43, "../" * 20])
def test_no_browser_can_choose_who_it_is(value: str) -> None:
    headers = headers_of(cookie=f"{COOKIE.name}={value}")
    _, caller = passed(scope_of(headers=headers), visitors_apart=True)
    assert caller
    assert caller.visitor != value
    assert len(caller.visitor) == 43


def test_over_https_the_cookie_is_for_this_host_alone() -> None:
    cookie = Cookie("session", 7860, is_https=True)
    response, _ = passed(scope_of(), visitors_apart=True, cookie=cookie)
    sent = response.header("set-cookie") or ""
    assert sent.startswith("__Host-")
    assert sent.endswith("; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict; Secure")


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_without_accounts_there_is_no_log_in(path: str) -> None:
    response, caller = passed(scope_of("POST", path), visitors_apart=False)
    assert response.status == 404
    assert caller is None


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", 200), ("192.0.2.1", 403)])
def test_strangers_get_no_metrics(address: str, status: int) -> None:
    scope = {**scope_of(path="/metrics"), "client": (address, 5000)}
    assert passed(scope, visitors_apart=True)[0].status == status


def test_a_state_from_elsewhere_is_overwritten() -> None:
    forged = Caller("eve", Role.EDITOR)
    scope = {**scope_of(), "state": {"caller": forged, "other": 1}}
    _, caller = passed(scope, visitors_apart=False)
    assert caller != forged
