"""Documents made to harm, or broken: each is refused by its reason, through the usual door."""

from __future__ import annotations

import struct
import zipfile
from collections import Counter
from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline

from index.errors import InputError, TooLarge, UnknownFormat, UnreadableFile
from index.limits import DEFAULT_LIMITS, LoadLimits
from index.sources.loaders import load_bytes
from index.sources.markdown_text import read_markdown
from index.sources.office.opendocument import read_odt
from index.sources.office.rtf import read_rtf
from index.sources.spreadsheets.delimited_text import read_csv
from index.sources.spreadsheets.xlsx import read_xlsx
from tests.documents import PROSE, docx, epub, odt, one_of_each, pptx, rezipped, xlsx, zipped
from tests.growth import assert_linear

pytestmark = pytest.mark.usefixtures("read_here")

ZIPS = {
    "a.docx": (docx([("Normal", PROSE)]), "word/document.xml"),
    "a.pptx": (pptx([("One", PROSE, "")]), "ppt/slides/slide1.xml"),
    "a.odt": (odt(f"<text:p>{PROSE}</text:p>"), "content.xml"),
    "a.epub": (epub({"one": f"<p>{PROSE}</p>"}), "OEBPS/one.xhtml"),
    "a.xlsx": (xlsx([[PROSE]]), "xl/worksheets/sheet1.xml"),
}
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize("suffix", one_of_each())
@pytest.mark.parametrize("share", [0.3, 0.7, 0.98])
def test_a_document_that_is_cut_off_is_refused(suffix: str, share: float) -> None:
    data = one_of_each()[suffix]
    with pytest.raises(UnreadableFile, match=rf"a{suffix} cannot be used.*incomplete"):
        load_bytes(data[: int(len(data) * share)], f"a{suffix}")


@pytest.mark.parametrize("name", ZIPS)
@pytest.mark.parametrize(
    "declared",
    [
        f'<!ENTITY l0 "lol">{LAUGHS}',
        '<!ENTITY l9 SYSTEM "file:///etc/hostname">',
        '<!ENTITY l9 SYSTEM "http://127.0.0.1:9/">',
        '<!ENTITY % l9 SYSTEM "http://127.0.0.1:9/"> %l9;',
    ],
)
def test_xml_that_declares_entities_is_refused(name: str, declared: str) -> None:
    data, part = ZIPS[name]
    content = f"<!DOCTYPE x [{declared}]><x>&l9;</x>"
    with pytest.raises(UnreadableFile, match="declares entities"):
        load_bytes(rezipped(data, {part: content}), name)
    with pytest.raises(UnreadableFile, match="declares entities"):
        load_bytes(rezipped(data, {part: content.encode("utf-16")}), name)


@pytest.mark.parametrize("name", [name for name in ZIPS if name != "a.epub"])
def test_xml_that_is_nested_too_deeply_is_refused(name: str) -> None:
    data, part = ZIPS[name]
    with pytest.raises(UnreadableFile, match="XML that cannot be read"):
        load_bytes(rezipped(data, {part: "<x>" * 100_000 + "</x>" * 100_000}), name)


def test_a_chapter_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="nested too deeply"):
        load_bytes(epub({"one": "<p>seen</p>" + "<div>" * 1_000 + "unseen"}), "a.epub")


@pytest.mark.parametrize("name", ZIPS)
def test_a_member_that_swells_is_refused_by_the_ratio(name: str) -> None:
    with pytest.raises(TooLarge, match=r"limit of 250 times.*zip bomb"):
        load_bytes(rezipped(ZIPS[name][0], {"media/bomb.bin": bytes(5_000_000)}), name)


@pytest.mark.parametrize(
    ("limits", "match"),
    [
        (LoadLimits(max_unpacked_bytes=3_000_000), "limit of 3,000,000 bytes in all"),
        (LoadLimits(max_xml_bytes=300_000), "limit of 300,000 bytes for one XML file"),
        (LoadLimits(max_entries=5), "more files than the limit of 5"),
    ],
)
def test_what_a_zip_may_hold_is_bounded_and_the_limit_named(limits: LoadLimits, match: str) -> None:
    more = {f"media/{n}.bin": bytes(900_000) for n in range(4)}
    more["customXml/item.xml"] = b" " * 400_000
    with pytest.raises(TooLarge, match=match):
        load_bytes(rezipped(ZIPS["a.docx"][0], more), "a.docx", limits=limits)


def test_a_size_that_the_header_understates_does_not_help() -> None:
    data = bytearray(rezipped(ZIPS["a.docx"][0], {"media/bomb.bin": bytes(5_000_000)}))
    size = struct.pack("<I", 5_000_000)
    assert data.count(size) == 2  # in the member's own header and in the list of members
    with pytest.raises(UnreadableFile, match="damaged"):
        load_bytes(bytes(data).replace(size, struct.pack("<I", 10)), "a.docx")


def test_members_that_overlap_count_each_time() -> None:
    member = zipped({"word/document.xml": bytes(100_000)})
    with zipfile.ZipFile(BytesIO(member)) as archive:
        start = archive.start_dir
    listed, end = member[start:-22], bytearray(member[-22:])
    end[8:12] = struct.pack("<HH", 50, 50)
    end[12:16] = struct.pack("<I", 50 * len(listed))
    data = member[:start] + listed * 50 + bytes(end)
    with pytest.raises(InputError, match=r"limit of 1,000,000 bytes|damaged"):
        load_bytes(data, "a.docx", limits=LoadLimits(max_unpacked_bytes=1_000_000))


