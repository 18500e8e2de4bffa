"""Ask the questions of a data set and compute metrics for the answers."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
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
from qa.reading.reader import ExtractiveReader, SpanReader
from qa.reading.table_rows import with_tables
from qa.retrieval.retriever import Retriever
from qa.settings import Settings

PASSAGES = Settings().passages
"""The number of passages that an answer is read from by default."""

Phrasing = Callable[[EvalQuestion], str | None]
"""Returns the wording in which a question is asked; None to leave it out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its answer at a threshold of 0, so that nothing is refused."""

    article: str
    lang: str
    question: EvalQuestion
    answer: Answer
    retrieved: tuple[Passage, ...]
    """In the retriever's order."""
    scored: tuple[ScoredSpan, ...]
    """Every span that could answer, best first."""

    @property
    def reply(self) -> str:
        """The short answer if there is one, else all quotes without their marks."""
        return self.answer.short or strip_marks(self.answer.text, self.answer.marks)

    @property
    def citations_right(self) -> tuple[bool, ...]:
        """Whether each citation covers at least half of a gold answer."""
        spans = self.question.evidence.spans
        return tuple(hits_any(citation, spans) for citation in self.answer.citations)

    def is_right(self, scored: Sequence[ScoredSpan]) -> bool:
        """Return whether the first quote would contain a gold answer, given this ranking."""
        first = select_quotes(self.answer.question, distinct(scored))[0]
        return hits_any(first, self.question.evidence.spans)

    def is_given(self, threshold: float) -> bool:
        """Return whether the answer is shown at this threshold."""
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
    reader: SpanReader,
    *,
    phrasing: Phrasing = as_written,
) -> Iterator[Asked]:
    """Yield the answer to each question of ``articles`` from its own article."""
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


def ask_given(articles: Iterable[EvalArticle], reader: SpanReader) -> Iterator[Asked]:
    """Yield the answer to each question from the one paragraph that it was written for."""
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
    reader: SpanReader

    def ask(self, question: EvalQuestion, text: str, passages: Sequence[Passage]) -> Asked:
        passages = [with_tables(passage, self.article) for passage in passages]
        scored = self.reader.score_spans(text, passages)
        reading = self.reader.interpret(text, passages, scored)
        answer = compose_answer(text, reading, {self.article.id: self.article}, 0.0)
        item = self.item
        return Asked(item.id, item.lang, question, answer, tuple(passages), tuple(scored))


def _whole(article: Article, place: Span) -> Passage:
    """Return a paragraph as a retrieved passage, with a score and similarity of 1."""
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
    """The metrics of one set in one phrasing, with 95 % intervals over articles."""

    dataset: str
    phrasing: str
    questions: int
    answerable: int
    threshold: float
    """The confidence from which an answer is given."""
    exact_match: Interval
    """Over answerable questions, like the next two."""
    f1: Interval
    contained: Interval
    f1_of_all: Interval
    """Over all questions, as in SQuAD 2.0."""
    median_characters: float
    """Median length of the replies given."""
    first_citation: Interval | None
    """Share of answerable questions whose first citation contains the answer; None, like the
    next, if the set does not say where the answers are."""
    citation_precision: float | None
    """Share of the citations given that are right."""
    refused: dict[str, float]
    """Share of refusals for each kind of question, answerable kinds included."""
    abstention: AbstentionScore | None
    """How well refusals find the unanswerable questions; None if all are answerable."""
    coverage: dict[str, float]
    """For each of PRECISIONS, the largest share of questions for which the replies given reach
    this mean exact match."""
    auroc: float | None
    """How well the confidence separates answerable questions from others; None if all are."""
    calibration_error: float | None
    """Expected calibration error of "the first quote contains the answer", in ten bins of
    equal width (Guo et al. 2017)."""
    recall: dict[str, tuple[float, ...]]
    """Recall of the passages at each of RECALLS, as ``retrieved`` and as ``reranked``; empty if
    the set does not say where the answers are."""


