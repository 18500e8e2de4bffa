"""Web pages: which parts belong to the article, and what its lines, lists and tables become."""

from __future__ import annotations

import time

import pytest

from index.errors import EmptyArticle, UnreadableFile
from index.limits import DEFAULT_LIMITS
from index.sources.document import ParsedDocument, TextBuilder
from index.sources.html.html_page import add_visible_text, read_html
from index.sources.loaders import load_bytes
from index.structure import MarkKind
from tests.index.test_loaders import PAGE, PARAGRAPH, headings

pytestmark = pytest.mark.usefixtures("read_here")

PROSE = (
    "The ferry company said on Friday that the winter timetable would begin two weeks earlier than "
    "last year, because the two largest ships have to go to the yard for new engines.",
    "Passengers who hold tickets for the cancelled crossings can travel on any other day of the "
    "month, and nobody has to pay for the change, wrote its director in a letter to the islands.",
    "The council of the northern islands has asked for a third ship, since in the last three years "
    "more than forty crossings were cancelled on account of strong winds or broken engines.",
)
BODY = "".join(f"<p>{text}</p>" for text in PROSE)


def shown(source: str) -> ParsedDocument:
    builder = TextBuilder(DEFAULT_LIMITS)
    add_visible_text(source, builder)
    return builder.build()


def marked(document: ParsedDocument, kind: MarkKind) -> list[str]:
    return [document.text[m.start : m.end] for m in document.marks if m.kind is kind]


def article(inner: str, head: str = "") -> str:
    page = f"<!doctype html><html><head><title>Ferries</title>{head}</head><body>{inner}</body>"
    return read_html(page.encode(), DEFAULT_LIMITS).text


def within(part: str) -> str:
    first, *rest = BODY.split("</p>", 1)
    return f"<main><article><h1>The ferry</h1>{first}</p>{part}{rest[0]}</article></main>"


def test_a_page_gives_its_main_text_with_paragraphs_and_headings() -> None:
    found = load_bytes(PAGE.encode(), "a.html")
    assert found.title == "Long Shadows"
    assert headings(found) == [(1, "Long Shadows"), (2, "The second day")]
    assert f"First. {PARAGRAPH}\n\nThe second day\n\nThen. {PARAGRAPH}" in found.text
    assert "3 < 4 & late." in found.text
    assert "- milk\n- eggs" in found.text
    for hidden in ("alert", "Sport", "cookies"):
        assert hidden not in found.text


def test_a_page_without_a_main_text_gives_all_that_shows() -> None:
    page = "<p>Only these.<script>no()</script><style>no</style><!-- no --></p>"
    assert read_html(page.encode(), DEFAULT_LIMITS).text == "Only these."


def test_a_newline_in_the_source_of_a_page_is_a_space_and_br_a_newline() -> None:
    found = shown("<h2>\n<b>Long</b>\n<i>Shadows</i><br>\nFall</h2><p>a\n<b>b</b>\n<i>c</i><br>d")
    assert found.text == "Long Shadows Fall\n\na b c\nd"


def test_two_line_ends_in_a_row_end_a_paragraph() -> None:
    assert shown("one<br>two<br> <br>three").text == "one\ntwo\n\nthree"


def test_a_page_of_too_many_elements_gives_all_that_shows() -> None:
    page = "<title>Many</title><h2>Head</h2>" + "<p>word <b>x</b></p>" * 30_000
    found = read_html(page.encode(), DEFAULT_LIMITS)
    assert (found.title, len(found.headings)) == ("Many", 1)
    assert found.text.count("word x") == 30_000


def test_a_page_that_shows_nothing_is_empty() -> None:
    with pytest.raises(EmptyArticle, match=r"a\.html"):
        load_bytes(b"<html><body><script>no()</script></body></html>", "a.html")


def test_a_page_nested_too_deeply_is_refused_and_not_cut_short() -> None:
    with pytest.raises(UnreadableFile, match="nested"):
        read_html(b"<p>seen" + b"<div>" * 1_000 + b"unseen", DEFAULT_LIMITS)


def test_the_charset_of_a_page_may_be_declared_in_it() -> None:
    page = '<html><head><meta charset="windows-1251"></head><body><p>Да</p></body></html>'
    assert load_bytes(page.encode("cp1251"), "a.html").text == "Да"


