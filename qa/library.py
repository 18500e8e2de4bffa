"""The articles of a library: read from sources, stored, or waiting to be embedded."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from index.embedding.embedder import Progress
from index.errors import ArticleNotFound
from index.search.passage_index import PassageIndex
from index.types import Article, ArticleInfo, checked_title, resolve_id_prefix
from qa.settings import Settings


def read_bytes(data: bytes, name: str, settings: Settings, *, title: str = "") -> Article:
    """Return the article in a file's bytes; ``name`` gives the format and, if need be, the title.

    Raises:
        InputError: The bytes cannot be used; see :mod:`index.errors`.
    """
    from index.sources.loaders import load_bytes

    return load_bytes(data, name, title=title, limits=settings.load_limits)


def read_file(path: Path, settings: Settings, *, title: str = "") -> Article:
    """Return the article in a file.

    Raises:
        InputError: The file cannot be used; see :mod:`index.errors`.
    """
    from index.sources.loaders import load_file

    return load_file(path, title=title, limits=settings.load_limits)


def read_url(url: str, settings: Settings, *, title: str = "") -> Article:
    """Return the article at a web address, which is fetched.

    Raises:
        FetchError: The page cannot be fetched, or must not be.
        InputError: What came back cannot be used; see :mod:`index.errors`.
    """
    from index.sources.loaders import load_bytes
    from index.sources.web import FetchLimits, fetch

    limits = settings.load_limits
    page = fetch(url, limits=FetchLimits(max_bytes=limits.max_bytes))
    return load_bytes(
        page.data,
        page.name,
        title=title,
        source=page.url,
        content_type=page.content_type,
        limits=limits,
    )


class Library:
    """What :class:`qa.ArticleQA` does with articles besides questioning them.

    Args:
        index: Where they are recorded.
        settings: The limits of what is added.
        pending: Articles to be embedded and recorded when they are first needed there.
    """

    def __init__(
        self, index: PassageIndex, settings: Settings, pending: Sequence[Article] = ()
    ) -> None:
        self.settings = settings
        self._index = index
        self._pending = list(pending)
        self._pending_lock = threading.Lock()

    def close(self) -> None:
        """Close the library; nothing can be asked of it afterwards."""
        self._index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add_text(self, text: str, *, title: str = "", progress: Progress | None = None) -> Article:
        """Add a text and return it as recorded; the same text twice is one article.

        Headings are recognised as in a plain-text file. ``progress`` is called
        with (passages embedded, passages), here and below.

        Raises:
            EmptyArticle: The text is blank.
            TooLarge: It is over the limit of the settings.
            LibraryError: It cannot be recorded.
        """
        from index.sources.loaders import article_from_text

        limits = self.settings.load_limits
        return self._add(article_from_text(text, title=title, limits=limits), progress)

    def add_bytes(
        self, data: bytes, name: str, *, title: str = "", progress: Progress | None = None
    ) -> Article:
        """Add a file's bytes; ``name`` tells the format and, without a title, the title.

        Raises:
            InputError: The bytes cannot be used; see :mod:`index.errors`.
            LibraryError: The article cannot be recorded.
        """
        return self._add(read_bytes(data, name, self.settings, title=title), progress)

    def add_file(
        self, path: Path | str, *, title: str = "", progress: Progress | None = None
    ) -> Article:
        """Add a file: text, Markdown, HTML, PDF, DOCX, EPUB, ODT, RTF or PPTX.

        Raises:
            InputError: The file cannot be used; see :mod:`index.errors`.
            LibraryError: The article cannot be recorded.
        """
        return self._add(read_file(Path(path), self.settings, title=title), progress)

    def add_url(self, url: str, *, title: str = "", progress: Progress | None = None) -> Article:
        """Add the page at ``url``, the one call here that uses the network.

        Raises:
            FetchError: The page cannot be brought, or must not be.
            InputError: What it brought cannot be used; see :mod:`index.errors`.
            LibraryError: The article cannot be recorded.
        """
        return self._add(read_url(url, self.settings, title=title), progress)

    def add_article(self, article: Article, progress: Progress | None = None) -> Article:
        """Add an article as another library had it, with its source, headings and pages.

        Raises:
            LibraryError: It cannot be recorded.
        """
        return self._add(article, progress)

    def articles(self) -> list[Article]:
        """Return every article, in the order they were added."""
        return [*self._index.articles(), *self._pending]

    def catalogue(self) -> list[ArticleInfo]:
        """Return what a list shows of every article, in the order they were added."""
        # In this order: what is recorded meanwhile is in both, and not in neither.
        pending = [ArticleInfo.of(article) for article in tuple(self._pending)]
        recorded = self._index.catalogue()
        known = {info.id for info in recorded}
        return [*recorded, *(info for info in pending if info.id not in known)]

    def titles(self) -> dict[str, str]:
        """Return the title of every article by its id, in the order they were added."""
        waiting = {article.id: article.title for article in tuple(self._pending)}
        recorded = self._index.titles()
        return recorded | {key: title for key, title in waiting.items() if key not in recorded}

    def article(self, article_id: str) -> Article:
        """Return the article of this id.

        Raises:
            ArticleNotFound: There is none.
        """
        for article in tuple(self._pending):
            if article.id == article_id:
                return article
        return self._index.article(article_id)

    def existing(self, article_ids: Iterable[str]) -> list[Article]:
        """Return the articles of these ids, each once and in this order, without those gone."""
        found = []
        for article_id in dict.fromkeys(article_ids):
            with suppress(ArticleNotFound):
                found.append(self.article(article_id))
        return found

    def resolve(self, start_of_id: str) -> Article:
        """Return the one article whose id starts like this.

        Raises:
            ArticleNotFound: None does, or several do.
        """
        return self.article(resolve_id_prefix(start_of_id, self.titles()))

    def remove(self, article_id: str) -> None:
        """Remove an article.

        Raises:
            ArticleNotFound: There is none of this id.
            LibraryError: The library cannot be changed.
        """
        self._add_pending()
        self._index.remove(article_id)

    def rename(self, article_id: str, title: str) -> str:
        """Give an article another title, and return it as kept: one line, of a sane length.

        Passages and citations found from now on bear it; answers given before keep
        the title that the article had then.

        Raises:
            TitleError: The title is blank or not valid Unicode.
            ArticleNotFound: There is no article of this id.
            LibraryError: The library cannot be changed.
        """
        title = checked_title(title)
        with self._pending_lock:
            for i, article in enumerate(self._pending):
                if article.id == article_id:
                    self._pending[i] = replace(article, title=title)
                    return title
        self._index.rename(article_id, title)
        return title

    def _titles_of(self, ids: Sequence[str] | None) -> dict[str, str]:
        """Return the titles of these articles by their ids; of all for None.

        Raises:
            ArticleNotFound: One of the ids is not in the library.
        """
        known = self.titles()
        if ids is None:
            return known
        return {each: known.get(each) or self.article(each).title for each in ids}

    def _add(self, article: Article, progress: Progress | None) -> Article:
        self._add_pending()
        return self._index.add(article, progress)

    def _add_pending(self) -> None:
        with self._pending_lock:
            while self._pending:
                self._index.add(self._pending[0])
                self._pending.pop(0)
