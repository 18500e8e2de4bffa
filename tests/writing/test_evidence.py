from __future__ import annotations

from dataclasses import replace

from index.types import Article, Heading, Passage, Span
from qa.answers.citation import Citation
from qa.writing.evidence import Material, estimate_tokens, select_sentences
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
