"""Reading along: the script that lights a place of the article and brings it into view.

A browser's own ``:target`` does not do: Gradio shows the panel anew by changing the
elements that are there, so the target is left on other words, and a place that comes
after its link was clicked is no target at all.
"""

from __future__ import annotations

READING_SCRIPT = """
const named = () => location.hash.slice(1);
const light = name => {
  for (const old of element.querySelectorAll('.lit')) old.classList.remove('lit');
  const place = name && document.getElementById(name);
  if (!place || !element.contains(place)) return null;
  for (const part of [place, ...element.querySelectorAll(`[data-part="${name}"]`)]) {
    part.classList.add('lit');
  }
  return place;
};
// Where the article scrolls by itself (wide screens); elsewhere the page stays where it is.
const scrollPaper = place => {
  const paper = element.querySelector('.paper');
  if (!paper || !place || paper.scrollHeight <= paper.clientHeight) return;
  paper.scrollTop += place.getBoundingClientRect().top - paper.getBoundingClientRect().top
    - paper.clientHeight / 4;
};
addEventListener('hashchange', () => light(named()));
watch('value', () => {
  light(named());
  const land = element.querySelector('[data-land]')?.dataset.land;
  if (land) scrollPaper(document.getElementById(land));
});
"""
