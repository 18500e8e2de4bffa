r"""Read evaluation data: articles, with questions and their answers.

A file has one article a line (JSON, UTF-8). Only ``\n`` ends a line, because texts may contain
U+2028. Offsets count code points. An article has a ``text`` and ``questions``, and a question has
a ``question`` and ``answers``, empty if it is unanswerable; everything else is optional
(docs/evaluation.md).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from index.errors import UnreadableFile
from index.types import Span

_Item = TypeVar("_Item")
EvidenceMode = Literal["any", "all"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The spans of an article that answer a question; empty if none are known."""

    spans: tuple[Span, ...] = ()
    mode: EvidenceMode = "any"
    """``all``: the answer needs every span; ``any``: the spans are alternatives."""


@dataclass(frozen=True, slots=True)
class Variant:
    """The same question in another form: ``keyboard``, ``asr`` or ``disfluent``."""

    kind: str
    question: str


@dataclass(frozen=True, slots=True)
class EvalQuestion:
    """One question about one article."""

    id: str
    question: str
    answers: tuple[str, ...]
    """Alternative answers; ignored if ``answerable`` is False."""
    answerable: bool
    kind: str
    """span, free or counterfactual; unanswerable: adversarial, off_topic, no_evidence."""
    evidence: Evidence = Evidence()
    context: Span | None = None
    """The paragraph that the question was written for."""
    variants: tuple[Variant, ...] = ()

    @property
    def gold(self) -> tuple[str, ...]:
        """The gold answers; empty if the right reply is to abstain."""
        return self.answers if self.answerable else ()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the question in a JSON object; missing fields keep their default."""
        context = data.get("context")
        answers = tuple(data.get("answers", ()))
        answerable = bool(data.get("answerable", answers))
        return cls(
            id=str(data.get("id") or data["question"]),
            question=data["question"],
            answers=answers,
            answerable=answerable,
            kind=data.get("kind") or ("span" if answerable else "unanswerable"),
            evidence=_evidence(data),
            context=_span(context) if context else None,
            variants=tuple(Variant(*item) for item in data.get("variants", {}).items()),
        )


@dataclass(frozen=True, slots=True)
class EvalArticle:
    """An article and the questions about it."""

    id: str
    title: str
    text: str
    lang: str
    questions: tuple[EvalQuestion, ...]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the article in a JSON object.

        Raises:
            ValueError: A span lies outside the text.
        """
        questions = tuple(EvalQuestion.from_dict(item) for item in data["questions"])
        for question in questions:
            for start, end in question.evidence.spans:
                if not 0 <= start < end <= len(data["text"]):
                    msg = f"evidence {start}–{end} of {question.id} is outside the text"
                    raise ValueError(msg)
        title = data.get("title", "")
        article_id = str(data.get("id") or title or data["text"][:80])
        return cls(article_id, title, data["text"], data.get("lang", "en"), questions)


def read_articles(path: Path) -> tuple[EvalArticle, ...]:
    """Return the articles in a QA file, in order.

    Raises:
        UnreadableFile: The file is missing or a line is not of the format; the
            message names the file and the line.
    """
    return tuple(read_lines(path, EvalArticle.from_dict))


def _evidence(data: dict[str, Any]) -> Evidence:
    spans = tuple(_span(item) for item in data.get("evidence") or ())
    mode = data.get("evidence_mode", "any")
    if mode not in {"any", "all"}:
        msg = f"evidence_mode {mode!r} is neither 'any' nor 'all'"
        raise ValueError(msg)
    return Evidence(spans, mode)


def _span(data: dict[str, int]) -> Span:
    return Span(data["start"], data["end"])


def read_lines(path: Path, build: Callable[[dict[str, Any]], _Item]) -> Iterator[_Item]:
    """Yield the JSON object in each line of a file, converted by ``build``.

    Raises:
        UnreadableFile: The file is missing or a line is not of the format.
    """
    for number, line in enumerate(lines_of(path), start=1):
        if not line:
            continue
        try:
            yield build(json.loads(line))
        except (KeyError, TypeError, ValueError) as error:
            msg = f"{path}, line {number} is not in the evaluation format: {error!r}."
            raise UnreadableFile(msg) from error


def lines_of(path: Path) -> Iterator[str]:
    r"""Yield the lines of a file, split on ``\n`` only.

    Raises:
        UnreadableFile: It cannot be read.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for line in file:
                yield line.rstrip("\r\n")
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror}). Give the data's folder as --data DIR."
        raise UnreadableFile(msg) from error
