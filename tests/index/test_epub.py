from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from index.errors import UnreadableFile
from index.limits import DEFAULT_LIMITS
from index.sources.document import ParsedDocument
from index.sources.ebook.epub import read_epub
from index.sources.ebook.epub_chapter import ChapterHints, prepare_chapter
from index.sources.ebook.epub_styles import Styles
from index.sources.loaders import load_bytes
from tests.documents import CONTAINER, assert_exact, epub, headings, zipped

pytestmark = pytest.mark.usefixtures("read_here")

ENCRYPTION = (
    '<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:CipherData>'
    '<enc:CipherReference URI="{}"/></enc:CipherData></enc:EncryptedData></encryption>'
)


def loaded(data: bytes) -> ParsedDocument:
    found = read_epub(data, DEFAULT_LIMITS)
    assert_exact(found)
    return found


def test_chapters_come_in_the_order_of_the_spine() -> None:
    found = loaded(
        epub(
            {"b": "<h1>Two</h1><p>Calm.</p>", "a": "<h1>One</h1><h2>Night</h2><p>Rain.</p>"},
            spine=["a", "b"],
            title="Weather",
        )
    )
    assert found.text == "One\n\nNight\n\nRain.\n\nTwo\n\nCalm."
    assert headings(found) == [(1, "One"), (2, "Night"), (1, "Two")]
    assert found.title == "Weather"


def test_navigation_asides_and_footers_of_a_book_are_kept() -> None:
    body = "<nav><p>Contents</p></nav><aside>A note.</aside><p>Short.</p><footer>End.</footer>"
    assert loaded(epub({"a": body})).text == "Contents\n\nA note.\n\nShort.\n\nEnd."


def test_elements_that_are_closed_at_once_swallow_nothing() -> None:
    body = '<p><a id="p1"/>One <em class="x"/>two.<br/>Three.</p><script src="a.js"/><p>Four.</p>'
    assert loaded(epub({"a": body})).text == "One two.\nThree.\n\nFour."


def test_a_book_that_lacks_one_of_its_parts_is_refused_and_the_part_named() -> None:
    with pytest.raises(UnreadableFile, match=r"part 'OEBPS/book\.opf' is missing"):
        loaded(zipped({"META-INF/container.xml": CONTAINER}))


def test_a_protected_book_is_refused_and_obfuscated_fonts_are_no_protection() -> None:
    book = {"a": "<p>One.</p>"}
    fonts = {"META-INF/encryption.xml": ENCRYPTION.format("OEBPS/font.otf")}
    assert loaded(epub(book, more=fonts)).text == "One."
    pages = {"META-INF/encryption.xml": ENCRYPTION.format("OEBPS/a.xhtml")}
    with pytest.raises(UnreadableFile, match="DRM"):
        loaded(epub(book, more=pages))


def test_a_book_without_a_package_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="does not say where"):
        loaded(zipped({"META-INF/container.xml": "<container/>", "a.xhtml": "<p>x</p>"}))


def test_a_package_is_found_where_the_container_does_not_say_so() -> None:
    data = epub({"a": "<p>One.</p>"}, more={"META-INF/container.xml": "<container/>"})
    assert loaded(data).text == "One."


NOTE = '<aside epub:type="footnote" hidden="hidden"><p>1. By rail.</p></aside>'


def package(items: str, spine: str = "", more: str = "") -> str:
    return (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>B</dc:title></metadata>'
        f"<manifest>{items}</manifest><spine>{spine}</spine>{more}</package>"
    )


@pytest.mark.parametrize(
    ("name", "href"),
    [
        ("Tide.xhtml", "tide.XHTML"),
        ("the tide.xhtml", "the%20tide.xhtml"),
        ("50%25.xhtml", "50%25.xhtml"),
        ("the%20tide.xhtml", "the tide.xhtml"),
        ("caf\u00e9.xhtml", "cafe\u0301.xhtml"),
        ("text/tide.xhtml", "text\\tide.xhtml"),
        ("tide.xhtml", "./x/../tide.xhtml#start"),
    ],
)
def test_a_chapter_is_found_though_its_name_is_written_otherwise(name: str, href: str) -> None:
    items = f'<item id="a" href="{href}"/><item id="b" href="gone.xhtml"/>'
    spine = '<itemref idref="b"/><itemref idref="a"/><itemref idref="nothing"/>'
    book = {"OEBPS/book.opf": package(items, spine), f"OEBPS/{name}": "<p>The tide turned.</p>"}
    assert loaded(epub({}, more=book)).text == "The tide turned."


