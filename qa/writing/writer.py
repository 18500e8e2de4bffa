"""Write an answer with a language model, check every statement, and fall back on quotes."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from qa.answers.answer import Answer, Kind
from qa.answers.claim import Status
from qa.answers.usage import Usage
from qa.output.to_text import nearest
from qa.writing.claim_checker import Checker
from qa.writing.draft import Draft
from qa.writing.events import Event, Finished, Piece, SentenceChecked
from qa.writing.evidence import Material, Sentence, select_sentences
from qa.writing.language_model import CHARS_PER_TOKEN, Ending, LanguageModel, Message, ModelFault
from qa.writing.planted import without_planted
from qa.writing.prompt import prompt_for, tokens_besides_sentences
from qa.writing.reply import ReplyReader, WrittenSentence
from qa.writing.statements import StatementChecker

_MIN_EVIDENCE_TOKENS = 64
_MAX_REPEATED = 3
"""Sentences that a model may write again before it is stopped: small models go round in circles."""
_NO_ROOM = "The question and its sentences do not fit the language model's context (llm_context)."
_NOTHING_GENUINE = "No sentence of the text has to do with the question."
_UNSUPPORTED = "The text supports nothing of what the language model wrote."
_NOTHING = "The language model wrote nothing that can be used."
_REFUSED = "The language model found no answer in the text."
_INSTEAD = "The answer is quoted instead."
_STOPPED = "Stopped before the answer was complete."
_CUT = "The answer was cut where it reached the limit of its length (llm_max_tokens)."


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes answers in a language model's words. Safe to use from several threads."""

    model: LanguageModel
    checker: Checker
    """Checks each statement against the sentences that it cites."""
    unsupported: str = "drop"
    """What happens to statements that are not supported; see :class:`qa.settings.Settings`."""
    max_tokens: int = 512
    """The most tokens of a reply."""

    def write(
        self,
        extractive: Answer,
        material: Material,
        stopped: threading.Event | None = None,
    ) -> Generator[Event, None, None]:
        """Yield events while the answer is written; the last one is :class:`Finished`.

        The answer is ``extractive`` if there is nothing to write from, if the model fails, and if
        nothing that it writes is supported; its note then says why.

        Args:
            extractive: The answer in the articles' own words.
            material: The articles, and the sentences that matter most.
            stopped: Set to stop the model's work; the answer is then what there is of it.
        """
        if not _has_evidence(extractive, material):
            yield Finished(extractive)
            return
        if stopped and stopped.is_set():
            yield Finished(_quoted(extractive, _STOPPED))
            return
        question = extractive.understood or extractive.question
        besides = tokens_besides_sentences(question, material.earlier)
        room = self.model.context_tokens - self.max_tokens - besides
        sentences = (
            select_sentences(material, extractive.passages, room)
            if room >= _MIN_EVIDENCE_TOKENS
            else []
        )
        if not sentences:
            yield Finished(_quoted(extractive, _NO_ROOM))
            return
        sentences = _genuine(sentences, extractive, material)
        if not sentences:
            yield Finished(_quoted(extractive, _NOTHING_GENUINE))
            return
        messages = prompt_for(question, sentences, material.earlier)
        before = [turn.question for turn in material.earlier]
        statements = StatementChecker(
            self.checker, sentences, [*before, extractive.question, question]
        )
        writing = _Writing(self, extractive, sentences, statements, stopped or threading.Event())
        yield from writing.events(messages)

    def close(self) -> None:
        """Free the language model."""
        self.model.close()


