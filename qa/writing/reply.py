"""Read a language model's reply as it arrives: its sentences, their statements and their marks.

A reply is not to be trusted. Whatever is in it, the result is plain sentences on one line each,
with numbers that exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.sentences import split_sentences
from qa.output.escape import single_line
from qa.writing.prompt import NO_ANSWER

_NUMBER = r"(?:[^\W\d_]{1,9}[.:]?\s*)?\^?\d+"  # 3, ^3, sentence 3, and 3
_BETWEEN = r"(?:\s*[,;、，&+–—-]\s*|\s+)"
_MARK = re.compile(
    rf"[\[【]{{1,2}}\s*({_NUMBER}(?:{_BETWEEN}{_NUMBER})*)(?:†[^\[\]【】\n]{{0,40}})?\s*[\]】]{{1,2}}"
    r"(?:\((?:https?:|#)[^\s()]{0,200}\))?"
)
# What may be between two marks: [1], [2], and at the end of a sentence also [1] and [2].
_BETWEEN_MARKS = (
    rf"(?:\s*[,;、，&–—-]\s*(?={_MARK.pattern})"
    rf"|\s+[^\W\d_]{{1,4}}\s+(?={_MARK.pattern}\s*[.!?。]?\s*\Z))"
)
_LEADING_MARKS = re.compile(rf"(?:{_MARK.pattern}(?:{_BETWEEN_MARKS}|\s*))+")
_FURTHER_MARKS = re.compile(rf"(?:[,;、，&–—-]\s*)?{_LEADING_MARKS.pattern}")
_RANGE = re.compile(r"(\d+)(?:\s*[–—-]\s*\^?(\d+))?")
_MAX_RANGE = 20
_MAX_DIGITS = 6
# Markdown that models write however they are asked: it would be shown as it is.
_EMPHASIS = re.compile(r"(?<!\w)[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?!\w)|`+")
_HEADING = re.compile(r"\A\s*#{1,6}\s+")
_QUOTED = re.compile(r"\A\s*>\s+")
_FENCE = re.compile(r"\A\s*(?:```|~~~)\w*\s*\Z")
_ROW_EDGE = re.compile(r"\A\s*\|\s*|\s*\|\s*\Z|\s+\|(?=\s+[\[【])")
_CELL_END = re.compile(r"\s+\|\s+")
_LIST_ITEM = re.compile(r"\A\s*(?:[-*•‣–]|\d{1,2}[.)])\s+")
_SEMICOLON = re.compile(r"(?<=[;；])\s*")
_SENTENCE_END = re.compile(r"[.!?…。！？।؟][\"'”’»)\]】]*\Z")
_SURE_CHARS = 10
"""Characters of a sentence by which it is sure where the one before it, with its marks, ends."""
_LOOKS = 10
"""A sentence is looked for each time that the text has grown by this part of itself."""
_MIN_CLAUSE_CHARS = 25
"""A shorter part of a sentence is rarely a statement of its own."""
_MIN_SENTENCE_CHARS = 12
"""The same for words with a capital behind a mark, which replaces a full stop in some replies."""
_MAX_LABEL_WORDS = 5
"""A longer text before a colon may state something."""
_LIST_NUMBER = re.compile(r"\d{1,2}[.)]")
_THOUGHTS, _THOUGHTS_END = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence that states one thing."""

    text: str
    numbers: tuple[int, ...]
    """Numbers of the sentences that it cites; empty if it cites none."""


