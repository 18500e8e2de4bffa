"""Each public step of reading and cutting takes time in proportion to its input."""

from __future__ import annotations

import contextlib
import html
import textwrap
from collections.abc import Callable, Sequence
from copy import deepcopy

import pytest

from index.chunking import chunk_article
from index.errors import InputError
from index.limits import DEFAULT_LIMITS
from index.sentences import split_sentences
from index.sources.decoding import decode
from index.sources.document import clean
from index.sources.ebook.epub import read_epub
from index.sources.html.html_page import read_html
from index.sources.isolation import Reader
from index.sources.loaders import article_from_text, load_bytes, title_from_name
from index.sources.markdown_text import read_markdown
from index.sources.office.opendocument import read_odt
from index.sources.office.rtf import read_rtf
from index.sources.office.slides import read_pptx
from index.sources.office.word import read_docx
from index.sources.pdf.pdf_file import read_pdf
from index.sources.plain_text import plain_text_headings
from index.types import Article, Heading, one_line
from tests import documents
from tests.growth import SMALL, UNITS, assert_linear, in_all_places, repeated_texts

pytestmark = pytest.mark.exhaustive

by_unit = pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def cut(text: str) -> None:
    with contextlib.suppress(InputError):
        chunk_article(article_from_text(text), count_words)


def reader(read: Reader) -> Callable[[bytes], None]:
    def step(data: bytes) -> None:
        with contextlib.suppress(InputError):
            read(data, DEFAULT_LIMITS)

    return step


