"""Define ArticleQA, the object behind every interface."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, overload

from index.articles import bundled_article
from index.embedding.embedder import Progress, SentenceTransformerEmbedder, load_in_background
from index.errors import LibraryError
from index.library_address import is_milvus
from index.search.backend import LibraryBackend
from index.search.passage_index import PassageIndex
from index.types import Article, Passage
from qa.answerer import Answerer, Request
from qa.answers.answer import Answer, Kind
from qa.article_collection import ArticleCollection
from qa.asynchronous import AsynchronousQuestions
from qa.conversation.intent import Intent
from qa.conversation.language import language_of
from qa.library import backend_of, embedder_of, read_file, read_text
from qa.own_words import OwnWords
from qa.reading.reader import Reader
from qa.reading.two_stage import reader_of
from qa.retrieval.retriever import Retriever
from qa.settings import Settings
from qa.suggestions import MAX_SUGGESTIONS, Scope, Suggestions
from qa.writing.events import Event, Finished

if TYPE_CHECKING:  # slow to import, and rarely needed
    from qa.writing.writer import Writer

_NOT_IN_PLACE = (
    "A library on Milvus cannot be embedded again in place. Copy it to another database or shelf, "
    "which embeds its articles with the model that you name: article-qa copy FROM TO --model NAME"
)


class ArticleQA(ArticleCollection, AsynchronousQuestions):
    """Answers questions about a library of articles. Safe to use from several threads.

    Make one with :meth:`from_text`, :meth:`open` or :meth:`bundled`. Models load at first use.

    Args:
        index: Stores and searches articles.
        embedder: The embedding model of ``index``.
        settings: Limits on articles and questions, and how readily it answers.
        reader: The reading model; None for the default one.
        pending: Articles to embed and store when a search first needs them.
        writer: Writes answers in its own words; None for what the settings describe.

    Example:
        >>> qa = ArticleQA.from_text("The bridge opened in 1932. It is 1,149 m long.")
        >>> qa.ask("When did the bridge open?").citations[0].quote
        'The bridge opened in 1932.'
    """

    location: Path | str | None = None
    """The folder or the address of the library; None for one in memory."""

    def __init__(  # noqa: PLR0913 - one for each part
        self,
        index: LibraryBackend,
        embedder: SentenceTransformerEmbedder,
        settings: Settings,
        *,
        reader: Reader | None = None,
        pending: Sequence[Article] = (),
        writer: Writer | None = None,
    ) -> None:
        super().__init__(index, settings, pending)
        self._embedder = embedder
        self._retriever = Retriever(
            index, depth=settings.depth, max_question_chars=settings.max_question_chars
        )
        self._reader = reader or reader_of(settings)
        self._answerer = Answerer(
            self._library,
            self._retriever,
            self._reader,
            embedder,
            settings,
            can_write=writer is not None or settings.has_language_model,
        )
        self._own_words = OwnWords(self._answerer, self._library, settings.max_question_chars)
        self._suggestions = Suggestions(self, self._answerer.main_names)
        self._writer = writer
        self._writer_lock = threading.Lock()

    @classmethod
    def open(
        cls,
        library: Path | str,
        settings: Settings | None = None,
        *,
        create: bool = True,
        read_only: bool = False,
    ) -> Self:
        """Open a library.

        Args:
            library: Its folder, in which other files are not touched. Or the address of one on
                Milvus, ``milvus://host:19530/database``, with ``?shelf=name`` for a part of it.
            settings: None for the settings of the environment.
            create: Whether to create the library if it does not exist.
            read_only: Whether to leave the library unchanged.

        Raises:
            LibraryMissing: It does not exist, and ``create`` is False.
            LibraryDamaged: Its articles are lost or cannot be read.
            LibraryError: It cannot be opened or reached, or uses another embedding model.
            ModelUnavailable: The extra that Milvus needs is not installed.
        """
        settings = settings or Settings.load()
        embedder = embedder_of(settings)
        index = backend_of(library, embedder, settings, create=create, read_only=read_only)
        qa = cls(index, embedder, settings)
        qa.location = library
        return qa

    @classmethod
    def from_text(cls, text: str, *, title: str = "", settings: Settings | None = None) -> Self:
        """Return a library in memory with this text, which is embedded when first needed.

        Raises:
            InputError: The text is blank or too long.
        """
        settings = settings or Settings.load()
        return cls._in_memory(settings, read_text(text, settings, title=title))

    @classmethod
    def from_file(cls, path: Path | str, settings: Settings | None = None) -> Self:
        """Return a library in memory with the article in this file.

        Raises:
            InputError: The file cannot be used; see :mod:`index.errors`.
        """
        settings = settings or Settings.load()
        return cls._in_memory(settings, read_file(Path(path), settings))

    @classmethod
    def bundled(cls, settings: Settings | None = None) -> Self:
        """Return a library in memory with the bundled article."""
        return cls._in_memory(settings or Settings.load(), bundled_article())

    @classmethod
    def _in_memory(cls, settings: Settings, article: Article) -> Self:
        embedder = embedder_of(settings)
        return cls(PassageIndex(None, embedder), embedder, settings, pending=[article])

    @staticmethod
    def reembed(
        folder: Path | str, settings: Settings | None = None, progress: Progress | None = None
    ) -> None:
        """Embed every article of a library again, with the model of ``settings``.

        ``progress`` is called with (articles done, articles). The library is unchanged until all
        are done.

        Raises:
            LibraryError: It cannot be opened or changed, or is on Milvus.
        """
        if is_milvus(folder):
            raise LibraryError(_NOT_IN_PLACE)
        embedder = embedder_of(settings or Settings.load())
        with PassageIndex(Path(folder), embedder, create=False, replacing=True) as index:
            index.reembed(progress)

    @property
    def folder(self) -> Path | None:
        """The folder of the library; None for one in memory or on Milvus."""
        at = self.location
        return None if at is None or is_milvus(at) else Path(at)

    @property
    def ready(self) -> bool:
        """Whether the models are loaded and all articles embedded."""
        models = (self._embedder, self._answerer.intent_embedder, self._reader)
        return all(model.is_loaded for model in models) and not self._library.has_pending

    def warm_up(self) -> None:
        """Load the models and embed pending articles, so that the first question need not wait.

        Raises:
            ModelError: A model cannot be used.
        """
        self._reader.load()
        self._embedder.load()
        self._answerer.intent_embedder.load()
        self._library.embed_pending()
        self._embedder.encode_query("warm-up")
        language_of("warm-up")

    def close(self) -> None:
        """Close the library. It cannot be used afterwards."""
        if self._writer:
            self._writer.close()
        self._library.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def with_only(
        self, articles: Sequence[Article], *, own_words: bool = False
    ) -> Iterator[ArticleQA]:
        """Return a library in memory of these articles alone, with the models of this one.

        It cannot be used after the ``with`` statement.

        Args:
            articles: The articles.
            own_words: Whether it is also to write answers in its own words.

        Raises:
            SettingsError: ``own_words`` is asked for and the settings name no language model.
            ModelUnavailable: The extra that the language model needs is not installed.
        """
        index = PassageIndex(None, self._embedder)
        writer = self._loaded_writer() if own_words else None
        other = ArticleQA(
            index,
            self._embedder,
            self.settings,
            reader=self._reader,
            pending=articles,
            writer=writer,
        )
        other._answerer.intent_embedder = self._answerer.intent_embedder
        try:
            yield other
        finally:
            index.close()

    def retrieve(
        self,
        question: str,
        k: int = 5,
        article_ids: Iterable[str] | None = None,
        *,
        rerank: bool = False,
    ) -> list[Passage]:
        """Return the ``k`` passages that best match the question, best first.

        ``article_ids`` limits the search to those articles. Fewer than ``k`` are returned
        if there are no more. With ``rerank``, the reading model orders them, which is more
        accurate and slower.

        Raises:
            QuestionError: The question is blank or too long, or ``k`` less than 1.
            ArticleNotFound: One of the ids is not in the library.
        """
        self._library.embed_pending()
        if not rerank:
            return self._retriever.retrieve(question, k, article_ids)
        found = self._retriever.retrieve(question, max(k, self.settings.passages), article_ids)
        return list(self._reader.read(question, found).passages[:k])

    @overload
    def ask(
        self,
        question: str,
        article_ids: Iterable[str] | None = None,
        *,
        history: Sequence[str | Answer] = (),
        rerank: bool = True,
        own_words: bool = False,
        stream: Literal[False] = False,
        stopped: threading.Event | None = None,
    ) -> Answer: ...

    @overload
    def ask(
        self,
        question: str,
        article_ids: Iterable[str] | None = None,
        *,
        history: Sequence[str | Answer] = (),
        rerank: bool = True,
        own_words: bool = False,
        stream: Literal[True],
        stopped: threading.Event | None = None,
    ) -> Generator[Event, None, None]: ...

    def ask(  # noqa: PLR0913 - one for each option
        self,
        question: str,
        article_ids: Iterable[str] | None = None,
        *,
        history: Sequence[str | Answer] = (),
        rerank: bool = True,
        own_words: bool = False,
        stream: bool = False,
        stopped: threading.Event | None = None,
    ) -> Answer | Generator[Event, None, None]:
        """Answer from the articles alone, with exact citations, or refuse.

        A question about whole articles gets an :meth:`overview`; a greeting or a question
        about the program gets a reply without citations: see :attr:`Answer.kind`.

        Args:
            question: What to answer.
            article_ids: The articles to answer from; None for all.
            history: Earlier questions or, better, their answers, oldest first. The question is
                read with the last ones; if they decide the answer, as for "When did he call?",
                :attr:`Answer.understood` says so. An earlier question without its answer is
                answered again.
            rerank: Whether the answer's passages are in the reading model's order instead of
                the retriever's.
            own_words: Whether the language model of the settings writes the answer, each
                statement of which is then checked. It does what the question asks: explain,
                compare, translate. With ``history`` it first rewrites the question, see
                :attr:`Answer.understood`. If it fails, the answer is quoted and
                :attr:`Answer.note` says why.
            stream: Whether to return a generator of events (:mod:`qa.writing.events`) instead of
                the answer, which the last event has. Closing it stops the language model.
            stopped: Set it, in another thread, to stop the language model.

        Raises:
            QuestionError: The question, or one of the last three before it, is blank or
                too long.
            ArticleNotFound: One of the ids is not in the library.
            SettingsError: ``own_words`` is asked for and the settings name no language model.
            ModelUnavailable: The extra that the language model needs is not installed.
        """
        self._answerer.check(question)
        writer = self._loaded_writer() if own_words else None
        if not self._reader.is_loaded:
            load_in_background(self._reader.load)  # while the other model embeds the question
        request = self._request(question, article_ids, history=history, rerank=rerank)
        events = self._events(request, writer, stopped)
        if stream:
            return events
        return next(event.answer for event in events if isinstance(event, Finished))

    def intent(
        self,
        question: str,
        article_ids: Iterable[str] | None = None,
        *,
        history: Sequence[str | Answer] = (),
    ) -> Intent:
        """Return what a question asks for, which determines how :meth:`ask` answers it.

        It is FACTUAL if the articles answer the question, whatever else it could ask for.

        Raises:
            QuestionError: The question is blank or too long.
            ArticleNotFound: One of the ids is not in the library.
        """
        self._answerer.check(question)
        return self._answerer.intent(self._request(question, article_ids, history=history))

    def overview(
        self, kind: Kind, article_ids: Iterable[str] | None = None, *, question: str = ""
    ) -> Answer:
        """Return an overview of whole articles in their own sentences, each cited.

        A summary is a paragraph; key points, people and a timeline are lists with one entry a
        line. With several articles, each part begins with a title, and only the first five
        articles are used. If there is nothing to show for an article, a sentence says so.

        Args:
            kind: ``SUMMARY``, ``KEY_POINTS``, ``PEOPLE`` or ``TIMELINE``.
            article_ids: The articles; None for all.
            question: The question, for :attr:`Answer.question`. It can say how long the overview
                is to be: "in two sentences", "three bullets", "in 50 words", "in detail".

        Raises:
            ValueError: ``kind`` is another kind.
            ArticleNotFound: One of the ids is not in the library.
        """
        return self._answerer.overview(kind, self._request(question, article_ids))

    def suggest(
        self,
        article_ids: Iterable[str] | None = None,
        count: int = MAX_SUGGESTIONS,
        *,
        about: Iterable[str] | None = None,
        should_continue: Callable[[], bool] = lambda: True,
        own_words: bool = False,
    ) -> list[str]:
        """Return up to ``count`` questions that the articles answer, as suggestions.

        Each has been tried: the overview is not empty, or the answer is likely right and quotes
        the name in the question. The first call for an article takes up to about five seconds.

        Args:
            article_ids: The articles to be asked; None for all.
            count: The most questions to return.
            about: The articles that the questions are about; None for the first of those asked.
            should_continue: Called before each question is tried; False ends the search.
            own_words: Whether the language model of the settings proposes questions, which are
                tried first. That takes as long as an answer by it.

        Raises:
            ArticleNotFound: One of ``about`` is not in the library.
            SettingsError: ``own_words`` is asked for and the settings name no language model.
            ModelUnavailable: The extra that the language model needs is not installed.
        """
        self._library.embed_pending()
        asked = list(self.titles()) if article_ids is None else list(article_ids)
        subjects = asked if about is None else list(about)
        scope = Scope(tuple(map(self.article, subjects[:count])), tuple(asked))
        proposed: list[str] = []
        if own_words:
            proposed = self._own_words.propose(scope.about, self._loaded_writer(), count)
        return self._suggestions.find(scope, count, should_continue, proposed)

    def _events(
        self, request: Request, writer: Writer | None, stopped: threading.Event | None
    ) -> Generator[Event, None, None]:
        if writer:
            yield from self._own_words.events(request, writer, stopped)
        else:
            yield Finished(self._answerer.with_notice(self._answerer.answer(request)))

    def _loaded_writer(self) -> Writer:
        with self._writer_lock:
            if self._writer is None:
                from qa.writing.set_up import writer_of

                self._writer = writer_of(self.settings, self._reader)
            return self._writer

    def _request(
        self,
        question: str,
        article_ids: Iterable[str] | None,
        *,
        history: Sequence[str | Answer] = (),
        rerank: bool = True,
    ) -> Request:
        ids = None if article_ids is None else list(article_ids)
        return Request(question, self._library.titles(ids), ids, history, rerank)
