"""Answer in a language model's own words: find the evidence for a request, and have it written."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np
from cachetools import LRUCache

from index.embedding.embedder import Vectors
from index.errors import ArticleNotFound
from index.types import Article, Passage
from qa.answerer import Answerer, Request
from qa.answers.answer import Answer, Kind
from qa.answers.citation import Citation
from qa.conversation.language import may_be_english, seems_english
from qa.library import Library
from qa.writing.events import Event, Finished
from qa.writing.evidence import Material
from qa.writing.proposing import propose_questions
from qa.writing.rewriting import Rewriting, rewrite_follow_up
from qa.writing.sections import named_sections

if TYPE_CHECKING:  # slow to import, and rarely needed
    from qa.writing.writer import Writer

_MAX_WHOLE_ARTICLES = 3
"""Articles that a language model may be shown whole; of more, it is shown parts."""
_MAX_ARTICLES = 5
"""Articles of which a request about whole texts is shown key sentences, and of which a question is
shown a passage each."""
_ABOUT_WHOLE_TEXT = 0.02
"""Probability of asking for something other than a fact from which a request is about the whole
text, as "Explain it like I'm five" is. Chosen on 36 questions; of 40 other ones it finds all 20
such requests. It is also exceeded by 5.5 % of 400 questions for facts (squad_en, covidqa,
fairytale), which are then shown key sentences, too."""
_CACHED = 10_000
"""Embedded sentences: 15 MB."""
_KEY_SENTENCES = 60
"""Key sentences of each article; as many are shown as there is room for."""


class OwnWords:
    """Answers requests in a language model's words. Safe to use from several threads.

    Args:
        answerer: Answers them in the articles' own words.
        library: The articles.
        max_question_chars: The longest question that is answered.
    """

    def __init__(self, answerer: Answerer, library: Library, max_question_chars: int) -> None:
        self._answerer = answerer
        self._library = library
        self._max_question_chars = max_question_chars
        self._vectors: LRUCache[str, Vectors] = LRUCache(_CACHED)
        self._lock = threading.Lock()

    def events(
        self, request: Request, writer: Writer, stopped: threading.Event | None = None
    ) -> Generator[Event, None, None]:
        """Yield events until the answer is finished. Small talk is replied to without the model.

        A question after others is first rewritten by the model; :attr:`Answer.understood` is what
        it was rewritten to.

        Raises:
            QuestionError: One of the last questions before it is blank or too long.
        """
        answerer, question = self._answerer, request.question
        is_talk = answerer.intent(request).kind is Kind.TALK
        # What a message asks for is known only if it is in English.
        if is_talk and seems_english(question):
            yield Finished(answerer.with_notice(answerer.answer(request)))
            return
        stopped = stopped or threading.Event()
        turns = [t for t in request.history if isinstance(t, str) or t.kind is not Kind.TALK]
        rewriting = self._rewriting(question, turns, writer, stopped)
        if rewriting.question:
            request = replace(request, question=rewriting.question, history=())
        extractive = answerer.answer(request)
        if extractive.kind is Kind.TALK:
            extractive = answerer.answer_from_passages(request)
        if rewriting.question:
            extractive = replace(extractive, question=question, understood=rewriting.question)
        note, extractive = extractive.note, replace(extractive, note=None)
        earlier = [turn for turn in turns if isinstance(turn, Answer)]
        material = self._material(request, extractive, earlier)
        for event in writer.write(extractive, material, stopped):
            yield self._finished(event, note, rewriting) if isinstance(event, Finished) else event

    def propose(self, articles: Sequence[Article], writer: Writer, count: int) -> list[str]:
        """Return up to ``count`` questions that the model writes about articles.

        It is empty if the model fails. Whether the articles answer them is not known yet.
        """
        key = self._key_sentences(articles)
        material = Material(articles=articles, quoted=key[:1], key=key)
        return propose_questions(writer.model, material, count)

    def _finished(self, event: Finished, note: str | None, rewriting: Rewriting) -> Finished:
        """Return the last event with the cost of the rewriting, and the notes.

        ``note``, on the languages of question and articles, is about quoted answers only.
        """
        answer = event.answer
        if rewriting.usage:
            usage = answer.usage.after(rewriting.usage) if answer.usage else rewriting.usage
            answer = replace(answer, usage=usage)
        if note and not answer.engine:
            answer = replace(answer, note=" ".join(filter(None, (note, answer.note))))
        return replace(event, answer=self._answerer.with_notice(answer))

    def _rewriting(
        self, question: str, turns: Sequence[str | Answer], writer: Writer, stopped: threading.Event
    ) -> Rewriting:
        limit = self._max_question_chars
        return rewrite_follow_up(writer.model, question, turns, max_chars=limit, stopped=stopped)

    def _material(
        self, request: Request, extractive: Answer, earlier: Sequence[Answer]
    ) -> Material:
        """Return what the answer is written from.

        What the last answer cites is part of it: "Say that more simply" is about nothing else.
        """
        passages = self._passages(request, extractive)
        last = [c for turn in earlier[-1:] for c in turn.citations if c.article_id in request.asked]
        quoted = [*extractive.citations, *last]
        ids = [citation.article_id for citation in quoted]
        ids += [passage.article_id for passage in passages]
        whole = request.asked.few_titles(_MAX_WHOLE_ARTICLES)
        articles = self._library.existing(whole or ids)
        material = Material(
            articles=articles,
            quoted=quoted,
            earlier=earlier,
            passages=passages,
            sections=named_sections(request.question, articles),
            encode=self._encode,
        )
        if not self._is_about_whole_text(request, articles):
            return material
        first = self._library.existing(request.asked.titles(_MAX_ARTICLES))
        key = self._key_sentences(first)
        return replace(
            material,
            articles=self._library.existing([*(each.id for each in first), *ids]),
            quoted=material.quoted or key[:1],
            key=key,
        )

    def _encode(self, texts: Sequence[str]) -> Vectors:
        """Return ``(n, dimension)``; the sentences of an article are embedded once."""
        with self._lock:
            known = {text: self._vectors[text] for text in texts if text in self._vectors}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known |= zip(new, self._answerer.intent_embedder.encode_documents(new), strict=True)
        with self._lock:
            self._vectors.update((text, known[text]) for text in texts)
        return np.stack([known[text] for text in texts])

    def _passages(self, request: Request, extractive: Answer) -> list[Passage]:
        """Return the passages of an answer, which an overview lacks, and some of each article."""
        found = list(extractive.passages or self._answerer.passages(request))
        known = {passage.article_id for passage in found}
        for article_id in request.asked.few_titles(_MAX_ARTICLES):
            if article_id not in known:
                found += self._answerer.passages(request, article_id)[:1]
        return found

    def _is_about_whole_text(self, request: Request, articles: Sequence[Article]) -> bool:
        """Return whether passages alone may not be what a request needs.

        They are found, and requests recognized, in English only.
        """
        if not may_be_english(request.question):
            return True
        if not all(seems_english(article.text) for article in articles):
            return True
        return self._answerer.probability_not_factual(request) >= _ABOUT_WHOLE_TEXT

    def _key_sentences(self, articles: Sequence[Article]) -> list[Citation]:
        """Return the sentences that cover the articles, the first of each first."""
        lists = []
        for article in articles:
            with suppress(ArticleNotFound):  # removed meanwhile
                lists.append(self._answerer.overviews.key_sentences(article, _KEY_SENTENCES))
        return [each for rank in zip_longest(*lists) for each in rank if each]
