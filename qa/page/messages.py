"""What a visitor is told when something goes wrong."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from index.errors import ArticleQAError

UNEXPECTED = "Something went wrong on our side. The details are in the log of the program."

# A path of two names or more; not the path of an address, behind whose colon it begins.
_PATH = re.compile(
    r"""(?<![^\s'"(“‘])(?:(?:/[^\s/'"()“”‘’:,;]+){2,}/?|[A-Za-z]:\\[^\s'"()“”:,;]+)"""
)
_logger = logging.getLogger(__name__)


def sentence(error: Exception) -> str:
    """Return what to tell the visitor, without the folders of this machine.

    An error that is not ours is logged, not shown.
    """
    if isinstance(error, ArticleQAError):
        return _without_folders(error)
    _logger.error("A request failed.", exc_info=error)
    return UNEXPECTED


def _without_folders(error: Exception) -> str:
    """Return the message of ``error``, with the last name alone of every absolute path."""
    told = str(error)
    # Those that the system named first: they may have spaces, by which no pattern knows the end.
    for path in sorted(_paths_behind(error), key=lambda path: -len(str(path))):
        told = told.replace(str(path), path.name)
    return _PATH.sub(lambda match: re.split(r"[/\\]", match[0].rstrip("/\\"))[-1], told)


def _paths_behind(error: BaseException | None) -> set[Path]:
    """Return the absolute paths of the system's errors that led to ``error``, and their folders."""
    found: set[Path] = set()
    while error is not None:
        for name in (getattr(error, "filename", None), getattr(error, "filename2", None)):
            if isinstance(name, str) and Path(name).is_absolute():
                found |= {Path(name), Path(name).parent} - {Path(Path(name).anchor)}
        error = error.__cause__ or error.__context__
    return found


# Gradio tells what goes wrong outside our handlers in a toast that vanishes: a full queue, an
# upload over the limit, a server that is gone. It is told in the page instead, below the forms
# if something was being added and above the question box if not, until the next question.
TROUBLE_SCRIPT = """
(() => {
  const sentences = [
    [/currently busy|queue is full/i, () => 'Too many requests are waiting here at the moment, so '
      + 'this one was not taken. Try again in a minute.'],
    [/maximum allowed size/i, text => text.trim() + '. Nothing was uploaded. Give a part of it, '
      + 'or raise the setting max_article_bytes.'],
    [/connection|failed to fetch|network/i, () => 'The program that serves this page does not '
      + 'answer. See whether it still runs, then reload the page.'],
  ];
  let adding = false;
  for (const kind of ['pointerdown', 'keydown', 'change', 'drop']) {
    document.addEventListener(kind, event => {
      adding = Boolean(event.target.closest?.('#add'));
    }, true);
  }
  const tell = text => {
    const known = sentences.find(([sign]) => sign.test(text));
    const place = adding && document.querySelector('#note .wrong')
      || document.querySelector('#trouble .wrong');
    if (!place) return false;
    const told = document.createElement('p');
    told.textContent = known ? known[1](text) : text;
    place.replaceChildren(told);
    return true;
  };
  const seen = new WeakSet();
  new MutationObserver(() => {
    for (const toast of document.querySelectorAll('.toast-body.error [data-testid=toast-text]')) {
      if (seen.has(toast) || !tell(toast.textContent)) continue;
      seen.add(toast);
      toast.closest('.toast-body').hidden = true;
    }
    const trouble = document.querySelector('#trouble .wrong');
    if (trouble?.firstChild && document.querySelector('.status[data-state=busy]')) {
      trouble.replaceChildren();
    }
  }).observe(document.documentElement, {childList: true, subtree: true});
})();
"""
TROUBLE_HTML = '<div class="wrong" role="alert"></div>'
