"""Copy every article of a library to another, in a folder or on Milvus, and compare the two."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from index.chunking import ChunkLimits
from index.embedding.embedder import Progress, Vectors
from index.errors import ArticleNotFound, InputError, LibraryDamaged
from index.search.backend import LibraryBackend
from index.search.embedded_chunks import EmbeddedChunks, embed_article
from index.source_file import PageLayout, SourceFile
from index.structure import structure_json
from index.types import Article, Chunk, id_of_text

_CHUNKS_AT_ONCE = 2_048
_CHANGED = "Its text does not match its id: it is damaged."
_NO_FILE = "The file that it was read from is missing or damaged, and was not copied."
_MISSING = "It is missing in the copy."


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one article."""

    article_id: str
    title: str
    reason: str


@dataclass(slots=True)
class Copied:
    """What was copied from one library to another."""

    added: int = 0
    already_there: int = 0
    left_out: list[Problem] = field(default_factory=list)
    """Articles that could not be copied."""
    without_file: list[Problem] = field(default_factory=list)
    """Articles whose file is lost."""


@dataclass(slots=True)
class Comparison:
    """What two libraries have in common."""

    articles: int = 0
    """Articles of the first one that are the same in the second."""
    passages: int = 0
    """The passages of these."""
    others: int = 0
    """Articles that only the second one has."""
    same_order: bool = True
    differences: list[Problem] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)


class Digests(NamedTuple):
    """SHA-256 of the parts of an article, in hex."""

    title: str
    text: str
    source: str
    structure: str
    """Headings, pages, marks and tables."""
    file: str
    """The kept file, its name, and where the words of its pages are."""
    passages: str
    vectors: str


_PARTS_OF_PASSAGES = frozenset({"passages", "vectors"})


def have_same_model(source: LibraryBackend, target: LibraryBackend) -> bool:
    """Return whether the vectors of two libraries are of one model."""
    first, second = source.embedder.identity, target.embedder.identity
    return (first.sha256, first.dimension) == (second.sha256, second.dimension)


def copy_articles(
    source: LibraryBackend,
    target: LibraryBackend,
    *,
    embed: bool = False,
    progress: Progress | None = None,
) -> Copied:
    """Copy every article of ``source`` to ``target``, one after the other, in their order.

    An article that is there already only gets its title, and its file if it has none; so a copy
    that was interrupted is continued. One that cannot be read is left out.

    Args:
        source: Is only read.
        target: Has whole articles only, whenever the copy is interrupted.
        embed: Whether to cut and embed the articles again. That is also done if the models differ.
        progress: Called with (articles done, articles), and often while an article is embedded.

    Raises:
        LibraryError: A library cannot be used at all.
    """
    embed = embed or not have_same_model(source, target)
    copied, known = Copied(), target.store.titles()
    titles = source.store.titles()
    for done, (article_id, title) in enumerate(titles.items()):

        def report(_: int = 0, __: int = 0, done: int = done) -> None:
            if progress:
                progress(done, len(titles))

        report()
        try:
            article, is_file_lost = _readable(source, article_id)
            chunks = None if embed or article_id in known else _chunks(source, article_id)
        except ArticleNotFound:  # removed meanwhile
            continue
        except LibraryDamaged as error:
            copied.left_out.append(Problem(article_id, title, str(error)))
            continue
        if is_file_lost:
            copied.without_file.append(Problem(article_id, title, _NO_FILE))
        if article_id in known:
            _complete(target, article, known[article_id])
            copied.already_there += 1
            continue
        embedded = chunks or embed_article(article, target.embedder, ChunkLimits(), report)
        try:
            target.add_embedded(article, embedded)
        except InputError as error:  # too large for the target
            copied.left_out.append(Problem(article_id, title, str(error)))
            continue
        copied.added += 1
    if progress:
        progress(len(titles), len(titles))
    return copied


def compare(
    source: LibraryBackend,
    target: LibraryBackend,
    *,
    with_passages: bool = True,
    without: Collection[str] = (),
    progress: Progress | None = None,
) -> Comparison:
    """Read every article of ``source`` in both libraries, and compare them.

    Args:
        source: The original.
        target: The copy.
        with_passages: Whether passages and vectors are compared, too.
        without: Ids of articles that are left out.
        progress: Called with (articles done, articles).
    """
    titles, copies = source.store.titles(), target.store.titles()
    found = Comparison(others=len(copies.keys() - titles.keys()))
    found.same_order = [i for i in titles if i in copies] == [i for i in copies if i in titles]
    for done, (article_id, title) in enumerate(titles.items()):
        if progress:
            progress(done, len(titles))
        if article_id in without:
            continue
        try:
            original, passages = _digests(source, article_id)
        except ArticleNotFound:  # removed meanwhile
            continue
        except LibraryDamaged as error:
            found.differences.append(Problem(article_id, title, str(error)))
            continue
        reason = _difference(original, target, article_id, with_passages=with_passages)
        if reason:
            found.differences.append(Problem(article_id, title, reason))
        else:
            found.articles += 1
            found.passages += passages
    if progress:
        progress(len(titles), len(titles))
    return found


