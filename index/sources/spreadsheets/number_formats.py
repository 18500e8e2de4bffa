"""Write the numbers of Excel as their cells show them: dates, percentages, amounts."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext
from fractions import Fraction
from typing import TypeAlias

GENERAL = "General"
# ECMA-376, part 1, 18.8.30; numeric dates are written in ISO 8601, whatever their order is.
BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00",
    12: "# ?/?", 13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy",
    18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm",
    37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)", 41: "#,##0", 42: "$#,##0", 43: "#,##0.00", 44: "$#,##0.00",
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
    **dict.fromkeys((*range(27, 37), *range(50, 59)), "yyyy-mm-dd"),
}  # fmt: skip
_MAX_CODE_CHARS = 255
_MAX_DECIMALS = 30
_WHOLE_DIGITS = 15  # that Excel shows
_STORED = Context(prec=_WHOLE_DIGITS)
_DOUBLE_DIGITS = 700  # of the largest number with the most decimals
_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|[_*].|\[(\$[^\]]*|[^\]]*)\]|(AM/PM|A/P|General|E[+-]|y+|m+|d+|h+|s+|e+'
    r"|[0#?]+|.)",
    re.IGNORECASE | re.DOTALL,
)
_CURRENCY = re.compile(r"\$([^-\]]*)")
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_TIME_LETTERS = tuple("hnsa")
_DATE_LETTERS = re.compile(r"[ymdhs]", re.IGNORECASE)
_STRFTIME = {
    "y": "%y", "yy": "%y", "mmm": "%b", "mmmm": "%B", "ddd": "%a", "dddd": "%A",
}  # fmt: skip
_SECONDS = {"h": 3_600, "m": 60, "s": 1}
_NUMBER = re.compile(r"([0#?,]*)(?:\.([0#?]*)(,*))?(?:E[+-]?([0#?]+))?", re.IGNORECASE)
_FRACTION = re.compile(r"([0#? ]*?)([0#?]+)\s*/\s*([0#?]+|\d+)")

_Token: TypeAlias = tuple[str, bool]  # text, and whether it is written as it is


@functools.lru_cache(maxsize=100_000)
def format_number(value: str, code: str, *, from_1904: bool = False) -> str:
    """Return a number as its cell shows it.

    Args:
        value: The stored number, such as ``"45356.0"``.
        code: The format code of its cell, such as ``"0.00%"``.
        from_1904: Whether days are counted from 1904 instead of 1900.
    """
    try:
        number = _STORED.create_decimal(value)
    except InvalidOperation:
        return value
    if not number.is_finite() or abs(number.adjusted()) > 300:  # noqa: PLR2004 - a double's range
        return value
    sections = _sections(code[:_MAX_CODE_CHARS])
    is_negated = number < 0 and len(sections) > 1
    is_zero = number == 0 and len(sections) > 2  # noqa: PLR2004 - positive, negative, zero
    tokens = sections[1 if is_negated else 2 if is_zero else 0]
    if not tokens and len(sections) > 1:
        return ""
    shape = "".join(text for text, is_literal in tokens if not is_literal)
    shown = abs(number) if is_negated else number
    if "general" in shape.lower() or "@" in shape or not tokens:
        general = _general(shown)
        pieces = [text if literal else general for text, literal in tokens] or [general]
        return "".join(pieces).strip()
    if _DATE_LETTERS.search(re.sub(r"E[+-]", "", shape, flags=re.IGNORECASE)):
        return _date(number, tokens, from_1904=from_1904) or _general(number)
    with localcontext(prec=_DOUBLE_DIGITS, rounding=ROUND_HALF_UP):
        return _amount(shown, tokens).strip()


@functools.lru_cache(maxsize=1_000)
def _sections(code: str) -> tuple[tuple[_Token, ...], ...]:
    """Return the tokens of a code for positive and negative numbers, zero and text."""
    sections = [""]
    for match in re.finditer(r'"[^"]*"|\\.|\[[^\]]*\]|.', code, re.DOTALL):
        if match[0] == ";":
            sections.append("")
        else:
            sections[-1] += match[0]
    return tuple(tuple(_tokens(section)) for section in sections)


def _tokens(section: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(section):
        quoted, escaped, bracket, other = match.groups()
        if quoted is not None or escaped is not None:
            yield quoted if quoted is not None else escaped, True
        elif bracket is not None:
            currency = _CURRENCY.match(bracket)
            if currency:
                yield currency[1], True
            elif _ELAPSED.fullmatch(bracket):
                yield f"[{bracket}]", False
        elif other is not None:
            yield other, False
        elif match[0][0] == "_":
            yield " ", True


def _general(number: Decimal) -> str:
    if number == number.to_integral_value() and abs(number) < 10**_WHOLE_DIGITS:
        return str(int(number))
    return f"{float(number):.11g}".replace("e+", "E+").replace("e-", "E-")


def _amount(number: Decimal, tokens: Sequence[_Token]) -> str:
    """Return a number by a code such as ``#,##0.00 "kg"``."""
    places = [at for at, token in enumerate(tokens) if not token[1] and token[0][0] in "0#?"]
    if not places:
        return "".join(text for text, _ in tokens)
    first, last = places[0], places[-1]
    while first > 0 and tokens[first - 1] in ((".", False), (",", False)):
        first -= 1
    while last + 1 < len(tokens) and tokens[last + 1] in ((",", False), (".", False)):
        last += 1
    before = "".join(text for text, _ in tokens[:first])
    after = "".join(text for text, _ in tokens[last + 1 :])
    percents = sum(text == "%" for text, is_literal in tokens if not is_literal)
    inner = tokens[first : last + 1]
    sign = "-" if number < 0 else ""
    number = abs(number) * 100**percents
    if any(is_literal for _, is_literal in inner) or any(text in "-() " for text, _ in inner):
        body = _fraction(number, inner) or _filled(number, inner)
    else:
        body = _fraction(number, inner) or _digits(number, "".join(text for text, _ in inner))
    if not body.strip("0.,"):
        sign = ""
    return f"{sign}{before}{body}{after}"


