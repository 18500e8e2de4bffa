"""What a reader of a page sees is in the text, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from index.limits import LoadLimits
from index.sources.document import ParsedDocument
from index.sources.pdf.pdf_file import read_pdf
from index.sources.pdf.pdfium_functions import functions
from index.structure import MarkKind
from tests.documents import assert_exact

LEFT = [
    "The museum in the mill opens again in",
    "June, after two years in which its roof",
    "was made new. Its keeper, Miss Agnes",
    "Holt, has hung the old wheel where all",
    "can see it from the road.",
]
RIGHT = [
    "Guides are wanted for the summer, and",
    "nobody needs to know the trade of a",
    "miller. The first lesson is on Sunday,",
    "at ten, in the yard. Those who cannot",
    "come may write to the keeper.",
]
BOTH = f"{' '.join(LEFT)}\n\n{' '.join(RIGHT)}"


def read(draw: Callable[[Canvas], Any], **options: Any) -> ParsedDocument:  # noqa: ANN401
    """Return what is read of a page on which ``draw`` draws."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(595, 842), **options)
    canvas.setFont("Helvetica", 10)
    draw(canvas)
    canvas.save()
    found = read_pdf(buffer.getvalue(), LoadLimits())
    assert_exact(found)
    return found


def read_pieces(pieces: Sequence[tuple[float, float, str]]) -> ParsedDocument:
    def draw(canvas: Canvas) -> None:
        for x, y, text in pieces:
            canvas.drawString(x, y, text)

    return read(draw)


def columns(gutter: float = 30.0) -> list[tuple[float, float, str]]:
    right = 60 + 180 + gutter
    rows = enumerate(zip(LEFT, RIGHT, strict=True))
    return [
        (x, 700 - 12 * row, text)
        for row, pair in rows
        for x, text in zip((60, right), pair, strict=True)
    ]


def marked(found: ParsedDocument, kind: MarkKind) -> list[str]:
    return [found.text[mark.start : mark.end] for mark in found.marks if mark.kind is kind]


def table(found: ParsedDocument) -> list[list[str]]:
    """Return the texts of the cells of the only table, by row."""
    assert len(found.tables) == 1
    rows: dict[int, list[str]] = {}
    for cell in found.tables[0].cells:
        rows.setdefault(cell.row, []).append(found.text[cell.start : cell.end])
    return list(rows.values())


# Columns


@pytest.mark.parametrize("order", ["rows", "columns", "backwards"])
def test_columns_are_read_one_after_the_other_in_whatever_order_they_are_drawn(order: str) -> None:
    pieces = columns()
    if order != "rows":
        pieces.sort(key=lambda piece: piece[0], reverse=order == "backwards")
    assert read_pieces(pieces).text == BOTH


def test_a_line_over_both_columns_does_not_cut_their_sentences() -> None:
    wide = (
        "Summary. This page tells of the mill at Upper Dale, of its keeper, and of those it needs."
    )
    found = read_pieces([(60, 740, wide), *columns()])
    assert found.text == f"{wide}\n\n{BOTH}"


def test_three_columns_below_lines_of_their_own_are_read_to_their_ends() -> None:
    more = [(400.0, y - 5, text) for x, y, text in columns() if x == 60]
    found = read_pieces([*((x - 40, y, text) for x, y, text in columns(10)), *more])
    assert found.text == f"{BOTH}\n\n{' '.join(LEFT)}"


def test_a_note_below_a_column_stays_out_of_the_sentence_that_goes_on_in_the_next() -> None:
    def draw(canvas: Canvas) -> None:
        rows = [*LEFT[:3]]
        for row, text in enumerate(rows):
            canvas.drawString(60, 700 - 12 * row, text)
        for row, text in enumerate([*LEFT[3:], *RIGHT]):
            canvas.drawString(320, 700 - 12 * row, text)
        canvas.setFont("Helvetica", 7)
        canvas.drawString(60, 610, "The wheel was bought from a mill that burned down.")

    text = read(draw).text
    assert f"{LEFT[2]} {LEFT[3]}" in text
    assert "bought from a mill that burned down." in text


