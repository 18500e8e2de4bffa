"""What the workers do with each source: one reads it, another embeds and adds the article."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path

from index.errors import ArticleQAError, InputError
from index.search.backend import LibraryBackend
from index.types import Article, ArticleInfo
from qa.secret import SentSecret
from qa.settings import Settings

_UNEXPECTED = (
    "Adding it failed unexpectedly ({}: {}). Please report this with the file, if you can."
)
_MAX_ERROR_CHARS = 300

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """A file or web address to add."""

    number: int
    """Its position among the sources, from 0."""
    name: str
    """As it was given."""
    place: str
    """The absolute path, or the address."""

    @classmethod
    def of(cls, number: int, name: str) -> Source:
        """Return the source of this name; one that is no file and no address is a missing file."""
        from index.sources.web import is_web_address

        exists = os.path.exists(name)  # noqa: PTH110 - it raises nothing, whatever the name
        is_address = is_web_address(name) and not exists
        return cls(number, name, name if is_address else str(Path(name).absolute()))


@dataclass(frozen=True, slots=True)
class ReadSource:
    """A source with the article in it, or the reason why there is none."""

    source: Source
    article: Article | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What became of a source."""

    source: Source
    article: ArticleInfo | None = None
    """The article as stored; None if it was not added."""
    passages: int = 0
    """How many were embedded; 0 if the article was in the library before."""
    read_badly: str = ""
    """Which of its pages were read badly, in a sentence."""
    error: str = ""
    """Why it was not added."""
    stops: bool = False
    """Whether it is an error of the library or the model, which every other source meets, too."""


def sendable(settings: Settings) -> Settings:
    """Return settings for workers, which may be in another folder: with absolute paths.

    Of the secrets, only that of Milvus is sent.
    """
    token, model, certificates = settings.milvus_token, settings.model, settings.milvus_ca_file
    return replace(
        settings,
        llm_key=None,
        milvus_token=SentSecret(token.reveal()) if token else None,
        model=str(Path(model).absolute()) if model and Path(model).exists() else model,
        milvus_ca_file=str(Path(certificates).absolute()) if certificates else None,
    )


def read_source(source: Source, settings: Settings) -> ReadSource:
    """Return the article in a source; every failure is one of this source alone."""
    from index.sources.web import is_web_address
    from qa.library import read_file, read_url

    try:
        if is_web_address(source.place):
            return ReadSource(source, read_url(source.place, settings))
        return ReadSource(source, read_file(Path(source.place), settings))
    except InputError as error:
        return ReadSource(source, error=str(error))
    except Exception as error:  # a bug that one file brings out must not stop the others
        _logger.exception("Reading %s failed", source.place)
        return ReadSource(source, error=_unexpected(error))


class ArticleEncoder:
    """Cuts and embeds articles and adds them to a library, which it opens at the first of them.

    Args:
        library: The address of the library.
        settings: As from :func:`sendable`.
    """

    def __init__(self, library: str, settings: Settings) -> None:
        self._address, self._settings = library, settings
        self._library: LibraryBackend | None = None

    def add(self, read: ReadSource) -> SourceResult:
        """Add the article of a source."""
        if read.article is None:
            return SourceResult(read.source, error=read.error)
        try:
            return self._added(read.source, read.article)
        except InputError as error:
            return SourceResult(read.source, error=str(error))
        except ArticleQAError as error:
            return SourceResult(read.source, error=str(error), stops=True)
        except Exception as error:  # a bug that one article brings out must not stop the others
            _logger.exception("Adding %s failed", read.source.place)
            return SourceResult(read.source, error=_unexpected(error))

    def _added(self, source: Source, article: Article) -> SourceResult:
        from qa.output.printed_pages import pages_read_badly

        passages = 0

        def count(_: int, total: int) -> None:
            nonlocal passages
            passages = total

        stored = self._opened().add(article, count)
        layouts = article.file.layouts if article.file else ()
        note = pages_read_badly(stored.title, [layout.shape for layout in layouts])
        return SourceResult(source, ArticleInfo.of(stored), passages, note)

    def _opened(self) -> LibraryBackend:
        if self._library is None:
            from qa.library import backend_of, embedder_of

            embedder = embedder_of(self._settings)
            self._library = backend_of(self._address, embedder, self._settings)
        return self._library


def _unexpected(error: Exception) -> str:
    said = " ".join(str(error).split())[:_MAX_ERROR_CHARS]
    return _UNEXPECTED.format(type(error).__name__, said)
