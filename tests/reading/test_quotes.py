from __future__ import annotations

from dataclasses import replace

import pytest

from index.sentences import split_sentences
from index.types import Passage, Span
from qa.reading.quotes import MAX_SENTENCES, reply_after, select_quotes, whole_list
from qa.reading.ranking import ScoredSpan
from qa.reading.reader import ExtractiveReader
from qa.reading.spans import SpanCandidate, sentences_around

TEXT = (
    "Rubio made a call to the minister on Thursday. He also made a call to Sharif. "
    "The weather was warm. Sharif spoke of peace.\n\nIt rained in Lahore. The talks went on."
)


def passage(text: str = TEXT) -> Passage:
    sentences = tuple(split_sentences(text))
    return Passage("a", "T", text, 0, len(text), 0.5, 1, "", sentences)


def scored(
    words: str, score: float, *, margin: float = 1.0, source: Passage | None = None
) -> ScoredSpan:
    source = source or passage()
    start = source.text.index(words)
    return ScoredSpan(SpanCandidate(source, Span(start, start + len(words)), margin, 0.0), score)


def quoted(question: str, *spans: ScoredSpan) -> list[str]:
    best = spans[0].candidate
    quotes = select_quotes(question, spans, whole_list(question, best, ()))
    return [best.passage.text[quote.start : quote.end] for quote in quotes]


def test_the_sentence_of_the_best_span_is_quoted() -> None:
    assert quoted("How was the weather?", scored("warm", 5.0)) == ["The weather was warm."]


def test_a_sentence_that_continues_the_answer_is_quoted_too() -> None:
    assert quoted("Whom did Rubio call?", scored("the minister", 5.0)) == [
        "Rubio made a call to the minister on Thursday. He also made a call to Sharif."
    ]


def test_sentences_of_another_paragraph_are_not_added() -> None:
    assert quoted("Where did it rain?", scored("Lahore", 5.0)) == ["It rained in Lahore."]


def test_a_span_as_good_as_the_best_is_quoted_too() -> None:
    spans = [scored("warm", 5.0), scored("Lahore", 4.5), scored("The talks", 3.0)]
    assert quoted("What happened?", *spans) == ["The weather was warm.", "It rained in Lahore."]


def test_a_span_less_likely_than_no_answer_is_not_added() -> None:
    spans = [scored("warm", 5.0), scored("Lahore", 4.9, margin=-0.1)]
    assert quoted("What happened?", *spans) == ["The weather was warm."]


def test_a_question_of_the_text_is_not_added() -> None:
    faq = "Is there a charge for bags? Two bags travel free. The app charges nothing."
    spans = [
        scored("nothing", 5.0, source=passage(faq)),
        scored("a charge for bags", 4.9, source=passage(faq)),
    ]
    assert quoted("Is there a charge?", *spans) == ["The app charges nothing."]


def test_an_added_sentence_comes_with_the_one_it_refers_to() -> None:
    spans = [scored("It rained in Lahore", 5.0), scored("He also made a call", 4.9)]
    assert quoted("What happened?", *spans) == [
        "It rained in Lahore.",
        "Rubio made a call to the minister on Thursday. He also made a call to Sharif.",
    ]


def test_a_sentence_that_would_be_cut_from_what_it_refers_to_is_not_added() -> None:
    text = "Rain fell. Snow fell.\n\nIt froze. Anna rose. She ate. She left. She ran home."
    spans = [scored("Rain", 5.0, source=passage(text)), scored("home", 4.9, source=passage(text))]
    assert quoted("What happened?", *spans) == ["Rain fell."]


STEPS = "How to book a group\n\n1. Write to us.\n2. Wait for the offer.\n3. Pay a deposit.\n\nBye."


@pytest.mark.parametrize(
    ("question", "words", "expected"),
    [
        ("how to book for a group", "Write to us", STEPS[21:-6]),
        ("Who waits for the offer of a group?", "Wait", "2. Wait for the offer."),
        ("Where is it?", "Write", "1. Write to us."),
        ("How much money does a group lose?", "Pay", "3. Pay a deposit."),
    ],
)
def test_a_list_is_quoted_whole_if_the_question_has_words_of_its_heading_alone(
    question: str, words: str, expected: str
) -> None:
    source = replace(passage(STEPS), heading="How to book a group")
    assert quoted(question, scored(words, 5.0, source=source)) == [expected]


def test_the_words_of_the_title_do_not_ask_for_a_list() -> None:
    facts = "Olden\n\n- 3,000 people\n- 12 square kilometres\n- one mill"
    source = replace(passage(facts), title="Olden", heading="Olden")
    assert quoted("How big is Olden?", scored("12", 5.0, source=source)) == [
        "- 12 square kilometres"
    ]


def test_a_list_is_quoted_with_the_sentence_that_introduces_it() -> None:
    text = "It is dry. You may not bring:\n- fireworks\n- gas"
    assert quoted("What may I not bring?", scored("gas", 5.0, source=passage(text))) == [text[11:]]


def test_a_long_answer_adds_spans_of_its_passage() -> None:
    spans = [scored("peace", 5.0), scored("The weather was warm", 2.5)]
    assert quoted("When did Sharif speak?", *spans) == ["Sharif spoke of peace."]
    assert quoted("Why did Sharif speak?", *spans) == [
        "The weather was warm. Sharif spoke of peace."
    ]


def test_a_span_over_many_sentences_is_quoted_up_to_the_limit() -> None:
    text = " ".join(f"Sentence {i} is here." for i in range(6))
    (quote,) = quoted("What?", scored(text, 5.0, source=passage(text)))
    assert quote.count(".") == MAX_SENTENCES


@pytest.mark.parametrize(("words", "count"), [("Thursday. He also", 2), ("warm", 1)])
def test_sentences_around_a_span_are_those_it_overlaps(words: str, count: int) -> None:
    start = TEXT.index(words)
    assert len(sentences_around(passage(), Span(start, start + len(words)))) == count


FAQ = (
    "Is there a fee?\nYes. Members pay nothing. Others pay a pound.\n\nIs it open?\nWho knows?\nNo."
)


@pytest.mark.parametrize(
    ("text", "span", "reply"),
    [
        (FAQ, "a fee", "Yes. Members pay nothing. Others pay a pound."),
        (FAQ, "open", None),  # another question follows
        (FAQ, "knows", "No."),
        (FAQ, "a pound", None),  # no question
        ("She asked: “Where is he?” He was at home.", "Where", None),  # only reports a question
        ("Where is the key?", "the key", None),  # nothing follows
    ],
)
def test_the_reply_to_a_question_is_quoted_instead_of_the_question(
    text: str, span: str, reply: str | None
) -> None:
    source = passage(text)
    found = reply_after(scored(span, 5.0, source=source).candidate)
    assert (found and source.words(found)) == reply


def test_a_quoted_reply_has_no_short_answer() -> None:
    source = passage(FAQ)
    reading = ExtractiveReader().interpret(
        "Is there a fee?", [source], [scored("a fee", 5.0, source=source)]
    )
    assert [FAQ[q.start : q.end] for q in reading.quotes] == [
        "Yes. Members pay nothing. Others pay a pound."
    ]
    assert reading.short is None
