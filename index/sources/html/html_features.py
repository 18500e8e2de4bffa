"""Describe the blocks of a page by numbers, for the classifier that finds the article's."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.sources.html.html_blocks import Block, BlockKind
from index.sources.html.html_tags import tag_of

_WORD = re.compile(r"\w+")
_SHINGLE = 4  # words
_CONTAINERS = (
    "article main nav header footer aside form table ul figure blockquote section dl"
    " details".split()
)
_CLASSES = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "navigation": r"nav|menu|breadcrumb|pagina|pager|toc\b|directory",
        "comment": r"comment|disqus|respond|repl(?:y|ies)|discuss|forum|komment",
        "side": r"side|aside|widget|rail|secondary|right|left",
        "share": r"shar(?:e|ing)|social|follow|addtoany|like|facebook|twitter",
        "related": r"relat|recommend|popular|trend|also|teaser|recent|latest|next|prev|similar"
        r"|more",
        "advert": r"\bads?\b|advert|sponsor|banner|promo|outbrain|taboola|anzeige",
        "account": r"cookie|consent|gdpr|privacy|newsletter|subscri|sign-?(?:up|in)|log-?in|popup"
        r"|modal|paywall|overlay",
        "bottom": r"foot|copyright|colophon|bottom|legal|disclaim",
        "top": r"head(?!line)|masthead|top|logo|brand|search",
        "byline": r"meta|byline|author|date|time|publish|posted|autor",
        "tags": r"tag|categor|keyword|topic|label",
        "caption": r"caption|credit|legend|thumb|image|photo|gallery",
        "body": r"article|content|post|entry|story|text|body|main|prose|copy",
        "title": r"title|headline|heading",
        "biography": r"bio\b|profile|about|contrib",
        "hidden": r"hid(?:e|den)|collapse|print|mobile|noprint",
        "list": r"list|grid|card|item|col|row",
        "note": r"note|ref|cite|source|info|fact|box",
    }.items()
}
_KINDS = (*_CONTAINERS, *_CLASSES)
APART = [
    _KINDS.index(name)
    for name in (
        "nav form navigation comment side share related advert account footer header tags hidden"
        " biography byline list caption"
    ).split()
]
"""The kinds of elements that hold something else than an article."""
ARTICLE, FOOTER = _KINDS.index("article"), _KINDS.index("footer")
NAMED = [_KINDS.index(name) for name in ("nav", "form", *_CLASSES)]
"""The kinds of elements that have a name of the page's own, and menus."""
_ENDS = tuple('.!?…。！？؟।:;”"»)')
_LEVELS = 5
"""How many elements around a block are looked at."""
_FAR = 60
_WINDOW = 7  # blocks
_HALF = 0.5
_MAX_TITLE_CHARS = 300


