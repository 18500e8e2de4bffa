"""Show an answer in the chat, with tips on its marks."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

from markupsafe import Markup

from index.types import Passage, Span, overlap
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.answers.confidence_wording import confidence_explained, confidence_in_words
from qa.answers.written_wording import usage_in_words
from qa.output.checked_text import cost_in_words, engine_in_words
from qa.output.escape import escape_markdown, shorten, single_line
from qa.output.places import place_link
from qa.output.to_markdown import chat_markdown, link_text_start
from qa.output.to_text import NO_PARAGRAPHS, Paragraphs, in_quotation_marks, place, places_of
from qa.page.messages import render

QUOTES, OWN_WORDS = "Quotes", "In own words"
"""The ways to answer, as the page calls them."""
QUOTE_CHARS = 260
EXCERPT_CHARS = 200
PASSAGES_SHOWN = 10
_TIP_TITLE_CHARS = 80
_TITLE_CHARS = 60
_EDIT_BUTTON = (
    '<button type="button" class="edit" id="edit-{number}" title="Edit this wording and ask it">'
    'Edit<span class="unseen"> this wording and ask it</span></button>'
)


class Keep(NamedTuple):
    """What a visitor keeps with an answer."""

    note: str = ""
    unsaved: str = ""
    """Why the answer is not saved."""
    pinned: bool = False
    is_saved: bool = False
    """Whether it can be pinned and have a note."""


def tip_text(evidence: Citation | Passage, paragraph: int | None = None) -> str:
    """Return the tip of a link in two lines: the beginning of the quote, and its place."""
    quote = evidence.quote if isinstance(evidence, Citation) else evidence.text
    # Cut before the white space is normalised: a passage may be a megabyte long.
    shortened = shorten(single_line(quote[: 2 * QUOTE_CHARS]), QUOTE_CHARS)
    title = shorten(evidence.title, _TIP_TITLE_CHARS)
    return f"{in_quotation_marks(shortened)}\n{place(replace(evidence, title=title), paragraph)}"


def reply_markdown(  # noqa: PLR0913 - one for each thing that the reply depends on
    answer: Answer,
    number: int,
    *,
    several: bool,
    is_newest: bool,
    known: Collection[str] | None = None,
    paragraphs: Paragraphs = NO_PARAGRAPHS,
    has_model: bool = False,
    strike: bool = True,
    keep: Keep | None = None,
) -> str:
    """Return the reply to question ``number`` of a chat, counted from 1.

    Args:
        answer: The answer to show.
        number: Tells the page's script which answer to copy, or which wording to edit.
        several: Whether several articles were asked, so that each place names its article.
        is_newest: Whether the panel has an element for every passage, which a link can lead to.
        known: The ids of the articles in the library; None means that all are there.
        paragraphs: Where the quotes are, see :func:`qa.output.to_text.paragraphs_of`.
        has_model: Whether there is a language model, so that the reply says who answered and
            offers the other way.
        strike: Whether to strike statements of a language model that are not supported.
        keep: What the visitor keeps with the answer.
    """
    keep = keep or Keep()
    text = chat_markdown(
        answer,
        link=place_link,
        tip=lambda citation: tip_text(citation, paragraphs.get(citation)),
        named=several,
        beside_understood=_EDIT_BUTTON.format(number=number),
        paragraphs=paragraphs,
        strike=strike,
    )
    if not answer.answered:
        text = f'<div class="refusal">\n\n{text}\n\n</div>'
    engine = _engine(answer, several=several, offers_other=is_newest) if has_model else {}
    foot = _foot(answer, number, engine, keep, several=several, is_newest=is_newest)
    removed = "" if known is None else _removed_articles(answer, known)
    pinned = '<div class="pinned">★ Pinned</div>' if keep.pinned else ""
    sources = _sources(answer, several=several)
    blocks = (pinned, text, sources, removed, _note(keep, number), foot)
    return "\n\n".join(filter(None, blocks))


def _note(keep: Keep, number: int) -> str:
    """Return the visitor's note, or why the answer is not saved."""
    if keep.unsaved:
        return f'<div class="problem">{escape_markdown(f"Not saved. {keep.unsaved}")}</div>'
    lines = [escape_markdown(line.strip()) for line in keep.note.splitlines() if line.strip()]
    if not lines:
        return ""
    return (
        '<div class="reader-note"><strong>Your note</strong><br>'
        f'<span id="note-text-{number}">{"<br>".join(lines)}</span></div>'
    )


