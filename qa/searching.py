"""A library with the models that search it: opened or made, and asked for passages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

from index.articles import bundled_article
from index.embedding.embedder import Progress, SentenceTransformerEmbedder
from index.search.passage_index import PassageIndex
from index.types import Article, Passage
from qa.library import Library
from qa.reading.reader import ExtractiveReader, Reader
from qa.retrieval.retriever import Retriever
from qa.settings import Settings


class SearchableLibrary(Library):
    """What :class:`qa.ArticleQA` is before it answers: how one comes to be, and is searched.

    Args:
        index: Where the articles are recorded.
        embedder: The model of their vectors.
        settings: The limits of what is added and asked.
        reader: The reading model; None for the one that comes along.
        pending: Articles to be embedded and recorded when they are first needed there.
    """

    folder: Path | None = None
    """Where the library lies; None in memory."""

    def __init__(
        self,
        index: PassageIndex,
        embedder: SentenceTransformerEmbedder,
        settings: Settings,
        *,
        reader: Reader | None = None,
        pending: Sequence[Article] = (),
    ) -> None:
        super().__init__(index, settings, pending)
        self._embedder = embedder
        self._retriever = Retriever(
            index, depth=settings.depth, max_question_chars=settings.max_question_chars
        )
        self._reader = reader or ExtractiveReader()

    @classmethod
    def open(
        cls,
        folder: Path | str,
        settings: Settings | None = None,
        *,
        create: bool = True,
        read_only: bool = False,
    ) -> Self:
        """Open the library in ``folder``.

        Args:
            folder: Where it is. Other files in it are left alone.
            settings: How it is read and asked; None for those of the environment.
            create: Whether to make the library if there is none.
            read_only: Whether only to read, so that nothing in the folder changes; see
                :class:`index.search.passage_index.PassageIndex`.

        Raises:
            LibraryMissing: There is none, and it is not to be made.
            LibraryDamaged: Its record is lost or cannot be read.
            LibraryError: It cannot be opened, or was made with another model.
        """
        settings = settings or Settings.load()
        embedder = _embedder(settings)
        index = PassageIndex(Path(folder), embedder, create=create, read_only=read_only)
        qa = cls(index, embedder, settings)
        qa.folder = Path(folder)
        return qa

    @classmethod
    def from_text(cls, text: str, *, title: str = "", settings: Settings | None = None) -> Self:
        """Return a library in memory that holds this text alone.

        Returns at once, as do the two below: the article is embedded when it is
        first questioned, or by :meth:`qa.ArticleQA.warm_up`.

        Raises:
            EmptyArticle: The text is blank.
            TooLarge: It is over the limit of the settings.
        """
        from index.sources.loaders import article_from_text

        settings = settings or Settings.load()
        article = article_from_text(text, title=title, limits=settings.load_limits)
        return cls._in_memory(settings, article)

    @classmethod
    def from_file(cls, path: Path | str, settings: Settings | None = None) -> Self:
        """Return a library in memory that holds the article of this file alone.

        Raises:
            InputError: The file cannot be used; see :mod:`index.errors`.
        """
        from index.sources.loaders import load_file

        settings = settings or Settings.load()
        article = load_file(Path(path), limits=settings.load_limits)
        return cls._in_memory(settings, article)

    @classmethod
    def bundled(cls, settings: Settings | None = None) -> Self:
        """Return a library in memory of the article that comes along."""
        return cls._in_memory(settings or Settings.load(), bundled_article())

    @classmethod
    def _in_memory(cls, settings: Settings, article: Article) -> Self:
        embedder = _embedder(settings)
        return cls(PassageIndex(None, embedder), embedder, settings, pending=[article])

    @staticmethod
    def reembed(
        folder: Path | str, settings: Settings | None = None, progress: Progress | None = None
    ) -> None:
        """Embed every article of a library anew with the model of ``settings``.

        ``progress`` is called with (articles done, articles). Until it is done
        the library stays as it was.
        """
        embedder = _embedder(settings or Settings.load())
        with PassageIndex(Path(folder), embedder, create=False, replacing=True) as index:
            index.reembed(progress)

    def retrieve(
        self,
        question: str,
        k: int = 5,
        article_ids: Iterable[str] | None = None,
        *,
        rerank: bool = False,
    ) -> list[Passage]:
        """Return the ``k`` passages that fit the question best, best first.

        ``article_ids`` limits it to those articles. Fewer than ``k`` come back
        if the articles have no more. ``rerank`` has the reading model put them in
        order, which is better and takes longer.

        Raises:
            QuestionError: The question is blank or too long, or ``k`` less than 1.
            ArticleNotFound: One of the ids is not in the library.
        """
        self._add_pending()
        if not rerank:
            return self._retriever.retrieve(question, k, article_ids)
        found = self._retriever.retrieve(question, max(k, self.settings.passages), article_ids)
        return list(self._reader.read(question, found).passages[:k])


def _embedder(settings: Settings) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(settings.model, allow_download=settings.allow_download)
