"""Cut the bytes of an RTF file into tokens, and know its encodings and special characters."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?"
    rb"|\\'([0-9a-fA-F]{2})"
    rb"|\\(.)"
    rb"|([{}])"
    rb"|([^\\{}\r\n\0]+)"
    rb"|[\r\n\0]+",
    re.DOTALL,
)
_BINARY = b"bin"


class Token(NamedTuple):
    """A part of an RTF file: one of its fields is set."""

    word: str = ""
    """The name of a control word, or its one character if that is no letter."""
    number: int | None = None
    """The number of a control word, if it has one."""
    data: bytes = b""
    """Text in the encoding of its font."""
    brace: str = ""
    """``"{"`` or ``"}"``."""


def rtf_tokens(source: bytes) -> Iterator[Token]:
    """Yield the tokens of an RTF file; line ends and binary data are left out."""
    position = 0
    while position < len(source):
        found = _TOKEN.match(source, position)
        if found is None:  # a backslash at the end
            return
        position = found.end()
        word, number, code, sign, brace, text = found.groups()
        if word == _BINARY:
            end = position + max(0, int(number or 0))
            # Words may follow a number that is longer than the file.
            position = end if end <= len(source) else position
        elif word:
            yield Token(word.decode(), None if number is None else int(number))
        elif code:
            yield Token(data=bytes.fromhex(code.decode()))
        elif sign:
            yield Token(sign.decode("latin-1"))
        elif brace:
            yield Token(brace=brace.decode())
        elif text:
            yield Token(data=text)


# By the number of a font's character set.
_CHARSETS = {
    0: "cp1252", 77: "mac_roman", 78: "shift_jis", 128: "cp932", 129: "cp949", 130: "johab",
    134: "gbk", 136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255",
    178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437",
    255: "cp850",
}  # fmt: skip
SYMBOL_CHARSET = 2


def charset_encoding(number: int) -> str:
    """Return the encoding of a font's character set; "" for that of the document."""
    return _CHARSETS.get(number, "")


def code_page_encoding(number: int) -> str:
    """Return the encoding with the number of a Windows code page; "" if it is unknown."""
    for name in {10000: ["mac_roman"], 65001: ["utf-8"]}.get(number, [f"cp{number}"]):
        try:
            return codecs.lookup(name).name
        except LookupError:
            continue
    return ""


def decode_text(data: bytes, encoding: str) -> str:
    """Return text; a byte that has no meaning becomes a replacement sign."""
    return data.decode(encoding, "replace")


SPECIAL = {
    "tab": "\t", "line": "\n", "lbr": "\n", "page": "\n", "column": "\n", "softline": " ",
    "emdash": "—", "endash": "–", "emspace": "\u2003", "enspace": "\u2002", "qmspace": "\u2005",
    "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
    "zwj": "\u200d", "zwnj": "\u200c", "~": "\xa0", "_": "\u2011", "{": "{", "}": "}", "\\": "\\",
}  # fmt: skip
"""The control words that stand for characters."""

SKIPPED = frozenset(
    "colortbl pict header headerl headerr headerf footer footerl footerr footerf ftnsep ftnsepc"
    " ftncn aftnsep aftnsepc aftncn xe tc tcn rxe bxe ixe txe template filetbl nonshppict shprslt"
    " nonesttables mmathPict objdata private comment doccomm author operator keywords subject"
    " company manager category hlinkbase creatim revtim printim buptim revtbl rsidtbl generator"
    " upr pnseclvl sp listtable listoverridetable list listlevel leveltext levelnumbers".split()
)
"""The destinations that hold no text of the document."""

STARRED = frozenset("shpinst do fldinst moMath ud shppict pntext listtext footnote".split())
"""The destinations that are read although others may ignore them."""
