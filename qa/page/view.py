"""What one visitor sees of the articles: open, selected, and removed but still restorable."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from index.types import ArticleInfo
from qa.page.article_view import block_for
from qa.page.undo import Removal


class Order(StrEnum):
    """The orders of the list of articles, by the names that the browser sends."""

    OLDEST = "oldest"
    NEWEST = "newest"
    TITLE = "title"
    SHORTEST = "shortest"
    LONGEST = "longest"

    @property
    def label(self) -> str:
        """What the page calls it."""
        return "By title" if self is Order.TITLE else f"{self.value.capitalize()} first"


@dataclass(frozen=True, slots=True)
class View:
    """What one visitor has open and selected, and what was last sent to the browser."""

    article_id: str = ""
    """The open article; empty for the first."""
    block: int = 0
    """Where the shown part of it begins; see :class:`qa.page.article_view.ArticlePart`."""
    unselected: frozenset[str] = frozenset()
    """The articles that are not asked. New articles are asked until they are unticked."""
    unselected_shown: frozenset[str] = frozenset()
    """Those whose ticks the browser has removed already."""
    order: Order = Order.OLDEST
    """The order of the list of articles."""
    renaming: str = ""
    """The article whose title and tags are being edited."""
    removals: tuple[Removal, ...] = ()
    """The articles that this visitor removed, until they are removed for everybody."""
    own_words: bool = False
    """Whether a language model writes the answers; else they are quoted."""
    edited_question: str = ""
    """The wording of a follow-up that was put into the question box to be edited."""
    problem: str = ""
    """An error message to show in the list of articles."""
    focused: str = ""
    """The article whose row, or whose Undo, gets the keyboard's focus."""
    target: str = ""
    """Where the panel scrolls to, once: the id of a place, or an edge of the shown part."""
    shelf_digest: str = ""
    """Of the list of articles that the browser has."""
    panel_digest: str = ""
    """Of the panel that the browser has."""

    def showing(self, article_id: str, *, start: int = 0, target: str = "") -> Self:
        """Return the view with the part of an article that holds ``text[start]``."""
        shown = self.block if article_id == self.article_id else None
        block = block_for(start, shown)
        return replace(self, article_id=article_id, block=block, target=target)

    def without_form(self, focused: str = "") -> Self:
        """Return the view with no article being renamed and no error message."""
        return replace(self, renaming="", problem="", focused=focused)

    def restored(self, earlier: Self) -> Self:
        """Return the view with what was open, selected and removed in an earlier one."""
        return replace(
            self,
            article_id=earlier.article_id,
            block=earlier.block,
            unselected=earlier.unselected,
            order=earlier.order,
            removals=earlier.removals,
            own_words=earlier.own_words,
        )

    @property
    def hidden(self) -> frozenset[str]:
        """The ids of the articles that this visitor has removed."""
        return frozenset(removal.article_id for removal in self.removals)

    def visible(self, articles: Sequence[ArticleInfo]) -> list[ArticleInfo]:
        """Return the articles that this visitor sees."""
        return [article for article in articles if article.id not in self.hidden]

    def selected(self, articles: Sequence[ArticleInfo]) -> list[str] | None:
        """Return the ids of the articles to ask; None for all of them."""
        ids = [article.id for article in articles]
        excluded = self.unselected | self.hidden
        included = [article_id for article_id in ids if article_id not in excluded]
        return None if len(included) == len(ids) else included

    def open_id(self, articles: Collection[ArticleInfo]) -> str:
        """Return the id of the article to show: the open one, or the first if it is not there."""
        ids = [article.id for article in articles]
        return self.article_id if self.article_id in ids else next(iter(ids), "")
