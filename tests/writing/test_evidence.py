from __future__ import annotations

from dataclasses import replace

import pytest

from index.types import Article, Heading, Passage, Span
from qa.answers.citation import Citation
from qa.writing.evidence import Material, estimate_tokens, select_sentences
from qa.writing.sections import named_sections
from tests.writing.fakes import ARTICLE, SENTENCES, quoted, span_of

LONG = Article.from_text("\n\n".join(f"Fact {n} is here." for n in range(400)), title="Facts")


def passage(article: Article, first: str, last: str, rank: int) -> Passage:
    start, end = article.text.index(first), article.text.index(last) + len(last)
    text = article.text[start:end]
    spans, at = [], start
    for line in text.split("\n\n"):
        spans.append(Span(at, at + len(line)))
        at += len(line) + 2
    return Passage(article.id, article.title, text, start, end, 1.0, rank, sentences=tuple(spans))


def test_a_short_article_is_shown_whole_and_without_headings() -> None:
    text = f"About the dam\n\n{ARTICLE.text}"
    article = Article.from_text(text, headings=(Heading(0, 13, 1),))
    chosen = select_sentences(Material([article], []), [], 1000)
    assert [sentence.text for sentence in chosen] == list(SENTENCES)


def test_a_heading_in_markdown_that_was_not_recognized_is_not_shown() -> None:
    article = Article.from_text(f"# The dam\n\n{ARTICLE.text}\n\n## Costs\n\nNone yet.")
    chosen = select_sentences(Material([article], []), [], 1000)
    assert [sentence.text for sentence in chosen] == [*SENTENCES, "None yet."]


def test_of_a_long_article_the_best_passages_are_shown_in_reading_order() -> None:
    best = passage(LONG, "Fact 300 ", "Fact 302 is here.", 1)
    second = passage(LONG, "Fact 10 ", "Fact 12 is here.", 2)
    chosen = select_sentences(Material([LONG], []), [best, second], 1000)
    assert [sentence.text.split()[1] for sentence in chosen] == "10 11 12 300 301 302".split()


def test_what_does_not_fit_is_left_out_from_the_worst_passage_on() -> None:
    best = passage(LONG, "Fact 300 ", "Fact 302 is here.", 1)
    second = passage(LONG, "Fact 10 ", "Fact 12 is here.", 2)
    cost = estimate_tokens("Fact 300 is here.") + 5
    chosen = select_sentences(Material([LONG], []), [best, second], 4 * cost)
    assert [sentence.text.split()[1] for sentence in chosen] == "10 300 301 302".split()
    assert select_sentences(Material([LONG], []), [best, second], cost - 1) == []


def test_the_sentences_of_the_extractive_answer_come_first() -> None:
    last = "Fact 399 is here."
    at = LONG.text.index(last)
    citation = Citation.of(LONG, at, at + len(last))
    best = passage(LONG, "Fact 300 ", "Fact 302 is here.", 1)
    chosen = select_sentences(Material([LONG], [citation]), [best], estimate_tokens(last) + 5)
    assert [sentence.text for sentence in chosen] == [last]


def test_a_sentence_in_two_passages_is_shown_once() -> None:
    one = passage(LONG, "Fact 300 ", "Fact 302 is here.", 1)
    two = passage(LONG, "Fact 302 ", "Fact 303 is here.", 2)
    chosen = select_sentences(Material([LONG], []), [one, two], 1000)
    assert [sentence.text.split()[1] for sentence in chosen] == "300 301 302 303".split()


def test_a_sentence_is_cited_with_its_exact_words() -> None:
    chosen = select_sentences(Material([ARTICLE], []), quoted().passages, 1000)
    for sentence, words in zip(chosen, SENTENCES, strict=True):
        citation = sentence.cite()
        citation.check(ARTICLE)
        assert (citation.quote, Span(citation.start, citation.end)) == (words, span_of(words))


def test_passages_of_an_article_that_was_removed_are_ignored() -> None:
    gone = replace(quoted().passages[0], article_id="gone")
    assert select_sentences(Material([LONG], []), [gone], 1000) == []


def test_tokens_are_estimated_rather_too_high() -> None:
    assert estimate_tokens("The bridge is 1,149 metres long.") >= 9
    assert estimate_tokens("水坝在夜里决堤了") >= 8