def _digits(number: Decimal, shape: str) -> str:
    match = _NUMBER.fullmatch(shape)
    if match is None:
        return _general(number)
    whole, decimals, exponent = match[1], match[2] or "", match[4]
    least = min(decimals.count("0"), _MAX_DECIMALS)
    most = min(len(decimals), _MAX_DECIMALS)
    if exponent is not None:
        mantissa, _, power = f"{number:.{most}E}".partition("E")
        return f"{mantissa}E{power[0]}{power[1:].zfill(len(exponent))}"
    scaled = whole.rstrip(",")
    number /= Decimal(1000) ** (len(whole) - len(scaled) + len(match[3] or ""))
    digits, _, fraction = f"{number:.{most}f}".partition(".")
    fraction = fraction[:least] + fraction[least:].rstrip("0")
    digits = digits.zfill(scaled.count("0")) if digits != "0" or "0" in scaled else ""
    if "," in scaled and digits.isdecimal():
        digits = f"{int(digits):,}".rjust(len(digits), "0")
    return f"{digits}.{fraction}" if fraction else digits


def _filled(number: Decimal, inner: Sequence[_Token]) -> str:
    """Return the digits of a whole number in a pattern such as ``000-00-0000``."""
    digits = list(str(int(number.to_integral_value())))
    pieces: list[str] = []
    for text, is_literal in reversed(inner):
        if is_literal or text[0] not in "0#?":
            pieces.append(text)
            continue
        for sign in reversed(text):
            if digits:
                pieces.append(digits.pop())
            elif sign == "0":
                pieces.append("0")
    return "".join([*digits, *reversed(pieces)]).strip(" -")


