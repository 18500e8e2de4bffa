from __future__ import annotations

from collections.abc import Mapping

import pytest
from docx import Document

from index.errors import UnreadableFile
from index.limits import DEFAULT_LIMITS
from index.sources.document import ParsedDocument
from index.sources.office.word import read_docx
from index.structure import MarkKind
from tests.documents import assert_exact, docx, headings, replaced, rezipped, saved, word, zipped


def loaded(data: bytes) -> ParsedDocument:
    found = read_docx(data, DEFAULT_LIMITS)
    assert_exact(found)
    return found


def text_of(body: str, parts: Mapping[str, str] | None = None) -> str:
    return loaded(word(body, parts)).text


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r>"


def paragraph(content: str, properties: str = "") -> str:
    content = content if content.startswith("<") else run(content)
    return f"<w:p><w:pPr>{properties}</w:pPr>{content}</w:p>"


def marked(found: ParsedDocument, kind: MarkKind) -> list[str]:
    return [found.text[mark.start : mark.end] for mark in found.marks if mark.kind is kind]


# Headings and styles


def test_headings_are_recognised_by_their_style() -> None:
    found = loaded(
        docx(
            [
                ("Title", "Long Shadows"),
                ("Heading 1", "The Storm"),
                ("Normal", "It rained."),
                ("Heading 3", "At Night"),
                ("Normal", "It rained on."),
            ],
            title="Shadows",
        )
    )
    assert found.text == "Long Shadows\n\nThe Storm\n\nIt rained.\n\nAt Night\n\nIt rained on."
    assert headings(found) == [(1, "Long Shadows"), (1, "The Storm"), (3, "At Night")]
    assert (found.title, found.pages) == ("Shadows", ())


@pytest.mark.parametrize("title", ["", "Microsoft Word - draft7.doc", "Document1"])
def test_a_title_that_a_program_made_up_gives_way_to_that_of_the_text(title: str) -> None:
    data = docx([("Normal", "12 May"), ("Title", "Long  Shadows")], title=title)
    assert loaded(data).title == "Long Shadows"


def test_styles_that_are_based_on_each_other_in_a_circle_end() -> None:
    document = Document()
    one = document.styles.add_style("One", 1)
    two = document.styles.add_style("Two", 1)
    one.base_style, two.base_style = two, one
    document.add_paragraph("Words.", one)
    assert headings(loaded(saved(document))) == []


def test_a_style_derived_from_a_heading_style_is_a_heading() -> None:
    document = Document()
    style = document.styles.add_style("Chapter", 1)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("The Storm", style)
    assert headings(loaded(saved(document))) == [(2, "The Storm")]


def test_an_outline_level_makes_a_heading_or_a_body_text() -> None:
    styles = (
        "<w:style w:type='paragraph' w:styleId='h'><w:name w:val='heading 1'/></w:style>"
        "<w:style w:type='paragraph' w:styleId='t'><w:name w:val='TOC Heading'/>"
        "<w:basedOn w:val='h'/><w:pPr><w:outlineLvl w:val='9'/></w:pPr></w:style>"
    )
    body = paragraph("Contents", "<w:pStyle w:val='t'/>") + paragraph(
        "Storms", "<w:outlineLvl w:val='1'/>"
    )
    assert headings(loaded(word(body, {"styles": styles}))) == [(2, "Storms")]


