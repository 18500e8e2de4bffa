"""Convert examples to token windows with the answer's positions, and to batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import torch
from tokenizers import Encoding

from index.types import Span
from qa.reading.large_model import MAX_HISTORY_TOKENS, MAX_TITLE_TOKENS
from qa.reading.model import MAX_TOKENS, STRIDE, PairTokenizer
from training.reader.examples import Example
from training.reader.seeding import seeded

_T = TypeVar("_T")


class HasTokens(Protocol):
    """Anything that is put into a batch with others of about its length."""

    @property
    def ids(self) -> tuple[int, ...]:
        """Its tokens."""


_W = TypeVar("_W", bound=HasTokens)

VERDICTS = ("span", "yes", "no")
"""In the order of the model's outputs."""
_ENCODED_AT_ONCE = 1000
_SORTED_AT_ONCE = 2000
"""The number of windows sorted by length together: little padding, but still well mixed."""


@dataclass(frozen=True, slots=True)
class Window:
    """The tokens of a question, its context, and a passage or a part of one.

    ``[CLS] question [SEP] earlier turns [SEP] title [SEP] passage [SEP]``; turns and title
    may be empty.
    """

    ids: tuple[int, ...]
    passage_at: int
    """Position of the first passage token; the last one is before the final [SEP]."""
    spans: tuple[Span, ...]
    """First and last token of each right span; empty if the window does not answer."""
    kind: str
    members: tuple[Span, ...] = ()
    """First and last token of each member of the answer; the answer itself if it has none."""
    verdict: int | None = None
    """Index into VERDICTS; None if the window does not answer."""
    decides_where: bool = True
    """Whether ``spans`` and ``members`` are known."""
    offsets: tuple[Span, ...] = ()
    """Offsets of each passage token in the example's passage; only on request."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows padded to one length: ``(n, length)``, and ``(n,)`` for the targets."""

    ids: torch.Tensor
    attention: torch.Tensor
    types: torch.Tensor
    spans: torch.Tensor
    """True where a span may start or end: the passage, and the first token."""
    start: torch.Tensor
    """float32 ``(n, length)``: probability that an answer starts at each token; sums to 1."""
    end: torch.Tensor
    has_answer: torch.Tensor
    """float32, 1 where the window answers."""
    inside: torch.Tensor
    """float32 ``(n, length)``: 1 in a member of the answer."""
    verdict: torch.Tensor
    """Index into VERDICTS; 0 also where the window does not answer."""
    placed: torch.Tensor
    """True where ``start``, ``end`` and ``inside`` are known."""

    @property
    def tokens(self) -> int:
        """The tokens that are not padding."""
        return int(self.attention.sum())

    def to(self, device: str) -> Batch:
        """Return the batch on another device."""
        if device == "cpu":
            return self
        return Batch(*(getattr(self, name).to(device) for name in self.__slots__))


