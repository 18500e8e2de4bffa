"""List, add and remove the tags of articles over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path

from qa.api.dependencies import LibraryOf
from qa.api.descriptions import problems

router = APIRouter(prefix="/api/v1", tags=["tags"])

_EXAMPLE_ID = "3f2a8c5d9b1e4f60718293a4b5c6d7e8"
ArticleId = Annotated[str, Path(description="The whole id.", examples=[_EXAMPLE_ID])]
Tag = Annotated[
    str, Path(description="At most 40 characters, without a comma.", examples=["history"])
]


@dataclass(frozen=True, slots=True)
class TaggedArticles:
    """A tag, and the ids of the articles that have it."""

    tag: str
    articles: list[str]


@dataclass(frozen=True, slots=True)
class TagList:
    """Every tag, in alphabetical order."""

    tags: list[TaggedArticles]


@dataclass(frozen=True, slots=True)
class ArticleTags:
    """The tags of one article, in alphabetical order."""

    id: str
    tags: list[str]


@router.get("/tags", summary="List tags")
def list_tags(library: LibraryOf) -> TagList:
    """Return every tag with its articles, of the articles that the caller sees."""
    articles: dict[str, list[str]] = {}
    for article_id, tags in library.tags().items():
        for tag in tags:
            articles.setdefault(tag, []).append(article_id)
    ordered = sorted(articles, key=lambda tag: (tag.casefold(), tag))
    return TagList([TaggedArticles(tag, articles[tag]) for tag in ordered])


# A tag may contain a slash.
@router.put(
    "/articles/{article_id}/tags/{tag:path}",
    summary="Tag an article",
    responses=problems(403, 404, 422),
)
def add_tag(article_id: ArticleId, tag: Tag, library: LibraryOf) -> ArticleTags:
    """Give an article a tag, and return all its tags; one that it has changes nothing."""
    tags = library.tags_to_change(article_id)
    tags.add(article_id, tag)
    return ArticleTags(article_id, tags.of(article_id))


@router.delete(
    "/articles/{article_id}/tags/{tag:path}",
    status_code=204,
    summary="Remove a tag from an article",
    responses=problems(403, 404, 422),
)
def remove_tag(article_id: ArticleId, tag: Tag, library: LibraryOf) -> None:
    """Take a tag from an article; one that it has not changes nothing."""
    library.tags_to_change(article_id).remove(article_id, tag)
