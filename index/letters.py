"""Write special letters plainly: ligatures, full-width letters, raised and lowered digits."""

from __future__ import annotations

import functools
import re
import unicodedata

# Without superscripts and fractions, since "10²" does not mean "102", nor "3½" "31⁄2".
_FORM = re.compile(r"<(?:wide|narrow|compat|font|circle|square|initial|medial|final|isolated)>")
_WIDTHS = ("<wide>", "<narrow>")
# Of other forms only these categories: "…" and "´" are plain text.
_LETTERS = ("L", "N", "So", "Sc", "Sm")

_DIGITS = "0123456789+-\N{MINUS SIGN}\N{EN DASH}=()"
_RAISED = str.maketrans(_DIGITS + "ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans(_DIGITS, "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎")
# "1,2" names two notes, "2.5" is an exponent.
_NUMBER = re.compile(r"[-+\u2212\u2013=(]*[0-9][-+\u2212\u2013=()0-9,.;\s]*|[+\-\u2212\u2013]|[ni]")
# "e" ends ordinals in French, such as "XIXe".
_WHOLE_WORD = re.compile(r"[^\W\d_]{2,}\.?|[eºª]")


@functools.lru_cache(maxsize=10_000)
def plain_letter(letter: str) -> str:
    """Return what a compatibility letter means, as one or more plain ones; else ``letter``."""
    form = _FORM.match(unicodedata.decomposition(letter))
    if form is None or letter.isspace():
        return letter
    if form[0] in _WIDTHS or unicodedata.category(letter).startswith(_LETTERS):
        return unicodedata.normalize("NFKC", letter)
    return letter


def compatibility_letters(text: str) -> dict[str, str]:
    """Return the meaning of each compatibility letter in ``text``."""
    if text.isascii():
        return {}
    meanings = {letter: plain_letter(letter) for letter in set(text)}
    return {letter: meaning for letter, meaning in meanings.items() if meaning != letter}


def plain_letters(text: str) -> str:
    """Return ``text`` with compatibility letters replaced; the same string if it has none."""
    letters = compatibility_letters(text)
    meanings = {ord(letter): meaning for letter, meaning in letters.items()}
    return text.translate(meanings) if meanings else text


def raised(text: str) -> str:
    """Return the plain text of a superscript so that it does not join the word before it.

    Numbers become superscript digits (``10⁶``, ``million¹``). Notes in brackets (``[2]``), signs
    (``*``) and the ends of words (``5th``) stay as they are; anything else gets a space before it.
    """
    if _NUMBER.fullmatch(text) and not text.startswith("("):
        return text.translate(_RAISED)
    if _WHOLE_WORD.fullmatch(text) or not text[:1].isalnum():
        return text
    return f" {text}"


def lowered(text: str) -> str:
    """Return the plain text of a subscript: numbers as subscript digits (``H₂O``)."""
    return text.translate(_LOWERED) if _NUMBER.fullmatch(text) else text
