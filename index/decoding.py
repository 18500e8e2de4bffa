"""Bytes → text: byte order marks, UTF-8, declared charsets, and a guess by the letters."""

from __future__ import annotations

import codecs
import re
import unicodedata

from index.errors import UnreadableFile
from index.types import normalise_newlines

_SAMPLE_BYTES = 65_536

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# A declared name may lead to any of Python's codecs, and not all of them are for text.
_CODEC = re.compile(r"(utf-(8|16|32)|cp\d|iso8859|iso2022|euc_|koi8|big5|gb|hz|shift_jis|mac-|tis)")
# What writers mean by these, as browsers read them (encoding.spec.whatwg.org).
_MEANT = {"ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "euc_kr": "cp949"}
_MEANT |= {"gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"}
# Their bytes may be valid UTF-8 and mean something else. (A page that says in ASCII that
# it is UTF-16 is not, so UTF-16 without NULs comes second.)
_ESCAPED, _WIDE = ("iso2022", "hz"), ("utf-16", "utf-32")
_LATIN = "àáâãäåæçèéêëìíîïñòóôöùúüœßøÀÁÂÄÅÆÇÈÉÊËÍÎÑÒÓÔÖØÚÜ‘’“”–—…€£°§©®«»¿¡·•\xa0"
_CENTRAL = "(?<![^\\0-\\x7f])[áąćčďéěęíłńňóöőřśšťúůűüýźžżŁŚŠŽ‘’“”„–—…]{1,3}(?![^\\0-\\x7f])"
_CYRILLIC = "(?<=[^\\0-\\x7f])[оеаинтсрвлкмдпуіїє]"
_HAN = "的一是不了在人有我他大上到地出道也年得就那要下以生自着去之家可你好天行方世界京"
# charset-normalizer wants some hundred letters; a few words are told by how many of
# their letters beyond ASCII are everyday ones. Encoding, everyday letters, least share.
_EVERYDAY = (
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
    r"""Return ``data`` as text with ``\n`` newlines, else as it stands.

    A byte order mark goes before UTF-8, which goes before the declared ``charset``, which
    goes before what the letters suggest.

    Raises:
        UnreadableFile: It is binary, damaged, or in no encoding that can be told.
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
    """Return the codec that a declared charset means, if it is one for text."""
    try:
        name = codecs.lookup(charset or "").name
    except LookupError:
        return None
    return _MEANT.get(name, name) if _CODEC.match(name) else None


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except ValueError:
        return None


def _guess(data: bytes) -> str | None:
    """Return ``data`` in the encoding that fits its letters best, or None if none does."""
    from charset_normalizer import from_bytes

    sample = data[:_SAMPLE_BYTES]
    fits = []
    for encoding, everyday, least in _EVERYDAY:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(sample)
        except ValueError:
            continue
        strange = sum(not letter.isascii() for letter in text)
        share = sum(map(len, re.findall(everyday, text))) / max(strange, 1)
        fits.append((share / least, encoding))
    fit, likely = max(fits, default=(0.0, ""))
    guesses = [likely] if fit >= 1 else []
    guesses += [match.encoding for match in from_bytes(sample, cp_isolation=_GUESSES)]
    texts = (_try(data, encoding) for encoding in guesses)
    return next((text for text in texts if text is not None and not looks_broken(text)), None)


def looks_broken(text: str) -> bool:
    """Return whether more than one character in a hundred is no letter, sign or space."""
    sample = text[:_SAMPLE_BYTES]
    letters = re.sub(r"[\n\r\t\f]", "", sample)
    strange = sum(unicodedata.category(letter) in {"Cc", "Cn", "Co"} for letter in letters)
    return strange * 100 > len(sample)
