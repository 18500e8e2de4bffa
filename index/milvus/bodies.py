"""The texts, structures, files and page layouts of articles on Milvus, each under its own token."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cachetools import LRUCache

from index.milvus.article_rows import ArticleRow, FileRow
from index.milvus.parts import Parts, bytes_of, compact, damaged, parsed, text_of
from index.source_file import PageLayout, PageShape, SourceFile
from index.structure import parse_structure, structure_json
from index.types import Article, Heading

_MAX_CACHED_PAGE_STARTS = 1_000


class Bodies:
    """What the rows of articles and files name, besides chunks. Thread-safe.

    Args:
        parts: Where it is kept.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._page_starts: LRUCache[str, tuple[int, ...]] = LRUCache(_MAX_CACHED_PAGE_STARTS)

    def write(self, row: ArticleRow, article: Article) -> ArticleRow:
        """Store all of an article but its chunks; it is not visible yet."""
        structure = {
            "headings": [[mark.start, mark.end, mark.level] for mark in article.headings],
            "structure": structure_json(article.marks, article.tables),
        }
        return replace(
            row,
            text_pieces=self._parts.write(row.body, "text", article.text),
            structure_pieces=self._parts.write(row.body, "structure", compact(structure)),
            page_pieces=self._parts.write(row.body, "pages", compact(article.pages)),
        )

    def read(self, row: ArticleRow) -> Article | None:
        """Return the article of a row; None if it has been removed or changed since."""
        text = self._parts.read(row.body, "text", row.text_pieces)
        structure = self._parts.read(row.body, "structure", row.structure_pieces)
        pages = self.page_starts(row)
        if text is None or structure is None or pages is None:
            return None
        return _article(row, text, parsed(structure), pages)

    def page_starts(self, row: ArticleRow) -> tuple[int, ...] | None:
        """Return where the pages of an article start; None if it has been removed."""
        if not row.pages:
            return ()
        with self._lock:
            known = self._page_starts.get(row.body)
        if known is not None:
            return known
        text = self._parts.read(row.body, "pages", row.page_pieces)
        if text is None:
            return None
        starts = tuple(parsed(text))
        with self._lock:
            self._page_starts[row.body] = starts
        return starts

    def delete(self, row: ArticleRow) -> None:
        """Delete all of an article but its chunks."""
        self._parts.delete(row.body, "text", row.text_pieces)
        self._parts.delete(row.body, "structure", row.structure_pieces)
        self._parts.delete(row.body, "pages", row.page_pieces)

    def write_file(self, article_id: str, file: SourceFile) -> FileRow:
        """Store the file of an article; it is not visible yet."""
        body = secrets.token_hex(8)
        shapes = []
        for page, layout in enumerate(file.layouts, start=1):
            pieces = self._parts.write(body, f"page{page}", text_of(layout.to_bytes()))
            shapes.append([layout.width, layout.height, layout.confidence, pieces])
        return FileRow(
            article_id=article_id,
            name=file.name,
            size=len(file.data),
            body=body,
            byte_pieces=self._parts.write(body, "bytes", text_of(file.data)),
            shape_pieces=self._parts.write(body, "shapes", compact(shapes)),
        )

    def read_file(self, row: FileRow) -> SourceFile | None:
        """Return a file, without its layouts; None if it has been removed."""
        data = self._parts.read(row.body, "bytes", row.byte_pieces)
        return None if data is None else SourceFile(row.name, bytes_of(data))

    def page_shapes(self, row: FileRow) -> tuple[PageShape, ...]:
        """Return the size of each page as printed, in order."""
        return tuple(PageShape(*shape[:3]) for shape in self._shapes(row))

    def page_layout(self, row: FileRow, page: int) -> PageLayout | None:
        """Return where the words of a page are, page 1 first; None if that is not known."""
        shapes = self._shapes(row)
        if not 1 <= page <= len(shapes):
            return None
        width, height, confidence, pieces = shapes[page - 1]
        text = self._parts.read(row.body, f"page{page}", pieces)
        if text is None:
            return None
        try:
            return PageLayout.from_bytes(width, height, confidence, bytes_of(text))
        except ValueError as error:
            raise damaged(error) from error

    def delete_file(self, row: FileRow) -> None:
        """Delete a file with its layouts."""
        for page, shape in enumerate(self._shapes(row), start=1):
            self._parts.delete(row.body, f"page{page}", shape[3])
        self._parts.delete(row.body, "bytes", row.byte_pieces)
        self._parts.delete(row.body, "shapes", row.shape_pieces)

    def _shapes(self, row: FileRow) -> Sequence[Any]:
        """Return width, height, confidence and number of pieces of each page."""
        text = self._parts.read(row.body, "shapes", row.shape_pieces)
        return [] if text is None else list(parsed(text))


def _article(row: ArticleRow, text: str, found: Any, pages: tuple[int, ...]) -> Article:  # noqa: ANN401 - JSON
    try:
        headings = tuple(Heading(*heading) for heading in found["headings"])
        marks, tables = parse_structure(found["structure"])
    except (TypeError, KeyError, ValueError) as error:
        raise damaged(error) from error
    return Article(
        row.article_id,
        row.title,
        text,
        row.source,
        headings,
        row.added_at,
        pages,
        marks,
        tables,
    )
