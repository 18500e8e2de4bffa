"""Rank chunks by BM25 with tantivy.

Queries are built from analyzed terms, so no question is parsed as query syntax.
"""

from __future__ import annotations

import functools
import hashlib
import shutil
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import tantivy

from index.search.text_index_files import check_files
from index.store.rows import NEW, Revision

_WRITER_HEAP_BYTES = 32_000_000
_REVISION_ID = 0  # chunk ids start at 1; this document stores the revision
_MAX_FULL_SEARCH = 3_000
"""Up to this many chunks, one search for all matches is faster than two searches: 0.14 ms
against 0.35 of a thousand chunks, 1.0 against 0.6 of ten thousand."""
_MAX_CACHED_QUESTIONS = 256
"""Size of the cache of analyzed questions; each answer looks its question up several times."""
_MAX_TERMS = 64
"""Maximum number of distinct terms in a query."""

# Scripts without spaces between words are indexed by character.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = rf"[{_UNSPACED}]|[[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSPACED}]]+"
_ANALYZER = "words-1"
_FIELDS = ("text", "title")
TITLE_WEIGHT = 0.5
"""Of the BM25 of an article's title, beside that of the chunk's text."""
_MAX_TERM_BYTES = 200
_MAX_CACHED_CHARS = 40
"""Maximum length of a word whose stems are cached."""
_MAX_CACHED_WORDS = 100_000

# Function words are indexed, but a query leaves them out unless it has no other words.
STOP_WORDS = frozenset(
    (
        "a about an and any are as at be been being but by can could did do does doing for from "
        "had has have having he her hers him his how i if in into is it its itself me my of on "
        "or our s she should so some such t than that the their them then there these they this "
        "those to was we were what when where which who whom whose why will with would you your "
    ).split()
)


class IndexedText(NamedTuple):
    """What is indexed for a chunk."""

    id: int
    text: str
    title: str = ""


