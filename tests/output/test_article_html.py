"""The structure of an article as HTML: lists, tables, quotations, code, emphasis and links."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.limits import LoadLimits
from index.sources.document import InlineMark, Run, TableCell, TextBuilder
from index.structure import Cell, Mark, MarkKind, Table
from index.types import Article, Heading, Span
from qa.output.article_html import article_body, article_part
from qa.output.blocks import paragraph_ends
from qa.output.inline_html import link_address
from qa.output.places import Highlight

EMPTY = {"meta", "br"}


class Page(HTMLParser):
    """Reads HTML back: its tags, which must be balanced, its text and the words of each place."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.ids: list[str] = []
        self.places: dict[str, str] = {}
        self.links: list[dict[str, str | None]] = []
        self._open: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert not (tag == "a" and "a" in {name for name, _ in self._open})
        if tag == "a":
            self.links.append(given)
        if given.get("id"):
            self.ids.append(given["id"] or "")
        self._open.append((tag, given.get("data-part") or given.get("id") or ""))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        for _, name in self._open:
            if name:
                self.places[name] = self.places.get(name, "") + data


def builder() -> TextBuilder:
    return TextBuilder(LoadLimits())


def article_of(built: TextBuilder, title: str = "A title") -> Article:
    document = built.build()
    return Article.from_text(
        document.text,
        title=title,
        headings=document.headings,
        marks=document.marks,
        tables=document.tables,
    )


def html_of(article: Article, *quotes: str) -> str:
    return article_body(article, [cited(article, quote) for quote in quotes]).html


def cited(article: Article, quote: str) -> Highlight:
    start = article.text.index(quote)
    return Highlight(article.id, start, start + len(quote), 1)


def bare(html: str) -> str:
    """Return HTML without attributes."""
    return re.sub(r"<(\w+) [^>]*>", r"<\1>", html)


def without_separators(text: str) -> str:
    return re.sub(r"[\s|]", "", text)


def fares() -> Article:
    built = builder()
    built.add_paragraph("Fares in crowns.")
    head = [TableCell("", is_header=True), TableCell("Ferry", columns=2, is_header=True)]
    row: list[TableCell | str] = [TableCell("Adult", is_header=True), "14", "25"]
    built.add_table([head, row, [TableCell("Child", is_header=True), "", "11"]])
    return article_of(built)


def test_lists_are_nested_with_the_bullets_and_numbers_of_the_text() -> None:
    built = builder()
    for bullet, text, depth in [("1.", "Boil", 1), ("-", "water", 2), ("-", "salt", 2)]:
        built.add_item(text, bullet=bullet, depth=depth)
    built.add_item("Serve", bullet="2.", depth=1)
    assert bare(html_of(article_of(built))) == (
        "<ul><li>1. Boil<ul><li>- water</li><li>- salt</li></ul></li><li>2. Serve</li></ul>"
    )


def test_a_table_has_header_cells_merged_cells_and_blank_ones() -> None:
    html = html_of(fares())
    assert '<th dir="auto" scope="col" colspan="2">Ferry</th>' in html
    assert '<th dir="auto" scope="row">Adult</th><td dir="auto">14</td>' in html
    assert bare(html).endswith(
        "<tr><td></td><th>Ferry</th></tr><tr><th>Adult</th><td>14</td><td>25</td></tr>"
        "<tr><th>Child</th><td></td><td>11</td></tr></table></div>"
    )


def test_the_lines_of_a_form_take_the_room_of_the_blank_columns_beside_them() -> None:
    built = builder()
    built.add_table([["Name", *[""] * 8, "1"], ["Road and town", *[""] * 8, "2"]])
    html = html_of(article_of(built))
    assert '<td dir="auto" colspan="9">Name</td><td dir="auto">1</td>' in html


def test_quotations_and_code_are_blocks_of_their_own() -> None:
    built = builder()
    built.add_paragraph("First.", quoted=True)
    built.add_paragraph("Second.", quoted=True)
    built.add_verbatim("if x:\n\n    y < 1")
    assert bare(html_of(article_of(built))) == (
        "<blockquote><p>First.</p><p>Second.</p></blockquote><pre>if x:\n\n    y &lt; 1</pre>"
    )


def test_emphasis_code_and_raised_letters_are_shown_as_such() -> None:
    built = builder()
    strong, italic = InlineMark(MarkKind.STRONG), InlineMark(MarkKind.EMPHASIS)
    code, raised = InlineMark(MarkKind.CODE), InlineMark(MarkKind.SUPERSCRIPT)
    runs = [
        Run("a", (strong,)),
        Run("b", (strong, italic)),
        Run("c<", (code,)),
        Run("n", (raised,)),
    ]
    built.add_paragraph([*runs, Run("10"), Run("⁶", (raised,))])
    assert bare(html_of(article_of(built))) == (
        "<p><strong>a<em>b</em></strong><code>c&lt;</code><sup>n</sup>10⁶</p>"
    )


