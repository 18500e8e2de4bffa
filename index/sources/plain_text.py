"""Read plain text: decode the bytes, and find the headings."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator

from index.errors import UnreadableFile
from index.limits import check_cancelled
from index.types import Heading, normalise_newlines

_SAMPLE_BYTES = 65_536

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Python also has codecs that are not for text.
_CODEC = re.compile(r"(utf-(8|16|32)|cp\d|iso8859|iso2022|euc_|koi8|big5|gb|hz|shift_jis|mac-|tis)")
# The encodings that browsers use for these names (encoding.spec.whatwg.org).
_BROWSER_CODECS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "euc_kr": "cp949",
}
_BROWSER_CODECS |= {"gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"}
# Text in these may also be valid UTF-8. (A page that declares in ASCII that it is UTF-16 is not,
# so UTF-16 without NULs is tried second.)
_ESCAPED, _WIDE = ("iso2022", "hz"), ("utf-16", "utf-32")
_LATIN = "àáâãäåæçèéêëìíîïñòóôöùúüœßøÀÁÂÄÅÆÇÈÉÊËÍÎÑÒÓÔÖØÚÜ‘’“”–—…€£°§©®«»¿¡·•\xa0"
_CENTRAL = "(?<![^\\0-\\x7f])[áąćčďéěęíłńňóöőřśšťúůűüýźžżŁŚŠŽ‘’“”„–—…]{1,3}(?![^\\0-\\x7f])"
_CYRILLIC = "(?<=[^\\0-\\x7f])[оеаинтсрвлкмдпуіїє]"
_HAN = "的一是不了在人有我他大上到地出道也年得就那要下以生自着去之家可你好天行方世界京"
# charset-normalizer needs some hundred letters. For less, an encoding is likely if enough of the
# letters beyond ASCII are frequent in its languages: encoding, frequent letters, minimum share.
_FREQUENT = (
    ("cp1252", f"(?<![^\\0-\\x7f])(?:[{_LATIN}]{{1,2}}|[çÇ]?õ(?=e))(?![^\\0-\\x7f])", 0.8),
    ("cp1252", f"(?<![^\\0-\\x7f])[{_LATIN}ðþýÐÞÝ]{{1,2}}(?![^\\0-\\x7f])", 0.95),
    ("cp1254", "(?<![^\\0-\\x7f])[ğışİçöüâîŞÇÖÜ‘’“”–—…]{1,2}(?![^\\0-\\x7f])", 0.9),
    ("cp1250", _CENTRAL, 0.9),
    ("iso8859_2", _CENTRAL, 0.9),
    ("cp1251", _CYRILLIC, 0.5),
    ("koi8_r", _CYRILLIC, 0.5),
    ("iso8859_5", _CYRILLIC, 0.5),
    ("cp932", "[ぁ-ヾ]", 0.2),
    ("euc_jp", "[ぁ-ヾ]", 0.2),
    (
        "cp949",
        "[이다는을의에가고하지로한를사인은도어리나기아대해자시들서그일전스보정있부수장제여면원만안녕]",
        0.3,
    ),
    ("gb18030", f"[{_HAN}这中来个国说们为时会过学对她后么都没于还发当无开见经头从动两长]", 0.15),
    ("big5", f"[{_HAN}這中來個國說們為時會過學對她後麼都沒於還發當無開見經頭從動兩長]", 0.15),
)
_GUESSES = [f"cp{page}" for page in (*range(1250, 1258), 932, 949)]
_GUESSES += ["iso8859_2", "iso8859_5", "iso8859_7", "koi8_r", "euc_jp", "gb18030", "big5"]


def decode(data: bytes, charset: str | None = None) -> str:
    r"""Return ``data`` as text with ``\n`` newlines.

    The encoding is that of a byte order mark, else UTF-8 if it is valid, else the declared
    ``charset``, else the one that fits the letters best.

    Raises:
        UnreadableFile: It is binary, damaged, or in an unknown encoding.
    """
    by_mark = next((encoding for bom, encoding in _BOMS if data.startswith(bom)), None)
    declared = _codec(charset)
    choices = [by_mark] if by_mark else ["utf-8", declared]
    if declared and declared.startswith(_ESCAPED if b"\0" not in data else _WIDE):
        choices.reverse()
    tried = (_try(data, choice) for choice in choices if choice)
    text = next((found for found in tried if found is not None), None)
    if text is None and not by_mark and b"\0" not in data:
        text = _guess(data)
    if text is None or "\0" in text:
        msg = "It is binary, damaged or in an unknown encoding. Save its text as UTF-8."
        raise UnreadableFile(msg)
    return normalise_newlines(text)


def _codec(charset: str | None) -> str | None:
    """Return the codec for a declared charset; None if it is unknown or not for text."""
    try:
        name = codecs.lookup(charset or "").name
    except LookupError:
        return None
    return _BROWSER_CODECS.get(name, name) if _CODEC.match(name) else None


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except ValueError:
        return None


def _guess(data: bytes) -> str | None:
    """Return ``data`` in the encoding that fits its letters best; None if none fits."""
    from charset_normalizer import from_bytes

    sample = data[:_SAMPLE_BYTES]
    fits = []
    for encoding, frequent, min_share in _FREQUENT:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(sample)
        except ValueError:
            continue
        total = sum(not letter.isascii() for letter in text)
        share = sum(map(len, re.findall(frequent, text))) / max(total, 1)
        fits.append((share / min_share, encoding))
    fit, likely = max(fits, default=(0.0, ""))
    guesses = [likely] if fit >= 1 else []
    guesses += [match.encoding for match in from_bytes(sample, cp_isolation=_GUESSES)]
    texts = (_try(data, encoding) for encoding in guesses)
    return next((text for text in texts if text is not None and not looks_broken(text)), None)


def looks_broken(text: str) -> bool:
    """Return whether more than 1 % of the characters are control, private or unassigned ones."""
    sample = text[:_SAMPLE_BYTES]
    visible = re.sub(r"[\n\r\t\f]", "", sample)
    broken = sum(unicodedata.category(character) in {"Cc", "Cn", "Co"} for character in visible)
    return broken * 100 > len(sample)


MAX_HEADING_CHARS = 120
_LONG_LINE_CHARS = 80
_MAX_CANDIDATES = 2
_SHORT_WORD_CHARS = 3

_SENTENCE_ENDS = tuple(".!?…:;,。！？：；，、।॥؟،؛۔．")
_CLOSERS = "\"'”’»)]）」』 "
_NOT_IN_A_HEADING = re.compile(r"[@|=<>{}\\\t\u2022]|\s\s|://|^[Bb]y ")
_NUMBER = re.compile(r"(\d{1,3}(?:\.\d{1,3}){0,4})[.)]?[ \u00a0]")
_CHAPTER = re.compile(
    r"(?:chapter|part|section|appendix|kapitel|teil|chapitre|partie|cap[ií]tulo|parte|capitolo"
    r"|hoofdstuk|rozdział|глава|часть|розділ)[ \u00a0](?:\d{1,4}|[ivxlc]{1,8}|[a-z])\b"
    r"|第[0-9０-９一二三四五六七八九十百零〇]{1,6}[章节節部回編]",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_LINE = re.compile(r"[^\n]+")


def plain_text_headings(text: str) -> tuple[Heading, ...]:
    r"""Return the lines of ``text``, which has ``\n`` newlines, that are headings, in order.

    A heading is a short capitalised line without a full stop, above a line of longer prose. Two
    such lines with a blank line between them are a title and a heading. More of them, or two
    without a blank line, are a list, an address or a verse.
    """
    found: list[Heading] = []
    candidates: list[Heading] = []
    separated = True
    last_end = 0
    for start, end in _text_lines(text):
        check_cancelled()
        line = text[start:end]
        level = _heading_level(line)
        if level:
            if candidates and text.count("\n", last_end, start) < 2:  # noqa: PLR2004 - a blank line
                separated = False
            candidates.append(Heading(start, end, level))
        else:
            if (
                candidates
                and separated
                and len(candidates) <= _MAX_CANDIDATES
                and _is_prose(line, candidates[-1])
            ):
                found.extend(candidates)
            candidates, separated = [], True
        last_end = end
    return tuple(found)


def _text_lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each line that is not blank, without its outer spaces."""
    for match in _LINE.finditer(text):
        line = match.group()
        words = line.strip()
        if words:
            start = match.start() + len(line) - len(line.lstrip())
            yield start, start + len(words)


def _heading_level(line: str) -> int:
    """Return the level of a line as a heading; 0 if it cannot be one."""
    if len(line) > MAX_HEADING_CHARS or _NOT_IN_A_HEADING.search(line):
        return 0
    if line.rstrip(_CLOSERS).endswith(_SENTENCE_ENDS):
        return 0
    if _CHAPTER.match(line):
        return 1
    number = _NUMBER.match(line)
    words = line[number.end() :].lstrip() if number else line
    if not words[:1].isupper() or not _is_capitalised(words):
        return 0
    return number.group(1).count(".") + 1 if number else 1


def _is_capitalised(line: str) -> bool:
    words = _WORD.findall(line)
    long_words = [word for word in words if len(word) > _SHORT_WORD_CHARS] or words
    capitalised = sum(word[0].isupper() for word in long_words)
    return any(len(word) > 1 for word in words) and 2 * capitalised > len(long_words)


def _is_prose(line: str, heading: Heading) -> bool:
    if len(line) <= heading.end - heading.start:
        return False
    return len(line) >= _LONG_LINE_CHARS or line.rstrip(_CLOSERS).endswith(_SENTENCE_ENDS)
