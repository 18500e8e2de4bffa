"""Replace compatibility letters, such as ligatures and full-width letters, by what they mean."""

from __future__ import annotations

import functools
import re
import unicodedata

# Without superscripts and fractions, since "10²" does not mean "102", nor "3½" "31⁄2".
_FORM = re.compile(r"<(?:wide|narrow|compat|font|circle|square|initial|medial|final|isolated)>")
_WIDTHS = ("<wide>", "<narrow>")
# Of other forms only these categories: "…" and "´" are plain text.
_LETTERS = ("L", "N", "So", "Sc", "Sm")


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