class _Writing:
    """The writing of one answer."""

    def __init__(
        self,
        writer: Writer,
        extractive: Answer,
        sentences: Sequence[Sentence],
        statements: StatementChecker,
        stopped: threading.Event,
    ) -> None:
        self._writer = writer
        self._extractive = extractive
        self._stopped = stopped
        self._reader = ReplyReader(len(sentences))
        self._statements = statements
        self._draft = Draft(sentences)
        self._dropped: list[str] = []
        self._seen: set[str] = set()
        self._repeated = 0
        self._is_refusal = False
        self._label: WrittenSentence | None = None
        """A label that is shown if something that follows it is."""
        self._label_has_items = False
        self._first_word: float | None = None

    def events(self, messages: Sequence[Message]) -> Iterator[Event]:
        """Yield the events of the reply to ``messages``, the finished answer last."""
        begun = time.monotonic()
        reply = self._writer.model.write(
            messages, max_tokens=self._writer.max_tokens, stopped=self._stopped
        )
        ending, fault = Ending(None, None, complete=False), None
        try:
            with closing(reply):
                ending = yield from self._read(reply)
        except ModelFault as error:
            fault = str(error)
        first = None if self._first_word is None else self._first_word - begun
        seconds = time.monotonic() - begun
        usage = Usage(ending.prompt_tokens, ending.written_tokens, seconds, first)
        answer = self._answer(fault, ending)
        yield Finished(
            replace(answer, usage=usage), tuple(self._dropped), self._reader.removed_marks
        )

    def _read(self, reply: Generator[str, None, Ending]) -> Generator[Event, None, Ending]:
        """Yield the events of a reply as it arrives, and return how it ended."""
        room = self._writer.max_tokens * CHARS_PER_TOKEN
        while room > 0 and not self._is_refusal and self._repeated < _MAX_REPEATED:
            try:
                piece = next(reply)
            except StopIteration as end:
                ending: Ending = end.value
                break
            self._first_word = self._first_word or time.monotonic()
            if self._writer.unsupported != "drop":
                yield Piece(piece)
            for sentence in self._reader.feed(piece[:room]):
                yield from self._check(sentence)
            room -= len(piece)
        else:
            ending = Ending(None, None, complete=room > 0)
        for sentence in self._reader.end(complete=ending.complete):
            yield from self._check(sentence)
        return ending

    def _check(self, sentence: WrittenSentence) -> Iterator[SentenceChecked]:
        """Check a sentence, add what is shown of it to the draft, and yield that."""
        if self._is_refusal or sentence.is_refusal:
            self._is_refusal = self._is_refusal or not self._seen
            return
        if sentence.text in self._seen:
            self._repeated += 1
            return
        if sentence.is_label:
            self._label, self._label_has_items = sentence, False
            return
        if self._label and not sentence.is_item and self._label_has_items:
            self._label = None  # what it names was left out
        self._label_has_items = sentence.is_item
        self._seen.add(sentence.text)
        shown = statements = self._statements.check(sentence)
        if self._writer.unsupported == "drop":
            shown = [each for each in statements if each.status is not Status.NOT_SUPPORTED]
            dropped = [each.text for each in statements if each not in shown]
            if not sentence.is_heading:
                self._dropped += [text for text in dropped if not _is_lead_in(text)]
        if shown:
            if self._label:
                yield SentenceChecked(*self._draft.add_label(self._label))
            self._label = None
            yield SentenceChecked(*self._draft.add(sentence, shown))

    def _answer(self, fault: str | None, ending: Ending) -> Answer:
        """Return the written answer, or the extractive one with a note that says why."""
        draft, writer = self._draft, self._writer
        keeps_all = writer.unsupported == "keep"
        good = [each for each in draft.claims if each.status is not Status.NOT_SUPPORTED]
        if fault:
            return _quoted(self._extractive, fault)
        if self._is_refusal:
            return _quoted(self._extractive, _REFUSED)
        if not draft.claims or not (good or keeps_all):
            if self._stopped.is_set():
                return _quoted(self._extractive, _STOPPED)
            return _quoted(self._extractive, _UNSUPPORTED if self._seen else _NOTHING)
        return replace(
            self._extractive,
            text=draft.text,
            short=None,
            short_at=None,
            shorts_at=(),
            verdict=None,
            kind=Kind.ANSWER,
            citations=draft.citations,
            marks=tuple(draft.marks),
            claims=tuple(draft.claims),
            engine=writer.model.name,
            answered=True,
            confidence=min(claim.probability for claim in draft.claims),
            note=_joined(self._extractive.note, self._note(ending)),
        )

    def _note(self, ending: Ending) -> str | None:
        """Return what must be said about a written answer, if anything."""
        notes = []
        if count := len(self._dropped):
            one = count == 1
            statements = "1 statement is" if one else f"{count} statements are"
            them = "it" if one else "them"
            notes.append(f"{statements} left out, as the text does not support {them}.")
        if self._stopped.is_set():
            notes.append(_STOPPED)
        elif not ending.complete:
            notes.append(_CUT)
        return " ".join(notes) or None


def _is_lead_in(text: str) -> bool:
    """Return whether a statement only introduces what follows, such as ``Here is a summary:``."""
    return text.rstrip(" ,;").endswith((":", "："))


def _has_evidence(extractive: Answer, material: Material) -> bool:
    """Return whether there is anything to write from: quotes, or passages near the question."""
    if extractive.kind is Kind.TALK:
        return False
    return bool(material.quoted or nearest(extractive))


def _genuine(sentences: list[Sentence], extractive: Answer, material: Material) -> list[Sentence]:
    """Return the sentences without those that seem to be planted in their article."""
    if material.encode is None:
        return sentences
    # Those of an overview were chosen by rules, which a planted sentence can satisfy.
    quoted = material.quoted if extractive.kind is Kind.ANSWER else ()
    question = extractive.understood or extractive.question
    return without_planted(sentences, material.encode, question, quoted)


def _quoted(extractive: Answer, reason: str) -> Answer:
    """Return the extractive answer with the reason why it is shown."""
    note = f"{reason} {_INSTEAD}" if extractive.answered else reason
    return replace(extractive, note=_joined(extractive.note, note))


def _joined(*notes: str | None) -> str | None:
    return " ".join(filter(None, notes)) or None