def test_chapters_that_cannot_be_read_are_passed_over_unless_all_are() -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]><html><p>&b;</p></html>'
    deep = "<div>" * 1_000 + "unseen"
    more = {"OEBPS/a.xhtml": laughs, "OEBPS/b.xhtml": "words \0\1\2\3 words" * 9}
    good = {"a": "", "b": "", "deep": deep, "d": "<p>The tide turned.</p>"}
    assert "The tide turned." in loaded(epub(good, more=more)).text
    with pytest.raises(UnreadableFile, match="declares entities"):
        loaded(epub({"a": ""}, more={"OEBPS/a.xhtml": laughs}))


def test_a_damaged_chapter_or_picture_does_not_cost_the_book() -> None:
    words = " ".join(f"word{n}" for n in range(300))
    data = epub({"a": f"<p>{words}</p>", "b": "<p>The tide turned.</p>"})
    at = data.index(b"OEBPS/a.xhtml") + 60
    assert loaded(data[:at] + bytes(20) + data[at + 20 :]).text == "The tide turned."


def test_without_a_spine_chapters_come_in_the_order_of_the_manifest() -> None:
    items = "".join(
        f'<item id="{name}" href="{name}.xhtml" media-type="{kind}" properties="{what}"/>'
        for name, kind, what in [
            ("nav", "application/xhtml+xml", "nav"),
            ("b", "application/xml", ""),
            ("a", "", ""),
        ]
    )
    book = {"a": "<p>One.</p>", "b": "<p>Two.</p>", "nav": "<p>Contents</p>"}
    assert loaded(epub(book, more={"OEBPS/book.opf": package(items)})).text == "Two.\n\nOne."


def test_without_a_list_of_its_files_chapters_come_in_the_order_of_their_names() -> None:
    book = {"b": "<p>Two.</p>", "a": "<p>One.</p>"}
    assert loaded(epub(book, more={"OEBPS/book.opf": package("")})).text == "One.\n\nTwo."


def test_what_is_set_apart_from_the_reading_order_comes_last_and_a_fallback_is_used() -> None:
    items = (
        '<item id="n" href="n.xhtml"/><item id="p" href="p.png" media-type="image/png"'
        ' fallback="f"/><item id="f" href="f.xhtml"/>'
    )
    spine = '<itemref idref="n" linear="no"/><itemref idref="p"/>'
    book = {"n": "<p>Answers.</p>", "f": "<p>A map of the bay.</p>"}
    found = loaded(epub(book, more={"OEBPS/book.opf": package(items, spine)}))
    assert found.text == "A map of the bay.\n\nAnswers."


def test_navigation_in_the_spine_is_left_out() -> None:
    nav = (
        "<h1>Contents</h1>"
        '<nav epub:type="toc"><h2>Go to</h2><ol><li><a href="a.xhtml">One</a></li></ol></nav>'
        '<nav epub:type="landmarks" hidden=""><ol><li><a href="a.xhtml">Start</a></li></ol></nav>'
        '<nav role="doc-pagelist"><ol><li><a href="a.xhtml#p1">1</a></li></ol></nav>'
    )
    assert loaded(epub({"nav": nav, "a": "<p>The tide.</p>"})).text == "The tide."
    contents = nav.replace("nav", "section")
    assert loaded(epub({"nav": contents, "a": "<p>The tide.</p>"})).text == "The tide."


def test_a_contents_page_that_the_guide_names_is_left_out() -> None:
    items = '<item id="c" href="c.xhtml"/><item id="a" href="a.xhtml"/>'
    spine = '<itemref idref="c"/><itemref idref="a"/>'
    guide = '<guide><reference type="toc" href="c.xhtml"/></guide>'
    book = {"c": '<p>In this book</p><p><a href="a.xhtml">How the tide turned</a></p>'}
    book["a"] = "<p>The tide.</p>"
    more = {"OEBPS/book.opf": package(items, spine, guide)}
    assert loaded(epub(book, more=more)).text == "The tide."


