"""Read the charts and diagrams of Office Open XML, which Word documents and slides share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from index.sources.document import TextBuilder
from index.sources.office.open_xml import (
    CHART,
    DIAGRAM,
    DRAWING,
    Element,
    Package,
    Relation,
    whole_number,
)

_MAX_POINTS, _MAX_SERIES = 10_000, 200
_SERIES = f"{CHART}ser"
_DIGITS = 10
_MAX_DECIMALS = 10
_DATE_FORMAT = re.compile(r"[dy]|m{3}", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_FIRST_DAY = datetime(1899, 12, 30)
_MAX_DAY = 2_900_000
_HIDDEN_POINTS = frozenset({"pres", "parTrans", "sibTrans", "doc"})


def paragraph_text(paragraph: Element) -> str:
    """Return the text of a paragraph of a drawing (``a:p``)."""
    elements = paragraph.iter(f"{DRAWING}t", f"{DRAWING}br", f"{DRAWING}tab")
    pieces = (e.text or "" if e.tag == f"{DRAWING}t" else " " for e in elements)
    return " ".join("".join(pieces).split())


def add_chart(package: Package, part: str, relation_id: str | None, builder: TextBuilder) -> None:
    """Add a chart that a part shows: its title, then its values as a table, if it has any."""
    relation = package.target(part, relation_id)
    chart = _shown_part(package, relation)
    if chart is None:
        return
    if not chart.tag.startswith(CHART):
        _add_newer_chart(chart, builder)
        return
    builder.add_paragraph(_title(chart.find(f"{CHART}chart/{CHART}title")))
    plot = chart.find(f"{CHART}chart/{CHART}plotArea")
    if plot is None:
        return
    titles = [_title(axis.find(f"{CHART}title")) for axis in plot if _is_axis(axis)]
    builder.add_table(_rows(list(plot.iter(_SERIES)), titles))


def _shown_part(package: Package, relation: Relation | None) -> Element | None:
    """Return the root of a part that a drawing shows; None if it was shown before."""
    if relation is None or relation.is_external or not package.is_first_use(relation.target):
        return None
    return package.part(relation.target)


def _is_axis(element: Element) -> bool:
    return isinstance(element.tag, str) and element.tag.endswith(("catAx", "dateAx", "valAx"))


def _title(title: Element | None) -> str:
    if title is None:
        return ""
    text = " ".join(filter(None, map(paragraph_text, title.iter(f"{DRAWING}p"))))
    return text or " ".join(_points(title.find(f"{CHART}tx")).values())


def _rows(series: list[Element], axis_titles: list[str]) -> Iterator[list[str]]:
    """Yield the rows of a chart's values: a heading, then one for each category."""
    columns = []
    categories: dict[int, str] = {}
    for one in series[:_MAX_SERIES]:
        found = one.find(f"{CHART}cat")
        for at, name in _points(one.find(f"{CHART}xVal") if found is None else found).items():
            categories.setdefault(at, name)
        values = one.find(f"{CHART}val")
        columns.append(_points(one.find(f"{CHART}yVal") if values is None else values))
    if not any(columns):
        return
    names = [" ".join(_points(one.find(f"{CHART}tx")).values()) for one in series[:_MAX_SERIES]]
    corner = axis_titles[0] if categories and axis_titles else ""
    if len(names) == 1 and len(axis_titles) > 1 and not names[0]:
        names = axis_titles[1:2]
    if corner or any(names):
        yield [corner, *names]
    for at in sorted({*categories, *(at for column in columns for at in column)}):
        yield [categories.get(at, ""), *(column.get(at, "") for column in columns)]


def _points(values: Element | None) -> dict[int, str]:
    """Return the values of a series, a name or categories, by their position."""
    if values is None:
        return {}
    literal = values.find(f"{CHART}v")
    if literal is not None:
        return {0: literal.text or ""}
    found: dict[int, str] = {}
    number_format = values.findtext(f".//{CHART}formatCode") or ""
    is_number = any(True for _ in values.iter(f"{CHART}numCache", f"{CHART}numLit"))
    for point in islice(values.iter(f"{CHART}pt"), _MAX_POINTS):
        at = whole_number(point.get("idx"), -1)
        text = " ".join((point.findtext(f"{CHART}v") or "").split())
        if at < 0 or not text:
            continue
        if is_number:
            text = _shown_number(text, point.get("formatCode") or number_format)
        # A level above another is of a wider group.
        found[at] = f"{text} {found[at]}" if at in found else text
    return found


