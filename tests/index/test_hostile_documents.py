"""Documents made to harm, or broken: each is refused by its reason, through the usual door."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import InputError, TooLarge, UnknownFormat, UnreadableFile
from index.limits import DEFAULT_LIMITS, LoadLimits
from index.sources.loaders import load_bytes
from tests.documents import PROSE, docx, epub, odt, one_of_each, pptx, rezipped, xlsx, zipped

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
