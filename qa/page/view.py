"""What one visitor has open, chosen and removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from index.types import ArticleInfo
from qa.page.panel import leaf_for
from qa.page.undo import Removal


@dataclass(frozen=True, slots=True)
class View:
    """What one visitor has open and chosen, and what was sent to the browser last."""

    article_id: str = ""
    """The article that is open; empty for the first."""
    leaf: int = 0
    """Where in it the part begins that is shown; as in :class:`qa.page.panel.Sheet`."""
    left_out: frozenset[str] = frozenset()
    """The articles that are not asked. Those that others add are asked from the start."""
    edited: str = ""
    """The article that is being renamed."""
    removals: tuple[Removal, ...] = ()
    """The articles that this visitor has removed, until they are gone for everybody."""
    wording: str = ""
    """What a follow-up was taken to ask, given back to be edited in the question box."""
    problem: str = ""
    """A sentence on what went wrong."""
    focused: str = ""
    """The article whose row, or whose Undo, gets the keyboard's focus."""
    land: str = ""
    """What of the panel is to come into view, once: the id of a place, or an edge."""
    shelf: str = ""
    """The digest of the shelf as the browser has it."""
    panel: str = ""
    """The digest of the panel as the browser has it."""

    def showing(self, article_id: str, *, start: int = 0, land: str = "") -> Self:
        """Return the view with ``text[start]`` of an article, and where in it to land."""
        shown = self.leaf if article_id == self.article_id else None
        return replace(self, article_id=article_id, leaf=leaf_for(start, shown), land=land)

    def settled(self, focused: str = "") -> Self:
        """Return the view with nothing being edited."""
        return replace(self, edited="", problem="", focused=focused)

    def restored(self, kept: Self) -> Self:
        """Return the view with what was open and chosen in an earlier one."""
        return replace(
            self,
            article_id=kept.article_id,
            leaf=kept.leaf,
            left_out=kept.left_out,
            removals=kept.removals,
        )

    @property
    def hidden(self) -> frozenset[str]:
        """The ids of the articles that this visitor has removed."""
        return frozenset(removal.article_id for removal in self.removals)

    def listed(self, articles: Sequence[ArticleInfo]) -> list[ArticleInfo]:
        """Return the articles that this visitor sees."""
        return [article for article in articles if article.id not in self.hidden]

    def chosen(self, articles: Sequence[ArticleInfo]) -> list[str] | None:
        """Return the ids of the articles to ask; None for all of them."""
        ids = [article.id for article in articles]
        not_asked = self.left_out | self.hidden
        kept = [article_id for article_id in ids if article_id not in not_asked]
        return None if len(kept) == len(ids) else kept
