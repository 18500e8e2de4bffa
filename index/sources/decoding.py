"""Decode text of a declared, marked or unknown encoding."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from index.errors import UnreadableFile
from index.types import normalise_newlines

_SAMPLE_BYTES = 65_536
_REPLACEMENT = "\ufffd"

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Python also has codecs that are not for text.
_CODEC = re.compile(r"(utf-(8|16|32)|cp\d|iso8859|iso2022|euc_|koi8|big5|gb|hz|johab|mac-|tis)")
# Text in these may also be valid UTF-8. (A page that declares in ASCII that it is UTF-16 is not,
# so UTF-16 without NULs is not believed.)
_ESCAPED, _WIDE = ("iso2022", "hz"), ("utf-16", "utf-32")
_JAPANESE_ESCAPE = re.compile(rb"\x1b\$[@B][!-~]")
_MULTIBYTE = {"cp932", "euc_jp", "cp949", "gb18030", "gbk", "big5", "big5hkscs", "johab"}
_WIDE_ENCODINGS = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_MAX_NUL_SHARE = 0.1
_MAX_PADDING_SHARE = 0.4
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1f\x7f-\x9f]")
_MIN_ALPHABETIC_SHARE = 0.95
_MIN_WIDE_BYTES = 8
# A letter whose last byte is missing at the end of a text.
_CUT_OFF = re.compile(rb"(?:[\xe0-\xef][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{1,2})\Z")
# Bad bytes in a text that is declared to be UTF-8 and has nothing beyond ASCII besides them.
_MAX_STRAY_BYTES = 3

_LATIN = "àáâãäåæçèéêëìíîïñòóôöùúüœßøÀÁÂÄÅÆÇÈÉÊËÍÎÑÒÓÔÖØÚÜ‘’“”–—…€£°§©®«»¿¡·•\xa0"
_CENTRAL = "(?<![^\\0-\\x7f])[áąćčďéěęíłńňóöőřśšťúůűüýźžżŁŚŠŽ‘’“”„–—…]{1,3}(?![^\\0-\\x7f])"
_CYRILLIC = "(?<=[^\\0-\\x7f])[оеаинтсрвлкмдпуіїє]"
_KANA = "[ぁ-ヾ]"
_HANGUL = (
    "[이다는을의에가고하지로한를사인은도어리나기아대해자시들서그일전스보정있부수장제여면원만안녕]"
)
_HAN = "的一是不了在人有我他大上到地出道也年得就那要下以生自着去之家可你好天行方世界京"
_SIMPLIFIED = f"[{_HAN}这中来个国说们为时会过学对她后么都没于还发当无开见经头从动两长]"
_TRADITIONAL = f"[{_HAN}這中來個國說們為時會過學對她後麼都沒於還發當無開見經頭從動兩長]"
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
    ("cp866", _CYRILLIC, 0.5),
    ("iso8859_5", _CYRILLIC, 0.5),
    ("cp932", _KANA, 0.2),
    ("euc_jp", _KANA, 0.2),
    ("cp949", _HANGUL, 0.3),
    ("gb18030", _SIMPLIFIED, 0.15),
    ("big5", _TRADITIONAL, 0.15),
    *(
        (encoding, letters, min_share)
        for encoding in ("utf-16-le", "utf-16-be")
        for letters, min_share in (
            (_KANA, 0.2), (_HANGUL, 0.3), (_SIMPLIFIED, 0.15), (_TRADITIONAL, 0.15)
        )
    ),
)  # fmt: skip
_GUESSES = [f"cp{page}" for page in (*range(1250, 1258), 932, 949)]
_GUESSES += ["iso8859_2", "iso8859_5", "iso8859_7", "koi8_r", "cp866", "euc_jp", "gb18030", "big5"]


def decode(data: bytes, charset: str | None = None) -> str:
    r"""Return ``data`` as text with ``\n`` newlines and without NULs.

    The encoding is that of a byte order mark, else UTF-8 if the bytes are valid but for a few,
    else UTF-16 or UTF-32 if they look like it, else the declared ``charset``, else the one that
    fits the letters best. Each damaged sequence of bytes becomes one U+FFFD.

    Raises:
        UnreadableFile: It is binary, damaged, or in an unknown encoding.
    """
    if charset is None and _JAPANESE_ESCAPE.search(data):
        charset = "iso2022_jp"
    text = _decoded(data, charset)
    if text is None:
        msg = "It is binary, damaged or in an unknown encoding. Save its text as UTF-8."
        raise UnreadableFile(msg)
    return normalise_newlines(text.replace("\0", ""))


def _decoded(data: bytes, charset: str | None) -> str | None:
    declared = _codec(charset)
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            data = data[len(mark) :]
            if encoding != "utf-8":
                return _unless_damaged(data, encoding)
            declared = encoding
    if declared and _may_look_like_utf_8(declared, data):
        text = _unless_damaged(data, declared)
        if text is not None:
            return text
    text = _utf_8(data, declared) or _wide(data)
    if text is None:
        bare = data.rstrip(b"\0")
        without_nuls = bare.replace(b"\0", b"")
        if len(without_nuls) < (1 - _MAX_NUL_SHARE) * len(bare):
            return _guess(data) or _padded(bare, without_nuls)
        text = _unless_damaged(without_nuls, declared)
        if text is None:
            text = _guess(data)
        if text is None and without_nuls != data:
            text = _guess(without_nuls)
    return text


def _padded(data: bytes, without_nuls: bytes) -> str | None:
    """Return a text in UTF-8 with NULs after its fields or lines, else None."""
    if len(without_nuls) < (1 - _MAX_PADDING_SHARE) * len(data):
        return None
    text = _unless_damaged(without_nuls, "utf-8", max_damaged=0, max_share=0)
    return None if text is None or _CONTROL.search(text) else text


def _codec(charset: str | None) -> str | None:
    """Return the codec for a declared charset; None if it is unknown or not for text.

    The labels are read as browsers do (encoding.spec.whatwg.org): ``latin-1`` is Windows-1252.
    """
    import webencodings

    label = charset or ""
    known = webencodings.lookup(label) if label.isascii() else None
    try:
        name = known.codec_info.name if known else codecs.lookup(label).name
        if not _CODEC.match(name):  # such as "replacement", which is what browsers do with hz
            name = codecs.lookup(label).name
    except LookupError:
        return None
    return name if _CODEC.match(name) else None


_HTML_HEAD_BYTES = 4_096
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_HTML_CHARSET = re.compile(
    rb"""\A\s*<\?xml[^>]{0,100}?\sencoding\s*=\s*["']([\w.:-]+)"""
    rb"""|<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""",
    re.IGNORECASE,
)


