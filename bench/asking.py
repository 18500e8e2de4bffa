"""Asks the questions of evaluation articles as a user would, and keeps what came back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tqdm import tqdm

from bench.datasets import EvalArticle, EvalQuestion, in_quick_run
from bench.embedding import RememberingEmbedder
from bench.metrics import hits, strip_marks
from index.passage_index import PassageIndex
from index.sentences import split_sentences
from index.types import Article
from qa.answer import Answer
from qa.composing import compose_answer
from qa.reader import ExtractiveReader
from qa.retriever import Retriever

PASSAGES = 5

Wording = Callable[[EvalQuestion], str | None]
"""How a question is put; None leaves it out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and how it would be answered if nothing were refused."""

    article: str
    lang: str
    question: EvalQuestion
    answer: Answer

    @property
    def reply(self) -> str:
        """The words of the answer: the shortest exact ones if known, else all quotes."""
        return self.answer.short or strip_marks(self.answer.text, self.answer.marks)

    @property
    def citations_right(self) -> tuple[bool, ...]:
        """Of each citation, whether it covers half of a gold answer or more."""
        spans = self.question.evidence.spans
        return tuple(any(hits(c, span) for span in spans) for c in self.answer.citations)

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
    embedder: RememberingEmbedder,
    *,
    wording: Wording = as_written,
    quick: bool = False,
) -> Iterator[Asked]:
    """Yield what each question of ``articles`` gets from its own article.

    ``quick`` asks the fixed eighth of the questions.
    """
    for item in tqdm(list(articles), desc="articles"):
        article = Article.from_text(item.text, title=item.title)
        put = [(question, wording(question)) for question in item.questions]
        asked = [(q, text) for q, text in put if text and not (quick and not in_quick_run(q.id))]
        embedder.prepare([text for _, text in asked])
        spans = split_sentences(article.text)
        embedder.encode_documents([article.text[start:end] for start, end in spans])
        with PassageIndex(None, embedder) as index:
            index.add(article)
            retriever, reader = Retriever(index), ExtractiveReader(embedder)
            for question, text in asked:
                passages = retriever.retrieve(text, PASSAGES)
                reading = reader.read(text, passages)
                answer = compose_answer(text, passages, reading, lambda _, a=article: a, 0.0)  # type: ignore[misc] # the default binds the loop's article
                yield Asked(item.id, item.lang, question, answer)
