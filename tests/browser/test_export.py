"""An exported conversation, opened as a file in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from index.types import Article, Passage, Span
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.output.places import place_id
from qa.output.to_html import conversation_to_html
from qa.output.transcript import Transcript
from tests.browser.visiting import NARROW, WIDE

pytestmark = pytest.mark.browser

PARAGRAPHS = [f"Paragraph {n} says nothing of note, at some length. " * 5 for n in range(60)]
ARTICLE = Article.from_text("\n\n".join([*PARAGRAPHS, "It opened\n\nin 1932."]), title="Bridge")
CITED = Citation.of(ARTICLE, ARTICLE.text.index("It opened"), len(ARTICLE.text))
NEAR = Passage(ARTICLE.id, "Bridge", PARAGRAPHS[0], 0, len(PARAGRAPHS[0]), 0.5, 1, similarity=0.5)
ANSWERS = [
    Answer(
        question="When did it open?",
        text="It opened in 1932. [1]",
        short=None,
        citations=(CITED,),
        answered=True,
        confidence=0.9,
        passages=(),
        marks=(Span(19, 22),),
    ),
    Answer(
        question="Who <script>built</script> it?",
        text="The article does not say.",
        short=None,
        citations=(),
        answered=False,
        confidence=0.1,
        passages=(NEAR,),
    ),
]
GROUND = "element => getComputedStyle(element).backgroundColor"


@pytest.fixture(params=[(WIDE, "light"), (NARROW, "light"), (WIDE, "dark")])
def page(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """Open the file; nothing may be asked of any host or refused by the page's own policy."""
    file = tmp_path / "conversation.html"
    html = conversation_to_html(Transcript.of(ANSWERS, title="Bridges"), lambda _: ARTICLE)
    file.write_text(html, encoding="utf-8")
    (width, height), scheme = request.param
    opened = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    asked: list[str] = []
    logged: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: logged.append(message.text))
    opened.goto(file.as_uri())
    yield opened
    opened.close()
    assert {url.partition("#")[0] for url in asked} == {file.as_uri()}
    assert logged == []


def test_a_citation_leads_to_its_highlighted_words_and_back(page: Page) -> None:
    name = place_id(ARTICLE.id, CITED.start, CITED.end)
    place, rest = page.locator(f"#{name}"), page.locator(f"[data-part={name}]")
    before = place.evaluate(GROUND)
    expect(place).not_to_be_in_viewport()
    page.get_by_role("link", name="[1]", exact=True).click()
    expect(place).to_be_in_viewport()
    assert place.evaluate(GROUND) != before
    assert rest.evaluate(GROUND) == place.evaluate(GROUND)
    back = page.get_by_role("link", name="Back to the conversation")
    if back.is_visible():
        back.click()
    expect(page.get_by_role("heading", name="When did it open?")).to_be_in_viewport()


def test_nothing_is_wider_than_the_window(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_colours_follow_the_readers_choice(page: Page) -> None:
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    ground = page.locator("body").evaluate(GROUND)
    assert (ground == "rgb(18, 20, 22)") == is_dark


def test_the_nearest_passages_of_a_refusal_have_links(page: Page) -> None:
    expect(page.get_by_role("heading", name="Who <script>built</script> it?")).to_be_attached()
    page.get_by_role("region", name="Conversation").get_by_role("link").last.click()
    expect(page.locator(f"#{place_id(ARTICLE.id, 0, len(PARAGRAPHS[0]))}")).to_be_in_viewport()
