"""Answers in a language model's own words: chosen, watched, stopped, checked and harmless."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from qa.article_qa import ArticleQA
from tests.browser.test_accessibility import WINDOWS, barriers
from tests.browser.test_page import assert_is_lit
from tests.browser.test_reloading import reload
from tests.browser.test_touch import LEAST_SIDE
from tests.browser.visiting import GRADIO_WARNINGS, NARROW, PATIENCE_MS, Opener, Serve, Visit
from tests.scripted_writer import INVENTED, PARTLY, QUESTION, SUPPORTED, ScriptedModel, written_qa

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]

UNCITED = "Gulls of gold circle above the pier and the lighthouse."
HOSTILE = (
    "</span><script>window.pwned=1</script> <img src=https://evil.example/p.png onerror=pwned=1> ",
    "![x](https://evil.example/q.png) [link](javascript:window.pwned=1) www.evil.example [99] ",
    "${window.pwned=1} \u202e✓ supported. [1] ",
)


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel(f"{SUPPORTED} ", f"{PARTLY} ", f"{INVENTED} ", held=True)


@pytest.fixture
def ferry(model: ScriptedModel) -> Iterator[ArticleQA]:
    with written_qa(model) as qa:
        qa.warm_up()
        yield qa
        model.release(1_000)


def begin(shown: Visit, model: ScriptedModel, pieces: int) -> None:
    """Choose own words and ask, and let the model write so many pieces."""
    # Until the page is ready, Gradio may replace what is clicked.
    settled = shown.page.locator('.status:is([data-state="ready"], [data-state="done"])').first
    expect(settled).to_be_visible(timeout=PATIENCE_MS)
    shown.page.get_by_role("radio", name="In own words").check(force=True)
    shown.page.locator("#question textarea").fill(QUESTION)
    shown.page.locator("#question textarea").press("Enter")
    model.release(pieces)


def test_without_a_language_model_there_is_no_choice(visit: Opener, address: str) -> None:
    shown = visit(address)
    expect(shown.page.locator("#ways")).to_have_count(0)
    expect(shown.page.locator("header")).to_contain_text("Every answer quotes your articles. If")
    expect(shown.ask("Who did Marco Rubio call?").locator(".engine, .other")).to_have_count(0)


def test_the_way_to_answer_is_chosen_by_keyboard_and_kept_over_a_reload(
    ferry: ArticleQA, serve: Serve, visit: Opener
) -> None:
    shown = visit(serve(ferry))
    quotes = shown.page.get_by_role("radio", name="Quotes")
    words = shown.page.get_by_role("radio", name="In own words")
    expect(quotes).to_be_checked()
    quotes.focus()
    shown.page.keyboard.press("ArrowRight")
    expect(words).to_be_checked()
    expect(words).to_be_focused()
    shown.page.wait_for_function("window.shelfPending === 0")
    reload(shown)
    expect(words).to_be_checked()


def test_an_answer_is_written_before_the_visitors_eyes_and_then_linked_to_its_evidence(
    ferry: ArticleQA, model: ScriptedModel, serve: Serve, visit: Opener
) -> None:
    shown = visit(serve(ferry))
    begin(shown, model, 2)
    expect(shown.reply(1)).to_contain_text("The Halcyon leaves Port Ellery at seven.")
    expect(shown.reply(1).locator(".status-of.supported")).to_have_text("✓ supported")
    expect(shown.reply(1).get_by_role("link")).to_have_count(0)
    expect(shown.page.get_by_role("status").filter(has_text="Writing…")).to_be_visible()
    model.release()
    reply = shown.answered()
    expect(reply.locator("del")).to_have_text(INVENTED.removesuffix(" [2]"))
    expect(reply.locator(".engine")).to_have_text("Written by scripted-1b, each statement checked")
    status = reply.get_by_role("link", name=re.compile("partly supported"))
    status.focus()
    shown.page.keyboard.press("Tab")
    shown.page.keyboard.press("Shift+Tab")
    expect(shown.page.get_by_role("tooltip")).to_contain_text("Partly supported: 55 %")
    status.click()
    assert_is_lit(shown.place(status))
    expect(shown.place(status)).to_contain_text("fifty minutes")


def test_escape_returns_from_the_evidence_to_the_status_that_was_followed(
    serve: Serve, visit: Opener
) -> None:
    model = ScriptedModel("The ferry carries sixty cars. [2] It carries passengers. [2]")
    with written_qa(model) as qa:
        shown = visit(serve(qa))
        begin(shown, model, 1)
        status, other = shown.answered().locator(".status-of a").all()
        assert status.get_attribute("href") == other.get_attribute("href")
        status.press("Enter")
        expect(shown.place(status)).to_be_focused()
        shown.page.keyboard.press("Escape")
        expect(status).to_be_focused()


def test_stop_keeps_what_is_written_and_stops_the_model(
    ferry: ArticleQA, model: ScriptedModel, serve: Serve, visit: Opener
) -> None:
    shown = visit(serve(ferry))
    begin(shown, model, 2)
    expect(shown.reply(1).locator(".status-of")).to_have_count(1)
    shown.page.get_by_role("button", name="Stop").click()
    expect(shown.answered()).to_contain_text("Stopped before the answer was complete.")
    expect(shown.reply(1)).to_contain_text("The Halcyon leaves Port Ellery at seven.")
    assert model.was_stopped


def test_a_reload_in_the_middle_loses_nothing(
    ferry: ArticleQA, model: ScriptedModel, serve: Serve, visit: Opener
) -> None:
    shown = visit(serve(ferry))
    begin(shown, model, 2)
    expect(shown.reply(1).locator(".status-of")).to_have_count(1)
    reload(shown)
    expect(shown.reply(1)).to_contain_text("The Halcyon leaves Port Ellery at seven.")
    model.release()
    expect(shown.answered().locator(".status-of")).to_have_count(3)


def test_the_same_question_is_asked_the_other_way(
    ferry: ArticleQA, model: ScriptedModel, serve: Serve, visit: Opener
) -> None:
    shown = visit(serve(ferry))
    reply = shown.ask(QUESTION)
    expect(reply.locator(".engine")).to_have_text("Quoted from the article")
    model.release(3)
    reply.get_by_role("button", name="Ask again: In own words").click()
    expect(reply.locator(".engine")).to_contain_text("Written by")
    reply.get_by_role("button", name="Ask again: Quotes").click()
    expect(reply.locator(".engine")).to_have_text("Quoted from the article")
    expect(shown.page.locator("#chat [data-testid=user]")).to_have_count(1)


def test_a_status_that_cites_nothing_explains_itself(serve: Serve, visit: Opener) -> None:
    model = ScriptedModel(f"{SUPPORTED} {UNCITED}")
    with written_qa(model) as qa:
        shown = visit(serve(qa))
        begin(shown, model, 1)
        status = shown.answered().get_by_role("button", name=re.compile("not supported"))
        status.click()
        expect(shown.page.locator("#tip")).to_contain_text("no sentence was found that says this")


def test_hostile_text_of_a_model_does_nothing(serve: Serve, visit: Opener) -> None:
    model = ScriptedModel(*HOSTILE, f"{SUPPORTED} ", f"{PARTLY} ", held=True)
    with written_qa(model, unsupported="keep") as qa:
        shown = visit(serve(qa))
        begin(shown, model, 4)
        expect(shown.reply(1).locator(".status-of").first).to_be_visible()
        for _ in ("the draft", "the answer"):
            expect(shown.reply(1)).to_contain_text("<script>window.pwned=1</script>")
            assert shown.page.evaluate("window.pwned") is None
            expect(shown.reply(1).locator("img, script")).to_have_count(0)
            for link in shown.reply(1).get_by_role("link").all():
                assert (link.get_attribute("href") or "").startswith("#s")
            if model.ended.is_set():
                break
            model.release()
            shown.answered()
        assert model.ended.is_set()


@pytest.mark.parametrize(("size", "dark"), WINDOWS)
def test_a_written_answer_is_accessible(  # noqa: PLR0913 - fixtures
    ferry: ArticleQA,
    model: ScriptedModel,
    serve: Serve,
    visit: Opener,
    size: tuple[int, int],
    *,
    dark: bool,
) -> None:
    shown = visit(serve(ferry), size=size, dark=dark)
    begin(shown, model, 2)
    expect(shown.reply(1).locator(".status-of")).to_have_count(1)
    assert barriers(shown) == []
    model.release()
    shown.answered()
    assert barriers(shown) == []
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_on_a_phone_a_tapped_status_shows_its_quote(
    ferry: ArticleQA, model: ScriptedModel, serve: Serve, visit: Opener
) -> None:
    shown = visit(serve(ferry), size=NARROW, touch=True)
    begin(shown, model, 3)
    shown.answered().locator(".partly a").tap()
    tip = shown.page.get_by_role("dialog")
    expect(tip).to_contain_text("Partly supported: 55 %")
    tip.get_by_role("link", name="Show in the article").click()
    expect(shown.page.locator(".paper .lit").first).to_be_in_viewport()
    for target in shown.page.locator(".status-of a, .other, #ways input").all():
        box = target.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= LEAST_SIDE
