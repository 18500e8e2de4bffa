"""Decide what kind of answer a question needs (facts, an overview, small talk) and compose it."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from index.embedding.embedder import SentenceTransformerEmbedder, Vectors
from index.errors import QuestionError
from index.types import Article, Passage
from qa.answers.answer import OVERVIEWS, Answer, Kind
from qa.answers.compose import compose_answer
from qa.conversation.document_questions import (
    ABOUT_DOCUMENT,
    BYLINE_QUESTIONS,
    MAX_BYLINES,
    MAX_TITLES,
    byline_passages,
    no_byline,
    title_answer,
)
from qa.conversation.follow_ups import (
    MAX_TURNS,
    TURNS_READ,
    split_after,
    turns_of,
    understood_after,
)
from qa.conversation.intent import (
    DOCUMENT_SHARE,
    MAX_TITLES_NAMED,
    MAX_TITLES_READ,
    OVERVIEW_QUESTIONS,
    READING_SHARE,
    Intent,
    contains_any,
    detect_intent,
    has_letter,
    reply_to_small_talk,
    shipped_model,
)
from qa.conversation.language import language_note, language_of, seems_english
from qa.conversation.multi_part import join_answers, merged, split_question
from qa.conversation.refusal import reason_for_refusal
from qa.library import AskedArticles, Library
from qa.overview.length import without_length
from qa.reading.model import Turn
from qa.reading.reader import Reader, Reading, with_last_question
from qa.reading.table_rows import with_tables
from qa.retrieval.retriever import BLANK, Retriever
from qa.settings import Settings
from qa.stages import stage

if TYPE_CHECKING:  # few questions need it, and it takes some hundredths of a second to import
    from qa.overview.overviews import Name, Overviews

_MORE_PASSAGES = 3
"""Passages read for a question after others, beyond those for one without."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The passages retrieved for a question, and what the reading model found in them."""

    passages: tuple[Passage, ...]
    """In the retriever's order."""
    reading: Reading
    found_alone: tuple[Passage, ...]
    """The passages retrieved without the turns before it: what a refusal may show as near."""


@dataclass(frozen=True, slots=True)
class Request:
    """A question, the articles it is asked of, and caches for answering it."""

    question: str
    asked: AskedArticles
    """The articles."""
    article_ids: Sequence[str] | None = None
    """None for all articles."""
    history: Sequence[str | Answer] = ()
    """Earlier questions, or their answers, oldest first."""
    rerank: bool = True
    """Whether the answer's passages are in the reading model's order."""
    vectors: dict[str, Vectors] = field(default_factory=dict, repr=False)
    """Embeddings by text; intent and retrieval need the same one."""
    evidence: dict[tuple[str, tuple[Turn, ...]], Evidence] = field(default_factory=dict, repr=False)
    """Evidence by the question and the turns before it; the intent may need it first."""
    snapshot: dict[str, Article] = field(default_factory=dict, repr=False)
    """The articles of the passages by id, as other threads may remove them."""


