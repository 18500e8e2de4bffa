from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.limits import DEFAULT_LIMITS
from index.sources.document import ParsedDocument
from index.sources.markdown_text import read_markdown
from index.structure import MarkKind


def read(text: str) -> ParsedDocument:
    return read_markdown(text.encode(), DEFAULT_LIMITS)


def headings(text: str) -> list[tuple[int, str]]:
    document = read(text)
    return [(h.level, document.text[h.start : h.end]) for h in document.headings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The *Olwen* is **very** `fast`.", "The Olwen is very fast."),
        ("See [the plan](https://example.org/a_b).", "See the plan."),
        ("See [the plan][1].\n\n[1]: https://example.org", "See the plan."),
        ("![A boat](boat.png) sails.", "A boat sails."),
        ("Fish &amp; chips cost 5 \\* 2.", "Fish & chips cost 5 * 2."),
        ("H<sub>2</sub>O<br>is water.", "H₂O\nis water."),
        ("2 * 3 and snake_case_name stay.", "2 * 3 and snake_case_name stay."),
        ("> Nobody asked us.", "Nobody asked us."),
        ("One line\nand another.", "One line\nand another."),
    ],
)
def test_marks_are_left_out(text: str, expected: str) -> None:
    assert read(text).text == expected


def test_items_of_lists_are_lines_with_a_dash_or_their_number() -> None:
    text = "Bring:\n\n* tea\n* *rice*\n  and salt\n\n3. Wait.\n4. Go."
    assert read(text).text == "Bring:\n\n- tea\n- rice and salt\n\n3. Wait.\n4. Go."


def test_an_item_in_an_item_is_a_line_of_its_own() -> None:
    assert read("- tea\n  - green\n- rice\n\nEnd.").text == "- tea\n- green\n- rice\n\nEnd."


def test_rows_of_tables_are_lines_without_the_rule() -> None:
    text = "| Ticket | *Single* |\n|---|--:|\n| Adult | 6.50 |\n\nMore."
    assert read(text).text == "Ticket | Single\nAdult | 6.50\n\nMore."


def test_code_is_unchanged() -> None:
    assert read("```python\nx = a*b*c\n    # no\n```").text == "x = a*b*c\n    # no"


def test_tags_are_left_out_with_what_is_not_visible() -> None:
    assert read("<div>\nSeen\n</div>\n\n<!-- unseen -->").text == "Seen"


def test_headings_are_without_their_marks() -> None:
    text = "# One ##\n\nwords\n\n###   Two *too*\n\nThree\n-----\n\nFour\n==\n"
    assert headings(text) == [(1, "One"), (3, "Two too"), (2, "Three"), (1, "Four")]
    assert read(text).title == "One"


@pytest.mark.parametrize(
    "text", ["```\n# no\n```", "    # no", "<!--\n# no\n-->", "- # no", "> # no"]
)
def test_headings_are_not_sought_in_code_lists_and_quotations(text: str) -> None:
    assert headings(f"{text}\n\n# Yes\n") == [(1, "Yes")]


def marks(text: str, kind: MarkKind) -> list[str]:
    document = read(text)
    return [document.text[m.start : m.end] for m in document.marks if m.kind == kind]


@pytest.mark.parametrize(
    ("text", "kind", "marked"),
    [
        ("The **very *fast* boat** sails.", MarkKind.STRONG, ["very fast boat"]),
        ("The **very *fast* boat** sails.", MarkKind.EMPHASIS, ["fast"]),
        ("Type `a * b` and <kbd>Enter</kbd>.", MarkKind.CODE, ["a * b", "Enter"]),
        ("See [the *plan*](https://example.org) [b](c.md).", MarkKind.LINK, ["the plan"]),
        ("Ask <me@example.org> or <https://example.org/a>.", MarkKind.LINK,
         ["me@example.org", "https://example.org/a"]),
        ("It is 10<sup>6</sup> of H<sub>2</sub>O.", MarkKind.SUPERSCRIPT, ["⁶"]),
        ("- tea\n  1. green\n- **rice**", MarkKind.ITEM, ["- tea", "1. green", "- rice"]),
        ("> Nobody asked.\n>\n> Us.", MarkKind.QUOTATION, ["Nobody asked.", "Us."]),
        ("```py\nx = 1\n  y\n```", MarkKind.PREFORMATTED, ["x = 1\n  y"]),
        ("# A *big* day", MarkKind.EMPHASIS, ["big"]),
    ],
)  # fmt: skip
def test_marks_are_kept_as_offsets(text: str, kind: MarkKind, marked: list[str]) -> None:
    assert marks(text, kind) == marked


def test_an_item_has_its_depth_and_a_link_its_address() -> None:
    document = read("- tea\n  - green\n\n[a](https://example.org/b)")
    assert [(m.level, m.target) for m in document.marks] == [
        (1, ""), (2, ""), (0, "https://example.org/b"),
    ]  # fmt: skip


