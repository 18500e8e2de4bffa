from __future__ import annotations

import socket
import time
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from index.errors import TooLarge, UnreadableFile
from index.limits import DEFAULT_LIMITS, LoadLimits, start_scanned_page
from index.sources.document import ParsedDocument
from index.sources.isolation import read_in_subprocess
from index.sources.pdf.pdf_file import read_pdf
from index.sources.scans import ocr
from index.sources.scans.picture import prepared, read_picture
from index.sources.scans.scan import scan_page
from index.sources.scans.scan_columns import columns_of

needs_ocr = pytest.mark.skipif(not ocr.is_installed(), reason="needs the extra ocr")
LEFT = ["The miller kept a ledger of", "every sack that left his yard", "between May and October."]
RIGHT = ["His daughter sold the bran", "to farmers who came on foot", "from the next valley."]
EXIF_ORIENTATION, EXIF_TURNED = 0x0112, 6


def drawn(*columns: list[str]) -> Image.Image:
    """Return a picture with columns of lines."""
    picture = Image.new("L", (60 + 480 * len(columns), 230), 255)
    draw = ImageDraw.Draw(picture)
    for at, lines in enumerate(columns):
        for row, line in enumerate(lines):
            place = (40 + 480 * at, 40 + 46 * row)
            draw.text(place, line, font=ImageFont.load_default(30), fill=0)
    return picture


