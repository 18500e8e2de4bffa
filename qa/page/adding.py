"""Add articles from the page, one visitor's after another's, and show the progress."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import gradio as gr

from index.embedding.embedder import Progress
from index.errors import ArticleNotFound
from index.limits import cancel_check
from index.types import Article
from qa.output.error_messages import error_message
from qa.output.escape import shorten
from qa.output.printed_pages import pages_read_badly
from qa.output.to_text import in_quotation_marks
from qa.page.asking import visit_of
from qa.page.messages import render
from qa.page.undo import Removals
from qa.page.uploads import UploadedFiles
from qa.visitors.caller_qa import CallerQA

_logger = logging.getLogger(__name__)
MAX_WAITING = 8
QUEUE_FULL = (
    f"{MAX_WAITING} additions are waiting already, so nothing was added. Try again in a minute."
)
_LABEL_CHARS = 60


class Stopped(Exception):
    """The visitor stopped the addition; the current article is not added."""


class QueuedAddition:
    """One addition in the queue.

    Its thread waits until it is first, and calls :meth:`start_saving` when an article is about
    to be saved: from then until :meth:`finish_saving` it cannot be stopped.
    """

    def __init__(self, visitor: str) -> None:
        self.visitor = visitor
        self.ahead = 0
        """How many additions come before this one."""
        self._lock = threading.Lock()
        self._is_first = threading.Event()
        self._changes: SimpleQueue[None] = SimpleQueue()
        self._is_stopping = False
        self._is_saving = False

    @property
    def is_stopped(self) -> bool:
        """Whether this addition will save nothing more."""
        with self._lock:
            return self._is_stopping and not self._is_saving

    def stop(self) -> None:
        """Stop now, or as soon as the current article is saved."""
        with self._lock:
            self._is_stopping = True
        self._is_first.set()
        self.notify()

    def move_to(self, ahead: int) -> None:
        """Set how many additions come before this one; it starts when there are none."""
        self.ahead = ahead
        if not ahead:
            self._is_first.set()
        self.notify()

    def wait_until_first(self) -> None:
        """Return when this addition is first in the queue, or stopped."""
        self._is_first.wait()

    def start_saving(self) -> None:
        """Prevent a stop while an article is being saved.

        Raises:
            Stopped: It was stopped before.
        """
        with self._lock:
            if self._is_stopping:
                raise Stopped
            self._is_saving = True

    def finish_saving(self) -> None:
        """Allow a stop again."""
        with self._lock:
            self._is_saving = False

    def notify(self) -> None:
        """Wake the thread in :meth:`wait_for_change`."""
        self._changes.put(None)

    def wait_for_change(self) -> None:
        """Return at once for each :meth:`notify` not waited for yet, else at the next."""
        self._changes.get()


class AdditionQueue:
    """Additions in the order in which they were asked for; the first is running. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._additions: list[QueuedAddition] = []

    def join(self, visitor: str) -> QueuedAddition | None:
        """Return a new last addition, or None if too many are waiting already."""
        with self._lock:
            if len(self._additions) > MAX_WAITING:
                return None
            addition = QueuedAddition(visitor)
            self._additions.append(addition)
            addition.move_to(len(self._additions) - 1)
        return addition

    def stop(self, visitor: str) -> None:
        """Stop every addition of a visitor."""
        with self._lock:
            additions = [each for each in self._additions if each.visitor == visitor]
        for addition in additions:
            addition.stop()

    @contextmanager
    def when_first(self, addition: QueuedAddition) -> Iterator[None]:
        """Wait until the addition is first, and take it out of the queue at the end."""
        try:
            addition.wait_until_first()
            yield
        finally:
            self.leave(addition)

    def leave(self, addition: QueuedAddition) -> None:
        """Take an addition out of the queue; those behind it move up."""
        with self._lock:
            self._additions.remove(addition)
            for ahead, other in enumerate(self._additions):
                other.move_to(ahead)


@dataclass(frozen=True, slots=True)
class Source:
    """Something to add: the label to show meanwhile, and the function that adds it."""

    label: str
    add: Callable[[Progress], Article]


