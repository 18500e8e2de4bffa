"""The articles of a library as one caller may see and change them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from index.embedding.embedder import Progress
from index.errors import ArticleNotFound, NotAllowed
from index.source_file import PageLayout, PageShape, SourceFile
from index.types import Article, ArticleInfo, resolve_id_prefix
from qa.article_qa import ArticleQA
from qa.library import read_bytes, read_file, read_text, read_url
from qa.settings import Settings
from qa.visitors.caller import Caller
from qa.visitors.limits import CallerCounts
from qa.visitors.shelves import SHARED, Shelves
from qa.visitors.tags import Tags

NO_ARTICLE = "No article in the library has the id {!r}. List the articles to see their ids."
NO_TAGS = "Tags are not kept here. Start the server with a library."
EDITORS_ONLY = "Only an editor may change the articles that everybody shares."


class CallerArticles:
    """The articles of :class:`qa.visitors.caller_qa.CallerQA`.

    An article that the caller may not see is, to the caller, not there.

    Args:
        qa: The library.
        caller: Who uses it.
        shelves: Which articles are whose; None if everybody sees all.
        counts: Counts what the caller does; None for no limits.
        tags: The tags of the articles; None if they have none.
    """

    def __init__(
        self,
        qa: ArticleQA,
        caller: Caller,
        shelves: Shelves | None,
        counts: CallerCounts | None,
        tags: Tags | None,
    ) -> None:
        self._qa, self._caller, self._shelves, self._counts = qa, caller, shelves, counts
        self._tags = tags

    @property
    def caller(self) -> Caller:
        """Who uses it."""
        return self._caller

    @property
    def settings(self) -> Settings:
        """The settings of the library."""
        return self._qa.settings

    @property
    def is_saved(self) -> bool:
        """Whether the articles outlive the program."""
        return self._qa.location is not None

    def catalogue(self) -> list[ArticleInfo]:
        """Return every article that the caller sees, without its text, in order of addition."""
        infos = self._qa.catalogue()
        if self._shelves is None:
            return infos
        seen = set(self._shelves.visible(self.caller.name, [info.id for info in infos]))
        return [info for info in infos if info.id in seen]

    def titles(self) -> dict[str, str]:
        """Return the title of every article that the caller sees by its id."""
        return {info.id: info.title for info in self.catalogue()}

    def article(self, article_id: str) -> Article:
        """Return the article of this id.

        Raises:
            ArticleNotFound: The caller sees none.
        """
        self._check_visible([article_id])
        return self._qa.article(article_id)

    def existing(self, article_ids: Iterable[str]) -> list[Article]:
        """Return the articles of these ids that the caller sees, each once and in this order."""
        return self._qa.existing(self._visible(article_ids))

    def resolve(self, id_prefix: str) -> Article:
        """Return the one article whose id begins with ``id_prefix``.

        Raises:
            ArticleNotFound: None does, or several do.
        """
        return self.article(resolve_id_prefix(id_prefix, self.titles()))

    def source_file(self, article_id: str) -> SourceFile | None:
        """Return the file an article was read from; see :meth:`ArticleQA.source_file`."""
        return self._qa.source_file(article_id) if self._visible([article_id]) else None

    def page_layout(self, article_id: str, page: int) -> PageLayout | None:
        """Return where the words of a printed page are; see :meth:`ArticleQA.page_layout`."""
        return self._qa.page_layout(article_id, page) if self._visible([article_id]) else None

    def page_shapes(self, article_id: str) -> tuple[PageShape, ...]:
        """Return the size of each printed page; see :meth:`ArticleQA.page_shapes`."""
        return self._qa.page_shapes(article_id) if self._visible([article_id]) else ()

    def add_text(
        self,
        text: str,
        *,
        title: str = "",
        progress: Progress | None = None,
        shared: bool | None = None,
    ) -> Article:
        """Add a text; see :meth:`add_article` for ``shared`` and the errors."""
        self.count_addition(len(text), shared=shared)
        article = read_text(text, self.settings, title=title)
        return self.add_article(article, progress, shared=shared)

    def add_bytes(
        self,
        data: bytes,
        name: str,
        *,
        title: str = "",
        progress: Progress | None = None,
        shared: bool | None = None,
    ) -> Article:
        """Add a file's bytes; see :meth:`add_article` for ``shared`` and the errors."""
        self.count_addition(len(data), shared=shared)
        article = read_bytes(data, name, self.settings, title=title)
        return self.add_article(article, progress, shared=shared)

    def add_file(
        self,
        path: Path | str,
        *,
        title: str = "",
        progress: Progress | None = None,
        shared: bool | None = None,
    ) -> Article:
        """Add a file of this machine; see :meth:`add_article` for ``shared`` and the errors."""
        size = Path(path).stat().st_size if Path(path).is_file() else 0
        self.count_addition(size, shared=shared)
        article = read_file(Path(path), self.settings, title=title)
        return self.add_article(article, progress, shared=shared)

    def add_url(
        self,
        url: str,
        *,
        title: str = "",
        progress: Progress | None = None,
        shared: bool | None = None,
    ) -> Article:
        """Add the page at ``url``; see :meth:`add_article` for ``shared`` and the errors."""
        self.count_addition(0, shared=shared)
        article = read_url(url, self.settings, title=title)
        return self.add_article(article, progress, shared=shared)

    def count_addition(self, size: int, *, shared: bool | None = None) -> None:
        """Count an article of ``size`` bytes that is to be added by :meth:`add_article`.

        Raises:
            NotAllowed: The caller may not add there.
            LimitReached: The caller has added too much.
        """
        self._shelf_for(shared=shared)
        if self._counts:
            self._counts.count_article(self.caller, size)

    def add_article(
        self, article: Article, progress: Progress | None = None, *, shared: bool | None = None
    ) -> Article:
        """Add an article and return it as stored; adding it again changes nothing.

        ``shared`` is whether everybody sees it; None for the caller's own shelf, if there is one.

        Raises:
            NotAllowed: The caller may not add there.
            LimitReached: The caller has added too much.
            InputError: The input cannot be used; see :mod:`index.errors`.
            LibraryError: It cannot be stored.
        """
        shelf, shelves = self._shelf_for(shared=shared), self._shelves
        if shelves is None:
            return self._qa.add_article(article, progress)
        # On its shelf first, so that nobody else sees it, not even for a moment.
        with shelves.changing:
            shelves.put(article.id, shelf, is_new=article.id not in self._qa.titles())
            shelves.adding[article.id, shelf] += 1
        try:
            return self._qa.add_article(article, progress)
        finally:
            with shelves.changing:
                shelves.adding[article.id, shelf] -= 1
                if not shelves.adding[article.id, shelf]:
                    del shelves.adding[article.id, shelf]
                    if article.id not in self._qa.titles():
                        shelves.take(article.id, shelf)

    def remove(self, article_id: str) -> None:
        """Remove an article from the caller's shelf, or the shared one; the last deletes it.

        Raises:
            NotAllowed: The caller may not remove it.
            ArticleNotFound: The caller sees none of this id.
            LibraryError: The library cannot be changed.
        """
        if self._shelves is None:
            self._check_changeable(article_id)
            self._delete(article_id)
            return
        with self._shelves.changing:
            self._check_changeable(article_id)
            shelves = self._shelves.shelves().get(article_id, {SHARED})
            shelf = self.caller.name if self.caller.name in shelves else SHARED
            if shelf == SHARED and not self.caller.may_edit_shared():
                raise NotAllowed(EDITORS_ONLY)
            if self._shelves.adding[article_id, shelf]:
                return  # it is being added again, which counts
            if shelves == {shelf}:
                self._delete(article_id)
            self._shelves.take(article_id, shelf)

    def rename(self, article_id: str, title: str) -> str:
        """Change an article's title for all who see it, and return it as stored.

        Raises:
            NotAllowed: The caller may not, because others have the article, too.
            TitleError: The title is blank or not valid Unicode.
            ArticleNotFound: The caller sees none of this id.
            LibraryError: The library cannot be changed.
        """
        self.check_may_change(article_id)
        return self._qa.rename(article_id, title)

    def check_may_change(self, article_id: str) -> None:
        """Check that the caller may give an article another title or other tags.

        Raises:
            NotAllowed: The caller may not, because others have the article, too.
            ArticleNotFound: The caller sees none of this id.
        """
        self._check_changeable(article_id)
        if self.fixed([article_id]):
            raise NotAllowed(EDITORS_ONLY)

    def tags(self) -> dict[str, list[str]]:
        """Return the tags of each article that the caller sees and that has any, by its id."""
        found = self._tags.by_article() if self._tags else {}
        return {each: found[each] for each in self.titles() if each in found}

    def tags_to_change(self, article_id: str) -> Tags:
        """Return the tags, to change those of one article.

        Raises:
            NotAllowed: The caller may not, as in :meth:`check_may_change`.
            ArticleNotFound: The caller sees none of this id.
        """
        self.check_may_change(article_id)
        if self._tags is None:
            raise NotAllowed(NO_TAGS)
        return self._tags

    def is_shared(self, article_id: str) -> bool:
        """Return whether everybody sees this article."""
        return self._shelves is None or SHARED in self._shelves.shelves().get(article_id, {SHARED})

    def fixed(self, article_ids: Iterable[str]) -> frozenset[str]:
        """Return those of the articles that the caller may neither rename nor remove."""
        ids = list(article_ids)
        if not self.caller.can_write:
            return frozenset(ids)
        if self._shelves is None or self.caller.may_edit_shared():
            return frozenset()
        shelves = self._shelves.shelves()
        return frozenset(each for each in ids if shelves.get(each) != {self.caller.name})

    def _delete(self, article_id: str) -> None:
        self._qa.remove(article_id)
        if self._tags:
            self._tags.forget(article_id)

    def _visible(self, article_ids: Iterable[str]) -> list[str]:
        ids = list(article_ids)
        return ids if self._shelves is None else self._shelves.visible(self.caller.name, ids)

    def _check_changeable(self, article_id: str) -> None:
        if article_id not in self._qa.titles():
            raise ArticleNotFound(NO_ARTICLE.format(article_id))
        self._check_visible([article_id])
        self.caller.check_may_write()

    def _check_visible(self, article_ids: Iterable[str]) -> None:
        """Raise the same error for what is not in the library as for what only others see."""
        ids = list(article_ids)
        if self._shelves is None or not ids:
            return  # the library itself refuses what is not there
        seen = {*self._visible(ids)} & self._qa.titles().keys()
        for article_id in ids:
            if article_id not in seen:
                raise ArticleNotFound(NO_ARTICLE.format(article_id))

    def _shelf_for(self, *, shared: bool | None) -> str:
        self.caller.check_may_write()
        if shared is None:
            shared = not self.caller.name
        if shared and not self.caller.may_edit_shared():
            raise NotAllowed(EDITORS_ONLY)
        return SHARED if shared else self.caller.name
