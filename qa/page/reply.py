"""An answer as the chat shows it, and the tips on its marks."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import replace

from markupsafe import Markup

from index.types import Passage, Span, overlap
from qa.answers.answer import Answer, Kind
from qa.answers.citation import Citation
from qa.answers.confidence import confidence_explained, confidence_in_words
from qa.output.article_html import place_link
from qa.output.escape import escape_markdown, flat, shorten
from qa.output.to_markdown import chat_markdown, leading_to
from qa.output.to_text import in_quotation_marks, place, places_of
from qa.page.assets import render

QUOTE_CHARS = 260
_TIP_TITLE_CHARS = 80


def tip_text(found: Citation | Passage) -> str:
    """Return two lines: the beginning of a quote or of a passage, and its place."""
    quote = found.quote if isinstance(found, Citation) else found.text
    # Cut before white space is dealt with: a passage of a megabyte is none of a tip's.
    told = shorten(flat(quote[: 2 * QUOTE_CHARS]), QUOTE_CHARS)
    where = place(replace(found, title=shorten(found.title, _TIP_TITLE_CHARS)))
    return f"{in_quotation_marks(told)}\n{where}"


EXCERPT_CHARS = 200
PASSAGES_SHOWN = 10
_TITLE_CHARS = 60
_EDIT = (
    '<button type="button" class="edit" id="{id}" title="Edit this wording and ask it">'
    'Edit<span class="unseen"> this wording and ask it</span></button>'
)
_EDIT_ID = "edit-"


def reply_markdown(
    answer: Answer,
    number: int,
    *,
    several: bool,
    is_newest: bool,
    known: Collection[str] | None = None,
) -> str:
    """Return the reply to question ``number`` of a chat, counted from 1.

    Args:
        answer: What to show.
        number: Names the answer to the script that copies it, or brings back its wording.
        several: Whether several articles were asked, so that each place names its own.
        is_newest: Whether the panel has an element for every passage, to lead to.
        known: The ids of the articles that are there; None takes all for there.
    """
    edit = _EDIT.format(id=f"{_EDIT_ID}{number}")
    text = chat_markdown(
        answer, link=place_link, tip=tip_text, named=several, beside_understood=edit
    )
    if not answer.answered:
        text = f'<div class="refusal">\n\n{text}\n\n</div>'
    foot = _foot(answer, number, several=several, is_newest=is_newest)
    gone = "" if known is None else _gone(answer, known)
    return "\n\n".join(filter(None, (text, _sources(answer, several=several), gone, foot)))


def _gone(answer: Answer, known: Collection[str]) -> str:
    """Return a line that names the articles whose words are shown here but are not there now."""
    titles = {c.article_id: c.title for c in places_of(answer) if c.article_id not in known}
    if not titles:
        return ""
    named = ", ".join(
        in_quotation_marks(shorten(flat(title), _TITLE_CHARS)) for title in titles.values()
    )
    line = escape_markdown(f"Removed since: {named}. Links to it no longer work.")
    return f'<div class="sources gone">{line}</div>'


def _sources(answer: Answer, *, several: bool) -> str:
    """Return a line that says which article and page each mark is from, where it can be several.

    Of a single article without pages there is nothing to say.
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


def _source(found: Citation | Passage, *, several: bool) -> str:
    page = f"p. {found.page}" if found.page is not None else ""
    title = shorten(flat(found.title), _TITLE_CHARS) if several else ""
    return ", ".join(filter(None, (title, page)))


def _foot(answer: Answer, number: int, *, several: bool, is_newest: bool) -> str:
    """Return one block of HTML, without the blank line that would end it; none below talk."""
    if answer.kind is Kind.TALK:
        return ""
    shown = answer.passages[:PASSAGES_SHOWN]
    return render(
        "reply_foot.html",
        number=number,
        confidence=confidence_in_words(answer),
        explained=confidence_explained(answer),
        passages=[_passage(answer, p, several=several, is_newest=is_newest) for p in shown],
        passage_count=len(answer.passages),
    )


def _passage(
    answer: Answer, passage: Passage, *, several: bool, is_newest: bool
) -> dict[str, object]:
    """Return what the template shows of a passage; only the newest answer's have links."""
    return {
        "href": place_link(passage) if is_newest else "",
        "where": _source(passage, several=several),
        "leading": Markup(leading_to(passage.text)) if is_newest else "",  # noqa: S704 - escaped
        "score": f"{passage.score:.2f}",
        "similarity": f"{passage.similarity:.2f}",
        "citations": _citing(answer, passage),
        "excerpt": shorten(flat(passage.text), EXCERPT_CHARS),
    }


def _citing(answer: Answer, passage: Passage) -> list[dict[str, str]]:
    """Return link and mark of each citation that quotes the passage."""
    span = Span(passage.start, passage.end)
    return [
        {"href": place_link(citation), "mark": f"[{number}]"}
        for number, citation in enumerate(answer.citations, start=1)
        if citation.article_id == passage.article_id
        and overlap(Span(citation.start, citation.end), span)
    ]