def test_bold_italic_code_and_links_are_marked() -> None:
    styles = (
        "<w:style w:type='character' w:styleId='s'><w:name w:val='Strong'/>"
        "<w:rPr><w:b/></w:rPr></w:style>"
        "<w:style w:type='paragraph' w:styleId='loud'><w:name w:val='Loud'/>"
        "<w:rPr><w:b/></w:rPr></w:style>"
    )
    code = "<w:rFonts w:ascii='Courier New'/>"
    link = f"<w:hyperlink r:id='L'>{run('there', '<w:i/>')}</w:hyperlink>"
    body = paragraph(
        run("Be ", "")
        + run("bold", "<w:rStyle w:val='s'/>")
        + run(" not", "<w:b w:val='0'/>")
        + run(" at ")
        + link
        + run(" or in ")
        + run("main()", code)
    ) + paragraph(
        run("All loud ") + run("but this", "<w:rStyle w:val='s'/>"), "<w:pStyle w:val='loud'/>"
    )
    found = loaded(word(body, {"styles": styles}, links={"L": "https://example.org/a"}))
    assert found.text == "Be bold not at there or in main()\n\nAll loud but this"
    assert marked(found, MarkKind.STRONG) == ["bold", "All loud "]
    assert marked(found, MarkKind.EMPHASIS) == ["there"]
    assert marked(found, MarkKind.CODE) == ["main()"]
    assert [m.target for m in found.marks if m.kind is MarkKind.LINK] == ["https://example.org/a"]


def test_quotations_and_lines_of_code_are_set_off() -> None:
    document = Document()
    document.styles.add_style("Source Code", 1)
    document.add_paragraph("It rains.", "Quote")
    document.add_paragraph("def f():", "Source Code")
    document.add_paragraph("    return 1", "Source Code")
    found = loaded(saved(document))
    assert found.text == "It rains.\n\ndef f():\n    return 1"
    assert marked(found, MarkKind.QUOTATION) == ["It rains."]
    assert marked(found, MarkKind.PREFORMATTED) == ["def f():", "    return 1"]


# What is shown and what is not


HIDING = (
    "<w:style w:type='character' w:styleId='hc'><w:name w:val='Secret'/>"
    "<w:rPr><w:vanish/></w:rPr></w:style>"
    "<w:style w:type='character' w:styleId='below'><w:name w:val='More'/>"
    "<w:basedOn w:val='hc'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='hp'><w:name w:val='Notes'/>"
    "<w:rPr><w:vanish/></w:rPr></w:style>"
)


@pytest.mark.parametrize(
    "hidden",
    [
        run("SECRET", "<w:vanish/>"),
        run("SECRET", "<w:vanish w:val='1'/>"),
        run("SECRET", "<w:webHidden/>"),
        run("SECRET", "<w:rStyle w:val='hc'/>"),
        run("SECRET", "<w:rStyle w:val='below'/>"),
        "</w:p>" + paragraph("SECRET", "<w:pStyle w:val='hp'/>") + "<w:p>",
        "<w:r><w:rPr><w:vanish/></w:rPr><w:sym w:font='Symbol' w:char='F061'/></w:r>",
    ],
)
def test_hidden_text_is_left_out(hidden: str) -> None:
    assert text_of(f"<w:p>{run('Shown.')}{hidden}</w:p>", {"styles": HIDING}) == "Shown."


def test_text_that_is_shown_in_spite_of_its_style_is_read() -> None:
    shown = run("Shown.", "<w:rStyle w:val='hc'/><w:vanish w:val='false'/>")
    assert text_of(paragraph(shown), {"styles": HIDING}) == "Shown."


def test_insertions_are_read_and_deletions_are_not() -> None:
    body = paragraph(
        f"{run('It is ')}<w:ins>{run('very ')}</w:ins><w:del><w:r><w:delText>not </w:delText></w:r>"
        f"</w:del><w:moveFrom>{run('quite ')}</w:moveFrom><w:moveTo>{run('still ')}</w:moveTo>"
        f"{run('wet.')}"
    )
    assert text_of(body) == "It is very still wet."


def test_paragraphs_whose_end_was_deleted_are_one() -> None:
    body = paragraph("It is ", "<w:rPr><w:del/></w:rPr>") + paragraph("wet.") + paragraph("So.")
    assert text_of(body) == "It is wet.\n\nSo."


