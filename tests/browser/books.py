"""A book of 2 MB, whose answers are found without embeddings, which would take minutes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from index.types import Article, Passage, Span
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.article_qa import ArticleQA

_FILLER = "Nothing else is told of it but that it lies by the road, as all of them do. " * 5
MILES = 4_700


def mile(number: int) -> str:
    """Return the sentence of the book that a question names by its number."""
    return f"Milestone {number} is in its place."


def book(miles: int = MILES) -> str:
    """Return a text with one paragraph for each mile; 2 MB by default."""
    return "\n\n".join(f"{mile(number)} {_FILLER}" for number in range(1, miles + 1))


class WordsQA(ArticleQA):
    """Answers with the sentence of each milestone whose number is in the question.

    The paragraph after each is a retrieved passage. Unknown miles are not answered.
    """

    @property
    def ready(self) -> bool:
        return True

    def ask(
        self,
        question: str,
        article_ids: Iterable[str] | None = None,
        *,
        history: Sequence[str | Answer] = (),
        rerank: bool = True,
        own_words: bool = False,
        **options: Any,  # noqa: ANN401 - of a language model
    ) -> Any:  # noqa: ANN401 - always an answer
        assert rerank
        assert not own_words
        assert not options
        del history  # a mile is asked for by its number
        ids = article_ids or [info.id for info in self.catalogue()]
        articles = [self.article(article_id) for article_id in ids]
        numbers = [int(word) for word in question.replace("?", "").split() if word.isdecimal()]
        citations = tuple(c for number in numbers for c in _cited(articles, number))
        marks = "".join(f"[{i}]" for i in range(1, len(citations) + 1))
        return Answer(
            question=question,
            text=marks or "The articles do not say.",
            short=None,
            citations=citations,
            answered=bool(citations),
            confidence=0.9,
            passages=tuple(_ranked(self.article, citations)),
            marks=tuple(Span(3 * i, 3 * i + 3) for i in range(len(citations))),
        )


def _cited(articles: Iterable[Article], number: int) -> Iterator[Citation]:
    for article in articles:
        start = article.text.find(mile(number))
        if start >= 0:
            yield Citation.of(article, start, start + len(mile(number)))


def _ranked(article_of: object, citations: Iterable[Citation]) -> Iterator[Passage]:
    assert callable(article_of)
    rank = 1
    for citation in citations:
        article = article_of(citation.article_id)
        start = citation.start
        for _ in range(2):
            end = article.text.find("\n\n", start)
            end = end if end >= 0 else len(article.text)
            text = article.text[start:end]
            yield Passage(article.id, article.title, text, start, end, 1 / rank, rank)
            rank, start = rank + 1, end + 2
            if start >= len(article.text):
                break
