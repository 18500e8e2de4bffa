"""From bytes of known and unknown encodings to text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import UnreadableFile
from index.sources.decoding import decode, html_charset
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
        ("cp866", "Москва является столицей России."),
        ("iso2022_jp", "吾輩は猫である。"),
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


MAYOR = "Mayor Brück said: “The bridge – built in 1912 – cost £4 million.”"


@pytest.mark.parametrize("charset", [None, "utf-8", "iso-8859-1"])
@pytest.mark.parametrize("repeats", [1, 100])
def test_a_stray_byte_in_utf_8_becomes_one_replacement_sign(
    charset: str | None, repeats: int
) -> None:
    text = MAYOR * repeats
    assert decode(text.encode() + b" The caf\xe9.", charset) == f"{text} The caf\ufffd."


def test_a_stray_byte_is_replaced_in_a_text_that_is_declared_to_be_utf_8() -> None:
    assert decode(b"The caf\xe9 is open.", "utf-8") == "The caf\ufffd is open."


def test_a_wrong_declaration_of_utf_8_is_ignored() -> None:
    assert decode(MAYOR.encode("cp1252"), "utf-8") == MAYOR


@pytest.mark.parametrize("text", [MAYOR, "The bridge is “"])
def test_a_letter_cut_off_at_the_end_is_replaced(text: str) -> None:
    assert decode(text.encode()[:-1]) == f"{text[:-1]}\ufffd"


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp"])
def test_a_letter_cut_off_at_the_end_of_a_legacy_text_is_replaced(encoding: str) -> None:
    text = "東京は日本の首都です。人口"
    assert decode(text.encode(encoding)[:-1]) == f"{text[:-1]}\ufffd"


def test_lines_in_another_encoding_are_read_in_that() -> None:
    line = "Der Fluß fließt über die Brücke nach Köln.\n"
    assert decode(line.encode() + line.encode("cp1252") + line.encode()) == 3 * line


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_nuls_are_left_out(encoding: str) -> None:
    data = MAYOR.encode(encoding)
    assert decode(data[:5] + b"\0" + data[5:] + bytes(500)) == MAYOR


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize(
    "text",
    [
        MAYOR,
        "Москва является столицей России.",
        "Привет",
        "Η Αθήνα είναι η πρωτεύουσα της Ελλάδας.",
        "दिल्ली भारत की राजधानी है।",
        "القاهرة هي عاصمة مصر.",
        "北京是中国的首都。\n人口超过两千万。\n",
        "東京は日本の首都です。",
        "서울은 대한민국의 수도이다.",
    ],
)
def test_utf_16_and_32_without_a_mark_are_recognised(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_half_a_letter_at_the_end_of_utf_16_is_replaced() -> None:
    assert decode(MAYOR.encode("utf-16-le") + b"a") == f"{MAYOR}\ufffd"


@pytest.mark.parametrize(
    ("label", "encoding", "text"),
    [
        ("x-sjis", "cp932", "①東京"),
        ("windows-31j", "cp932", "①東京"),
        ("ks_c_5601-1989", "cp949", "똠방각하"),
        ("GB_2312-80", "gb18030", "朱镕基"),
        ("x-x-big5", "big5hkscs", "台北"),
        ("visual", "iso8859-8", "ירושלים"),
        ("macintosh", "mac-roman", "“Élan”"),
        ("x-mac-cyrillic", "mac-cyrillic", "Москва"),
        ("866", "cp866", "Москва"),
        ("koi8-ru", "koi8-u", "Київ"),
        ("iso88592", "iso8859-2", "Łódź"),
        ("windows-874", "cp874", "ไทย"),
        ("hz-gb-2312", "hz", "北京"),
        ("cp850", "cp850", "Zürich"),
    ],
)
def test_the_labels_of_browsers_are_known(label: str, encoding: str, text: str) -> None:
    assert decode(text.encode(encoding), f" {label}\n") == text


@pytest.mark.parametrize(
    ("page", "charset"),
    [
        (b'<meta charset="koi8-r">', "koi8-r"),
        (b'<meta http-equiv=x content="text/html; charset=big5">', "big5"),
        (b'<?xml version="1.0" encoding="windows-1251"?><html>', "windows-1251"),
        (b"<!-- <meta charset=big5> --><meta charset=koi8-r>", "koi8-r"),
        (b"<p>charset=big5", None),
    ],
)
def test_the_charset_of_a_page_is_read_from_its_head(page: bytes, charset: str | None) -> None:
    assert html_charset(page) == charset


@pytest.mark.parametrize("data", [bytes(range(256)), b"\x93NUMPY\1\0v\0" + bytes(range(0, 250, 7))])
def test_binary_data_are_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="Save its text as UTF-8"):
        decode(data)


def test_one_byte_that_an_encoding_lacks_does_not_hide_it() -> None:
    text = "Москва является столицей России."
    assert decode(text.encode("cp1251") + b"\x98") == f"{text}\ufffd"


def test_fields_padded_with_nuls_are_text() -> None:
    assert decode(b"name\0\0\0,town\0\0\nBo\0,Ulm\0\n") == "name,town\nBo,Ulm\n"
    with pytest.raises(UnreadableFile):
        decode(b"name\0\0\0\1\2town\0\0\nBo\0,Ulm\0\n")