def test_a_large_initial_belongs_to_its_word() -> None:
    body = paragraph("O", "<w:framePr w:dropCap='drop'/>") + paragraph("nce it rained.")
    assert text_of(body) == "Once it rained."


def test_content_controls_hold_text_like_any_other() -> None:
    body = f"<w:sdt><w:sdtContent>{paragraph('Inside.')}</w:sdtContent></w:sdt>" + paragraph(
        f"{run('See ')}<w:hyperlink>{run('there')}</w:hyperlink>{run('.')}"
    )
    assert text_of(body) == "Inside.\n\nSee there."


def test_comments_and_running_heads_are_left_out() -> None:
    comment = "<w:r><w:commentReference w:id='0'/></w:r>"
    parts = {"comments": paragraph("SECRET"), "header": paragraph("SECRET")}
    assert text_of(paragraph(run("Words.") + comment), parts) == "Words."


def test_an_alternative_and_a_word_with_its_reading_are_read_once() -> None:
    either = (
        f"<mc:AlternateContent><mc:Choice>{run('new')}</mc:Choice>"
        f"<mc:Fallback>{run('old')}</mc:Fallback></mc:AlternateContent>"
    )
    readings = f"<w:rt>{run('とう')}</w:rt><w:rubyBase>{run('東')}</w:rubyBase>"
    ruby = f"<w:r><w:ruby>{readings}</w:ruby></w:r>"
    assert text_of(paragraph(either + ruby)) == "new東"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<w:r><w:sym w:font='Symbol' w:char='F0B3'/></w:r>", "≥"),
        ("<w:r><w:sym w:font='Wingdings' w:char='F0FE'/></w:r>", "☑"),
        ("<w:r><w:sym w:font='Symbol' w:char='00B3'/></w:r>", "≥"),
        ("<w:r><w:sym w:font='Arial' w:char='2264'/></w:r>", "≤"),
        (run("\uf0b3", "<w:rFonts w:ascii='Symbol'/>"), "≥"),
        ("<w:r><w:sym w:font='Symbol' w:char='nonsense'/></w:r>", ""),
        ("<w:r><w:noBreakHyphen/></w:r>", "\u2011"),
        (run("10") + run("6", "<w:vertAlign w:val='superscript'/>"), "10⁶"),
        (run("H") + run("2", "<w:vertAlign w:val='subscript'/>") + run("O"), "H₂O"),
    ],
)
def test_signs_are_read_as_they_look(content: str, text: str) -> None:
    assert text_of(paragraph(run("a ") + content + run(" b"))) == f"a {text} b"


def test_a_formula_is_part_of_its_sentence() -> None:
    formula = "<m:oMath><m:r><m:t>F=42 N</m:t></m:r></m:oMath>"
    body = paragraph(run("The force is ") + formula + run(" at rest."))
    assert text_of(body) == "The force is F=42 N at rest."


# Fields


def field(instruction: str, result: str, *, extra: str = "") -> str:
    return (
        f"<w:r><w:fldChar w:fldCharType='begin'>{extra}</w:fldChar></w:r>"
        f"<w:r><w:instrText>{instruction}</w:instrText></w:r>"
        f"<w:r><w:fldChar w:fldCharType='separate'/></w:r>{result}"
        "<w:r><w:fldChar w:fldCharType='end'/></w:r>"
    )


def test_the_result_of_a_field_is_read_and_its_instruction_is_not() -> None:
    inner = field("MERGEFIELD x", run("HIDDEN"))
    nested = field(f"</w:instrText></w:r>{inner}<w:r><w:instrText>", run("Berlin"))
    simple = f"<w:fldSimple w:instr='PAGE'>{run(' 7')}</w:fldSimple>"
    assert text_of(paragraph(run("To ") + nested + simple)) == "To Berlin 7"


def test_a_field_that_is_a_link_is_marked() -> None:
    link = field('HYPERLINK "https://example.org/b"', run("here"))
    found = loaded(word(paragraph(run("See ") + link)))
    assert [(m.target, found.text[m.start : m.end]) for m in found.marks] == [
        ("https://example.org/b", "here")
    ]


