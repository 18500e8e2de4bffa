from __future__ import annotations

import pytest

from qa.conversation.intent import contains_any, is_misspelled, is_typo_of, specific_words

GENERAL = frozenset("article summary give points key".split())


def test_a_word_that_is_not_general_is_specific() -> None:
    assert specific_words("Give me a summary of the treaty", GENERAL) == ["treaty"]
    assert specific_words("What are the key points of this article?", GENERAL) == []


def test_a_numbered_part_is_specific() -> None:
    assert "article 5" in specific_words("What is Article 5 about?", GENERAL | {"5"})


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("teh", "the"), ("artcle", "article"), ("articel", "article"), ("artiicle", "article"),
        ("sumary", "summary"), ("summsry", "summary"),
    ],
)  # fmt: skip
def test_a_word_with_one_typing_error_is_a_typo(word: str, known: str) -> None:
    assert is_typo_of(word, known)


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("article", "article"), ("war", "was"), ("dog", "do"), ("artcel", "article"),
        ("particle", "article"), ("1969", "1968"), ("summit", "summary"),
    ],
)  # fmt: skip
def test_another_word_is_not_a_typo(word: str, known: str) -> None:
    assert not is_typo_of(word, known)


def test_a_misspelled_general_word_is_recognised() -> None:
    assert is_misspelled("sumary", GENERAL)
    assert not is_misspelled("treaty", GENERAL)


def test_a_text_contains_a_word_in_any_inflection() -> None:
    assert contains_any(["The treaty was signed."], ["treaties"])
    assert not contains_any(["The treaty was signed."], ["dragon"])
    assert not contains_any(["The treaty was signed."], [])
