"""The chunks of a library on Milvus: written, read, retitled and deleted by versions."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from index.embedding.embedder import Vectors
from index.errors import LibraryDamaged
from index.milvus.article_rows import ArticleRow
from index.milvus.connection import Connection
from index.milvus.parts import compact, damaged, parsed
from index.milvus.schema import VECTOR
from index.search.chunk_cache import title_as_context
from index.search.embedded_chunks import EmbeddedChunks, searchable_text
from index.search.text_index import query_terms, stems
from index.types import Chunk, Span

_FIELDS = ("article", "version", "start", "end", "text", "heading", "title", "sentences", VECTOR)
_ROWS_PER_READ = 500
_PLAIN_TERM_CHARS = 32


class ChunksMissing(LibraryDamaged):
    """Chunks are not there, as when their article is removed or retitled while they are read."""


class ChunkRows:
    """The chunks of one shelf.

    Args:
        connection: The database.
        name: The collection of the chunks.
        shelf: The shelf.
    """

    def __init__(self, connection: Connection, name: str, shelf: str) -> None:
        self._connection, self._name, self._shelf = connection, name, shelf

    def write(
        self, article_id: str, version: str, title: str, embedded: Iterable[EmbeddedChunks]
    ) -> int:
        """Store chunks as this version of an article's, and return how many there are."""
        count = 0
        for chunks, vectors in embedded:
            now = int(time.time())
            rows = [
                self._row(article_id, version, number, title, chunk)
                | {VECTOR: vector, "written": now}
                for number, (chunk, vector) in enumerate(
                    zip(chunks, vectors, strict=True), start=count
                )
            ]
            self._connection.upsert(self._name, rows)
            count += len(rows)
        return count

    def read(self, row: ArticleRow) -> Iterator[EmbeddedChunks] | None:
        """Return the chunks of an article in order; None if some are missing.

        As when it has been removed or retitled since its row was read. If they go missing while
        they are read, ChunksMissing is raised.
        """
        ids = self.ids(row.article_id, row.version, row.chunks)
        found = self._connection.count(
            self._name, f'shelf == "{self._shelf}" and version == "{row.version}"'
        )
        return self._batches(ids) if found == len(ids) else None

    def _batches(self, ids: Sequence[str]) -> Iterator[EmbeddedChunks]:
        for first in range(0, len(ids), _ROWS_PER_READ):
            some = ids[first : first + _ROWS_PER_READ]
            rows = {row["id"]: row for row in self.get(some)}
            if len(rows) < len(some):
                msg = f"{len(some) - len(rows)} passages are missing"
                raise ChunksMissing(str(damaged(msg)))
            ordered = [rows[each] for each in some]
            vectors = np.stack([vector_of(row) for row in ordered])
            yield EmbeddedChunks([chunk_of(row) for row in ordered], vectors)

    def get(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return the rows of these chunks that exist, in any order."""
        return self._connection.get(self._name, ids, _FIELDS, strong=True)

    def delete(self, row: ArticleRow) -> None:
        """Delete the chunks of an article's version."""
        self._connection.delete(self._name, self.ids(row.article_id, row.version, row.chunks))

    def delete_version(self, version: str) -> None:
        """Delete all chunks of a version, whose number is not known."""
        condition = f'shelf == "{self._shelf}" and version == "{version}"'
        ids = [row["id"] for row in self._connection.scan(self._name, condition, ["id"])]
        self._connection.delete(self._name, ids)

    def ids(self, article_id: str, version: str, count: int) -> list[str]:
        """Return the ids of the chunks of a version, in order."""
        return [f"{self._shelf}:{article_id}:{version}:{number:08}" for number in range(count)]

    def _row(
        self, article_id: str, version: str, number: int, title: str, chunk: Chunk
    ) -> dict[str, Any]:
        return {
            "id": f"{self._shelf}:{article_id}:{version}:{number:08}",
            "shelf": self._shelf,
            "article": article_id,
            "version": version,
            "start": chunk.start,
            "end": chunk.end,
            "text": chunk.text,
            "heading": chunk.heading,
            "title": title,
            "sentences": compact([n for span in chunk.sentences for n in span]),
            "terms": terms_of(stems(searchable_text(chunk))),
            "title_terms": terms_of(stems(title_as_context(chunk, title))),
        }


def chunk_of(row: Mapping[str, Any]) -> Chunk:
    """Return the chunk in a row.

    Raises:
        LibraryDamaged: It cannot be read.
    """
    offsets = parsed(row["sentences"])
    try:
        sentences = tuple(map(Span, offsets[::2], offsets[1::2]))
        return Chunk(
            row["article"], row["start"], row["end"], row["text"], row["heading"], sentences
        )
    except (TypeError, KeyError) as error:
        raise damaged(error) from error


def vector_of(row: Mapping[str, Any]) -> Vectors:
    """Return the vector in a row, ``(dimension,)``."""
    return np.array(row[VECTOR], dtype=np.float32)


def terms_of(words: Iterable[str]) -> str:
    """Return stems as a text that any analyzer of Milvus splits into just these words.

    Those with signs or letters that an analyzer could divide or change are named by a hash.
    """
    return " ".join(map(_term, words))


def question_terms(question: str) -> str:
    """Return what a question is searched by."""
    return terms_of(query_terms(question))


def _term(stem: str) -> str:
    if stem.isascii() and stem.isalnum() and len(stem) <= _PLAIN_TERM_CHARS:
        return f"t{stem}"
    return f"h{hashlib.blake2b(stem.encode(), digest_size=8).hexdigest()}"