def test_a_field_without_an_end_hides_nothing() -> None:
    begin = (
        "<w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>"
    )
    assert text_of(paragraph(begin + run("Words.")) + paragraph("More.")) == "Words.\n\nMore."


def test_check_boxes_show_whether_they_are_checked() -> None:
    box = "<w:ffData><w:checkBox><w:checked w:val='{}'/></w:checkBox></w:ffData>"
    fields = [
        "<w:r><w:fldChar w:fldCharType='begin'>" + box.format(value) + "</w:fldChar></w:r>"
        "<w:r><w:instrText>FORMCHECKBOX</w:instrText></w:r>"
        "<w:r><w:fldChar w:fldCharType='end'/></w:r>"
        for value in "10"
    ]
    assert text_of(paragraph(fields[0] + run(" yes ") + fields[1] + run(" no"))) == "☒ yes ☐ no"


# Notes


def test_notes_come_at_the_end_with_the_number_that_is_in_the_text() -> None:
    mark = "<w:r><w:{}noteReference w:id='{}'/></w:r>"
    ref = "<w:r><w:{}noteRef/></w:r>"
    body = paragraph(
        run("It rained")
        + mark.format("foot", 7)
        + run(" for a million")
        + mark.format("foot", 3)
        + run(" days")
        + mark.format("end", 2)
        + run(".")
    )
    footnotes = "".join(
        f"<w:footnote w:id='{key}'{kind}>{paragraph(ref.format('foot') + run(text))}</w:footnote>"
        for key, kind, text in [
            (0, " w:type='separator'", "-"),
            (3, "", " Or two."),
            (5, "", " Nobody refers to this."),
            (7, "", " So they say."),
        ]
    )
    endnotes = f"<w:endnote w:id='2'>{paragraph('See there.')}</w:endnote>"
    assert text_of(body, {"footnotes": footnotes, "endnotes": endnotes}) == (
        "It rained¹ for a million² daysⁱ.\n\n¹ So they say.\n\n² Or two.\n\nⁱ See there."
    )


# Lists


def level(at: int, number_format: str, text: str, more: str = "<w:start w:val='1'/>") -> str:
    return (
        f"<w:lvl w:ilvl='{at}'>{more}<w:numFmt w:val='{number_format}'/>"
        f"<w:lvlText w:val='{text}'/></w:lvl>"
    )


def item(text: str, at: int = 0, num: int = 1) -> str:
    return paragraph(text, f"<w:numPr><w:ilvl w:val='{at}'/><w:numId w:val='{num}'/></w:numPr>")


FIRST_LIST = "<w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>"


def numbering(levels: str, nums: str = FIRST_LIST) -> dict[str, str]:
    return {"numbering": f"<w:abstractNum w:abstractNumId='0'>{levels}</w:abstractNum>{nums}"}


def test_steps_have_their_numbers() -> None:
    levels = level(0, "decimal", "%1.") + level(1, "lowerLetter", "%2)")
    levels += level(2, "decimal", "%1.%2.%3")
    body = item("One") + item("Two") + item("A", 1) + item("B", 1) + item("Deep", 2)
    body += item("Three") + item("C", 1)
    found = loaded(word(body, numbering(levels)))
    assert found.text == "1. One\n2. Two\na) A\nb) B\n2.b.1 Deep\n3. Three\na) C"
    assert [m.level for m in found.marks if m.kind is MarkKind.ITEM] == [1, 1, 2, 2, 3, 1, 2]


