from __future__ import annotations

import re
import textwrap
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import TooLarge, UnreadableFile
from index.limits import LoadLimits
from index.sources.document import ParsedDocument
from index.sources.pdf.pdf_file import read_pdf
from tests.documents import LEADING, PROSE, assert_exact, headings, page, pdf

LINES = textwrap.wrap(PROSE, 70)


def loaded(data: bytes, **limits: int) -> ParsedDocument:
    found = read_pdf(data, LoadLimits(**limits))
    assert_exact(found)
    return found


def test_lines_are_joined_to_paragraphs() -> None:
    data = pdf([["The bridge opened", "in 1932.", "", "It is long."]])
    assert loaded(data).text == "The bridge opened in 1932.\n\nIt is long."


def test_each_page_starts_where_its_first_word_does() -> None:
    found = loaded(pdf([["One."], ["Two."], ["Three."]]))
    assert (found.text, found.pages) == ("One.\n\nTwo.\n\nThree.", (0, 6, 12))


def test_a_blank_page_counts() -> None:
    found = loaded(pdf([["One."], [], ["Three."], []]))
    article = assert_exact(found)
    assert len(found.pages) == 4
    assert article.page_of(found.text.index("Three")) == 3


def test_a_paragraph_goes_on_over_the_page() -> None:
    first, second = ["It was a long way from the", "old harbour to"], ["the new one. Then rain."]
    found = loaded(pdf([first, second]))
    assert "harbour to the new one." in found.text
    assert found.text[found.pages[1] :].startswith("the new one.")


def test_a_word_hyphenated_at_the_end_of_a_line_is_joined() -> None:
    found = loaded(pdf([["It is an inter-", "national body."]]))
    assert found.text == "It is an international body."


def test_a_word_hyphenated_at_the_end_of_a_page_is_joined() -> None:
    found = loaded(pdf([["It is an inter-"], ["national body."]]))
    assert found.text == "It is an international body."
    assert found.text[found.pages[1] :] == "national body."


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["A state-of-", "the-art machine."], "A state-of-the-art machine."),
        (["A well-known man is well-", "known."], "A well-known man is well-known."),
        (["It was Jean-", "Paul who came."], "It was Jean-Paul who came."),
        (["From 1914-", "1918 it was war."], "From 1914-1918 it was war."),
        (["A brother-", "less child."], "A brotherless child."),
        (["See www.example.", "org/port for it."], "See www.example.org/port for it."),
        (["See doi.org/10.5/", "xyz for it."], "See doi.org/10.5/xyz for it."),
        (["Open port_", "fees.csv now."], "Open port_fees.csv now."),
        (["See www.example.org.", "It is new."], "See www.example.org. It is new."),
    ],
)
def test_a_hyphen_that_belongs_to_the_word_stays(lines: list[str], text: str) -> None:
    assert loaded(pdf([lines])).text == text


def test_heads_feet_and_page_numbers_that_run_through_the_pages_are_left_out() -> None:
    pages = [[f"On day {word} it rained."] for word in ("one", "two", "three", "four")]
    found = loaded(pdf(pages, head="Annual Report {} of the Board", foot="{}"))
    assert found.text == "\n\n".join(lines[0] for lines in pages)


def test_a_page_number_goes_even_from_the_only_page() -> None:
    assert loaded(pdf([["Words."]], foot="Page {}")).text == "Words."


def test_a_line_repeated_on_few_pages_is_kept() -> None:
    found = loaded(pdf([["Rain."], ["Rain."], ["Sun."]]))
    assert found.text == "Rain.\n\nRain.\n\nSun."


def test_large_lines_are_headings_with_levels_by_their_size() -> None:
    found = loaded(pdf([["# Chapter of Storms", "", *LINES], ["# Chapter of Calm", "", *LINES]]))
    assert headings(found) == [(1, "Chapter of Storms"), (1, "Chapter of Calm")]


def test_a_heading_that_starts_every_page_with_its_own_number_stays() -> None:
    found = loaded(pdf([[f"# Chapter {number}", "", *LINES] for number in range(1, 6)]))
    assert [text for _, text in headings(found)] == [f"Chapter {n}" for n in range(1, 6)]


def test_bookmarks_make_headings_of_lines_that_look_like_any_other() -> None:
    from reportlab.pdfgen.canvas import Canvas

    buffer = BytesIO()
    canvas = Canvas(buffer)
    canvas.bookmarkPage("one")
    canvas.addOutlineEntry("The Storm", "one", level=0)
    for row, line in enumerate(["The Storm", "", *LINES]):
        canvas.drawString(72, 760 - row * LEADING, line)
    canvas.save()
    assert headings(loaded(buffer.getvalue())) == [(1, "The Storm")]


def test_columns_are_read_one_after_the_other() -> None:
    from reportlab.pdfgen.canvas import Canvas

    buffer = BytesIO()
    canvas = Canvas(buffer)
    canvas.drawString(72, 760, "It was a long way")
    canvas.drawString(72, 760 - LEADING, "from the harbour")
    canvas.drawString(330, 760, "to the new one.")
    canvas.save()
    text = loaded(buffer.getvalue()).text
    assert text == "It was a long way from the harbour to the new one."


