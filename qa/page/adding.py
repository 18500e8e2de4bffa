"""Adding articles from the page: one after the other, with how far it is and what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import SimpleQueue

from index.embedder import Progress
from index.types import Article
from qa.page.problems import sentence
from qa.rendering import escape_html, shorten

_LABEL_CHARS = 60


@dataclass(frozen=True, slots=True)
class Source:
    """Something to be added: what to call it meanwhile, and how it is added."""

    label: str
    add: Callable[[Progress], Article]


@dataclass(frozen=True, slots=True)
class Adding:
    """How far the adding of several sources has come."""

    label: str = ""
    """What is being added; empty when all is done."""
    number: int = 0
    """Of the source that is being added, from 1."""
    sources: int = 0
    passages_done: int = 0
    passages: int = 0
    """Passages to be embedded; 0 while the source is being read."""
    added: tuple[Article, ...] = ()
    problems: tuple[str, ...] = ()
    """A sentence for each source that was refused."""


def add_each(sources: Sequence[Source]) -> Iterator[Adding]:
    """Add the sources in turn and yield how far it is; one that is refused holds up none."""
    state = Adding(sources=len(sources))
    for number, source in enumerate(sources, start=1):
        state = replace(state, label=source.label, number=number, passages_done=0, passages=0)
        yield state
        reports = _reports(source)
        try:
            while True:
                done, total = next(reports)
                yield replace(state, passages_done=done, passages=total)
        except StopIteration as end:
            state = replace(state, added=(*state.added, end.value))
        except Exception as error:
            state = replace(state, problems=(*state.problems, sentence(error)))
    yield replace(state, label="")


def adding_html(state: Adding, max_bytes: int) -> str:
    """Return the line below the forms: a bar while something is added, then what became of it.

    ``max_bytes`` is the limit on one file, which the page checks before it uploads.
    """
    if state.label:
        kind, inner = "busy", _busy_html(state)
    else:
        kind = "failed" if state.problems else "done" if state.added else "idle"
        inner = _outcome_html(state)
    return (
        f'<div class="adding" data-state="{kind}" data-limit="{max_bytes}">'
        f'<div role="status">{inner}</div>{_problems_html(state.problems)}</div>'
    )


def _reports(source: Source) -> Generator[tuple[int, int], None, Article]:
    """Yield (passages embedded, passages) while ``source`` is added in a thread; return it."""
    reports: SimpleQueue[tuple[int, int] | None] = SimpleQueue()
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        adding = pool.submit(source.add, lambda done, total: reports.put((done, total)))
        adding.add_done_callback(lambda _: reports.put(None))
        while (report := reports.get()) is not None:
            yield report
        return adding.result()
    finally:
        # A visitor who leaves meanwhile must not hold up the server; the article still comes.
        pool.shutdown(wait=False)


def _busy_html(state: Adding) -> str:
    count = f" ({state.number} of {state.sources})" if state.sources > 1 else ""
    label = escape_html(shorten(state.label, _LABEL_CHARS))
    # Without a value the bar tells that something is done, but not how much of it.
    value = f' value="{state.passages_done}" max="{state.passages}"' if state.passages else ""
    bar = f'<progress aria-label="Adding {label}"{value}></progress>'
    return f"<p>Adding {label}{count}…</p>{bar}"


def _outcome_html(state: Adding) -> str:
    titles = [f"“{escape_html(article.title)}”" for article in state.added]
    return f"<p>Added {', '.join(titles)}.</p>" if titles else ""


def _problems_html(problems: Sequence[str]) -> str:
    told = "".join(f"<p>{escape_html(problem)}</p>" for problem in problems)
    return f'<div class="wrong" role="alert">{told}</div>'


# Gives the question box the focus once all is added; and refuses a file that is too large
# before it is uploaded, because the server could only cut the upload off.
ADDING_SCRIPT = """
watch('value', () => {
  if (element.querySelector('[data-state=done]')) {
    document.querySelector('#question textarea')?.focus();
  }
});
const refuse = (event, files) => {
  const limit = Number(element.querySelector('[data-limit]').dataset.limit);
  const large = [...(files || [])].filter(file => file.size > limit).map(file => file.name);
  if (!large.length || !event.target.closest('#files')) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if ('value' in event.target) event.target.value = '';
  const told = document.createElement('p');
  told.textContent = `${large.join(', ')}: over the limit of ${limit.toLocaleString('en')} bytes `
    + 'for a file. Nothing was uploaded. Give a part of it, or raise the setting '
    + 'max_article_bytes.';
  element.querySelector('[role=status]').replaceChildren();
  element.querySelector('.wrong').replaceChildren(told);
};
document.addEventListener('change', event => refuse(event, event.target.files), true);
document.addEventListener('drop', event => refuse(event, event.dataTransfer?.files), true);
"""
