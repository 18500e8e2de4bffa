"""A language model and a checker that do as they are told, and an article to ask."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping, Sequence

from index.types import Article, Passage, Span
from qa.answers.answer import Answer, Kind
from qa.answers.citation import Citation
from qa.writing.claim_checker import Checked, Pair
from qa.writing.language_model import Ending, Message, ModelFault

SENTENCES = (
    "The Alder dam broke in spring.",
    "Nobody in the valley was hurt.",
    "The mayor, Ines Falk, resigned a week later.",
    "A new dam will cost nine million.",
)
ARTICLE = Article.from_text(" ".join(SENTENCES), title="The dam")


class FakeModel:
    """Writes the pieces it is given, then ends or fails."""

    name = "fake"

    def __init__(
        self,
        *pieces: str,
        fault: str | None = None,
        context_tokens: int = 4096,
    ) -> None:
        self.context_tokens = context_tokens
        self.asked: list[list[Message]] = []
        self.is_closed = False
        self.is_stopped = False
        self._pieces = pieces
        self._fault = fault

    def write(
        self, messages: Sequence[Message], *, max_tokens: int, stopped: threading.Event
    ) -> Generator[str, None, Ending]:
        self.asked.append(list(messages))
        try:
            for piece in self._pieces:
                if stopped.is_set():
                    return Ending(None, None, complete=False)
                yield piece
            if self._fault:
                raise ModelFault(self._fault)
        finally:
            self.is_stopped = True
        return Ending(120, max_tokens, complete=True)

    def close(self) -> None:
        self.is_closed = True


class FakeChecker:
    """Supports a claim with the probability given for a word in it; else if the evidence has it."""

    supported_from = 0.5
    partly_from = 0.3

    def __init__(self, known: Mapping[str, float] | None = None) -> None:
        self._known = known or {}
        self.pairs: list[Pair] = []

    def check(self, pairs: Sequence[Pair]) -> list[Checked]:
        self.pairs += pairs
        return [self._checked(pair) for pair in pairs]

    def _checked(self, pair: Pair) -> Checked:
        for word, probability in self._known.items():
            if word in pair.claim:
                at = pair.claim.index(word)
                return Checked(probability, (Span(at, at + len(word)),))
        return Checked(0.9 if pair.claim.rstrip(".;") in pair.evidence else 0.1)


def quoted(question: str = "What happened to the dam?", *, sentence: int | None = 1) -> Answer:
    """Return the extractive answer that quotes a sentence; a refusal for None."""
    passage = Passage(
        ARTICLE.id,
        ARTICLE.title,
        ARTICLE.text,
        0,
        len(ARTICLE.text),
        0.9,
        1,
        sentences=tuple(map(span_of, SENTENCES)),
        similarity=0.6,
    )
    if sentence is None:
        return Answer(question, "No sentence answers this.", None, (), False, 0.1, (passage,))  # noqa: FBT003
    citation = Citation.of(ARTICLE, *span_of(SENTENCES[sentence - 1]))
    return Answer(
        question,
        f"{citation.quote} [1]",
        None,
        (citation,),
        answered=True,
        confidence=0.8,
        passages=(passage,),
        marks=(Span(len(citation.quote) + 1, len(citation.quote) + 4),),
        kind=Kind.ANSWER,
    )


def span_of(sentence: str) -> Span:
    start = ARTICLE.text.index(sentence)
    return Span(start, start + len(sentence))
