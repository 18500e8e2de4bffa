from __future__ import annotations

import re

from index.types import Article, Passage
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.output.places import place_id
from qa.page.reply import EXCERPT_CHARS, PASSAGES_SHOWN, reply_markdown

HOSTILE = "</details><b>*x*</b>\n\n<img src=x onerror=y> [a](javascript:x)"


def article_of(text: str, title: str, pages: tuple[int, ...] = ()) -> Article:
    return Article.from_text(text, title=title, pages=pages)


ONE = article_of("One. Two. Three.", "First")
TWO = article_of("Uno. Dos.", "Second", pages=(0, 5))


def passage_of(article: Article, start: int, end: int, rank: int = 1) -> Passage:
    text, page = article.text[start:end], article.page_of(start)
    return Passage(
        article.id, article.title, text, start, end, 0.5, rank, similarity=0.25, page=page
    )


def answer_of(*citations: Citation, passages: tuple[Passage, ...] = ()) -> Answer:
    return Answer("q", "text", None, citations, bool(citations), 0.7, passages)


def shown(answer: Answer, *, several: bool = False, is_newest: bool = True) -> str:
    return reply_markdown(answer, 3, several=several, is_newest=is_newest)


def sources(reply: str) -> str:
    """Return the line of sources as a reader sees it."""
    found = re.search(r'<div class="sources">(.*?)</div>', reply)
    text = re.sub(r"<[^>]*>", "", found[1]) if found else ""
    return re.sub(r"&#(\d+);", lambda entity: chr(int(entity[1])), text)


def test_one_article_without_pages_needs_no_line_of_sources() -> None:
    assert sources(shown(answer_of(Citation.of(ONE, 0, 4)))) == ""


def test_sources_of_one_article_with_pages_are_page_numbers() -> None:
    answer = answer_of(Citation.of(TWO, 0, 4), Citation.of(TWO, 5, 9))
    assert sources(shown(answer)) == "[1] p. 1 · [2] p. 2"


def test_sources_of_several_articles_are_named() -> None:
    answer = answer_of(Citation.of(ONE, 0, 4), Citation.of(TWO, 5, 9))
    assert sources(shown(answer, several=True)) == "[1] First · [2] Second, p. 2"


def test_marks_of_the_same_source_are_grouped() -> None:
    answer = answer_of(Citation.of(ONE, 0, 4), Citation.of(ONE, 10, 16), Citation.of(TWO, 5, 9))
    assert sources(shown(answer, several=True)) == "[1] [2] First · [3] Second, p. 2"


def test_a_listed_passage_shows_its_scores_and_whether_it_is_cited() -> None:
    passages = (passage_of(ONE, 0, 9), passage_of(ONE, 10, 16, rank=2))
    reply = shown(answer_of(Citation.of(ONE, 5, 9), passages=passages))
    first, second = re.findall(r"<li>(.*?)</li>", reply)
    assert "score 0.50 · similarity 0.25 · cited as" in first
    assert f'href="#{place_id(ONE.id, 5, 9)}"' in first
    assert "not cited" in second
    assert f'href="#{place_id(ONE.id, 10, 16)}"' in second


def test_in_an_older_answer_only_cited_passages_have_links() -> None:
    passages = (passage_of(ONE, 0, 9), passage_of(ONE, 10, 16, rank=2))
    reply = shown(answer_of(Citation.of(ONE, 5, 9), passages=passages), is_newest=False)
    assert re.findall(r'<a href="#([^"]+)"', reply) == [place_id(ONE.id, 5, 9)]


def test_passages_of_several_articles_are_named() -> None:
    passages = (passage_of(ONE, 0, 4), passage_of(TWO, 5, 9, rank=2))
    reply = shown(answer_of(passages=passages), several=True)
    assert '>First<span class="unseen">: One.</span></a>' in reply
    assert '>Second, p. 2<span class="unseen">: Dos.</span></a>' in reply


def test_article_text_is_escaped_in_the_list_of_passages() -> None:
    hostile = article_of(HOSTILE, HOSTILE)
    passages = (passage_of(hostile, 0, len(HOSTILE)), passage_of(ONE, 0, 4, rank=2))
    foot = shown(answer_of(passages=passages), several=True).split('<div class="foot">')[1]
    assert not re.search(r"<b>|<img|javascript:|\*|\n", foot)
    assert foot.count("</details>") == 2


def test_the_list_of_passages_is_limited() -> None:
    long = article_of("x" * 10_000, "y" * 300)
    passages = tuple(passage_of(long, i, 10_000, rank=i + 1) for i in range(100))
    reply = shown(answer_of(passages=passages), is_newest=False)
    assert reply.count("<li>") == PASSAGES_SHOWN
    assert "And 90 more." in reply
    assert len(reply.split('class="foot"')[1]) < (PASSAGES_SHOWN + 5) * (EXCERPT_CHARS + 300)


def test_the_copy_button_names_its_turn() -> None:
    assert 'id="copy-3"' in shown(answer_of(Citation.of(ONE, 0, 4)))
