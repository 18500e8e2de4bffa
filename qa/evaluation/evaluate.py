"""Ask the questions of a data set and measure the answers."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from index.embedding.embedder import Embedder, SentenceTransformerEmbedder
from index.errors import UnreadableFile
from index.search.passage_index import PassageIndex
from index.sentences import split_sentences
from index.types import Article, Passage, Span
from qa.answers.answer import Answer
from qa.answers.compose import compose_answer
from qa.evaluation.datasets import EvalArticle, EvalQuestion, read_articles
from qa.evaluation.metrics import (
    AbstentionScore,
    Interval,
    abstention_rates,
    abstention_score,
    auroc,
    bootstrap,
    contained,
    coverage_at,
    exact_match,
    f1,
    hits_any,
    recall_at,
    strip_marks,
)
from qa.reading.quotes import select_quotes
from qa.reading.ranking import ScoredSpan, distinct
from qa.reading.reader import ExtractiveReader
from qa.retrieval.retriever import Retriever
from qa.settings import Settings

PASSAGES = Settings().passages
"""As many as are brought for an answer if nothing is set."""

Phrasing = Callable[[EvalQuestion], str | None]
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
    scored: tuple[ScoredSpan, ...]
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

    def is_right(self, scored: Sequence[ScoredSpan]) -> bool:
        """Return whether the first quote would hold an answer if ``scored`` were the order."""
        first = select_quotes(self.answer.question, distinct(scored))[0]
        return hits_any(first, self.question.evidence.spans)

    def is_given(self, threshold: float) -> bool:
        """Whether the answer is shown at this threshold."""
        return bool(self.answer.citations) and self.answer.confidence >= threshold


def as_written(question: EvalQuestion) -> str:
    """Return the question unchanged."""
    return question.question


def variant_phrasing(kind: str) -> Phrasing:
    """Return the phrasing of a variant: ``keyboard``, ``asr`` or ``disfluent``."""

    def phrasing(question: EvalQuestion) -> str | None:
        return next((v.question for v in question.variants if v.kind == kind), None)

    return phrasing


def ask_all(
    articles: Iterable[EvalArticle],
    embedder: Embedder,
    reader: ExtractiveReader,
    *,
    phrasing: Phrasing = as_written,
) -> Iterator[Asked]:
    """Yield what each question of ``articles`` gets from its own article."""
    for item in tqdm(list(articles), desc="articles", disable=None):
        article = Article.from_text(item.text, title=item.title)
        asking = _Asking(item, article, reader)
        with PassageIndex(None, embedder) as index:
            index.add(article)
            retriever = Retriever(index)
            for question in item.questions:
                if text := phrasing(question):
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
        scored = self.reader.score_spans(text, passages)
        reading = self.reader.interpret(text, passages, scored)
        answer = compose_answer(text, reading, {self.article.id: self.article}, 0.0)
        item = self.item
        return Asked(item.id, item.lang, question, answer, tuple(passages), tuple(scored))


def _whole(article: Article, place: Span) -> Passage:
    """Return a paragraph as if it had been retrieved, without a doubt."""
    text = article.text[place.start : place.end]
    spans = split_sentences(text)
    sentences = tuple(Span(place.start + s.start, place.start + s.end) for s in spans)
    return Passage(
        article.id, article.title, text, *place, score=1.0, rank=1, sentences=sentences,
        similarity=1.0,
    )  # fmt: skip


RECALLS = (1, 3, 5)
PRECISIONS = (0.8, 0.9)
_BINS = 10

Metric = Callable[[Asked], float]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One set in one phrasing; intervals of 95 % over articles."""

    dataset: str
    phrasing: str
    questions: int
    answerable: int
    threshold: float
    """The least confidence of an answer that is given."""
    exact_match: Interval
    """Over answerable questions, as the two below."""
    f1: Interval
    contained: Interval
    f1_of_all: Interval
    """Over all questions, as SQuAD 2.0 has it."""
    median_characters: float
    """Of the replies given."""
    first_citation: Interval | None
    """Share of answerable questions whose first citation holds the answer; None if the
    set does not say where answers are, as the one below."""
    citation_precision: float | None
    """Right citations, of all that are given."""
    refused: dict[str, float]
    """By kind of question, the answerable ones included."""
    abstention: AbstentionScore | None
    """How well refusals find the unanswerable questions; None if all are answerable."""
    coverage: dict[str, float]
    """The largest share of all questions that can be answered with this mean exact match
    of the replies given, at each of PRECISIONS."""
    auroc: float | None
    """Of the confidence, answerable against not; None if all are answerable."""
    calibration_error: float | None
    """Expected calibration error of "the first quote holds the answer", in ten bins of
    equal width (Guo et al. 2017)."""
    recall: dict[str, tuple[float, ...]]
    """Of the passages, at each of RECALLS: as ``retrieved``, and ``reranked``; empty if
    the set does not say where answers are."""