@pytest.mark.parametrize(
    "mark",
    [
        '<span epub:type="pagebreak" id="p12">12</span>',
        '<span role="doc-pagebreak" aria-label="12">12</span>',
        '<span class="pagenum">[Pg 12]</span>',
        '<a class="x pageno">xii</a>',
        '<span epub:type="pagebreak" title="12"/>',
    ],
)
def test_printed_page_numbers_are_left_out(mark: str) -> None:
    body = f"<p>The quay is {mark}very long, beau{mark}tiful and 12 years old.</p>"
    expected = "The quay is very long, beautiful and 12 years old."
    assert loaded(epub({"a": body})).text == expected


def test_page_numbers_are_known_by_the_list_of_pages() -> None:
    nav = (
        '<html xmlns:epub="http://www.idpf.org/2007/ops"><nav epub:type="page-list"><ol><li>'
        '<a href="a.xhtml#x9">9</a></li><li><a href="a.xhtml#x10">10</a></li></ol></nav></html>'
    )
    items = '<item id="n" href="n.xhtml" properties="nav"/><item id="a" href="a.xhtml"/>'
    more = {"OEBPS/book.opf": package(items, '<itemref idref="a"/>'), "OEBPS/n.xhtml": nav}
    body = '<p>It rained <a id="x9">[9]</a>for <b id="x10">ten</b> days.</p>'
    assert loaded(epub({"a": body}, more=more)).text == "It rained for ten days."


def test_notes_are_kept_also_if_programs_hide_them() -> None:
    assert loaded(epub({"a": f"<p>It rained.</p>{NOTE}"})).text == "It rained.\n\n1. By rail."


def test_a_book_that_was_zipped_with_its_folder_is_read() -> None:
    files = zipfile.ZipFile(BytesIO(epub({"a": "<p>The tide.</p>"})))
    data = zipped({f"My book/{name}": files.read(name) for name in files.namelist()})
    assert load_bytes(data, "a.epub").text == "The tide."


def test_the_texts_of_a_page_that_is_a_vector_picture_are_read() -> None:
    svg = "<svg><title>no</title><text>The <tspan>quay</tspan></text><text>1902</text></svg>"
    found = loaded(epub({"a": ""}, more={"OEBPS/a.xhtml": svg}))
    assert found.text == "The quay\n\n1902"


def test_links_back_from_notes_are_left_out() -> None:
    body = '<p>1. By rail. <a href="a.xhtml#r1">\u21a9\ufe0e</a></p>'
    assert loaded(epub({"a": body})).text == "1. By rail."


@pytest.mark.parametrize(
    "mark",
    [
        '<a epub:type="noteref">1</a>',
        '<span class="n">1</span>',
        '<a href="notes.xhtml#n1">1</a>',
        '<a role="doc-noteref"><sup>1</sup></a>',
    ],
)
def test_note_marks_are_raised(mark: str) -> None:
    from lxml import html

    root = html.document_fromstring(f"<p>Four million{mark} came.</p>")
    styles = Styles({("span", "n", "vertical-align"): "super"}, {"n"})
    prepare_chapter(root, ChapterHints(styles=styles))
    assert root.findtext(".//sup") == "1"
    assert len(root.findall(".//sup")) == 1


def test_a_link_to_a_section_by_its_number_is_not_raised() -> None:
    body = '<p>See chapter <a href="b.xhtml#c">4</a> (<a href="#x">5</a>).</p>'
    assert loaded(epub({"a": body})).text == "See chapter 4 (5)."


def test_what_is_hidden_is_left_out() -> None:
    css = (
        "/* .a {display:none} */ @media kindle {.b{display:none}} .c, p.d {display : none}"
        ".a.x{display:none} .e{visibility:hidden}"
    )
    shown = '<p>One.</p><p class="a">Two.</p><p class="b">Three.</p><div class="d">Four.</div>'
    hidden = (
        '<p hidden="hidden">No.</p><p style="color:red; display: none">No.</p>'
        '<p class="c z">No.</p>'
        '<style>.f{display:none}</style><p class="f">No.</p>'
        '<p class="d">No.</p><p class="e">No.</p><epub:switch><epub:case>No.</epub:case>'
        "<epub:default>Five.</epub:default></epub:switch>"
    )
    found = loaded(epub({"a": shown + hidden}, more={"OEBPS/book.css": css}))
    assert found.text == "One.\n\nTwo.\n\nThree.\n\nFour.\n\nFive."


