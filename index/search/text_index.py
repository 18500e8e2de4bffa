"""BM25 over the chunks, by tantivy. Derived: rebuilt from the record when absent or stale.

The only module that imports tantivy. Queries are built from analysed terms, so
a question can never be query syntax.
"""

from __future__ import annotations

import functools
import hashlib
import shutil
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import tantivy

from index.search.text_index_files import check_files
from index.store.rows import NEW, Revision

_WRITER_HEAP_BYTES = 32_000_000
_REVISION_ID = 0  # chunk ids start at 1; this document carries the revision
_SCORED_AT_ONCE = 3_000
"""Up to so many chunks one search for all that match takes less than two searches: of a
thousand .14 ms against .35, of ten thousand 1.0 against .6."""
_KNOWN_QUESTIONS = 256
"""Questions whose stems are remembered: each is asked for several times."""
_MAX_TERMS = 64
"""Distinct terms of a question that are searched for."""

# Scripts that do not put spaces between words are indexed by the character.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = rf"[{_UNSPACED}]|[[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSPACED}]]+"
_ANALYZER = "words-1"
_MAX_TERM_BYTES = 200
_KNOWN_CHARS = 40
"""Words of up to this length have their stems remembered."""
_MAX_KNOWN = 100_000

# Function words of questions. They stay in the index; a question drops them
# unless it has no others.
STOP_WORDS = frozenset(
    (
        "a about an and any are as at be been being but by can could did do does doing for from "
        "had has have having he her hers him his how i if in into is it its itself me my of on "
        "or our s she should so some such t than that the their them then there these they this "
        "those to was we were what when where which who whom whose why will with would you your "
    ).split()
)


