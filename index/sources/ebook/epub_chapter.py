"""Prepare a chapter of an EPUB, so that what remains is what its readers see as text.

Contents pages and page numbers go; note marks are raised; headings that look like paragraphs, but
are in the table of contents, become headings.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from index.sources.ebook.epub_navigation import Label, element_types
from index.sources.ebook.epub_styles import Styles, replace_between

# An HTML parser takes <a id="x"/> or <title/> for an opening tag.
_SELF_CLOSING = re.compile(
    r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)\b)"
    r"([A-Za-z][\w:-]*)(\s[^<>]*)?/>"
)
_PREFIX = re.compile(r"<([A-Za-z]\w{0,20}):html\b")
_DOCTYPE_SUBSET = re.compile(r"\s{0,1000}<!DOCTYPE[^>\[]{0,1000}\[", re.IGNORECASE)
_PROLOG = re.compile(r"\s{0,1000}(?:<\?xml[^>]{0,1000}\?>)?")
_ENTITY = re.compile(r"&([A-Za-z][\w.-]{0,50});")

_MARKED = (
    "//*[@role or @hidden or @style or @*[contains(name(), ':type')] or self::nav"
    " or name() = 'epub:case']"
)
_CONTENTS = frozenset({"toc", "landmarks", "page-list", "pagelist", "lot", "loi", "loa", "lov"})
_NOTES = frozenset({"footnote", "footnotes", "endnote", "endnotes", "rearnote", "rearnotes"})
_PAGE_CLASSES = frozenset(
    "page-num page-number page_number pagebreak pagenum pagenumber pageno".split()
)
_PAGE_NUMBER = re.compile(r"[\[({|\s]*(?:(?:pg|page|p)\b\.?)?\s*(?:\d{1,5}|[ivxlc]{1,9})[\])}|\s]*")
_MAX_PAGE_NUMBER_CHARS = 20
_BACK_LINK = re.compile(r"[\s\ufe0e\ufe0f\u21a9\u21a5\u2191\u2934\u23ce^]{1,10}")
_NOTE_MARK = re.compile(r"\d{1,4}|[*†‡§]{1,3}")
_OPENERS = tuple("([{\u201c\u2018«")
_INLINE = frozenset({"a", "b", "em", "font", "i", "small", "span", "strong", "u"})
_PARAGRAPHS = frozenset({"div", "p", *_INLINE})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_MAX_ELEMENTS_TO_A_LABEL = 12
_MAX_LABEL_CHARS = 300
_MAX_LABELS = 1_000  # of a chapter
_LOWEST_LEVEL = 6
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class ChapterHints:
    """What the rest of the book says about a chapter."""

    labels: Mapping[str, Label] = field(default_factory=dict)
    """The entries of the table of contents that lead into it, by fragment."""
    page_numbers: Mapping[str, str] = field(default_factory=dict)
    """The printed page numbers in it, by fragment."""
    styles: Styles = field(default_factory=Styles)
    is_contents: bool = False
    """Whether the book calls it a table of contents."""


def chapter_source(source: str, letters: Mapping[str, str]) -> str:
    """Return XHTML as an HTML parser reads it rightly; ``letters`` are its declared entities."""
    at = _PROLOG.match(source)
    doctype = _DOCTYPE_SUBSET.match(source, at.end() if at else 0)
    if doctype:
        source = source[doctype.end() :].partition("]")[2].partition(">")[2]
    if letters:
        source = _ENTITY.sub(lambda match: letters.get(match[1], match[0]), source)
    source = replace_between(source, "<![CDATA[", "]]>", html.escape)
    if prefix := _PREFIX.search(source[:10_000]):
        source = source.replace(f"<{prefix[1]}:", "<").replace(f"</{prefix[1]}:", "</")
    return _SELF_CLOSING.sub(r"<\1\2></\1>", source)


def prepare_chapter(root: Any, hints: ChapterHints) -> None:  # noqa: ANN401 - an lxml element
    """Change the tree of a chapter so that its visible text is what readers see."""
    if hints.labels:
        _promote_headings(root, hints.labels)
    if hints.is_contents and _is_mostly_links(root):
        _clear(root)
        return
    rules = "\n".join(style.text or "" for style in root.iter("style"))
    hints = replace(hints, styles=hints.styles.with_rules(rules))
    _show_picture_texts(root)
    _mark_links(root)
    had_contents = False
    for element in _marked_elements(root, hints):
        types = element_types(element)
        if _is_contents(element, types):
            had_contents = True
            _drop(element)
        elif _is_left_out(element, types, hints):
            _drop(element)
        elif types & {"noteref"} or hints.styles.value(element, "vertical-align") == "super":
            _shift(element, "sup")
        elif hints.styles.value(element, "vertical-align") == "sub":
            _shift(element, "sub")
    if had_contents and not _has_text_below_headings(root):
        _clear(root)


def _marked_elements(root: Any, hints: ChapterHints) -> list[Any]:  # noqa: ANN401
    """Return the elements about which something says more than their name."""
    found: list[Any] = root.xpath(_MARKED)
    classes = hints.styles.classes | _PAGE_CLASSES
    found += [
        element
        for element in root.xpath("//*[@class]")
        if not classes.isdisjoint(element.get("class").split())
    ]
    numbers = hints.page_numbers
    for element in root.xpath("//*[@id or @name]") if numbers else ():
        if element.get("id") in numbers or element.get("name") in numbers:
            found.append(element)
    return found


def _mark_links(root: Any) -> None:  # noqa: ANN401 - an lxml element
    """Raise note marks that nothing but their place shows, and drop the arrows back to them."""
    for link in root.xpath("//a[contains(@href, '#')]"):
        if _is_back_link(link):
            _drop(link)
        elif _is_note_mark(link):
            _shift(link, "sup")


def _is_back_link(link: Any) -> bool:  # noqa: ANN401 - an lxml element
    return bool(_BACK_LINK.fullmatch(_short_text(link, _MAX_PAGE_NUMBER_CHARS) or ""))


def _is_note_mark(link: Any) -> bool:  # noqa: ANN401 - an lxml element
    """Return whether a link with a number or a sign joins the word before it."""
    if not _NOTE_MARK.fullmatch(_short_text(link, _MAX_PAGE_NUMBER_CHARS) or ""):
        return False
    previous = link.getprevious()
    before = link.getparent().text if previous is None else previous.tail
    return bool(before) and not before[-1].isspace() and before[-1] not in _OPENERS


def _show_picture_texts(root: Any) -> None:  # noqa: ANN401 - an lxml element
    """Make paragraphs of the texts of a page that is one vector picture."""
    body = root.find(".//body")
    if body is None or len(body) != 1 or body[0].tag != "svg":
        return
    outermost = [text for text in body[0].iter("text") if text.getparent().tag != "text"]
    texts = [" ".join("".join(text.itertext()).split()) for text in outermost]
    body.clear()
    for text in texts:
        paragraph = body.makeelement("p")
        paragraph.text = text
        body.append(paragraph)


def _is_contents(element: Any, types: frozenset[str]) -> bool:  # noqa: ANN401 - an lxml element
    if element.tag == "nav":
        return bool(types & _CONTENTS)
    return bool(types & _CONTENTS) and element.tag != "body" and _is_mostly_links(element)


def _is_left_out(element: Any, types: frozenset[str], hints: ChapterHints) -> bool:  # noqa: ANN401
    """Return whether readers do not see an element, or not as a part of the text."""
    if types & _NOTES:
        # Many programs hide notes and show them when their mark is clicked.
        element.attrib.pop("hidden", None)
        element.attrib.pop("style", None)
        return False
    style = element.get("style", "").replace(" ", "").lower()
    return (
        element.get("hidden") is not None
        or "display:none" in style
        or hints.styles.hides(element)
        or _is_page_number(element, types, hints.page_numbers)
        # What it shows instead of a formula or a film that a program does not know.
        or (element.tag == "epub:case" and "".join(_default_text(element)).strip() != "")
    )


def _is_page_number(element: Any, types: frozenset[str], numbers: Mapping[str, str]) -> bool:  # noqa: ANN401
    number = numbers.get(element.get("id", "") or element.get("name", ""))
    is_break = bool(types & {"pagebreak"})
    has_class = bool(_PAGE_CLASSES.intersection(element.get("class", "").lower().split()))
    if not (is_break or has_class or number):
        return False
    text = _short_text(element, _MAX_PAGE_NUMBER_CHARS)
    if not text:
        return False
    is_number = bool(number and text.strip("[](){}| ").casefold() == number.casefold())
    return is_break or is_number or bool(has_class and _PAGE_NUMBER.fullmatch(text.lower()))


def _default_text(case: Any) -> Iterator[str]:  # noqa: ANN401 - an lxml element
    for sibling in case.getparent().iterchildren("epub:default"):
        yield from sibling.itertext()


def _promote_headings(root: Any, labels: Mapping[str, Label]) -> None:  # noqa: ANN401
    """Make headings of the paragraphs that read as the table of contents calls their places."""
    body = root.find(".//body")
    if body is None:
        return
    places = {"": body}
    for element in body.xpath(".//*[@id or @name]"):
        for name in ("id", "name"):
            if element.get(name):
                places.setdefault(element.get(name), element)
    for fragment, label in itertools.islice(labels.items(), _MAX_LABELS):
        if fragment in places:
            _promote_heading(places[fragment], label)


def _promote_heading(place: Any, label: Label) -> None:  # noqa: ANN401 - an lxml element
    wanted = _letters(label.text)
    near = [place.getparent(), *itertools.islice(_from(place), _MAX_ELEMENTS_TO_A_LABEL)]
    for element in near:
        if element is None or element.tag in _HEADINGS:
            return
        text = _short_text(element, _MAX_LABEL_CHARS) if element.tag in _PARAGRAPHS else None
        if text is None or not wanted or _letters(text) != wanted:
            continue
        block = element
        while block.tag in _INLINE and block.getparent() is not None:
            block = block.getparent()
        whole = _short_text(block, _MAX_LABEL_CHARS)
        is_alone = whole is not None and _letters(whole) == wanted
        has_heading = any(True for _ in block.iter(*_HEADINGS))
        if is_alone and not has_heading and block.tag in _PARAGRAPHS:
            block.tag = f"h{min(label.depth, _LOWEST_LEVEL)}"
        return


def _from(place: Any) -> Iterator[Any]:  # noqa: ANN401 - an lxml element
    """Yield an element and those that begin after it."""
    element = place
    while element is not None:
        if isinstance(element.tag, str):
            yield element
        following = element[0] if len(element) else element.getnext()
        while following is None and (element := element.getparent()) is not None:
            following = element.getnext()
        element = following


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _short_text(element: Any, limit: int) -> str | None:  # noqa: ANN401 - an lxml element
    """Return the text of an element without spaces around it; None if it is over the limit."""
    length = 0
    pieces = []
    for piece in element.itertext():
        length += len(piece.strip())
        if length > limit:
            return None
        pieces.append(piece)
    return "".join(pieces).strip()


def _is_mostly_links(element: Any) -> bool:  # noqa: ANN401 - an lxml element
    """Return whether more than half of the text below the headings of an element is links."""
    letters = len(_letters("".join(element.itertext())))
    in_headings = sum(len(_letters("".join(e.itertext()))) for e in element.iter(*_HEADINGS))
    links = sum(len(_letters("".join(link.itertext()))) for link in element.iter("a"))
    return links > _HALF * (letters - in_headings)


def _has_text_below_headings(root: Any) -> bool:  # noqa: ANN401 - an lxml element
    body = root.find(".//body")
    if body is None:
        return False
    text = len(_letters("".join(body.itertext())))
    in_headings = sum(len(_letters("".join(e.itertext()))) for e in body.iter(*_HEADINGS))
    return text > in_headings


def _clear(root: Any) -> None:  # noqa: ANN401 - an lxml element
    body = root.find(".//body")
    if body is not None:
        body.clear()


def _drop(element: Any) -> None:  # noqa: ANN401 - an lxml element
    """Remove an element, but not the text after it."""
    if element.getparent() is not None:
        element.drop_tree()


def _shift(element: Any, tag: str) -> None:  # noqa: ANN401 - an lxml element
    """Raise or lower the content of an inline element, unless a part of it already is."""
    if element.tag not in _INLINE or next(element.iterancestors("sup", "sub"), None) is not None:
        return
    if next(element.iter("sup", "sub"), None) is None:
        wrapper = element.makeelement(tag)
        wrapper.text, element.text = element.text, None
        wrapper.extend(list(element))
        element.append(wrapper)