def _shown_number(text: str, number_format: str) -> str:
    """Return a number as its format shows it: decimals, percent and dates alone."""
    try:
        value = float(text)
    except ValueError:
        return text
    pattern = _QUOTED.sub("", number_format).partition(";")[0]
    if _DATE_FORMAT.search(pattern) and 0 < value < _MAX_DAY and "general" not in pattern.lower():
        return f"{_FIRST_DAY + timedelta(days=int(value)):%Y-%m-%d}"
    decimals = re.search(r"0\.(0+)", pattern)
    if "%" in pattern:
        value *= 100
    if decimals or "0" in pattern:
        text = f"{value:,.{min(len(decimals[1]), _MAX_DECIMALS) if decimals else 0}f}"
        text = text if "," in pattern else text.replace(",", "")
    else:
        text = f"{value:.{_DIGITS}g}"
    return f"{text}%" if "%" in pattern else text


def _add_newer_chart(chart: Element, builder: TextBuilder) -> None:
    """Add a chart of the kinds that Office 2016 added, such as a waterfall."""
    for title in chart.iter("{*}title"):
        builder.add_paragraph(
            " ".join(filter(None, map(paragraph_text, title.iter(f"{DRAWING}p"))))
        )
        break
    columns = []
    for dimension in islice(chart.iter("{*}strDim", "{*}numDim"), _MAX_SERIES):
        points = islice(dimension.iter("{*}pt"), _MAX_POINTS)
        columns.append([" ".join((point.text or "").split()) for point in points])
    length = max(map(len, columns), default=0)
    builder.add_table(
        [column[at] if at < len(column) else "" for column in columns] for at in range(length)
    )


def add_diagram(package: Package, part: str, ids: Element, builder: TextBuilder) -> None:
    """Add the texts of a diagram (SmartArt) that a part shows, as a list.

    Args:
        package: The document.
        part: The name of the part.
        ids: The element that names the parts of the diagram.
        builder: What the texts are added to.
    """
    name = next((value for key, value in ids.attrib.items() if key.endswith("}dm")), None)
    relation = package.target(part, name)
    data = _shown_part(package, relation)
    if data is None:
        return
    texts, root = _diagram_texts(data)
    children: dict[str, list[str]] = {}
    for link in sorted(data.iter(f"{DIAGRAM}cxn"), key=_order):
        if link.get("type", "parOf") == "parOf":
            children.setdefault(link.get("srcId", ""), []).append(link.get("destId", ""))
    waiting = [(root, 0)]
    seen: set[str] = set()
    while waiting:
        point, depth = waiting.pop()
        if point in seen:
            continue
        seen.add(point)
        if texts.get(point):
            builder.add_item(texts[point], depth=max(depth, 1))
        waiting += [(child, depth + 1) for child in reversed(children.get(point, []))]
    for point, text in texts.items():
        if point not in seen:
            builder.add_item(text)
    builder.end_group()


def _order(link: Element) -> int:
    return whole_number(link.get("srcOrd"))


def _diagram_texts(data: Element) -> tuple[dict[str, str], str]:
    """Return the text of each point of a diagram by its id, and the id of the root."""
    texts: dict[str, str] = {}
    root = ""
    for point in data.iter(f"{DIAGRAM}pt"):
        if point.get("type") == "doc":
            root = point.get("modelId", "")
        body = point.find(f"{DIAGRAM}t")
        if point.get("type", "node") in _HIDDEN_POINTS or body is None:
            continue
        text = " ".join(filter(None, map(paragraph_text, body.iter(f"{DRAWING}p"))))
        if text:
            texts[point.get("modelId", "")] = text
    return texts, root