def test_a_page_without_an_element_has_no_text() -> None:
    assert read_html(b"<!-- nothing -->", DEFAULT_LIMITS) == ParsedDocument("")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>On <time datetime=2021-06-01>1 June</time>, at noon.", "On 1 June, at noon."),
        ("<p>Press <button>Start</button> twice.", "Press Start twice."),
        ("<p>So <math><mi>y</mi><mo>=</mo><mn>7</mn></math> holds.", "So y=7 holds."),
        (
            "<math><mfrac><mn>1</mn><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow></mfrac></math>",
            "1/(a+b)",
        ),
        ("<math><msup><mi>x</mi><mn>2</mn></msup></math>", "x²"),
        ("<p>She wrote <q>we saw <q>it</q></q> twice.", "She wrote “we saw ‘it’” twice."),
        ("<p>About 10<sup>9</sup> of 52<sup>3</sup>", "About 10⁹ of 52³"),
        ("<p>seen<sup>[4]</sup> CO<sub>2</sub> V<sub>max</sub>", "seen[4] CO₂ Vmax"),
        ("<p>a <data value=1>one</data> <output>two</output> <label>six</label>", "a one two six"),
        ("<p>Hit <kbd>F1</kbd>, <var>n</var>, <abbr title=x>UN</abbr>.", "Hit F1, n, UN."),
        ("<p><ruby>東京<rp>[</rp><rt>とうきょう</rt><rp>]</rp></ruby>へ", "東京(とうきょう)へ"),
        ("<p>The <x-word>keel</x-word> broke.", "The keel broke."),
        ("<x-body><x-par>One.</x-par><x-par>Two.</x-par></x-body>", "One.\n\nTwo."),
        ("<h3><button>How far is it?</button></h3>", "How far is it?"),
        ("<p>oxy\N{SOFT HYPHEN}gen in<wbr>side", "oxygen inside"),
        ("<p><a href=/x>Malta</a><a href=/y>Crete</a>", "Malta Crete"),
        ("<details><summary>Why?</summary>Wind.</details>", "Why?\n\nWind."),
        ("<dl><dt>Length<dd>90 m<dt>Crew<dd>12</dl>", "Length\n90 m\nCrew\n12"),
    ],
)
def test_an_element_of_a_line_stays_in_it(source: str, text: str) -> None:
    assert shown(source).text == text


@pytest.mark.parametrize(
    "source",
    [
        "<p hidden>no",
        "<p style='color: red; display:none'>no",
        "<p style='visibility: hidden'>no",
        "<p class='a sr-only'>no",
        "<dialog>no</dialog>",
        "<template>no</template>",
        "<svg><text>no</text></svg>",
        "<select><option>no</select>",
        "<noscript><img src=a>no</noscript>",
    ],
)
def test_what_a_browser_hides_is_left_out(source: str) -> None:
    assert shown(f"<p>yes</p>{source}").text == "yes"


def test_items_have_their_numbers_and_depth() -> None:
    found = shown(
        "<ol start=4><li>one<ul><li>deep</ul>rest<li><p>two</p><p>more</p><li value=9>nine</ol>"
        "<ol type=i reversed><li>last<li>first</ol>"
    )
    assert found.text == "4. one\n- deep\nrest\n5. two more\n9. nine\n\nii. last\ni. first"
    assert [m.level for m in found.marks if m.kind is MarkKind.ITEM] == [1, 2, 1, 1, 1, 1, 1]


def test_a_table_has_cells_with_headers_and_merged_ones() -> None:
    found = shown(
        "<table><caption>Fleet</caption><tr><th colspan=2>Ship<th>Built"
        "<tr><td rowspan=2>Large<td>Eider<td>1990<tr><td>Swan<td><ul><li>1991<li>2003</ul></table>"
    )
    assert found.text == "Fleet\n\nShip | Built\nLarge | Eider | 1990\nLarge | Swan | 1991 2003"
    (table,) = found.tables
    cells = [
        (found.text[c.start : c.end], c.row, c.column, c.columns, c.is_header) for c in table.cells
    ]
    assert cells[:4] == [
        ("Ship", 0, 0, 2, True),
        ("Built", 0, 2, 1, True),
        ("Large", 1, 0, 1, False),
        ("Eider", 1, 1, 1, False),
    ]
    assert cells[5] == ("Large", 2, 0, 1, False)


@pytest.mark.parametrize(
    "source",
    [
        "<table><tr><td>one</td></tr><tr><td>two</td></tr></table>",
        "<table><tr><td><h2>one</h2><td>two</table>",
        "<table role=presentation><tr><td>one<td>two</table>",
        "<table><tr><td><table><tr><td>one</table><td>two</table>",
    ],
)
def test_a_table_for_layout_gives_paragraphs(source: str) -> None:
    found = shown(source)
    assert (found.text, found.tables) == ("one\n\ntwo", ())


def test_cells_merged_over_many_rows_do_not_multiply_the_text() -> None:
    row = "".join(f"<td rowspan=60000>{'x' * 40}" for _ in range(300))
    found = shown(f"<table><tr>{row}{'<tr><td>y' * 3_000}</table>")
    assert len(found.text) < 200_000