def test_a_cited_place_is_whole_across_emphasis_and_links() -> None:
    built = builder()
    link = InlineMark(MarkKind.LINK, "https://example.org/a?b=1&c=2")
    built.add_paragraph([Run("See the "), Run("old map", (link,)), Run(" here.")])
    html = html_of(article_of(built), "the old")
    assert "data-part" not in html
    assert bare(html) == "<p>See <mark>the <a>old</a></mark><a> map</a> here.</p>"
    assert Page(html).links[0] == {
        "href": "https://example.org/a?b=1&c=2",
        "target": "_blank",
        "rel": "noopener noreferrer nofollow",
    }


def test_a_citation_over_cells_and_rows_is_split_and_its_id_given_once() -> None:
    article = fares()
    mark = cited(article, "Adult | 14 | 25\nChild")
    page = Page(article_body(article, [mark]).html)
    assert page.ids == [mark.id]
    assert page.places[mark.id] == "Adult1425Child"


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)", " JaVaScript:alert(1)", "java\nscript:alert(1)", "vbscript:x",
        "data:text/html,<script>", "//evil.example/x", "/path", "#s1-2-00000000", "file:///etc",
        "https://a.example/\x00", "https://a.example/\u202egpj", "https://a b", "http:///x",
        "https://a.example/${alert(1)}", "https://a.example/{{x}}", 'https://a.example/"onclick=x',
        "http:\\\\a.example", "https://a.example:port/", "https://[::1", "mailto:", "ftp://a.example",
        "https://" + "a" * 5_000,
    ],
)  # fmt: skip
def test_an_unsafe_link_is_plain_text(target: str) -> None:
    assert link_address(target) == ""
    article = Article.from_text("A map.", marks=(Mark(2, 5, MarkKind.LINK, target),))
    assert html_of(article) == '<p dir="auto">A map.</p>'


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("HTTPS://example.org", "HTTPS://example.org"),
        ("http://example.org:80/a?b&c#d", "http://example.org:80/a?b&amp;c#d"),
        ("https://example.org/Å'", "https://example.org/%C3%85%27"),
        ("mailto:jo@example.org?subject=Hi", "mailto:jo@example.org?subject=Hi"),
    ],
)
def test_addresses_of_the_web_and_of_mail_are_links(target: str, address: str) -> None:
    assert link_address(target) == address


def test_links_are_never_nested() -> None:
    outer = Mark(0, 8, MarkKind.LINK, "https://a.example")
    inner = Mark(2, 4, MarkKind.LINK, "https://b.example")
    article = Article.from_text("One two.", marks=(outer, inner))
    assert len(Page(html_of(article)).links) == 1


def test_a_table_whose_cells_miss_some_of_its_text_is_shown_as_lines() -> None:
    article = Article.from_text("One | two", tables=(Table(0, 9, (Cell(0, 3, 0, 0),)),))
    assert html_of(article) == '<p dir="auto">One | two</p>'


def test_a_wide_merged_or_far_cell_stays_small() -> None:
    cells = (Cell(0, 3, 0, 10**9, 10**9), Cell(6, 9, 0, 3))
    html = html_of(Article.from_text("One | two", tables=(Table(0, 9, cells),)))
    assert len(html) < 400
    assert Page(html).text == "Onetwo"


def test_an_excerpt_of_a_long_table_has_its_header_and_tells_what_is_left_out() -> None:
    built = builder()
    head = [TableCell("Town", is_header=True), TableCell("Size", is_header=True)]
    built.add_table([head, *([f"Town {n}", f"{n} hectares"] for n in range(1_000))])
    article = article_of(built)
    body = article_body(article, [cited(article, "Town 700 | 700 hectares")], whole_up_to=1_000)
    assert body.html.count("<table>") == 1
    assert body.html.index("Town</th>") < body.html.index('<tr class="gap">')
    assert "Town 699<" in body.html
    assert "Town 100<" not in body.html


def test_a_list_or_a_table_is_one_paragraph_of_those_that_are_counted() -> None:
    built = builder()
    built.add_paragraph("Head", level=1)
    built.add_item("One")
    built.add_item("Two")
    built.add_table([["a", "b"], ["c", "d"]])
    built.add_paragraph("End.")
    article = article_of(built)
    ends = [article.text.index(words) + len(words) for words in ("Two", "c | d", "End.")]
    assert paragraph_ends(article) == ends