@dataclass(frozen=True, slots=True)
class WrittenSentence:
    """A sentence of a reply; its clauses, joined by spaces, are its text without marks."""

    clauses: tuple[Clause, ...]
    begins_line: bool = False
    """Whether it begins a new line."""
    is_item: bool = False
    """Whether it is an entry of a list."""
    is_heading: bool = False
    """Whether it was written as a heading, which states nothing."""

    @property
    def text(self) -> str:
        """The sentence without marks."""
        return " ".join(clause.text for clause in self.clauses)

    @property
    def is_label(self) -> bool:
        """Whether it only names what follows, as "Advantages:" does, and states nothing."""
        words = self.text.split()
        return self.text.endswith((":", "：")) and len(words) <= _MAX_LABEL_WORDS

    @property
    def is_refusal(self) -> bool:
        """Whether it says, as the prompt asks, that the text does not answer."""
        return _letters(self.text).startswith(_letters(NO_ANSWER))


class ReplyReader:
    """Splits a reply into sentences while it arrives.

    Args:
        sentences: How many numbered sentences the model was shown.
    """

    def __init__(self, sentences: int) -> None:
        self.removed_marks = 0
        """How many numbers led nowhere and were removed."""
        self._sentences = sentences
        self._buffer = ""
        self._next_look = 0
        """The length from which the buffer is searched for a sentence again."""
        self._may_think = True
        self._is_first = True

    def feed(self, piece: str) -> list[WrittenSentence]:
        """Take a piece and return the sentences that are complete with it."""
        self._buffer += piece
        if self._is_thinking() or len(self._buffer) < self._next_look:
            return []
        released = self._released(everything=False)
        # Looking at every piece would take time with the square of a long sentence, or worse.
        self._next_look = len(self._buffer) + max(1, len(self._buffer) // _LOOKS)
        return released

    def end(self, *, complete: bool) -> list[WrittenSentence]:
        """Return the remaining sentences; not the last one if the reply was cut inside it."""
        if self._is_thinking():
            return []
        self._buffer = _valid(self._buffer)
        if not complete and not _SENTENCE_END.search(_MARK.sub("", self._buffer).rstrip()):
            spans = split_sentences(self._buffer)
            self._buffer = self._buffer[: spans[-1].start] if spans else ""
        return self._released(everything=True)

    def _is_thinking(self) -> bool:
        """Return whether the reply so far is the model's thoughts, which are removed."""
        begun = self._buffer.lstrip()
        if not self._may_think or not begun:
            return False
        if len(begun) < len(_THOUGHTS) and _THOUGHTS.startswith(begun):
            return True
        if begun.startswith(_THOUGHTS):
            end = begun.find(_THOUGHTS_END)
            if end < 0:
                return True
            self._buffer = begun[end + len(_THOUGHTS_END) :]
        self._may_think = False
        return False

    def _released(self, *, everything: bool) -> list[WrittenSentence]:
        if not everything and _is_high_surrogate(self._buffer[-1:]):
            return []  # the other half is in the next piece
        self._buffer = _valid(self._buffer)
        segments = _segments(self._buffer, is_first=self._is_first)
        if everything:
            self._buffer = ""
        else:
            last = segments.pop() if segments else None
            if not segments or not last or len(last.text) < _SURE_CHARS:
                return []
            self._buffer = self._buffer[segments[-1].end :]
        return [sentence for each in segments for sentence in self._read(each)]

    def _read(self, segment: _Segment) -> Iterator[WrittenSentence]:
        is_item = segment.begins_line and bool(_LIST_ITEM.match(segment.text))
        text = _LIST_ITEM.sub("", segment.text) if segment.begins_line else segment.text
        is_heading = segment.begins_line and bool(_HEADING.match(text))
        for markup in (_FENCE, _HEADING, _QUOTED, _EMPHASIS):
            text = markup.sub("", text)
        text = _CELL_END.sub(", ", _ROW_EDGE.sub("", single_line(text)))
        if segment.begins_line and _LIST_NUMBER.fullmatch(_MARK.sub("", text).strip()):
            return
        clauses = tuple(self._clauses(text))
        if any(map(str.isalnum, "".join(clause.text for clause in clauses))):
            begins_line = segment.begins_line and not self._is_first
            self._is_first = False
            yield WrittenSentence(clauses, begins_line, is_item, is_heading)

    def _clauses(self, text: str) -> Iterator[Clause]:
        """Yield the clauses of a sentence: it is split after marks and semicolons."""
        leading = _LEADING_MARKS.match(text)
        own = self._numbers(leading[0]) if leading else ()
        parts = _parts(text[leading.end() :] if leading else text)
        cited = [(words, self._numbers(marks)) for words, marks in parts]
        everything = tuple(dict.fromkeys(own + tuple(n for _, numbers in cited for n in numbers)))
        for words, numbers in cited:
            for clause in _split_long(words):
                yield Clause(clause, (own + numbers) if numbers else everything)

    def _numbers(self, marks: str) -> tuple[int, ...]:
        """Return the numbers of some marks that exist, and count the others."""
        numbers: dict[int, None] = {}
        for match in _MARK.finditer(marks):
            for number in _numbers_in(match[1]):
                if 1 <= number <= self._sentences:
                    numbers[number] = None
                else:
                    self.removed_marks += 1
        return tuple(numbers)


@dataclass(frozen=True, slots=True)
class _Segment:
    """A sentence with the marks that follow it."""

    text: str
    end: int
    """Where it ends in the buffer, with those marks."""
    begins_line: bool


def _segments(text: str, *, is_first: bool) -> list[_Segment]:
    """Return the sentences of a text; marks at the start of one belong to the one before it.

    At the start of a line they belong to their own.
    """
    segments: list[_Segment] = []
    end = 0
    for span in split_sentences(text):
        words = text[span.start : span.end]
        begins_line = "\n" in text[end : span.start] or (is_first and not segments)
        marks = None if begins_line or not segments else _FURTHER_MARKS.match(words)
        if marks:
            last = segments[-1]
            at = span.start + marks.end()
            segments[-1] = _Segment(f"{last.text} {marks[0]}", at, last.begins_line)
            words = words[marks.end() :]
        if words:
            segments.append(_Segment(words, span.end, begins_line))
        end = span.end
    return segments


def _parts(text: str) -> list[tuple[str, str]]:
    """Return the runs of words of a sentence, each with the marks after it.

    A run too short to state anything is joined with the next one, or at the end with the last.
    """
    parts: list[tuple[str, str]] = []
    words, marks, position = "", "", 0
    for group in _LEADING_MARKS.finditer(text):
        words, marks = _joined(words, text[position : group.start()]), f"{marks}{group[0]}"
        position = group.end()
        if len(words) >= _MIN_CLAUSE_CHARS:
            parts.append((words, marks))
            words = marks = ""
    words = _joined(words, text[position:])
    least = _MIN_SENTENCE_CHARS if words[:1].isupper() else _MIN_CLAUSE_CHARS
    if parts and len(words) < least:
        last = parts.pop()
        words, marks = _joined(last[0], words), f"{last[1]}{marks}"
    return [*parts, (words, marks)] if words or marks else parts


def _joined(words: str, more: str) -> str:
    more = more.strip()
    space = " " if words and more[:1].isalnum() else ""
    return f"{words}{space}{more}"


def _split_long(words: str) -> list[str]:
    """Return the parts of a clause between semicolons, unless one is too short."""
    parts = [part.strip() for part in _SEMICOLON.split(words) if part.strip()]
    return parts if all(len(part) >= _MIN_CLAUSE_CHARS for part in parts) else [words]


def _numbers_in(listed: str) -> Iterator[int]:
    """Yield the numbers of a mark such as ``3, 5-7``; 0 for one that is far too large."""
    for first, last in _RANGE.findall(listed):
        if max(len(first), len(last)) > _MAX_DIGITS:
            yield 0
        else:
            yield from range(int(first), min(int(last or first), int(first) + _MAX_RANGE) + 1)


def _is_high_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udbff"


def _valid(text: str) -> str:
    """Return ``text`` with pairs of surrogates joined, and single ones replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, text.casefold()))