def answer_row(dataset: str, phrasing: str, asked: Sequence[Asked], threshold: float) -> AnswerRow:
    """Return the metrics for the questions of one set."""
    answerable = [a for a in asked if a.question.answerable]
    given = [a for a in asked if a.is_given(threshold)]

    def scored(metric: Callable[..., float]) -> Metric:
        return lambda a: metric(_shown(a, threshold), a.question.gold, a.lang)

    is_mixed = 0 < len(answerable) < len(asked)
    is_answerable = [a.question.answerable for a in asked]
    confidence = [a.answer.confidence for a in asked]
    exact = [exact_match(a.reply, a.question.gold, a.lang) for a in asked]
    refused = [not a.is_given(threshold) for a in asked]
    citations = _citation_metrics(asked, threshold)
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
        first_citation=citations.first_citation,
        citation_precision=citations.precision,
        refused=abstention_rates([a.question.kind for a in asked], refused),
        abstention=abstention_score(is_answerable, refused) if is_mixed else None,
        coverage={f"{p:.0%}": coverage_at(p, exact, confidence) for p in PRECISIONS},
        auroc=auroc(is_answerable, confidence) if is_mixed else None,
        calibration_error=citations.calibration_error,
        recall=citations.recall,
    )


@dataclass(frozen=True, slots=True)
class _CitationMetrics:
    """The metrics of a row that need to know where the answers are."""

    first_citation: Interval | None = None
    precision: float | None = None
    calibration_error: float | None = None
    recall: dict[str, tuple[float, ...]] = field(default_factory=dict)


def _citation_metrics(asked: Sequence[Asked], threshold: float) -> _CitationMetrics:
    located = [a for a in asked if a.question.answerable and a.question.evidence.spans]
    if not located:
        return _CitationMetrics()
    right = [flag for a in asked if a.is_given(threshold) for flag in a.citations_right]
    is_first_right = [_first_right(a, 0.0) > 0 for a in asked]
    return _CitationMetrics(
        first_citation=_over_articles(located, lambda a: _first_right(a, threshold)),
        precision=statistics.fmean(right) if right else None,
        calibration_error=calibration_error([a.answer.confidence for a in asked], is_first_right),
        recall={
            "retrieved": _recalls(located, lambda a: a.retrieved),
            "reranked": _recalls(located, lambda a: a.answer.passages),
        },
    )


def evaluate_file(path: Path, settings: Settings) -> AnswerRow:
    """Return the metrics for the questions in a file, asked with these settings.

    Raises:
        UnreadableFile: The file is missing, is not of the format, or has no questions.
        ModelError: A model cannot be used.
    """
    articles = read_articles(path)
    reader = ExtractiveReader()
    embedder = SentenceTransformerEmbedder(settings.model, allow_download=settings.allow_download)
    asked = list(ask_all(articles, embedder, reader))
    if not asked:
        msg = f"{path} has no questions. Give each article a list of questions."
        raise UnreadableFile(msg)
    threshold = settings.confidence_threshold(reader.levels)
    return answer_row(path.stem, "as written", asked, threshold)


def calibration_error(confidence: Sequence[float], correct: Sequence[bool]) -> float:
    """Return the mean gap between confidence and accuracy, over ten bins by confidence."""
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
    """Return the metrics of a row, each as a label and its value."""
    lines = [
        ("questions", f"{row.questions}, {row.answerable} of them answerable"),
        ("threshold", f"answers with a confidence of at least {row.threshold:.2f} are given"),
        ("exact match", str(row.exact_match)),
        ("F1", str(row.f1)),
        ("answer contained in the reply", str(row.contained)),
        ("F1 over all questions", str(row.f1_of_all)),
    ]
    lines += [(f"refused: {kind}", f"{share:.3f}") for kind, share in row.refused.items()]
    if row.first_citation and row.citation_precision is not None:
        lines.append(("first citation contains the answer", str(row.first_citation)))
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
        lines.append(("AUROC, answerable or not", f"{row.auroc:.3f}"))
    if row.calibration_error is not None:
        lines.append(("expected calibration error", f"{row.calibration_error:.3f}"))
    return lines