def test_columns_of_two_lines_are_no_table() -> None:
    from reportlab.pdfgen.canvas import Canvas

    left = ["The ferry to the island left at six", "and came back to the town at noon."]
    right = ["A crew of nine men had to be paid", "before it could put to sea at dawn."]
    buffer = BytesIO()
    canvas = Canvas(buffer)
    for row, lines in enumerate(zip(left, right, strict=True)):
        for x, line in zip((60, 320), lines, strict=True):
            canvas.drawString(x, 760 - row * LEADING, line)
    canvas.save()
    found = loaded(buffer.getvalue())
    assert not found.tables
    assert found.text == "\n\n".join([" ".join(left), " ".join(right)])


def test_the_title_is_read_from_the_metadata() -> None:
    assert loaded(pdf([LINES], title="The Harbour")).title == "The Harbour"


# What is refused


def test_a_pdf_without_text_is_refused_as_a_scan() -> None:
    with pytest.raises(UnreadableFile, match=r"no text on any of its 3 pages"):
        loaded(pdf([[], [], []], foot="{}"))


def test_a_pdf_that_needs_a_password_is_refused() -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption

    with pytest.raises(UnreadableFile, match="password-protected"):
        loaded(pdf([LINES], encrypt=StandardEncryption("secret", "owner")))


def test_a_pdf_whose_password_is_empty_is_read() -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption

    data = pdf([LINES], encrypt=StandardEncryption("", "owner"))
    assert loaded(data).text == PROSE


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_pdf_that_is_cut_off_is_refused(share: float) -> None:
    data = pdf([LINES] * 5)
    with pytest.raises(UnreadableFile, match="incomplete"):
        loaded(data[: int(len(data) * share)])


def test_a_pdf_that_is_nothing_but_its_first_and_last_line_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="damaged"):
        loaded(b"%PDF-1.7\n%%EOF\n")


def test_a_pdf_with_a_wrong_table_of_objects_is_read_all_the_same() -> None:
    data = re.sub(rb"startxref\s+\d+", b"startxref\n7", pdf([LINES]))
    assert loaded(data).text == PROSE


def test_more_pages_than_the_limit_are_refused_by_name() -> None:
    data = pdf([[]] * 11)
    with pytest.raises(TooLarge, match=r"limit of 10\b.*max_pages"):
        loaded(data, max_pages=10)


def test_ten_thousand_pages_are_over_the_default_limit() -> None:
    kids = b"4 0 R " * 10_000
    data = pdf_of_objects(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 10000/Kids[" + kids + b"]>>",
        b"null",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
    )
    with pytest.raises(TooLarge, match=r"limit of 5,000\b.*max_pages"):
        loaded(data)


def test_more_text_than_the_limit_is_refused_by_name() -> None:
    with pytest.raises(TooLarge, match=r"limit of 100 characters.*max_article_chars"):
        loaded(pdf([LINES]), max_chars=100)


def pdf_of_objects(*objects: bytes) -> bytes:
    """Return a PDF of these objects, numbered from 1, without a table of where they are."""
    body = b"".join(
        b"%d 0 obj\n%b\nendobj\n" % (number, content)
        for number, content in enumerate(objects, start=1)
    )
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"


def test_a_page_tree_that_leads_back_to_itself_ends() -> None:
    data = pdf_of_objects(
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 3/Kids[2 0 R 2 0 R 2 0 R]>>"
    )
    with pytest.raises(UnreadableFile):
        loaded(data)


def test_text_that_swells_is_refused_before_it_is_all_there() -> None:
    stream = zlib.compress(b"BT /F 9 Tf 9 9 Td " + b"(aaaaaaaaaaaaaaaa) Tj " * 20_000 + b"ET")
    data = pdf_of_objects(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font"
        b"<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(stream), stream),
    )
    with pytest.raises(TooLarge, match="limit of 1,000 characters"):
        loaded(data, max_chars=1000)


words = st.text("abcdefgh -.ABC", min_size=1, max_size=60)


@settings(max_examples=40)
@given(st.lists(st.lists(words, max_size=8), min_size=1, max_size=5))
def test_any_text_of_a_page_is_cited_exactly(pages: list[list[str]]) -> None:
    data = pdf(pages, head="The Report", foot="{}")
    try:
        found = loaded(data)
    except UnreadableFile:
        return
    assert len(found.pages) == len(pages)
    for number, lines in enumerate(pages, start=1):
        letters = re.sub(r"[\s-]", "", page(found, number)).replace("TheReport", "")
        expected = re.sub(r"[\s-]", "", "".join(lines))
        # A word that is divided at the page's end may begin on the page before.
        assert letters in expected or expected in letters


def test_a_line_that_a_converter_wrote_before_the_pdf_does_no_harm() -> None:
    assert loaded(b"Converter 3.1\nWriting page 1.\n" + pdf([LINES])).text == PROSE


@pytest.mark.parametrize("end", [b"", b"%%EOF" + b"\n<p>Sent by us.</p>" * 300])
def test_the_end_of_a_pdf_may_lack_its_mark_or_have_lines_after_it(end: bytes) -> None:
    assert loaded(pdf([LINES]).replace(b"%%EOF", end)).text == PROSE


def test_a_head_in_large_letters_on_every_second_page_is_left_out() -> None:
    from reportlab.pdfgen.canvas import Canvas

    buffer = BytesIO()
    canvas = Canvas(buffer)
    for number in range(1, 8):
        canvas.setFont("Helvetica", 20)
        canvas.drawString(72, 800, "The Mill" if number % 2 else "Of Wheels")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(72, 700, f"On day {number * number} it rained.")
        canvas.showPage()
    canvas.save()
    text = loaded(buffer.getvalue()).text
    assert "The Mill" not in text
    assert "Of Wheels" not in text
