"""What the tools of the MCP server take and return."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from index.errors import InputError
from index.types import Article, ArticleInfo, Passage

Question = Annotated[str, Field(description="The question, in plain words.")]
ArticleId = Annotated[str, Field(description="The id of an article, as list_articles returns it.")]
ArticleIds = Annotated[
    list[str] | None, Field(description="The articles to use, by their ids; all without it.")
]
History = Annotated[
    list[str] | None,
    Field(description="Earlier questions that this one may refer to, the oldest first."),
]
PassageCount = Annotated[int, Field(ge=1, le=100, description="How many passages to return.")]
Search = Annotated[str, Field(description="Only articles with this in their title or source.")]
Offset = Annotated[int, Field(ge=0, description="Where to begin: next_offset of the last call.")]
ListLength = Annotated[int, Field(ge=1, le=200, description="How many articles to return.")]
TextLength = Annotated[int, Field(ge=1, le=100_000, description="How many characters to return.")]
Title = Annotated[str, Field(description="By default, that of the source.")]


@dataclass(frozen=True, slots=True)
class PassageList:
    """The passages that match best, the best first."""

    passages: tuple[Passage, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"passages": [passage.to_dict() for passage in self.passages]}


@dataclass(frozen=True, slots=True)
class ArticleList:
    """Some of the articles, without their texts."""

    articles: tuple[ArticleInfo, ...]
    total: int
    """How many there are in all."""
    next_offset: int | None
    """Where the next ones begin; None for the last."""

    @classmethod
    def of(cls, infos: Iterable[ArticleInfo], search: str, offset: int, length: int) -> ArticleList:
        """Return some of the articles that have ``search`` in their title or source."""
        wanted = search.casefold().strip()
        found = [
            info
            for info in infos
            if wanted in info.title.casefold() or wanted in (info.source or "").casefold()
        ]
        end = offset + length
        return cls(tuple(found[offset:end]), len(found), end if end < len(found) else None)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {**asdict(self), "articles": [info.to_dict() for info in self.articles]}


@dataclass(frozen=True, slots=True)
class ArticlePart:
    """A part of an article's text."""

    article: ArticleInfo
    offset: int
    """Where the part begins; offsets count Unicode code points, as those of citations do."""
    text: str
    next_offset: int | None
    """Where the rest begins; None at the end."""

    @classmethod
    def of(cls, article: Article, offset: int, length: int) -> ArticlePart:
        """Return ``length`` characters of an article.

        Raises:
            InputError: The article ends before ``offset``.
        """
        characters = len(article.text)
        if offset >= characters:
            msg = f"The article has {characters} characters. Give a smaller offset."
            raise InputError(msg)
        end = offset + length
        return cls(
            ArticleInfo.of(article),
            offset,
            article.text[offset:end],
            end if end < characters else None,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)


def schema_of(kind: type) -> dict[str, Any]:
    """Return the JSON schema of what ``to_dict`` of a value of this type returns."""
    schema = TypeAdapter(kind).json_schema(mode="serialization")
    definitions = schema.get("$defs", {})
    for each in (schema, *definitions.values()):
        each.pop("description", None)  # it is for who reads the source
    if "Passage" in definitions:
        del definitions["Passage"]["properties"]["rows"]  # not in Passage.to_dict
        del definitions["LabelledRow"], definitions["LabelledCell"]
    return schema


def passages_in_words(passages: Sequence[Passage]) -> str:
    """Return the passages for a language model that does not read the values."""
    return "\n\n".join(
        f"[{passage.rank}] {passage.title} (article {passage.article_id}, "
        f"characters {passage.start} to {passage.end})\n{passage.text}"
        for passage in passages
    )