def test_text_turned_in_the_margin_comes_after_the_page() -> None:
    def draw(canvas: Canvas) -> None:
        for x, y, text in columns():
            canvas.drawString(x, y, text)
        canvas.translate(30, 400)
        canvas.rotate(90)
        canvas.drawString(0, 0, "Printed in Upper Dale")

    assert read(draw).text == f"{BOTH}\n\nPrinted in Upper Dale"


# Letters


def draw_risen(canvas: Canvas) -> None:
    text = canvas.beginText(60, 700)
    for piece, rise in [("It costs 450", 0), ("2", 4), (" pounds a km", 0), ("2", 4), (". ", 0)]:
        text.setFont("Helvetica", 6 if rise else 10)
        text.setRise(rise)
        text.textOut(piece)
    for piece, rise in [
        ("H", 0),
        ("2", -2),
        ("O is water, and 10", 0),
        ("-9", 4),
        (" is small.", 0),
    ]:
        text.setFont("Helvetica", 6 if rise else 10)
        text.setRise(rise)
        text.textOut(piece)
    canvas.drawText(text)


def test_raised_and_lowered_digits_are_set_apart() -> None:
    found = read(draw_risen)
    assert found.text == "It costs 450² pounds a km². H₂O is water, and 10⁻⁹ is small."
    assert marked(found, MarkKind.SUPERSCRIPT) == ["²", "²", "⁻⁹"]
    assert marked(found, MarkKind.SUBSCRIPT) == ["₂"]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["It is a long-", "standing wish."], "It is a long-standing wish."),
        (["It is self-", "evident today."], "It is self-evident today."),
        (["He wore a T-", "shirt."], "He wore a T-shirt."),
        (["The com-", "mittee met."], "The committee met."),
        (["The com-", "mittee/board met."], "The committee/board met."),
        (["It is in old-", "mill/open/hours."], "It is in old-mill/open/hours."),
        (["Write to info@old-", "mill.example."], "Write to info@old-mill.example."),
        (
            ["See https://mill.example/open-", "hours now."],
            "See https://mill.example/open-hours now.",
        ),
        (["See https://mill.example/", "hours now."], "See https://mill.example/hours now."),
        (["A zorblaxic field is zorb-", "laxic."], "A zorblaxic field is zorblaxic."),
        (["In the years 1914–", "1918 it stood still."], "In the years 1914–1918 it stood still."),
    ],
)
def test_a_hyphen_at_the_end_of_a_line_stays_if_it_belongs_there(
    lines: list[str], text: str
) -> None:
    assert read_pieces([(60, 700 - 12 * at, line) for at, line in enumerate(lines)]).text == text


@pytest.mark.parametrize("code", [0x110000, 0xF0A8A780])
def test_a_code_that_is_no_letter_costs_one_sign(
    monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    letter_of = functions().code

    def broken(page: int, at: int) -> int:
        found = int(letter_of(page, at))
        return code if found == ord("~") else found

    monkeypatch.setattr(functions(), "code", broken)
    assert (
        read_pieces([(60, 700, "It is 90 m high~ and old.")]).text
        == "It is 90 m high\ufffd and old."
    )


def test_letters_drawn_twice_to_look_bold_are_read_once() -> None:
    pieces = [(60, 700, "Beware of the wheel"), (60.3, 700, "Beware of the wheel")]
    assert read_pieces(pieces).text == "Beware of the wheel"


def test_invisible_text_is_left_out_unless_it_lies_behind_a_picture() -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    def draw(canvas: Canvas, *, is_scan: bool) -> None:
        canvas.saveState()
        text = canvas.beginText(60, 700)
        text.setTextRenderMode(3)
        text.textOut("Words of the scan")
        canvas.drawText(text)
        canvas.restoreState()
        canvas.drawString(60, 650, "Shown")
        if is_scan:
            canvas.drawImage(ImageReader(Image.new("RGB", (9, 9))), 0, 0, 595, 842)

    assert read(lambda canvas: draw(canvas, is_scan=False)).text == "Shown"
    assert read(lambda canvas: draw(canvas, is_scan=True)).text == "Words of the scan\n\nShown"


def test_bold_slanted_and_linked_words_are_marked() -> None:
    def draw(canvas: Canvas) -> None:
        text = canvas.beginText(60, 700)
        for font, piece in [
            ("", "Do "),
            ("-Bold", "not"),
            ("", " touch "),
            ("-Oblique", "it"),
            ("", " here."),
        ]:
            text.setFont(f"Helvetica{font}", 10)
            text.textOut(piece)
        canvas.drawText(text)
        canvas.drawString(60, 680, "More on the site.")
        canvas.linkURL("https://mill.example/a", (100, 675, 140, 692))
        canvas.linkURL("javascript:alert(1)", (60, 695, 100, 712))

    found = read(draw)
    assert marked(found, MarkKind.STRONG) == ["not"]
    assert marked(found, MarkKind.EMPHASIS) == ["it"]
    links = [mark for mark in found.marks if mark.kind is MarkKind.LINK]
    assert {mark.target for mark in links} == {"https://mill.example/a"}


def test_hebrew_is_read_from_the_right_with_numbers_in_it() -> None:
    import matplotlib as library
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont("Sans", f"{library.get_data_path()}/fonts/ttf/DejaVuSans.ttf"))

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Sans", 12)
        # Drawn as it looks: each line's letters from left to right.
        for row, line in enumerate(["הטחנה נפתחה בשנת 1911", "והיא עומדת ליד הנהר"]):
            x = 400.0
            for word in line.split():
                shown = word if word.isdigit() else word[::-1]
                x -= pdfmetrics.stringWidth(shown, "Sans", 12)
                canvas.drawString(x, 700 - 15 * row, shown)
                x -= 4

    assert read(draw).text == "הטחנה נפתחה בשנת 1911 והיא עומדת ליד הנהר"