def test_emphasis_code_and_links_are_marked() -> None:
    found = shown(
        "<p>A <b>bold <i>both</i></b> <code>f()</code> <a href='https://a.org/b'>link</a>"
        " <a href='/c'>relative</a> <a href='javascript:x()'>script</a> 5<sup>2</sup>"
    )
    assert marked(found, MarkKind.STRONG) == ["bold both"]
    assert marked(found, MarkKind.EMPHASIS) == ["both"]
    assert marked(found, MarkKind.CODE) == ["f()"]
    assert [m.target for m in found.marks if m.kind is MarkKind.LINK] == ["https://a.org/b"]
    assert marked(found, MarkKind.SUPERSCRIPT) == ["²"]


def test_a_relative_link_has_a_target_if_the_page_has_a_base() -> None:
    found = shown("<base href='https://a.org/d/'><p><a href='e.html'>e</a>")
    assert [mark.target for mark in found.marks] == ["https://a.org/d/e.html"]


def test_quotations_and_preformatted_lines_are_marked() -> None:
    found = shown("<blockquote><p>Said so.</blockquote><pre>if x:\n    y<br>z</pre>")
    assert marked(found, MarkKind.QUOTATION) == ["Said so."]
    assert marked(found, MarkKind.PREFORMATTED) == ["if x:\n    y\nz"]


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (BODY + "<ul><li>A cabin costs 80 euros.<li>A bed costs 30 euros.</ul>" + BODY, "A cabin"),
        (within("<p>Ports:</p><ul><li><a href=/1>Oban</a><li><a href=/2>Tiree</a></ul>"), "Tiree"),
        (
            within("<table><tr><td>Mon<td><ul><li>7:00</ul><tr><td>Sun<td>Never</table>"),
            "Mon | 7:00",
        ),
        (within("<figure><img src=a><figcaption>The bow, in June.</figcaption></figure>"), "bow"),
        (
            f"<article><header><h1>Ferry</h1><p class=byline>By Ann Moe</p></header>{BODY}",
            "Ann Moe",
        ),
        (within("<aside><p>The ship is 90 metres long, with room for 60 cars.</aside>"), "60 cars"),
        (
            f"<article>{BODY}<footer><ol><li>Prices of 2021.</ol></footer></article>",
            "Prices of 2021",
        ),
        (f"<header><h1>Ships stay in port</h1></header><main>{BODY}</main>", "Ships stay in port"),
        (f"<article><x-a><x-b>Two engines failed.</x-b></x-a>{BODY}</article>", "engines failed"),
        (within("<dl><dt>Length<dd>90 metres</dl>"), "90 metres"),
        (within("<details><summary>May dogs come?</summary><p>On deck.</details>"), "On deck"),
        (within("<h2><button>Which cars may come?</button></h2>"), "Which cars"),
        (
            f"<main>{BODY}</main><section role=doc-endnotes><ol><li>Not in May.</ol></section>"
            "<footer><p>Our harbour paper, since 1901</footer>",
            "Not in May",
        ),
    ],
)
def test_what_a_reader_sees_in_an_article_is_kept(page: str, words: str) -> None:
    assert words in article(page)


def test_an_author_and_a_date_that_only_the_head_of_a_page_names_are_added() -> None:
    head = (
        "<meta name=author content='Ann Moe'>"
        "<meta property='article:published_time' content='2021-06-01T08:00:00Z'>"
    )
    assert "Ann Moe, 2021-06-01" in article(within(""), head)
    shown_there = article(within("<p>Written by Ann Moe on 1 June 2021.</p>"), head)
    assert shown_there.count("Ann Moe") == 1
    assert "2021-06-01" not in shown_there


def test_an_article_that_a_page_shows_by_a_script_is_read_from_its_data() -> None:
    data = f'{{"@graph": [{{"@type": "NewsArticle", "articleBody": "{" ".join(PROSE)}"}}]}}'
    head = f"<script type='application/ld+json'>{data}</script>"
    assert PROSE[0] in article("<div id=app><p>Loading</p></div>", head)
    assert article(BODY, head).count(PROSE[0]) == 1


def test_a_table_whose_cells_cover_very_many_does_not_swell() -> None:
    wide = "<tr><td colspan=1000>wide</td></tr><tr><td rowspan=65000>tall</td></tr>"
    table = f"<table>{wide}{'<tr><td>one</td></tr>' * 2_000}</table>"
    start = time.process_time()
    found = read_html(f"<p>The town keeps it.</p>{table}".encode(), DEFAULT_LIMITS)
    assert found.text.count("one") == 2_000
    assert time.process_time() - start < 10  # a minute, if each covered cell were made
