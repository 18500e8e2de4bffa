from __future__ import annotations

import pytest

from index.types import Article, Span
from qa.answers.answer import Kind
from qa.output.to_html import conversation_to_html
from qa.output.to_markdown import chat_markdown, conversation_to_markdown
from qa.output.to_text import to_plain
from qa.output.transcript import Transcript
from qa.overview.overviews import Entry, Overview, Section, ShownQuote, compose_overview

TEXT = "Anna Berg, the mayor, opened\nthe bridge. It is * long *. Anna Berg spoke."
ARTICLE = Article.from_text(TEXT, title="The <b>bridge</b>")


def quote(words: str) -> ShownQuote:
    span = Span(TEXT.index(words), TEXT.index(words) + len(words))
    return ShownQuote(span, span)


OPENED = quote("Anna Berg, the mayor, opened\nthe bridge.")
LONG = quote("It is * long *.")
SPOKE = quote("Anna Berg spoke.")
ROLE = ShownQuote(Span(11, 20), Span(0, 20))
PEOPLE = Overview(
    ARTICLE,
    (
        Section((Entry((ROLE, ShownQuote(None, SPOKE.cited)), "Anna Berg"),), "People"),
        Section((Entry((ShownQuote(None, OPENED.cited),), "The Bridge"),), "Organisations"),
    ),
)


def test_a_summary_is_a_paragraph_of_quotes_each_on_one_line() -> None:
    overview = Overview(ARTICLE, (Section((Entry((OPENED,)), Entry((LONG,)))),))
    answer = compose_overview(Kind.SUMMARY, "What is it about?", [overview])
    assert answer.text == "Anna Berg, the mayor, opened the bridge. [1] It is * long *. [2]"
    assert [c.quote for c in answer.citations] == [
        "Anna Berg, the mayor, opened\nthe bridge.",
        "It is * long *.",
    ]
    assert (answer.question, answer.kind) == ("What is it about?", Kind.SUMMARY)
    assert answer.answered


def test_a_list_has_one_labelled_entry_a_line() -> None:
    answer = compose_overview(Kind.PEOPLE, "", [PEOPLE])
    assert answer.text == (
        "People\n• Anna Berg — the mayor [1] [2]\nOrganisations\n• The Bridge [3]"
    )
    assert answer.citations[0].quote == "Anna Berg, the mayor"


def test_a_repeated_citation_keeps_its_number() -> None:
    entries = (Entry((LONG,), "1932"), Entry((LONG,), "1933"))
    answer = compose_overview(Kind.TIMELINE, "", [Overview(ARTICLE, (Section(entries),))])
    assert answer.text == "• 1932 — It is * long *. [1]\n• 1933 — It is * long *. [1]"
    assert len(answer.citations) == 1


def test_with_several_articles_each_part_begins_with_the_title() -> None:
    other = Article.from_text("Nothing.", title="Other")
    answer = compose_overview(
        Kind.PEOPLE, "", [PEOPLE, Overview(other, (), "Nobody.")], "There are more."
    )
    assert answer.text.startswith("The <b>bridge</b>\nPeople\n• Anna Berg")
    assert answer.text.endswith("\n\nOther\nNobody.\n\nThere are more.")
    assert answer.answered


def test_an_overview_without_entries_is_not_an_answer() -> None:
    answer = compose_overview(Kind.TIMELINE, "", [Overview(ARTICLE, (), "No dates.")])
    assert (answer.text, answer.answered, answer.citations) == ("No dates.", False, ())
    assert to_plain(answer) == "No dates."


def test_markdown_shows_a_list_with_bold_names() -> None:
    shown = chat_markdown(
        compose_overview(Kind.PEOPLE, "", [PEOPLE]), link=lambda c: f"#s{c.start}"
    )
    assert shown == (
        "<strong>People</strong>\n\n"
        "- <strong>Anna Berg</strong> — the mayor [&#91;1&#93;](#s0) [&#91;2&#93;](#s57)\n\n"
        "<strong>Organisations</strong>\n\n"
        "- <strong>The Bridge</strong> [&#91;3&#93;](#s0)"
    )


def test_markdown_of_a_summary_is_a_paragraph_under_each_title() -> None:
    overview = Overview(ARTICLE, (Section((Entry((LONG,)),)),))
    shown = chat_markdown(
        compose_overview(Kind.SUMMARY, "", [overview, overview]), link=lambda _: "#s"
    )
    one = (
        "<strong>The &#60;b&#62;bridge&#60;/b&#62;</strong>\n\n"
        "It is &#42; long &#42;. [&#91;1&#93;](#s)"
    )
    assert shown.replace("&#47;", "/") == f"{one}\n\n{one}"


def test_plain_text_does_not_repeat_quotes() -> None:
    overview = Overview(ARTICLE, (Section((Entry((OPENED,)),)),))
    shown = to_plain(compose_overview(Kind.KEY_POINTS, "", [overview]))
    assert shown == (
        "• Anna Berg, the mayor, opened the bridge. [1]\n\n"
        "Sources:\n[1] The <b>bridge</b>, characters 0–40"
    )


def test_exports_show_a_list_and_escape_the_article() -> None:
    transcript = Transcript.of([compose_overview(Kind.PEOPLE, "Who?", [PEOPLE, PEOPLE])])
    page = conversation_to_html(transcript, lambda _: ARTICLE)
    assert "<p><strong>The &lt;b&gt;bridge&lt;/b&gt;</strong></p>" in page
    assert "<ul><li><strong>Anna Berg</strong> — the mayor <a href=" in page
    document = conversation_to_markdown(transcript)
    assert (
        "**The \\<b>bridge\\</b>**\n\n**People**\n\n- **Anna Berg** — the mayor [1] [2]" in document
    )


@pytest.mark.parametrize("kind", [Kind.KEY_POINTS, Kind.TIMELINE, Kind.PEOPLE, Kind.SUMMARY])
def test_an_overview_survives_json(kind: Kind) -> None:
    answer = compose_overview(kind, "", [PEOPLE])
    assert type(answer).from_dict(answer.to_dict()) == answer
