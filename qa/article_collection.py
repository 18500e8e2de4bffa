"""Define ArticleCollection: the articles that can be asked, and how they are added and removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from index.embedding.embedder import Progress
from index.search.backend import LibraryBackend
from index.source_file import PageLayout, PageShape, SourceFile
from index.types import Article, ArticleInfo, resolve_id_prefix
from qa.library import Library, read_bytes, read_file, read_text, read_url
from qa.settings import Settings


class ArticleCollection:
    """The articles of :class:`qa.article_qa.ArticleQA`. Safe to use from several threads.

    Args:
        index: Stores the articles.
        settings: The limits on articles.
        pending: Articles to embed and store when they are first needed.
    """

    def __init__(
        self, index: LibraryBackend, settings: Settings, pending: Sequence[Article] = ()
    ) -> None:
        self.settings = settings
        self._library = Library(index, pending)

    def add_text(self, text: str, *, title: str = "", progress: Progress | None = None) -> Article:
        """Add a text and return it as stored; adding it a second time changes nothing.

        ``progress`` is called with (passages embedded, passages), as by the other ``add`` methods.

        Raises:
            InputError: The text is blank or too long.
            LibraryError: It cannot be stored.
        """
        return self.add_article(read_text(text, self.settings, title=title), progress)

    def add_bytes(
        self, data: bytes, name: str, *, title: str = "", progress: Progress | None = None
    ) -> Article:
        """Add a file's bytes; ``name`` gives the format and a default title.

        Raises:
            InputError: The bytes cannot be used; see :mod:`index.errors`.
            LibraryError: The article cannot be stored.
        """
        return self.add_article(read_bytes(data, name, self.settings, title=title), progress)

    def add_file(
        self, path: Path | str, *, title: str = "", progress: Progress | None = None
    ) -> Article:
        """Add a file: a text, web page, PDF, office document, spreadsheet, e-book, mail or scan.

        Raises:
            InputError: The file cannot be used; see :mod:`index.errors`.
            LibraryError: The article cannot be stored.
        """
        return self.add_article(read_file(Path(path), self.settings, title=title), progress)

    def add_url(self, url: str, *, title: str = "", progress: Progress | None = None) -> Article:
        """Add the page at ``url``. Besides this, only answers in own words use the network.

        Raises:
            FetchError: The page cannot be fetched, or is on a forbidden address.
            InputError: Its content cannot be used; see :mod:`index.errors`.
            LibraryError: The article cannot be stored.
        """
        return self.add_article(read_url(url, self.settings, title=title), progress)

    def add_article(self, article: Article, progress: Progress | None = None) -> Article:
        """Add an article of another library, with its source, headings and pages."""
        return self._library.add(article, progress)

    def articles(self) -> list[Article]:
        """Return every article, in the order they were added."""
        return self._library.articles()

    def catalogue(self) -> list[ArticleInfo]:
        """Return every article without its text, in the order they were added."""
        return self._library.catalogue()

    def titles(self, article_ids: Iterable[str] | None = None) -> dict[str, str]:
        """Return the titles of those of these articles that exist, by id.

        None for all, in the order they were added.
        """
        return self._library.titles(article_ids)

    def article_count(self) -> int:
        """Return the number of articles."""
        return self._library.count()

    def article(self, article_id: str) -> Article:
        """Return the article of this id.

        Raises:
            ArticleNotFound: There is none.
        """
        return self._library.article(article_id)

    def existing(self, article_ids: Iterable[str]) -> list[Article]:
        """Return the articles of these ids that exist, each once and in this order."""
        return self._library.existing(article_ids)

    def source_file(self, article_id: str) -> SourceFile | None:
        """Return the file an article was read from, with its name and bytes.

        None if it was a text, the setting ``keep_files`` is off, or the file is damaged.
        """
        return self._library.source_file(article_id)

    def page_layout(self, article_id: str, page: int) -> PageLayout | None:
        """Return where the words of a printed page are; ``page`` counts from 1.

        None if the article has no such page, or its file is not kept.
        """
        return self._library.page_layout(article_id, page)

    def page_shapes(self, article_id: str) -> tuple[PageShape, ...]:
        """Return the size of each printed page, page 1 first; empty if its file is not kept."""
        return self._library.page_shapes(article_id)

    def resolve(self, id_prefix: str) -> Article:
        """Return the one article whose id begins with ``id_prefix``.

        Raises:
            ArticleNotFound: None does, or several do.
        """
        return self.article(resolve_id_prefix(id_prefix, self.titles()))

    def remove(self, article_id: str) -> None:
        """Remove an article.

        Raises:
            ArticleNotFound: There is none of this id.
            LibraryError: The library cannot be changed.
        """
        self._library.remove(article_id)

    def rename(self, article_id: str, title: str) -> str:
        """Change an article's title and return it as stored: one line, of limited length.

        Raises:
            TitleError: The title is blank or not valid Unicode.
            ArticleNotFound: There is no article of this id.
            LibraryError: The library cannot be changed.
        """
        return self._library.rename(article_id, title)