@dataclass(frozen=True, slots=True)
class AdditionState:
    """How far the addition of several sources has come."""

    label: str = ""
    """The source that is being added; empty when all are done."""
    number: int = 0
    """Of that source, from 1."""
    sources: int = 0
    ahead: int = 0
    """Other additions that come first."""
    passages_done: int = 0
    passages: int = 0
    """Passages to be embedded; 0 while the source is being read."""
    added: tuple[Article, ...] = ()
    problems: tuple[str, ...] = ()
    """An error message for each source that was not added."""
    is_stopped: bool = False
    """Whether the visitor stopped it; only the articles in ``added`` were added."""


class _AdditionThread:
    """Adds the sources of one addition, and keeps its state."""

    def __init__(self, sources: Sequence[Source], addition: QueuedAddition) -> None:
        self.state = AdditionState(label=sources[0].label, number=1, sources=len(sources))
        self._sources, self._addition = sources, addition

    def run(self) -> None:
        for number, source in enumerate(self._sources, start=1):
            if self._addition.is_stopped:
                self._update(is_stopped=True)
                return
            self._update(label=source.label, number=number, passages_done=0, passages=0)
            try:
                with cancel_check(self._check):
                    article = source.add(self._progress)
                self._update(added=(*self.state.added, article))
            except Stopped:
                self._update(is_stopped=True)
                return
            except Exception as error:
                self._update(problems=(*self.state.problems, error_message(error)))
            self._addition.finish_saving()

    def end(self) -> None:
        self._update(label="")

    def _check(self) -> None:
        if self._addition.is_stopped:
            raise Stopped

    def _progress(self, done: int, total: int) -> None:
        # The article is saved after its last passage is embedded.
        if done == total:
            self._addition.start_saving()
        else:
            self._check()
        self._update(passages_done=done, passages=total)

    def _update(self, **changes: Any) -> None:  # noqa: ANN401 - fields of AdditionState
        self.state = replace(self.state, **changes)
        self._addition.notify()


def add_each(
    sources: Sequence[Source],
    queue: AdditionQueue,
    visitor: str,
    clean_up: Callable[[], None] = lambda: None,
) -> Iterator[AdditionState]:
    """Add the sources one after the other and yield the progress.

    A source that fails holds up no other. The visitor may stop the addition at any time:
    articles that are complete by then stay. If the visitor just leaves, it goes on to its end.
    ``clean_up`` is called when the sources are no longer needed.
    """
    addition = queue.join(visitor)
    if addition is None:
        clean_up()
        yield AdditionState(problems=(QUEUE_FULL,))
        return
    work = _AdditionThread(sources, addition)

    def run() -> None:
        try:
            with queue.when_first(addition):
                work.run()
            clean_up()
        except Exception:
            _logger.exception("An addition could not be finished.")
        finally:
            work.end()  # also ends the visitor's wait after an error

    try:
        # A daemon: it ends with the program, and a kill at any instant leaves a library whole.
        threading.Thread(target=copy_context().run, args=[run], daemon=True).start()
    except RuntimeError as error:  # the system has no room for another thread
        queue.leave(addition)
        clean_up()
        yield AdditionState(problems=(error_message(error),))
        return
    is_over = False
    while not is_over:
        addition.wait_for_change()
        # Read before the state, which then contains everything that was saved.
        is_stopped = addition.is_stopped
        state = replace(work.state, ahead=addition.ahead)
        if is_stopped and state.label:
            state = replace(state, label="", is_stopped=True)
        is_over = not state.label
        yield state


def addition_html(state: AdditionState, max_bytes: int, read_badly: Sequence[str] = ()) -> str:
    """Return the note below the forms: a progress bar, then what was added.

    ``max_bytes`` is the limit on one file, which the page checks before it uploads;
    ``read_badly`` says which pages of the added articles may be wrong.
    """
    is_failed = state.problems or state.is_stopped
    outcome = "failed" if is_failed else "done" if state.added else "idle"
    return render(
        "adding.html",
        state=state,
        kind="busy" if state.label else outcome,
        label=shorten(state.label, _LABEL_CHARS),
        message=_progress_message(state) if state.label else _outcome_message(state, read_badly),
        limit=max_bytes,
    )


def _progress_message(state: AdditionState) -> str:
    label = shorten(state.label, _LABEL_CHARS)
    if state.ahead:
        others = "another addition" if state.ahead == 1 else f"{state.ahead} other additions"
        return f"Waiting for {others} before adding {label}…"
    count = f" ({state.number} of {state.sources})" if state.sources > 1 else ""
    return f"Adding {label}{count}…"