# Lines


def test_items_are_lines_with_their_depth() -> None:
    lines = [
        (60, "• Open the gate"),
        (60, "• Turn the wheel"),
        (80, "• slowly"),
        (60, "• Close it"),
    ]
    found = read_pieces([(x, 700 - 12 * at, text) for at, (x, text) in enumerate(lines)])
    assert found.text == "- Open the gate\n- Turn the wheel\n- slowly\n- Close it"
    assert [mark.level for mark in found.marks if mark.kind is MarkKind.ITEM] == [1, 1, 2, 1]


def test_the_second_line_of_an_item_in_large_letters_is_no_heading() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 14)
        canvas.drawString(60, 740, "• Open the gate of the upper")
        canvas.drawString(72, 724, "pond before the wheel")
        canvas.setFont("Helvetica", 10)
        for row, text in enumerate(LEFT):
            canvas.drawString(60, 690 - 12 * row, text)

    found = read(draw)
    assert found.headings == ()
    assert found.text.startswith("- Open the gate of the upper pond before the wheel\n")


def test_code_keeps_its_lines_and_spaces() -> None:
    def draw(canvas: Canvas) -> None:
        for row, text in enumerate(LEFT):
            canvas.drawString(60, 700 - 12 * row, text)
        canvas.setFont("Courier", 9)
        for row, text in enumerate(["for wheel in wheels:", "    turn(wheel)", "stop()"]):
            canvas.drawString(60, 620 - 11 * row, text)

    found = read(draw)
    assert marked(found, MarkKind.PREFORMATTED) == ["for wheel in wheels:\n    turn(wheel)\nstop()"]


def test_a_contents_list_keeps_its_lines() -> None:
    lines = [
        "The mill . . . . . . . . . 3",
        "The wheel . . . . . . . . 12",
        "The yard . . . . . . . . . 20",
    ]
    text = read_pieces([(60, 700 - 12 * at, line) for at, line in enumerate(lines)]).text
    assert [line for line in text.split("\n") if line] == lines


# Tables

FEES = [
    ["Year", "Adults", "Children", "Schools"],
    ["2021", "4.50", "2.00", "1.10"],
    ["2022", "4.75", "2.25", "1.20"],
    ["2023", "5.00", "2.50", "1.30"],
]


def draw_rows(canvas: Canvas, rows: Sequence[Sequence[str]], step: float = 14) -> None:
    for at, row in enumerate(rows):
        for x, cell in zip((64, 164, 264, 364), row, strict=False):
            canvas.drawString(x, 700 - step * at, cell)


