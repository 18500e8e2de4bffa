"""What a mark of the chat tells before it is followed: the quote, and where it is from.

It travels as the title of the link, so that it is there without a script, too; the
script shows it by mouse and by keyboard alike. It is text and never markup.
"""

from __future__ import annotations

from dataclasses import replace

from index.types import Passage
from qa.citations import Citation
from qa.rendering import flat, place, shorten

QUOTE_CHARS = 260
_TITLE_CHARS = 80


def tip_text(found: Citation | Passage) -> str:
    """Return two lines: the beginning of a quote or of a passage, and its place."""
    quote = found.quote if isinstance(found, Citation) else found.text
    # Cut before white space is dealt with: a passage of a megabyte is none of a tip's.
    told = shorten(flat(quote[: 2 * QUOTE_CHARS]), QUOTE_CHARS)
    return f"“{told}”\n{place(replace(found, title=shorten(found.title, _TITLE_CHARS)))}"


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
const showTip = link => {
  clearTimeout(leaving);
  if (link === described) return;
  hideTip();
  if (link.title) {
    link.dataset.tip = link.title;  // else the browser would show it, too
    link.removeAttribute('title');
  }
  const lines = link.dataset.tip.split('\\n').map(line => {
    const told = document.createElement('p');
    told.textContent = line;
    return told;
  });
  tip.replaceChildren(...lines);
  tip.hidden = false;
  described = link;
  link.setAttribute('aria-describedby', 'tip');
  placeTip();
};
const tipped = event => event.target.closest?.('a[href^="#s"]:is([title],[data-tip])');
document.addEventListener('mouseover', event => {
  const link = tipped(event);
  if (link) showTip(link);
  else if (tip.contains(event.target)) clearTimeout(leaving);
});
document.addEventListener('mouseout', event => {
  if (!tipped(event) && !tip.contains(event.target)) return;
  clearTimeout(leaving);
  leaving = setTimeout(hideTip, 200);  // there is a gap to cross to the tip itself
});
document.addEventListener('focusin', event => {
  const link = tipped(event);
  if (link?.matches(':focus-visible')) showTip(link);
});
document.addEventListener('focusout', event => tipped(event) && hideTip());
document.addEventListener('click', event => tipped(event) && hideTip());
document.addEventListener('keydown', event => event.key === 'Escape' && hideTip());
document.addEventListener('scroll', placeTip, {capture: true, passive: true});
addEventListener('resize', placeTip);
watch('value', placeTip);
"""
