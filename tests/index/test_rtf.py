from __future__ import annotations

import pytest

from index.errors import TooLarge, UnreadableFile
from index.limits import DEFAULT_LIMITS, LoadLimits
from index.sources.document import ParsedDocument
from index.sources.office.rtf import read_rtf
from index.structure import MarkKind
from tests.documents import PROSE, assert_exact, headings, rtf


def loaded(data: bytes, limits: LoadLimits = DEFAULT_LIMITS) -> ParsedDocument:
    found = read_rtf(data, limits)
    assert_exact(found)
    return found


def text_of(body: str) -> str:
    return loaded(rtf(body)).text


def marked(found: ParsedDocument, kind: MarkKind) -> list[str]:
    return [found.text[mark.start : mark.end] for mark in found.marks if mark.kind is kind]


# Text


def test_paragraphs_the_title_and_headings_are_read() -> None:
    found = loaded(rtf(f"{{\\b The Second Day}}\\par\\par {PROSE}\\par"))
    assert found.text == f"The Second Day\n\n{PROSE}"
    assert headings(found) == [(1, "The Second Day")]
    assert found.title == "A Trip"


def test_headings_are_recognised_by_their_style() -> None:
    styles = "{\\stylesheet{\\s0 Normal;}{\\s3\\outlinelevel1\\b My Part;}{\\s4 heading 3;}}"
    found = loaded(
        rtf(f"{styles}\\pard\\s3 Storms\\par\\pard\\s0 It rained.\\par\\pard\\s4 Night\\par")
    )
    assert headings(found) == [(2, "Storms"), (3, "Night")]


def test_short_lines_without_space_around_them_stay_together() -> None:
    lines = (
        "\\pard Roses are red,\\par violets are blue.\\par\\par\\pard\\sa200 One.\\par Two.\\par"
    )
    assert text_of(lines) == "Roses are red,\nviolets are blue.\n\nOne.\n\nTwo."


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        ("\\'e9t\\'e9", "été"),
        ("\\u1076?\\u1072?", "да"),
        ("\\u-10179?\\u-8704?", "\U0001f600"),
        ("\\uc2\\u8212\\'a1\\'aa.", "—."),
        ("\\uc0\\u233 t\\u233 ", "été"),
        ("\\uc1\\u8217\\'92s", "’s"),
        ("{\\f1\\'e4\\'e0}", "да"),
        ("{\\f2\\'82\\'a0\\'82a}", "あＢ"),
        ("{\\f3 a\\'b3b}", "α≥β"),
        ("a\\~b\\_c\\-d", "a\xa0b\u2011cd"),
        ("\\ldblquote a\\rdblquote\\emdash b", "“a”—b"),
        ("10{\\super 6} H{\\sub 2}O", "10⁶ H₂O"),
        ("{\\upr{ansi}{\\*\\ud{Unicode}}}", "Unicode"),
        ("\\{\\\\\\}", "{\\}"),
    ],
)
def test_letters_and_signs_are_read_as_they_look(escaped: str, text: str) -> None:
    fonts = "{\\f0 A;}{\\f1\\fcharset204 B;}{\\f2\\fcharset128 C;}{\\f3\\fcharset2 Symbol;}"
    assert text_of(f"{{\\fonttbl{fonts}}}{escaped}") == text


def test_bold_italic_code_and_links_are_marked() -> None:
    found = loaded(
        rtf(
            "{\\fonttbl{\\f0 Arial;}{\\f1\\fmodern Courier New;}}\\f0 Be {\\b bold}, "
            "{\\i slanted}, {\\f1 main()} or {\\b loud\\b0  not}. See {\\field{\\*\\fldinst"
            '{HYPERLINK "https://example.org/a"}}{\\fldrslt{the page}}}.'
        )
    )
    assert found.text == "Be bold, slanted, main() or loud not. See the page."
    assert marked(found, MarkKind.STRONG) == ["bold", "loud"]
    assert marked(found, MarkKind.EMPHASIS) == ["slanted"]
    assert marked(found, MarkKind.CODE) == ["main()"]
    assert [mark.target for mark in found.marks if mark.target] == ["https://example.org/a"]


def test_a_symbol_field_shows_its_sign() -> None:
    body = 'x {\\field{\\*\\fldinst SYMBOL 179 \\\\f "Symbol" \\\\s 12}{\\fldrslt\\f3}} 5'
    assert text_of(body) == "x ≥ 5"


def test_a_formula_is_part_of_its_sentence() -> None:
    half = "{\\mf{\\mfPr{\\mctrlPr\\f1}}{\\mnum{\\mr\\mscr0 a+b}}{\\mden{\\mr 2}}}"
    power = "{\\msSup{\\me{\\mr {\\i x}}}{\\msup{\\mr 2}}}"
    formula = f"{{\\mmath{{\\*\\moMath {half}{{\\mr =\\u960?}}{power}}}{{\\mmathPict SECRET}}}}"
    assert text_of(f"So {formula} it is.") == "So (a+b)/2=πx² it is."


def test_a_formula_that_is_nested_without_end_is_bounded() -> None:
    body = "{\\mmath{\\*\\moMath " + "{\\mf{\\mnum " * 2_000 + "{\\mr a}" + "}" * 4_002
    assert text_of(f"So {body} it is.").endswith("it is.")


