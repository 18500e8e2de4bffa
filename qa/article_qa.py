"""ArticleQA: the one object that every surface calls."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from index.embedding.embedder import SentenceTransformerEmbedder, Vectors, load_in_background
from index.errors import QuestionError
from index.types import Article, Passage
from qa.answers.answer import OVERVIEWS, Answer, Kind
from qa.conversation.anaphora import is_follow_up
from qa.conversation.answerer import Answerer
from qa.conversation.intent import Intent, any_stands_in, detect_intent, has_letter
from qa.conversation.language import language_of, note_on_languages
from qa.conversation.small_talk import reply_to_small_talk
from qa.retrieval.retriever import BLANK
from qa.searching import SearchableLibrary

# Few questions need these, which take some hundredths of a second to import.
if TYPE_CHECKING:
    from qa.overview.overviews import Name, Overviews
    from qa.suggestions import Suggestions

SUGGESTED = 8
"""Questions that an empty chat offers at most."""
Encode: TypeAlias = Callable[[str], Vectors]
"""A text → its embedding, made once in an answer however often it is needed."""


@dataclass(frozen=True, slots=True)
class _Request:
    """A question whose form has been checked, and what it is asked of."""

    question: str
    ids: list[str] | None
    """The articles that are asked; None for all."""
    titles: Mapping[str, str]
    """Of those articles, by their ids, as they were when the question was put."""
    history: Sequence[str | Answer]


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
        from qa.suggestions import Suggestions

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
        self._check_question(question)
        if not self._reader.is_loaded:
            load_in_background(self._reader.load)  # while the other model embeds the question
        ids = None if article_ids is None else list(article_ids)
        titles = self._titles_of(ids)  # raises ArticleNotFound; nothing after it does
        return self._asked(_Request(question, ids, titles, history), rerank=rerank)

    def _asked(self, request: _Request, *, rerank: bool = True) -> Answer:
        """Answer from those of the articles that are still in the library; see :meth:`ask`."""
        question, titles = request.question, request.titles
        encode = functools.cache(self._embedder.encode_query)
        wanted = self._wanted(request, encode)
        if wanted.kind is Kind.TALK:
            answer = reply_to_small_talk(question, wanted, list(titles.values()))
        elif wanted.kind in OVERVIEWS:
            self._add_pending()
            answer = self._overviews.answer(wanted.kind, self.existing(titles), question)
        else:
            return self._answered(request, encode, rerank=rerank)
        return _noted(answer, self.existing(citation.article_id for citation in answer.citations))

    def wanted(
        self,
        question: str,
        article_ids: Iterable[str] | None = None,
        *,
        history: Sequence[str | Answer] = (),
    ) -> Intent:
        """Return what a question asks for, by which :meth:`ask` decides how to answer it.

        Raises:
            ArticleNotFound: One of the ids is not in the library.
        """
        ids = None if article_ids is None else list(article_ids)
        request = _Request(question, ids, self._titles_of(ids), history)
        return self._wanted(request, self._embedder.encode_query)

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
        ids = None if article_ids is None else list(article_ids)
        return self._overviews.answer(kind, self.existing(self._titles_of(ids)), question)

    def suggest(
        self,
        article_ids: Iterable[str] | None = None,
        count: int = SUGGESTED,
        *,
        about: Iterable[str] | None = None,
        wanted: Callable[[], bool] = lambda: True,
    ) -> list[str]:
        """Return up to ``count`` questions to begin with, each of which the articles answer.

        They ask for an overview, or about the main names of an article. Each has been tried:
        the overview is not empty, or the answer is likely right and quotes the name. The first
        call for an article takes a second or two, at most about five.

        Args:
            article_ids: The articles that are asked; None for all.
            count: How many questions at most.
            about: The articles that the questions are about; None for the first of those asked.
            wanted: Asked before each question is tried; False ends the search there.

        Raises:
            ArticleNotFound: One of ``about`` is not in the library.
        """
        from qa.suggestions import Scope

        self._add_pending()
        asked = list(self.titles()) if article_ids is None else list(article_ids)
        subjects = asked if about is None else list(about)
        scope = Scope(tuple(map(self.article, subjects[:count])), tuple(asked))
        return self._suggestions.of(scope, count, self, wanted)

    def main_names(self, article: Article) -> Sequence[Name]:
        """Return the people and organisations of an article, the most mentioned first."""
        self._add_pending()
        return self._overviews.names(article)

    def _check_question(self, question: str) -> None:
        self._retriever.check_question(question)
        if not has_letter(question):
            raise QuestionError(BLANK)

    def _wanted(self, request: _Request, encode: Encode) -> Intent:
        if self._kind_embedder is not self._embedder:
            encode = self._kind_embedder.encode_query

        def said(words: Sequence[str]) -> bool:
            # What has a rare word is among the first by BM25.
            self._add_pending()
            found = self._retriever.retrieve_existing(" ".join(words), ids=request.ids)
            return any_stands_in(words, [passage.text for passage in found])

        return detect_intent(
            request.question,
            encode,
            said,
            titles=list(request.titles.values()),
            leans=bool(request.history) and is_follow_up(request.question),
        )

    def _answered(self, request: _Request, encode: Encode, *, rerank: bool) -> Answer:
        """Return the words of the articles that answer a question, or a refusal."""
        self._add_pending()
        # Others may remove an article while it is read, so what was retrieved is kept.
        snapshot: dict[str, Article] = {}

        def retrieve(words: str) -> list[Passage]:
            k = self.settings.passages
            found = self._retriever.retrieve_existing(words, k, request.ids, encode)
            unknown = {passage.article_id for passage in found} - snapshot.keys()
            snapshot.update((article.id, article) for article in self.existing(unknown))
            return [passage for passage in found if passage.article_id in snapshot]

        def ask_again(earlier: str, before: Sequence[Answer]) -> Answer:
            self._check_question(earlier)
            return self._asked(replace(request, question=earlier, history=before))

        least = self.settings.least_confidence(self._reader.levels)
        answerer = Answerer(retrieve, self._reader, snapshot.__getitem__, least)
        answer = answerer.answer(request.question, request.history, ask_again, rerank=rerank)
        places = answer.citations or answer.passages[:1]
        return _noted(answer, [snapshot[each] for each in {place.article_id for place in places}])


def _noted(answer: Answer, articles: Iterable[Article]) -> Answer:
    """Return ``answer`` with a note if its question, or an article it is from, is not English."""
    texts = [language_of(article.text) for article in articles]
    note = note_on_languages(language_of(answer.question), texts)
    return replace(answer, note=note) if note else answer