def saved(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:  # noqa: ANN401
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def read(data: bytes) -> ParsedDocument:
    return read_picture(data, DEFAULT_LIMITS)


def scanned_pdf(*, with_text: bool) -> bytes:
    file = BytesIO()
    canvas = Canvas(file, pagesize=(400, 200))
    if with_text:
        canvas.drawString(40, 100, "This page has letters of its own, all of them in a font.")
        canvas.showPage()
    canvas.drawImage(ImageReader(drawn(LEFT)), 20, 20, 360, 153)
    canvas.save()
    return file.getvalue()


@needs_ocr
def test_columns_of_a_skewed_picture_are_read_in_turn_without_a_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    picture = drawn(LEFT, RIGHT).rotate(2, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    found = read(saved(picture))
    assert " ".join(found.text.split()) == " ".join([*LEFT, *RIGHT])
    assert found.layouts[0].confidence is not None
    assert found.layouts[0].confidence > 0.9


@needs_ocr
def test_the_boxes_of_words_are_on_the_picture_as_it_is_shown() -> None:
    upright = drawn(LEFT)
    found = read(saved(upright.transpose(Image.Transpose.ROTATE_90)))
    assert found.text == " ".join(LEFT)
    [layout] = found.layouts
    assert layout.width / layout.height == pytest.approx(upright.height / upright.width)
    start = found.text.index("ledger")
    [box] = layout.boxes_between(start, start + len("ledger"))
    font = ImageFont.load_default(30)
    before = 40 + font.getlength("The miller kept a ")
    left, right = (x / upright.width for x in (before, before + font.getlength("ledger")))
    assert box[[1, 3]] == pytest.approx([1 - right, 1 - left], abs=0.02)
    top, bottom = 40 / upright.height, 78 / upright.height
    assert box[[0, 2]] == pytest.approx([top, bottom], abs=0.05)


@needs_ocr
def test_each_page_of_a_tiff_is_a_page_in_the_orientation_of_its_metadata() -> None:
    turned = [drawn(lines).transpose(Image.Transpose.ROTATE_90) for lines in (LEFT, RIGHT)]
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = EXIF_TURNED
    data = saved(turned[0], "TIFF", save_all=True, append_images=turned[1:], exif=exif)
    found = read(data)
    assert all(layout.width > layout.height for layout in found.layouts)
    assert found.text == " ".join(LEFT) + "\n\n" + " ".join(RIGHT)
    assert found.pages == (0, found.text.index(RIGHT[0]))
    with pytest.raises(TooLarge, match="max_pages"):
        read_picture(data, LoadLimits(max_pages=1))


@needs_ocr
def test_a_scan_among_the_pages_of_a_pdf_is_recognised_in_the_limits_of_memory() -> None:
    found = read_in_subprocess(read_pdf, scanned_pdf(with_text=True), DEFAULT_LIMITS)
    assert found.text[found.pages[1] :] == " ".join(LEFT)
    assert found.layouts[0].confidence is None
    assert len(found.layouts[1].offsets) == len(" ".join(LEFT).split())


@pytest.mark.parametrize(
    "read_file",
    [
        lambda: read(saved(drawn(LEFT))),
        lambda: read_pdf(scanned_pdf(with_text=False), DEFAULT_LIMITS),
    ],
)
def test_without_the_extra_the_message_names_it(
    read_file: Any,  # noqa: ANN401 - one of those above
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ocr, "is_installed", lambda: False)
    with pytest.raises(UnreadableFile, match=r'pip install "article-qa\[ocr\]"'):
        read_file()


def test_without_the_extra_the_other_pages_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "is_installed", lambda: False)
    found = read_pdf(scanned_pdf(with_text=True), DEFAULT_LIMITS)
    assert found.text.startswith("This page has letters")
    assert [layout.confidence for layout in found.layouts] == [None, 0.0]


@needs_ocr
def test_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    undecodable = saved(drawn(LEFT))[:200]
    with pytest.raises(TooLarge, match="limit of 1,000 pixels"):
        read_picture(undecodable, LoadLimits(max_pixels=1_000))


@pytest.mark.parametrize("mode", ["1", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_a_picture_of_any_mode_is_dark_on_white(mode: str) -> None:
    page = drawn(LEFT).convert("L")
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(page).astype(np.uint16) * 257)
    elif mode in {"LA", "RGBA"}:
        picture = Image.new(mode, page.size, 0)  # transparent
        picture.paste(page.convert(mode), mask=page.point(lambda value: 255 - value))
    else:
        picture = page.convert(mode)
    found = prepared(picture).convert("L")
    pixels = np.asarray(found)
    assert pixels.min() < 60
    assert pixels[2, 2] == 255


def line_at(text: str, left: float, top: float, score: float = 0.9) -> ocr.RecognisedLine:
    """Return a line of letters of size 10, each 5 wide, with usual blanks between words."""
    words = []
    at = left
    for word in text.split():
        right = at + 5.0 * len(word)
        corners = np.array([[at, top], [right, top], [right, top + 10], [at, top + 10]])
        words.append(ocr.PlacedWord(word, corners, is_joined=False))
        at = right + 2.0
    box = words[0].corners.copy()
    box[1:3, 0] = at - 2.0
    return ocr.RecognisedLine(tuple(words), score, box, 10.0, box[3])


def test_columns_between_lines_of_full_width_are_read_in_turn() -> None:
    wide, narrow = "a line over the whole width of this page of text", "one of a column"
    lines = [line_at(wide, 0, 12 * row) for row in range(20)]
    lines += [line_at(narrow, left, 240 + 12 * row) for row in range(9) for left in (0, 140)]
    lines.append(line_at("A heading", 0, 348))
    lines += [line_at(wide, 0, 360 + 12 * row) for row in range(9)]
    assert [len(block) for block in columns_of(lines)] == [20, 9, 9, 10]


def test_a_line_that_was_recognised_across_a_narrow_gutter_is_divided() -> None:
    lines = [line_at("one of a column", at, 12 * row) for row in range(9) for at in (0, 86)]
    left, right = (line_at("one of a column", at, 108) for at in (0, 86))
    across = replace(left, words=left.words + right.words)
    assert [len(block) for block in columns_of([*lines, across])] == [10, 10]


def test_a_page_on_which_no_line_is_legible_is_doubtful(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line_at("ilIl1 lIi|", 10, 10, score=0.3)]
    monkeypatch.setattr(ocr, "recognise_lines", lambda _: (0, lines))
    page = scan_page(drawn(LEFT), 100, 100)
    assert not page.columns
    assert page.confidence == pytest.approx(0.3)


@pytest.mark.parametrize("text", ["we see seven names here", "as we are to some extent"])
def test_a_line_with_few_tall_letters_has_the_size_of_others(text: str) -> None:
    def heights(line: str) -> ocr.LetterHeights:
        picture = Image.new("RGB", (600, 46), "white")
        font = ImageFont.load_default(30)
        ImageDraw.Draw(picture).text((8, 2), line, font=font, fill="black")
        return ocr.letter_heights(ocr.ink_of(np.asarray(picture)), line)

    usual, found = heights(LEFT[0]), heights(text)
    assert usual.is_sure
    assert found.x == pytest.approx(usual.x, rel=0.12)


def three_pages(_: bytes, limits: LoadLimits) -> ParsedDocument:
    """Take longer for three pages than ``max_seconds``."""
    for _number in range(3):
        start_scanned_page()
        time.sleep(limits.max_seconds / 2)
    return ParsedDocument("words")


def test_each_page_of_a_scan_has_a_time_of_its_own() -> None:
    limits = LoadLimits(max_seconds=1.0, max_page_seconds=60.0)
    assert read_in_subprocess(three_pages, b"", limits).text == "words"