def html_charset(data: bytes) -> str | None:
    """Return the charset that an HTML page declares in its head."""
    declared = _HTML_CHARSET.search(_COMMENT.sub(b"", data[:_HTML_HEAD_BYTES]))
    return (declared[1] or declared[2]).decode("ascii") if declared else None


def _may_look_like_utf_8(codec: str, data: bytes) -> bool:
    return codec.startswith(_WIDE if b"\0" in data else _ESCAPED)


def _utf_8(data: bytes, declared: str | None) -> str | None:
    """Return ``data`` read as UTF-8 if only few bytes do not fit it."""
    bare = data.rstrip(b"\0")
    text = bare.decode("utf-8", "replace")
    bad = text.count(_REPLACEMENT) - bare.count(_REPLACEMENT.encode())
    bad -= bool(_CUT_OFF.search(bare[-4:]))
    if text.count("\0") > _MAX_NUL_SHARE * len(bare):
        return None
    if not bad:
        # UTF-16 in another script may be valid UTF-8 with many control characters.
        return None if looks_broken(text) and _wide(data) else text
    if declared in _MULTIBYTE and _unless_damaged(bare, declared, max_damaged=0, max_share=0):
        return None
    if _is_mostly_utf_8(bare, declared):
        return _with_legacy_lines(bare)
    return text if declared == "utf-8" and bad <= _MAX_STRAY_BYTES else None


def _is_mostly_utf_8(data: bytes, declared: str | None) -> bool:
    bad = _bad_bytes(data)
    valid = len(data.translate(None, bytes(range(128)))) - bad
    if declared not in {None, "utf-8"}:
        return valid >= 8 * bad
    # Of 2,800 sentences in EUC-JP and GB 18030 one alone had 4 valid bytes for each bad one.
    return valid >= (2 if bad <= _MAX_STRAY_BYTES else 4) * bad


