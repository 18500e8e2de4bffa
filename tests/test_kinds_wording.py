from __future__ import annotations

import pytest

from qa.conversation.intent import any_stands_in, is_mistyped, is_slip_of, particular_words

GENERAL = frozenset("article summary give points key".split())


def test_a_word_that_is_not_general_is_particular() -> None:
    assert particular_words("Give me a summary of the treaty", GENERAL) == ["treaty"]
    assert particular_words("What are the key points of this article?", GENERAL) == []


def test_a_part_by_its_number_is_particular() -> None:
    assert "article 5" in particular_words("What is Article 5 about?", GENERAL | {"5"})


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("teh", "the"), ("artcle", "article"), ("articel", "article"), ("artiicle", "article"),
        ("sumary", "summary"), ("summsry", "summary"),
    ],
)  # fmt: skip
def test_one_slip_of_the_keyboard_is_one(word: str, known: str) -> None:
    assert is_slip_of(word, known)


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("article", "article"), ("war", "was"), ("dog", "do"), ("artcel", "article"),
        ("particle", "article"), ("1969", "1968"), ("summit", "summary"),
    ],
)  # fmt: skip
def test_another_word_is_none(word: str, known: str) -> None:
    assert not is_slip_of(word, known)


def test_a_mistyped_word_is_one_of_the_general() -> None:
    assert is_mistyped("sumary", GENERAL)
    assert not is_mistyped("treaty", GENERAL)


def test_a_word_stands_in_a_text_in_any_form() -> None:
    assert any_stands_in(["treaties"], ["The treaty was signed."])
    assert not any_stands_in(["dragon"], ["The treaty was signed."])
    assert not any_stands_in([], ["The treaty was signed."])
