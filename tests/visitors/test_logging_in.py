"""Log in and out, and attacks on both, over HTTP."""

from __future__ import annotations

import httpx
import pytest

from qa.page.login import WRONG
from qa.visitors.accounts import Account
from qa.visitors.caller import Role
from tests.browser.visiting import GRADIO_WARNINGS
from tests.visitors.sites import PASSWORD, Site

pytestmark = [pytest.mark.slow, *GRADIO_WARNINGS]
FOREIGN = ({"origin": "http://attacker.example"}, {"sec-fetch-site": "cross-site"})


def log_in(site: Site, name: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
    site.client.cookies.clear()
    data = {"name": name, "password": password}
    return site.client.post("/login", data=data, headers=headers)


def test_a_browser_is_led_to_the_form_logs_in_and_logs_out(site: Site) -> None:
    refused = site.client.get("/")
    assert (refused.status_code, refused.headers["location"]) == (303, "/login")
    response = log_in(site, "Anna")
    assert (response.status_code, response.headers["location"]) == (303, "/")
    cookie = response.headers["set-cookie"]
    assert "HttpOnly; SameSite=Strict" in cookie
    assert "; Path=/;" in cookie
    assert site.client.get("/").status_code == 200
    site.client.post("/logout")
    site.client.headers["cookie"] = cookie.split(";")[0]
    assert site.client.get("/").status_code == 303
    del site.client.headers["cookie"]


def test_an_unknown_name_and_a_wrong_password_look_the_same(site: Site) -> None:
    before = site.access.passwords.checks
    unknown, wrong = log_in(site, "nobody"), log_in(site, "anna", "wrong password")
    assert (unknown.status_code, wrong.status_code) == (401, 401)
    assert WRONG in unknown.text
    assert unknown.text.replace("nobody", "anna") == wrong.text
    assert site.access.passwords.checks == before + 2
    assert "set-cookie" not in wrong.headers


def test_what_was_typed_as_a_name_is_escaped_in_the_form(site: Site) -> None:
    assert "<script" not in log_in(site, '"><script>alert(1)</script>').text


@pytest.mark.parametrize(
    "body", [b"", b"\xff=1", b"name=anna", b"name=anna&password=" + b"x" * 2_000, b"a=1&" * 500]
)
def test_any_other_form_logs_nobody_in(site: Site, body: bytes) -> None:
    assert site.client.post("/login", content=body).status_code in (401, 429)


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize(
    "path", ["/login", "/logout", "/api/v1/articles", "/gradio_api/queue/join"]
)
def test_another_website_can_send_nothing_with_a_browsers_cookie(
    site: Site, path: str, headers: dict[str, str]
) -> None:
    session = site.session("eve")
    assert site.status("POST", path, {**session, **headers}) == 403
    assert site.status("GET", "/", session) == 200


def test_a_link_from_another_website_loads_the_page_again_with_its_cookie(site: Site) -> None:
    followed = {
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
    }
    response = site.client.get("/", headers=followed)
    assert response.status_code == 200
    assert "location.replace" in response.text
    assert "'sha256-" in response.headers["content-security-policy"]
    assert "Bridge" not in response.text


def test_no_header_makes_a_caller(site: Site) -> None:
    for name in ("x-article-qa-caller", "x-forwarded-user", "remote-user", "caller", "state"):
        assert site.status("GET", "/config", {name: "eve"}) == 401


@pytest.mark.parametrize("path", ["/healthz/../config", "/login/../config", "/config%2f"])
def test_no_other_spelling_of_a_path_is_open(site: Site, path: str) -> None:
    assert site.status("GET", path, {}) in (401, 404)


def test_two_different_cookies_or_tokens_are_no_credential(site: Site) -> None:
    one, two = site.session("anna")["cookie"], site.session("eve")["cookie"]
    assert site.status("GET", "/config", {"cookie": f"{one}; {two}"}) == 401
    token = site.token("eve")["authorization"]
    assert site.status("GET", "/config", {"authorization": token, "x-api-key": "aqa_x"}) == 401
    key = token.removeprefix("Bearer ")
    assert site.status("GET", "/config", {"x-api-key": key}) == 200
    assert site.status("GET", "/config", {"authorization": token, "x-api-key": key}) == 200


def test_a_wrong_token_is_not_replaced_by_a_cookie(site: Site) -> None:
    headers = {**site.session("eve"), "authorization": "Bearer"}
    assert site.status("GET", "/config", headers) == 401


def test_the_log_in_of_a_proxy_counts_for_nothing(site: Site) -> None:
    proxy = {"authorization": "Basic ZXZlOmV2ZQ=="}
    assert site.status("GET", "/config", proxy) == 401
    assert site.status("GET", "/config", {**site.session("eve"), **proxy}) == 200


def test_logging_in_never_takes_a_session_from_the_browser(site: Site) -> None:
    planted = "A" * 43
    response = log_in(site, "ben", cookie=site.cookie(planted)["cookie"])
    assert response.status_code == 303
    assert planted not in response.headers["set-cookie"]
    assert site.status("GET", "/", site.cookie(planted)) == 303


def test_logging_in_again_ends_the_session_before(site: Site) -> None:
    before = site.session("ben")
    assert log_in(site, "ben", cookie=before["cookie"]).status_code == 303
    assert site.status("GET", "/", before) == 303


def test_the_cookie_of_a_removed_account_is_worth_nothing(site: Site) -> None:
    site.access.accounts.add(Account.new("leaver", Role.EDITOR, "hash"))
    session = site.session("leaver")
    assert site.status("GET", "/config", session) == 200
    site.access.accounts.remove("leaver")
    assert site.status("GET", "/config", session) == 401


def test_what_another_accounts_page_waits_for_cannot_be_read_or_ended(site: Site) -> None:
    path = "/gradio_api/heartbeat/annas-visit"
    assert site.status("GET", path, site.session("anna")) == 200
    assert site.status("GET", path, site.session("ben")) == 404
    assert (
        site.status(
            "GET", f"/gradio_api/queue/data?session_hash={'annas-visit'}", site.session("ben")
        )
        == 404
    )


def test_guessing_a_password_is_stopped_and_the_message_says_for_how_long(site: Site) -> None:
    responses = [log_in(site, "ben", f"guess number {n}") for n in range(11)]
    assert responses[-1].status_code == 429
    assert 0 < int(responses[-1].headers["retry-after"]) <= 600
    assert log_in(site, "BEN").status_code == 429