@pytest.mark.parametrize("is_ruled", [True, False])
def test_the_rows_of_a_table_are_lines_with_cells(is_ruled: bool) -> None:  # noqa: FBT001
    def draw(canvas: Canvas) -> None:
        draw_rows(canvas, FEES)
        if is_ruled:
            canvas.grid([60, 160, 260, 360, 460], [711 - 14 * at for at in range(5)])

    found = read(draw)
    assert found.text == "\n".join(" | ".join(row) for row in FEES)
    assert table(found) == FEES
    headers = [cell.row for cell in found.tables[0].cells if cell.is_header]
    assert headers == [0, 0, 0, 0]


def test_a_table_below_a_sentence_is_apart_from_it() -> None:

    def draw(canvas: Canvas) -> None:
        canvas.drawString(
            60, 740, "Table 3. What a visit of the mill at Upper Dale costs, in pounds."
        )
        draw_rows(canvas, FEES)

    found = read(draw)
    assert found.text.startswith(
        "Table 3. What a visit of the mill at Upper Dale costs, in pounds.\n\n"
    )
    assert table(found) == FEES


def test_lines_of_one_ruled_cell_are_one_row() -> None:
    def draw(canvas: Canvas) -> None:
        for y, row in [(700, ["Wheel", "Turned by the"]), (688, ["", "water of the Dale"])]:
            for x, cell in zip((64, 164), row, strict=True):
                canvas.drawString(x, y, cell)
        canvas.drawString(64, 670, "Stone")
        canvas.drawString(164, 670, "Brought from France")
        canvas.grid([60, 160, 300], [711, 682, 664])

    assert table(read(draw)) == [
        ["Wheel", "Turned by the water of the Dale"],
        ["Stone", "Brought from France"],
    ]


def test_a_cell_over_several_columns_says_so() -> None:
    def draw(canvas: Canvas) -> None:
        draw_rows(
            canvas,
            [["Place", "", "Visitors", ""], ["Mill", "40", "50", "60"], ["Yard", "9", "8", "7"]],
        )
        canvas.grid([60, 160, 260, 360, 460], [697, 683, 669])
        canvas.lines(
            [(60, 711, 460, 711), (60, 711, 60, 697), (160, 711, 160, 697), (460, 711, 460, 697)]
        )

    found = read(draw)
    cells = found.tables[0].cells
    spans = [(found.text[c.start : c.end], c.column, c.columns) for c in cells if c.row == 0]
    assert spans == [("Place", 0, 1), ("Visitors", 1, 3)]


def test_a_first_row_over_all_columns_is_the_title_of_the_table() -> None:
    def draw(canvas: Canvas) -> None:
        rows = [["Mill visitors, May", ""], ["Mill", "40"], ["Yard", "9"], ["Barn", "8"]]
        draw_rows(canvas, rows)
        canvas.grid([60, 160, 260], [697, 683, 669, 655])
        canvas.lines([(60, 711, 260, 711), (60, 711, 60, 697), (260, 711, 260, 697)])

    found = read(draw)
    assert found.text.startswith("Mill visitors, May\n\nMill | 40\n")
    assert found.text[found.tables[0].start :].startswith("Mill | 40")


def test_bold_names_of_groups_and_plain_names_of_columns_are_both_headers() -> None:
    rows = [["Mill", "", "Yard"], ["Week", "Men", "Women"], ["1", "40", "9"], ["2", "8", "7"]]

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica-Bold", 10)
        draw_rows(canvas, rows[:1])
        canvas.setFont("Helvetica", 10)
        draw_rows(canvas, [["", "", ""], *rows[1:]])
        canvas.grid([60, 160, 260, 360], [711, 697, 683, 669, 655])

    found = read(draw)
    heads = [found.text[c.start : c.end] for c in found.tables[0].cells if c.is_header]
    assert heads == ["Mill", "Yard", "Week", "Men", "Women"]


def test_labels_and_what_is_written_beside_them_are_rows() -> None:
    labels = ["Name:", "Street:", "Town:", "Telephone:"]
    values = ["Agnes Holt", "mill lane 4", "upper dale", "01632 960111"]
    pieces = [(60, 700 - 20 * at, text) for at, text in enumerate(labels)]
    pieces += [(200, 700 - 20 * at, text) for at, text in enumerate(values)]
    rows = read_pieces(sorted(pieces, key=lambda piece: -piece[1])).text.split("\n")
    assert rows == [f"{label} | {value}" for label, value in zip(labels, values, strict=True)]