def _bad_bytes(data: bytes) -> int:
    return len(data) - len(data.decode("utf-8", "ignore").encode())


def _with_legacy_lines(data: bytes) -> str:
    """Return mostly UTF-8 text; the lines that are wholly in another encoding are read in that."""
    lines = data.split(b"\n")
    legacy = b"\n".join(line for line in lines if _is_legacy(line))
    read = _guess(legacy) if _bad_bytes(legacy) > _MAX_STRAY_BYTES else None
    if read is None or read.count("\n") != legacy.count(b"\n"):
        return data.decode("utf-8", "replace")
    replaced = iter(read.split("\n"))
    return "\n".join(
        next(replaced) if _is_legacy(line) else line.decode("utf-8", "replace") for line in lines
    )


def _is_legacy(line: bytes) -> bool:
    """Return whether a line is beyond ASCII, but nothing of it is valid UTF-8."""
    return not line.isascii() and line.decode("utf-8", "ignore").isascii()


def _wide(data: bytes) -> str | None:
    """Return ``data`` read as UTF-32, or as UTF-16 if that is text in an alphabetic script."""
    found: list[tuple[int, str]] = []
    if len(data) < _MIN_WIDE_BYTES:
        return None
    for encoding in _WIDE_ENCODINGS:
        sample = data[:_SAMPLE_BYTES].decode(encoding, "replace")
        if encoding.startswith("utf-32"):
            if sample.count(_REPLACEMENT) <= 1 < len(sample) and not looks_broken(sample):
                return data.decode(encoding, "replace")
            continue
        letters = sum(character < "\u2000" or character in _PUNCTUATION for character in sample)
        if letters >= _MIN_ALPHABETIC_SHARE * len(sample) and not looks_broken(sample):
            # In the wrong order of bytes, an Indic letter may look like one of another script.
            ascii_letters = sum(character.isascii() for character in sample)
            found.append((ascii_letters, encoding))
    return data.decode(max(found)[1], "replace") if found else None


_PUNCTUATION = frozenset("‐‑‒–—‘’‚“”„†‡•…‰′″‹›€™\u2028\u2029№")


def _unless_damaged(
    data: bytes, encoding: str | None, *, max_damaged: int = 1, max_share: float = 0.01
) -> str | None:
    """Return ``data`` in this encoding unless more of its characters are damaged."""
    if encoding is None:
        return None
    text = data.decode(encoding, "replace")
    damaged = text.count(_REPLACEMENT)
    may_be = damaged < len(text) and damaged <= max(max_damaged, max_share * len(text))
    return text if may_be or not damaged else None


def _guess(data: bytes) -> str | None:
    """Return ``data`` in the encoding that fits its letters best; None if none fits."""
    for encoding in _likely_encodings(data[:_SAMPLE_BYTES]):
        text = _unless_damaged(data, encoding)
        if text is not None and not looks_broken(text):
            return text
    return None


def _likely_encodings(sample: bytes) -> Iterator[str]:
    """Yield the encodings that fit, the best first."""
    for max_damaged in (0, 1):
        fits = list(_fits(sample, max_damaged))
        fit, likely = max(fits, default=(0.0, ""))
        if fit >= 1:
            yield likely
            break
    from charset_normalizer import from_bytes

    yield from (match.encoding for match in from_bytes(sample, cp_isolation=_GUESSES))


def _fits(sample: bytes, max_damaged: int) -> Iterator[tuple[float, str]]:
    """Yield how well encodings fit, from 1 if they do, unless more characters are damaged."""
    for encoding, frequent, min_share in _FREQUENT:
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        text = decoder.decode(sample)
        if text.count(_REPLACEMENT) > max_damaged:
            continue
        total = sum(not letter.isascii() for letter in text)
        share = sum(map(len, re.findall(frequent, text))) / max(total, 1)
        yield share / min_share, encoding


def looks_broken(text: str) -> bool:
    """Return whether more than 1 % of the characters are control, private or unassigned ones."""
    sample = text[:_SAMPLE_BYTES]
    broken = sum(
        count
        for character, count in Counter(sample).items()
        if character not in "\n\r\t\f" and unicodedata.category(character) in {"Cc", "Cn", "Co"}
    )
    return broken * 100 > len(sample)
