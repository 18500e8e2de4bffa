"""Reassemble articles, with their questions, from the training files.

A training file has one question a line (JSON, gzip), with its paragraph and the answers as offsets
into that paragraph.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import UnreadableFile
from index.types import Span
from training.reader.claims import CLAIM_FILES, Claim, read_claims
from training.reader.conversations import DIALOGUES, DialogueQuestion, read_dialogues
from training.reader.seeding import HELD_OUT_SHARE, sha1_of

FILE_PATTERN = "*.jsonl.gz"
_LEAST_CASED = 200
PARAGRAPH_BREAK = "\n\n"
# Comments of many threads share one title; this many form an article.
_UNTITLED_PARAGRAPHS = 12
_UNTITLED = frozenset({"squadshifts-reddit"})
# Placeholders for the title of a paragraph of an unknown article, and of a shop's reviews.
_NO_TITLE = re.compile(r"^(?:untitled \d+|Amazon_Reviews_\d+|Filtered_Reddit_Comments.*)$")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, its paragraph, and the spans that answer it, as offsets into the article."""

    id: str
    text: str
    paragraph: Span
    answers: tuple[Span, ...]
    """Empty if the paragraph does not answer."""


@dataclass(frozen=True, slots=True)
class TrainingArticle:
    """The paragraphs of one title, in the order of the file, and their questions."""

    source: str
    title: str
    text: str
    paragraphs: tuple[Span, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class TrainingData:
    """All training data, with a fixed held-out part, and the SHA-256 of each file."""

    train: tuple[TrainingArticle, ...]
    held_out: tuple[TrainingArticle, ...]
    sha256: dict[str, str]
    claims: tuple[Claim, ...] = ()
    """Claims of both parts, like the dialogues; each knows whether it is held out."""
    dialogues: tuple[DialogueQuestion, ...] = ()


def read_training_data(folder: Path) -> TrainingData:
    """Return the articles of all training files in ``folder``.

    Raises:
        UnreadableFile: There is no training file, or a line is not of the format.
    """
    files = sorted(folder.glob(FILE_PATTERN))
    if not files:
        msg = f"{folder} has no {FILE_PATTERN}. Give the training folder as --train DIR."
        raise UnreadableFile(msg)
    by_file = [list(_articles(_read(file))) for file in files]
    titles = {title for articles in by_file for title in held_out_titles(articles)}
    articles = [article for articles in by_file for article in articles]
    other_files = [path for name in (*CLAIM_FILES, DIALOGUES) if (path := folder / name).exists()]
    hashes = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in (*files, *other_files)}
    return TrainingData(
        tuple(a for a in articles if title_key(a.title) not in titles),
        tuple(a for a in articles if title_key(a.title) in titles),
        hashes,
        read_claims(folder),
        read_dialogues(folder),
    )


def held_out_titles(articles: Sequence[TrainingArticle]) -> set[str]:
    """Return the keys of the articles to hold out: those with the lowest title hashes.

    A title that is held out in one file is held out in all, since files share articles.
    """
    keys = sorted({title_key(a.title) for a in articles}, key=sha1_of)
    return set(keys[: math.ceil(HELD_OUT_SHARE * len(keys))])


def title_key(title: str) -> str:
    """Return the normalised title: ``University_of_X`` becomes ``university of x``."""
    return title.replace("_", " ").casefold()


def shown_title(article: TrainingArticle) -> str:
    """Return the title as a reader would see it; empty if the article's own is not known."""
    return "" if _NO_TITLE.match(article.title) else article.title.replace("_", " ")


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row: dict[str, Any] = json.loads(line)
                for answer in row["answers"]:
                    start = answer["start"]
                    if row["context"][start : start + len(answer["text"])] != answer["text"]:
                        msg = f"the answer is not at {start}"
                        raise ValueError(msg)
            except (KeyError, TypeError, ValueError) as error:
                msg = f"{path}, line {number}: not of the training format: {error!r}."
                raise UnreadableFile(msg) from error
            if not _is_lower_cased(row["context"]):
                yield row


def _is_lower_cased(text: str) -> bool:
    """Whether a paragraph lost its capitals: none in this many characters is no accident."""
    return len(text) > _LEAST_CASED and text == text.lower()


def _articles(rows: Iterable[dict[str, Any]]) -> Iterator[TrainingArticle]:
    by_title: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
    for row in rows:
        contexts = by_title.setdefault((row["source"], row["title"]), {})
        contexts.setdefault(row["context"], []).append(row)
    for (source, title), contexts in by_title.items():
        if source not in _UNTITLED:
            yield assemble(source, title, contexts)
            continue
        items = list(contexts.items())
        for first in range(0, len(items), _UNTITLED_PARAGRAPHS):
            part = dict(items[first : first + _UNTITLED_PARAGRAPHS])
            yield assemble(source, f"{title}#{first}", part)


def assemble(source: str, title: str, contexts: dict[str, list[dict[str, Any]]]) -> TrainingArticle:
    """Return the article of ``contexts``: each paragraph, and the rows that ask about it."""
    paragraphs, questions = [], []
    offset = 0
    for context, rows in contexts.items():
        paragraph = Span(offset, offset + len(context))
        paragraphs.append(paragraph)
        questions += [_question(row, paragraph) for row in rows]
        offset = paragraph.end + len(PARAGRAPH_BREAK)
    # The project's articles have no \r; a space keeps every offset.
    text = PARAGRAPH_BREAK.join(contexts).replace("\r", " ")
    return TrainingArticle(source, title, text, tuple(paragraphs), tuple(questions))


def _question(row: dict[str, Any], paragraph: Span) -> Question:
    at = paragraph.start
    spans = [Span(at + a["start"], at + a["start"] + len(a["text"])) for a in row["answers"]]
    answers = tuple(span for span in spans if span.end > span.start)
    return Question(row["id"], row["question"].strip(), paragraph, answers)
