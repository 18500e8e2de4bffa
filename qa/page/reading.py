"""Reading along: the script that lights a place of the article and brings it into view.

A browser's own ``:target`` does not do: Gradio shows the panel anew by changing the
elements that are there, so the target is left on other words, and a place that comes
after its link was clicked is no target at all.
"""

from __future__ import annotations

READING_SCRIPT = """
let wanted = '';  // what the visitor asked for and the server is to bring: a place or an edge
const named = () => location.hash.slice(1);
const paper = () => element.querySelector('.paper');
const scrolls = () => paper().scrollHeight > paper().clientHeight;  // by itself: wide screens
const light = name => {
  for (const old of element.querySelectorAll('.lit')) old.classList.remove('lit');
  const place = name && document.getElementById(name);
  if (!place || !element.contains(place)) return null;
  for (const part of [place, ...element.querySelectorAll(`[data-part="${name}"]`)]) {
    part.classList.add('lit');
  }
  return place;
};
const follow = name => {
  if (!/^s\\d+-\\d+-[0-9a-f]{8}$/.test(name)) return;
  wanted = light(name) ? '' : name;
  if (wanted) trigger('follow', {place: name});
};
// An answer that comes moves the article alone; what a visitor asked for comes into view.
const landAt = (name, isAsked) => {
  const place = document.getElementById(name);
  if (name === 'start' || name === 'end') {
    paper().scrollTo({top: name === 'start' ? 0 : paper().scrollHeight, behavior: 'instant'});
    if (!isAsked) return;
    if (!scrolls()) paper().scrollIntoView({block: name});
    element.querySelector('.turning')?.focus({preventScroll: true});
  } else if (place && isAsked) {
    place.closest('details')?.setAttribute('open', '');
    place.scrollIntoView();
    place.focus({preventScroll: true});
  } else if (place && scrolls()) {
    paper().scrollTop += place.getBoundingClientRect().top
      - paper().getBoundingClientRect().top - paper().clientHeight / 4;
  }
};
addEventListener('hashchange', () => follow(named()));
document.addEventListener('click', event => {
  const link = event.target.closest?.('a[href^="#s"]');
  if (link && link.hash === location.hash) follow(named());  // no change of it will be told
});
element.addEventListener('click', event => {
  const button = event.target.closest('[data-turn]');
  if (!button) return;
  wanted = button.dataset.turn === 'before' ? 'end' : 'start';
  trigger('turn', {to: button.dataset.turn});
});
watch('value', () => {
  light(named());
  const land = element.querySelector('[data-land]')?.dataset.land;
  if (!land) return;
  const isAsked = land === wanted;
  if (isAsked) wanted = '';
  landAt(land, isAsked);
});
"""
