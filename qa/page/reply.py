"""An answer as the chat shows it, and the tips on its marks."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import replace

from index.types import Passage, Span, overlap
from qa.answers.answer import Answer, Kind
from qa.answers.citation import Citation
from qa.answers.confidence import confidence_explained, confidence_in_words
from qa.output.article_html import place_link
from qa.output.chat_markdown import chat_markdown, leading_to
from qa.output.escape import escape_html, escape_markdown, flat, shorten
from qa.output.places import in_quotation_marks, place, places_of

QUOTE_CHARS = 260
_TIP_TITLE_CHARS = 80


def tip_text(found: Citation | Passage) -> str:
    """Return two lines: the beginning of a quote or of a passage, and its place."""
    quote = found.quote if isinstance(found, Citation) else found.text
    # Cut before white space is dealt with: a passage of a megabyte is none of a tip's.
    told = shorten(flat(quote[: 2 * QUOTE_CHARS]), QUOTE_CHARS)
    where = place(replace(found, title=shorten(found.title, _TIP_TITLE_CHARS)))
    return f"{in_quotation_marks(told)}\n{where}"


TIPS_SCRIPT = """
const tip = document.createElement('div');
tip.id = 'tip';
tip.setAttribute('role', 'tooltip');
tip.hidden = true;
document.body.append(tip);
let described = null, leaving = 0;
const hideTip = () => {
  described?.removeAttribute('aria-describedby');
  described = null;
  tip.hidden = true;
};
const placeTip = () => {
  if (!described) return;
  const at = described.getClientRects()[0];
  if (!described.isConnected || !at) return hideTip();
  const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
  const above = at.top - tip.offsetHeight - 6;
  tip.style.left = `${Math.max(8, Math.min(at.left, room))}px`;
  tip.style.top = `${above >= 8 ? above : at.bottom + 6}px`;
};
const lineOf = text => {
  const told = document.createElement('p');
  told.textContent = text;
  return told;
};
const choices = link => {
  const line = document.createElement('div'), go = document.createElement('a');
  const close = document.createElement('button');
  go.href = link.hash;
  go.textContent = 'Show in the article';
  close.type = 'button';
  close.textContent = 'Close';
  close.addEventListener('click', () => { const mark = described; hideTip(); mark?.focus(); });
  go.addEventListener('click', hideTip);
  line.append(go, close);
  return line;
};
const showTip = (link, isTapped = false) => {
  clearTimeout(leaving);
  if (link === described) return;
  hideTip();
  if (link.title) {
    link.dataset.tip = link.title;  // else the browser would show it, too
    link.removeAttribute('title');
  }
  tip.replaceChildren(...link.dataset.tip.split('\\n').map(lineOf));
  if (isTapped) tip.append(choices(link));
  tip.setAttribute('role', isTapped ? 'dialog' : 'tooltip');
  tip.removeAttribute('aria-label');
  if (isTapped) tip.setAttribute('aria-label', 'Quote');
  tip.hidden = false;
  described = link;
  link.setAttribute('aria-describedby', 'tip');
  placeTip();
  tip.querySelector('a')?.focus({preventScroll: true});
};
const tipped = event => event.target.closest?.('a[href^="#s"]:is([title],[data-tip])');
// A tap is followed by what a mouse would do, which then counts for nothing.
const phone = matchMedia('(max-width:900px)');
let byTouch = false;
document.addEventListener('pointerdown', event => {
  byTouch = event.pointerType === 'touch';
  if (byTouch && described && !tip.contains(event.target) && tipped(event) !== described) hideTip();
}, true);
document.addEventListener('keydown', () => { byTouch = false; }, true);
document.addEventListener('mouseover', event => {
  const link = tipped(event);
  if (byTouch) return;
  if (link) showTip(link);
  else if (tip.contains(event.target)) clearTimeout(leaving);
});
document.addEventListener('mouseout', event => {
  if (byTouch || !tipped(event) && !tip.contains(event.target)) return;
  clearTimeout(leaving);
  leaving = setTimeout(hideTip, 200);  // there is a gap to cross to the tip itself
});
document.addEventListener('focusin', event => {
  const link = tipped(event);
  if (!byTouch && link?.matches(':focus-visible')) showTip(link);
});
document.addEventListener('focusout', event => !byTouch && tipped(event) && hideTip());
document.addEventListener('click', event => {
  const link = tipped(event);
  if (!link) return;
  if (!byTouch || !phone.matches || link === described) return hideTip();
  event.preventDefault();
  event.stopPropagation();
  showTip(link, true);
}, true);
document.addEventListener('keydown', event => event.key === 'Escape' && hideTip());
document.addEventListener('scroll', placeTip, {capture: true, passive: true});
addEventListener('resize', placeTip);
watch('value', placeTip);
"""


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
