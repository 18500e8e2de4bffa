"""Translate the codes of symbol fonts, such as Symbol and Wingdings, to Unicode.

Office documents write a sign of such a font as its code there, from U+F020 to U+F0FF.
"""

from __future__ import annotations

import re

_PRIVATE = re.compile("[\uf020-\uf0ff]")
_BYTE = 0xFF

# Adobe's published encoding of Symbol.
_SYMBOL = (
    dict(enumerate(" !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_", start=0x20))
    | dict(enumerate("‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼", start=0x60))
    | dict(enumerate("€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉", start=0xA0))
    | dict(enumerate("∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪ 〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭", start=0xD0))
)
# By the names that Unicode 7 gave to the signs of these fonts; plain arrows for the many shapes.
_WINGDINGS = (
    dict(enumerate(" 🖉✂✁👓🕭🕮🕯☎✆✉🖃📪📫📬📭📁📂📄🗏🗐🗄⌛🖮🖰🖲🖳🖴🖫🖬✇✍", start=0x20))
    | dict(
        enumerate("🖎✌👌👍👎☜☞☝☟🖐☺😐☹💣☠🏳🏱✈☼💧❄🕆✞🕈✠✡☪☯ॐ☸♈♉♊♋♌♍♎♏♐♑♒♓&&●❍■□", start=0x40)
    )
    | dict(enumerate("❐❑❒⬧⧫◆❖⬥⌧⍓⌘❀✿“”", start=0x70))
    | dict(enumerate("⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿", start=0x80))
    | dict(enumerate("·•▪○◯⊙◉◎◯▪☐▲✦★✶✴✹✵", start=0x9E))
    | dict(enumerate("⯐⌖⟡⌑⯑✪✰🕐🕑🕒🕓🕔🕕🕖🕗🕘🕙🕚🕛", start=0xB0))
    | dict(enumerate("⌫⌦←➢↑↓⇐⇒⇑⇓←→↑↓↖↗↙↘←→↑↓↖↗↙↘⇦⇨⇧⇩⬄⇳⬀⬁⬃⬂▭▫✗✔☒☑", start=0xD5))
)
_WINGDINGS_2 = {0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA3: "☐"}
_WINGDINGS_3 = dict(enumerate("←→↑↓↖↗↙↘", start=0x66)) | dict(enumerate("▲▼△▽◀▶◁▷", start=0x70))
_WINGDINGS_3 |= {0x7D: "▶"}
_WEBDINGS = {0x34: "▶", 0x61: "✔", 0x63: "□", 0x67: "■", 0x6E: "●", 0x72: "✗", 0x3D: "■"}
_FONTS = {
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
    "wingdings 3": _WINGDINGS_3,
    "webdings": _WEBDINGS,
    "symbol": _SYMBOL,
    "standard symbols ps": _SYMBOL,
    "opensymbol": {},
    "starsymbol": {},
}


def is_symbol_font(font: str) -> bool:
    """Return whether the letters of a font are signs of their own."""
    return font.lower() in _FONTS or font.lower().startswith("symbol")


def symbol(code: int, font: str) -> str:
    """Return what a font shows for a code (0 to 255, or from U+F000); "" if that is unknown.

    Other codes are Unicode already.
    """
    if not (code <= _BYTE or _PRIVATE.fullmatch(chr(code))):
        return chr(code)
    signs = _FONTS.get(font.lower())
    if signs is None:
        signs = _SYMBOL
    return signs.get(code & _BYTE, "")


def plain_symbols(text: str, font: str = "") -> str:
    """Return ``text`` with the codes from U+F020 to U+F0FF replaced by what the font shows.

    Codes of unknown fonts are read as those of Symbol, as Word shows them.
    """
    if text.isascii():
        return text
    return _PRIVATE.sub(lambda found: symbol(ord(found[0]), font) or found[0], text)


def symbol_text(text: str, font: str) -> str:
    """Return what a symbol font shows for letters that are its codes, such as "a" for "α"."""
    return "".join(symbol(ord(letter), font) or letter for letter in text)
