"""Asks the questions of evaluation articles as a user would, and keeps what came back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tqdm import tqdm

from index.embedder import Embedder
from index.passage_index import PassageIndex
from index.sentences import split_sentences
from index.types import Article, Passage, Span
from qa.answer import Answer
from qa.composing import compose_answer
from qa.config import Settings
from qa.evaluation.datasets import EvalArticle, EvalQuestion
from qa.evaluation.metrics import hits_any, strip_marks
from qa.quoting import quotes_of
from qa.ranking import JudgedSpan, distinct
from qa.reader import ExtractiveReader
from qa.retriever import Retriever

PASSAGES = Settings().passages
"""As many as are brought for an answer if nothing is set."""

Wording = Callable[[EvalQuestion], str | None]
"""How a question is put; None leaves it out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and how it would be answered if nothing were refused."""

    article: str
    lang: str
    question: EvalQuestion
    answer: Answer
    retrieved: tuple[Passage, ...]
    """As the retriever ordered them."""
    judged: tuple[JudgedSpan, ...]
    """Every span that could answer, best first."""

    @property
    def reply(self) -> str:
        """The words of the answer: the shortest exact ones if known, else all quotes."""
        return self.answer.short or strip_marks(self.answer.text, self.answer.marks)

    @property
    def citations_right(self) -> tuple[bool, ...]:
        """Of each citation, whether it covers half of a gold answer or more."""
        spans = self.question.evidence.spans
        return tuple(hits_any(citation, spans) for citation in self.answer.citations)

    def is_right(self, judged: Sequence[JudgedSpan]) -> bool:
        """Return whether the first quote would hold an answer if ``judged`` were the order."""
        first = quotes_of(self.answer.question, distinct(judged))[0]
        return hits_any(first, self.question.evidence.spans)

    def is_given(self, threshold: float) -> bool:
        """Whether the answer is shown at this threshold."""
        return bool(self.answer.citations) and self.answer.confidence >= threshold


def as_written(question: EvalQuestion) -> str:
    """Return the question as it stands."""
    return question.question


def in_variant(kind: str) -> Wording:
    """Return the wording of a variant: ``keyboard``, ``asr`` or ``disfluent``."""

    def wording(question: EvalQuestion) -> str | None:
        return next((v.question for v in question.variants if v.kind == kind), None)

    return wording


def ask_all(
    articles: Iterable[EvalArticle],
    embedder: Embedder,
    reader: ExtractiveReader,
    *,
    wording: Wording = as_written,
) -> Iterator[Asked]:
    """Yield what each question of ``articles`` gets from its own article."""
    for item in tqdm(list(articles), desc="articles", disable=None):
        article = Article.from_text(item.text, title=item.title)
        asking = _Asking(item, article, reader)
        with PassageIndex(None, embedder) as index:
            index.add(article)
            retriever = Retriever(index)
            for question in item.questions:
                if text := wording(question):
                    passages = retriever.retrieve(text, PASSAGES)
                    yield asking.ask(question, text, passages)


def ask_given(articles: Iterable[EvalArticle], reader: ExtractiveReader) -> Iterator[Asked]:
    """Yield what each question gets from the one paragraph that it was written for."""
    for item in tqdm(list(articles), desc="paragraphs", disable=None):
        article = Article.from_text(item.text, title=item.title)
        asking = _Asking(item, article, reader)
        for question in item.questions:
            if question.context:
                passages = [_whole(article, question.context)]
                yield asking.ask(question, question.question, passages)


@dataclass(frozen=True, slots=True)
class _Asking:
    item: EvalArticle
    article: Article
    reader: ExtractiveReader

    def ask(self, question: EvalQuestion, text: str, passages: Sequence[Passage]) -> Asked:
        judged = self.reader.judge(text, passages)
        reading = self.reader.reading_of(text, passages, judged)
        answer = compose_answer(text, reading, lambda _: self.article, 0.0)
        item = self.item
        return Asked(item.id, item.lang, question, answer, tuple(passages), tuple(judged))


def _whole(article: Article, place: Span) -> Passage:
    """Return a paragraph as if it had been retrieved, without a doubt."""
    text = article.text[place.start : place.end]
    spans = split_sentences(text)
    sentences = tuple(Span(place.start + s.start, place.start + s.end) for s in spans)
    return Passage(
        article.id, article.title, text, *place, score=1.0, rank=1, sentences=sentences,
        similarity=1.0,
    )  # fmt: skip