def test_a_line_that_goes_on_beside_a_grid_is_not_cut_at_its_edge() -> None:
    lines = ["1 Wages of the miller and of his two men", "2 Tips that a guest gave to the miller"]

    def draw(canvas: Canvas) -> None:
        for at, line in enumerate(lines):
            canvas.drawString(60, 700 - 20 * at, line)
            canvas.drawString(405, 700 - 20 * at, f"{at + 1}")
        canvas.grid([400, 430, 480], [712, 692, 672])
        canvas.line(150, 672, 480, 672)
        canvas.lines([(150, 672, 150, 650), (190, 672, 190, 650), (150, 650, 190, 650)])

    found = read(draw).text
    assert all(line in found for line in lines), found


def test_a_ruled_table_among_the_rows_of_another_is_not_lost() -> None:
    upper, lower = (
        [[name, f"{at}2", f"{at}4"] for at, name in enumerate(names.split())]
        for names in ("Flour Bran Groats Malt Oats", "Hay Straw Chaff Peas Beans")
    )

    def draw(canvas: Canvas) -> None:
        draw_rows(canvas, [*upper, ["", "", ""], ["", "", ""], *lower])
        for at, row in enumerate([["Mill", "Yard"], ["June", "May"]]):
            for x, cell in zip((164, 264), row, strict=True):
                canvas.drawString(x, 630 - 14 * at, cell)
        canvas.grid([160, 260, 360], [641, 627, 613])

    found = read(draw)
    assert "Mill | Yard\nJune | May" in found.text
    assert [row for row in [*upper, *lower] if " | ".join(row) not in found.text] == [], found.text


def test_an_address_beside_a_date_is_read_before_it() -> None:
    address = ["The keeper of the mill", "4 Mill Lane", "Upper Dale"]
    pieces = [(60.0, 700.0 - 12 * at, text) for at, text in enumerate(address)]
    pieces += [(460, 700, "6 April 2016"), (470, 688, "at 7:30 a.m.")]
    found = read_pieces(sorted(pieces, key=lambda piece: -piece[1]))
    assert not found.tables
    assert found.text.index("Upper Dale") < found.text.index("6 April 2016 at 7:30 a.m.")


def test_a_box_of_small_print_does_not_make_headings_of_the_text() -> None:
    def draw(canvas: Canvas) -> None:
        for font, top, lines in ((12, 760, LEFT), (11, 640, RIGHT), (7.5, 400, 4 * LEFT)):
            canvas.setFont("Helvetica", font)
            for at, line in enumerate(lines):
                canvas.drawString(60, top - 1.2 * font * at, line)

    assert not read(draw).headings


def test_a_heading_in_small_capitals_is_one() -> None:
    def draw(canvas: Canvas) -> None:
        at = 60.0
        for font, text in ((12, "O"), (9, "F THE "), (12, "M"), (9, "ILL")):
            canvas.setFont("Helvetica-Bold", font)
            canvas.drawString(at, 724, text)
            at += canvas.stringWidth(text, "Helvetica-Bold", font)
        canvas.setFont("Helvetica", 12)
        for row, line in enumerate(LEFT):
            canvas.drawString(60, 700 - 14 * row, line)

    found = read(draw)
    (heading,) = found.headings
    assert found.text[heading.start : heading.end] == "OF THE MILL"


def test_what_is_written_into_a_form_is_read() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 700, "Name")
        canvas.acroForm.textfield(
            name="name", x=120, y=692, width=150, height=20, value="Agnes Holt"
        )

    assert read(draw).text.split() == ["Name", "Agnes", "Holt"]


def test_pages_that_all_say_the_same_are_not_running_heads_alone() -> None:
    def draw(canvas: Canvas) -> None:
        for _ in range(3):
            canvas.drawString(60, 700, "Closed today")
            canvas.showPage()

    assert read(draw).text.count("Closed today") == 3


