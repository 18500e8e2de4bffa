"""The pictures of the cited pages in an exported conversation, with the cited words boxed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field

from index.errors import ArticleQAError
from index.sources.page_pictures import MEDIA_TYPE
from index.types import Article
from qa.answers.citation import Citation
from qa.output.printed_pages import Box, PrintedPages, confidence_on_page

PICTURE_WIDTH = 1200
"""In pixels: sharp on paper at half a page's width, and a few hundred kilobytes."""
MAX_PAGES = 20
MAX_BYTES = 6_000_000
"""Of all pictures together, before they are encoded."""


@dataclass(slots=True)
class ExportedPage:
    """A page as printed."""

    id: str
    """The id of its element."""
    number: int
    shape: str
    """The ratio of its width to its height, for CSS."""
    address: str
    """A ``data:`` address; empty if the page cannot be drawn."""
    note: str
    """How surely it was recognised, or why it cannot be drawn; may be empty."""
    boxes: list[dict[str, str]] = field(default_factory=list)


class ExportedPages:
    """The pages that are cited in one export, within its limits.

    Args:
        printed: Draws the pages; None for an export without pictures.
    """

    def __init__(self, printed: PrintedPages | None) -> None:
        self._printed = printed
        self._pages: dict[str, dict[int, ExportedPage]] = {}
        self._boxed: set[tuple[str, int, int]] = set()
        self._bytes = 0
        self.is_cut = False
        """Whether a page was left out because of the limits."""

    @property
    def has_pictures(self) -> bool:
        """Whether any page is shown."""
        return bool(self._pages)

    def add(self, article: Article, place: Citation, name: str) -> str:
        """Add the pages of a place, which is called ``name``; return the id of the first, or ""."""
        boxes = self._printed.boxes(article, place.start, place.end) if self._printed else ()
        first = ""
        for box in boxes:
            page = self._page(article, box.page)
            if page is None:
                continue
            first = first or page.id
            if (article.id, place.start, place.end) not in self._boxed:
                page.boxes.append({"style": _style(box), "name": name})
                name = ""  # shown once
        self._boxed.add((article.id, place.start, place.end))
        return first

    def of(self, article: Article) -> list[ExportedPage]:
        """Return the pages of an article that were added, in order."""
        pages = self._pages.get(article.id, {})
        return [pages[number] for number in sorted(pages)]

    def _page(self, article: Article, number: int) -> ExportedPage | None:
        known = self._pages.get(article.id, {}).get(number)
        if known or self._printed is None:
            return known
        if sum(map(len, self._pages.values())) >= MAX_PAGES or self._bytes >= MAX_BYTES:
            self.is_cut = True
            return None
        page = _exported(self._printed, article.id, number)
        self._bytes += len(page.address)
        self._pages.setdefault(article.id, {})[number] = page
        return page


def _exported(printed: PrintedPages, article_id: str, number: int) -> ExportedPage:
    shape = printed.shapes(article_id)[number - 1]
    note = confidence_on_page(shape.confidence)
    try:
        picture = printed.picture(article_id, number, PICTURE_WIDTH) or b""
    except ArticleQAError as error:
        picture, note = b"", str(error)
    encoded = b64encode(picture).decode("ascii")
    address = f"data:{MEDIA_TYPE};base64,{encoded}" if picture else ""
    ratio = f"{shape.width:.1f} / {shape.height:.1f}"
    return ExportedPage(f"p{number}-{article_id[:8]}", number, ratio, address, note)


def _style(box: Box) -> str:
    sides = {
        "left": box.left,
        "top": box.top,
        "width": box.right - box.left,
        "height": box.bottom - box.top,
    }
    return ";".join(f"{name}:{100 * share:.2f}%" for name, share in sides.items())


def pages_cited(places: Iterable[Citation]) -> bool:
    """Return whether any of these places is on a numbered page, so that it may be shown."""
    return any(place.page is not None for place in places)