@st.composite
def articles(draw: st.DrawFn) -> Article:
    """Draw a document of everything that has structure, or one with marks anywhere."""
    if draw(st.booleans()):
        return draw(built_articles())
    text = draw(st.text("ab |\n<&-1é😀", min_size=1, max_size=60).filter(str.strip))
    places = st.integers(0, len(text))
    kinds = st.sampled_from(MarkKind)
    target = st.sampled_from(["https://a.example", "javascript:x", ""])
    marks = draw(st.lists(st.builds(Mark, places, places, kinds, target, st.integers(0, 4))))
    cells = st.builds(
        Cell, places, places, st.integers(0, 3), st.integers(0, 4), st.integers(1, 3), st.booleans()
    )
    tables = draw(st.lists(st.builds(Table, places, places, st.tuples(cells, cells)), max_size=2))
    headings = draw(st.lists(st.builds(Heading, places, places, st.integers(1, 6)), max_size=3))
    return Article.from_text(
        text,
        marks=tuple(sorted(marks, key=lambda mark: (mark.start, -mark.end))),
        tables=tuple(sorted(tables)),
        headings=tuple(sorted(headings, key=lambda heading: heading.start)),
    )


@st.composite
def built_articles(draw: st.DrawFn) -> Article:
    kinds = st.sampled_from([MarkKind.STRONG, MarkKind.EMPHASIS, MarkKind.CODE, MarkKind.LINK])
    marks = st.lists(st.builds(InlineMark, kinds, st.just("https://a.example")), max_size=2)
    words = st.text("ab <&1", max_size=6)
    content = st.lists(st.builds(Run, words, marks.map(tuple)), max_size=3)
    built = builder()
    built.add_paragraph("Start.")
    for kind in draw(st.lists(st.sampled_from(["p", "h", "i", "q", "v", "t"]), max_size=8)):
        if kind == "t":
            cell = st.builds(TableCell, content, st.integers(1, 3), st.booleans())
            built.add_table(draw(st.lists(st.lists(cell, max_size=4), max_size=4)))
        elif kind == "i":
            built.add_item(draw(content), depth=draw(st.integers(1, 4)))
        elif kind == "v":
            built.add_verbatim(draw(words))
        else:
            built.add_paragraph(draw(content), level=int(kind == "h"), quoted=kind == "q")
    return article_of(built)


@settings(max_examples=60)
@given(articles(), st.data())
def test_any_structure_keeps_the_text_and_the_places(article: Article, data: st.DataObject) -> None:
    text = article.text
    offsets = st.integers(0, len(text))
    spans = data.draw(
        st.lists(st.tuples(offsets, offsets).filter(lambda s: s[0] < s[1]), max_size=5)
    )
    wanted = [span for span in spans if without_separators(text[slice(*span)]).strip("-")]
    marks = [Highlight(article.id, *span, 1) for span in wanted]
    body = article_body(article, marks)
    page = Page(body.html)
    separators = str.maketrans("", "", "-|")  # at the edges of cells
    assert without_separators(page.text).translate(separators) == (
        without_separators(text).translate(separators)
    )
    assert len(page.ids) == len(set(page.ids))
    assert set(page.ids) == body.ids == {mark.id for mark in marks}
    for mark in marks:
        words = without_separators(text[mark.start : mark.end]).translate(separators)
        assert without_separators(page.places[mark.id]).translate(separators) == words


@settings(max_examples=40)
@given(articles(), st.data())
def test_the_parts_of_any_article_add_up_to_it(article: Article, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(article.text)))
    parts = [Span(0, cut), Span(cut, len(article.text))]
    shown = "".join(Page(article_part(article, [], part)).text for part in parts)
    assert without_separators(shown) == without_separators(Page(html_of(article)).text)


@settings(max_examples=40)
@given(articles(), st.data())
def test_an_excerpt_holds_its_places(article: Article, data: st.DataObject) -> None:
    long = replace(article, text=article.text + "\n\nend " * 50)
    start = data.draw(st.integers(0, len(article.text) - 1))
    end = data.draw(st.integers(start + 1, len(article.text)))
    words = without_separators(article.text[start:end])
    if words.strip("-"):
        mark = Highlight(article.id, start, end)
        body = article_body(long, [mark], whole_up_to=10)
        assert body.is_excerpt
        assert Page(body.html).ids == [mark.id]


@pytest.mark.parametrize("kind", [MarkKind.STRONG, MarkKind.LINK, MarkKind.ITEM])
def test_the_time_grows_with_the_number_of_marks_not_with_its_square(kind: MarkKind) -> None:
    count = 10_000
    target = "https://a.example"
    beside = [Mark(3 * n, 3 * n + 2, kind, target, 1) for n in range(count)]
    around = [Mark(n, 6 * count - n, kind, target, n) for n in range(count)]
    for marks in (beside, around):
        article = Article.from_text("ab " * 2 * count, marks=tuple(marks))
        quotes = [Highlight(article.id, 30 * n, 30 * n + 5) for n in range(count // 10)]
        # Seconds if it were quadratic: hundreds.
        assert len(article_body(article, quotes).ids) == len(quotes)
