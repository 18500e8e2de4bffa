from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.oxml import parse_xml
from pptx.util import Inches

from index.errors import TooLarge
from index.limits import DEFAULT_LIMITS, LoadLimits
from index.sources.document import ParsedDocument
from index.sources.office.slides import read_pptx
from index.structure import MarkKind
from tests.documents import (
    OPEN_XML_SPACES,
    assert_exact,
    headings,
    member,
    page,
    pptx,
    replaced,
    rezipped,
    saved,
)


def loaded(data: bytes, limits: LoadLimits = DEFAULT_LIMITS) -> ParsedDocument:
    found = read_pptx(data, limits)
    assert_exact(found)
    return found


def with_slide(fill: Callable[[Any], object], layout: int = 6) -> bytes:
    """Return a presentation of one slide, blank unless another layout is given."""
    presentation = Presentation()
    fill(presentation.slides.add_slide(presentation.slide_layouts[layout]))
    return saved(presentation)


def add_box(shapes: Any, text: str, left: float, top: float, *size: float) -> Any:  # noqa: ANN401 - python-pptx's
    """Add a box at a place in inches, of 2 by 1 inches unless its size is given."""
    box = shapes.add_textbox(*map(Inches, (left, top, *(size or (2, 1)))))
    box.text_frame.text = text
    return box


def with_paragraphs(xml: str, layout: int = 6) -> ParsedDocument:
    """Return what is read of a text box with these paragraphs."""

    def fill(slide: Any) -> None:  # noqa: ANN401 - python-pptx's
        shape = add_box(slide.shapes, "", 1, 1) if layout == 6 else slide.placeholders[1]
        body = shape.text_frame._txBody
        for paragraph in list(body.p_lst):
            body.remove(paragraph)
        for paragraph in parse_xml(f"<a:x {OPEN_XML_SPACES}>{xml}</a:x>"):
            body.append(paragraph)

    return loaded(with_slide(fill, layout))


def p(text: str, properties: str = "", run: str = "") -> str:
    return f"<a:p><a:pPr{properties}<a:r><a:rPr{run}/><a:t>{text}</a:t></a:r></a:p>"


# Slides


def test_each_slide_is_a_page_and_its_title_a_heading() -> None:
    found = loaded(
        pptx([("The Storm", "It rained.\nIt blew.", ""), ("The Calm", "Sun.", "")], title="Weather")
    )
    assert found.text == "The Storm\n\n- It rained.\n- It blew.\n\nThe Calm\n\nSun."
    assert headings(found) == [(1, "The Storm"), (1, "The Calm")]
    assert page(found, 2) == "The Calm\n\nSun."
    assert found.title == "Weather"


def test_notes_follow_their_slide() -> None:
    found = loaded(pptx([("One", "Body.", "Say this aloud."), ("Two", "More.", "")]))
    assert page(found, 1) == "One\n\nBody.\n\nNotes: Say this aloud."


def test_a_slide_without_words_is_a_page() -> None:
    found = loaded(pptx([("", "", ""), ("Two", "Words.", "")]))
    assert assert_exact(found).page_of(0) == 2
    assert len(found.pages) == 2


def test_a_hidden_slide_is_an_empty_page() -> None:
    data = pptx([("One", "SECRET", "SECRET"), ("Two", "", "")])
    slide = member(data, "ppt/slides/slide1.xml").replace(b"<p:sld ", b'<p:sld show="0" ')
    found = loaded(rezipped(data, {"ppt/slides/slide1.xml": slide}))
    assert (found.text, len(found.pages)) == ("Two", 2)


def test_more_slides_than_the_limit_are_refused_by_name() -> None:
    with pytest.raises(TooLarge, match=r"limit of 1\b.*max_pages"):
        loaded(pptx([("One", "", ""), ("Two", "", "")]), LoadLimits(max_pages=1))


# Shapes


