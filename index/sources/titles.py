"""Choose the title of a document: the one in its metadata, or its first large heading."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from index.sources.document import ParsedDocument
from index.sources.plain_text import plain_text_headings

_MAX_CHARS = 200
_FIRST_PAGES = 3
_FIRST_CHARS = 10_000
_SUPPORTED = 0.8
"""Which share of a title's words must be on the first pages."""
_PROGRAM = re.compile(
    r"(?:Microsoft )?(?:Office )?(?:Word|Power ?Point|Excel|Publisher|Visio|Outlook) - ",
    re.IGNORECASE,
)
_SUFFIX = re.compile(
    r"(?<=\S)\.(?:docx?m?|dotx?|rtf|odt|odp|wpd?|pages|pptx?|xlsx?|pdf|e?ps|dvi|tex|indd|qxd|qxp"
    r"|fm|pmd|p65|pub|cdr|ai|txt|html?|xhtml|md|exe|tmp|tiff?|jpe?g|png)$",
    re.IGNORECASE,
)
# What programs write into a file that was given no title.
_MADE_UP = re.compile(
    r"(?:Microsoft )?(?:Office )?(?:Power ?Point|Word|Excel|Writer)"
    r"(?: Presentation| Document)?(?: - .*)?"
    r"|(?:Slides?|Presentation|Document|Dokument|Folie|Untitled|Unbenannt|Sans titre|Sin título"
    r"|No title|Unknown|Scan(?:ned document)?|None|Print)[ -_]?\d*",
    re.IGNORECASE,
)
_SECTION = re.compile(r"\(?(?:\d{1,2}|[ivx]{1,4}|[b-z])(?:\.\d+)*[.)]?\s", re.IGNORECASE)


def document_title(found: ParsedDocument, declared: str) -> str:
    """Return the title of a document; "" if it has none.

    Args:
        found: Its text and headings.
        declared: The title in its metadata. This is trusted if its words are on the first pages;
            else the largest heading of the first page that has headings is the title.
    """
    own = " ".join(declared.split())
    title = _without_file_name(own)
    beginning = found.text[: _end_of_pages(found, _FIRST_PAGES)]
    if title == own and _is_supported(title, beginning):
        return title
    if _is_made_up(title):
        title = ""
    # A cover that is a picture has no heading, and those of the next pages are not the title.
    is_likely = title == own and len(_words(title)) > 1
    return _first_heading(found, 1 if is_likely else _FIRST_PAGES) or title


def titled(found: ParsedDocument, declared: str) -> ParsedDocument:
    """Return a printed document with its title; without large headings, with those of its lines."""
    title = document_title(found, declared)
    headings = found.headings or plain_text_headings(found.text)
    first = headings[0] if headings else None
    if not title and first is not None and first.start == 0:
        title = found.text[first.start : first.end]
    return replace(found, title=title, headings=headings)


def written_title(declared: str) -> str:
    """Return the title in a document's metadata; "" if a program made it up or named a file."""
    title = " ".join(declared.split())
    return "" if _is_made_up(title) or _without_file_name(title) != title else title


def _without_file_name(title: str) -> str:
    """Return a title without what shows that it is the name of a file."""
    return _SUFFIX.sub("", _PROGRAM.sub("", title)).replace("_", " ").strip()


def _is_made_up(title: str) -> bool:
    return _MADE_UP.fullmatch(title) is not None or not any(map(str.isalpha, title))


def _end_of_pages(found: ParsedDocument, count: int) -> int:
    end = found.pages[count] if len(found.pages) > count else len(found.text)
    return min(end, _FIRST_CHARS)


def _is_supported(title: str, beginning: str) -> bool:
    """Return whether a text says the words of a title; a single word must be on its own line."""
    words = _words(title)
    if len(words) > 1:
        said = set(_words(beginning))
        return sum(word in said for word in words) >= _SUPPORTED * len(words)
    return bool(words) and any(_words(line) == words for line in beginning.splitlines())


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


def _first_heading(found: ParsedDocument, pages: int) -> str:
    """Return the largest heading of the first page that has headings, of so many; else ""."""
    for page in range(1, pages + 1):
        start = found.pages[page - 1] if 0 < page <= len(found.pages) else 0
        end = _end_of_pages(found, page)
        headings = [
            heading
            for heading in found.headings
            if start <= heading.start < end
            and heading.end - heading.start <= _MAX_CHARS
            and not _SECTION.match(found.text, heading.start)
        ]
        if headings:
            largest = min(headings, key=lambda heading: heading.level)
            return found.text[largest.start : largest.end].strip()
    return ""
