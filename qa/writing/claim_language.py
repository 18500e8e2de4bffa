"""Tell which statements the checker cannot judge, because it knows English only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from index.types import Article, Span
from qa.conversation.language import (
    ENGLISH,
    language_of,
    may_be_english,
    may_want_other_language,
    seems_english,
)

_NUMBER = re.compile(r"\d+(?:[.,  '’]?\d+)*")


class ReplyLanguage:
    """Follows the language of a reply, sentence by sentence.

    Args:
        requests: What is asked, and what was asked before in the conversation.
    """

    def __init__(self, requests: Iterable[str] = ()) -> None:
        self._requests = tuple(requests)
        self._so_far = ""
        self._articles: dict[str, bool] = {}

    def is_checkable(self, sentence: str, articles: Iterable[Article]) -> bool:
        """Return whether the next sentence, and the articles that it cites, may be in English.

        Of a sentence too short to tell, the reply so far decides.
        """
        self._so_far += f" {sentence}"
        may_be = may_be_english(sentence) and seems_english(self._so_far)
        return (may_be or language_of(sentence) == ENGLISH) and all(map(self._is_english, articles))

    def is_expected(self, articles: Iterable[Article]) -> bool:
        """Return whether a request or one of the articles calls for another language than English.

        Else something planted in an article may have, so that nothing would be checked.
        """
        return self._is_asked_for or not all(map(self._is_english, articles))

    @cached_property
    def _is_asked_for(self) -> bool:
        return any(map(may_want_other_language, self._requests))

    def _is_english(self, article: Article) -> bool:
        if article.id not in self._articles:
            self._articles[article.id] = seems_english(article.text)
        return self._articles[article.id]


def missing_numbers(statement: str, evidence: str) -> tuple[Span, ...]:
    """Return the offsets of the numbers in digits that the evidence has nowhere.

    They are the same in many languages, but for the marks between their digits.
    """
    known = {_digits(match[0]) for match in _NUMBER.finditer(evidence)}
    found = _NUMBER.finditer(statement)
    return tuple(Span(*match.span()) for match in found if _digits(match[0]) not in known)


def _digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))