@pytest.mark.parametrize(
    ("number_format", "numbers"),
    [
        ("decimal", ["9", "10"]),
        ("lowerRoman", ["ix", "x"]),
        ("upperLetter", ["I", "J"]),
        ("decimalZero", ["09", "10"]),
        ("ordinal", ["9th", "10th"]),
        ("somethingNew", ["9", "10"]),
    ],
)
def test_numbers_are_written_in_their_format(number_format: str, numbers: list[str]) -> None:
    levels = level(0, number_format, "(%1)", "<w:start w:val='9'/>")
    found = text_of(item("a") + item("b"), numbering(levels))
    assert found == f"({numbers[0]}) a\n({numbers[1]}) b"


def test_a_list_of_the_same_kind_starts_again_where_it_says_so() -> None:
    nums = FIRST_LIST + (
        "<w:num w:numId='2'><w:abstractNumId w:val='0'/><w:lvlOverride w:ilvl='0'>"
        "<w:startOverride w:val='5'/></w:lvlOverride></w:num>"
    )
    body = item("a") + paragraph("Between.") + item("b") + item("c", num=2) + item("d", num=2)
    found = text_of(body, numbering(level(0, "decimal", "%1."), nums))
    assert found == "1. a\n\nBetween.\n\n2. b\n5. c\n6. d"


def test_a_numbered_heading_shows_its_number() -> None:
    styles = (
        "<w:style w:type='paragraph' w:styleId='h2'><w:name w:val='heading 2'/>"
        "<w:pPr><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr></w:style>"
    )
    start = "<w:start w:val='1'/><w:pStyle w:val='h2'/>"
    levels = level(0, "decimal", "%1") + level(1, "upperRoman", "%1.%2", start)
    heading = paragraph("Rain", "<w:pStyle w:val='h2'/>")
    found = loaded(word(heading + heading, {"styles": styles, **numbering(levels)}))
    assert headings(found) == [(2, "1.I Rain"), (2, "1.II Rain")]


def test_lists_by_style_have_bullets_and_numbers() -> None:
    entries = ["Normal Buy:", "List Bullet milk", "List Bullet eggs"]
    entries += ["List Number Go.", "List Number Pay.", "List Paragraph Home."]
    found = loaded(docx([(style, text) for style, _, text in (e.rpartition(" ") for e in entries)]))
    assert found.text == "Buy:\n\n- milk\n- eggs\n1. Go.\n2. Pay.\n\nHome."


def test_a_deleted_step_is_not_counted() -> None:
    gone = item("<w:del/>").replace("</w:pPr>", "<w:rPr><w:del/></w:rPr></w:pPr>")
    found = text_of(item("a") + gone + item("b"), numbering(level(0, "decimal", "%1.")))
    assert found == "1. a\n2. b"


# Tables


def cell(content: str, properties: str = "") -> str:
    content = content if content.startswith("<") else paragraph(content)
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content}</w:tc>"


def table(*rows: str, properties: str = "") -> str:
    rows = tuple(row if row.startswith("<w:tr>") else f"<w:tr>{row}</w:tr>" for row in rows)
    return f"<w:tbl><w:tblPr>{properties}</w:tblPr>{''.join(rows)}</w:tbl>"


def test_merged_cells_are_repeated_downwards_and_cover_their_columns() -> None:
    start, more = "<w:vMerge w:val='restart'/>", "<w:vMerge/>"
    found = loaded(
        word(
            table(
                cell("Region") + cell("Rain", "<w:gridSpan w:val='2'/>"),
                cell("North", start) + cell("4") + cell("5"),
                cell("", more) + cell("7") + cell("8"),
                "<w:tr><w:trPr><w:del/></w:trPr>" + cell("GONE") + "</w:tr>",
            )
        )
    )
    assert found.text == "Region | Rain\nNorth | 4 | 5\nNorth | 7 | 8"
    assert [(c.row, c.column, c.columns) for c in found.tables[0].cells] == [
        (0, 0, 1),
        (0, 1, 2),
        (1, 0, 1),
        (1, 1, 1),
        (1, 2, 1),
        (2, 0, 1),
        (2, 1, 1),
        (2, 2, 1),
    ]


