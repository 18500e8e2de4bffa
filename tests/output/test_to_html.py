"""A conversation as a document of its own: its words exact and literal, its links whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from index.errors import ArticleNotFound, CitationError
from index.types import Article, Heading, Passage, Span
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.output.article_html import AROUND_CHARS
from qa.output.places import place_id
from qa.output.to_html import WHOLE_ARTICLE_CHARS, conversation_to_html
from qa.output.to_markdown import conversation_to_markdown
from qa.output.transcript import Transcript, Turn

HOSTILE = (
    "</style></title></blockquote><script>pwned=1</script><img src=x onerror=pwned=1> "
    '"a\' & &lt; <mark id="b"> [1](javascript:pwned) ![x](https://evil.example/x.png) [1]: http://b'
)
OUR_HTML = set(
    "a article blockquote body h1 h2 h3 h4 h5 h6 head header html li main mark meta nav ol p "
    "section span strong style title".split()
)
OUR_MARKDOWN = {"h1", "h2", "p", "blockquote", "strong", "a", "ol", "ul", "li"}
# What HTML cannot hold becomes U+FFFD, and is left out here: control characters,
# half a surrogate pair, and what XML's characters, and so lxml, leave out besides.
texts = st.text(
    alphabet=st.one_of(
        st.sampled_from("ab. \n<&\"'[1]()"),
        st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"),
    ),
    max_size=60,
)


def article_of(text: str, *, title: str = "T", source: str | None = None) -> Article:
    return Article.from_text(text, title=title, source=source)


def answer_of(*citations: Citation, question: str = "Why?") -> Answer:
    text, marks = "", []
    for number, citation in enumerate(citations, start=1):
        text += f"{citation.quote} "
        marks.append(Span(len(text), len(text) + len(f"[{number}]")))
        text += f"[{number}] "
    return Answer(
        question=question,
        text=text,
        short=None,
        citations=citations,
        answered=True,
        confidence=0.9,
        passages=(),
        marks=tuple(marks),
    )


def refusal_of(*articles: Article, question: str = "Who?") -> Answer:
    passages = tuple(
        Passage(a.id, a.title, a.text, 0, len(a.text), 0.5, rank, similarity=0.5)
        for rank, a in enumerate(articles, start=1)
    )
    return Answer(
        question=question,
        text="The articles do not say.",
        short=None,
        citations=(),
        answered=False,
        confidence=0.1,
        passages=passages,
    )


def finder(*articles: Article) -> Callable[[str], Article]:
    known = {article.id: article for article in articles}

    def find(article_id: str) -> Article:
        if article_id not in known:
            raise ArticleNotFound(article_id)
        return known[article_id]

    return find


def page_of(*answers: Answer, articles: tuple[Article, ...], title: str = "") -> Any:  # noqa: ANN401 - lxml has no types
    """Return the exported page, read by lxml, once it is sure that it is whole and ours."""
    html = conversation_to_html(Transcript.of(answers, title=title), finder(*articles))
    page = lxml.html.document_fromstring(html)
    assert {element.tag for element in page.iter()} <= OUR_HTML
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    inner = [link[1:] for link in page.xpath("//@href") if link.startswith("#")]
    assert set(inner) <= set(ids)
    return page


def words_at(page: Any, name: str) -> str:  # noqa: ANN401 - as above
    """Return the words of a place, with those of its parts if it had to be split."""
    found = page.xpath("//*[@id=$name or @data-part=$name]", name=name)
    return "".join(element.text_content() for element in found)


def rendered(markdown: str) -> str:
    return str(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(markdown))


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[Article], list[Answer]]:
    """Draw articles, and answers that cite anything in them, overlapping as it may be."""
    written = draw(st.lists(texts.filter(str.strip), min_size=1, max_size=3, unique=True))
    articles = [article_of(text, title=draw(texts), source=draw(texts)) for text in written]
    articles = list({article.id: article for article in articles}.values())
    answers = []
    for _ in range(draw(st.integers(1, 3))):
        citations = []
        for _ in range(draw(st.integers(1, 4))):
            article = draw(st.sampled_from(articles))
            start = draw(st.integers(0, len(article.text) - 1))
            end = draw(st.integers(start + 1, len(article.text)))
            citations.append(Citation.of(article, start, end))
        answers.append(answer_of(*citations, question=draw(texts)))
    return articles, [*answers, refusal_of(*articles, question=draw(texts))]


@pytest.mark.slow
@given(conversations(), texts)
def test_any_conversation_exports_with_its_exact_quotes_and_no_broken_link(
    conversation: tuple[list[Article], list[Answer]], title: str
) -> None:
    articles, answers = conversation
    page = page_of(*answers, articles=tuple(articles), title=title)
    turns = page.xpath("//*[@class='turn']")
    for turn, answer in zip(turns, answers, strict=True):
        assert turn.find("h2").text_content() == answer.question
        assert turn.find("p").text_content() == answer.text
        quotes = [quote.text_content() for quote in turn.iter("blockquote")]
        if answer.answered:
            assert quotes == [citation.quote for citation in answer.citations]
        links = turn.find("p").xpath("a/@href")
        for link, citation in zip(links, answer.citations, strict=True):
            there = words_at(page, link[1:])
            assert "".join(citation.quote.split()) in "".join(there.split())


@pytest.mark.slow
@given(conversations(), texts)
def test_nothing_of_any_conversation_is_markup_in_markdown(
    conversation: tuple[list[Article], list[Answer]], title: str
) -> None:
    _, answers = conversation
    html = rendered(conversation_to_markdown(Transcript.of(answers, title=title)))
    page = lxml.html.fromstring(f"<div>{html}</div>")
    assert {element.tag for element in page.iterdescendants()} <= OUR_MARKDOWN
    assert len(page.xpath("//h2")) == len(answers)
    shown = "".join(page.text_content().split())
    for answer in answers:
        for citation in answer.citations:
            assert "".join(citation.quote.split()) in shown


def test_hostile_text_is_shown_and_does_nothing() -> None:
    article = article_of(HOSTILE, title=HOSTILE, source=HOSTILE)
    citation = Citation.of(article, 0, len(HOSTILE))
    answer = answer_of(citation, question=HOSTILE)
    page = page_of(answer, articles=(article,), title=HOSTILE)
    assert page.xpath("//title")[0].text_content() == HOSTILE
    assert page.find(".//h1").text_content() == HOSTILE
    assert words_at(page, place_id(article.id, 0, len(HOSTILE))) == HOSTILE
    assert not page.xpath("//@src | //@onerror")
    markdown = rendered(conversation_to_markdown(Transcript.of([answer], title=HOSTILE)))
    assert set(re.findall(r"<(\w+)", markdown)) <= OUR_MARKDOWN - {"a"}


def test_control_characters_and_lone_surrogates_become_replacement_characters() -> None:
    article = article_of("a\x00b\x1b\x0b.")
    answer = answer_of(Citation.of(article, 0, 6), question="\ud800")
    page = page_of(answer, articles=(article,))
    assert page.find(".//blockquote").text_content() == "a\ufffdb\ufffd ."
    conversation_to_html(Transcript.of([answer]), finder(article)).encode()
    conversation_to_markdown(Transcript.of([answer])).encode()


def test_the_page_loads_nothing_and_forbids_all_but_its_style() -> None:
    article = article_of("One. Two.")
    html = conversation_to_html(
        Transcript.of([answer_of(Citation.of(article, 0, 4))]), finder(article)
    )
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert not re.search(r"<script|<link|<img|src=|url\(|@import", html)


def test_the_page_is_labelled_and_its_headings_are_in_order() -> None:
    text = "Part\nOne.\nPoint\nTwo."
    headings = (Heading(0, 4, 1), Heading(10, 15, 4))
    article = Article.from_text(text, title="Book", headings=headings)
    answer = answer_of(Citation.of(article, 5, 9), Citation.of(article, 16, 20))
    page = page_of(answer, refusal_of(article), articles=(article,))
    assert page.get("lang") == "en"
    levels = [int(e.tag[1]) for e in page.iter() if re.fullmatch(r"h\d", str(e.tag))]
    assert levels == [1, 2, 3, 2, 3, 2, 3, 4]
    assert page.xpath("//section/@aria-label") == ["Conversation", "Cited articles"]
    for name in page.xpath("//@aria-labelledby"):
        assert page.xpath("//*[@id=$name]", name=name)[0].text_content()


def test_places_that_overlap_and_span_paragraphs_are_each_a_target() -> None:
    article = article_of("One two.\n\nThree four.")
    spans = [(0, 7), (4, 15), (0, 21), (10, 15)]
    answers = [answer_of(Citation.of(article, *span)) for span in spans]
    page = page_of(*answers, articles=(article,))
    for start, end in spans:
        there = words_at(page, place_id(article.id, start, end))
        assert "".join(there.split()) == "".join(article.text[start:end].split())
    assert f"#{place_id(article.id, 4, 15)}:target) [data-part=" in page.findall(".//style")[1].text


def test_each_cited_article_is_included_once_and_no_other() -> None:
    one, two, three = (article_of(f"Text {n}.", title=f"Title {n}") for n in (1, 2, 3))
    answers = [
        answer_of(Citation.of(two, 0, 7)),
        refusal_of(one),
        answer_of(Citation.of(two, 0, 4)),
    ]
    page = page_of(*answers, articles=(one, two, three))
    shown = page.xpath("//*[@class='paper']/article//h2")
    assert [heading.text_content() for heading in shown] == ["Title 2", "Title 1"]


def test_a_title_that_begins_the_text_is_shown_once() -> None:
    article = article_of("Title\nText.", title="Title")
    page = page_of(answer_of(Citation.of(article, 6, 11)), articles=(article,))
    assert page.xpath("//*[@class='paper']//h2/@class") == ["unseen"]


def test_a_citation_of_a_removed_article_links_to_its_quote() -> None:
    article = article_of("One. Two.")
    page = page_of(answer_of(Citation.of(article, 0, 4)), articles=())
    (link,) = page.xpath("//p[@class='answer']/a/@href")
    assert "One." in words_at(page, link[1:])
    assert not page.xpath("//*[@class='paper']")


def test_a_wrong_quote_raises_an_error() -> None:
    article = article_of("One. Two.")
    wrong = Citation(article.id, "T", 0, 4, "Six.")
    with pytest.raises(CitationError):
        conversation_to_html(Transcript.of([answer_of(wrong)]), finder(article))


def test_a_long_article_is_shown_around_its_citations() -> None:
    paragraphs = [f"Paragraph {n} says little. " * 10 for n in range(400)]
    article = article_of("\n\n".join(paragraphs))
    assert len(article.text) > WHOLE_ARTICLE_CHARS
    at = [article.text.index(f"Paragraph {n} ") for n in (100, 101, 300)]
    answer = answer_of(*(Citation.of(article, start, start + 27) for start in at))
    body = page_of(answer, articles=(article,)).xpath("//*[@class='paper']/article")[0]
    text = body.text_content()
    assert "the paragraphs around the quotes are shown" in text
    assert all(paragraphs[n].strip() in text for n in (99, 100, 101, 102, 299, 300, 301))
    assert "Paragraph 50 " not in text
    assert len(body.xpath(".//*[@class='gap']")) == 3
    assert len(text) < 5 * AROUND_CHARS * 2


def test_a_long_paragraph_is_cut_at_words() -> None:
    article = article_of("word " * 20_000 + "Found it. " + "word " * 20_000)
    start = article.text.index("Found")
    answer = answer_of(Citation.of(article, start, start + 9))
    body = page_of(answer, articles=(article,)).xpath("//*[@class='paper']/article")[0]
    before, shown, after = (p.text_content() for p in body.xpath("p"))
    assert (before, after) == ("…", "…")
    assert set(shown.split()) == {"word", "Found", "it."}
    assert AROUND_CHARS < len(shown) < 3 * AROUND_CHARS


@pytest.mark.slow
@settings(max_examples=30)
@given(st.data())
def test_any_place_of_a_long_article_is_in_the_excerpt(data: st.DataObject) -> None:
    line = data.draw(st.text(alphabet="ab \n", min_size=1, max_size=200).filter(str.strip))
    article = article_of(f"a{line}" * (WHOLE_ARTICLE_CHARS // len(line)))
    starts = data.draw(st.lists(st.integers(0, len(article.text) - 1), min_size=1, max_size=4))
    lengths = data.draw(st.lists(st.integers(1, 3_000), min_size=4, max_size=4))
    citations = [
        Citation.of(article, start, min(start + length, len(article.text)))
        for start, length in zip(starts, lengths, strict=False)
    ]
    page = page_of(answer_of(*citations), articles=(article,))
    for citation, link in zip(citations, page.xpath("//p/a/@href"), strict=False):
        there = words_at(page, link[1:])
        assert "".join(citation.quote.split()) in "".join(there.split())


def test_markdown_reads_as_a_document() -> None:
    bridge = Article.from_text(
        "It opened\nin 1932.", title="Bridge", source="https://b.example/x_(y)", pages=(0,)
    )
    bread = article_of("Bread is baked. Twice.", title="Bread", source="bread.txt")
    cited = answer_of(
        Citation.of(bridge, 0, 18), Citation.of(bread, 0, 15), question="When\nis it?"
    )
    transcript = Transcript(
        (Turn("When\nis it?", cited), Turn("Who?", refusal_of(bread))), at="2026"
    )
    assert conversation_to_markdown(transcript, finder(bridge, bread)) == (
        "# Conversation\n\n"
        "Exported on 2026\n\n"
        "## 1. When is it?\n\n"
        "It opened in 1932. [1] Bread is baked. [2]\n\n"
        "**Sources**\n\n"
        "1. Bridge, p. 1 – <https://b.example/x_%28y%29>\n\n"
        "   > It opened in 1932.\n\n"
        "2. Bread, paragraph 1 – bread.txt\n\n"
        "   > Bread is baked.\n\n"
        "## 2. Who?\n\n"
        "The articles do not say.\n\n"
        "**Nearest passages**\n\n"
        "- Bread, paragraph 1\n\n"
        "  > Bread is baked. Twice.\n"
    )


def test_an_empty_conversation_is_a_valid_page() -> None:
    assert page_of(articles=()).find(".//h1").text_content() == "Conversation"
    assert conversation_to_markdown(Transcript(())) == "# Conversation\n"
