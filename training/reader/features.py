"""Examples → windows of token ids with the answer's place, and batches of about one length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from tokenizers import Encoding

from index.sentences import split_sentences
from index.types import Span
from qa.windows import MAX_TOKENS, STRIDE, PairTokenizer
from training.reader.examples import Example
from training.reader.sources import seeded

_T = TypeVar("_T")

_ENCODED_AT_ONCE = 1000
_SORTED_AT_ONCE = 2000
"""Windows that are sorted by length together: enough to pad little, few enough to mix."""


@dataclass(frozen=True, slots=True)
class Window:
    """The tokens of ``[CLS] question [SEP] passage [SEP]``, or of a part of the passage."""

    ids: tuple[int, ...]
    passage_at: int
    """Where the passage's tokens begin; they end before the last [SEP]."""
    start: int
    end: int
    """First and last token of the answer; both 0 if it is not in the window."""
    kind: str
    offsets: tuple[Span, ...] = ()
    """Of each passage token, its place in the example's passage; only if asked for."""
    group: str = ""
    """As of its example: windows of one group are in one batch."""
    sentence: Span = Span(0, 0)  # noqa: RUF009 - a tuple
    """First and last token of the sentence with the answer; both 0 if it is not in the window."""
    sentences: tuple[Span, ...] = ()
    """Of each sentence, its first and last token; only if offsets are asked for."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows padded to one length: ``(n, length)``, and ``(n,)`` for the targets."""

    ids: torch.Tensor
    attention: torch.Tensor
    types: torch.Tensor
    spans: torch.Tensor
    """True where a span may begin or end: the passage, and the first token."""
    start: torch.Tensor
    end: torch.Tensor
    has_answer: torch.Tensor
    """float32, 1 where the window holds the answer."""
    sentence: torch.Tensor
    """True where the sentence with the answer is."""
    groups: torch.Tensor
    """``(groups, n)``: true where a window is of a group; those of none are in no row."""

    @property
    def tokens(self) -> int:
        """The tokens that are no padding."""
        return int(self.attention.sum())


class WindowMaker:
    """Cuts examples into windows with the tokenizer of the embedding model."""

    def __init__(self, folder: Path, max_tokens: int = MAX_TOKENS, stride: int = STRIDE) -> None:
        definition = (folder / "tokenizer.json").read_bytes()
        self._tokenizer = PairTokenizer(definition, max_tokens, stride)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, special tokens not included."""
        return [len(encoded.ids) for encoded in self._tokenizer.encode(texts)]

    def windows(self, examples: Iterable[Example], *, offsets: bool = False) -> Iterator[Window]:
        """Yield the windows of ``examples``, in their order."""
        for some in _runs(examples, _ENCODED_AT_ONCE):
            questions = self._tokenizer.encode([example.question for example in some])
            passages = self._tokenizer.encode([example.passage for example in some])
            for example, question, passage in zip(some, questions, passages, strict=True):
                yield from self._of(example, question, passage, offsets=offsets)

    def _of(
        self, example: Example, question: Encoding, passage: Encoding, *, offsets: bool
    ) -> Iterator[Window]:
        answer = _token_span(passage.offsets, example.answer)
        sentences: list[Span] = []
        if answer or offsets:
            found = (_token_span(passage.offsets, s) for s in split_sentences(example.passage))
            sentences = [sentence for sentence in found if sentence]
        for part in self._tokenizer.windows(question, passage):
            first, last = part.first, part.first + len(part.offsets)
            start = end = 0
            if answer and first <= answer.start and answer.end < last:
                start, end = (part.passage_at + place - first for place in answer)
            elif answer and first <= answer.end and answer.start < last:
                continue  # holds a part of the answer: neither right nor wrong
            inside = tuple(
                Span(
                    part.passage_at + max(s, first) - first,
                    part.passage_at + min(e, last - 1) - first,
                )
                for s, e in sentences
                if s < last and first <= e
            )
            holding = [s for s in inside if start and s.start <= end and start <= s.end]
            yield Window(
                part.ids,
                part.passage_at,
                start,
                end,
                example.kind,
                part.offsets if offsets else (),
                example.group,
                Span(holding[0].start, holding[-1].end) if holding else Span(0, 0),
                inside if offsets else (),
            )


def batches(windows: Sequence[Window], max_tokens: int, *seed: object) -> list[list[Window]]:
    """Return the windows in batches of one length and at most ``max_tokens``, shuffled."""
    rng = seeded("batches", *seed)
    order = _together(windows)
    rng.shuffle(order)
    found: list[list[Window]] = []
    for some in _runs(order, _SORTED_AT_ONCE):
        found += _packed(sorted(some, key=_longest), max_tokens)
    rng.shuffle(found)
    return found


def collate(windows: Sequence[Window]) -> Batch:
    """Return the windows as tensors, padded to the longest."""
    length = max(len(window.ids) for window in windows)
    ids = torch.zeros(len(windows), length, dtype=torch.long)
    attention, types, spans, sentence = (torch.zeros(ids.shape).bool() for _ in range(4))
    for row, window in enumerate(windows):
        size = len(window.ids)
        ids[row, :size] = torch.tensor(window.ids)
        attention[row, :size] = True
        types[row, window.passage_at : size] = True
        spans[row, window.passage_at : size - 1] = True
        spans[row, 0] = True
        if window.start:
            sentence[row, window.sentence.start : window.sentence.end + 1] = True
    start = torch.tensor([window.start for window in windows])
    end = torch.tensor([window.end for window in windows])
    names = dict.fromkeys(window.group for window in windows if window.group)
    groups = torch.tensor([[w.group == name for w in windows] for name in names]).bool()
    groups = groups.view(len(names), len(windows))
    return Batch(
        ids, attention, types.long(), spans, start, end, (start > 0).float(), sentence, groups
    )


def _together(windows: Sequence[Window]) -> list[list[Window]]:
    """Return the windows of each group together, and every other by itself."""
    found: dict[str | int, list[Window]] = {}
    for number, window in enumerate(windows):
        found.setdefault(window.group or number, []).append(window)
    return list(found.values())


def _longest(windows: Sequence[Window]) -> int:
    return max(len(window.ids) for window in windows)


def _packed(groups: Sequence[list[Window]], max_tokens: int) -> Iterator[list[Window]]:
    """Join groups sorted by length so that each batch, padded, has at most ``max_tokens``."""
    batch: list[Window] = []
    for group in groups:
        if batch and _longest(group) * (len(batch) + len(group)) > max_tokens:
            yield batch
            batch = []
        batch.extend(group)
    if batch:
        yield batch


def _token_span(offsets: Sequence[tuple[int, int]], answer: Span | None) -> Span | None:
    """Return first and last token that share a character with ``answer``."""
    if answer is None:
        return None
    tokens = enumerate(offsets)
    inside = [i for i, (start, end) in tokens if start < answer.end and answer.start < end]
    return Span(inside[0], inside[-1]) if inside else None


def _runs(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    run: list[_T] = []
    for item in items:
        run.append(item)
        if len(run) == size:
            yield run
            run = []
    if run:
        yield run