class _Elements:
    """The elements that blocks are in, numbered, each after the one that it is in."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._numbers: dict[Any, int] = {}
        self._parents: list[int] = []
        self._depths: list[int] = []
        self._nearest: list[tuple[int, ...]] = []
        self.of_block = np.array([self._number(block.element) for block in blocks], dtype=int)
        self.parents = np.array(self._parents, dtype=int)
        self.depths = np.array(self._depths, dtype=float)
        self.nearest = np.array(self._nearest, dtype=float)
        """``(elements, kinds)``: the depth of the nearest element of each kind; -1 for none."""
        self._numbers = {}  # so that the page itself may go

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``(elements, columns)``: what the blocks in each element have together."""
        totals = np.zeros((len(self._parents), values.shape[1]))
        np.add.at(totals, self.of_block, values)
        for number in range(len(self._parents) - 1, 0, -1):
            totals[self._parents[number]] += totals[number]
        return totals

    def levels_up_to(self, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return how far the deepest of some nested elements is from each block's."""
        depths = np.where(chosen, self.depths, -1)
        for number, parent in enumerate(self._parents):
            if depths[number] < 0 and number:
                depths[number] = depths[parent]
        return np.asarray((depths.max(initial=0) - depths)[self.of_block])

    def _number(self, element: Any) -> int:  # noqa: ANN401
        chain = []
        while element is not None and element not in self._numbers:
            chain.append(element)
            element = element.getparent()
        number = self._numbers[element] if element is not None else -1
        for inner in reversed(chain):
            number = self._add(inner, number)
        return number

    def _add(self, element: Any, parent: int) -> int:  # noqa: ANN401
        number = len(self._parents)
        depth = self._depths[parent] + 1 if parent >= 0 else 0
        nearest = self._nearest[parent] if parent >= 0 else _NOTHING_NEAR
        kinds = _kinds_of(tag_of(element), _names_of(element))
        if kinds:
            found = list(nearest)
            for kind in kinds:
                found[kind] = depth
            nearest = tuple(found)
        self._numbers[element] = number
        self._parents.append(max(parent, 0))
        self._depths.append(depth)
        self._nearest.append(nearest)
        return number


_NOTHING_NEAR = (-1,) * len(_KINDS)


def _names_of(element: Any) -> str:  # noqa: ANN401
    attributes = element.attrib
    if not attributes or element.tag in ("html", "body"):
        return ""
    names = [attributes[key] for key in ("class", "id", "role", "itemprop") if key in attributes]
    return " ".join(names)[:300]


@lru_cache(maxsize=20_000)
def _kinds_of(tag: str, names: str) -> tuple[int, ...]:
    """Return of which kinds an element is, by its tag and the names that the page gives it."""
    found = [_CONTAINERS.index(tag)] if tag in _CONTAINERS else []
    if names:
        patterns = enumerate(_CLASSES.values(), start=len(_CONTAINERS))
        found += [number for number, pattern in patterns if pattern.search(names)]
    return tuple(found)


def shingles(text: str) -> set[tuple[str, ...]]:
    """Return the runs of four words in a text."""
    words = _WORD.findall(text.casefold())
    return set(zip(*(words[i:] for i in range(_SHINGLE)), strict=False))


def coverage(texts: Sequence[str], extracted: str) -> NDArray[np.float64]:
    """Return which share of each text another extractor has kept: ``(n,)`` in 0..1."""
    found = shingles(extracted)
    lines = {" ".join(_WORD.findall(line.casefold())) for line in re.split(r"\n| \| ", extracted)}
    shares = np.zeros(len(texts))
    for i, text in enumerate(texts):
        words = _WORD.findall(text.casefold())
        if len(words) < _SHINGLE * 2 and " ".join(words) in lines:
            shares[i] = 1
        elif len(words) >= _SHINGLE:
            runs = list(zip(*(words[k:] for k in range(_SHINGLE)), strict=False))
            shares[i] = sum(run in found for run in runs) / len(runs)
    return shares


class PageShape:
    """Where the blocks of a page are, and how long they are: arrays, without the page itself."""

    def __init__(self, blocks: Sequence[Block], texts: Sequence[str]) -> None:
        self.chars = np.array([len(text) for text in texts], dtype=float)
        self.links = np.array([block.links for block in blocks], dtype=float)
        self.levels = np.array([block.level for block in blocks])
        self.elements = _Elements(blocks)
        looks: dict[tuple[str, ...], int] = {}
        self.look_of_block = np.array(
            [looks.setdefault(_look(block.element), len(looks)) for block in blocks], dtype=int
        )


def features_of_blocks(
    blocks: Sequence[Block], texts: Sequence[str], shape: PageShape, title: str
) -> NDArray[np.float64]:
    """Return ``(n, features)``: what each block of a page is like by itself."""
    title_words = set(_WORD.findall(title.casefold()))
    repeated = Counter(texts)
    own = [
        (*_own(block, text), _overlap(text, title_words), min(repeated[text], 5))
        for block, text in zip(blocks, texts, strict=True)
    ]
    elements = shape.elements
    depths = elements.depths[elements.of_block][:, None]
    nearest = elements.nearest[elements.of_block]
    near = np.where(nearest < 0, 0, 1 / (1 + depths - nearest))
    return np.hstack([np.array(own, dtype=float), depths, near])


def features_of_surroundings(shape: PageShape, kept: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``(n, features)``: what is around each block.

    ``kept`` says of each block, in 0..1, how surely it belongs to the article as far as is known.
    """
    return np.hstack([_positions(shape, kept), _containers(shape, kept), _signatures(shape, kept)])


def _own(block: Block, text: str) -> tuple[float, ...]:
    words = text.split()
    length = max(1, len(text))
    tag = tag_of(block.element)
    return (
        float(block.kind is BlockKind.HEADING),
        block.level,
        float(block.kind is BlockKind.ITEM),
        block.depth,
        float(block.kind is BlockKind.TABLE),
        float(block.kind is BlockKind.PREFORMATTED),
        float(tag == "p"),
        float(tag == "div"),
        float(tag in ("td", "th")),
        float(tag == "figcaption"),
        float(tag in ("dt", "dd")),
        math.log1p(len(text)),
        math.log1p(len(words)),
        len(text) / max(1, len(words)),
        block.links / length,
        sum(map(text.count, ",;.，。、")) / length,
        float(text.endswith(_ENDS)),
        sum(map(str.isdigit, text[:300])) / min(length, 300),
        sum(word[:1].isupper() for word in words[:50]) / max(1, min(len(words), 50)),
        float("|" in text or "»" in text or "›" in text),
    )


def _overlap(text: str, title_words: set[str]) -> float:
    if len(text) > _MAX_TITLE_CHARS or not title_words:
        return 0.0
    words = set(_WORD.findall(text.casefold()))
    return len(words & title_words) / max(1, len(words | title_words))


def _positions(shape: PageShape, kept: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where each block is among the others, and among those that were extracted."""
    chars, links, levels = shape.chars, shape.links, shape.levels
    count = len(chars)
    is_kept = kept > _HALF
    index = np.arange(count)
    before = np.maximum.accumulate(np.where(is_kept, index, -1))
    after = np.minimum.accumulate(np.where(is_kept, index, 10**9)[::-1])[::-1]
    since = np.where(before < 0, _FAR, np.minimum(index - before, _FAR))
    until = np.where(after > count, _FAR, np.minimum(after - index, _FAR))
    total = max(1.0, chars.sum())
    passed = np.cumsum(chars) - chars
    kept_chars = np.cumsum(chars * kept)
    total_kept = max(1.0, float(kept_chars[-1]) if count else 1.0)
    columns = [
        kept,
        since,
        until,
        index / max(1, count),
        passed / total,
        kept_chars / total_kept,
        np.full(count, math.log1p(total)),
        np.full(count, total_kept / total),
        np.full(count, math.log1p(count)),
        np.full(count, math.log1p(total_kept)),
    ]
    for values in (kept, np.log1p(chars), links / np.maximum(chars, 1)):
        padded = np.pad(values, 3)
        columns += [padded[3 + by : 3 + by + count] for by in (-2, -1, 1, 2)]
        window = (
            np.convolve(values, np.ones(_WINDOW) / _WINDOW, "same")
            if count >= _WINDOW
            else np.full(count, values.mean())
        )
        columns.append(window)
    last = np.maximum.accumulate(np.where(levels > 0, index, -1))
    columns.append(np.where(last < 0, _FAR, np.minimum(index - last, _FAR)))
    columns.append(np.where(last < 0, -1.0, kept[last]))
    columns.append(np.where(last < 0, 0, levels[last]))
    first_h1 = np.argmax(levels == 1) if (levels == 1).any() else -1
    columns.append(np.where(first_h1 < 0, 0, np.clip(index - first_h1, -_FAR, _FAR)))
    return np.column_stack(columns)


def _containers(shape: PageShape, kept: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the elements around each block hold, and how far the main one is."""
    chars, links, elements = shape.chars, shape.links, shape.elements
    ones = np.ones(len(chars))
    totals = elements.sums(np.column_stack([chars, links, chars * kept, ones]))
    most = np.maximum(totals[:, 0], 1)
    shares = np.column_stack(
        [totals[:, 2] / most, totals[:, 1] / most, np.log1p(totals[:, 0]), np.log1p(totals[:, 3])]
    )
    columns = []
    number = elements.of_block
    for _ in range(_LEVELS):
        columns.append(shares[number])
        number = elements.parents[number]
    everything = max(float((chars * kept).sum()), 1e-9)
    columns += [
        elements.levels_up_to(totals[:, 2] >= share * everything)[:, None]
        for share in (0.85, _HALF)
    ]
    return np.hstack(columns)


def _signatures(shape: PageShape, kept: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the blocks that look like each one to the page's style sheet have together."""
    chars, of_block = shape.chars, shape.look_of_block
    values = np.column_stack([chars, shape.links, chars * kept, np.ones(len(chars))])
    totals = np.zeros((int(of_block.max(initial=0)) + 1, 4))
    np.add.at(totals, of_block, values)
    most = np.maximum(totals[:, 0], 1)
    shares = np.column_stack(
        [
            totals[:, 2] / most,
            totals[:, 1] / most,
            np.log1p(totals[:, 0] / totals[:, 3]),
            np.log1p(totals[:, 3]),
        ]
    )
    return np.asarray(shares[of_block])


def _look(element: Any) -> tuple[str, ...]:  # noqa: ANN401
    parent = element.getparent()
    around = ("", "") if parent is None else (parent.tag, parent.get("class") or "")
    return (element.tag, element.get("class") or "", *around)
