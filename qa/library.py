"""Read articles from sources, and keep those of a library."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

from index.embedding.embedder import Embedder, Progress, SentenceTransformerEmbedder
from index.errors import ArticleNotFound
from index.library_address import milvus_address
from index.search.backend import LibraryBackend
from index.search.passage_index import PassageIndex
from index.source_file import PageLayout, PageShape, SourceFile
from index.types import Article, ArticleInfo, checked_title
from qa.settings import Settings


def embedder_of(settings: Settings) -> SentenceTransformerEmbedder:
    """Return the embedding model that the settings name; it loads at first use."""
    return SentenceTransformerEmbedder(settings.model, allow_download=settings.allow_download)


def backend_of(
    library: Path | str,
    embedder: Embedder,
    settings: Settings,
    *,
    create: bool = True,
    read_only: bool = False,
) -> LibraryBackend:
    """Open what keeps and searches the articles of a library: see :meth:`ArticleQA.open`."""
    address = milvus_address(library)
    if address is None:
        return PassageIndex(Path(library), embedder, create=create, read_only=read_only)
    from index.milvus.library import MilvusLibrary

    return MilvusLibrary(
        address, settings.milvus_access, embedder, create=create, read_only=read_only
    )


def read_text(text: str, settings: Settings, *, title: str = "") -> Article:
    """Return the article in a text, with the same headings as in a plain-text file.

    Raises:
        EmptyArticle: The text is blank.
        TooLarge: It is longer than the settings allow.
    """
    from index.sources.loaders import article_from_text

    return article_from_text(text, title=title, limits=settings.load_limits)


def read_bytes(data: bytes, name: str, settings: Settings, *, title: str = "") -> Article:
    """Return the article in a file's bytes; ``name`` gives the format and a default title.

    Raises:
        InputError: The bytes cannot be used; see :mod:`index.errors`.
    """
    from index.sources.loaders import load_bytes

    article = load_bytes(data, name, title=title, limits=settings.load_limits)
    return _with_file_if_kept(article, settings)


def read_file(path: Path, settings: Settings, *, title: str = "") -> Article:
    """Return the article in a file.

    Raises:
        InputError: The file cannot be used; see :mod:`index.errors`.
    """
    from index.sources.loaders import load_file

    article = load_file(path, title=title, limits=settings.load_limits)
    return _with_file_if_kept(article, settings)


def read_url(url: str, settings: Settings, *, title: str = "") -> Article:
    """Fetch a web address and return the article at it.

    Raises:
        FetchError: The page cannot be fetched, or must not be.
        InputError: Its content cannot be used; see :mod:`index.errors`.
    """
    from index.sources.loaders import load_bytes
    from index.sources.web import FetchLimits, fetch

    limits = settings.load_limits
    page = fetch(url, limits=FetchLimits(max_bytes=limits.max_bytes))
    article = load_bytes(
        page.data,
        page.name,
        title=title,
        source=page.url,
        content_type=page.content_type,
        limits=limits,
    )
    return _with_file_if_kept(article, settings)


def _with_file_if_kept(article: Article, settings: Settings) -> Article:
    return article if settings.keep_files else replace(article, file=None)


class Library:
    """Stored articles, and others not yet embedded. Safe to use from several threads.

    Args:
        index: Stores and searches articles.
        pending: Articles to embed and store when a search first needs them.
    """

    def __init__(self, index: LibraryBackend, pending: Sequence[Article] = ()) -> None:
        self.index = index
        self._pending = list(pending)
        self._lock = threading.Lock()

    @property
    def has_pending(self) -> bool:
        """Whether there are articles not yet embedded."""
        return bool(self._pending)

    def embed_pending(self) -> None:
        """Embed and store the pending articles."""
        with self._lock:
            while self._pending:
                self.index.add(self._pending[0])
                self._pending.pop(0)

    def add(self, article: Article, progress: Progress | None = None) -> Article:
        """Store an article and return it as stored; see :meth:`LibraryBackend.add`."""
        self.embed_pending()
        return self.index.add(article, progress)

    def articles(self) -> list[Article]:
        """Return every article, in the order they were added."""
        return [*self.index.store.articles(), *self._pending]

    def catalogue(self) -> list[ArticleInfo]:
        """Return the catalogue entry of every article, in the order they were added."""
        # Pending ones first: one that is stored between the two reads is in both, not in neither.
        pending = [ArticleInfo.of(article) for article in tuple(self._pending)]
        stored = self.index.store.catalogue()
        known = {info.id for info in stored}
        return [*stored, *(info for info in pending if info.id not in known)]

    def titles(
        self, article_ids: Iterable[str] | None = None, *, limit: int | None = None
    ) -> dict[str, str]:
        """Return the titles of those of these articles that exist, by id.

        None for all, or the first ``limit``, in the order they were added.
        """
        ids = None if article_ids is None else tuple(dict.fromkeys(article_ids))
        pending = {article.id: article.title for article in tuple(self._pending)}
        stored = self.index.store.titles(ids, limit=limit)
        known = stored | {key: title for key, title in pending.items() if key not in stored}
        wanted = known if ids is None else (each for each in ids if each in known)
        return {each: known[each] for each in islice(wanted, limit)}

    def count(self) -> int:
        """Return the number of articles."""
        pending = {article.id for article in tuple(self._pending)}
        return self.index.store.count() + len(pending - self.index.store.titles(pending).keys())

    def asked(self, article_ids: Iterable[str] | None = None) -> AskedArticles:
        """Return these articles, or for None all, as those that a question is asked of.

        Raises:
            ArticleNotFound: One of the ids is not in the library.
        """
        if article_ids is None:
            return AskedArticles(self)
        ids = tuple(dict.fromkeys(article_ids))
        found = self.titles(ids)
        return AskedArticles(self, {i: found.get(i) or self.article(i).title for i in ids})

    def article(self, article_id: str) -> Article:
        """Return the article of this id.

        Raises:
            ArticleNotFound: There is none.
        """
        for article in tuple(self._pending):
            if article.id == article_id:
                return article
        return self.index.store.article(article_id)

    def page_layout(self, article_id: str, page: int) -> PageLayout | None:
        """Return where the words of a page are, page 1 first; None if that is not known."""
        file = self._pending_file(article_id)
        if file:
            return file.layouts[page - 1] if 0 < page <= len(file.layouts) else None
        return self.index.store.page_layout(article_id, page)

    def page_shapes(self, article_id: str) -> tuple[PageShape, ...]:
        """Return the size of each page as printed, in order; empty if that is not known."""
        file = self._pending_file(article_id)
        if file:
            return tuple(layout.shape for layout in file.layouts)
        return self.index.store.page_shapes(article_id)

    def source_file(self, article_id: str) -> SourceFile | None:
        """Return the file an article was read from; None if it is not kept, or is damaged."""
        return self._pending_file(article_id) or self.index.store.source_file(article_id)

    def _pending_file(self, article_id: str) -> SourceFile | None:
        files = (each.file for each in tuple(self._pending) if each.id == article_id)
        return next(files, None)

    def existing(self, article_ids: Iterable[str]) -> list[Article]:
        """Return the articles of these ids that exist, each once and in this order."""
        articles = []
        for article_id in dict.fromkeys(article_ids):
            with suppress(ArticleNotFound):
                articles.append(self.article(article_id))
        return articles

    def remove(self, article_id: str) -> None:
        """Remove an article; see :meth:`LibraryBackend.remove`."""
        self.embed_pending()
        self.index.remove(article_id)

    def rename(self, article_id: str, title: str) -> str:
        """Change an article's title and return it as stored: one line, of limited length.

        Raises:
            TitleError: The title is blank or not valid Unicode.
            ArticleNotFound: There is no article of this id.
            LibraryError: The library cannot be changed.
        """
        title = checked_title(title)
        with self._lock:
            for i, article in enumerate(self._pending):
                if article.id == article_id:
                    self._pending[i] = replace(article, title=title)
                    return title
        self.index.store.rename(article_id, title)
        return title


class AskedArticles:
    """The articles that a question is asked of. Of a large library only what is needed is read.

    Args:
        library: Has the articles.
        titles: Their titles by id, in order; None for all articles of the library.
    """

    def __init__(self, library: Library, titles: Mapping[str, str] | None = None) -> None:
        self._library, self._titles = library, titles

    def __len__(self) -> int:
        """Return how many there are."""
        return self._library.count() if self._titles is None else len(self._titles)

    def __contains__(self, article_id: str) -> bool:
        if self._titles is None:
            return article_id in self._library.titles([article_id])
        return article_id in self._titles

    def titles(self, limit: int) -> dict[str, str]:
        """Return the titles of the first ones by id."""
        if self._titles is None:
            return self._library.titles(limit=limit)
        return dict(islice(self._titles.items(), limit))

    def few_titles(self, most: int) -> dict[str, str]:
        """Return the titles of all by id if there are at most so many; none if there are more."""
        found = self.titles(most + 1)
        return found if len(found) <= most else {}