def _fraction(number: Decimal, inner: Sequence[_Token]) -> str:
    match = _FRACTION.fullmatch("".join(text for text, _ in inner))
    if match is None:
        return ""
    if match[3].isdecimal() and match[3].strip("0"):
        bottom = int(match[3])
        value = Fraction(round(number * bottom), bottom)
    else:
        value = Fraction(number).limit_denominator(10 ** min(len(match[3]), 4) - 1)
    if not match[1].strip():
        return f"{value.numerator}/{value.denominator}"
    whole, rest = divmod(value, 1)
    parts = [str(whole)] * bool(whole or not rest)
    return " ".join(parts + [f"{rest.numerator}/{rest.denominator}"] * bool(rest))


def _date(number: Decimal, tokens: Sequence[_Token], *, from_1904: bool) -> str:
    """Return a date or time; "" if the number is outside of what Excel shows."""
    days = float(number)
    # Day 60 is 29 February 1900, which did not exist.
    day_before = datetime(1899, 12, 31 if days < 60 else 30)  # noqa: PLR2004
    start = datetime(1904, 1, 1) if from_1904 else day_before
    if not 0 <= days < 2_958_466:  # noqa: PLR2004 - to the year 9999
        return ""
    moment = start + timedelta(seconds=round(days * 86_400, 3))
    has_fraction = any(text.startswith("0") for text, is_literal in tokens if not is_literal)
    if not has_fraction:
        moment = (moment + timedelta(seconds=0.5)).replace(microsecond=0)
    letters = _with_minutes(["" if is_literal else text.lower() for text, is_literal in tokens])
    has_noon = any(letter in {"am/pm", "a/p"} for letter in letters)
    pieces = [
        text if is_literal else _date_piece(letter, text, moment, days, has_noon)
        for (text, is_literal), letter in zip(tokens, letters, strict=True)
    ]
    if {letter[:1] for letter in letters} >= set("ymd") and "mmm" not in "".join(letters):
        # Whether 3/5 is in March or in May depends on the reader's country.
        times = [at for at, letter in enumerate(letters) if letter.strip("[]")[:1] in _TIME_LETTERS]
        time = "".join(pieces[times[0] : times[-1] + 1]) if times else ""
        return f"{moment:%Y-%m-%d} {time}".strip()
    return "".join(pieces).strip()


def _with_minutes(letters: list[str]) -> list[str]:
    """Return the letters of a code with "n" for minutes instead of the ambiguous "m"."""
    found = list(letters)
    parts = [at for at, text in enumerate(letters) if text.strip("[]")[:1] in tuple("ymdhs")]
    for place, at in enumerate(parts):
        if letters[at] in {"m", "mm"}:
            before = letters[parts[place - 1]].strip("[]")[:1] if place else ""
            after = letters[parts[place + 1]].strip("[]")[:1] if place + 1 < len(parts) else ""
            if before == "h" or after == "s":
                found[at] = "n" * len(letters[at])
    return found


def _date_piece(
    letter: str,
    text: str,
    moment: datetime,
    days: float,
    has_noon: bool,  # noqa: FBT001 - one call
) -> str:
    """Return what a token of a date code stands for at a moment."""
    if letter in _STRFTIME:
        return f"{moment:{_STRFTIME[letter]}}"
    if letter[:1] == "[":
        return str(round(days * 86_400) // _SECONDS[letter[1]]).zfill(len(letter) - 2)
    if letter[:1] == "0":
        return f"{moment.microsecond:06}"[: len(letter)]
    values = {
        "y": moment.year, "e": moment.year, "m": moment.month, "d": moment.day,
        "h": moment.hour % 12 or 12 if has_noon else moment.hour,
        "n": moment.minute, "s": moment.second,
    }  # fmt: skip
    if letter[:1] in values:
        return str(values[letter[0]]).zfill(len(letter))
    if letter in {"am/pm", "a/p"}:
        return ("AM" if moment.hour < 12 else "PM")[: len(letter) - 2 or 1]  # noqa: PLR2004 - noon
    return text
