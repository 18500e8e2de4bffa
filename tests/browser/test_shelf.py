"""The list of articles: adding, selecting, renaming and removing, with a real library."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from qa.article_qa import ArticleQA
from qa.page import handlers, undo
from qa.page.article_list import IN_MEMORY, ON_DISK, UNDO_TOO_LATE, ShelfEvent, apply_action
from qa.page.undo import Removals
from qa.page.view import View
from qa.settings import Settings
from tests.browser.visiting import GRADIO_WARNINGS, NARROW, PATIENCE_MS, Opener, Serve
from tests.documents import pdf
from tests.page.handling import local

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]

BRIDGE = "The harbour bridge opened in 1932. It is 1,149 metres long."
TOWER = "The radio tower was finished in 1926. It is 150 metres tall."
OPENED = "When did the harbour bridge open?"
MAX_BYTES = 10_000


@pytest.fixture
def library(tmp_path: Path) -> Iterator[ArticleQA]:
    settings = Settings(max_article_bytes=MAX_BYTES)
    with ArticleQA.open(tmp_path / "library", settings) as qa:
        yield qa


@pytest.fixture
def shelf_of_two(library: ArticleQA) -> ArticleQA:
    library.add_text(BRIDGE, title="Bridge")
    library.add_text(TOWER, title="Tower")
    return library


def file(name: str, data: bytes, media_type: str = "text/plain") -> FilePayload:
    return {"name": name, "mimeType": media_type, "buffer": data}


def row(page: Page, title: str) -> Locator:
    named = page.get_by_role("button", name=title, exact=True)
    return page.locator("#shelf li").filter(has=named)


def open_tab(page: Page, name: str) -> None:
    forms = page.get_by_role("button", name="Add articles")
    if not page.get_by_role("tab", name=name).is_visible():
        forms.click()
    page.get_by_role("tab", name=name).click()


def add_text(page: Page, text: str, title: str) -> None:
    open_tab(page, "Text")
    page.get_by_label("Title (optional)").fill(title)
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Add text").click()


def expect_added(page: Page, title: str) -> None:
    message = page.locator("#note").get_by_role("status")
    expect(message).to_contain_text(f"“{title}”", timeout=PATIENCE_MS)
    expect(row(page, title)).to_be_visible()


def test_an_added_text_is_opened_and_can_be_asked(
    library: ArticleQA, serve: Serve, visit: Opener
) -> None:
    url = serve(library)
    shown = visit(url)
    expect(shown.page.locator(".paper")).to_contain_text("There is no article to ask yet.")
    add_text(shown.page, BRIDGE, "A <b>bridge</b> ${window.pwned=1}")
    expect_added(shown.page, "A <b>bridge</b> ${window.pwned=1}")
    expect(shown.page.locator("#question textarea")).to_be_focused()
    expect(shown.page.locator(".paper")).to_contain_text(BRIDGE)
    expect(shown.page.get_by_label("Text", exact=True)).to_have_value("")
    reply = shown.ask(OPENED)
    expect(reply).to_contain_text("1932")
    expect(shown.place(shown.mark(reply))).to_contain_text("opened in 1932")
    assert shown.page.evaluate("window.pwned") is None
    assert shown.page.locator("#shelf b, #note b").count() == 0


def test_several_files_are_added_at_once_and_a_pdf_has_pages(
    library: ArticleQA, serve: Serve, visit: Opener
) -> None:
    report = pdf([["The survey of the valley."], [BRIDGE]], title="Survey")
    url = serve(library)
    shown = visit(url)
    open_tab(shown.page, "Files")
    shown.page.locator("#files input[type=file]").set_input_files(
        [
            file("survey.pdf", report, "application/pdf"),
            file("empty.txt", b" "),
            file("tower.txt", TOWER.encode()),
        ]
    )
    expect_added(shown.page, "Survey")
    expect_added(shown.page, "Tower")
    expect(row(shown.page, "Survey")).to_contain_text("survey.pdf")
    expect(row(shown.page, "Survey")).to_contain_text("2 pages")
    expect(shown.page.locator("#note").get_by_role("alert")).to_contain_text("empty.txt")
    reply = shown.ask(OPENED)
    link = shown.mark(reply)
    link.click()
    expect(shown.place(link)).to_be_in_viewport()
    expect(shown.page.get_by_role("article", name="Survey")).to_be_visible()


def test_a_file_over_the_limit_is_refused_before_it_is_uploaded(
    library: ArticleQA, serve: Serve, visit: Opener
) -> None:
    url = serve(library)
    shown = visit(url)
    open_tab(shown.page, "Files")
    large = file("large.txt", b"x" * (MAX_BYTES + 1))
    uploads: list[str] = []
    shown.page.on("request", lambda request: uploads.append(request.url))
    shown.page.locator("#files input[type=file]").set_input_files([large])
    message = shown.page.locator("#note").get_by_role("alert")
    expect(message).to_contain_text("large.txt: over the limit of 10,000 bytes")
    assert not [address for address in uploads if "upload" in address]


def test_each_private_address_is_refused_with_a_message(
    library: ArticleQA, serve: Serve, visit: Opener
) -> None:
    url = serve(library)
    shown = visit(url)
    open_tab(shown.page, "Web address")
    box = shown.page.get_by_label("Web address (separate several with spaces)")
    box.fill("http://127.0.0.1/secret http://10.0.0.1/other")
    box.press("Enter")
    message = shown.page.locator("#note").get_by_role("alert")
    expect(message).to_contain_text("127.0.0.1 is not on the public internet.")
    expect(message).to_contain_text("10.0.0.1 is not on the public internet.")
    expect(box).to_have_value("http://127.0.0.1/secret http://10.0.0.1/other")
    shown.page.close()
    assert library.catalogue() == []


def test_only_the_selected_articles_are_asked(
    shelf_of_two: ArticleQA, serve: Serve, visit: Opener
) -> None:
    url = serve(shelf_of_two)
    shown = visit(url)
    shown.page.get_by_label("Ask Bridge").press("Space")
    expect(shown.page.get_by_label("Ask Bridge")).not_to_be_checked()
    expect(shown.page.get_by_label("Ask Bridge")).to_be_focused()
    expect(shown.ask(OPENED)).not_to_contain_text("1932")
    # The list that the first click brings may show the second box as it was, until its own comes.
    shown.page.get_by_label("Ask Bridge").click()
    shown.page.get_by_label("Ask Tower").click()
    expect(shown.page.get_by_label("Ask Bridge")).to_be_checked()
    expect(shown.page.get_by_label("Ask Tower")).not_to_be_checked()
    expect(shown.ask(OPENED)).to_contain_text("1932")
    shown.page.get_by_role("button", name="Ask no article").click()
    expect(shown.page.get_by_label("Ask Bridge")).not_to_be_checked()
    expect(shown.ask(OPENED)).to_contain_text("No article is selected.")
    other = visit(url)
    expect(other.page.get_by_label("Ask Tower")).to_be_checked()
    expect(other.page.locator("#chat [data-testid=bot]")).to_have_count(0)


def test_a_question_right_after_a_tick_respects_the_tick(
    shelf_of_two: ArticleQA, serve: Serve, visit: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(qa: ArticleQA, removals: Removals, view: View, event: ShelfEvent) -> View:
        time.sleep(1)
        return apply_action(local(qa), removals, view, event)

    monkeypatch.setattr(handlers, "apply_action", slowly)
    url = serve(shelf_of_two)
    shown = visit(url)
    shown.page.get_by_label("Ask Bridge").uncheck()
    expect(shown.ask(OPENED)).not_to_contain_text("1932")


def test_an_article_is_opened_by_its_title(
    shelf_of_two: ArticleQA, serve: Serve, visit: Opener
) -> None:
    url = serve(shelf_of_two)
    shown = visit(url)
    expect(shown.page.locator(".paper")).to_contain_text(BRIDGE)
    row(shown.page, "Tower").get_by_role("button", name="Tower", exact=True).press("Enter")
    expect(shown.page.locator(".paper")).to_contain_text(TOWER)
    expect(row(shown.page, "Tower")).to_have_attribute("aria-current", "true")
    expect(row(shown.page, "Tower").locator(".title")).to_be_focused()


def test_an_article_is_renamed_for_everybody(
    shelf_of_two: ArticleQA, serve: Serve, visit: Opener
) -> None:
    url = serve(shelf_of_two)
    shown, other = visit(url), visit(url)
    row(shown.page, "Tower").get_by_role("button", name="Edit Tower").click()
    title = shown.page.get_by_label("New title")
    expect(title).to_be_focused()
    title.fill("   ")
    title.press("Enter")
    expect(shown.page.locator("#shelf").get_by_role("alert")).to_contain_text("blank")
    shown.page.get_by_label("New title").fill("The mast")
    shown.page.get_by_role("button", name="Save").click()
    expect(row(shown.page, "The mast")).to_be_visible()
    expect(row(other.page, "Tower")).to_be_visible()
    row(other.page, "Bridge").locator(".title").click()
    expect(row(other.page, "The mast")).to_be_visible()


def undo_of(page: Page, title: str) -> Locator:
    return page.get_by_role("button", name=f"Undo: bring {title} back")


def test_a_removal_undone_by_keyboard_changes_nothing(
    shelf_of_two: ArticleQA, serve: Serve, visit: Opener
) -> None:
    before = shelf_of_two.articles()
    url = serve(shelf_of_two)
    shown, other = visit(url), visit(url)
    page = shown.page
    page.get_by_role("button", name="Remove Bridge").press("Enter")
    expect(row(page, "Bridge")).to_have_count(0)
    expect(page.locator(".paper")).to_contain_text(TOWER)
    expect(page.locator("#shelf").get_by_role("status")).to_contain_text("Removed “Bridge”.")
    expect(undo_of(page, "Bridge")).to_be_focused()
    row(other.page, "Tower").locator(".title").click()
    expect(row(other.page, "Bridge")).to_be_visible()
    expect(undo_of(other.page, "Bridge")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(row(page, "Bridge").locator(".title")).to_be_focused()
    expect(page.locator("#shelf").get_by_role("status")).to_be_empty()
    assert shelf_of_two.articles() == before


def test_after_its_time_undo_disappears_and_the_article_is_removed_for_everybody(
    shelf_of_two: ArticleQA, serve: Serve, visit: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "UNDO_SECONDS", 2.0)
    url = serve(shelf_of_two)
    shown = visit(url)
    shown.page.get_by_role("button", name="Remove Bridge").click()
    expect(undo_of(shown.page, "Bridge")).to_be_focused()
    expect(undo_of(shown.page, "Bridge")).to_have_count(0)
    expect(row(shown.page, "Tower").locator(".title")).to_be_focused()
    shown.page.wait_for_function("window.shelfPending === 0")
    expect(row(shown.page, "Bridge")).to_have_count(0)
    assert [info.title for info in shelf_of_two.catalogue()] == ["Tower"]


def test_undo_that_is_too_late_says_so(
    shelf_of_two: ArticleQA, serve: Serve, visit: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serve(shelf_of_two)
    shown = visit(url)
    shown.page.get_by_role("button", name="Remove Bridge").click()
    expect(undo_of(shown.page, "Bridge")).to_be_focused()
    monkeypatch.setattr(Removals, "undo", lambda *_: False)  # as when its time has run out
    undo_of(shown.page, "Bridge").click()
    expect(shown.page.locator("#shelf").get_by_role("alert")).to_have_text(UNDO_TOO_LATE)


def test_a_removal_can_be_undone_after_a_reload(
    shelf_of_two: ArticleQA, serve: Serve, visit: Opener
) -> None:
    url = serve(shelf_of_two)
    shown = visit(url)
    shown.page.get_by_role("button", name="Remove Bridge").click()
    expect(undo_of(shown.page, "Bridge")).to_be_visible()
    shown.is_reloaded = True
    shown.page.reload(wait_until="domcontentloaded")
    undo_of(shown.page, "Bridge").click()
    expect(row(shown.page, "Bridge")).to_be_visible()


def test_the_page_says_where_the_articles_are_kept(
    library: ArticleQA, address: str, serve: Serve, visit: Opener
) -> None:
    expect(visit(address).page.locator("#shelf")).to_contain_text(IN_MEMORY)
    url = serve(library)
    expect(visit(url).page.locator("#shelf")).to_contain_text(ON_DISK)


def test_the_list_of_articles_fits_a_phone(
    shelf_of_two: ArticleQA, serve: Serve, visit: Opener
) -> None:
    url = serve(shelf_of_two)
    shown = visit(url, size=NARROW)
    for tab in ("Files", "Text", "Web address"):
        open_tab(shown.page, tab)
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
    row(shown.page, "Tower").get_by_role("button", name="Edit Tower").click()
    expect(shown.page.get_by_label("New title")).to_be_focused()
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]


def test_eleven_articles_fit_on_the_screen(serve: Serve, visit: Opener) -> None:
    with ArticleQA.bundled() as many:
        for number in range(10):
            title = f"A report on the long history of bridge {number} and its builders"
            many.add_text(f"Bridge {number} opened in 19{number}2.", title=title)
        shown = visit(serve(many))
        rows = shown.page.locator("#shelf li")
        expect(rows).to_have_count(11)
        for number in range(11):
            expect(rows.nth(number)).to_be_in_viewport(ratio=1)


def test_the_buttons_of_an_article_appear_when_it_has_the_focus(
    shelf_of_two: ArticleQA, serve: Serve, visit: Opener
) -> None:
    shown = visit(serve(shelf_of_two))
    closed = shown.page.locator("#shelf li:not([aria-current])").first
    expect(closed.locator(".edit")).to_have_css("opacity", "0")
    closed.locator("button.title").focus()
    expect(closed.locator(".edit")).to_have_css("opacity", "1")