class TextIndex:
    """BM25 (k1 1.2, b 0.75) over chunks, English-stemmed.

    Args:
        folder: Where the index lies, made if absent; None keeps it in memory.

    Raises:
        OSError: The folder cannot be read or written.
        ValueError: What lies there is damaged, or another version's.

    One writer at a time: the caller locks. Searches may run beside it.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._index = _open(folder)
        self._index.register_tokenizer(_ANALYZER, _analyzer())
        self._index.config_reader("manual")
        self.revision = NEW
        """The revision of the record that this index is from."""
        self.refresh()

    def refresh(self) -> None:
        """See what another process has committed since."""
        self._index.reload()
        searcher = self._index.searcher()
        hits = searcher.search(_term("id", _REVISION_ID), limit=1, count=False).hits
        if hits:
            revision = searcher.doc(hits[0][1])["revision"]
            self.revision = Revision(int(revision[0]), int(revision[1]))

    def update(
        self,
        revision: Revision,
        added: Iterable[tuple[int, str]],
        removed: Sequence[tuple[int, int]] = (),
    ) -> None:
        """Bring the index to ``revision`` in one commit.

        ``added`` are (id, text); ``removed`` are (first, last) runs of ids, and go first.
        """
        writer = self._index.writer(_WRITER_HEAP_BYTES, 1)
        try:
            for first, last in removed:
                writer.delete_documents_by_query(_between(first, last))
            for chunk_id, text in added:
                document = tantivy.Document()
                document.add_unsigned("id", chunk_id)
                document.add_unsigned("digest", digest(text))
                document.add_text("text", text)
                writer.add_document(document)
            writer.delete_documents_by_query(_term("id", _REVISION_ID))
            mark = tantivy.Document()
            mark.add_unsigned("id", _REVISION_ID)
            for number in revision:
                mark.add_unsigned("revision", number)
            writer.add_document(mark)
            writer.commit()
        finally:
            writer.wait_merging_threads()  # also gives the writer's lock back
        self.refresh()

    def search(
        self, question: str, k: int, ranges: Sequence[tuple[int, int]] | None = None
    ) -> list[tuple[int, float]]:
        """Return up to ``k`` (id, BM25 score), best first, ties by id.

        ``ranges`` limits the search to those (first, last) runs of ids.
        """
        hits = self._search(question, k, _within(ranges))
        return sorted(hits, key=lambda hit: (-hit[1], hit[0]))

    def scores(
        self,
        question: str,
        k: int,
        others: Collection[int],
        ranges: Sequence[tuple[int, int]] | None = None,
    ) -> dict[int, float]:
        """Return the BM25 scores of the ``k`` best, and of each of ``others`` with a word of it.

        ``ranges`` limits the search for the best, and ``others`` are within them.
        """
        held = self._index.searcher().num_docs
        limit = max(k, held) if held <= _SCORED_AT_ONCE else k
        hits = self._search(question, limit, _within(ranges))
        found = dict(hits[:k])
        if len(hits) < limit:  # every chunk with a matching word is in them
            return found | {hit[0]: hit[1] for hit in hits[k:] if hit[0] in others}
        unseen = [chunk_id for chunk_id in others if chunk_id not in found]
        # Not by a set of terms, for which each segment's dictionary is gone through.
        only = tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, _term("id", chunk_id)) for chunk_id in unseen]
        )
        return found | dict(self._search(question, len(unseen), only))

    def digests(self) -> dict[int, int]:
        """Return the :func:`digest` of the text that each id was indexed with."""
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
        """Return up to ``k`` (id, BM25 score), best first."""
        terms = query_terms(question)
        if not terms or k < 1:
            return []
        query = tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, _term("text", term)) for term in terms]
        )
        if allowed is not None:
            limit = tantivy.Query.const_score_query(allowed, 0.0)  # adds nothing to the score
            query = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, query), (tantivy.Occur.Must, limit)]
            )
        searcher = self._index.searcher()
        hits = searcher.search(query, limit=k, count=False).hits
        ids = searcher.fast_field_values("id", [address for _, address in hits])
        return [(i, score) for i, (score, _) in zip(ids, hits, strict=True) if isinstance(i, int)]


@functools.lru_cache(maxsize=_KNOWN_QUESTIONS)
def query_terms(question: str) -> tuple[str, ...]:
    """Return the distinct stems that a question is searched by, in its order."""
    words = _plain_analyzer().analyze(question)
    content = [word for word in words if word not in STOP_WORDS] or words
    return tuple(dict.fromkeys(stems(" ".join(content))))[:_MAX_TERMS]


@functools.cache
def stop_stems() -> frozenset[str]:
    """Return the stems of the function words."""
    return frozenset(stem for word in STOP_WORDS for stem in stems(word))


def stems(text: str) -> list[str]:
    """Return the stems of ``text`` as they are indexed, in order, repeats included."""
    # White space is in no word, so the words between are analysed alone, and most are known.
    known = _known_stems()
    return [stem for piece in text.split() for stem in known[piece]]


class _KnownStems(dict[str, tuple[str, ...]]):
    """The stems of what stands between white space, remembered."""

    def __missing__(self, piece: str) -> tuple[str, ...]:
        found = tuple(_analyzer().analyze(piece))
        if len(piece) <= _KNOWN_CHARS:
            if len(self) >= _MAX_KNOWN:
                self.clear()
            self[piece] = found
        return found


@functools.cache
def _known_stems() -> _KnownStems:
    return _KnownStems()


def digest(text: str) -> int:
    """Return a 64-bit digest of a text, kept beside its words to tell which text they are of."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def remove_index(folder: Path) -> None:
    """Remove an index that cannot be read, so that it can be built anew."""
    shutil.rmtree(folder, ignore_errors=True)


@functools.cache
def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", indexed=True, fast=True)
    builder.add_unsigned_field("revision", stored=True)
    builder.add_unsigned_field("digest", fast=True)
    builder.add_text_field("text", tokenizer_name=_ANALYZER, index_option="freq")
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


def _within(ranges: Sequence[tuple[int, int]] | None) -> tantivy.Query | None:
    if ranges is None:
        return None
    return tantivy.Query.boolean_query(
        [(tantivy.Occur.Should, _between(first, last)) for first, last in ranges]
    )


def _between(first: int, last: int) -> tantivy.Query:
    return tantivy.Query.range_query(_schema(), "id", tantivy.FieldType.Unsigned, first, last)
