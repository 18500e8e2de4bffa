r"""Evaluation data: articles with questions and their evidence, and retrieval sets.

A QA file holds one article a line (JSON, UTF-8), split on ``\n`` only, because texts
may hold U+2028. Offsets count code points. A retrieval set is a folder of
``corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from index.errors import UnreadableFile
from index.types import Span

_Item = TypeVar("_Item")
EvidenceMode = Literal["any", "all"]

# The file names under the data's folder, by what they can measure.
QA_FILES = {
    "squad_en": "qa/squad_en.jsonl",
    "xquad_en": "qa/xquad_en.jsonl",
    "xquad_es": "qa/xquad_es.jsonl",
    "xquad_zh": "qa/xquad_zh.jsonl",
    "xquad_hi": "qa/xquad_hi.jsonl",
    "fairytale": "qa/fairytale.jsonl",
    "covidqa": "qa/covidqa.jsonl",
    "quail_news": "qa_nc/quail_news.jsonl",
    "policyqa": "qa_nc/policyqa.jsonl",
    "rgb_counterfactual": "qa_nc/rgb_counterfactual.jsonl",
}
RETRIEVAL_FOLDERS = {"cranfield": "retrieval/cranfield", "cisi": "retrieval/cisi"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """The spans of an article that answer a question; empty if none are known."""

    spans: tuple[Span, ...] = ()
    mode: EvidenceMode = "any"
    """``all``: the answer needs every span; ``any``: the spans are alternatives."""
    is_section: bool = False
    """The spans are whole sections, not answers."""


@dataclass(frozen=True, slots=True)
class Variant:
    """The same question, worded otherwise: ``keyboard``, ``asr`` or ``disfluent``."""

    kind: str
    question: str


@dataclass(frozen=True, slots=True)
class EvalQuestion:
    """One question about one article."""

    id: str
    question: str
    answers: tuple[str, ...]
    """Alternatives; to be ignored where ``answerable`` is False."""
    answerable: bool
    kind: str
    """span, free or counterfactual; unanswerable: adversarial, off_topic, no_evidence."""
    evidence: Evidence = Evidence()
    context: Span | None = None
    """The one paragraph the question was written for."""
    variants: tuple[Variant, ...] = ()
    label: str | None = None
    """Of adversarial questions: ``official`` or ``recovered``."""
    borrowed_from: str | None = None
    """Of off-topic questions: the article that answers it."""
    explicitness: str | None = None
    scope: str | None = None
    element: str | None = None
    verbatim: bool | None = None
    """An answer occurs word for word in the evidence."""
    question_type: str | None = None
    choices: tuple[str, ...] = ()
    world_answers: tuple[str, ...] = ()
    """What is true outside the article; replying so ignores the article."""

    @property
    def gold(self) -> tuple[str, ...]:
        """The right answers; empty if the right reply is to abstain."""
        return self.answers if self.answerable else ()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the question of one JSON object; fields it lacks keep their default."""
        context = data.get("context")
        return cls(
            id=data["id"],
            question=data["question"],
            answers=tuple(data["answers"]),
            answerable=data["answerable"],
            kind=data["kind"],
            evidence=_evidence(data),
            context=_span(context) if context else None,
            variants=tuple(Variant(*item) for item in data.get("variants", {}).items()),
            label=data.get("label"),
            borrowed_from=data.get("borrowed_from"),
            explicitness=data.get("explicitness"),
            scope=data.get("scope"),
            element=data.get("element"),
            verbatim=data.get("verbatim"),
            question_type=data.get("question_type"),
            choices=tuple(data.get("choices", ())),
            world_answers=tuple(data.get("world_answers", ())),
        )


@dataclass(frozen=True, slots=True)
class EvalArticle:
    """An article and the questions asked of it."""

    id: str
    title: str
    text: str
    lang: str
    questions: tuple[EvalQuestion, ...]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the article of one JSON object.

        Raises:
            ValueError: A span lies outside the text.
        """
        questions = tuple(EvalQuestion.from_dict(item) for item in data["questions"])
        for question in questions:
            for start, end in question.evidence.spans:
                if not 0 <= start < end <= len(data["text"]):
                    msg = f"evidence {start}–{end} of {question.id} is outside the text"
                    raise ValueError(msg)
        return cls(data["id"], data["title"], data["text"], data["lang"], questions)


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a retrieval set."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a retrieval set, with the ids of the documents that are relevant."""

    id: str
    text: str
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """A collection of documents and judged queries; every query has a relevant document."""

    name: str
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]


def read_articles(path: Path) -> tuple[EvalArticle, ...]:
    """Return the articles of a QA file, in its order.

    Raises:
        UnreadableFile: The file is missing or a line is not of the format; the
            message names the file and the line.
    """
    return tuple(_read_lines(path, EvalArticle.from_dict))


def read_retrieval_set(folder: Path) -> RetrievalSet:
    """Return the retrieval set of a folder; queries without a judgement are left out.

    Raises:
        UnreadableFile: A file is missing or a line is not of the format.
    """
    documents = tuple(_read_lines(folder / "corpus.jsonl", _document))
    relevant: dict[str, set[str]] = {}
    for query_id, document_id in _read_judgements(folder / "qrels.tsv"):
        relevant.setdefault(query_id, set()).add(document_id)
    texts = _read_lines(folder / "queries.jsonl", lambda data: (data["_id"], data["text"]))
    queries = tuple(
        Query(query_id, text, frozenset(relevant[query_id]))
        for query_id, text in texts
        if query_id in relevant
    )
    return RetrievalSet(folder.name, documents, queries)


def in_quick_run(question_id: str) -> bool:
    """Return whether a question belongs to the fixed eighth that quick runs take."""
    digest = hashlib.sha1(question_id.encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) % 8 == 0


def _evidence(data: dict[str, Any]) -> Evidence:
    spans = tuple(_span(item) for item in data.get("evidence") or ())
    mode = data.get("evidence_mode", "any")
    if mode not in {"any", "all"}:
        msg = f"evidence_mode {mode!r} is neither 'any' nor 'all'"
        raise ValueError(msg)
    return Evidence(spans, mode, data.get("evidence_is") == "section")


def _span(data: dict[str, int]) -> Span:
    return Span(data["start"], data["end"])


def _document(data: dict[str, Any]) -> Document:
    return Document(data["_id"], data.get("title", ""), data["text"])


def _read_judgements(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(_lines(path), start=1):
        fields = line.split("\t")
        if number == 1 or not line:
            continue
        if len(fields) != 3 or not fields[2].isdecimal():  # noqa: PLR2004 - query, document, grade
            msg = f"{path}, line {number}: expected query, document and grade, tab-separated."
            raise UnreadableFile(msg)
        if int(fields[2]) > 0:
            yield fields[0], fields[1]


def _read_lines(path: Path, build: Callable[[dict[str, Any]], _Item]) -> Iterator[_Item]:
    for number, line in enumerate(_lines(path), start=1):
        if not line:
            continue
        try:
            yield build(json.loads(line))
        except (KeyError, TypeError, ValueError) as error:
            msg = f"{path}, line {number}: not of the evaluation format: {error!r}."
            raise UnreadableFile(msg) from error


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for line in file:
                yield line.rstrip("\r\n")
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror}). Give the data's folder as --data DIR."
        raise UnreadableFile(msg) from error
