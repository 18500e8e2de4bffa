"""ArticleQA: the one object that every surface calls."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from index.articles import bundled_article
from index.embedder import Progress, SentenceTransformerEmbedder
from index.passage_index import PassageIndex
from index.types import Article, Passage
from qa.answer import Answer
from qa.composing import compose_answer
from qa.config import Settings
from qa.followup.mentions import MAX_TURNS, Exchange
from qa.followup.recognition import points_back
from qa.followup.resolution import Judge, resolve
from qa.followup.topics import sensible, topic_of
from qa.library import Library
from qa.parts.answering import answered_in_parts
from qa.parts.several_articles import with_other_article
from qa.parts.topic import read_topic
from qa.reader import ExtractiveReader, Reader, Reading
from qa.retriever import Retriever
from qa.suggesting import Suggestions


class ArticleQA(Library):
    """A library of articles that can be questioned. Safe to use from several threads.

    Make one with :meth:`from_text`, :meth:`open` or :meth:`bundled`. The model
    is loaded at first use, or by :meth:`warm_up`.

    Example:
        >>> qa = ArticleQA.from_text("The bridge opened in 1932. It is 1,149 m long.")
        >>> qa.ask("When did the bridge open?").citations[0].quote
        'The bridge opened in 1932.'
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
        self._suggestions = Suggestions()

    @classmethod
    def open(cls, folder: Path | str, settings: Settings | None = None) -> Self:
        """Open the library in ``folder``, which is made if absent.

        Raises:
            LibraryError: It cannot be opened, or was made with another model.
        """
        return cls._made(Path(folder), settings)

    @classmethod
    def from_text(cls, text: str, *, title: str = "", settings: Settings | None = None) -> Self:
        """Return a library in memory that holds this text alone.

        Returns at once, as do the two below: the article is embedded when it is
        first questioned, or by :meth:`warm_up`.

        Raises:
            EmptyArticle: The text is blank.
            TooLarge: It is over the limit of the settings.
        """
        from index.loaders import article_from_text

        settings = settings or Settings.load()
        article = article_from_text(text, title=title, limits=settings.load_limits)
        return cls._made(None, settings, pending=[article])

    @classmethod
    def from_file(cls, path: Path | str, settings: Settings | None = None) -> Self:
        """Return a library in memory that holds the article of this file alone.

        Raises:
            InputError: The file cannot be used; see :mod:`index.errors`.
        """
        from index.loaders import load_file

        settings = settings or Settings.load()
        article = load_file(Path(path), limits=settings.load_limits)
        return cls._made(None, settings, pending=[article])

    @classmethod
    def bundled(cls, settings: Settings | None = None) -> Self:
        """Return a library in memory of the article that comes along."""
        return cls._made(None, settings, pending=[bundled_article()])

    @classmethod
    def _made(
        cls, folder: Path | None, settings: Settings | None, pending: Sequence[Article] = ()
    ) -> Self:
        settings = settings or Settings.load()
        embedder = _embedder(settings)
        qa = cls(PassageIndex(folder, embedder), embedder, settings, pending=pending)
        qa.folder = folder
        return qa

    @staticmethod
    def reembed(
        folder: Path | str, settings: Settings | None = None, progress: Progress | None = None
    ) -> None:
        """Embed every article of a library anew with the model of ``settings``.

        ``progress`` is called with (articles done, articles). Until it is done
        the library stays as it was.
        """
        embedder = _embedder(settings or Settings.load())
        with PassageIndex(Path(folder), embedder, replacing=True) as index:
            index.reembed(progress)

    @property
    def ready(self) -> bool:
        """Whether a question is answered without waiting for a model to load."""
        return self._embedder.is_loaded and self._reader.is_loaded and not self._pending

    def warm_up(self) -> None:
        """Load what the first question would have to wait for.

        Raises:
            ModelError: The model cannot be used.
        """
        self._reader.load()
        self._embedder.load()
        self._add_pending()
        self._embedder.encode_query("warm-up")

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

    def ask(
        self,
        question: str,
        article_ids: Iterable[str] | None = None,
        *,
        history: Sequence[str | Answer] = (),
        rerank: bool = True,
    ) -> Answer:
        """Answer from the articles alone, with exact citations, or refuse.

        ``history`` is what was asked before, oldest first: questions, or better their
        answers, since a question alone is answered once more where it matters. A question
        that leans on them is read in words that stand alone, :attr:`Answer.understood`;
        any other as if there were no history. The passages of the answer are in the order
        in which the reading model finds that they answer; without ``rerank`` in the
        retriever's.

        Raises:
            QuestionError: The question, or one before it that it leans on, is blank or too
                long.
            ArticleNotFound: One of the ids is not in the library.
        """
        ids = None if article_ids is None else list(article_ids)

        @functools.cache  # the wording that is chosen has been read to choose it
        def read(wording: str) -> tuple[list[Passage], Reading]:
            found = self.retrieve(wording, self.settings.passages, ids)
            return found, self._reader.read(wording, found)

        def judge(wording: str) -> float:
            return read(wording)[1].confidence

        least = self.settings.least_confidence(self._reader.levels)
        compose = functools.partial(
            compose_answer, article_of=self._index.article, min_confidence=least
        )

        def answered(wording: str) -> Answer:
            passages, reading = read(wording)
            if not rerank:
                reading = replace(reading, passages=tuple(passages))
            return with_other_article(
                wording,
                compose(wording, reading),
                passages,
                lambda some: compose(wording, self._reader.read(wording, some)),
            )

        understood = self._understood(question, history, ids, judge)
        answer = answered_in_parts(understood, answered, judge) or answered(understood)
        near = understood
        if understood != question:
            near = _asked_last(history)
            understood = sensible(question, near, answer)
        if topic := topic_of(understood):
            found = self.retrieve(f"{topic}: {near}", self.settings.passages, ids)
            about = read_topic(topic, near, found, self._embedder) or read(understood)[1]
            answer = compose(understood, about)
        if understood == question:
            return answer
        return replace(answer, question=question, understood=answer.understood or understood)

    def _understood(
        self,
        question: str,
        history: Sequence[str | Answer],
        ids: list[str] | None,
        judge: Judge,
    ) -> str:
        """Return a question that leans on earlier ones in words that stand alone."""
        if not history or not points_back(question):
            return question
        answers: list[Answer] = []
        for turn in history[-MAX_TURNS:]:
            known = turn if isinstance(turn, Answer) else self.ask(turn, ids, history=answers)
            answers.append(known)
        return resolve(question, [Exchange.of(answer) for answer in answers], judge)

    def suggest(
        self,
        article_ids: Iterable[str] | None = None,
        count: int = 4,
        *,
        about: Iterable[str] | None = None,
        wanted: Callable[[], bool] = lambda: True,
    ) -> list[str]:
        """Return up to ``count`` questions to begin with, each of which the articles answer.

        They are made from sentences of the articles by rules, and tried out. Few or none
        come back of a text that is not plain English prose. The first call for an article
        takes a second or so, at most five.

        Args:
            article_ids: The articles that are asked; None for all.
            count: How many questions at most.
            about: Those of them that the questions are made from; None for the first ones.
            wanted: Asked before each question is tried; False ends the search there.

        Raises:
            ArticleNotFound: One of ``about`` is not in the library.
        """
        self._add_pending()
        known = [info.id for info in self.catalogue()]
        asked = known if article_ids is None else list(article_ids)
        made_from = [self.article(each) for each in list(asked if about is None else about)[:count]]
        return self._suggestions.of(
            made_from,
            frozenset(asked),
            count,
            lambda question: self.ask(question, article_ids=asked),
            wanted,
        )


def _asked_last(history: Sequence[str | Answer]) -> str:
    last = history[-1]
    return last if isinstance(last, str) else last.understood or last.question


def _embedder(settings: Settings) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(settings.model, allow_download=settings.allow_download)
