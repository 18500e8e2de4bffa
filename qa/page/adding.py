"""Add articles from the page, one after the other, and show the progress."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from index.embedding.embedder import Progress
from index.errors import ArticleNotFound
from index.limits import cancel_check
from index.types import Article
from qa.article_qa import ArticleQA
from qa.output.escape import shorten
from qa.output.to_text import in_quotation_marks
from qa.page.addition_queue import MOST_WAITING, Line, Place, Stopped
from qa.page.asking import visit_of
from qa.page.assets import render
from qa.page.messages import sentence
from qa.page.undo import Removals
from qa.page.uploads import Uploads

_logger = logging.getLogger(__name__)

LINE_FULL = (
    f"{MOST_WAITING} additions are waiting already, so nothing was added. Give it again in a "
    "minute."
)
_LABEL_CHARS = 60


@dataclass(frozen=True, slots=True)
class Source:
    """Something to add: the label shown while it is added, and the function that adds it."""

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
    ahead: int = 0
    """Other additions that it waits for."""
    passages_done: int = 0
    passages: int = 0
    """Passages to be embedded; 0 while the source is being read."""
    added: tuple[Article, ...] = ()
    problems: tuple[str, ...] = ()
    """A sentence for each source that was refused."""
    stopped: bool = False
    """Whether the visitor stopped it; what is not in ``added`` was not added."""


class _Work:
    """Adds the sources in a thread, when it is their turn."""

    def __init__(self, sources: Sequence[Source], place: Place) -> None:
        self.state = Adding(label=sources[0].label, number=1, sources=len(sources))
        self._sources, self._place = sources, place

    def run(self) -> None:
        for number, source in enumerate(self._sources, start=1):
            if self._place.stopped:
                self._tell(stopped=True)
                return
            self._tell(label=source.label, number=number, passages_done=0, passages=0)
            try:
                with cancel_check(self._check):
                    article = source.add(self._progress)
                self._tell(added=(*self.state.added, article))
            except Stopped:
                self._tell(stopped=True)
                return
            except Exception as error:
                self._tell(problems=(*self.state.problems, sentence(error)))
            self._place.unseal()

    def end(self) -> None:
        self._tell(label="")

    def _check(self) -> None:
        if self._place.stopped:
            raise Stopped

    def _progress(self, done: int, total: int) -> None:
        # After its last passage it is recorded.
        if done == total:
            self._place.seal()
        else:
            self._check()
        self._tell(passages_done=done, passages=total)

    def _tell(self, **changes: Any) -> None:  # noqa: ANN401 - fields of Adding
        self.state = replace(self.state, **changes)
        self._place.tell()


def add_each(
    sources: Sequence[Source],
    line: Line,
    visitor: str,
    afterwards: Callable[[], None] = lambda: None,
) -> Iterator[Adding]:
    """Add the sources in turn and yield how far it is; one that is refused holds up none.

    It waits in ``line`` until it is their turn. The visitor may stop it at any time: what is
    whole by then stays, and nothing else is added. If the visitor just leaves, all of it still
    comes. ``afterwards`` is called when the sources are needed no more.
    """
    place = line.join(visitor)
    if place is None:
        afterwards()
        yield Adding(problems=(LINE_FULL,))
        return
    work = _Work(sources, place)

    def run() -> None:
        try:
            with line.turn_of(place):
                work.run()
            afterwards()
        except Exception:
            # The visitor's files are dealt with; what failed is for the server's log.
            _logger.exception("An addition could not be finished")
        finally:
            work.end()  # wakes the visitor who waits, whatever happened

    try:
        # It ends with the program: a kill at any instant leaves a library whole.
        threading.Thread(target=run, daemon=True).start()
    except RuntimeError as error:  # the system has no room for another thread
        line.leave(place)
        afterwards()
        yield Adding(problems=(sentence(error),))
        return
    is_over = False
    while not is_over:
        place.wait_for_news()
        stopped = place.stopped  # asked first: what was recorded before is in the state
        state = replace(work.state, ahead=place.ahead)
        if stopped and state.label:
            state = replace(state, label="", stopped=True)
        is_over = not state.label
        yield state


def adding_html(state: Adding, max_bytes: int) -> str:
    """Return the line below the forms: a bar while something is added, then what became of it.

    ``max_bytes`` is the limit on one file, which the page checks before it uploads.
    """
    failed = state.problems or state.stopped
    over = "failed" if failed else "done" if state.added else "idle"
    return render(
        "adding.html",
        state=state,
        kind="busy" if state.label else over,
        label=shorten(state.label, _LABEL_CHARS),
        message=_progress_message(state) if state.label else _outcome_message(state),
        limit=max_bytes,
    )


def _progress_message(state: Adding) -> str:
    label = shorten(state.label, _LABEL_CHARS)
    if state.ahead:
        others = "another addition" if state.ahead == 1 else f"{state.ahead} other additions"
        return f"Waiting for {others}, then adding {label}…"
    count = f" ({state.number} of {state.sources})" if state.sources > 1 else ""
    return f"Adding {label}{count}…"


def _outcome_message(state: Adding) -> str:
    titles = [in_quotation_marks(article.title) for article in state.added]
    sentences = [f"Added {', '.join(titles)}."] if titles else []
    if state.stopped:
        sentences.append(f"Stopped; nothing {'else ' if titles else ''}was added.")
    return " ".join(sentences)


class Additions:
    """What the page's events do to add articles.

    Each yields the note below the forms, the ids of what was added, and the form's boxes;
    what was refused stays in them.
    """

    def __init__(self, qa: ArticleQA, removals: Removals) -> None:
        self._qa, self._removals = qa, removals
        self._line = Line()
        self._uploads = Uploads()

    def add_text(self, text: str, title: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Yield note, added articles, text and title."""
        source = self._source(
            title.strip() or "the text", partial(self._qa.add_text, text, title=title)
        )
        states = add_each([source], self._line, visit_of(request))
        yield from self._adding(states, ("", ""))

    def add_url(self, url: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Yield note, added articles and addresses, which white space parts."""
        sources = [self._address(each) for each in url.split() or [""]]
        states = add_each(sources, self._line, visit_of(request))
        yield from self._adding(states, ("",))

    def add_files(
        self, paths: Sequence[str] | None, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Yield note, added articles and files; the uploaded copies are deleted."""
        files = [Path(path) for path in paths or ()]
        if files:
            self._uploads.take(files)
            sources = [self._file(path) for path in files]
            release = partial(self._uploads.release, files)
            states = add_each(sources, self._line, visit_of(request), release)
            yield from self._adding(states, (None,), always=True)

    def stop(self, request: gr.Request) -> None:
        """Stop what this visitor adds, or waits to add."""
        self._line.stop(visit_of(request))

    def _adding(
        self, states: Iterator[Adding], emptied: tuple[str | None, ...], *, always: bool = False
    ) -> Iterator[tuple[Any, ...]]:
        """Yield note, ids of what was added, and the boxes; emptied if all of it was added."""
        limit = self._qa.settings.max_article_bytes
        for state in states:
            over = not state.label and (always or not (state.problems or state.stopped))
            boxes = emptied if over else (gr.skip(),) * len(emptied)
            yield adding_html(state, limit), [article.id for article in state.added], *boxes

    def _address(self, url: str) -> Source:
        return self._source(url or "the page", partial(self._qa.add_url, url))

    def _file(self, path: Path) -> Source:
        return self._source(path.name, partial(self._qa.add_file, path))

    def _source(self, label: str, add: Callable[..., Article]) -> Source:
        return Source(label, lambda progress: self._kept(add(progress=progress)))

    def _kept(self, article: Article) -> Article:
        """Return an article that was added, and have no earlier removal of it take effect."""
        self._removals.keep(article.id)
        try:
            return self._qa.article(article.id)
        except ArticleNotFound:  # it was there already, and its ten seconds ended just now
            return self._qa.add_article(article)
