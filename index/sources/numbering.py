"""Write the numbers of lists, headings and notes as documents show them."""

from __future__ import annotations

from collections.abc import Callable

from index.letters import raised

_MAX_ROMAN = 3_999
_MAX_LETTERS = 26 * 30  # "zz…z" with 30 letters
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
    (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщэюя"
_NOTE_SIGNS = "*†‡§"
_MAX_CIRCLED = 20
_CHINESE_DIGITS = "〇一二三四五六七八九"
_MAX_CHINESE = 99
_ROMAN_MARKS = str.maketrans("ivxlcdm", "ⁱᵛˣˡᶜᵈᵐ")


def roman(number: int) -> str:
    """Return a number as a small Roman numeral, or in digits if there is none."""
    if not 0 < number <= _MAX_ROMAN:
        return str(number)
    text = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        text += letters * count
    return text


def repeated_letter(number: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz") -> str:
    """Return a, b, … z, aa, bb, … (as Word counts), or digits if it is out of range."""
    if not 0 < number <= _MAX_LETTERS:
        return str(number)
    turns, letter = divmod(number - 1, len(alphabet))
    return alphabet[letter] * (turns + 1)


def letter_number(number: int) -> str:
    """Return a, b, … z, aa, ab, … (as spreadsheets count), or digits if it is not positive."""
    if number <= 0:
        return str(number)
    text = ""
    while number:
        number, letter = divmod(number - 1, 26)
        text = chr(ord("a") + letter) + text
    return text


def formatted_number(number: int, number_format: str) -> str:
    """Return a number in one of the formats of Office Open XML (``w:numFmt``).

    Formats that are unknown or have no sign for the number give digits.
    """
    write = _FORMATS.get(number_format)
    return str(number) if write is None else write(number)


def note_mark(number: str) -> str:
    """Return the mark of a note in superscript letters, as far as there are any."""
    small = number.translate(_ROMAN_MARKS)
    return raised(number).strip() if small == number else small


def _ordinal_ending(number: int) -> str:
    if number // 10 % 10 == 1:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _note_sign(number: int) -> str:
    if not 0 < number <= _MAX_LETTERS:
        return str(number)
    turns, sign = divmod(number - 1, len(_NOTE_SIGNS))
    return _NOTE_SIGNS[sign] * (turns + 1)


def _circled(number: int) -> str:
    return chr(ord("①") + number - 1) if 0 < number <= _MAX_CIRCLED else str(number)


def _chinese(number: int) -> str:
    if not 0 < number <= _MAX_CHINESE:
        return str(number)
    tens, ones = divmod(number, 10)
    text = (_CHINESE_DIGITS[tens] if tens > 1 else "") + ("十" if tens else "")
    return text + (_CHINESE_DIGITS[ones] if ones else "")


_FORMATS: dict[str, Callable[[int], str]] = {
    "none": lambda _: "",
    "bullet": lambda _: "",
    "decimalZero": lambda number: f"{number:02d}",
    "lowerRoman": roman,
    "upperRoman": lambda number: roman(number).upper(),
    "lowerLetter": repeated_letter,
    "upperLetter": lambda number: repeated_letter(number).upper(),
    "russianLower": lambda number: repeated_letter(number, _RUSSIAN),
    "russianUpper": lambda number: repeated_letter(number, _RUSSIAN).upper(),
    "ordinal": lambda number: f"{number}{_ordinal_ending(number)}",
    "chicago": _note_sign,
    "decimalEnclosedCircle": _circled,
    "chineseCounting": _chinese,
    "chineseCountingThousand": _chinese,
    "japaneseCounting": _chinese,
    "koreanCounting": _chinese,
}
