from __future__ import annotations

import pytest

from index.errors import UnreadableFile
from index.limits import DEFAULT_LIMITS, LoadLimits
from index.sources.detect import detect_format
from index.sources.document import ParsedDocument
from index.sources.office.opendocument import read_odp, read_odt
from index.structure import MarkKind
from tests.documents import ODT_SPACES, assert_exact, headings, odt, page, rezipped


def loaded(data: bytes) -> ParsedDocument:
    found = read_odt(data, DEFAULT_LIMITS)
    assert_exact(found)
    return found


def text_of(body: str, *, styles: str = "") -> str:
    return loaded(odt(body, styles=styles)).text


def marked(found: ParsedDocument, kind: MarkKind) -> list[str]:
    return [found.text[mark.start : mark.end] for mark in found.marks if mark.kind is kind]


def text_style(name: str, properties: str, family: str = "text") -> str:
    return (
        f"<style:style style:name='{name}' style:family='{family}'>"
        f"<style:text-properties {properties}/></style:style>"
    )


# Text


def test_paragraphs_headings_and_the_title_are_read() -> None:
    found = loaded(
        odt(
            '<text:h text:outline-level="1">The Storm</text:h><text:p>It rained.</text:p>'
            '<text:section><text:h text:outline-level="2">At <text:span>Night</text:span></text:h>'
            "<text:p>It rained on.</text:p></text:section>",
            title="Weather",
        )
    )
    assert found.text == "The Storm\n\nIt rained.\n\nAt Night\n\nIt rained on."
    assert headings(found) == [(1, "The Storm"), (2, "At Night")]
    assert found.title == "Weather"


def test_white_space_elements_are_read() -> None:
    spaced = 'a\n  b<text:s text:c="3"/>c<text:line-break/>d<text:tab/>e'
    assert text_of(f"<text:p>{spaced}</text:p>") == "a b   c\nd\te"


def test_a_run_of_spaces_is_bounded() -> None:
    assert len(text_of('<text:p>a<text:s text:c="999999999999"/>b</text:p>')) < 10_000


def test_bold_italic_raised_letters_and_links_are_read() -> None:
    styles = (
        text_style("B", "fo:font-weight='bold'")
        + text_style("I", "fo:font-style='italic'")
        + text_style("S", "style:text-position='super 58%'")
    )
    found = loaded(
        odt(
            "<text:p><text:span text:style-name='B'>bold</text:span> and <text:a "
            "xlink:href='https://example.org/a'><text:span text:style-name='I'>there</text:span>"
            "</text:a> 10<text:span text:style-name='S'>6</text:span></text:p>",
            styles=styles,
        )
    )
    assert found.text == "bold and there 10⁶"
    assert marked(found, MarkKind.STRONG) == ["bold"]
    assert marked(found, MarkKind.EMPHASIS) == ["there"]
    assert [mark.target for mark in found.marks if mark.target] == ["https://example.org/a"]


@pytest.mark.parametrize(
    "hidden",
    [
        "<text:tracked-changes><text:p>SECRET</text:p></text:tracked-changes>",
        "<text:p><text:span text:style-name='H'>SECRET</text:span></text:p>",
        "<text:p text:style-name='HP'>SECRET</text:p>",
        "<text:section text:display='none'><text:p>SECRET</text:p></text:section>",
        "<text:p><text:hidden-text text:is-hidden='true'>SECRET</text:hidden-text></text:p>",
        "<text:p><office:annotation><text:p>SECRET</text:p></office:annotation></text:p>",
        "<text:p><draw:frame><svg:desc>SECRET</svg:desc></draw:frame></text:p>",
        "<text:p><text:ruby><text:ruby-text>SECRET</text:ruby-text></text:ruby></text:p>",
    ],
)
def test_what_is_not_shown_is_left_out(hidden: str) -> None:
    styles = text_style("H", "text:display='none'")
    styles += text_style("HP", "text:display='none'", "paragraph")
    assert text_of(f"{hidden}<text:p>Shown.</text:p>", styles=styles) == "Shown."


