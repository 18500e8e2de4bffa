"""Correct the sentence boundaries that sentencex finds.

Boundaries within abbreviations, ordinals and quotations are removed, and those after brackets,
note marks and addresses added. bench/sentences.py measures this on treebanks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from index.types import Span

QUOTATION_MARKS = str.maketrans(dict.fromkeys("'‘’‚‛`´\"“”„‟«»‹›", "_"))
"""Hides quotation marks: sentencex finds no boundary between one and the next of its kind, even
if they are apostrophes."""

_OPENERS = "\"'“‘„«»‹`([{¿¡「『（"
# A quotation mark directly after the full stop, and one that cannot open a quotation.
_CLOSERS = re.compile(r"[\"'”’“»«›)\]}」』）】〉》]+|\s[»”)\]](?=\s|\Z)")
_NOTE_MARKS = re.compile(r",?\s?[¹²³⁰⁴-⁹]+|\s?\[\d{1,3}\]|(?:\*{1,3}|[†‡]{1,3})(?=\s)")
# "4 million.1 The" and "in 2012.1 The", but not "No.1 The", "fig.2 The" or "2012.1 km".
_NOTE_NUMBER = re.compile(
    r"(?:(?<=[^\W\d_]{4}\.)|(?<=[”’»)\]\"]\.)|(?<=\.[”’»\"]))\d{1,3}(?:[,–-]\d{1,3}){0,9}(?=\s)"
    r"|(?<=\b(?:1[5-9]|20)\d\d\.)\d{1,2}(?=\s+[A-Z][a-z]+\s)"
)
_NEXT = re.compile(rf"\s*(?:[-–—]{{1,2}}\s+)?[{re.escape(_OPENERS)}]*(?P<word>.?.?)")
# What sentencex overlooks: "(See below.) They", "See example.org. They", notes.
_OVERLOOKED = re.compile(
    r"(?<!\.\w)[.!?…][)\]](?=\s)|\w{3}\.[a-z]{2,4}\.(?=\s+[A-Z])|[.!?…][¹²³⁰⁴-⁹]|[。！？]）"
    r"|(?<=\w\w)[.!?…](?:\*{1,3}|[†‡]{1,3})(?=\s)"
    rf"|{_NOTE_NUMBER.pattern}"
)
# No sentence starts with these.
_INNER = frozenset(",;:)]}&/%=.!?…、，")
_QUOTATIVE = re.compile(r"[とっなにをがはもの]")

_END_WORD = re.compile(r"(?P<number>\d\s?)?(?<!\w)(?P<word>[^\W\d_]+)\.\Z")
_NUMBER_OF_ITEM = re.compile(r"(?:.*[:;]\s)?\s*\(?(?:\d{1,3}|[^\W\d_])[.)]\s*")
# Neither is in sentencex's English list.
_BEFORE_ANYTHING = frozenset(
    """approx aprox apr av vol vols ch ed eds eq eqs trans repr sra sras sres srta dra dña bzw ggf
    hrsg inkl exkl zzgl mio phil dott sig ej pr hl ft thurs thur tues""".split()
)
_BEFORE_A_NUMBER = _BEFORE_ANYTHING | frozenset(
    """abb abs afb anm app art arts bd bl blz ca cap chap chaps cf deg env est ex ext fig figs fol
    incl kap lit max min no nos núm op para paras pág págs pos rec ref refs rev sec sect ser str
    tab tel temp tom ver wt гл рис стр табл""".split()
)
# "EE. UU.", "FF. AA.": Spanish doubles the letters of plurals.
_DOUBLED_LETTERS = re.compile(r"\b([A-Z])\1\.\Z")
_VOWEL = re.compile(r"[aeiouyáéíóúàèìòùâêîôûäëïöüåæøœıаеёиоуыэюяіїєαεηιουωάέήίόύώ]", re.IGNORECASE)
# Besides digits. "A" and "I" are rather words.
_LETTER_AS_NUMBER = re.compile(r"(?:[B-HJ-Z]|[IVXLC]{2,5})\b(?!\.)")
# Without a space, it is rather "ASP.NET" or "Node.Js".
_GLUED_END = re.compile(r"(?:[^\W\d_A-Z]{2}|\d\d)[.!?…]\Z")
_GLUED_START = re.compile(r"(?:[^\W\d_a-z][^\W\d_A-Z]*|\d+)(?:\s|,\s|['’])")
_HOUR = re.compile(r"\b[ap]\.\s?m\.\Z", re.IGNORECASE)
_TIME_ZONE = re.compile(r"(?:UTC|[A-Z]{1,4}T|Eastern|Central|Mountain|Pacific|Greenwich)\b")
# German writes ordinals as "3.", and capitals after them.
_GERMAN_ORDINAL = re.compile(
    r"\b(?:am|im|zum|zur|vom|beim|ab|bis|seit|der|die|das|dem|den|des)\s\d{1,2}\.\Z", re.IGNORECASE
)

# A straight one is what its neighbours make it, and neither in "6\" wide".
_MARKS_OF_QUOTATIONS = re.compile(
    r"[“”„«»「」『』]|(?P<opening>(?<![^\s(\[])\"(?=\S))|(?P<closing>(?<=\S)\"(?!\w))"
)
_MAX_QUOTATION_CHARS = 400
_CONTEXT_CHARS = 40
_MAX_LOWERCASE_SHARE = 0.2


def correct_boundaries(line: str, starts: Iterable[int]) -> list[int]:
    """Return the starts of the sentences of ``line``, 0 first, given those of sentencex."""
    candidates = {*starts, *(match.end() for match in _OVERLOOKED.finditer(line))}
    ends = _sentence_ends(line, sorted(candidates))
    lowercase = sum(_starts_lowercase(line, start) for start in (0, *ends))
    is_chat = lowercase > max(1, _MAX_LOWERCASE_SHARE * (len(ends) + 1))
    quotations = _quotations(line)
    quotation = next(quotations, None)
    found = [0]
    for start, end in sorted(ends.items()):
        while quotation and quotation.end < end:
            quotation = next(quotations, None)
        if quotation and quotation.start < end <= quotation.end:
            continue
        # After questions, people do: of 26 in the dev part of UD English-EWT 25.
        if not is_chat and line[end - 1] != "?" and _starts_lowercase(line, start):
            continue
        if _is_boundary(line, found[-1], end, start):
            found.append(start)
    return found


def _sentence_ends(line: str, candidates: Iterable[int]) -> dict[int, int]:
    """Return the end of the sentence before each candidate, by the start of the one after."""
    ends = {}
    for candidate in candidates:
        end = candidate
        while end and line[end - 1].isspace():
            end -= 1
        if not end:
            continue
        while match := _after_full_stop(line, end):
            end = match.end()
        start = end
        while start < len(line) and line[start].isspace():
            start += 1
        if 0 < start < len(line):
            ends[start] = end
    return ends


def _after_full_stop(line: str, at: int) -> re.Match[str] | None:
    """Return what still belongs to a sentence whose full stop is before ``at``."""
    patterns = (_CLOSERS, _NOTE_MARKS, _NOTE_NUMBER)
    return next(filter(None, (pattern.match(line, at) for pattern in patterns)), None)


def _starts_lowercase(line: str, start: int) -> bool:
    """Return whether the sentence at ``start`` begins with a small letter, but not "iPhone"."""
    match = _NEXT.match(line, start)
    word = match["word"] if match else ""
    return word[:1].islower() and not word[1:].isupper()


def _is_boundary(line: str, first: int, end: int, start: int) -> bool:
    """Return whether the sentence that begins at ``first`` may end at ``end``."""
    before = line[max(first, end - _CONTEXT_CHARS) : end]
    if not any(map(str.isalnum, before)) or _NUMBER_OF_ITEM.fullmatch(before):
        return False
    if line[start] in _INNER and not line.startswith("...", start):
        return False
    if (
        start == end
        and line[end - 1] in ".!?…"
        and not (_GLUED_END.search(before) and _GLUED_START.match(line, start))
    ):
        return False
    match = _NEXT.match(line, start)
    following = match.start("word") if match else start
    return not (
        (before[-1] in "」』）" and _QUOTATIVE.match(line, start))
        or (_HOUR.search(before) and _TIME_ZONE.match(line, following))
        or _ends_in_abbreviation(before, line[following : following + _CONTEXT_CHARS])
    )


def _ends_in_abbreviation(before: str, following: str) -> bool:
    """Return whether a text ends in an abbreviation or an ordinal that ``following`` continues."""
    word = _END_WORD.search(before)
    if _DOUBLED_LETTERS.search(before) and _DOUBLED_LETTERS.match(following[:3]):
        return True
    if following[:1].isdigit():
        return word is not None and _needs_number(word)
    if word:
        is_number = _LETTER_AS_NUMBER.match(following)
        known = _BEFORE_A_NUMBER if is_number else _BEFORE_ANYTHING
        return word["word"].lower() in known
    return following[:1].isupper() and bool(_GERMAN_ORDINAL.search(before))


def _needs_number(match: re.Match[str]) -> bool:
    """Return whether the word before a full stop is an abbreviation before numbers: ``Tk.``."""
    word = match["word"]
    is_street = word.endswith("str")  # "Goethestr. 5"
    if is_street or word.lower() in _BEFORE_A_NUMBER or (len(word) == 1 and word.islower()):
        return True
    # Not an acronym or a unit, which often end a sentence.
    return not (_VOWEL.search(word) or word.isupper() or match["number"])


def _quotations(line: str) -> Iterator[Span]:
    """Yield the quotations that are short enough not to be split."""
    opened: tuple[int, str] | None = None
    for match in _MARKS_OF_QUOTATIONS.finditer(line):
        mark, at = match.group(), match.start()
        closes = match["closing"] if opened and opened[1] == '"' else mark in "”“»«」』"
        if opened and closes:
            if at - opened[0] <= _MAX_QUOTATION_CHARS:
                yield Span(opened[0], at)
            opened = None
        elif match["opening"] or (opened is None and mark in "“„«»「『"):
            opened = at, mark
