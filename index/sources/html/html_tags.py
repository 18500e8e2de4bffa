"""What HTML's elements are: blocks, marks within a line, parts that a browser does not show."""

from __future__ import annotations

import re
from typing import Any

from index.letters import lowered, raised
from index.sources.document import InlineMark
from index.structure import MarkKind

LINE_END = "\0"  # no element tree holds this character

HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
BLOCKS = HEADINGS | frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset"
    " figcaption figure footer form header hgroup hr html legend li main menu nav ol optgroup p pre"
    " search section summary table tbody td tfoot th thead tr ul".split()
)
LISTS = frozenset("ul ol menu dir".split())
# Without "source", "track" and "wbr": lxml takes what follows these for their content.
_NEVER_SHOWN = frozenset(
    "applet area audio base basefont canvas col colgroup datalist embed frame"
    " frameset head iframe img input link map meta meter noembed noframes object option"
    " optgroup param progress rp script select style svg template textarea title video".split()
)
INLINE_MARKS = {
    **dict.fromkeys(("b", "strong"), InlineMark(MarkKind.STRONG)),
    **dict.fromkeys(("i", "em", "cite", "dfn", "var"), InlineMark(MarkKind.EMPHASIS)),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), InlineMark(MarkKind.CODE)),
    "sup": InlineMark(MarkKind.SUPERSCRIPT),
    "sub": InlineMark(MarkKind.SUBSCRIPT),
}
_HIDING_STYLE = re.compile(r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)
# For screen readers alone, by the names that the common style sheets give it; KaTeX shows a
# formula a second time.
_HIDING_CLASS = re.compile(
    r"(?:^|\s)(?:sr-only|visually-?hidden|screen-reader-text|screen-reader|katex-html)(?:\s|$)",
    re.I,
)
_WORD = re.compile(r"\w*")
_INVISIBLE_OPERATORS = str.maketrans("", "", "\u2061\u2062\u2063\u2064")


def tag_of(element: Any) -> str:  # noqa: ANN401 - lxml has no types
    """Return an element's name without a namespace; "" for a comment."""
    tag = element.tag
    if not isinstance(tag, str):
        return ""
    return tag.rpartition("}")[2] if tag.startswith("{") else tag


def is_shown(element: Any, tag: str) -> bool:  # noqa: ANN401
    """Return whether a browser shows an element, as far as the element itself says."""
    if tag == "noscript":
        # Most hold a picture for counting visits or a request to turn scripts on.
        return element.find(".//p") is not None and element.getparent().tag != "head"
    if tag in _NEVER_SHOWN:
        return tag == "template" and element.get("shadowrootmode") is not None
    attributes = element.attrib
    if not attributes:
        return tag != "dialog"
    if tag in ("html", "body"):  # until a script has run
        return True
    if (
        attributes.get("hidden", "until-found").lower() != "until-found"
        or (tag == "dialog" and "open" not in attributes)
        or ("style" in attributes and _HIDING_STYLE.search(attributes["style"]))
        or ("class" in attributes and _HIDING_CLASS.search(attributes["class"]))
    ):
        # Wikipedia shows a picture of a formula, and hides the formula.
        return "mwe-math" in attributes.get("class", "")
    return True


def is_custom(tag: str) -> bool:
    """Return whether an element's name is the page's own, such as ``my-part``."""
    return "-" in tag


def heading_level(element: Any, tag: str) -> int:  # noqa: ANN401
    """Return the level of a heading, 1 to 6; 0 for anything else."""
    if tag in HEADINGS:
        return int(tag[1])
    if element.get("role") == "heading":
        level = element.get("aria-level", "2")
        return min(int(level), 6) if level in "123456789" and len(level) == 1 else 2
    return 0


def math_text(element: Any) -> str:  # noqa: ANN401
    """Return a MathML formula on one line: ``x=1/2``, ``e^(iπ)``, ``√(a+b)``."""
    tag = tag_of(element)
    if tag in ("annotation", "annotation-xml", ""):
        return ""
    parts = [math_text(child) for child in element if tag_of(child)]
    if not parts:
        text = " ".join((element.text or "").split()).translate(_INVISIBLE_OPERATORS)
        return " " if tag == "mspace" else text
    return _formula(tag, parts)


def _formula(tag: str, parts: list[str]) -> str:
    """Return an element of a formula on one line, its children being so already."""
    text = "".join(parts)
    match tag, parts:
        case "mfrac", [above, below]:
            text = f"{_grouped(above)}/{_grouped(below)}"
        case "msqrt", _:
            text = f"√{_grouped(text)}"
        case "mroot", [base, index]:
            text = f"{raised(index).strip()}√{_grouped(base)}"
        case (("msup" | "mover"), [base, upper]):
            text = base + _upper(upper)
        case (("msub" | "munder"), [base, lower]):
            text = base + _lower(lower)
        case (("msubsup" | "munderover"), [base, lower, upper]):
            text = base + _lower(lower) + _upper(upper)
        case "mtable", _:
            text = "; ".join(parts)
        case "mtr", _:
            text = ", ".join(parts)
    return text


def _grouped(text: str) -> str:
    return text if _WORD.fullmatch(text) or len(text) == 1 else f"({text})"


def _upper(text: str) -> str:
    script = raised(text)
    return script if script != text and script[:1] != " " else _script("^", text)


def _lower(text: str) -> str:
    script = lowered(text)
    return script if script != text else _script("_", text)


def _script(sign: str, text: str) -> str:
    """Return a script that has no letters of its own; an accent or a prime stays as it is."""
    return f"{sign}{_grouped(text)}" if any(map(str.isalnum, text)) else text