@pytest.mark.parametrize("target", ["javascript:alert(1)", "data:text/html,x", "../a.md"])
def test_only_addresses_of_the_web_and_of_mail_are_links(target: str) -> None:
    assert marks(f'[a]({target}) <a href="{target}">b</a>', MarkKind.LINK) == []


def test_cells_of_a_table_are_known_with_their_headers() -> None:
    document = read("| Ticket | *Single* |\n|---|--:|\n| Adult | 6.50 |\n| Child | |")
    (table,) = document.tables
    cells = [(document.text[c.start : c.end], *c[2:4], c.is_header) for c in table.cells]
    assert cells == [
        ("Ticket", 0, 0, True), ("Single", 0, 1, True), ("Adult", 1, 0, False),
        ("6.50", 1, 1, False), ("Child", 2, 0, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("~~Not~~ this.", "Not this."),
        ("- [ ] Open\n- [x] Done", "- ☐ Open\n- ☑ Done"),
        ("> [!NOTE]\n> Take care.", "Note\nTake care."),
        ("Let $a_i * b_i$ be *it* for $5 or $6.", "Let $a_i * b_i$ be it for $5 or $6."),
        ("$$\nx_1 * y_1\n$$", "$$\nx_1 * y_1\n$$"),
        ('<img src="a.png" alt="A boat"> sails<!-- away -->.', "A boat sails."),
        ("## Rules {#rules .big}", "Rules"),
        ("[![Passing](b.svg)](https://example.org) it is.", "Passing it is."),
        ("Go to https://example.org/a_b_c now.", "Go to https://example.org/a_b_c now."),
        ("Spain[^a] and Chile[^2] won.\n\n[^2]: In *2016*.\n[^a]: In 2010.\n\n    Twice.\n\nEnd.",
         "Spain¹ and Chile² won.\n\nEnd.\n\n¹ In 2010.\nTwice.\n² In 2016."),
        ("A [^1] without a note.", "A [^1] without a note."),
    ],
)  # fmt: skip
def test_markdown_is_shown_as_what_it_means(text: str, expected: str) -> None:
    assert read(text).text == expected


def test_marks_are_left_out_of_a_very_long_paragraph_too() -> None:
    assert "*" not in read("Many **bold** words and *more* of them. " * 200).text


@pytest.mark.parametrize(
    ("front_matter", "title", "byline"),
    [
        ("---\ntitle: \"On *Boats*\"\nauthor: Nora Lind\ndate: 2020-05-01 # draft\n---",
         "On Boats", "Nora Lind · 2020-05-01"),
        ("---\ndate: 2020\nauthors:\n  - Nora Lind\n  - name: Ole Berg\ntags: [a, b]\n---",
         "Yes", "Nora Lind, Ole Berg · 2020"),
        ("---\n# a comment\nauthor: [Nora Lind, 'Ole Berg']\nlayout: post\n...",
         "Yes", "Nora Lind, Ole Berg"),
        ('+++\ntitle = "On Boats"\ndate = 2020-05-01\n+++', "On Boats", "2020-05-01"),
        ("---\nlayout: post\n---", "Yes", ""),
    ],
)  # fmt: skip
def test_a_front_matter_gives_the_title_and_a_byline(
    front_matter: str, title: str, byline: str
) -> None:
    document = read(f"{front_matter}\n# Yes\n\nWords.")
    assert document.title == title
    assert document.text == f"{byline}\n\nYes\n\nWords.".lstrip()


def test_rules_around_a_paragraph_are_no_front_matter() -> None:
    assert read("---\nNora wrote this.\n\n---\n\nWords.").text == "Nora wrote this.\n\nWords."


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("## Second\n\n# Main\n\nWords.", "Main"),
        ('<h1 align="center">Main</h1>\n\nWords.\n\n# Other', "Main"),
        ("### First\n\nWords.\n\n## Other", "First"),
        ("Words.\n\n## Other", ""),
    ],
)
def test_the_title_is_the_main_heading_or_the_one_at_the_start(text: str, title: str) -> None:
    assert read(text).title == title


@given(st.text(st.sampled_from("Aa1.# \n-=>`*_[]()|<&\\é第\t"), max_size=200) | st.text())
def test_any_text_is_read_and_its_headings_are_lines_in_order(text: str) -> None:
    document = read(text.replace("\r", "\n"))
    last = 0
    for heading in document.headings:
        assert last <= heading.start < heading.end
        assert "\n" not in document.text[heading.start : heading.end]
        last = heading.end


@pytest.mark.parametrize(
    "text", ["[" * 300_000, "> " * 100_000, "# " + "#" * 300_000, "**a" * 100_000, "|a" * 100_000]
)
def test_hostile_markdown_takes_linear_time(text: str) -> None:
    begun = time.process_time()
    read(text)
    assert time.process_time() - begun < 5


def test_lists_may_be_nested_deeply() -> None:
    found = read("".join(f"{'  ' * depth}- item {depth}\n" for depth in range(30)))
    assert found.text.endswith("- item 29")