def test_notes_come_at_the_end_with_the_mark_that_is_in_the_text() -> None:
    def note(mark: str, body: str) -> str:
        citation = f"<text:note-citation>{mark}</text:note-citation>"
        return f"<text:note>{citation}<text:note-body>{body}</text:note-body></text:note>"

    first = note("1", "<text:p>So they say.</text:p><text:p>And they.</text:p>")
    second = note("2", "<text:p>Or so.</text:p>")
    body = f"<text:p>It rained{first}, as it does{second}.</text:p>"
    assert text_of(body) == ("It rained¹, as it does².\n\n¹ So they say.\n\nAnd they.\n\n² Or so.")


# Lists


NUMBERS = (
    "<text:list-style style:name='L'><text:list-level-style-number text:level='1' "
    "style:num-format='1' style:num-suffix='.'/><text:list-level-style-number text:level='2' "
    "style:num-format='a' style:num-suffix=')' text:display-levels='2'/></text:list-style>"
)


def items(*texts: str, attributes: str = "text:style-name='L'") -> str:
    blocks = (text if text.startswith("<") else f"<text:p>{text}</text:p>" for text in texts)
    inner = "".join(f"<text:list-item>{block}</text:list-item>" for block in blocks)
    return f"<text:list {attributes}>{inner}</text:list>"


def test_lists_have_their_bullets_numbers_and_depth() -> None:
    nested = "<text:p>Two</text:p><text:p>and more</text:p>" + items("A", "B", attributes="")
    found = loaded(
        odt(items("One", nested, "Three") + items("milk", attributes=""), styles=NUMBERS)
    )
    assert found.text == ("1. One\n2. Two\nand more\n2.a) A\n2.b) B\n3. Three\n- milk")
    assert [mark.level for mark in found.marks] == [1, 1, 1, 2, 2, 1, 1]


def test_a_list_goes_on_or_starts_where_it_says_so() -> None:
    on = items("c", attributes="text:style-name='L' text:continue-numbering='true'")
    start = items("x").replace("<text:list-item>", "<text:list-item text:start-value='7'>")
    assert text_of(items("a", "b") + on + items("d") + start, styles=NUMBERS) == (
        "1. a\n2. b\n3. c\n1. d\n7. x"
    )


def test_numbered_headings_show_their_numbers() -> None:
    outline = (
        "<text:outline-style><text:outline-level-style text:level='1' style:num-format='1'/>"
        "<text:outline-level-style text:level='2' style:num-format='1' text:display-levels='2'/>"
        "</text:outline-style>"
    )
    heading = "<text:h text:outline-level='{}'>{}</text:h>"
    body = heading.format(1, "A") + heading.format(2, "B") + heading.format(2, "C")
    assert text_of(body, styles=outline) == "1 A\n\n1.1 B\n\n1.2 C"


# Tables


def cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def table(*rows: str) -> str:
    return f"<table:table>{''.join(rows)}</table:table>"


COVERED = "<table:covered-table-cell/>"


def test_merged_cells_are_repeated_downwards_and_cover_their_columns() -> None:
    head = row(cell("Region"), cell("Rain", "table:number-columns-spanned='2'"), COVERED)
    found = loaded(
        odt(
            table(
                f"<table:table-header-rows>{head}</table:table-header-rows>",
                row(cell("North", "table:number-rows-spanned='2'"), cell("4"), cell("5")),
                row(COVERED, cell("7"), cell("8")),
            )
        )
    )
    assert found.text == "Region | Rain\nNorth | 4 | 5\nNorth | 7 | 8"
    cells = found.tables[0].cells
    assert [(c.column, c.columns) for c in cells[:2]] == [(0, 1), (1, 2)]
    assert [c.is_header for c in cells] == [True] * 2 + [False] * 6


def test_repeated_rows_and_cells_are_read_as_often_within_bounds() -> None:
    two = cell("a", "table:number-columns-repeated='2'")
    twice = row(two, attributes="table:number-rows-repeated='2'")
    assert text_of(table(twice)) == "a | a\na | a"
    many = row(cell("a"), cell("b"), attributes="table:number-rows-repeated='999999999'")
    assert len(text_of(table(many) + table(many) + "<text:p>End.</text:p>")) < 2_000_000


# Objects