@pytest.mark.parametrize(
    "hidden",
    [
        "{\\v SECRET}",
        "\\v SECRET\\v0 ",
        "{\\deleted SECRET}",
        "{\\header SECRET}",
        "{\\footerr SECRET\\par}",
        "{\\*\\unknown SECRET{\\b SECRET}}",
        "{\\*\\annotation SECRET}",
        "{\\xe SECRET}",
        "{\\object{\\*\\objdata 00}}",
        "{\\shp{\\shprslt SECRET}}",
        "{\\pict\\pngblip 89504e47 0d0a}",
        "{\\pict\\bin5 }{}\\\\}",
        "{\\pict\\bin }",
        "{\\field{\\*\\fldinst IF {\\field{\\*\\fldinst X}{\\fldrslt SECRET}}}{\\fldrslt }}",
    ],
)
def test_what_is_not_shown_is_left_out(hidden: str) -> None:
    assert text_of(f"It {hidden}rained.") == "It rained."


def test_a_paragraph_whose_end_was_deleted_goes_on() -> None:
    assert text_of("It {\\deleted\\par}rained.\\par So.") == "It rained.\nSo."


def test_notes_come_at_the_end_with_the_number_that_is_in_the_text() -> None:
    note = "{{\\super\\chftn}}{{\\footnote{} {{\\super\\chftn}} {}}}"
    body = "It rained{} for days{}, as{} it does.\\par More.".format(
        note.format("", "So they say."),
        note.format("\\ftnalt", "See there.\\par And there."),
        note.format("", "Or so."),
    )
    assert text_of("\\aftnnrlc " + body) == (
        "It rained¹ for daysⁱ, as² it does.\nMore.\n\n"
        "¹ So they say.\n\nⁱ See there.\n\nAnd there.\n\n² Or so."
    )


def test_a_text_box_follows_its_paragraph() -> None:
    box = "{\\shp{\\*\\shpinst{\\sp{\\sn a}{\\sv 1}}{\\shptxt In the box.\\par}}}"
    assert text_of(f"Before {box}after.\\par") == "Before after.\n\nIn the box."


# Lists and tables


def test_lists_have_the_numbers_and_bullets_that_the_file_shows() -> None:
    found = loaded(
        rtf(
            "Steps:\\par{\\listtext\\pard 1.\\tab}\\ls1\\ilvl0 One\\par{\\listtext a)\\tab}"
            "\\ilvl1 A\\par\\pard{\\pntext\\f3\\'b7\\tab}\\ls2 milk\\par\\pard End."
        )
    )
    assert found.text == "Steps:\n\n1. One\na) A\n- milk\n\nEnd."
    assert [m.level for m in found.marks] == [1, 2, 1]


def test_rows_of_cells_are_tables_with_their_headers_and_merged_cells() -> None:
    found = loaded(
        rtf(
            "\\pard Before.\\par\\trowd\\trhdr\\cellx1000\\cellx3000\\pard\\intbl Region\\cell Rain"
            "\\cell\\row\\trowd\\clvmgf\\cellx1000\\cellx2000\\cellx3000\\pard\\intbl North\\cell "
            "4\\par mm\\cell 5\\cell\\row\\trowd\\clvmrg\\cellx1000\\cellx2005\\cellx3000\\cell 7"
            "\\cell 8\\cell\\row\\pard After.\\par"
        )
    )
    assert found.text == "Before.\n\nRegion | Rain\nNorth | 4 mm | 5\nNorth | 7 | 8\n\nAfter."
    cells = found.tables[0].cells
    assert [(c.column, c.columns, c.is_header) for c in cells[:2]] == [(0, 1, True), (1, 2, True)]
    assert not any(c.is_header for c in cells[2:])


def test_a_cell_that_does_not_end_costs_nothing() -> None:
    assert text_of("\\trowd\\cellx9\\pard\\intbl a\\par\\pard b\\par c\\par") == "a\n\nb\nc"


# Files


def test_what_follows_the_end_is_left_out() -> None:
    assert loaded(rtf("Words.") + b"\nsent by me\n").text == "Words."


def test_a_last_brace_that_is_missing_costs_nothing() -> None:
    assert loaded(b"{\\rtf1\\ansi {\\b Words.}\\par").text == "Words."


def test_an_rtf_file_that_is_cut_off_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="incomplete"):
        loaded(rtf(PROSE)[:-9])


@pytest.mark.parametrize(
    "body",
    [
        "\\u99999999999 words",
        "\\uc999 \\u1 words",
        "\\ansicpg7 \\'e9words",
        "\\f999999999 words",
        "\\bin-5 words",
        "\\'zz words",
        "\\cellx99999999\\row words",
        "\\ilvl-7{\\listtext 1.}words",
        "{\\footnote }words",
        "\\fldrslt words",
    ],
)
def test_impossible_numbers_and_words_cost_nothing(body: str) -> None:
    assert "words" in text_of(f"{body} and even more words")


def test_more_text_than_the_limit_is_refused_by_name() -> None:
    with pytest.raises(TooLarge, match=r"limit of 10 characters"):
        loaded(rtf(PROSE), LoadLimits(max_chars=10))


def test_groups_that_are_nested_without_end_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="nested too deeply"):
        loaded(b"{\\rtf1 " + b"{" * 100_000 + b"}" * 100_001)
