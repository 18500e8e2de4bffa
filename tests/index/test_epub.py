from __future__ import annotations

import pytest

from index.errors import UnreadableFile
from index.limits import DEFAULT_LIMITS
from index.sources.document import ParsedDocument
from index.sources.epub import read_epub
from tests.documents import CONTAINER, assert_exact, epub, headings, zipped

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
        loaded(epub({"a": "<p>x</p>"}, more={"META-INF/container.xml": "<container/>"}))