def assert_reads_linearly(read: Reader, file_of: Callable[[str], bytes], unit: str) -> None:
    make = in_all_places(unit)
    assert_linear(reader(read), lambda count: file_of(make(count)), small=SMALL // 2)


# Text


@by_unit
def test_sentences(unit: str) -> None:
    for make in repeated_texts(unit):
        assert_linear(split_sentences, make)


@by_unit
def test_headings_and_chunks(unit: str) -> None:
    assert_linear(cut, in_all_places(unit))


@by_unit
def test_titles_and_cleaning(unit: str) -> None:
    make = in_all_places(unit)
    assert_linear(title_from_name, make)
    assert_linear(one_line, make)
    assert_linear(clean, make)


@by_unit
def test_plain_text_from_bytes(unit: str) -> None:
    def step(data: bytes) -> None:
        with contextlib.suppress(InputError):
            load_bytes(data, "a.txt")

    make = in_all_places(unit)
    assert_linear(step, lambda count: make(count).encode())


@pytest.mark.parametrize("encoding", ["cp1252", "cp1251", "cp932", "gb18030"])
@pytest.mark.parametrize("letters", ["é", "ж", "の", "的"])
def test_decoding_of_undeclared_encodings(encoding: str, letters: str) -> None:
    def step(data: bytes) -> None:
        with contextlib.suppress(InputError):
            decode(data)

    word = letters.encode(encoding, "ignore") + b" \xe9 a"
    assert_linear(step, lambda count: word * count)


def test_chunks_under_many_headings() -> None:
    def make(count: int) -> Article:
        text = "Abc\nSome words.\n" * count
        marks = tuple(Heading(16 * i, 16 * i + 3, 1) for i in range(count))
        return Article.from_text(text, headings=marks)

    assert_linear(lambda article: chunk_article(article, count_words), make, small=2_000)


def test_headings_stacked_over_prose() -> None:
    assert_linear(plain_text_headings, lambda count: "Abc\n\n" * count + "x" * 100)


# Files


@by_unit
def test_markdown(unit: str) -> None:
    assert_reads_linearly(read_markdown, str.encode, unit)


@by_unit
def test_html(unit: str) -> None:
    assert_reads_linearly(read_html, str.encode, unit)


@by_unit
def test_html_paragraph(unit: str) -> None:
    assert_reads_linearly(
        read_html, lambda text: f"<html><body><p>{text}</p></body></html>".encode(), unit
    )


@by_unit
def test_rtf(unit: str) -> None:
    assert_reads_linearly(
        read_rtf, lambda text: f"{{\\rtf1 {text}}}".encode("cp1252", "replace"), unit
    )


@by_unit
def test_epub(unit: str) -> None:
    assert_reads_linearly(read_epub, lambda text: documents.epub({"one": f"<p>{text}</p>"}), unit)


@by_unit
def test_opendocument(unit: str) -> None:
    assert_reads_linearly(
        read_odt,
        lambda text: documents.odt(f"<text:p>{html.escape(text)}</text:p>"),
        unit,
    )


@pytest.mark.parametrize("unit", [" ", "\n", "\t", "[", "A. ", "1", "-", "\u0301", "&"])
def test_word(unit: str) -> None:
    assert_reads_linearly(read_docx, lambda text: documents.docx([("Normal", text)]), unit)


@pytest.mark.parametrize("unit", [" ", "\n", "\t", "[", "A. ", "1", "-", "\u0301", "&"])
def test_slides(unit: str) -> None:
    assert_reads_linearly(read_pptx, lambda text: documents.pptx([("One", text, "")]), unit)


@pytest.mark.parametrize("unit", ["[", "A. ", "1", "-", "a-", ".", '"', "(", "a ", "•", "_"])
def test_pdf(unit: str) -> None:
    def make(count: int) -> bytes:
        lines = textwrap.wrap(unit * count, 80)
        return documents.pdf([lines[i : i + 50] for i in range(0, len(lines), 50)])

    assert_linear(reader(read_pdf), make)


def test_the_rows_of_a_table_on_a_slide() -> None:
    from pptx import Presentation
    from pptx.util import Inches

    def make(count: int) -> bytes:
        show = Presentation()
        slide = show.slides.add_slide(show.slide_layouts[6])
        shape = slide.shapes.add_table(2, 1, *[Inches(1)] * 4)
        rows = shape._element.graphic.graphicData.tbl
        for _ in range(count):
            rows.append(deepcopy(rows.tr_lst[1]))
        return documents.saved(show)

    assert_linear(reader(read_pptx), make, small=500)


# What the formats are made of


def repeated(unit: str, start: str, end: str) -> Callable[[int], bytes]:
    return lambda count: f"{start}{unit * count}{end}".encode()


RTF_UNITS = {
    "group": "{\\b a}",
    "link": "{\\field{\\*\\fldinst{HYPERLINK a",
    "picture": "{\\pict 89\n",
    "short picture": "89" * 499 + "x",
    "escape": "\\'e9",
    "control word": "\\b",
    "font": "\\f1",
    "box": "{\\shptxt a",
    "note": "{\\footnote a}",
    "row": "\\trowd\\cellx9 a\\cell\\row ",
    "star": "{\\*",
}


@pytest.mark.parametrize("unit", RTF_UNITS.values(), ids=RTF_UNITS)
def test_rtf_markup(unit: str) -> None:
    for start in ("{\\rtf1 ", "{\\rtf1{\\fonttbl ", "{\\rtf1{\\title "):
        make = repeated(unit, start, "}")
        assert_linear(reader(read_rtf), make, small=500 if len(unit) > 100 else 10_000)


@pytest.mark.parametrize("small", [10_000, 50_000])
def test_rtf_nested_groups(small: int) -> None:
    assert_linear(
        reader(read_rtf),
        lambda count: b"{\\rtf1 " + b"{" * count + b"x" + b"}" * (count + 1),
        small=small,
    )


@pytest.mark.parametrize(
    "entry", ["\\f1", "\\f1\\fcharset0", "\\f1\\fcharset0;", "\\fcharset0", "{\\f1\\fcharset0 A;}"]
)
def test_rtf_font_table(entry: str) -> None:
    assert_linear(
        reader(read_rtf),
        lambda count: f"{{\\rtf1{{\\fonttbl {entry * count}}}a}}".encode(),
        small=5_000,
    )


def _field(kind: str) -> str:
    return f"<w:r><w:fldChar w:fldCharType='{kind}'/><w:t>a</w:t></w:r>"


def _styled(count: int) -> bytes:
    styles = "".join(
        f"<w:style w:styleId='s{n}'><w:basedOn w:val='b'/></w:style>" for n in range(count)
    )
    paragraphs = "".join(
        f"<w:p><w:pPr><w:pStyle w:val='s{n}'/></w:pPr><w:r><w:t>a</w:t></w:r></w:p>"
        for n in range(count)
    )
    base = f"<w:style w:styleId='b'>{'<w:x/>' * count}</w:style>"
    return documents.word(paragraphs, {"styles": base + styles})


def _numbered(count: int) -> bytes:
    levels = "<w:lvl w:ilvl='0'><w:start w:val='1'/></w:lvl>" * count
    lists = "".join(
        f"<w:num w:numId='{n}'><w:abstractNumId w:val='0'/></w:num>" for n in range(count)
    )
    text = "<w:r><w:t>a</w:t></w:r>"
    paragraphs = "".join(
        f"<w:p><w:pPr><w:numPr><w:numId w:val='{n}'/></w:numPr></w:pPr>{text}</w:p>"
        for n in range(count)
    )
    definition = f"<w:abstractNum w:abstractNumId='0'>{levels}</w:abstractNum>"
    return documents.word(paragraphs, {"numbering": definition + lists})


def _charts(count: int) -> bytes:
    drawing = "<w:r><w:drawing><c:chart r:id='chart'/></w:drawing></w:r>"
    series = "".join(
        f"<c:ser><c:val><c:pt idx='{n}'><c:v>1</c:v></c:pt></c:val></c:ser>" for n in range(count)
    )
    chart = f"<c:chart><c:plotArea>{series}</c:plotArea></c:chart>"
    return documents.word(f"<w:p>{drawing * count}</w:p>", {"chart": chart})


WORD_FILES: dict[str, Callable[[int], bytes]] = {
    "open fields": lambda count: documents.word(f"<w:p>{_field('begin') * count}</w:p>"),
    "nested fields": lambda count: documents.word(
        f"<w:p>{_field('begin') * count}{_field('end') * count}</w:p>"
    ),
    "styles": _styled,
    "numbers": _numbered,
    "charts": _charts,
    "formulas": lambda count: documents.word(
        f"<w:p><m:oMath>{'<m:f><m:num>' * 100}{'<m:r><m:t>a</m:t></m:r>' * count}"
        f"{'</m:num></m:f>' * 100}</m:oMath></w:p>"
    ),
}


@pytest.mark.parametrize("make", WORD_FILES.values(), ids=WORD_FILES)
def test_word_elements(make: Callable[[int], bytes]) -> None:
    assert_linear(reader(read_docx), make, small=2_000)


ODT_UNITS = {
    "paragraph": "<text:p>a</text:p>",
    "heading": "<text:h>a</text:h>",
    "row": "<table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
    "</table:table-row>",
    "span": "<text:p><text:span>a</text:span><text:tab/></text:p>",
    "list": "<text:list><text:list-item><text:p>a</text:p></text:list-item></text:list>",
}


@pytest.mark.parametrize("unit", ODT_UNITS.values(), ids=ODT_UNITS)
def test_opendocument_elements(unit: str) -> None:
    for start, end in (("", ""), ("<table:table>", "</table:table>")):
        make = repeated(unit, start, end)

        def make_odt(count: int, make: Callable[[int], bytes] = make) -> bytes:
            return documents.odt(make(count).decode())

        assert_linear(reader(read_odt), make_odt, small=2_000)


HTML_UNITS = {
    "paragraph": "<p>Some words.</p>",
    "open paragraph": "<p>a",
    "row": "<tr><td>a<td>b",
    "table": "<table><tr><td>a</table>",
    "item": "<li>a",
    "link": '<a href="/a">a</a> ',
    "heading": "<h2>A</h2>",
    "break": "a<br>",
    "inline": "<b>a</b>",
    "code": "<code>a\n</code>",
    "open code": "<code>a",
    "verbatim": "<pre>a</pre>",
    "unclosed": "<i>",
    "attribute": "a=b ",
    "meta": "<meta name=a content=b>",
    "script": "<script>a</script>",
    "image": "<img src=a alt=b>",
}


@pytest.mark.parametrize("unit", HTML_UNITS.values(), ids=HTML_UNITS)
def test_html_elements(unit: str) -> None:
    places = ("<body>", ""), ("<table>", "</table>"), ("<article><p>Words.</p>", ""), ("<p ", ">")
    for start, end in places:
        assert_linear(reader(read_html), repeated(unit, start, end), small=2_000)
