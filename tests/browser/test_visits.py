"""The browser tests' own visits: each finds the browser as new, and none leaves this machine."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Window
from tests.browser.visiting import GRADIO_WARNINGS, WIDE, Visit, watch

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


def test_a_window_forgets_what_a_visit_stored(browser: Browser, address: str) -> None:
    window = Window.open(browser, WIDE, dark=False, touch=False)
    found = []
    for _ in range(2):
        page = window.context.new_page()
        page.goto(f"{address}favicon.ico")
        found.append(page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]"))
        page.evaluate("localStorage.x = sessionStorage.x = document.cookie = 'x=1'")
        window.clear(address)
    window.context.close()
    assert found == [[0, 0, ""]] * 2


@pytest.mark.parametrize("url", ["http://elsewhere.test/", "http://192.0.2.1/"])
def test_a_request_to_another_host_fails_and_is_recorded(
    browser: Browser, address: str, url: str
) -> None:
    window = Window.open(browser, WIDE, dark=False, touch=False)
    shown = Visit(window.context.new_page())
    watch(shown, address)
    code = "url => fetch(url, {mode: 'no-cors'}).then(() => 'reached', () => 'failed')"
    assert shown.page.evaluate(code, url) == "failed"
    assert shown.outside == [url]
    window.context.close()