def test_boxes_are_read_from_top_to_bottom_and_left_to_right() -> None:
    def fill(slide: Any) -> None:  # noqa: ANN401 - python-pptx's
        for text, left, top in [("d", 5, 4), ("c", 1, 4.1), ("b", 5, 1.1), ("a", 1, 1)]:
            add_box(slide.shapes, text, left, top)
        slide.shapes.title.text = "Title"

    found = loaded(with_slide(fill, 5))
    assert found.text == "Title\n\na\n\nb\n\nc\n\nd"


def test_a_column_of_boxes_beside_a_tall_one_is_read_as_a_column() -> None:
    def fill(slide: Any) -> None:  # noqa: ANN401 - python-pptx's
        add_box(slide.shapes, "right", 5, 1, 2, 5)
        add_box(slide.shapes, "left below", 1, 4)
        add_box(slide.shapes, "left above", 1, 1)

    assert loaded(with_slide(fill)).text == "left above\n\nleft below\n\nright"


def test_the_shapes_of_groups_are_read() -> None:
    def fill(slide: Any) -> None:  # noqa: ANN401 - python-pptx's
        group = slide.shapes.add_group_shape()
        add_box(group.shapes, "In the group.", 1, 1)
        add_box(slide.shapes, "Above.", 1, 0, 2, 0.5)

    assert loaded(with_slide(fill)).text == "Above.\n\nIn the group."


def test_hidden_shapes_descriptions_of_pictures_and_page_numbers_are_left_out() -> None:
    def fill(slide: Any) -> None:  # noqa: ANN401 - python-pptx's
        box = add_box(slide.shapes, "SECRET", 1, 1)
        box._element.nvSpPr.cNvPr.set("hidden", "1")
        shown = add_box(slide.shapes, "Shown.", 1, 3)
        shown._element.nvSpPr.cNvPr.set("descr", "SECRET")
        number = add_box(slide.shapes, "SECRET", 1, 5)
        number._element.nvSpPr.nvPr.append(parse_xml(f"<p:ph {OPEN_XML_SPACES} type='sldNum'/>"))

    assert loaded(with_slide(fill)).text == "Shown."


def test_a_table_has_its_headers_and_merged_cells() -> None:
    def fill(slide: Any) -> None:  # noqa: ANN401 - python-pptx's
        table = slide.shapes.add_table(3, 3, *[Inches(1)] * 4).table
        for number, text in enumerate(["Region", "Rain", "", "North", "4", "5", "", "7", "8"]):
            table.cell(number // 3, number % 3).text = text
        table.cell(0, 1).merge(table.cell(0, 2))
        table.cell(1, 0).merge(table.cell(2, 0))

    found = loaded(with_slide(fill))
    assert found.text == "Region | Rain\nNorth | 4 | 5\nNorth | 7 | 8"
    assert [(c.column, c.columns) for c in found.tables[0].cells][:2] == [(0, 1), (1, 2)]
    assert [c.is_header for c in found.tables[0].cells] == [True] * 2 + [False] * 6


def test_a_chart_is_a_table() -> None:
    def fill(slide: Any) -> None:  # noqa: ANN401 - python-pptx's
        data = CategoryChartData()  # type: ignore[no-untyped-call] # python-pptx's
        data.categories = ["North", "South"]
        data.add_series("2021", (4.5, 7))  # type: ignore[no-untyped-call] # the same
        places = [Inches(1)] * 4
        chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *places, data).chart
        chart.chart_title.text_frame.text = "Rain"

    assert loaded(with_slide(fill)).text == "Rain\n\n2021\nNorth | 4.5\nSouth | 7"


# Paragraphs


def test_lists_have_their_numbers_and_depth() -> None:
    number = "><a:buAutoNum type='{}'/></a:pPr>"
    found = with_paragraphs(
        p("Steps:", "/>")
        + p("a", number.format("arabicPeriod"))
        + p("b", number.format("arabicPeriod"))
        + p("i", " lvl='1'" + number.format("romanLcParenBoth"))
        + p("j", " lvl='1'" + number.format("romanLcParenBoth"))
        + p("c", number.format("arabicPeriod"))
        + p("k", " lvl='1'" + number.format("romanLcParenBoth"))
        + p("x", "><a:buChar char='•'/></a:pPr>")
        + p("d", "><a:buAutoNum type='alphaUcParenR' startAt='3'/></a:pPr>")
    )
    assert found.text == ("Steps:\n\n1. a\n2. b\n(i) i\n(ii) j\n3. c\n(i) k\n- x\nC) d")
    assert [m.level for m in found.marks] == [1, 1, 2, 2, 1, 2, 1, 1]


