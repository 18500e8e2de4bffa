"""What a question needs of a library, whatever keeps it: a folder, or a distributed engine."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from index.embedding.embedder import Embedder, Progress, Vectors
from index.search.chunk_cache import CachedChunk
from index.search.embedded_chunks import EmbeddedChunks
from index.source_file import PageLayout, PageShape, SourceFile
from index.types import Article, ArticleInfo, Chunk, PassageSource


class Candidate(NamedTuple):
    """A chunk that was found for a question, with both scores."""

    stored: CachedChunk
    similarity: float
    """Cosine of the question's and the chunk's vector."""
    bm25: float


class ArticleStore(Protocol):
    """The articles of a library, without search."""

    def articles(self) -> list[Article]:
        """Return every article, in the order they were added."""

    def catalogue(self) -> list[ArticleInfo]:
        """Return all but the text of every article, in the order they were added."""

    def titles(
        self, article_ids: Iterable[str] | None = None, *, limit: int | None = None
    ) -> dict[str, str]:
        """Return titles by article id, without those of articles that were removed.

        They are those of ``article_ids``; or for None of all articles, or the first ``limit``, in
        the order they were added.
        """

    def count(self) -> int:
        """Return the number of articles."""

    def article(self, article_id: str) -> Article:
        """Return the article with this id.

        Raises:
            ArticleNotFound: There is no article with this id.
        """

    def passage_sources(self, article_ids: Iterable[str]) -> dict[str, PassageSource]:
        """Return the title and page starts of each article, without those that were removed."""

    def source_file(self, article_id: str) -> SourceFile | None:
        """Return the file of an article, without its layouts; None if none is kept."""

    def page_shapes(self, article_id: str) -> tuple[PageShape, ...]:
        """Return the size of each page as printed, in order; empty if that is not known."""

    def page_layout(self, article_id: str, page: int) -> PageLayout | None:
        """Return where the words of a page are, page 1 first; None if that is not known."""

    def rename(self, article_id: str, title: str) -> None:
        """Change the title of an article; its vectors stay those made with the old title.

        Raises:
            ArticleNotFound: There is no article with this id.
        """


class LibraryBackend(Protocol):
    """A searchable library of articles. Thread-safe, and whole after a kill at any instant.

    A reader sees an article with all of its chunks or not at all.
    """

    embedder: Embedder

    @property
    def store(self) -> ArticleStore:
        """The articles themselves."""

    @property
    def writable(self) -> bool:
        """Whether the library can be changed."""

    def revision(self) -> Hashable:
        """Return a value that changes with every change of the library."""

    def add(self, article: Article, progress: Progress | None = None) -> Article:
        """Add an article and return it as stored; adding the same text again changes nothing.

        ``progress`` is called with (chunks embedded, chunks). If it raises, or anything else
        does, nothing is added.

        Raises:
            LibraryError: The library cannot be changed.
        """

    def add_embedded(self, article: Article, embedded: Iterable[EmbeddedChunks]) -> Article:
        """Add an article that is cut and embedded already; otherwise as :meth:`add`.

        It keeps the time at which it was added to another library, if it has one.
        """

    def adding_many(self) -> AbstractContextManager[None]:
        """Return a context in which many articles are added fast.

        The first search in it, or its end, may take long.
        """

    def remove(self, article_id: str) -> None:
        """Remove an article.

        Raises:
            ArticleNotFound: There is no article with this id.
            LibraryError: The library cannot be changed.
        """

    def chunks(self, article_id: str) -> tuple[list[Chunk], Vectors]:
        """Return the chunks of an article in order, and their vectors, ``(n, dimension)``.

        Raises:
            ArticleNotFound: There is no article with this id.
        """

    def candidates(
        self,
        question: str,
        vector: Vectors,
        depth: int,
        article_ids: Sequence[str] | None = None,
    ) -> list[Candidate]:
        """Return the best ``depth`` chunks of each of two searches, by id, all with both scores.

        ``vector`` is the embedded question, ``(dimension,)``. ``article_ids`` limits the search.

        Raises:
            ArticleNotFound: One of ``article_ids`` is not in the library.
        """

    def __len__(self) -> int:
        """Return the number of chunks of all articles."""

    def close(self) -> None:
        """Close the library; using it afterwards raises LibraryError."""
