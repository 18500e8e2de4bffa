"""Find the sections of articles that a request names."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from index.chunking import MAX_HEADING_CHARS
from index.search.text_index import STOP_WORDS, stems
from index.types import Article


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what is below it: ``article.text[start:end]``."""

    article: Article
    heading: str
    start: int
    """Where its text begins, after the heading."""
    end: int
    """Where the next section of the same or a higher level begins."""


def sections_of(article: Article) -> Iterator[Section]:
    """Yield the sections of an article in order; one with subsections has theirs, too."""
    for i, heading in enumerate(article.headings):
        following = (h for h in article.headings[i + 1 :] if h.level <= heading.level)
        last = next(following, None)
        # A heading's line may begin with a mark, such as "##".
        end = article.text.rfind("\n", 0, last.start) + 1 if last else len(article.text)
        yield Section(article, article.text[heading.start : heading.end], heading.end, end)


def named_sections(request: str, articles: Iterable[Article]) -> list[Section]:
    """Return the sections with a heading whose words, in any inflection, are all in ``request``.

    Numbers and function words of the heading do not matter.
    """
    asked = set(stems(request))
    found = []
    for article in articles:
        for section in sections_of(article):
            words = _content_stems(section.heading)
            if words and words <= asked and article.text[section.start : section.end].strip():
                found.append(section)
    return found


def heading_at(article: Article, offset: int) -> str:
    """Return the heading above an offset; empty if there is none."""
    index = bisect_right(article.headings, offset, key=lambda heading: heading.start) - 1
    if index < 0:
        return ""
    heading = article.headings[index]
    return article.text[heading.start : heading.end][:MAX_HEADING_CHARS]


def _content_stems(heading: str) -> set[str]:
    words = (word for word in heading.casefold().split() if word.strip(".,:;") not in STOP_WORDS)
    return {stem for stem in stems(" ".join(words)) if not stem.isdigit()}
