"""Read HTML: the article of a page, or all that it shows. Nothing is executed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.byline import byline
from index.sources.document import ParsedDocument, TextBuilder
from index.sources.html.html_blocks import Block, BlockKind, page_blocks
from index.sources.html.html_tables import covered_cells

if TYPE_CHECKING:  # 340 ms to import
    from trafilatura.settings import Document

# trafilatura takes 2 s for 20,000 paragraphs (2 cores, November 2026), 9 s for 50,000. Of a page
# with more elements, all visible text is taken.
_MAX_EXTRACTED_ELEMENTS = 50_000
_TITLE_SEPARATOR = re.compile(r"\s+[|\-–—·•»:]+\s+")
_MAX_AUTHOR_CHARS = 100
_SHOWN = 0.2
"""From which share of its words on the data of an article counts as shown by the page."""


def read_html(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the article of a web page in UTF-8, or all visible text if it has none.

    An author and a date that the page names but does not show come first, after the title.

    Raises:
        TooLarge: It has too much text.
        UnreadableFile: It is nested too deeply for the parser.
    """
    # It imports numpy, which those who want all that a page shows do without.
    from index.sources.html.html_article import article_blocks

    root = parse_page(data.decode())
    if root is None:
        return ParsedDocument("")
    blocks = page_blocks(root)
    title = " ".join((root.findtext(".//title") or "").split())
    # trafilatura makes an element of each cell that another covers or that a row lacks.
    elements = max(sum(1 for _ in root.iter()), covered_cells(root))
    if elements <= _MAX_EXTRACTED_ELEMENTS and (page := extracted_page(root)):
        chosen = article_blocks(blocks, page.text or "", page.title or title) or blocks
        title = _title(page.title or "", title, chosen)
        blocks = _with_byline(chosen + _unshown_article(root, blocks), page)
    builder = TextBuilder(limits)
    _add(blocks, builder)
    return builder.build(title)


def add_visible_text(
    source: str, builder: TextBuilder, prepare: Callable[[Any], None] | None = None
) -> None:
    """Add all that an HTML page shows, with its headings, tables and marks.

    Args:
        source: The page.
        builder: Where its text is added.
        prepare: Changes the page's tree before it is read.

    Raises:
        TooLarge: It has too much text.
        UnreadableFile: It is nested too deeply for the parser.
    """
    root = parse_page(source)
    if root is not None:
        if prepare is not None:
            prepare(root)
        builder.end_group()
        _add(page_blocks(root), builder)


def parse_page(source: str) -> Any:  # noqa: ANN401 - lxml has no types
    """Return the root of a page's tree; None if it has no elements."""
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(source.encode(), parser=parser)
    except etree.ParserError:
        return None
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        msg = "The page is nested too deeply to be read. Save its text as .txt and add that."
        raise UnreadableFile(msg)
    return root


def extracted_page(root: Any) -> Document | None:  # noqa: ANN401
    """Return what trafilatura takes for the page's main text, with title, author and date."""
    from trafilatura import bare_extraction
    from trafilatura.settings import Document

    page = bare_extraction(
        root,
        # Its fallback takes time with the square of the short paragraphs in a row.
        fast=True,
        include_comments=False,
        with_metadata=True,
        # Searching the text for the date would take long.
        date_extraction_params={"extensive_search": False, "original_date": True},
    )
    return page if isinstance(page, Document) else None


def _title(found: str, whole: str, blocks: Sequence[Block]) -> str:
    """Return the title of an article.

    Args:
        found: As trafilatura finds it in the page's metadata or headings.
        whole: What the page's tab is called, often with the name of the site.
        blocks: Those of the article.
    """
    headings = [block.text for block in blocks if block.kind is BlockKind.HEADING]
    if found not in whole and found not in headings:
        found = max(_TITLE_SEPARATOR.split(whole), key=len) or found
    for heading in headings:
        rest = found.removeprefix(heading)
        if rest != found and _TITLE_SEPARATOR.match(rest):
            return heading
    return found


def _unshown_article(root: Any, blocks: Sequence[Block]) -> list[Block]:  # noqa: ANN401
    """Return the article that a page holds as data, if it shows it only once a script has run."""
    from index.sources.html.html_features import coverage

    longest = ""
    for script in root.iter("script"):
        if script.get("type") == "application/ld+json" and '"articleBody"' in (script.text or ""):
            longest = max(longest, _article_body(script.text), key=len)
    if not longest or coverage([longest], "\n".join(block.text for block in blocks))[0] > _SHOWN:
        return []
    return [
        Block(BlockKind.PARAGRAPH, None, " ".join(line.split())) for line in longest.split("\n")
    ]


def _article_body(data: str) -> str:
    """Return the longest ``articleBody`` in JSON-LD, without tags; "" if there is none."""
    try:
        waiting = [json.loads(data)]
    except (ValueError, RecursionError):
        return ""
    longest = ""
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            body = value.get("articleBody")
            longest = max(longest, body if isinstance(body, str) else "", key=len)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    if "<" not in longest:
        return longest
    root = parse_page(longest)
    return "" if root is None else "\n".join(block.text for block in page_blocks(root))


def _with_byline(blocks: list[Block], page: Document) -> list[Block]:
    """Return blocks with the author and the date of the page, unless they are in them."""
    text = "\n".join(block.text for block in blocks)
    author = " ".join((page.author or "").replace(";", ",").split()).replace(" ,", ",")
    if len(author) > _MAX_AUTHOR_CHARS or author == page.sitename:
        author = ""
    line = byline(author, page.date or "", text)
    if not line:
        return blocks
    first = next((i for i, block in enumerate(blocks[:5]) if block.kind is BlockKind.HEADING), -1)
    block = Block(BlockKind.PARAGRAPH, None, line)
    return [*blocks[: first + 1], block, *blocks[first + 1 :]]


def _add(blocks: Sequence[Block], builder: TextBuilder) -> None:
    for block in blocks:
        block.add_to(builder)