class TextIndex:
    """A BM25 index (k1 1.2, b 0.75) with English stemming.

    The title of a chunk's article is indexed apart from its text, and counts less. How rare a
    word is in titles does not change how rare it is in texts, and the title of the only article
    hardly counts.

    One writer at a time, which the caller ensures; searches may run meanwhile.

    Args:
        folder: The folder of the index, created if absent; None for memory.

    Raises:
        OSError: The folder cannot be read or written.
        ValueError: Its files are damaged, or from another version.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._index = _open(folder)
        self._index.register_tokenizer(_ANALYZER, _analyzer())
        self._index.config_reader("manual")
        self.revision = NEW
        """The revision of the store that this index has."""
        self.refresh()

    def refresh(self) -> None:
        """Load what other processes have committed."""
        self._index.reload()
        searcher = self._index.searcher()
        hits = searcher.search(_term("id", _REVISION_ID), limit=1, count=False).hits
        if hits:
            revision = searcher.doc(hits[0][1])["revision"]
            self.revision = Revision(int(revision[0]), int(revision[1]))

    def update(
        self,
        revision: Revision,
        added: Iterable[IndexedText],
        removed: Sequence[tuple[int, int]] = (),
    ) -> None:
        """Bring the index to ``revision`` in one commit.

        ``removed`` are (first, last) id ranges, removed before ``added`` are indexed.
        """
        writer = self._index.writer(_WRITER_HEAP_BYTES, 1)
        try:
            for first, last in removed:
                writer.delete_documents_by_query(_in_range(first, last))
            for indexed in added:
                document = tantivy.Document()
                document.add_unsigned("id", indexed.id)
                document.add_unsigned("digest", digest(indexed))
                document.add_text("text", indexed.text)
                document.add_text("title", indexed.title)
                writer.add_document(document)
            writer.delete_documents_by_query(_term("id", _REVISION_ID))
            marker = tantivy.Document()
            marker.add_unsigned("id", _REVISION_ID)
            for number in revision:
                marker.add_unsigned("revision", number)
            writer.add_document(marker)
            writer.commit()
        finally:
            writer.wait_merging_threads()  # also releases the writer's lock
        self.refresh()

    def search(
        self, question: str, k: int, ranges: Sequence[tuple[int, int]] | None = None
    ) -> list[tuple[int, float]]:
        """Return up to ``k`` (id, BM25 score) pairs, best first, ties by id.

        ``ranges`` limits the search to these (first, last) id ranges.
        """
        hits = self._search(question, k, _in_ranges(ranges))
        return sorted(hits, key=lambda hit: (-hit[1], hit[0]))

    def scores(
        self,
        question: str,
        k: int,
        others: Collection[int],
        ranges: Sequence[tuple[int, int]] | None = None,
    ) -> dict[int, float]:
        """Return the BM25 scores of the ``k`` best chunks, and of those of ``others`` that match.

        ``ranges`` limits the search to these (first, last) id ranges, which contain ``others``.
        """
        size = self._index.searcher().num_docs
        limit = max(k, size) if size <= _MAX_FULL_SEARCH else k
        hits = self._search(question, limit, _in_ranges(ranges))
        found = dict(hits[:k])
        if len(hits) < limit:  # these are all matches
            return found | {hit[0]: hit[1] for hit in hits[k:] if hit[0] in others}
        unseen = [chunk_id for chunk_id in others if chunk_id not in found]
        # Not a term set query, which walks the whole dictionary of each segment.
        only = tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, _term("id", chunk_id)) for chunk_id in unseen]
        )
        return found | dict(self._search(question, len(unseen), only))

    def digests(self) -> dict[int, int]:
        """Return the :func:`digest` of the indexed text of each id."""
        searcher = self._index.searcher()
        everything = tantivy.Query.all_query()
        hits = searcher.search(everything, limit=max(1, searcher.num_docs), count=False).hits
        addresses = [address for _, address in hits]
        ids = searcher.fast_field_values("id", addresses)
        found = zip(ids, searcher.fast_field_values("digest", addresses), strict=True)
        return {int(i or 0): int(value or 0) for i, value in found if i != _REVISION_ID}

    def _search(
        self, question: str, k: int, allowed: tantivy.Query | None
    ) -> list[tuple[int, float]]:
        """Return up to ``k`` (id, BM25 score) pairs, best first."""
        terms = query_terms(question)
        if not terms or k < 1:
            return []
        query = tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, query) for term in terms for query in _in_text_or_title(term)]
        )
        if allowed is not None:
            limit = tantivy.Query.const_score_query(allowed, 0.0)  # does not change the score
            query = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, query), (tantivy.Occur.Must, limit)]
            )
        searcher = self._index.searcher()
        hits = searcher.search(query, limit=k, count=False).hits
        ids = searcher.fast_field_values("id", [address for _, address in hits])
        return [(i, score) for i, (score, _) in zip(ids, hits, strict=True) if isinstance(i, int)]


@functools.lru_cache(maxsize=_MAX_CACHED_QUESTIONS)
def query_terms(question: str) -> tuple[str, ...]:
    """Return the distinct stems to search for, in the order of the question."""
    words = _plain_analyzer().analyze(question)
    content = [word for word in words if word not in STOP_WORDS] or words
    return tuple(dict.fromkeys(stems(" ".join(content))))[:_MAX_TERMS]


@functools.cache
def stop_stems() -> frozenset[str]:
    """Return the stems of the function words."""
    return frozenset(stem for word in STOP_WORDS for stem in stems(word))


def stems(text: str) -> list[str]:
    """Return the stems of ``text`` as they are indexed, in order, repeats included."""
    # Words are analyzed one by one, since most are in the cache.
    cache = _stem_cache()
    return [stem for word in text.split() for stem in cache[word]]


class _StemCache(dict[str, tuple[str, ...]]):
    """Cache the stems of each whitespace-separated word."""

    def __missing__(self, word: str) -> tuple[str, ...]:
        found = tuple(_analyzer().analyze(word))
        if len(word) <= _MAX_CACHED_CHARS:
            if len(self) >= _MAX_CACHED_WORDS:
                self.clear()
            self[word] = found
        return found


@functools.cache
def _stem_cache() -> _StemCache:
    return _StemCache()


def digest(indexed: IndexedText) -> int:
    """Return a 64-bit digest of text and title, which the index stores to detect outdated ones."""
    content = f"{indexed.title}\n{indexed.text}".encode()
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def remove_index(folder: Path) -> None:
    """Delete the files of an index."""
    shutil.rmtree(folder, ignore_errors=True)


@functools.cache
def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", indexed=True, fast=True)
    builder.add_unsigned_field("revision", stored=True)
    builder.add_unsigned_field("digest", fast=True)
    for field in _FIELDS:
        builder.add_text_field(field, tokenizer_name=_ANALYZER, index_option="freq")
    return builder.build()


def _builder() -> tantivy.TextAnalyzerBuilder:
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(_WORD))
        .filter(tantivy.Filter.remove_long(_MAX_TERM_BYTES))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
    )


@functools.cache
def _plain_analyzer() -> tantivy.TextAnalyzer:
    return _builder().build()


@functools.cache
def _analyzer() -> tantivy.TextAnalyzer:
    return _builder().filter(tantivy.Filter.stemmer("english")).build()


def _open(folder: Path | None) -> tantivy.Index:
    if folder is None:
        return tantivy.Index(_schema())
    folder.mkdir(parents=True, exist_ok=True)
    check_files(folder)
    return tantivy.Index(_schema(), str(folder))


def _term(field: str, value: int | str) -> tantivy.Query:
    return tantivy.Query.term_query(_schema(), field, value, "freq")


def _in_text_or_title(term: str) -> tuple[tantivy.Query, tantivy.Query]:
    # Each a clause of its own: with the best of both, a search takes ten times as long.
    title = tantivy.Query.boost_query(_term("title", term), TITLE_WEIGHT)
    return _term("text", term), title


def _in_ranges(ranges: Sequence[tuple[int, int]] | None) -> tantivy.Query | None:
    if ranges is None:
        return None
    return tantivy.Query.boolean_query(
        [(tantivy.Occur.Should, _in_range(first, last)) for first, last in ranges]
    )


def _in_range(first: int, last: int) -> tantivy.Query:
    return tantivy.Query.range_query(_schema(), "id", tantivy.FieldType.Unsigned, first, last)