def _outcome_message(state: AdditionState, read_badly: Sequence[str]) -> str:
    titles = [in_quotation_marks(article.title) for article in state.added]
    sentences = [f"Added {', '.join(titles)}.", *read_badly] if titles else []
    if state.is_stopped:
        sentences.append(f"Stopped. Nothing {'else ' if titles else ''}was added.")
    return " ".join(sentences)


class Additions:
    """Handlers of the events that add articles.

    Each yields the note below the forms, the ids of the added articles, and the values of the
    form's boxes, which are emptied once everything was added. ``share`` is as ``shared`` of
    :meth:`qa.visitors.caller_qa.CallerQA.add_article`; None without accounts.
    """

    def __init__(self, qa: CallerQA, removals: Removals) -> None:
        self._qa, self._removals = qa, removals
        self._queue = AdditionQueue()
        self._files = UploadedFiles()

    def add_text(
        self,
        text: str,
        title: str,
        request: gr.Request,
        share: bool | None = None,  # noqa: FBT001 - Gradio passes it
    ) -> Iterator[tuple[Any, ...]]:
        """Add a pasted text; yield note, ids, text and title."""
        add = partial(self._qa.add_text, text, title=title)
        sources = [self._source(title.strip() or "the text", add, share)]
        yield from self._updates(add_each(sources, self._queue, visit_of(request)), ("", ""))

    def add_url(
        self,
        url: str,
        request: gr.Request,
        share: bool | None = None,  # noqa: FBT001 - Gradio passes it
    ) -> Iterator[tuple[Any, ...]]:
        """Add the pages at addresses separated by white space; yield note, ids and addresses."""
        sources = [
            self._source(each or "the page", partial(self._qa.add_url, each), share)
            for each in url.split() or [""]
        ]
        yield from self._updates(add_each(sources, self._queue, visit_of(request)), ("",))

    def add_files(
        self,
        paths: Sequence[str] | None,
        request: gr.Request,
        share: bool | None = None,  # noqa: FBT001 - Gradio passes it
    ) -> Iterator[tuple[Any, ...]]:
        """Add uploaded files and delete the uploads; yield note, ids and files."""
        files = [Path(path) for path in paths or ()]
        if files:
            self._files.acquire(files)
            sources = [
                self._source(path.name, partial(self._qa.add_file, path), share) for path in files
            ]
            release = partial(self._files.release, files)
            states = add_each(sources, self._queue, visit_of(request), release)
            yield from self._updates(states, (None,), always_empty=True)

    def stop(self, request: gr.Request) -> None:
        """Stop the additions of this visitor."""
        self._queue.stop(visit_of(request))

    def _updates(
        self,
        states: Iterator[AdditionState],
        emptied: tuple[str | None, ...],
        *,
        always_empty: bool = False,
    ) -> Iterator[tuple[Any, ...]]:
        limit = self._qa.settings.max_article_bytes
        for state in states:
            is_complete = always_empty or not (state.problems or state.is_stopped)
            is_emptied = not state.label and is_complete
            boxes = emptied if is_emptied else (gr.skip(),) * len(emptied)
            read_badly = [] if state.label else self._read_badly(state.added)
            ids = [article.id for article in state.added]
            yield addition_html(state, limit, read_badly), ids, *boxes

    def _read_badly(self, articles: Sequence[Article]) -> list[str]:
        """Return which pages of which articles are scans that were read badly."""
        found = (pages_read_badly(each.title, self._qa.page_shapes(each.id)) for each in articles)
        return [sentence for sentence in found if sentence]

    def _source(self, label: str, add: Callable[..., Article], share: bool | None) -> Source:  # noqa: FBT001
        def add_and_keep(progress: Progress) -> Article:
            return self._cancel_removal(add(progress=progress, shared=share), share)

        return Source(label, add_and_keep)

    def _cancel_removal(self, article: Article, share: bool | None) -> Article:  # noqa: FBT001
        """Return an added article, and cancel any removal of it that was asked for before."""
        self._removals.cancel_for(article.id)
        try:
            return self._qa.article(article.id)
        except ArticleNotFound:  # it was in the library already, and was removed just now
            return self._qa.add_article(article, shared=share)