def test_a_paragraph_that_the_table_of_contents_names_is_a_heading() -> None:
    ncx = (
        "<ncx><navMap><navPoint><navLabel><text>1. The Quay</text></navLabel>"
        '<content src="a.xhtml"/><navPoint><navLabel><text>By night</text></navLabel>'
        '<content src="a.xhtml#n"/></navPoint></navPoint><navPoint><navLabel><text>Gone</text>'
        '</navLabel><content src="a.xhtml#m"/></navPoint></navMap></ncx>'
    )
    items = '<item id="ncx" href="t.ncx" media-type="application/x-dtbncx+xml"/>'
    items += '<item id="a" href="a.xhtml"/>'
    body = (
        '<div><p class="t"><b>1. THE QUAY</b></p><p>It is long.</p><p><a id="n"/>By night</p>'
        '<p>It is dark.</p><p id="m">Gone with the tide.</p></div>'
    )
    more = {"OEBPS/book.opf": package(items, '<itemref idref="a"/>'), "OEBPS/t.ncx": ncx}
    assert headings(loaded(epub({"a": body}, more=more))) == [(1, "1. THE QUAY"), (2, "By night")]


def test_doctypes_entities_and_character_data_are_read_as_readers_show_them() -> None:
    page = (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN"'
        ' "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd" [<!ENTITY quay "K\u00e4i">'
        '<!ENTITY amp "&#38;#38;">]><h:html><h:body><h:p>The &quay;&nbsp;&mdash; &amp; '
        "<![CDATA[<the> sea]]>.</h:p></h:body></h:html>"
    )
    found = loaded(epub({"a": ""}, more={"OEBPS/a.xhtml": page}))
    assert " ".join(found.text.split()) == "The K\u00e4i \u2014 & <the> sea."


def test_a_book_without_a_title_is_called_by_its_first_main_heading() -> None:
    body = "<h2>Preface</h2><p>x</p><h1>The Quay</h1>"
    assert loaded(epub({"a": body}, title="Unknown")).title == "The Quay"


def test_unclosed_sections_and_entities_take_linear_time() -> None:
    body = "<p>One.</p>" + "<![CDATA[" * 50_000 + "<!DOCTYPE" * 50_000
    assert loaded(epub({"a": body}, more={"a.css": "/*" * 200_000})).text.startswith("One.")


@pytest.mark.parametrize(
    ("names", "begins"),
    [
        ('<dc:creator id="c">Ann Holt</dc:creator>', "The Quay\n\nAnn Holt, 1902-05-01\n\n"),
        (
            '<dc:creator>Ann Holt</dc:creator><dc:creator xmlns:o="http://www.idpf.org/2007/opf" '
            'o:role="trl">Jo Reed</dc:creator>',
            "The Quay\n\nAnn Holt, 1902-05-01\n\n",
        ),
        ("<dc:creator>Unknown</dc:creator>", "The Quay\n\n1902-05-01\n\n"),
    ],
)
def test_an_author_and_a_date_that_the_book_does_not_show_come_after_its_title(
    names: str, begins: str
) -> None:
    def book(body: str) -> ParsedDocument:
        data = epub(
            {"a": body}, title=f"B</dc:title>{names}<dc:date>1902-05-01</dc:date><dc:title>"
        )
        return loaded(data)

    long = "The water rises. " * 9
    found = book(f"<h1>The Quay</h1><p>{long}</p><h2>Noon</h2><ul><li>Ann Holt</li></ul>")
    assert found.text.startswith(begins + "The water")
    assert headings(found) == [(1, "The Quay"), (2, "Noon")]
    shown = f"<h1>The Quay</h1><p>by Ann Holt</p><p>1 May 1902</p><p>{long}</p>"
    if "Holt" in names:
        assert book(shown).text.startswith("The Quay\n\nby Ann Holt\n\n1 May 1902\n\nThe water")
