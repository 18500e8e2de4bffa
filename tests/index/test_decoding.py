"""From bytes to an article: formats, encodings, headings, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sources.plain_text import decode
from index.types import normalise_newlines

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@given(words, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_any_unicode_text_is_decoded(text: str, encoding: str) -> None:
    text = text.lstrip("\ufeff") + "."
    assert decode(text.encode(encoding)) == normalise_newlines(text)


@pytest.mark.parametrize("order", ["be", "le"])
@pytest.mark.parametrize("width", [16, 32])
def test_a_byte_order_mark_tells_the_order(order: str, width: int) -> None:
    assert decode("\ufeffGrüße".encode(f"utf-{width}-{order}")) == "Grüße"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "It’s"),
        ("cp1252", "Café résumé naïve."),
        ("cp1252", "The “quoted” word – it’s fine, 5 €."),
        ("cp1252", "Der Fluß fließt über die Brücke nach Köln."),
        ("cp1252", "Les élèves de l’école ont été reçus à l’université après l’été."),
        ("cp1252", "São três milhões: informações, situação, não há soluções."),
        ("latin-1", "Smörgåsbord på svenska är gott, tycker många."),
        ("latin-1", "La città è più bella di così; perché non può venire lunedì?"),
        ("cp1250", "Zażółć gęślą jaźń"),
        ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy."),
        ("iso8859_2", "Warszawa jest stolicą Polski, położoną nad Wisłą."),
        ("cp1251", "Привет, мир!"),
        ("cp1251", "Київ є столицею України, найбільшим містом країни."),
        ("koi8_r", "Москва является столицей России."),
        ("cp1253", "Η Αθήνα είναι η πρωτεύουσα της Ελλάδας και η μεγαλύτερη πόλη της."),
        ("cp1254", "İstanbul, Türkiye’nin en kalabalık şehridir."),
        ("cp1255", "ירושלים היא עיר הבירה של מדינת ישראל והעיר הגדולה ביותר בה."),
        ("shift_jis", "吾輩は猫である。名前はまだ無い。"),
        ("euc_jp", "こんにちは世界"),
        ("gb18030", "你好，世界"),
        ("gb18030", "北京是中国的首都。人口超过两千万。"),
        ("big5", "台北是台灣的首都，人口超過兩百萬。"),
        ("cp949", "안녕하세요"),
    ],
)
def test_a_short_text_in_a_legacy_encoding_is_recognised_by_its_letters(
    encoding: str, text: str
) -> None:
    assert decode(text.encode(encoding)) == text


def test_utf_8_goes_before_a_declared_charset() -> None:
    assert decode("Grüße".encode(), "latin-1") == "Grüße"


def test_latin_1_is_read_as_browsers_do() -> None:
    assert decode("“Ja”".encode("cp1252"), "ISO-8859-1") == "“Ja”"


@pytest.mark.parametrize("charset", ["iso-2022-jp", "utf-16-le"])
def test_a_declared_charset_that_looks_like_ascii_is_believed(charset: str) -> None:
    assert decode("A 東京 B".encode(charset), charset) == "A 東京 B"


@pytest.mark.parametrize("charset", ["zip", "idna", "unicode_escape", "utf-7", "nonsense", "é", ""])
def test_a_charset_that_is_not_for_text_is_ignored(charset: str) -> None:
    assert decode(b"+AGE- \\x41 \xfcber", charset) == "+AGE- \\x41 über"
