"""From bytes to an article: formats, encodings, headings, and what is refused."""

from __future__ import annotations

import codecs
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import EmptyArticle, InputError, TooLarge, UnknownFormat, UnreadableFile
from index.limits import DEFAULT_LIMITS, LoadLimits
from index.sources.detect import DetectedFormat, detect_format
from index.sources.loaders import (
    FORMATS,
    MEDIA_TYPES,
    article_from_text,
    load_bytes,
    load_file,
    title_from_name,
)
from index.types import Article
from tests.documents import PROSE, one_of_each, zipped

pytestmark = pytest.mark.usefixtures("read_here")

PARAGRAPH = (
    "The committee met on Tuesday to discuss what had been decided in the spring, and it "
    "went home late without having agreed on anything at all."
)


PAGE = f"""<!DOCTYPE html><html><head><title>Long Shadows | The Paper</title>
<script>alert("no")</script></head><body><nav><a href="/">Home</a> <a href="/s">Sport</a></nav>
<article><h1>Long Shadows</h1><p>First. {PARAGRAPH}</p><h2>The <em>second</em>
day</h2><p>Then. {PARAGRAPH} It was 3 &lt; 4 &amp; late.</p>
<ul><li>milk</li><li>eggs</li></ul></article><footer>Imprint and cookies</footer></body></html>"""


def headings(article: Article) -> list[tuple[int, str]]:
    return [(h.level, article.text[h.start : h.end]) for h in article.headings]


# Plain text


def test_text_is_unchanged_except_for_newlines() -> None:
    article = load_bytes(b"  a\r\n\r\nb\rc \n\n", "notes.txt")
    assert article.text == "  a\n\nb\nc \n\n"


def test_headings_of_a_text_with_crlf_fit_the_text_of_the_article() -> None:
    text = f"{PARAGRAPH}\r\n\r\nThe Second Day\r\n\r\n{PARAGRAPH}\r\n"
    assert headings(load_bytes(text.encode(), "a.txt")) == [(1, "The Second Day")]


def test_title_and_source_are_made_from_the_name() -> None:
    article = load_bytes(b"words", "/home/anna/us-urges_dialogue.txt")
    assert (article.title, article.source) == ("Us urges dialogue", "us-urges_dialogue.txt")


def test_a_given_title_and_source_go_first() -> None:
    article = load_bytes(b"words", "a.txt", title="Mine", source="https://example.org/a.txt")
    assert (article.title, article.source) == ("Mine", "https://example.org/a.txt")


@pytest.mark.parametrize(
    ("name", "title"),
    [("a-trip_to.rome.txt", "A trip to.rome"), (".txt", ".txt"), ("", ""), ("été.md", "Été")],
)
def test_a_title_is_the_name_in_words(name: str, title: str) -> None:
    assert title_from_name(name) == title


# Encodings


def test_a_declared_charset_takes_precedence_over_a_guess() -> None:
    data = "õ ûr".encode("cp1250", "replace") + "ő".encode("cp1250")
    article = load_bytes(data, "a.txt", content_type="text/plain; charset=windows-1250")
    assert article.text.endswith("ő")


def test_a_page_that_calls_itself_utf_16_in_ascii_is_not() -> None:
    page = b'<html><head><meta charset="utf-16"></head><body><p>Plain words.</p></body></html>'
    assert load_bytes(page, "a.html").text == "Plain words."


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", codecs.BOM_UTF16_LE + b"\x00\xd8", bytes(range(256))]
)
def test_what_is_not_decodable_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="UTF-8"):
        load_bytes(data, "a.txt")


# Formats


def test_markdown_is_read_without_its_marks_and_its_title_is_the_first_heading() -> None:
    text = "Intro *here*.\n\n## Part\n\n# Long Shadows #\n\nwords\n"
    article = load_bytes(text.encode(), "a.md")
    assert article.text == "Intro here.\n\nPart\n\nLong Shadows\n\nwords"
    assert article.title == "Long Shadows"
    assert headings(article) == [(2, "Part"), (1, "Long Shadows")]


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.htm", None),
        ("page", "text/html; charset=utf-8"),
        ("page.php", "text/html"),
        ("notes.txt", "text/html"),
        ("page", None),
        ("page.dat", "application/octet-stream"),
    ],
)
def test_a_page_is_known_by_suffix_type_or_beginning(name: str, content_type: str | None) -> None:
    assert "<p>" not in load_bytes(PAGE.encode(), name, content_type=content_type).text


