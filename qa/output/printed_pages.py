"""The pages of articles as they were printed: their sizes, their pictures, and words on them."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

import numpy as np
from cachetools import LRUCache, TTLCache
from numpy.typing import NDArray

from index.errors import ArticleQAError, TooLarge
from index.source_file import DOUBTFUL, PageLayout, PageShape, SourceFile
from index.sources.page_pictures import PageDrawer
from index.sources.scans.ocr import NOT_INSTALLED
from index.types import Article, ArticleInfo, Span
from qa.output.to_text import in_quotation_marks

MAX_SLOW_PAGES = 3
"""If so many pages of a file take too long, its others are not tried: each keeps all waiting."""

_CACHED_PICTURE_BYTES = 64_000_000
_CACHED_PLACES = 4_096
# A page that fails may take 20 seconds to do so.
_CACHED_FAILURES = 1_024
_FAILURE_SECONDS = 600.0
# A place is seldom longer than a paragraph, a retrieved passage at most about two pages.
_MAX_PAGES_OF_A_PLACE = 6
_MAX_BOXES_OF_A_PLACE = 400
# Words are on one line if their boxes share this part of the lower one's height.
_SHARED_HEIGHT = 0.4
# Neighbouring words are at most this many times the height of their line apart.
_WORD_GAP = 2.0
_MAX_NAMED_PAGES = 5


class Box(NamedTuple):
    """A rectangle on a page, in fractions of the page's width and height."""

    page: int
    """From 1."""
    left: float
    top: float
    right: float
    bottom: float


class KeptFiles(Protocol):
    """What of :class:`qa.ArticleQA` is needed here."""

    def catalogue(self) -> list[ArticleInfo]:
        """Return every article without its text."""
        ...

    def source_file(self, article_id: str) -> SourceFile | None:
        """Return the file that an article was read from, if it is kept."""
        ...

    def page_layout(self, article_id: str, page: int) -> PageLayout | None:
        """Return where the words of a page are, if its file is kept."""
        ...

    def page_shapes(self, article_id: str) -> tuple[PageShape, ...]:
        """Return the size of each page; empty if its file is not kept."""
        ...


@dataclass(frozen=True, slots=True)
class _FileKey:
    """Identifies the file of an article: an id is of a text, which two files may have."""

    article_id: str
    bytes: int


class PrintedPages:
    """The printed pages of a library's articles. Safe to use from several threads."""

    def __init__(self, library: KeptFiles, drawer: PageDrawer | None = None) -> None:
        self._library = library
        self._drawer = drawer or PageDrawer()
        self._lock = threading.Lock()
        self._boxes: LRUCache[tuple[_FileKey, Span], tuple[Box, ...]] = LRUCache(_CACHED_PLACES)
        self._pictures: LRUCache[tuple[_FileKey, int, int], bytes] = LRUCache(
            _CACHED_PICTURE_BYTES, getsizeof=len
        )
        self._failures: TTLCache[tuple[_FileKey, int], ArticleQAError] = TTLCache(
            _CACHED_FAILURES, _FAILURE_SECONDS
        )
        self._slow: TTLCache[_FileKey, int] = TTLCache(_CACHED_FAILURES, _FAILURE_SECONDS)

    def close(self) -> None:
        """End the process that draws, which also ends by itself when it is not used."""
        self._drawer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def version(self, article_id: str) -> str:
        """Return what differs between files of one text; empty if no file is kept."""
        key = self._key(article_id)
        return f"{key.bytes:x}" if key else ""

    def shapes(self, article_id: str) -> tuple[PageShape, ...]:
        """Return the shape of each page; empty if the pages cannot be shown as printed."""
        return self._library.page_shapes(article_id) if self._key(article_id) else ()

    def boxes(self, article: Article, start: int, end: int) -> tuple[Box, ...]:
        """Return a box for each line of ``text[start:end]`` on the pages; empty if unknown."""
        return self.boxes_of(article, [Span(start, end)])[0]

    def boxes_of(self, article: Article, spans: Sequence[Span]) -> list[tuple[Box, ...]]:
        """Return the boxes of each of these parts of an article's text, as :meth:`boxes`."""
        key = self._key(article.id)
        if key is None or not article.pages:
            return [() for _ in spans]
        return [self._boxes_of(key, article, span) for span in spans]

    def _boxes_of(self, key: _FileKey, article: Article, span: Span) -> tuple[Box, ...]:
        with self._lock:
            known = self._boxes.get((key, span))
        if known is None:
            found = itertools.chain.from_iterable(
                self._boxes_on(article.id, page, span) for page in _pages_of(article, span)
            )
            known = tuple(itertools.islice(found, _MAX_BOXES_OF_A_PLACE))
            with self._lock:
                self._boxes[key, span] = known
        return known

    def picture(self, article_id: str, page: int, width: int) -> bytes | None:
        """Return the picture of a page, ``width`` pixels wide; None if there is no such page.

        Raises:
            UnreadableFile: The page cannot be drawn.
            TooLarge: Drawing it takes too long.
        """
        key = self._key(article_id)
        if key is None or not 1 <= page <= len(self.shapes(article_id)):
            return None
        with self._lock:
            picture = self._pictures.get((key, page, width))
            failure = self._failures.get((key, page))
            is_slow = self._slow.get(key, 0) >= MAX_SLOW_PAGES
        if failure:
            raise failure
        if picture is None:
            if is_slow:
                msg = "Several pages of this file take too long to draw, so none is drawn."
                raise TooLarge(msg)
            picture = self._draw(key, page, width)
            with self._lock:
                self._pictures[key, page, width] = picture
        return picture

    def _draw(self, key: _FileKey, page: int, width: int) -> bytes:
        def load() -> bytes:
            file = self._library.source_file(key.article_id)
            return file.data if file else b""

        name = f"{key.article_id}-{key.bytes}"
        try:
            return self._drawer.draw(name, load, page, width)
        except ArticleQAError as error:
            with self._lock:
                self._failures[key, page] = error
                self._slow[key] = self._slow.get(key, 0) + isinstance(error, TooLarge)
            raise

    def _boxes_on(self, article_id: str, page: int, span: Span) -> Iterator[Box]:
        layout = self._library.page_layout(article_id, page)
        if layout is not None:
            for line in merged_lines(layout.boxes_between(*span)):
                yield Box(page, *line)

    def _key(self, article_id: str) -> _FileKey | None:
        sizes = (info.file_bytes for info in self._library.catalogue() if info.id == article_id)
        size = next(sizes, 0)
        return _FileKey(article_id, size) if size else None


