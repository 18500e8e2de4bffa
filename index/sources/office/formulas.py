"""Write formulas on one line: ``(a+b)/2``, ``x²``, ``√(x)``, ``∑_(i=1)^n i``.

Office Open XML has its own elements for them (OMML); OpenDocument and web pages use MathML.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from index.letters import lowered, raised
from index.sources.office.open_xml import MATH, WORD, Element, choice, is_on

# What needs no parentheses beside an operator: a word or number, or what is in parentheses.
_SINGLE = re.compile(
    r"[\w.,′'∞∂∇%°\u0300-\u036f\u20d0-\u20ff⁰¹²³⁴-⁹₀-₉]*|[^\w\s]|[(\[{|][^()\[\]{}|]*[)\]}|]"
)
_RELATION = re.compile(r"[=<>≤≥≠≈≡≅∼∝→←↔⇒⇔⇐∈∉⊂⊃⊆⊇≪≫≔↦]+")
_DOUBLE_STRUCK = str.maketrans("CHNPQRZ", "ℂℍℕℙℚℝℤ")
_ACCENTS = {
    ord(sign): combining
    for signs, combining in (
        ("^ˆ", "\u0302"), ("~˜", "\u0303"), ("¯‾", "\u0304"), ("→\u20d7", "\u20d7"),
        (".˙", "\u0307"), ("¨", "\u0308"), ("ˇ", "\u030c"), ("´", "\u0301"), ("`", "\u0300"),
        ("˘", "\u0306"),
    )
    for sign in signs
}  # fmt: skip
_HAT = "\u0302"
_ROOTS = {"": "√", "2": "√", "3": "∛", "4": "∜"}
_SUM_SIGNS = "∑∏∐∫∬∭∮∯∰⋃⋂⋁⋀⨁⨂⨀"


def _grouped(text: str) -> str:
    """Return ``text``, in parentheses unless it is a single term."""
    return text if _SINGLE.fullmatch(text) else f"({text})"


def _fraction(above: str, below: str) -> str:
    return f"{_grouped(above)}/{_grouped(below)}"


def _with_scripts(base: str, below: str, above: str) -> str:
    """Return ``base`` with a subscript and a superscript, each of which may be blank."""
    if below:
        low = lowered(below)
        base += f"_{_grouped(below)}" if low == below else low
    if above:
        high = raised(above)
        if _is_small(high) or not above.strip("′″‴'*†"):
            return base + high
        base += f"^{_grouped(above)}"
    return base


def _is_small(text: str) -> bool:
    """Return whether all letters are superscripts or subscripts."""
    return all(
        unicodedata.decomposition(letter).startswith(("<super>", "<sub>")) for letter in text
    )


def _root(degree: str, text: str) -> str:
    sign = _ROOTS.get(degree.strip())
    return f"{sign}({text})" if sign else f"{raised(degree).strip()}√({text})"


def _accented(text: str, accent: str) -> str:
    """Return ``text`` under an accent such as a hat or an arrow."""
    combining = accent.translate(_ACCENTS)
    return f"{text}{combining}" if text and len(combining) == 1 else f"{text}{accent}"


def _applied(name: str, argument: str) -> str:
    space = "" if not argument or argument[0] in "([{|" else " "
    return f"{name.rstrip()}{space}{argument}"


def _matrix(rows: Iterable[Iterable[str]]) -> str:
    return "; ".join(", ".join(cells) for cells in rows)


# Office Open XML

_OPEN_ENDED = frozenset(f"{MATH}{name}" for name in "f sSup sSub sSubSup".split())
_UNREAD = (f"{WORD}del", f"{WORD}moveFrom")


def omml_text(formula: Element) -> str:
    """Return a formula (``m:oMath`` or ``m:oMathPara``) on one line.

    Several formulas of one paragraph are separated by newlines.
    """
    if formula.tag == f"{MATH}oMathPara":
        lines = (_omml(line) for line in formula.iterchildren(f"{MATH}oMath"))
        return "\n".join(line for line in lines if line)
    return _omml(formula)


def _omml(parent: Element | None) -> str:
    """Return what the children of an element show."""
    is_open = False  # whether a letter would seem to go on with what was written
    pieces = []
    for element in [] if parent is None else parent:
        piece = _omml_element(element)
        pieces.append(f" {piece}" if is_open and piece[:1].isalnum() else piece)
        if piece:
            is_open = (
                element.tag in _OPEN_ENDED and piece[-1].isalnum() and not _is_small(piece[-1])
            )
    return "".join(pieces)


def _omml_element(element: Element) -> str:
    tag = element.tag if isinstance(element.tag, str) else ""
    name = tag.rpartition("}")[2]
    if name == "AlternateContent":
        return _omml(choice(element))
    if tag in _UNREAD or name.endswith("Pr") or not tag.startswith((MATH, WORD)):
        return ""
    if name == "r":
        return _omml_run(element)
    write = _OMML.get(name, _omml) if tag.startswith(MATH) else _omml
    return write(element)


def _omml_run(run: Element) -> str:
    if is_on(run.find(f"{WORD}rPr/{WORD}vanish")):
        return ""
    text = "".join(e.text or "" for e in run.iter(f"{MATH}t", f"{WORD}t"))
    if _property(run, "rPr/scr") == "double-struck":
        text = text.translate(_DOUBLE_STRUCK)
    # In lines that are aligned, "&" says where.
    return text.replace("&", "") if _is_aligned(run) else text


def _is_aligned(run: Element) -> bool:
    parent = run.getparent()
    above = None if parent is None else parent.getparent()
    return above is not None and above.tag == f"{MATH}eqArr"


def _property(element: Element, path: str, default: str = "") -> str:
    """Return the value of a property such as ``fPr/type``."""
    found = element.find("/".join(f"{MATH}{name}" for name in path.split("/")))
    return default if found is None else str(found.get(f"{MATH}val", ""))


def _part(element: Element, name: str) -> str:
    return _omml(element.find(f"{MATH}{name}")).strip()


def _omml_fraction(element: Element) -> str:
    above, below = _part(element, "num"), _part(element, "den")
    if _property(element, "fPr/type") == "noBar":
        return f"{above}¦{below}"
    return _fraction(above, below)


def _omml_scripts(element: Element) -> str:
    return _with_scripts(_part(element, "e"), _part(element, "sub"), _part(element, "sup"))


def _omml_scripts_before(element: Element) -> str:
    return _with_scripts("", _part(element, "sub"), _part(element, "sup")) + _part(element, "e")


def _omml_root(element: Element) -> str:
    hidden = is_on(element.find(f"{MATH}radPr/{MATH}degHide"), f"{MATH}val")
    return _root("" if hidden else _part(element, "deg"), _part(element, "e"))


def _omml_sum(element: Element) -> str:
    sign = _property(element, "naryPr/chr", "∫")
    return _applied(
        _with_scripts(sign, _part(element, "sub"), _part(element, "sup")), _part(element, "e")
    )


def _omml_delimiters(element: Element) -> str:
    separator = _property(element, "dPr/sepChr", "|")
    inner = separator.join(_omml(e).strip() for e in element.iterchildren(f"{MATH}e"))
    return _property(element, "dPr/begChr", "(") + inner + _property(element, "dPr/endChr", ")")


def _omml_matrix(element: Element) -> str:
    rows = element.iterchildren(f"{MATH}mr")
    text = _matrix((_omml(e).strip() for e in row.iterchildren(f"{MATH}e")) for row in rows)
    return text if _is_alone_in_delimiters(element) else f"[{text}]"


def _is_alone_in_delimiters(element: Element) -> bool:
    parent = element.getparent()
    above = parent.getparent()
    return len(parent) == 1 and above is not None and above.tag == f"{MATH}d"


def _omml_lines(element: Element) -> str:
    lines = (_omml(e).strip() for e in element.iterchildren(f"{MATH}e"))
    return "; ".join(line for line in lines if line)


def _omml_bar(element: Element) -> str:
    text = _part(element, "e")
    if _property(element, "barPr/pos", "bot") == "top":
        return f"{text}\u0304" if len(text) == 1 else f"¯{_grouped(text)}"
    return f"{text}\u0332" if len(text) == 1 else f"▁{_grouped(text)}"


def _omml_phantom(element: Element) -> str:
    shown = is_on(element.find(f"{MATH}phantPr/{MATH}show"), f"{MATH}val", default=True)
    return _part(element, "e") if shown else ""


_OMML: dict[str, Callable[[Element], str]] = {
    "f": _omml_fraction,
    "sSup": _omml_scripts,
    "sSub": _omml_scripts,
    "sSubSup": _omml_scripts,
    "sPre": _omml_scripts_before,
    "rad": _omml_root,
    "nary": _omml_sum,
    "d": _omml_delimiters,
    "m": _omml_matrix,
    "eqArr": _omml_lines,
    "func": lambda e: _applied(_part(e, "fName"), _part(e, "e")),
    "limLow": lambda e: _with_scripts(_part(e, "e"), _part(e, "lim"), ""),
    "limUpp": lambda e: _with_scripts(_part(e, "e"), "", _part(e, "lim")),
    "acc": lambda e: _accented(_part(e, "e"), _property(e, "accPr/chr", _HAT)),
    "bar": _omml_bar,
    "phant": _omml_phantom,
}


# MathML


def mathml_text(formula: Element) -> str:
    """Return a formula in MathML (an element ``math``) on one line."""
    return _joined_mathml(formula)


def _joined_mathml(parent: Element) -> str:
    """Return what the children of an element show, with spaces where they would run together."""
    pieces = [""]
    for piece in map(_mathml, parent):
        if not piece:
            continue
        last = pieces[-1]
        if any(map(_RELATION.fullmatch, (last, piece))) or _needs_space(last, piece):
            pieces.append(" ")
        pieces.append(piece)
    return "".join(pieces).strip()


def _needs_space(left: str, right: str) -> bool:
    """Return whether two neighbours would be read as one word."""
    if left.endswith(",") or (left[:1] in _SUM_SIGNS and left):
        return True
    if not (left[-1:].isalnum() and right[:1].isalnum()):
        return False
    ends, begins = left[-2:], right[:2]
    return (len(ends) > 1 and ends.isalpha()) or (len(begins) > 1 and begins.isalpha())


def _children(element: Element) -> list[str]:
    """Return the text of each child, and enough blanks for those that are missing."""
    shown = [_mathml(child) for child in element if isinstance(child.tag, str)]
    return [*shown, "", "", ""]


def _mathml(element: Element) -> str:  # noqa: C901, PLR0911, PLR0912 - one case for each element
    if not isinstance(element.tag, str):
        return ""
    name = element.tag.rpartition("}")[2]
    match name:
        case "mi" | "mn" | "mtext" | "ms":
            return " ".join("".join(element.itertext()).split())
        case "mo":
            return "".join(element.itertext()).strip("\u2061\u2062\u2063\u2064 \n\t\r")
        case "annotation" | "annotation-xml" | "mphantom" | "none" | "mprescripts":
            return ""
        case "mspace":
            return " "
        case "mfrac":
            above, below, *_ = _children(element)
            is_bare = element.get("linethickness", "") in ("0", "0pt", "0px")
            return f"{above}¦{below}" if is_bare else _fraction(above, below)
        case "msqrt":
            return _root("", _joined_mathml(element))
        case "mroot":
            base, degree, *_ = _children(element)
            return _root(degree, base)
        case "msup" | "mover":
            base, above, *_ = _children(element)
            if name == "mover" and above.translate(_ACCENTS) != above and len(above) == 1:
                return _accented(base, above)
            return _with_scripts(base, "", above)
        case "msub" | "munder":
            base, below, *_ = _children(element)
            return _with_scripts(base, below, "")
        case "msubsup" | "munderover":
            base, below, above, *_ = _children(element)
            return _with_scripts(base, below, above)
        case "mtable":
            return _mathml_table(element)
        case "mfenced":
            separator = (element.get("separators", ",").strip() or ",")[:1]
            inner = f"{separator} ".join(filter(None, _children(element)))
            return f"{element.get('open', '(')}{inner}{element.get('close', ')')}"
        case "semantics":
            return _mathml(element[0]) if len(element) else ""
    return _joined_mathml(element)


def _mathml_table(element: Element) -> str:
    rows = [row for row in element if isinstance(row.tag, str)]
    text = _matrix((_joined_mathml(cell) for cell in row) for row in rows)
    before = element.getprevious()
    is_fenced = before is not None and str(before.tag).endswith("}mo")
    return text if is_fenced else f"[{text}]"