def test_markdown_served_as_plain_text_is_markdown() -> None:
    article = load_bytes(b"# Long Shadows\n\nwords", "README.md", content_type="text/plain")
    assert article.title == "Long Shadows"


@pytest.mark.parametrize("name", ["notes.log", "notes", "notes.json"])
def test_what_looks_like_text_is_loaded_as_text(name: str) -> None:
    assert load_bytes(b"# some words", name).text == "# some words"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (zipped({"a.txt": ""}), "zip"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.graphics"}), "without text"),
        (bytes(60) + b"BOOKMOBI", "Kindle"),
        (b"%!PS-Adobe-3.0\n", "PostScript"),
        (b"AT&TFORM\0\0\0\1DJVM", "DjVu"),
        (b'<?xml version="1.0"?>\n<!-- by hand -->\n<svg xmlns="x">', "vector picture"),
        (b'<?xml version="1.0"?>\n<office:document xmlns:office="x">', "one XML file"),
        (b"\x1f\x8b\x08\0", "compressed"),
        (b"SQLite format 3\0", "database"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
        (b"\xd0\xcf\x11\xe0" + "__substg1.0_0037001F".encode("utf-16-le"), "Outlook"),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.bin"])
def test_an_unsupported_format_is_recognised_under_any_name(
    data: bytes, what: str, name: str
) -> None:
    with pytest.raises(UnknownFormat, match=rf"{what}.*\.txt"):
        load_bytes(data, name)


@pytest.mark.parametrize("text", ["GIF89a is old.", "ID3 tags name songs.", "PK is a unit.", "7z"])
def test_a_text_that_starts_like_a_foreign_format_is_a_text(text: str) -> None:
    assert load_bytes(text.encode(), "a.txt").text == text


@pytest.mark.parametrize("suffix", [".docx", ".epub", ".odt", ".rtf"])
@pytest.mark.parametrize("before", [b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", b"Page 1\n"])
def test_a_document_after_other_lines_is_recognised(suffix: str, before: bytes) -> None:
    data = one_of_each()[suffix]
    expected = detect_format(data, DEFAULT_LIMITS)
    assert expected is not None
    assert detect_format(before + data, DEFAULT_LIMITS) == expected


@pytest.mark.parametrize(
    "text",
    [b"A file begins with\n{\\rtf1\\ansi and ends so.", b"A zip begins with PK\3\4, always."],
)
def test_a_text_about_a_format_is_a_text(text: bytes) -> None:
    assert detect_format(text, DEFAULT_LIMITS) is None


@pytest.mark.parametrize("before", [b"Converter 10.2\nPage 1 of 1\n", b"\xff\xfe\0\n", b"\n\n"])
@pytest.mark.parametrize("after", [b"", b"\n \n", b"\nDone in 2 s.\n"])
def test_a_pdf_after_other_lines_is_a_pdf(before: bytes, after: bytes) -> None:
    found = detect_format(before + one_of_each()[".pdf"] + after, DEFAULT_LIMITS)
    assert found == DetectedFormat("a PDF")


@pytest.mark.parametrize(
    "text",
    [
        "A file begins with\n%PDF-1.7\nand ends with\nstartxref\n9\n%%EOF\nas you see.",
        "%PDF-1.4 is what\nreaders look for.",
        "svg files begin with <svg>.",
        "%!PS is short for PostScript.",
    ],
)
def test_a_text_about_formats_is_a_text(text: str) -> None:
    assert load_bytes(f"Notes.\n{text}".encode(), "a.txt").text == f"Notes.\n{text}"


def test_a_notebook_is_read_as_its_notes_code_and_output() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Tides\n", "\n", "How *high*?"]},
        {
            "cell_type": "code",
            "source": "print('```')",
            "outputs": [
                {"output_type": "stream", "text": ["4.1\n"]},
                {"data": {"text/plain": "5", "image/png": "iVBORw0"}},
                None,
            ],
        },
        "nothing",
    ]
    article = load_bytes(json.dumps({"cells": cells}).encode(), "tides.ipynb")
    assert article.text == "Tides\n\nHow high?\n\nprint('```')\n\n4.1\n\n5"
    assert article.title == "Tides"
    assert load_bytes(b'{"a": 1}', "a.ipynb").text == '{"a": 1}'


@pytest.mark.parametrize("suffix", one_of_each())
@pytest.mark.parametrize("name", ["a{}", "a.txt", "a.pdf", "a.html", "a"])
def test_a_document_is_recognised_by_its_bytes_under_any_name(suffix: str, name: str) -> None:
    article = load_bytes(one_of_each()[suffix], name.format(suffix))
    assert PROSE in article.text


@pytest.mark.parametrize("suffix", one_of_each())
def test_a_text_that_is_called_a_document_is_a_text(suffix: str) -> None:
    assert load_bytes(b"Just words.", f"a{suffix}").text == "Just words."


def test_bytes_that_do_not_match_the_name_are_refused() -> None:
    with pytest.raises(UnknownFormat, match=r"a\.pdf is not a PDF, and its content is not text\. "):
        load_bytes(bytes(range(256)), "a.pdf")


def test_binary_of_an_unknown_suffix_names_the_known_ones() -> None:
    with pytest.raises(UnknownFormat, match=r"\.txt.*\.md.*\.html"):
        load_bytes(bytes(range(256)), "a.bin")


def test_every_format_is_found_by_its_own_suffixes_and_types() -> None:
    suffixes = [suffix for kind in FORMATS for suffix in kind.suffixes]
    types = [media_type for kind in FORMATS for media_type in kind.media_types]
    assert len(suffixes) == len(set(suffixes))
    assert sorted(types) == sorted(MEDIA_TYPES)


# Limits and files


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a", "a.pdf", "a.docx"])
def test_a_blank_file_is_empty(name: str) -> None:
    with pytest.raises(EmptyArticle):
        load_bytes(b" \n\n ", name)


def test_the_limit_counts_bytes_and_is_named() -> None:
    assert load_bytes("éé".encode(), "a.txt", limits=LoadLimits(max_bytes=4)).text == "éé"
    with pytest.raises(TooLarge, match="limit of 3 bytes"):
        load_bytes("éé".encode(), "a.txt", limits=LoadLimits(max_bytes=3))


def test_a_text_of_200_megabytes_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("index.sources.loaders.decode", None)
    with pytest.raises(TooLarge, match=r"limit of 50,000,000 bytes.*max_article_bytes"):
        load_bytes(bytes(200_000_000), "a.txt")


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_the_limit_on_characters_holds_for_texts_too(name: str) -> None:
    with pytest.raises(TooLarge, match=r"limit of 20 characters.*max_article_chars"):
        load_bytes(b"<p>" + b"word " * 9, name, limits=LoadLimits(max_chars=20))
    with pytest.raises(TooLarge, match="limit of 20 characters"):
        article_from_text("word " * 9, limits=LoadLimits(max_chars=20))


def test_a_loaded_file_does_not_reveal_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "long-shadows.txt"
    path.write_bytes(b"words")
    article = load_file(path)
    assert (article.title, article.source) == ("Long shadows", "long-shadows.txt")


def test_a_file_over_the_limit_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(TooLarge, match="limit of 10 bytes"):
        load_file(path, limits=LoadLimits(max_bytes=10))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"gone\.txt.*Check the path"):
        load_file(tmp_path / "gone.txt")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="is a folder"):
        load_file(tmp_path)


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(UnreadableFile, match="not a regular file"):
        load_file(tmp_path / "pipe.txt")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
def test_a_device_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="not a regular file"):
        load_file(Path("/dev/zero"))


def test_an_impossible_path_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="cannot be read"):
        load_file(Path("a\0b.txt"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"words")
    path.chmod(0)
    with pytest.raises(UnreadableFile, match="permission"):
        load_file(path)


# Whatever comes


scraps = st.sampled_from(
    b"<p> <h1> </p> <table><tr><td> <pre> <!-- <a&#32;href=x> &amp; words \xff\xfe \0 \xc3 # ```"
    b" ---\n <?xml <svg> <br> </h1> <title> <h2><li>".split(b" ")
)


@given(
    st.binary(max_size=200) | st.lists(scraps, max_size=30).map(b"".join),
    st.sampled_from(["a.txt", "a.md", "a.html", "a", "a.bin", ""]),
    st.sampled_from([None, "text/html; charset=utf-16", "text/plain; charset=shift_jis", ";"]),
)
def test_any_bytes_give_an_article_or_an_input_error(
    data: bytes, name: str, content_type: str | None
) -> None:
    try:
        article = load_bytes(data, name, content_type=content_type)
    except InputError:
        return
    last = 0
    for heading in article.headings:
        assert last <= heading.start < heading.end <= len(article.text)
        assert "\n" not in article.text[heading.start : heading.end]
        last = heading.end