def page_text(article: Article, page: int) -> str:
    """Return the text of a page, from 1; empty if there is no such page."""
    if not 1 <= page <= len(article.pages):
        return ""
    ends = (*article.pages[1:], len(article.text))
    return article.text[article.pages[page - 1] : ends[page - 1]].strip()


def confidence_on_page(confidence: float | None) -> str:
    """Return how surely a page was recognised, in words; empty if it is not from a scan."""
    if confidence is None:
        return ""
    if not confidence:
        return "a scan whose letters were not recognised"
    sure = f"{100 * confidence:.0f} % sure"
    if confidence < DOUBTFUL:
        return f"hard to read: recognised from a scan, only {sure}. Compare quotes with the picture"
    return f"recognised from a scan, {sure}"


def pages_read_badly(title: str, shapes: Sequence[PageShape]) -> str:
    """Return which pages of an article are scans that were not read, or badly; "" if none are."""
    unread = [number for number, shape in enumerate(shapes, 1) if shape.confidence == 0]
    doubtful = [number for number, shape in enumerate(shapes, 1) if 0 < _sure(shape) < DOUBTFUL]
    sentences = []
    if unread:
        are = "are scans that were" if len(unread) > 1 else "is a scan that was"
        sentences.append(
            f"{_page_numbers(unread)} of {in_quotation_marks(title)} {are} not read. "
            f"{NOT_INSTALLED} Then add the file again."
        )
    if doubtful:
        are = "are" if len(doubtful) > 1 else "is"
        sentences.append(
            f"{_page_numbers(doubtful)} of {in_quotation_marks(title)} {are} hard to read, and "
            "words may be wrong. Compare quotes with the picture."
        )
    return " ".join(sentences)


def _sure(shape: PageShape) -> float:
    return 1.0 if shape.confidence is None else shape.confidence


def _page_numbers(numbers: Sequence[int]) -> str:
    """Return page numbers in words: ``"Pages 2, 3 and 4 others"``."""
    if len(numbers) == 1:
        return f"Page {numbers[0]}"
    named = [str(number) for number in numbers[:_MAX_NAMED_PAGES]]
    others = len(numbers) - len(named)
    last = f"{others} others" if others > 1 else str(numbers[-1])
    return f"Pages {', '.join(named if others else named[:-1])} and {last}"


def merged_lines(boxes: NDArray[np.float64]) -> Iterator[tuple[float, float, float, float]]:
    """Yield one box for each line of these boxes of words, in their order.

    ``boxes`` is ``(n, 4)``: left, top, right and bottom in fractions of the page.
    """
    line: tuple[float, float, float, float] | None = None
    for left, top, right, bottom in boxes.tolist():
        if right <= left or bottom <= top:
            continue  # clipped off the page
        if line and _is_on_line(line, (left, top, right, bottom)):
            line = (
                min(line[0], left),
                min(line[1], top),
                max(line[2], right),
                max(line[3], bottom),
            )
            continue
        if line:
            yield line
        line = (left, top, right, bottom)
    if line:
        yield line


def _is_on_line(line: Sequence[float], word: Sequence[float]) -> bool:
    heights = line[3] - line[1], word[3] - word[1]
    shared = min(line[3], word[3]) - max(line[1], word[1])
    gap = max(word[0] - line[2], line[0] - word[2])
    return shared >= _SHARED_HEIGHT * min(heights) and gap <= _WORD_GAP * max(heights)


def _pages_of(article: Article, span: Span) -> range:
    """Return the pages that may show a part of the text."""
    start, end = span
    first, last = article.page_of(start) or 1, article.page_of(max(start, end - 1)) or 1
    # A paragraph that continues on the next page belongs to the page that it begins on.
    return range(first, min(last + 1, first + _MAX_PAGES_OF_A_PLACE, len(article.pages)) + 1)