def test_a_paragraph_of_a_body_without_a_bullet_is_a_line() -> None:
    found = with_paragraphs(p("a", "><a:buNone/></a:pPr>") + p("b", "><a:buNone/></a:pPr>"), 1)
    assert (found.text, found.marks) == ("a\nb", ())


def test_bold_italic_links_signs_and_formulas_are_read() -> None:
    formula = (
        "<mc:AlternateContent><mc:Choice Requires='a14'><a14:m "
        "xmlns:a14='http://schemas.microsoft.com/office/drawing/2010/main'><m:oMath><m:r>"
        "<m:t>x=1</m:t></m:r></m:oMath></a14:m></mc:Choice></mc:AlternateContent>"
    )
    runs = [
        ("bold", " b='1'", ""),
        (" slanted", " i='1'", ""),
        (" \uf0b3 ", "", "<a:sym typeface='Symbol'/>"),
        ("10", "", ""),
        ("6", " baseline='30000'", ""),
        (" ", "", ""),
    ]
    content = "".join(
        f"<a:r><a:rPr{attributes}>{inner}</a:rPr><a:t>{text}</a:t></a:r>"
        for text, attributes, inner in runs
    )
    found = with_paragraphs(f"<a:p>{content}{formula}</a:p>")
    assert found.text == "bold slanted ≥ 10⁶ x=1"
    kinds = {MarkKind.STRONG: "bold", MarkKind.EMPHASIS: " slanted"}
    assert {m.kind: found.text[m.start : m.end] for m in found.marks} == kinds


def test_a_link_is_marked_with_its_address() -> None:
    def fill(slide: Any) -> None:  # noqa: ANN401 - python-pptx's
        frame = add_box(slide.shapes, "See ", 1, 1).text_frame
        run = frame.paragraphs[0].add_run()
        run.text, run.hyperlink.address = "there", "https://example.org/a"

    found = loaded(with_slide(fill))
    assert [(m.target, found.text[m.start : m.end]) for m in found.marks] == [
        ("https://example.org/a", "there")
    ]


# Packages


SIMPLE = pptx([("One", "Words.", ""), ("Two", "More.", "")])
MAIN = b"presentationml.presentation.main+xml"
USUAL, STRICT = b"http://schemas.openxmlformats.org/", b"http://purl.oclc.org/ooxml/"


@pytest.mark.parametrize(
    "changes",
    [
        [(MAIN, b"presentationml.slideshow.main+xml")],
        [(MAIN, b"presentationml.template.main+xml")],
        [
            (USUAL + f"{name}/2006/{rest}".encode(), STRICT + f"{name}/{rest}".encode())
            for name, rest in [
                ("presentationml", "main"),
                ("drawingml", "main"),
                ("officeDocument", "relationships"),
            ]
        ],
    ],
    ids=["ppsx", "potx", "strict"],
)
def test_all_variants_are_read_alike(changes: list[tuple[bytes, bytes]]) -> None:
    assert loaded(replaced(SIMPLE, *changes)).text == "One\n\nWords.\n\nTwo\n\nMore."


def test_a_damaged_slide_costs_that_slide_alone() -> None:
    found = loaded(rezipped(SIMPLE, {"ppt/slides/slide1.xml": "<broken"}))
    assert (found.text, len(found.pages)) == ("Two\n\nMore.", 2)


def test_a_missing_layout_or_picture_costs_nothing() -> None:
    relation = b'<Relationship Id="p" Type="x/image" Target="../media/no.png"/></Relationships>'
    data = replaced(SIMPLE, (b"</Relationships>", relation), (b"slideLayout2.xml", b"gone.xml"))
    assert loaded(data).text == "One\n\nWords.\n\nTwo\n\nMore."