class Answerer:
    """Answers questions about the articles of a library. Safe to use from several threads.

    Args:
        library: The articles.
        retriever: Finds passages in the articles.
        reader: Finds the answer in passages.
        embedder: The library's embedding model.
        settings: The number of passages to read, and the least confidence of an answer.
        can_write: Whether a language model can be asked for an answer in its own words.
    """

    def __init__(  # noqa: PLR0913 - one for each part
        self,
        library: Library,
        retriever: Retriever,
        reader: Reader,
        embedder: SentenceTransformerEmbedder,
        settings: Settings,
        *,
        can_write: bool = False,
    ) -> None:
        self._library = library
        self._retriever = retriever
        self._reader = reader
        self._embedder = embedder
        # The intent weights are fitted to the default embedding model.
        self.intent_embedder = embedder if settings.model is None else SentenceTransformerEmbedder()
        self._settings = settings
        self._can_write = can_write

    @functools.cached_property
    def overviews(self) -> Overviews:
        """Makes summaries, lists of people and timelines."""
        from qa.overview.overviews import Overviews

        return Overviews(self._embedder, self._library.index.chunks)

    def check(self, question: str) -> None:
        """Raise QuestionError if a question is blank, too long, or not valid Unicode."""
        self._retriever.check_question(question)
        if not has_letter(question):
            raise QuestionError(BLANK)

    def answer(self, request: Request) -> Answer:
        """Return the answer from those of the articles that are still in the library.

        Raises:
            QuestionError: One of the last questions before it is blank or too long.
        """
        intent = self.intent(request)
        if intent in ABOUT_DOCUMENT:
            answer = self._answer_about_document(intent, request)
        elif intent.kind is Kind.TALK:
            answer = self._reply_to_small_talk(intent, request)
        elif intent.kind in OVERVIEWS:
            answer = self.overview(intent.kind, request)
        else:
            return self.answer_from_passages(request)
        cited = self._library.existing(citation.article_id for citation in answer.citations)
        return _with_language_note(answer, cited)

    def with_notice(self, answer: Answer) -> Answer:
        """Return an answer with what the reading model must tell the user once, if anything."""
        notice = self._reader.take_notice()
        if not notice:
            return answer
        return replace(answer, note=" ".join(filter(None, (notice, answer.note))))

    def intent(self, request: Request) -> Intent:
        """Return what a question asks for, which decides the kind of its answer."""
        same_model = self.intent_embedder is self._embedder
        intent, specific_words, probability = detect_intent(
            without_length(request.question),
            functools.partial(self._encode, request)
            if same_model
            else self.intent_embedder.encode_query,
            titles=list(request.asked.few_titles(MAX_TITLES_READ).values()),
        )
        if intent is Intent.FACTUAL or request.question.strip() in OVERVIEW_QUESTIONS:
            return intent
        self._library.embed_pending()
        if self._are_in_articles(specific_words, request):
            return Intent.FACTUAL
        confidence = self._evidence(request, request.question).reading.confidence
        share = DOCUMENT_SHARE if intent in ABOUT_DOCUMENT else READING_SHARE
        return Intent.FACTUAL if confidence >= share * probability else intent

    def overview(self, kind: Kind, request: Request) -> Answer:
        """Return an overview of the articles.

        Raises:
            ValueError: ``kind`` is not that of an overview.
        """
        self._library.embed_pending()
        from qa.overview.overviews import MAX_ARTICLES

        articles = self._library.existing(request.asked.titles(MAX_ARTICLES))
        return self.overviews.answer(kind, articles, request.question, len(request.asked))

    def main_names(self, article: Article) -> Sequence[Name]:
        """Return the people and organisations of an article, the most mentioned first."""
        return self.overviews.names(article)

    def probability_not_factual(self, request: Request) -> float:
        """Return the probability, in 0..1, that a question asks for something else than a fact."""
        if self.intent_embedder is self._embedder:
            vector = self._encode(request, request.question)
        else:
            vector = self.intent_embedder.encode_query(request.question)
        return shipped_model().most_likely(vector)[1]

    def passages(self, request: Request, article_id: str | None = None) -> tuple[Passage, ...]:
        """Return the passages that match the question, best first, of one article or of all."""
        self._library.embed_pending()
        one = replace(request, article_ids=[article_id]) if article_id else request
        return self._retrieve(one, request.question)

    def _reply_to_small_talk(self, intent: Intent, request: Request) -> Answer:
        titles = list(request.asked.titles(MAX_TITLES_NAMED).values())
        return reply_to_small_talk(
            request.question,
            intent,
            titles,
            articles=len(request.asked),
            can_write=self._can_write,
        )

    def _answer_about_document(self, intent: Intent, request: Request) -> Answer:
        """Return the title of the articles, or the author or date that a byline names."""
        if intent is Intent.TITLE:
            titles = list(request.asked.titles(MAX_TITLES).values())
            return title_answer(request.question, titles, len(request.asked))
        articles = self._library.existing(request.asked.titles(MAX_BYLINES))
        passages = [passage for article in articles for passage in byline_passages(article)]
        reading = self._reader.read(BYLINE_QUESTIONS[intent], passages)
        least = self._settings.confidence_threshold(self._reader.levels)
        by_id = {article.id: article for article in articles}
        answer = compose_answer(request.question, reading, by_id, least)
        return answer if answer.answered else no_byline(request.question, intent, len(by_id))

    def _encode(self, request: Request, text: str) -> Vectors:
        if text not in request.vectors:
            request.vectors[text] = self._embedder.encode_query(text)
        return request.vectors[text]

    def _are_in_articles(self, words: Sequence[str], request: Request) -> bool:
        return contains_any([passage.text for passage in self._found(words, request)], words)

    def _found(self, words: Sequence[str], request: Request) -> list[Passage]:
        """Return the passages that have the words, or whose titles have them, among others."""
        if not words:
            return []
        # BM25 ranks passages with a rare word among the first.
        return self._retriever.retrieve_existing(" ".join(words), ids=request.article_ids)

    def answer_from_passages(self, request: Request) -> Answer:
        """Return the words of the articles that answer a question for a fact, or a refusal."""
        self._library.embed_pending()
        question, last = split_after(request.question)
        asked = replace(request, question=question, history=(last,)) if last else request
        turns = turns_of(self._previous_answers(asked))
        answer = self._answer_parts(asked, turns) or self._answer_one(asked, question, turns)
        if last:
            answer = replace(answer, question=request.question, understood=None)
        places = answer.citations or answer.passages[:1]
        ids = {place.article_id for place in places}
        return _with_language_note(answer, [request.snapshot[each] for each in ids])

    def _previous_answers(self, request: Request) -> list[Answer]:
        """Return the last answers; questions without an answer are answered again."""
        answers: list[Answer] = []
        turns = [turn for turn in request.history if _can_be_referred_to(turn)]
        for turn in turns[-MAX_TURNS:]:
            if isinstance(turn, str):
                self.check(turn)
                turn = self.answer(  # noqa: PLW2901 - only the answer is needed from here on
                    replace(request, question=turn, history=tuple(answers))
                )
            if _can_be_referred_to(turn):
                answers.append(turn)
        return answers

    def _answer_parts(self, request: Request, turns: Sequence[Turn]) -> Answer | None:
        """Return the joined answers to the parts of a question, each read after the previous ones.

        None if the question has only one part, or if no part is answered.
        """
        parts = split_question(request.question)
        if len(parts) == 1:
            return None
        answers: list[Answer] = []
        for part in parts:
            earlier = (*turns, *turns_of(answers))[-TURNS_READ:]
            answers.append(self._answer_one(request, part, earlier))
        if not any(answer.answered for answer in answers):
            return None
        used_turns = bool(turns and answers[0].understood)
        last = turns[-1].question if used_turns else None
        return join_answers(
            request.question, answers, last and understood_after(request.question, last)
        )

    def _answer_one(self, request: Request, question: str, turns: Sequence[Turn]) -> Answer:
        evidence = self._evidence(request, question, tuple(turns))
        reading = evidence.reading
        if not request.rerank:
            reading = replace(reading, passages=evidence.passages)
        least = self._settings.confidence_threshold(self._reader.levels)
        answer = compose_answer(question, reading, request.snapshot, least)
        if not answer.answered:
            if turns:
                answer = replace(answer, passages=evidence.found_alone)
            return self._with_reason(answer, request)
        if not reading.used_turns:
            return answer
        return replace(answer, understood=understood_after(question, turns[-1].question))

    def _with_reason(self, refusal: Answer, request: Request) -> Answer:
        """Return a refusal with a text that says why, as far as that is known."""
        if not seems_english(refusal.question):
            return refusal

        titles = request.asked.few_titles(MAX_TITLES_READ).values()

        def is_mentioned(word: str) -> bool:
            texts = [*titles, *(article.text for article in request.snapshot.values())]
            if any(word.casefold() in text.casefold() for text in texts):
                return True
            found = self._found([word], request)
            return contains_any([f"{each.title}\n{each.text}" for each in found], [word])

        reason = reason_for_refusal(refusal.question, is_mentioned, len(request.asked))
        return replace(refusal, text=reason)

    def _evidence(self, request: Request, question: str, turns: tuple[Turn, ...] = ()) -> Evidence:
        """Retrieve and read passages for ``question`` after ``turns``, once for each request."""
        if (question, turns) not in request.evidence:
            passages = found_alone = self._retrieve(request, question)
            if turns:
                limit = self._settings.max_question_chars
                together = self._retrieve(request, with_last_question(question, turns)[-limit:])
                most = self._settings.passages + _MORE_PASSAGES
                passages = merged((together, passages))[:most]
            with stage("read"):
                reading = self._reader.read(question, passages, turns)
            request.evidence[question, turns] = Evidence(passages, reading, found_alone)
        return request.evidence[question, turns]

    def _retrieve(self, request: Request, text: str) -> tuple[Passage, ...]:
        """Return the passages that match ``text``, and remember their articles."""
        with stage("retrieve"):
            vector = self._encode(request, text)
            found = self._retriever.retrieve_existing(
                text, self._settings.passages, request.article_ids, vector
            )
        unknown = {passage.article_id for passage in found} - request.snapshot.keys()
        request.snapshot.update((a.id, a) for a in self._library.existing(unknown))
        return tuple(
            with_tables(p, request.snapshot[p.article_id])
            for p in found
            if p.article_id in request.snapshot
        )


def _can_be_referred_to(turn: str | Answer) -> bool:
    """Return whether a later question can refer to a turn, which is not so for small talk."""
    return isinstance(turn, str) or turn.kind is Kind.ANSWER


def _with_language_note(answer: Answer, articles: Iterable[Article]) -> Answer:
    """Return ``answer`` with a note if its question or one of its articles is not in English."""
    texts = [language_of(article.text) for article in articles]
    note = language_note(language_of(answer.question), texts)
    return replace(answer, note=note) if note else answer