def test_a_zip_that_needs_a_password_is_refused() -> None:
    data = bytearray(ZIPS["a.docx"][0])
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 1)
    with pytest.raises(UnreadableFile, match="password"):
        load_bytes(bytes(data), "a.docx")


def test_an_office_document_that_needs_a_password_is_refused() -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(UnreadableFile, match="password-protected"):
        load_bytes(data, "a.docx")


def test_a_member_packed_in_an_unusual_way_is_refused() -> None:
    data = zipped({"word/document.xml": PROSE}, zipfile.ZIP_LZMA)
    with pytest.raises(UnreadableFile, match="unusual zip compression"):
        load_bytes(data, "a.docx")


@pytest.mark.parametrize("name", ["a.docx", "a.pptx", "a.epub", "a.odt"])
def test_an_empty_zip_is_no_document(name: str) -> None:
    with pytest.raises(UnknownFormat, match="zip archive"):
        load_bytes(zipped({}), name)


def test_rows_of_one_cell_below_a_table_take_time_in_proportion() -> None:
    assert_linear(
        lambda data: read_csv(data, DEFAULT_LIMITS),
        lambda count: b"name,year\na,b\n" + b",c\n" * count,
        small=1_000,
    )


def test_hidden_columns_take_time_in_proportion() -> None:
    def make(count: int) -> bytes:
        columns = "<col min='1' max='2' hidden='1'/><col min='4' max='16384' hidden='1'/>" * count
        rows = "<row><c r='A1'><v>1</v></c><c r='C1'><v>2</v></c></row>" * count
        return rezipped(
            xlsx([[PROSE]]),
            {
                "xl/worksheets/sheet1.xml": '<worksheet xmlns="http://schemas.openxmlformats.org/'
                f'spreadsheetml/2006/main"><cols>{columns}</cols><sheetData>{rows}</sheetData>'
                "</worksheet>"
            },
        )

    assert read_xlsx(make(3), DEFAULT_LIMITS).text.split("\n\n")[-1] == "2\n2\n2"
    assert_linear(lambda data: read_xlsx(data, DEFAULT_LIMITS), make, small=300)


@pytest.mark.parametrize(
    "make",
    [
        lambda count: b"# Title" + b" \t" * count + b"{#mark",
        lambda count: b"---\ntitle: A" + b" \t" * count + b"b\n---\nWords.",
    ],
    ids=["heading", "front matter"],
)
def test_runs_of_spaces_take_time_in_proportion(make: Callable[[int], bytes]) -> None:
    assert_linear(lambda data: read_markdown(data, DEFAULT_LIMITS), make, small=2_500)


def test_unclosed_brackets_are_read_in_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: Counter[str] = Counter()
    skip = ParserInline.skipToken

    def count(parser: ParserInline, state: StateInline) -> None:
        steps["token"] += 1
        skip(parser, state)

    monkeypatch.setattr(ParserInline, "skipToken", count)
    found = read_markdown(b"[" * 1_000 + b" and a [link](http://a.example)", DEFAULT_LIMITS)
    assert found.text.endswith(" and a link")
    assert steps["token"] < 30_000


def test_texts_in_texts_of_a_picture_are_read_once() -> None:
    picture = f"<svg>{'<text>' * 50}word{'</text>' * 50}</svg>"
    assert load_bytes(epub({"one": picture}), "a.epub").text.split() == ["word"]


def test_notes_in_notes_are_read_once_each() -> None:
    start = "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>word"
    end = "</text:p></text:note-body></text:note>"
    found = read_odt(odt(f"<text:p>seen{start * 30}{end * 30}</text:p>"), DEFAULT_LIMITS)
    assert found.text.count("word") == 30


def test_cells_that_cover_many_rows_are_repeated_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("index.sources.office.opendocument._MAX_MERGED", 100)
    cell = "<table:table-cell table:number-rows-spanned='99999'><text:p>a</text:p>"
    first = f"<table:table-row>{f'{cell}</table:table-cell>' * 30}</table:table-row>"
    covered = "<table:covered-table-cell table:number-columns-repeated='999999999'/>"
    rows = f"<table:table-row>{covered * 9}</table:table-row>" * 9
    found = read_odt(odt(f"<table:table>{first}{rows}</table:table>"), DEFAULT_LIMITS)
    assert len(found.tables[0].cells) == 30 + 100


def test_binary_data_that_is_longer_than_the_file_does_not_hide_its_words() -> None:
    found = read_rtf(rb"{\rtf1 Seen.{\pict\bin999999999 x}\par And this.}", DEFAULT_LIMITS)
    assert found.text.split() == ["Seen.", "And", "this."]


def test_halves_of_characters_in_a_notebook_cost_a_sign_each() -> None:
    notebook = rb'{"cells": [{"cell_type": "markdown", "source": "Seen \ud83d and \ud83d\ude42."}]}'
    assert load_bytes(notebook, "a.ipynb").text == "Seen \ufffd and \U0001f642."


@pytest.mark.slow
@pytest.mark.parametrize("suffix", one_of_each())
@settings(max_examples=5)
@given(st.data())
def test_a_document_with_damaged_bytes_is_read_or_refused(suffix: str, data: st.DataObject) -> None:
    whole = bytearray(one_of_each()[suffix])
    places = st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=20)
    for at in data.draw(places):
        whole[at] = data.draw(st.integers(0, 255))
    try:
        article = load_bytes(bytes(whole), f"a{suffix}", limits=DEFAULT_LIMITS)
    except InputError as error:
        assert f"a{suffix}" in str(error)  # noqa: PT017 - read or refused, both are well
    else:
        assert article.text.strip()