def answer_row(dataset: str, phrasing: str, asked: Sequence[Asked], threshold: float) -> AnswerRow:
    """Return the figures of the questions of one set."""
    answerable = [a for a in asked if a.question.answerable]
    given = [a for a in asked if a.is_given(threshold)]
    right = [flag for a in given for flag in a.citations_right]
    located = [a for a in answerable if a.question.evidence.spans]

    def scored(metric: Callable[..., float]) -> Metric:
        return lambda a: metric(_shown(a, threshold), a.question.gold, a.lang)

    kinds = [a.question.kind for a in asked]
    mixed = 0 < len(answerable) < len(asked)
    can, confidence = [a.question.answerable for a in asked], [a.answer.confidence for a in asked]
    exact = [exact_match(a.reply, a.question.gold, a.lang) for a in asked]
    refused = [not a.is_given(threshold) for a in asked]
    return AnswerRow(
        dataset=dataset,
        phrasing=phrasing,
        questions=len(asked),
        answerable=len(answerable),
        threshold=threshold,
        exact_match=_over_articles(answerable, scored(exact_match)),
        f1=_over_articles(answerable, scored(f1)),
        contained=_over_articles(answerable, scored(contained)),
        f1_of_all=_over_articles(asked, scored(f1)),
        median_characters=statistics.median(len(a.reply) for a in given) if given else 0.0,
        first_citation=_over_articles(located, lambda a: _first_right(a, threshold))
        if located
        else None,
        citation_precision=statistics.fmean(right) if right and located else None,
        refused=abstention_rates(kinds, refused),
        abstention=abstention_score(can, refused) if mixed else None,
        coverage={f"{p:.0%}": coverage_at(p, exact, confidence) for p in PRECISIONS},
        auroc=auroc(can, confidence) if mixed else None,
        calibration_error=calibration_error(confidence, [_first_right(a, 0.0) > 0 for a in asked])
        if located
        else None,
        recall={
            "retrieved": _recalls(located, lambda a: a.retrieved),
            "reranked": _recalls(located, lambda a: a.answer.passages),
        }
        if located
        else {},
    )


def evaluate_file(path: Path, settings: Settings) -> AnswerRow:
    """Return the figures of the questions in a file, asked as ``settings`` say.

    Raises:
        UnreadableFile: The file is missing, not of the format, or without a question.
        ModelError: A model cannot be used.
    """
    articles = read_articles(path)
    reader = ExtractiveReader()
    embedder = SentenceTransformerEmbedder(settings.model, allow_download=settings.allow_download)
    asked = list(ask_all(articles, embedder, reader))
    if not asked:
        msg = f"{path} holds no question. Give each article a list of questions."
        raise UnreadableFile(msg)
    threshold = settings.least_confidence(reader.levels)
    return answer_row(path.stem, "as written", asked, threshold)


def calibration_error(confidence: Sequence[float], correct: Sequence[bool]) -> float:
    """Return the mean gap between confidence and share correct, over ten bins by confidence."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for probability, right in zip(confidence, correct, strict=True):
        bins.setdefault(min(_BINS - 1, int(probability * _BINS)), []).append((probability, right))
    gaps = (
        abs(sum(probability for probability, _ in some) - sum(right for _, right in some))
        for some in bins.values()
    )
    return sum(gaps) / max(1, len(confidence))


def _shown(asked: Asked, threshold: float) -> str | None:
    return asked.reply if asked.is_given(threshold) else None


def _first_right(asked: Asked, threshold: float) -> float:
    return float(asked.is_given(threshold) and asked.citations_right[0])


def _recalls(
    located: Sequence[Asked], passages_of: Callable[[Asked], Sequence[Passage]]
) -> tuple[float, ...]:
    return tuple(
        statistics.fmean(recall_at(k, passages_of(a), a.question.evidence) for a in located)
        for k in RECALLS
    )


def _over_articles(asked: Iterable[Asked], metric: Metric) -> Interval:
    groups: dict[str, list[float]] = {}
    for item in asked:
        groups.setdefault(item.article, []).append(metric(item))
    return bootstrap(list(groups.values())) if groups else Interval(0.0, 0.0, 0.0)


def describe(row: AnswerRow) -> list[tuple[str, str]]:
    """Return the figures of a row in words, each with its value."""
    lines = [
        ("questions", f"{row.questions}, {row.answerable} of them answerable"),
        ("answers given", f"from a confidence of {row.threshold:.2f} on"),
        ("exact match", str(row.exact_match)),
        ("F1", str(row.f1)),
        ("answer contained in the reply", str(row.contained)),
        ("F1 of all, unanswerable ones too", str(row.f1_of_all)),
    ]
    lines += [(f"refused: {kind}", f"{share:.3f}") for kind, share in row.refused.items()]
    if row.first_citation and row.citation_precision is not None:
        lines.append(("first citation holds the answer", str(row.first_citation)))
        lines.append(("citations that are right", f"{row.citation_precision:.3f}"))
    if row.abstention:
        score = row.abstention
        found = f"{score.precision:.3f} precision, {score.recall:.3f} recall, {score.f1:.3f} F1"
        lines.append(("refusals that are right", found))
    lines += [
        (f"answered with {precision} exact match", f"{share:.3f} of the questions")
        for precision, share in row.coverage.items()
    ]
    if row.auroc is not None:
        lines.append(("AUROC, answerable against not", f"{row.auroc:.3f}"))
    if row.calibration_error is not None:
        lines.append(("expected calibration error", f"{row.calibration_error:.3f}"))
    return lines
