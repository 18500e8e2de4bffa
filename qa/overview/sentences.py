"""The sentences of an article, and which of them can stand alone in an overview."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from index.types import Chunk, Span

MAX_CHARS = 420
"""What is longer is hardly a sentence, or none that one would quote in a summary."""
_MIN_WORDS = 5
_MIN_CHARS_WITHOUT_SPACES = 15
# Prose of the evaluation sets is above 0.75; tables, formulas and references are below.
_LEAST_LETTERS = 0.7
_ENDS = re.compile(r"[.!。！।]['\"”’»)\]」』]*\Z")
_BEGINS_WRONG = re.compile(r"\W*[a-zß-öø-ÿ]|[^\w\s“\"'‘’«「『(\[¿¡]|[(\[]?\d+[)\].]? ")
_WORD = re.compile(r"[^\W\d_]+")
_SPOKEN = re.compile(r"[“\"‘«「]")
_OPENING, _CLOSING = "“«「", "”»」"
_MARKDOWN_HEADING = re.compile(r"#{1,6}\s")
# What leans on the sentence before: a summary would leave its reader asking who or what.
_LEANS = re.compile(
    r"(?:he|she|it|they|his|her|its|their|this|that|these|those|such|here|there|him|we|i|you|my"
    r"|our|your|but|and|or|so|yet|however|therefore|thus|hence|moreover|furthermore|also|instead"
    r"|nevertheless|nonetheless|then|consequently|similarly|likewise|additionally|conversely"
    r"|another|both|again|still|meanwhile|afterwards|later|otherwise|indeed|finally|besides"
    r"|in addition|in contrast|on the other hand|for example|for instance|as a result|by contrast"
    r"|in turn|in other words|the (?:former|latter|same|above)"
    r"|(?:in|at|by|during|after|before|despite|with|for|from|because of|as) "
    r"(?:the same|that|these|those|such|this(?! (?:study|paper|work|article|review|report)))"
    r"|(?:because|although|though|while|when|since|if|as|after|before|once|until) "
    r"(?:he|she|they|it|this|these|those|such)|[^,]{3,60}, (?:he|she|they|it))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, and where it stands: ``article.text[start:end] == text``."""

    start: int
    end: int
    text: str
    heading: str
    """The heading it stands under."""
    chunk: int
    """Which chunk of the article it is of, from 0."""

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.start, self.end)

    @property
    def leans(self) -> bool:
        """Whether it begins with a word that leans on what stands before it."""
        return _LEANS.match(self.text) is not None

    @property
    def is_spoken(self) -> bool:
        """Whether it begins with a quotation mark: the words of somebody, not the article's."""
        return _SPOKEN.match(self.text) is not None


def sentences_of(chunks: Iterable[Chunk]) -> Iterator[Sentence]:
    """Yield the sentences of an article's chunks in order, without its headings."""
    for number, chunk in enumerate(chunks):
        for start, end in chunk.sentences:
            text = chunk.text[start - chunk.start : end - chunk.start]
            if text != chunk.heading and not _MARKDOWN_HEADING.match(text):
                yield Sentence(start, end, text, chunk.heading, number)


def is_statement(sentence: Sentence) -> bool:
    """Return whether a sentence is whole, tells something, and is prose.

    A question, an entry of a list, a caption, a line of a table or of code is not.
    """
    text = sentence.text
    if len(text) > MAX_CHARS or not _ENDS.search(text) or _BEGINS_WRONG.match(text):
        return False
    if "\n" in text.strip() and text.count("\n") > len(text) / 20:
        return False
    letters = _WORD.findall(text)
    solid = "".join(text.split())
    if sum(map(len, letters)) < _LEAST_LETTERS * len(solid):
        return False
    if any(text.count(a) != text.count(b) for a, b in zip(_OPENING, _CLOSING, strict=True)):
        return False  # of a quotation that runs over several sentences it is a part
    if text.count('"') % 2:
        return False
    many = " " not in text and len(text) >= _MIN_CHARS_WITHOUT_SPACES
    return many or (len(text.split()) >= _MIN_WORDS and len(letters) >= _MIN_WORDS - 1)
