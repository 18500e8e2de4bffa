"""The JSON values that requests have, and some of those that responses have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from index.types import ArticleInfo, Passage

MOST_ARTICLES = 10_000
"""Ids in one request."""
MOST_TURNS = 100
_MOST_QUESTION_CHARS = 1_000_000  # the most that the setting allows
_MOST_TEXT_CHARS = 10**10
_MOST_TITLE_CHARS = 10_000
_MOST_URL_CHARS = 8_000
_ID = "c0c0fe0a1bd1a2ef0e4c2d3f5a6b7c8d"


def _valid_text(text: str) -> str:
    if "\0" in text:
        msg = "It has the character NUL, which no text may have"
        raise ValueError(msg)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        msg = "It is not valid Unicode: half of a surrogate pair is in it"
        raise ValueError(msg) from error
    return text


VALID = AfterValidator(_valid_text)
Question = Annotated[
    str,
    StringConstraints(min_length=1, max_length=_MOST_QUESTION_CHARS),
    VALID,
    Field(examples=["When did the bridge open?"]),
]
ArticleId = Annotated[
    str, StringConstraints(min_length=1, max_length=64), VALID, Field(examples=[_ID])
]
ArticleIds = Annotated[
    list[ArticleId] | None,
    Field(max_length=MOST_ARTICLES, description="The articles to use; all without it."),
]
Title = Annotated[str, StringConstraints(max_length=_MOST_TITLE_CHARS), VALID]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuestionBody(_Body):
    """A question to answer."""

    question: Question
    article_ids: ArticleIds = None
    history: Annotated[
        list[Question],
        Field(max_length=MOST_TURNS, description="Earlier questions, oldest first."),
    ] = []
    own_words: Annotated[
        bool, Field(description="Let the language model of the settings write the answer.")
    ] = False
    rerank: Annotated[
        bool, Field(description="Order the passages by the reading model, not by the search.")
    ] = True
    stream: Annotated[bool, Field(description="Send events instead of one value.")] = False


class PassagesBody(_Body):
    """A question to find passages for."""

    question: Question
    k: Annotated[int, Field(ge=1, le=100, description="How many passages to return.")] = 5
    article_ids: ArticleIds = None
    rerank: Annotated[
        bool, Field(description="Order them by the reading model: more accurate and slower.")
    ] = False


class TitleBody(_Body):
    """A new title for an article."""

    title: Annotated[Title, Field(examples=["The bridge"])]


class AdditionOptions(_Body):
    """How an article is added."""

    title: Annotated[Title, Field(description="By default, that of the source.")] = ""
    shared: Annotated[
        bool | None,
        Field(description="Whether everybody sees it; by default it is on the caller's shelf."),
    ] = None


class AdditionBody(AdditionOptions):
    """A text to add, or the address of a page."""

    text: Annotated[str, StringConstraints(max_length=_MOST_TEXT_CHARS), VALID] | None = None
    url: Annotated[str, StringConstraints(max_length=_MOST_URL_CHARS), VALID] | None = None

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        if (self.text is None) == (self.url is None):
            msg = "Give either text or url"
            raise ValueError(msg)
        return self


@dataclass(frozen=True, slots=True)
class PassageList:
    """The passages that match best, the best first."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """Some of the articles."""

    articles: tuple[ArticleInfo, ...]
    total: int
    """How many there are, on all pages together."""
    next: str | None
    """The cursor of the next page; null on the last."""


@dataclass(frozen=True, slots=True)
class SuggestionList:
    """Questions that the articles answer."""

    questions: tuple[str, ...]


class WholeArticle(BaseModel):
    """An article."""

    id: str
    title: str
    text: Annotated[str, Field(description="Left out with text=false.")] = ""
    source: str | None
    headings: Annotated[list[dict[str, Any]], Field(description="Offset, end and level of each.")]
    added_at: str | None
    pages: Annotated[list[int], Field(description="The offset of each page.")]
    marks: Annotated[list[dict[str, Any]], Field(description="What parts of the text are.")]
    tables: Annotated[list[dict[str, Any]], Field(description="The tables and their cells.")]
