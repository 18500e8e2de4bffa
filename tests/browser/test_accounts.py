"""Two people log in to one page, and see nothing of each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from qa.article_qa import ArticleQA
from qa.settings import Settings
from tests.browser.visiting import GRADIO_WARNINGS, PATIENCE_MS, Visit, watch
from tests.visitors.sites import PASSWORD, SHARED_TEXT, Site, site_of

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    settings = Settings(reader="small")
    with (
        ArticleQA.from_text(SHARED_TEXT, title="Bridge", settings=settings) as qa,
        site_of(tmp_path, qa) as served,
    ):
        yield served


def log_in(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#account")).to_contain_text(name, timeout=PATIENCE_MS)
    expect(page.locator("#shelf")).to_contain_text("Bridge")


def test_two_accounts_in_one_browser_see_nothing_of_each_other(
    browser: Browser, site: Site
) -> None:
    context = browser.new_context(reduced_motion="reduce")
    visit = Visit(context.new_page())
    page = visit.page
    watch(visit, site.server.address)
    page.goto(site.server.address)
    expect(page).to_have_url(f"{site.server.address}login")
    log_in(page, "anna")
    page.get_by_role("button", name="Add articles").click()
    page.get_by_role("tab", name="Text").click()
    page.locator("#new-title input, #new-title textarea").fill("Lighthouse")
    page.locator("#new-text textarea").fill("The lighthouse has a keeper, Heron.")
    page.get_by_role("button", name="Add text").click()
    expect(page.locator("#shelf")).to_contain_text("Lighthouse", timeout=PATIENCE_MS)
    expect(page.locator("#share")).to_be_hidden()
    expect(page.get_by_role("button", name="Remove Bridge")).to_be_hidden()
    expect(page.get_by_role("button", name="Remove Lighthouse")).to_be_visible()
    expect(visit.ask("When did the harbour bridge open?")).to_contain_text("1932")

    # A link on another website leads there without logging in again.
    page.goto(f"data:text/html,<a href='{site.server.address}%23place'>Follow</a>")
    page.get_by_role("link", name="Follow").click()
    expect(page.locator("#account")).to_contain_text("anna", timeout=PATIENCE_MS)
    assert page.url.endswith("#place")

    # The same tab, whose conversation is restored for anna alone.
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{site.server.address}login")
    log_in(page, "eve")
    expect(page.locator("#shelf")).not_to_contain_text("Lighthouse")
    expect(page.locator("#chat")).not_to_contain_text("1932")
    expect(page.get_by_role("button", name="Remove Bridge")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    log_in(page, "anna")
    expect(page.locator("#shelf")).to_contain_text("Lighthouse")
    expect(page.locator("#chat")).to_contain_text("1932")
    context.close()
    visit.is_reloaded = True
    assert visit.outside == []
    assert visit.faults() == []
