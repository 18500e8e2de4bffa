"""Put checked sentences together to the text of an answer, with its marks and citations."""

from __future__ import annotations

from collections.abc import Sequence

from index.types import Span
from qa.answers.answer import BULLET
from qa.answers.citation import Citation
from qa.answers.claim import Claim
from qa.writing.evidence import Sentence
from qa.writing.reply import WrittenSentence
from qa.writing.statements import Statement


class Draft:
    """The answer so far.

    Args:
        sentences: The numbered sentences that the model was shown.
    """

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self._sentences = sentences
        self._numbers: dict[int, int] = {}
        self.text = ""
        self.marks: list[Span] = []
        self.claims: list[Claim] = []

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The cited sentences, in the order of their numbers in the answer."""
        return tuple(self._sentences[number - 1].cite() for number in self._numbers)

    def add(
        self, sentence: WrittenSentence, statements: Sequence[Statement]
    ) -> tuple[str, tuple[Claim, ...]]:
        """Append those of a sentence's statements that are shown.

        Return the text that was added and its claims.
        """
        before, first = len(self.text), len(self.claims)
        self._begin(sentence)
        for position, statement in enumerate(statements):
            self.text += " " if position else ""
            self._add_statement(statement)
        return self.text[before:], tuple(self.claims[first:])

    def add_label(self, label: WrittenSentence) -> tuple[str, tuple[Claim, ...]]:
        """Append a label, which is no claim, and return what was added."""
        before = len(self.text)
        self._begin(label)
        self.text += label.text
        return self.text[before:], ()

    def _begin(self, sentence: WrittenSentence) -> None:
        if self.text:
            self.text += "\n" if sentence.begins_line else " "
        if sentence.is_item:
            self.text += BULLET

    def _add_statement(self, statement: Statement) -> None:
        start = len(self.text)
        self.text += statement.text
        unsupported = tuple(Span(start + s, start + e) for s, e in statement.checked.unsupported)
        end = len(self.text)
        numbers = [self._number_of(number) for number in statement.numbers]
        for position, number in enumerate(numbers):
            self.text += "" if position else " "
            mark = f"[{number}]"
            self.marks.append(Span(len(self.text), len(self.text) + len(mark)))
            self.text += mark
        probability = statement.checked.probability
        claim = Claim(start, end, tuple(numbers), statement.status, probability, unsupported)
        self.claims.append(claim)

    def _number_of(self, number: int) -> int:
        """Return the answer's number for a sentence; they are numbered in order of use."""
        return self._numbers.setdefault(number, len(self._numbers) + 1)
