"""The earlier turns that a question is read with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import pytest

from index.embedding.embedder import SentenceTransformerEmbedder
from index.errors import QuestionError
from index.search.passage_index import PassageIndex
from index.sentences import split_sentences
from index.types import Article, Passage, Span
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.article_qa import ArticleQA
from qa.conversation.follow_ups import split_after, turns_of, understood_after
from qa.reading.model import Turn
from qa.reading.quotes import Quote
from qa.reading.reader import Reading
from qa.settings import Settings

MILLS = "\n\n".join(
    [
        "The mill at Arlen was built by Ruth Calder in 1912. She sold it to a baker.",
        "The windmill at Ostby was built by Per Holm. He died at sea.",
        *(f"In year {n} the parish of Tamm counted {n} goats and a dog." for n in range(30)),
    ]
)


@dataclass
class Recording:
    """A reader that quotes the first sentence of the first passage, and keeps what it is given."""

    uses_turns: bool = True
    read_with: list[tuple[str, tuple[Turn, ...]]] = field(default_factory=list)
    passages: list[tuple[Passage, ...]] = field(default_factory=list)
    levels: ClassVar[Mapping[str, float]] = {"balanced": 0.3}
    is_loaded = True

    def read(
        self, question: str, passages: Sequence[Passage], turns: Sequence[Turn] = ()
    ) -> Reading:
        self.read_with.append((question, tuple(turns)))
        self.passages.append(tuple(passages))
        first = passages[0]
        sentence = next(iter(split_sentences(first.text)))
        quote = Quote(first.article_id, first.start, first.start + sentence.end)
        is_refused = "Napoleon" in question
        return Reading(
            (quote,),
            0.1 if is_refused else 0.9,
            passages=tuple(passages),
            used_turns=self.uses_turns and bool(turns),
        )

    def load(self) -> None: ...

    def take_notice(self) -> None: ...


Asked = Callable[[Recording], ArticleQA]


@pytest.fixture
def mills(embedder: SentenceTransformerEmbedder) -> Asked:
    def asked(reader: Recording) -> ArticleQA:
        article = Article.from_text(MILLS, title="Mills")
        index = PassageIndex(None, embedder)
        return ArticleQA(index, embedder, Settings(), reader=reader, pending=[article])

    return asked


def answer_of(question: str, quote: str, short: str | None = None) -> Answer:
    article = Article.from_text(quote)
    at = quote.find(short) if short else 0
    return Answer(
        question,
        f"{quote} [1]",
        short,
        (Citation.of(article, 0, len(quote)),),
        answered=True,
        confidence=0.9,
        passages=(),
        short_at=Span(at, at + len(short)) if short else None,
    )


def test_a_turn_has_the_shortest_words_that_answer() -> None:
    quote = "The mill at Arlen was built by Ruth Calder."
    short = answer_of("Who built it?", quote, "Ruth Calder")
    several = replace(short, short=None, short_at=None, shorts_at=(Span(4, 8), Span(12, 17)))
    verdict = replace(short, short=None, short_at=None, verdict="yes")
    replies = [turns_of([answer])[0].answer for answer in (short, several, verdict)]
    assert replies == ["Ruth Calder", "mill, Arlen", "yes"]
    assert turns_of([answer_of("What?", quote)])[0].answer == quote


def test_a_long_quote_is_cut() -> None:
    assert len(turns_of([answer_of("What?", "The mill. " * 100)])[0].answer) == 200


def test_a_refused_turn_has_no_answer() -> None:
    refused = replace(answer_of("Who?", "The mill."), citations=(), answered=False, text="No.")
    assert turns_of([refused]) == (Turn("Who?", ""),)


def test_the_last_two_turns_are_read() -> None:
    answers = [answer_of(question, "The mill.") for question in ("A?", "B?", "C?")]
    assert [turn.question for turn in turns_of(answers)] == ["B?", "C?"]


def test_the_question_of_a_turn_is_without_the_one_before_it() -> None:
    answer = answer_of("Why?", "The mill.")
    after = replace(answer, understood=understood_after("Why?", "Who built it?"))
    assert turns_of([after])[0].question == "Why?"
    rewritten = replace(answer, understood="Why did Ruth Calder build it?")
    assert turns_of([rewritten])[0].question == "Why did Ruth Calder build it?"


def test_a_question_is_understood_after_the_last_one_cut_to_one_short_line() -> None:
    assert understood_after("Why?", "Who\nbuilt it?") == "Why? (after “Who built it?”)"
    assert len(understood_after("Why?", "x" * 2_000)) < 130


@pytest.mark.parametrize(
    "question", ["Why?", "Why? (after “”)", " (after “Who?”)", "Why (after “Who?”)?", "”)", ""]
)
def test_a_question_that_was_typed_is_not_split(question: str) -> None:
    assert split_after(question) == (question, "")


def test_a_question_as_it_was_understood_is_read_after_the_other_one_again(mills: Asked) -> None:
    reader = Recording()
    with mills(reader) as qa:
        first = qa.ask("Who built the mill at Arlen?")
        answer = qa.ask("When was that?", history=[first])
        before = reader.read_with[-1]
        again = qa.ask(answer.understood or "")
    assert reader.read_with[-1] == before
    assert again == replace(answer, question=again.question, understood=None)


def test_a_question_as_it_was_understood_may_be_edited(mills: Asked) -> None:
    reader = Recording()
    with mills(reader) as qa:
        qa.ask("Where was that? (after “Who built the windmill?”)")
    question, (turn,) = reader.read_with[-1]
    assert (question, turn.question) == ("Where was that?", "Who built the windmill?")


def test_a_question_is_read_with_the_turns_before_it(mills: Asked) -> None:
    reader = Recording()
    with mills(reader) as qa:
        first = qa.ask("Who built the mill at Arlen?")
        answer = qa.ask("When was that?", history=[first])
    assert first.understood is None
    assert reader.read_with[0] == ("Who built the mill at Arlen?", ())
    turn = Turn("Who built the mill at Arlen?", first.citations[0].quote)
    assert reader.read_with[-1] == ("When was that?", (turn,))
    assert answer.question == "When was that?"
    assert answer.understood == "When was that? (after “Who built the mill at Arlen?”)"


def test_passages_are_found_by_the_question_and_by_the_last_one(mills: Asked) -> None:
    reader = Recording()
    with mills(reader) as qa:
        first = qa.ask("Who built the windmill at Ostby?")
        qa.ask("How many goats were there in year 7?", history=[first])
    texts = [passage.text for passage in reader.passages[-1]]
    assert any("Ostby" in text for text in texts)
    assert any("year 7 " in text for text in texts)
    assert len(texts) == len(set(texts)) <= 8
    assert [passage.rank for passage in reader.passages[-1]] == list(range(1, len(texts) + 1))


def test_turns_that_do_not_matter_are_not_shown(mills: Asked) -> None:
    with mills(Recording(uses_turns=False)) as qa:
        first = qa.ask("Who built the mill at Arlen?")
        assert qa.ask("When was that?", history=[first]).understood is None


def test_a_refusal_is_shown_as_typed(mills: Asked) -> None:
    with mills(Recording()) as qa:
        first = qa.ask("Who built the mill at Arlen?")
        refused = qa.ask("Did Napoleon visit it?", history=[first])
    assert not refused.answered
    assert refused.understood is None


def test_questions_as_history_are_answered_again(mills: Asked) -> None:
    questions = ["Who built the mill at Arlen?", "When was that?"]
    reader = Recording()
    with mills(reader) as qa:
        answers: list[Answer] = []
        for question in questions:
            answers.append(qa.ask(question, history=answers))
        by_answers = qa.ask("Why?", history=answers)
        read_with = reader.read_with[-1]
        assert qa.ask("Why?", history=questions) == by_answers
    assert reader.read_with[-1] == read_with
    assert len(read_with[1]) == 2


def test_an_earlier_question_that_is_too_long_is_an_error(mills: Asked) -> None:
    with mills(Recording()) as qa, pytest.raises(QuestionError, match="Shorten it"):
        qa.ask("Why?", history=["x" * 3_000])


def test_two_questions_of_full_length_are_searched_together(mills: Asked) -> None:
    first = f"Who {'built the mill ' * 130}"[:1_999] + "?"
    with mills(Recording()) as qa:
        assert qa.ask(first, history=[qa.ask(first)]).answered


def test_a_part_of_a_question_is_read_after_the_earlier_parts(mills: Asked) -> None:
    reader = Recording()
    with mills(reader) as qa:
        before = qa.ask("Where is the mill?")
        joined = qa.ask("Who built the mill and when did it burn?", history=[before])
    (first, turns), (second, later) = reader.read_with[-2:]
    assert (first, [turn.question for turn in turns]) == (
        "Who built the mill?",
        ["Where is the mill?"],
    )
    assert (second, [turn.question for turn in later]) == (
        "When did it burn?",
        ["Where is the mill?", "Who built the mill?"],
    )
    expected = "Who built the mill and when did it burn? (after “Where is the mill?”)"
    assert joined.understood == expected


def test_without_a_history_parts_are_understood_as_typed(mills: Asked) -> None:
    with mills(Recording()) as qa:
        assert qa.ask("Who built the mill and when did it burn?").understood is None