def _difference(
    original: Digests, target: LibraryBackend, article_id: str, *, with_passages: bool
) -> str:
    """Return what is different about a copied article, in a sentence; empty if nothing is."""
    try:
        copy, _ = _digests(target, article_id)
    except ArticleNotFound:
        return _MISSING
    except LibraryDamaged as error:
        return f"The copy cannot be read: {error}"
    parts = [
        name
        for name, first, second in zip(Digests._fields, original, copy, strict=True)
        if first != second and (with_passages or name not in _PARTS_OF_PASSAGES)
    ]
    return f"Not the same in the copy: {', '.join(parts)}." if parts else ""


def _complete(target: LibraryBackend, article: Article, title: str) -> None:
    """Give an article that is there already, with ``title``, what it lacks of this one."""
    if title != article.title:
        target.store.rename(article.id, article.title)
    if article.file and target.store.source_file(article.id) is None:
        target.add(article)


def _readable(library: LibraryBackend, article_id: str) -> tuple[Article, bool]:
    """Return an article with its file, and whether that is lost.

    Raises:
        ArticleNotFound: There is none of this id.
        LibraryDamaged: It cannot be read.
    """
    article = library.store.article(article_id)
    if article.id != article_id or id_of_text(article.text) != article_id:
        raise LibraryDamaged(_CHANGED)
    try:
        file, shapes = library.store.source_file(article_id), library.store.page_shapes(article_id)
        layouts = [library.store.page_layout(article_id, i + 1) for i in range(len(shapes))]
    except LibraryDamaged:
        return article, True
    found = tuple(layout for layout in layouts if layout)
    if file is None or len(found) < len(shapes):
        return article, bool(shapes)
    return replace(article, file=replace(file, layouts=found)), False


def _chunks(library: LibraryBackend, article_id: str) -> list[EmbeddedChunks]:
    chunks, vectors = library.chunks(article_id)
    return [
        EmbeddedChunks(chunks[first : first + _CHUNKS_AT_ONCE], vectors[first:][:_CHUNKS_AT_ONCE])
        for first in range(0, len(chunks), _CHUNKS_AT_ONCE)
    ]


def _digests(library: LibraryBackend, article_id: str) -> tuple[Digests, int]:
    """Return the digests of an article as it is stored, and the number of its passages."""
    article, _ = _readable(library, article_id)
    chunks, vectors = library.chunks(article_id)
    headings = [(each.start, each.end, each.level) for each in article.headings]
    structure = json.dumps([headings, article.pages])
    digests = Digests(
        title=_digest([article.title.encode()]),
        text=_digest([article.text.encode()]),
        source=_digest([json.dumps(article.source).encode()]),
        structure=_digest(
            [structure.encode(), structure_json(article.marks, article.tables).encode()]
        ),
        file=_digest(_bytes_of(article.file)),
        passages=_digest(map(_bytes_of_chunk, chunks)),
        vectors=_digest([_bytes_of_vectors(vectors)]),
    )
    return digests, len(chunks)


def _bytes_of(file: SourceFile | None) -> Iterator[bytes]:
    if file is None:
        return
    yield file.name.encode("utf-8", "surrogatepass")
    yield file.data
    for layout in file.layouts:
        yield _bytes_of_layout(layout)


def _bytes_of_layout(layout: PageLayout) -> bytes:
    return json.dumps([float(layout.width), float(layout.height), layout.confidence]).encode() + (
        layout.packed
    )


def _bytes_of_chunk(chunk: Chunk) -> bytes:
    values = [chunk.start, chunk.end, chunk.text, chunk.heading, chunk.sentences]
    return json.dumps(values).encode()


def _bytes_of_vectors(vectors: Vectors) -> bytes:
    return np.ascontiguousarray(vectors, dtype="<f4").tobytes()


def _digest(parts: Iterable[bytes]) -> str:
    """Return the SHA-256 of some bytes, each with its length before it."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()
