"""Check each statement of a sentence against the sentences that it cites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from index.sentences import split_sentences
from qa.answers.claim import Status
from qa.writing.attribution import letter_runs, nearest_numbers
from qa.writing.claim_checker import Checked, Checker, Pair
from qa.writing.claim_language import ReplyLanguage, missing_numbers
from qa.writing.evidence import Sentence
from qa.writing.reply import Clause, WrittenSentence

_NEAREST = 2
"""Sentences that a statement is compared with if those it cites do not support it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A clause of a written sentence, checked."""

    text: str
    numbers: tuple[int, ...]
    """Numbers, from 1, of the sentences that it was checked against."""
    checked: Checked
    status: Status


class StatementChecker:
    """Checks the statements of one reply.

    Args:
        checker: Checks a claim against its evidence.
        sentences: The numbered sentences that the model was shown.
        requests: What is asked, and what was asked before in the conversation.
    """

    def __init__(
        self, checker: Checker, sentences: Sequence[Sentence], requests: Sequence[str] = ()
    ) -> None:
        self._checker = checker
        self._sentences = sentences
        self._language = ReplyLanguage(requests)

    def check(self, sentence: WrittenSentence) -> list[Statement]:
        """Return the statements of a sentence, each with whether its citations support it.

        Models often cite nothing, or another sentence than the right one. So a statement that its
        citations do not support is compared with the sentences most like it, if the first of these
        is not among its citations, and cites them if they support it.

        A statement in another language than English, or from such an article, is not checked. If
        neither a request nor an article calls for that language, it is not supported.
        """
        numbers = {number for clause in sentence.clauses for number in self._cited(clause)}
        articles = [self._sentences[number - 1].article for number in numbers]
        if not self._language.is_checkable(sentence.text, articles):
            is_expected = self._language.is_expected(articles)
            judged = self._unchecked if is_expected else self._unexpected
            return [judged(clause) for clause in sentence.clauses]
        statements = self._checked([(clause, clause.numbers) for clause in sentence.clauses])
        others = {
            i: (clause, nearest)
            for i, clause in enumerate(sentence.clauses)
            if statements[i].status is not Status.SUPPORTED
            and (nearest := self._nearest(clause))
            and nearest[0] not in clause.numbers
        }
        for i, other in zip(others, self._checked([*others.values()]), strict=True):
            if other.status is Status.SUPPORTED or (
                other.status is Status.PARTLY and not statements[i].numbers
            ):
                statements[i] = other
        return statements

    def _cited(self, clause: Clause) -> tuple[int, ...]:
        """Return what a clause cites, else the sentence most like it; names are in both."""
        return clause.numbers or self._nearest(clause)[:1]

    def _unchecked(self, clause: Clause) -> Statement:
        """Return a clause as a statement that is not checked, unless it cites nothing.

        If what it cites lacks a number in it, it cites the sentence most like it with all of them.
        """
        cited = [clause.numbers, *((number,) for number in self._nearest(clause))]
        found = [
            (missing_numbers(clause.text, self._evidence(numbers)), numbers)
            for numbers in cited
            if numbers
        ]
        if not found:
            return Statement(clause.text, (), Checked(0.0), Status.NOT_SUPPORTED)
        missing, numbers = next((each for each in found if not each[0]), found[0])
        return Statement(clause.text, numbers, Checked(0.0, missing), Status.UNCHECKED)

    def _unexpected(self, clause: Clause) -> Statement:
        """Return a clause in a language that nothing calls for as a statement."""
        return Statement(clause.text, self._cited(clause), Checked(0.0), Status.NOT_SUPPORTED)

    def _checked(self, cited: Sequence[tuple[Clause, tuple[int, ...]]]) -> list[Statement]:
        """Return the clauses as statements; those that cite nothing are not supported."""
        pairs = [Pair(clause.text, self._evidence(numbers)) for clause, numbers in cited]
        with_evidence = [pair for pair in pairs if pair.evidence.strip()]
        found = iter(self._checker.check(with_evidence) if with_evidence else ())
        statements = []
        for (clause, numbers), pair in zip(cited, pairs, strict=True):
            checked = next(found) if pair.evidence.strip() else Checked(0.0)
            statements.append(Statement(clause.text, numbers, checked, self._status(checked)))
        return statements

    def _status(self, checked: Checked) -> Status:
        if checked.probability >= self._checker.supported_from:
            return Status.SUPPORTED
        if checked.probability >= self._checker.partly_from:
            return Status.PARTLY
        return Status.NOT_SUPPORTED

    def _evidence(self, numbers: Sequence[int]) -> str:
        """Return the numbered sentences with their neighbours, each only once.

        A question is no evidence: that the text asks "Is it waterproof?" does not say that it is.
        """
        texts = (self._sentences[number - 1].with_neighbours for number in numbers)
        return "\n".join(_without_questions(text) for text in dict.fromkeys(texts))

    def _nearest(self, clause: Clause) -> tuple[int, ...]:
        return nearest_numbers(clause.text, self._runs, _NEAREST)

    @cached_property
    def _runs(self) -> list[frozenset[str]]:
        return [
            frozenset() if _is_question(sentence.text) else letter_runs(sentence.text)
            for sentence in self._sentences
        ]


def _without_questions(text: str) -> str:
    sentences = (text[span.start : span.end] for span in split_sentences(text))
    return " ".join(sentence for sentence in sentences if not _is_question(sentence))


def _is_question(sentence: str) -> bool:
    return sentence.rstrip().endswith(("?", "？", "؟"))