def _removed_articles(answer: Answer, known: Collection[str]) -> str:
    """Return a line that names the quoted articles that are no longer in the library."""
    titles = {c.article_id: c.title for c in places_of(answer) if c.article_id not in known}
    if not titles:
        return ""
    named = ", ".join(
        in_quotation_marks(shorten(single_line(title), _TITLE_CHARS)) for title in titles.values()
    )
    line = escape_markdown(f"Removed since: {named}. Links to removed articles do not work.")
    return f'<div class="sources removed">{line}</div>'


def _sources(answer: Answer, *, several: bool) -> str:
    """Return a line with the article and page of each mark.

    For a single article without pages it is empty.
    """
    numbered = enumerate(answer.citations, start=1)
    sources = [(_source(citation, several=several), number) for number, citation in numbered]
    if not any(source for source, _ in sources):
        return ""
    entries = []
    for source, group in itertools.groupby(sources, key=lambda pair: pair[0]):
        marks = " ".join(f"[{number}]" for _, number in group)
        entries.append(f"<span>{escape_markdown(f'{marks} {source}')}</span>")
    return f'<div class="sources">{" · ".join(entries)}</div>'


def _source(evidence: Citation | Passage, *, several: bool) -> str:
    page = f"p. {evidence.page}" if evidence.page is not None else ""
    title = shorten(single_line(evidence.title), _TITLE_CHARS) if several else ""
    return ", ".join(filter(None, (title, page)))


def _engine(answer: Answer, *, several: bool, offers_other: bool) -> dict[str, str]:
    """Return who answered, what it cost, and the way to answer that is offered instead."""
    quoted = f"Quoted from the article{'s' if several else ''}"
    # A model that was asked in vain costs something, too.
    in_vain = "" if answer.engine else "language model: "
    return {
        "name": engine_in_words(answer) if answer.engine else quoted,
        "cost": f"{in_vain}{cost_in_words(answer.usage)}" if answer.usage else "",
        "cost_explained": f"{usage_in_words(answer.usage)}." if answer.usage else "",
        "other": f"{QUOTES if answer.engine else OWN_WORDS} instead" if offers_other else "",
    }


def _foot(  # noqa: PLR0913 - one for each thing that it shows
    answer: Answer,
    number: int,
    engine: dict[str, str],
    keep: Keep,
    *,
    several: bool,
    is_newest: bool,
) -> str:
    """Return confidence, engine, passages and buttons; empty below small talk.

    Markdown takes it as one block of HTML because it has no blank line.
    """
    if not answer.has_confidence and not answer.engine:
        return ""
    shown = answer.passages[:PASSAGES_SHOWN]
    return render(
        "reply_foot.html",
        number=number,
        engine=engine,
        keep=keep,
        confidence=confidence_in_words(answer),
        explained=confidence_explained(answer),
        passages=[_passage(answer, p, several=several, is_newest=is_newest) for p in shown],
        passage_count=len(answer.passages),
    )


def _passage(
    answer: Answer, passage: Passage, *, several: bool, is_newest: bool
) -> dict[str, object]:
    """Return the template's values for a passage; only those of the newest answer have links."""
    return {
        "href": place_link(passage) if is_newest else "",
        "where": _source(passage, several=several),
        "leading": Markup(link_text_start(passage.text)) if is_newest else "",  # noqa: S704 - escaped
        "score": f"{passage.score:.2f}",
        "similarity": f"{passage.similarity:.2f}",
        "citations": _citations_of(answer, passage),
        "excerpt": shorten(single_line(passage.text), EXCERPT_CHARS),
    }


def _citations_of(answer: Answer, passage: Passage) -> list[dict[str, str]]:
    """Return link and mark of each citation that overlaps the passage."""
    span = Span(passage.start, passage.end)
    return [
        {"href": place_link(citation), "mark": f"[{number}]"}
        for number, citation in enumerate(answer.citations, start=1)
        if citation.article_id == passage.article_id
        and overlap(Span(citation.start, citation.end), span)
    ]
