"""Describe retrieved passages in the metadata of a framework's documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from index.types import Passage
from qa.article_qa import ArticleQA


def with_metadata(
    qa: ArticleQA, passages: Sequence[Passage]
) -> Iterator[tuple[Passage, dict[str, Any]]]:
    """Yield each passage with its metadata.

    ``article.text[start:end]`` of the article ``article_id`` is the passage's text; ``page`` counts
    from 1 and is None without pages; ``source`` is a file name or address, or None; ``score`` is
    in 0..1.
    """
    sources = {info.id: info.source for info in qa.catalogue()}
    for passage in passages:
        yield (
            passage,
            {
                "article_id": passage.article_id,
                "title": passage.title,
                "start": passage.start,
                "end": passage.end,
                "page": passage.page,
                "heading": passage.heading,
                "source": sources.get(passage.article_id),
                "score": passage.score,
            },
        )


def passage_id(passage: Passage) -> str:
    """Return an id that no other passage of the library has."""
    return f"{passage.article_id}:{passage.start}-{passage.end}"