class WindowMaker:
    """Converts examples to windows with the tokenizer of the embedding model."""

    def __init__(self, folder: Path, max_tokens: int = MAX_TOKENS, stride: int = STRIDE) -> None:
        definition = (folder / "tokenizer.json").read_bytes()
        self._tokenizer = PairTokenizer(definition, max_tokens, stride)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, special tokens not included."""
        return [len(encoded.ids) for encoded in self._tokenizer.encode(texts)]

    def windows(self, examples: Iterable[Example], *, offsets: bool = False) -> Iterator[Window]:
        """Yield the windows of ``examples``, in their order."""
        for some in _runs(examples, _ENCODED_AT_ONCE):
            columns = (
                [example.question for example in some],
                [" ".join(f"{t.question} {t.answer}" for t in e.history) for e in some],
                [example.title for example in some],
                [example.passage for example in some],
            )
            encoded = [self._tokenizer.encode(column) for column in columns]
            for example, *parts in zip(some, *encoded, strict=True):
                yield from self._of(example, parts, offsets=offsets)

    def _of(
        self, example: Example, parts: Sequence[Encoding], *, offsets: bool
    ) -> Iterator[Window]:
        question, history, title, passage = parts
        # The latest words of the turns matter most.
        before = (history.ids[-MAX_HISTORY_TOKENS:], title.ids[:MAX_TITLE_TOKENS])
        places = _token_spans(passage.offsets, example.places)
        members = _token_spans(passage.offsets, example.members or example.places)
        for part in self._tokenizer.windows(question, passage, before):
            inside = Span(part.first, part.first + len(part.offsets) - 1)
            if any(_cut(span, inside) for span in places):
                continue  # holds a part of the answer: neither right nor wrong
            shift = part.passage_at - part.first
            spans = _shifted(places, inside, shift)
            answers = bool(spans) or (example.is_answered and not example.decides_where)
            yield Window(
                part.ids,
                part.passage_at,
                spans,
                example.kind,
                _shifted(members, inside, shift) if spans else (),
                VERDICTS.index(example.verdict) if answers else None,
                example.decides_where,
                part.offsets if offsets else (),
            )


def batches(windows: Sequence[_W], max_tokens: int, *seed: object) -> list[list[_W]]:
    """Return the windows in batches of one length and at most ``max_tokens``, shuffled."""
    rng = seeded("batches", *seed)
    order = list(windows)
    rng.shuffle(order)
    found: list[list[_W]] = []
    for some in _runs(order, _SORTED_AT_ONCE):
        found += _packed(sorted(some, key=lambda window: len(window.ids)), max_tokens)
    rng.shuffle(found)
    return found


def collate(windows: Sequence[Window]) -> Batch:
    """Return the windows as tensors, padded to the longest."""
    length = max(len(window.ids) for window in windows)
    ids = torch.zeros(len(windows), length, dtype=torch.long)
    attention, types, spans = (torch.zeros(ids.shape).bool() for _ in range(3))
    start, end, inside = (torch.zeros(ids.shape) for _ in range(3))
    for row, window in enumerate(windows):
        size = len(window.ids)
        ids[row, :size] = torch.tensor(window.ids)
        attention[row, :size] = True
        types[row, window.passage_at : size] = True
        spans[row, window.passage_at : size - 1] = True
        spans[row, 0] = True
        for first, last in window.spans or (Span(0, 0),):
            start[row, first] += 1 / max(1, len(window.spans))
            end[row, last] += 1 / max(1, len(window.spans))
        for first, last in window.members:
            inside[row, first : last + 1] = 1
    verdicts = [window.verdict for window in windows]
    return Batch(
        ids,
        attention,
        types.long(),
        spans,
        start,
        end,
        torch.tensor([float(verdict is not None) for verdict in verdicts]),
        inside,
        torch.tensor([verdict or 0 for verdict in verdicts]),
        torch.tensor([window.decides_where for window in windows]),
    )


def _packed(windows: Sequence[_W], max_tokens: int) -> Iterator[list[_W]]:
    """Join windows sorted by length so that each batch, padded, has at most ``max_tokens``."""
    batch: list[_W] = []
    for window in windows:
        if batch and len(window.ids) * (len(batch) + 1) > max_tokens:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


def _token_spans(offsets: Sequence[tuple[int, int]], places: Sequence[Span]) -> list[Span]:
    """Return the first and last token that share a character with each place."""
    found = []
    for place in places:
        inside = [
            i for i, (start, end) in enumerate(offsets) if start < place.end and place.start < end
        ]
        if inside:
            found.append(Span(inside[0], inside[-1]))
    return found


def _cut(span: Span, window: Span) -> bool:
    """Return whether a window contains some but not all tokens of a span."""
    apart = span.end < window.start or window.end < span.start
    return not apart and not (window.start <= span.start and span.end <= window.end)


def _shifted(spans: Sequence[Span], window: Span, shift: int) -> tuple[Span, ...]:
    inside = [s for s in spans if window.start <= s.start and s.end <= window.end]
    return tuple(Span(start + shift, end + shift) for start, end in inside)


def _runs(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    run: list[_T] = []
    for item in items:
        run.append(item)
        if len(run) == size:
            yield run
            run = []
    if run:
        yield run
