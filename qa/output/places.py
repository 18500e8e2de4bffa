"""Name the places of articles that answers cite: the ids of their elements, and links to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from index.types import Passage
from qa.answers.citation import Citation

_PLACE = re.compile(r"s(\d{1,9})-(\d{1,9})-([0-9a-f]{8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Highlight:
    """A place in an article that an answer cites, or that a refusal names."""

    article_id: str
    start: int
    end: int
    number: int = 0
    """Its number in the newest answer; 0 if only an older answer cites it."""
    cited: bool = True
    """False for the nearest passages of a refusal."""
    found: bool = False
    """Whether it is a retrieved passage that is a link target but is not highlighted."""

    @property
    def id(self) -> str:
        """The id of the element, stable between turns: ``s120-180-0a1b2c3d``."""
        return place_id(self.article_id, self.start, self.end)


def place_id(article_id: str, start: int, end: int) -> str:
    """Return the id of the element that contains ``text[start:end]`` of an article."""
    return f"s{start}-{end}-{article_id[:8]}"


def place_link(source: Citation | Passage) -> str:
    """Return the address, within the page, of a quote or a passage."""
    return f"#{place_id(source.article_id, source.start, source.end)}"


class Place(NamedTuple):
    """The parts of a place's id, which has only the first characters of the article's id."""

    name: str
    start: int
    end: int
    article: str


def place_of(name: str) -> Place | None:
    """Parse the id of a place; return None for any other text."""
    match = _PLACE.fullmatch(name)
    if match is None or int(match[1]) >= int(match[2]):
        return None
    return Place(name, int(match[1]), int(match[2]), match[3])