def with_object(content: str) -> bytes:
    frame = "<draw:frame><draw:object xlink:href='./Object 1'/></draw:frame>"
    data = odt(f"<text:p>It is {frame} so.</text:p>")
    return rezipped(data, {"Object 1/content.xml": content})


def test_a_formula_is_part_of_its_sentence() -> None:
    formula = (
        "<math xmlns='http://www.w3.org/1998/Math/MathML'><semantics><mrow><mi>x</mi><mo>=</mo>"
        "<mn>1</mn></mrow><annotation>NOT SHOWN</annotation></semantics></math>"
    )
    assert loaded(with_object(formula)).text == "It is x = 1 so."


def test_a_chart_is_its_title_and_a_table() -> None:
    rows = row(cell(""), cell("2021")) + row(cell("North"), cell("4.5"))
    chart = (
        f"<office:document-content {ODT_SPACES}><office:body><office:chart><chart:chart>"
        f"<chart:title><text:p>Rain</text:p></chart:title>{table(rows)}</chart:chart>"
        "</office:chart></office:body></office:document-content>"
    )
    assert loaded(with_object(chart)).text == "It is  so.\n\nRain\n\n2021\nNorth | 4.5"


def test_a_missing_or_damaged_object_costs_nothing_else() -> None:
    assert loaded(with_object("<broken")).text == "It is  so."


def test_a_text_box_follows_its_paragraph() -> None:
    box = "<draw:frame><draw:text-box><text:p>In the box.</text:p></draw:text-box></draw:frame>"
    assert text_of(f"<text:p>Before {box}after.</text:p>") == "Before after.\n\nIn the box."


# Files


def test_a_document_that_needs_a_password_is_refused() -> None:
    entry = "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"
    with pytest.raises(UnreadableFile, match="password"):
        loaded(odt("<text:p>Words.</text:p>", manifest=entry))


def test_a_flat_file_is_read_like_a_zipped_one() -> None:
    flat = (
        f"<office:document {ODT_SPACES} xmlns:dc='http://purl.org/dc/elements/1.1/'>"
        "<office:meta><dc:title>Flat</dc:title></office:meta><office:body><office:text>"
        "<text:p>Words.</text:p></office:text></office:body></office:document>"
    )
    found = loaded(flat.encode())
    assert (found.title, found.text) == ("Flat", "Words.")


def test_a_flat_file_that_begins_with_a_licence_is_recognised() -> None:
    licence = "<!-- You may copy this document, with this notice. " * 20 + " -->"
    kind = "office:mimetype='application/vnd.oasis.opendocument.text'"
    flat = f"<?xml version='1.0'?>\n{licence}\n<office:document xmlns:office='o' {kind}>"
    found = detect_format(flat.encode(), LoadLimits())
    assert found
    assert found.name == "an OpenDocument text"


def test_slides_are_pages_with_their_title_shapes_and_notes() -> None:
    def frame(text: str, top: int, kind: str = "") -> str:
        return (
            f"<draw:frame svg:x='1cm' svg:y='{top}cm' svg:width='5cm' svg:height='1cm' "
            f"presentation:class='{kind}'><draw:text-box><text:p>{text}</text:p></draw:text-box>"
            "</draw:frame>"
        )

    notes = f"<presentation:notes>{frame('Say it.', 0, 'notes')}</presentation:notes>"
    slides = (
        f"<draw:page>{frame('Lower.', 9)}{frame('Upper.', 3)}{frame('One', 12, 'title')}{notes}"
        f"</draw:page><draw:page draw:style-name='hidden'>{frame('SECRET', 1)}</draw:page>"
        f"<draw:page>{frame('Two', 1, 'title')}{frame('SECRET', 9, 'footer')}</draw:page>"
    )
    hidden = (
        "<style:style style:name='hidden' style:family='drawing-page'>"
        "<style:drawing-page-properties presentation:visibility='hidden'/></style:style>"
    )
    found = read_odp(odt(slides, styles=hidden), DEFAULT_LIMITS)
    assert_exact(found)
    assert page(found, 1) == "One\n\nUpper.\n\nLower.\n\nNotes: Say it."
    assert (page(found, 2), page(found, 3)) == ("", "Two")
    assert headings(found) == [(1, "One"), (1, "Two")]
