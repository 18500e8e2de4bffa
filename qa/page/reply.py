"""An answer as the chat shows it: its text, where it is from, and what can be had on demand.

It is Markdown for Gradio's Chatbot, whose sanitiser keeps ``details``, ``button``, ``id``,
``class`` and ``title``, and drops ``data-*`` and ``aria-*``.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection

from index.types import Passage, Span, overlap
from qa.answer import Answer, Kind
from qa.citations import Citation
from qa.confidence import confidence_explained, confidence_in_words
from qa.escaping import escape_html, escape_markdown, flat, shorten
from qa.page.marked import place_link
from qa.page.tips import tip_text
from qa.rendering import leading_to, places_of, to_markdown

EXCERPT_CHARS = 200
PASSAGES_SHOWN = 10
_TITLE_CHARS = 60
_COPY = (
    '<button type="button" class="copy" id="{id}" title="Copy answer with sources">'
    'Copy<span class="unseen"> answer with sources</span></button>'
)
_COPY_ID = "copy-"
_EDIT = (
    '<button type="button" class="edit" id="{id}" title="Edit this wording and ask it">'
    'Edit<span class="unseen"> this wording and ask it</span></button>'
)
_EDIT_ID = "edit-"
_LEGEND = (
    "What was read for this answer, best first. Score: how well a passage seems to answer, from 0 "
    "to 1. Similarity: how near its meaning is to that of the question, at most 1."
)


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
    text = to_markdown(answer, link=place_link, tip=tip_text, named=several, beside_understood=edit)
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
    named = ", ".join(f"“{shorten(flat(title), _TITLE_CHARS)}”" for title in titles.values())
    told = escape_markdown(f"Removed meanwhile: {named}. Links into it lead nowhere.")
    return f'<div class="sources gone">{told}</div>'


def _sources(answer: Answer, *, several: bool) -> str:
    """Return a line that says which article and page each mark is from, where it can be several.

    Of a single article without pages there is nothing to say.
    """
    numbered = enumerate(answer.citations, start=1)
    told = [(_source(citation, several=several), number) for number, citation in numbered]
    if not any(source for source, _ in told):
        return ""
    entries = []
    for source, group in itertools.groupby(told, key=lambda pair: pair[0]):
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
    sure = (
        f'<details class="sure"><summary title="{escape_html(confidence_explained(answer))}">'
        f"{confidence_in_words(answer)}</summary>"
        f"<p>{escape_markdown(confidence_explained(answer))}</p></details>"
    )
    listed = _passages(answer, several=several, is_newest=is_newest)
    copy = _COPY.format(id=f"{_COPY_ID}{number}")
    return f'<div class="foot">{sure}{listed}{copy}</div>'


def _passages(answer: Answer, *, several: bool, is_newest: bool) -> str:
    if not answer.passages:
        return ""
    shown = answer.passages[:PASSAGES_SHOWN]
    told = [_passage(answer, each, several=several, is_newest=is_newest) for each in shown]
    items = "".join(f"<li>{item}</li>" for item in told)
    more = len(answer.passages) - len(shown)
    rest = f"<p>And {more} more.</p>" if more else ""
    return (
        f'<details class="passages"><summary>Passages ({len(answer.passages)})</summary>'
        f"<p>{_LEGEND}</p><ol>{items}</ol>{rest}</details>"
    )


def _passage(answer: Answer, passage: Passage, *, several: bool, is_newest: bool) -> str:
    where = escape_markdown(_source(passage, several=several))
    if is_newest:
        label = f"{where or 'show'}{leading_to(passage.text)}"
        where = f'<a href="{place_link(passage)}">{label}</a>'
    facts = (
        f"score {passage.score:.2f}",
        f"similarity {passage.similarity:.2f}",
        _cited(answer, passage),
    )
    excerpt = escape_markdown(shorten(flat(passage.text), EXCERPT_CHARS))
    told = f'<span class="facts">{" · ".join(facts)}</span><br>{excerpt}'
    return f"{where} {told}" if where else told


def _cited(answer: Answer, passage: Passage) -> str:
    """Return which citations quote the passage, each a link: the places of all turns last."""
    span = Span(passage.start, passage.end)
    links = [
        f'<a href="{place_link(c)}">{escape_markdown(f"[{number}]")}</a>'
        for number, c in enumerate(answer.citations, start=1)
        if c.article_id == passage.article_id and overlap(Span(c.start, c.end), span)
    ]
    return f"cited as {' '.join(links)}" if links else "not cited"
