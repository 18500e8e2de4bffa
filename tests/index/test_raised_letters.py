"""Superscripts and subscripts in plain text."""

from __future__ import annotations

import pytest

from index.letters import lowered, raised


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("6", "⁶"),
        ("-6", "⁻⁶"),
        ("\N{MINUS SIGN}12", "⁻¹²"),
        ("2+", "²⁺"),
        ("+", "⁺"),
        ("n", "ⁿ"),
        ("2.5", "².⁵"),
        ("1,2", "¹,²"),
        ("1, 3", "¹, ³"),
        ("[2]", "[2]"),
        ("(2)", "(2)"),
        ("(a)", "(a)"),
        ("*", "*"),
        ("th", "th"),
        ("e", "e"),
        ("a", " a"),
        ("x2", " x2"),
        ("", ""),
    ],
)
def test_a_superscript_does_not_join_the_word_before_it(text: str, plain: str) -> None:
    assert raised(text) == plain


@pytest.mark.parametrize(
    ("text", "plain"), [("2", "₂"), ("10", "₁₀"), ("1,2", "₁,₂"), ("max", "max"), ("n", "n")]
)
def test_a_subscript_of_digits_stays_a_subscript(text: str, plain: str) -> None:
    assert lowered(text) == plain
