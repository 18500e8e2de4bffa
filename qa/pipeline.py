"""ArticleQA: the one object that every surface calls."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from index import meanwhile
from index.embedder import SentenceTransformerEmbedder, Vectors
from qa.answer import OVERVIEWS, Answer, Kind
from qa.answering import Answerer
from qa.followup.recognition import points_back
from qa.kinds.language import language_of, note_on_languages
from qa.kinds.recognition import wanted_by
from qa.kinds.talk import talk
from qa.kinds.wanted import Wanted
from qa.kinds.wording import any_stands_in
from qa.searching import SearchableLibrary

# Few questions need these, which take some hundredths of a second to import.
if TYPE_CHECKING:
    from qa.overview.overviews import Overviews
    from qa.suggesting import Suggestions

Encode: TypeAlias = Callable[[str], Vectors]
"""A text → its embedding, made once in an answer however often it is needed."""


class ArticleQA(SearchableLibrary):
    """A library of articles that can be questioned. Safe to use from several threads.

    Make one with :meth:`from_text`, :meth:`open` or :meth:`bundled`. The model
    is loaded at first use, or by :meth:`warm_up`.

    Example:
        >>> qa = ArticleQA.from_text("The bridge opened in 1932. It is 1,149 m long.")
        >>> qa.ask("When did the bridge open?").citations[0].quote
        'The bridge opened in 1932.'
    """

    @functools.cached_property
    def _kind_embedder(self) -> SentenceTransformerEmbedder:
        # What tells kinds of questions apart is fitted to the model that comes along.
        comes_along = self.settings.model is None
        return self._embedder if comes_along else SentenceTransformerEmbedder()

    @functools.cached_property
    def _suggestions(self) -> Suggestions:
        from qa.suggesting import Suggestions

        return Suggestions()

    @functools.cached_property
    def _overviews(self) -> Overviews:
        from qa.overview.overviews import Overviews

        return Overviews(self._embedder, self._index.chunks)

    @property
    def ready(self) -> bool:
        """Whether a question is answered without waiting for a model to load."""
        loaded = (self._embedder.is_loaded, self._kind_embedder.is_loaded, self._reader.is_loaded)
        return all(loaded) and not self._pending

    def warm_up(self) -> None:
        """Load what the first question would have to wait for.

        Raises:
            ModelError: The model cannot be used.
        """
        self._reader.load()
        self._embedder.load()
        self._kind_embedder.load()
        self._add_pending()
        self._embedder.encode_query("warm-up")
        language_of("warm-up")

    def ask(
        self,
        question: str,
        article_ids: Iterable[str] | None = None,
        *,
        history: Sequence[str | Answer] = (),
        rerank: bool = True,
    ) -> Answer:
        """Answer from the articles alone, with exact citations, or refuse.

        A question about whole articles is answered by :meth:`overview`, a polite word or a
        question about the program without any citation; :attr:`Answer.kind` tells them apart.
        :attr:`Answer.note` says where the models do not know a language.
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
        if not self._reader.is_loaded:
            meanwhile.begin(self._reader.load)  # while the other model embeds the question
        ids = None if article_ids is None else list(article_ids)
        encode = functools.cache(self._embedder.encode_query)
        wanted = self._wanted(question, ids, history, encode)
        if wanted.kind is Kind.TALK:
            answer = talk(question, wanted, self._titles_of(ids))
        elif wanted.kind in OVERVIEWS:
            answer = self.overview(wanted.kind, ids, question=question)
        else:
            answer = self._answered(question, ids, history, encode, rerank=rerank)
        return self._noted(answer)

    def wanted(
        self,
        question: str,
        article_ids: Iterable[str] | None = None,
        *,
        history: Sequence[str | Answer] = (),
    ) -> Wanted:
        """Return what a question asks for, by which :meth:`ask` decides how to answer it.

        Raises:
            ArticleNotFound: One of the ids is not in the library.
        """
        ids = None if article_ids is None else list(article_ids)
        return self._wanted(question, ids, history, self._embedder.encode_query)

    def overview(
        self, kind: Kind, article_ids: Iterable[str] | None = None, *, question: str = ""
    ) -> Answer:
        """Return what whole articles are about, in their own sentences, each cited.

        A summary is a paragraph; key points, people and a timeline are lists, an entry a
        line. Of several articles the title leads each, and at most the first five are told.
        Where an article has nothing of the kind a sentence says so.

        Args:
            kind: ``SUMMARY``, ``KEY_POINTS``, ``PEOPLE`` or ``TIMELINE``.
            article_ids: The articles; None for all.
            question: What was asked, for :attr:`Answer.question`.

        Raises:
            ValueError: ``kind`` is another one.
            ArticleNotFound: One of the ids is not in the library.
        """
        self._add_pending()
        ids = list(self.titles()) if article_ids is None else article_ids
        articles = [self.article(each) for each in dict.fromkeys(ids)]
        return self._overviews.answer(kind, articles, question)

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
        known = list(self.titles())
        asked = known if article_ids is None else list(article_ids)
        made_from = [self.article(each) for each in list(asked if about is None else about)[:count]]
        return self._suggestions.of(
            made_from,
            frozenset(asked),
            count,
            lambda question: self.ask(question, article_ids=asked),
            wanted,
        )

    def _wanted(
        self, question: str, ids: list[str] | None, history: Sequence[str | Answer], encode: Encode
    ) -> Wanted:
        if self._kind_embedder is not self._embedder:
            encode = self._kind_embedder.encode_query

        def said(words: Sequence[str]) -> bool:
            # What has a rare word is among the first by BM25.
            found = self.retrieve(" ".join(words), article_ids=ids)
            return any_stands_in(words, [passage.text for passage in found])

        return wanted_by(
            question,
            encode,
            said,
            titles=self._titles_of(ids),
            leans=bool(history) and points_back(question),
        )

    def _noted(self, answer: Answer) -> Answer:
        """Return ``answer`` with a note if its question or what it rests on is not English."""
        places = answer.citations or answer.passages[:1]
        texts = [self.article(each).text for each in {place.article_id for place in places}]
        note = note_on_languages(language_of(answer.question), map(language_of, texts))
        return replace(answer, note=note) if note else answer

    def _answered(
        self,
        question: str,
        ids: list[str] | None,
        history: Sequence[str | Answer],
        encode: Encode,
        *,
        rerank: bool,
    ) -> Answer:
        """Return the words of the articles that answer a question, or a refusal."""
        self._add_pending()
        answerer = Answerer(
            lambda words: self._retriever.retrieve(words, self.settings.passages, ids, encode),
            self._reader,
            self._index.article,
            self.settings.least_confidence(self._reader.levels),
        )
        return answerer.answer(
            question,
            history,
            lambda earlier, before: self.ask(earlier, ids, history=before),
            rerank=rerank,
        )