def test_without_passages_the_beginning_of_a_long_article_is_shown() -> None:
    chosen = select_sentences(Material([LONG], []), [], 100)
    assert [sentence.text.split()[1] for sentence in chosen[:3]] == "0 1 2".split()
    assert len(chosen) > 5


def cited(article: Article, words: str) -> Citation:
    at = article.text.index(words)
    return Citation.of(article, at, at + len(words))


def test_of_a_long_article_a_request_about_all_of_it_is_shown_key_sentences_beside_passages() -> (
    None
):
    best = passage(LONG, "Fact 300 ", "Fact 309 is here.", 1)
    key = [cited(LONG, f"Fact {number} is here.") for number in (20, 399, 150)]
    cost = estimate_tokens("Fact 300 is here.") + 5
    chosen = select_sentences(Material([LONG], [], key=key), [best], 6 * cost)
    assert [sentence.text.split()[1] for sentence in chosen] == "20 150 300 301 302 399".split()


def test_some_of_each_article_is_shown_before_more_of_one() -> None:
    other = Article.from_text(LONG.text.replace("Fact", "Case"), title="Cases")
    first = passage(LONG, "Fact 300 ", "Fact 301 is here.", 1)
    second = passage(LONG, "Fact 10 ", "Fact 11 is here.", 2)
    third = passage(other, "Case 20 ", "Case 21 is here.", 3)
    cost = estimate_tokens("Fact 300 is here.") + 5
    material = Material([LONG, other], [])
    chosen = select_sentences(material, [first, second, third], 4 * cost)
    assert [s.text.rsplit(" ", 2)[0] for s in chosen] == "Fact 300,Fact 301,Case 20,Case 21".split(
        ","
    )


def with_sections(*sections: tuple[str, str, int]) -> Article:
    """Return an article of (heading, text, level)."""
    text, headings = "", []
    for heading, body, level in sections:
        text += "#" * level + " "
        headings.append(Heading(len(text), len(text) + len(heading), level))
        text += f"{heading}\n\n{body}\n\n"
    return Article.from_text(text.strip(), title="Lighthouses", headings=tuple(headings))


LIGHTHOUSE = with_sections(
    ("Lighthouses", "They warn ships.", 1),
    ("The keepers", "Two men lived there. They were paid by the harbour.", 2),
    ("A day of work", "The lamp was lit at dusk.", 3),
    ("2. Closing", "The light went out in 1988.", 2),
)


def test_a_section_that_is_named_is_found_with_its_subsections() -> None:
    (section,) = named_sections("Summarise what it says about keepers.", [LIGHTHOUSE])
    text = LIGHTHOUSE.text[section.start : section.end]
    assert text.startswith("\n\nTwo men lived there.")
    assert text.rstrip().endswith("The lamp was lit at dusk.")


def test_sentences_are_shown_with_the_heading_above_them() -> None:
    chosen = select_sentences(Material([LIGHTHOUSE], []), [], 1000)
    headings = [sentence.heading for sentence in chosen]
    keepers = ["The keepers", "The keepers", "A day of work"]
    assert headings == ["Lighthouses", *keepers, "2. Closing"]


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        ("Explain the closing to a child.", ["2. Closing"]),
        ("Summarise the article.", []),
        ("What did they do in a day?", []),
        (
            "Compare the keeper's days of working with the closing",
            ["The keepers", "A day of work", "2. Closing"],
        ),
    ],
)
def test_a_section_is_named_by_all_words_of_its_heading(request_: str, named: list[str]) -> None:
    assert [section.heading for section in named_sections(request_, [LIGHTHOUSE])] == named


def test_of_a_long_article_a_section_that_is_named_is_shown_whole_beside_the_passages() -> None:
    long = with_sections(
        ("Early", LONG.text, 1),
        ("Late", "Case 1 is here.\n\nCase 2 is here.", 1),
        ("Later", LONG.text.replace("Fact", "Tale"), 1),
    )
    sections = named_sections("Summarise the late part.", [long])
    best = passage(long, "Fact 300 ", "Fact 309 is here.", 1)
    key = [cited(long, "Tale 7 is here.")]
    cost = estimate_tokens("Fact 300 is here.") + 5
    material = Material([long], [], key=key, sections=sections)
    chosen = select_sentences(material, [best], 9 * cost)
    shown = [s.text.removesuffix(" is here.") for s in chosen]
    assert shown[-3:] == ["Case 1", "Case 2", "Tale 7"]
    assert shown[:3] == ["Fact 300", "Fact 301", "Fact 302"]
