"""Adding on the page: what the forms do, and what they show meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from index.errors import ArticleNotFound
from index.types import Article
from qa.page.adding import Adding, Source, add_each, adding_html
from qa.page.asking import visit_of
from qa.page.line import Line
from qa.page.undoing import Removals
from qa.page.uploads import Uploads
from qa.pipeline import ArticleQA


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