def test_headers_are_those_that_are_repeated_or_that_the_style_sets_off() -> None:
    row = "<w:tr><w:trPr>{}</w:trPr>" + cell("Year") + cell("Rain") + "</w:tr>"
    styles = (
        "<w:style w:type='table' w:styleId='t'><w:name w:val='Grid'/>"
        "<w:tblStylePr w:type='firstRow'><w:rPr><w:b/></w:rPr></w:tblStylePr></w:style>"
    )
    look = "<w:tblStyle w:val='{}'/><w:tblLook w:val='0020'/>"
    body = "".join(
        [
            table(row.format("<w:tblHeader/>"), row.format("")),
            table(row.format(""), row.format(""), properties=look.format("t")),
            table(row.format(""), row.format(""), properties=look.format("plain")),
        ]
    )
    found = loaded(word(body, {"styles": styles}))
    assert [[c.is_header for c in t.cells] for t in found.tables] == [
        [True, True, False, False],
        [True, True, False, False],
        [False] * 4,
    ]


def test_a_table_in_a_cell_is_read_once() -> None:
    inner = table(cell("b") + cell("c"))
    body = table(cell("a") + cell(paragraph("x") + inner), cell("d") + cell("e"))
    assert text_of(body) == "a | x b c\nd | e"


def test_a_table_of_one_cell_is_a_frame() -> None:
    body = table(cell(paragraph("Note", "<w:outlineLvl w:val='0'/>") + paragraph("Words.")))
    found = loaded(word(body))
    assert (found.text, found.tables) == ("Note\n\nWords.", ())


def test_impossible_numbers_of_columns_and_levels_are_bounded() -> None:
    before = "<w:trPr><w:gridBefore w:val='999999999'/></w:trPr>"
    wide = cell("a", "<w:gridSpan w:val='999999999'/>")
    body = table(before + wide + cell("b")) + item("c", at=999_999_999)
    found = loaded(word(body, numbering(level(0, "decimal", "%1"))))
    assert found.text.startswith("a | b")
    assert all(c.columns <= 1_000 for c in found.tables[0].cells)


# Drawings


def drawing(content: str) -> str:
    graphic = f"<a:graphic><a:graphicData>{content}</a:graphicData></a:graphic>"
    return f"<w:r><w:drawing>{graphic}</w:drawing></w:r>"


def test_text_boxes_follow_their_paragraph_from_top_to_bottom() -> None:
    def box(text: str, top: int) -> str:
        return (
            f"<w:r><w:drawing><wp:anchor><wp:positionV><wp:posOffset>{top}</wp:posOffset>"
            f"</wp:positionV><w:txbxContent>{paragraph(text)}</w:txbxContent></wp:anchor>"
            "</w:drawing></w:r>"
        )

    upper = box("Upper.", 10)
    both = (
        f"<mc:AlternateContent><mc:Choice>{upper}</mc:Choice>"
        f"<mc:Fallback>{upper}</mc:Fallback></mc:AlternateContent>"
    )
    body = paragraph(run("Before ") + box("Lower.", 90) + both + run("after."))
    assert text_of(body) == "Before after.\n\nUpper.\n\nLower."


CHART = (
    "<c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Rain by region</a:t></a:r></a:p></c:rich>"
    "</c:tx></c:title><c:plotArea><c:barChart>{}</c:barChart></c:plotArea></c:chart>"
)
SERIES = (
    "<c:ser><c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>{name}</c:v></c:pt></c:strCache>"
    "</c:strRef></c:tx><c:cat><c:strRef><c:strCache><c:pt idx='0'><c:v>North</c:v></c:pt>"
    "<c:pt idx='1'><c:v>South</c:v></c:pt></c:strCache></c:strRef></c:cat><c:val><c:numRef>"
    "<c:numCache><c:formatCode>{code}</c:formatCode><c:pt idx='0'><c:v>{one}</c:v></c:pt>"
    "<c:pt idx='1'><c:v>{two}</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser>"
)