# Where the words are


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("is_cropped", [False, True])
def test_the_box_of_each_word_holds_that_word(turn: int, is_cropped: bool) -> None:  # noqa: FBT001
    import pypdfium2

    def draw(canvas: Canvas) -> None:
        for x, y, text in columns():
            canvas.drawString(x, y, text)
        canvas.drawString(60, 600, "The wheel is of ex-")
        canvas.drawString(60, 588, "cellent oak.")
        canvas.setFont("Times-Roman", 14)
        draw_rows(canvas, FEES, step=-20)

    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(595, 842))
    canvas.setFont("Helvetica", 10)
    draw(canvas)
    canvas.save()
    with pypdfium2.PdfDocument(buffer.getvalue()) as document:
        page = document[0]
        page.set_rotation(turn)
        if is_cropped:
            page.set_cropbox(50, 300, 560, 800)
        turned = BytesIO()
        document.save(turned)
    found = read_pdf(turned.getvalue(), LoadLimits())
    (layout,) = found.layouts
    assert "excellent oak." in found.text
    with pypdfium2.PdfDocument(turned.getvalue()) as document:
        page = document[0]
        picture = page.render(scale=1)
        assert (picture.width, picture.height) == (round(layout.width), round(layout.height))
        converter = picture.get_posconv(page)
        text_page = page.get_textpage()
        boxes = layout.boxes * ([layout.width, layout.height] * 2) / 65_535
        for (start, end), (left, top, right, bottom) in zip(layout.offsets, boxes, strict=True):
            x, y = converter.to_page(round(left), round(top))
            x2, y2 = converter.to_page(round(right), round(bottom))
            shown = text_page.get_text_bounded(
                min(x, x2) - 0.5, min(y, y2) - 0.5, max(x, x2) + 0.5, max(y, y2) + 0.5
            )
            assert found.text[start:end] in shown.replace("\x02", "")


def test_what_is_stamped_on_every_margin_is_left_out() -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(1, 5):
            canvas.setFont("Helvetica", 10)
            canvas.drawString(60, 700, f"Words of the page {number * number}.")
            canvas.rotate(90)
            canvas.drawString(300, -30, "copied at the office")
            canvas.drawString(300, -560, f"figure {number * number}")
            canvas.showPage()

    text = read(draw).text
    assert "office" not in text
    assert "figure 16" in text


def numbered(lines: Sequence[str]) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        for number, line in enumerate(lines, start=1):
            canvas.setFont("Helvetica", 10)
            canvas.drawRightString(70, 760 - 24 * number, str(number))
            canvas.setFont("Helvetica", 10)
            canvas.drawString(90, 760 - 24 * number, line)

    return draw


def test_the_numbers_of_lines_are_left_out() -> None:
    text = read(numbered([*LEFT, "", *RIGHT, *LEFT, *LEFT])).text
    assert not any(character.isdigit() for character in text)
    assert " ".join(LEFT) in " ".join(text.split())


def test_the_numbers_of_a_list_stay() -> None:
    towns = [f"Town of {letter}" for letter in "ABCDEFGHIJKLMNOPQRST"]
    assert "20" in read(numbered(towns)).text


def test_an_item_in_large_letters_goes_on_in_its_next_line() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 18)
        canvas.drawString(60, 780, "- The mill is open in June and")
        canvas.drawString(76, 758, "the yard is open at all times")
        canvas.setFont("Helvetica", 10)
        for row, line in enumerate([*LEFT, *RIGHT]):
            canvas.drawString(60, 700 - 12 * row, line)

    found = read(draw)
    assert "- The mill is open in June and the yard is open at all times\n" in found.text
    assert not found.headings


def test_a_long_paragraph_in_large_letters_is_no_heading() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 12)
        for row, line in enumerate([*LEFT, *RIGHT]):
            canvas.drawString(60, 760 - 14 * row, line.replace(".", ","))
        canvas.setFont("Helvetica", 10)
        for row, line in enumerate([*LEFT, *RIGHT] * 2):
            canvas.drawString(60, 500 - 12 * row, line)

    assert not read(draw).headings


def test_an_exclamation_mark_before_items_is_a_bullet() -> None:
    rows = [
        "The law has two parts:",
        "! Part one, which is on",
        "   wheels.",
        "! Part two, on roofs.",
    ]
    text = read_pieces([(60, 700 - 12 * at, row) for at, row in enumerate(rows)]).text
    assert "- Part one, which is on wheels.\n- Part two, on roofs." in text