def test_a_chart_is_its_title_and_a_table() -> None:
    series = SERIES.format(name="2021", code="General", one="4.5", two="7") + SERIES.format(
        name="Share", code="0.0%", one="0.391", two="0.609"
    )
    found = loaded(
        word(
            paragraph(run("See:") + drawing("<c:chart r:id='chart'/>")),
            {"chart": CHART.format(series)},
        )
    )
    assert found.text == (
        "See:\n\nRain by region\n\n2021 | Share\nNorth | 4.5 | 39.1%\nSouth | 7 | 60.9%"
    )
    assert len(found.tables) == 1


def test_a_diagram_is_a_list() -> None:
    def point(key: str, text: str, kind: str = "node") -> str:
        body = f"<dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t>"
        return f"<dgm:pt modelId='{key}' type='{kind}'>{body}</dgm:pt>"

    data = "<dgm:ptLst>" + point("0", "", "doc") + point("2", "Hire") + point("1", "Plan")
    data += point("3", "Ask") + point("4", "NOT SHOWN", "pres") + "</dgm:ptLst><dgm:cxnLst>"
    data += "<dgm:cxn srcId='0' destId='2' srcOrd='1'/><dgm:cxn srcId='0' destId='1' srcOrd='0'/>"
    data += "<dgm:cxn srcId='1' destId='3' srcOrd='0'/><dgm:cxn srcId='3' destId='1' srcOrd='0'/>"
    found = loaded(
        word(
            paragraph(drawing("<dgm:relIds r:dm='diagramData'/>")),
            {"diagramData": data + "</dgm:cxnLst>"},
        )
    )
    assert found.text == "- Plan\n- Ask\n- Hire"
    assert [m.level for m in found.marks] == [1, 2, 1]


# Packages


SIMPLE = docx([("Normal", "The quay is long.")])


MAIN = b"vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
USUAL, STRICT = b"http://schemas.openxmlformats.org/", b"http://purl.oclc.org/ooxml/"


@pytest.mark.parametrize(
    "changes",
    [
        [(MAIN, b"vnd.ms-word.document.macroEnabled.main+xml")],
        [(MAIN, b"vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml")],
        [(MAIN, b"vnd.ms-word.template.macroEnabledTemplate.main+xml")],
        [
            (USUAL + f"{name}/2006/{rest}".encode(), STRICT + f"{name}/{rest}".encode())
            for name, rest in [("wordprocessingml", "main"), ("officeDocument", "relationships")]
        ],
    ],
    ids=["docm", "dotx", "dotm", "strict"],
)
def test_all_variants_are_read_alike(changes: list[tuple[bytes, bytes]]) -> None:
    assert loaded(replaced(SIMPLE, *changes)).text == "The quay is long."


@pytest.mark.parametrize(
    "part", ["word/styles.xml", "word/_rels/document.xml.rels", "docProps/core.xml", "_rels/.rels"]
)
def test_a_damaged_part_beside_the_text_costs_that_part_alone(part: str) -> None:
    assert loaded(rezipped(SIMPLE, {part: "<broken"})).text == "The quay is long."


def test_a_missing_picture_costs_nothing() -> None:
    relation = '<Relationship Id="p" Type="x/image" Target="media/no.png"/>'
    data = replaced(SIMPLE, (b"</Relationships>", relation.encode() + b"</Relationships>"))
    assert loaded(data).text == "The quay is long."


def test_a_zip_without_a_document_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="not a valid Word document"):
        loaded(zipped({"word/other.xml": "<a/>", "_rels/.rels": "<Relationships/>"}))


def test_entities_are_refused_in_every_part() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY l "lol">]><x>&l;</x>'
    with pytest.raises(UnreadableFile, match="declares entities"):
        loaded(rezipped(SIMPLE, {"customXml/item1.xml": bomb}))
