"""Load and run the checking model: does evidence support a claim, and which words not?

It is all-MiniLM-L6-v2 (Wang et al. 2020), trained further by ``training/checker``, in 8 bits;
its word table is that of the embedding model, which is installed with it. It is shipped in
``qa/checking_model`` with its card. Where the large reading model is installed, that one is asked
too, and both decide together.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import groupby
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from index.embedding.int8 import usable_cores
from index.embedding.model_files import check_default_files, find_default_model
from index.embedding.tensor_file import map_tensors
from index.errors import ModelCorrupt, ModelUnavailable
from index.types import Span
from qa.reading.model import TOKENIZER, WindowReader, read_checked, read_json
from qa.writing.claim_checker import Checked, Pair
from qa.writing.claim_windows import ClaimTokenizer, ClaimWindow
from qa.writing.reader_verdict import reader_logit

CHECKER_MANIFEST = "checker.json"
"""Lists the model's files with their SHA-256, and the decisions: see :class:`Decision`."""
ALONE, WITH_READER = "alone", "with_reader"
"""The decisions in the manifest: by the checking model, or by it and the large reading model."""
CHECKER_GRAPH = "checker.onnx"
CHECKER_WEIGHTS = "checker.npz"
WORD_TABLE = "embeddings.word_embeddings.weight"
POSITIONS = "embeddings.position_embeddings.weight"
TYPES = "embeddings.token_type_embeddings.weight"
_PUBLISHED_WEIGHTS = "model.safetensors"
_LARGEST_DIFFERENCE = 0.5
"""Between logits in 8 bits and in float32; some tenths are usual."""

_Floats = NDArray[np.float32]


class Decision(NamedTuple):
    """How a probability and a status follow from the logits of the models."""

    checker: float
    """Weight of the checking model's logit."""
    reader: float
    """Weight of the large reading model's logit."""
    offset: float
    supported_from: float
    """The probability from which a claim is supported."""
    partly_from: float
    """The probability from which a claim is supported in part."""

    def probability(self, checker: float, reader: float) -> float:
        """Return the probability that a claim is supported."""
        logit = self.checker * checker + self.reader * reader + self.offset
        return float(1 / (1 + np.exp(-logit)))


class TrainedChecker:
    """Checks claims. Safe to use from several threads.

    Args:
        weights: The weights of the graph by name, and the tables of words, positions and types.
        graph: The bytes of the graph.
        tokenizer: The bytes of ``tokenizer.json``.
        decision: How both models decide.
        reader: The large reading model; None to do without, for which ``decision`` must be fitted.
    """

    def __init__(
        self,
        weights: Mapping[str, NDArray[Any]],
        graph: bytes,
        tokenizer: bytes,
        decision: Decision,
        reader: WindowReader | None = None,
    ) -> None:
        from index.embedding.onnx_encoder import create_session

        tables = (WORD_TABLE, POSITIONS, TYPES)
        self._words, self._places, self._types = (weights[name] for name in tables)
        self._weights = {name: w for name, w in weights.items() if name not in tables}
        self._session = create_session(graph, self._weights)
        self._tokenizer = ClaimTokenizer(tokenizer)
        self._decision, self._reader = decision, reader

    @property
    def supported_from(self) -> float:
        """The probability from which a claim is supported."""
        return self._decision.supported_from

    @property
    def partly_from(self) -> float:
        """The probability from which a claim is supported in part."""
        return self._decision.partly_from

    @classmethod
    def shipped(
        cls, folder: Traversable | None = None, *, reader: WindowReader | None = None
    ) -> Self:
        """Load the shipped model.

        Args:
            folder: The folder of the shipped files; None for that of the package.
            reader: The large reading model; None to do without.

        Raises:
            ModelMissing: A file is missing.
            ModelCorrupt: A file does not match its hash, or cannot be loaded.
            ModelUnavailable: This processor does not compute in 8 bits as it should.
        """
        folder = folder or checking_model_folder()
        manifest = read_json(folder, CHECKER_MANIFEST, _parsed)
        graph, packed = (
            read_checked(folder, name, manifest["files"][name])
            for name in (CHECKER_GRAPH, CHECKER_WEIGHTS)
        )
        published = find_default_model()
        check_default_files(published, (_PUBLISHED_WEIGHTS, TOKENIZER))
        words = {WORD_TABLE: map_tensors(published / _PUBLISHED_WEIGHTS)[WORD_TABLE]}
        try:
            with np.load(io.BytesIO(packed), allow_pickle=False) as file:
                weights = words | {name: file[name] for name in file.files}
            decision = manifest[ALONE if reader is None else WITH_READER]
            tokenizer = (published / TOKENIZER).read_bytes()
            checker = cls(weights, graph, tokenizer, decision, reader)
        except Exception as error:  # onnxruntime raises exceptions of many types
            msg = f"The checking model cannot be loaded: {error}. Reinstall article-qa."
            raise ModelCorrupt(msg) from error
        checker.verify(manifest["reference"])
        return checker

    def verify(self, reference: Mapping[str, Any]) -> None:
        """Raise ModelUnavailable unless a reference claim is read as in float32.

        Some processors lack instructions for 8 bits, and onnxruntime's others can overflow.
        """
        ((window, *_),) = self._tokenizer.windows([(reference["claim"], reference["evidence"])])
        relation, _ = self.read(window)
        difference = float(np.abs(relation - np.array(reference["relation"])).max())
        if difference > _LARGEST_DIFFERENCE:
            msg = f"This processor computes the checking model inexactly (by {difference:.1f})."
            raise ModelUnavailable(msg)

    def check(self, pairs: Sequence[Pair]) -> list[Checked]:
        """Return what was found about each pair, in their order, using all cores.

        A claim that is too long to be read whole is supported in part at most.
        """
        windows = self._tokenizer.windows(pairs)
        with ThreadPoolExecutor(usable_cores()) as pool:
            return list(pool.map(self._check, pairs, windows))

    def read(self, window: ClaimWindow) -> tuple[_Floats, _Floats]:
        """Return the logits of the relations, and that each token of the claim is unsupported."""
        ids = np.array(window.ids)
        types = (np.arange(len(ids)) >= window.evidence_at).astype(int)
        embedded = self._words[ids] + self._places[: len(ids)] + self._types[types]
        given = {"embedded": embedded.astype(np.float32)}
        tokens, relation = self._session.run(["tokens", "relation"], given)
        return relation, tokens[1 : 1 + len(window.offsets), 0]

    def logit(self, pair: Pair) -> float:
        """Return the logit of the checking model alone that a claim is supported."""
        (windows,) = self._tokenizer.windows([pair])
        return max(_support(self.read(window)[0]) for window in windows)

    def _check(self, pair: Pair, windows: Sequence[ClaimWindow]) -> Checked:
        outputs = [self.read(window) for window in windows]
        logit = max(_support(relation) for relation, _ in outputs)
        second = reader_logit(self._reader, pair) if self._reader else 0.0
        probability = self._decision.probability(logit, second)
        cut_at = windows[0].cut_at
        if cut_at is not None:
            probability = min(probability, float(np.nextafter(self.supported_from, 0)))
        if probability >= self.supported_from:
            return Checked(probability)
        # A word is supported if any part of the evidence supports it.
        words = np.min([tokens for _, tokens in outputs], axis=0)
        flags = (words > 0).tolist()
        spans = list(_spans(pair.claim, windows[0].offsets, flags))
        if cut_at is not None:
            spans.append(Span(cut_at, len(pair.claim)))
        return Checked(probability, tuple(spans))


def checking_model_folder() -> Traversable:
    """Return the folder of the shipped model."""
    return resources.files("qa") / "checking_model"


def _parsed(manifest: dict[str, Any]) -> dict[str, Any]:
    files = {name: str(manifest["files"][name]) for name in (CHECKER_GRAPH, CHECKER_WEIGHTS)}
    decisions = {
        name: Decision(**{field: float(manifest[name][field]) for field in Decision._fields})
        for name in (ALONE, WITH_READER)
    }
    return {"files": files, "reference": dict(manifest["reference"]), **decisions}


def _support(relation: _Floats) -> float:
    """Return the logit of "supported" against the other relations together."""
    return float(relation[0] - np.logaddexp.reduce(relation[1:]))


def _spans(claim: str, offsets: Sequence[Span], flags: Sequence[bool]) -> Iterator[Span]:
    """Yield the runs of flagged tokens, extended to whole words."""
    covered = np.zeros(len(claim) + 1, dtype=bool)
    for (start, end), flag in zip(offsets, flags, strict=True):
        if flag:
            while start > 0 and claim[start].isalnum() and claim[start - 1].isalnum():
                start -= 1  # noqa: PLW2901 - extended
            while end < len(claim) and claim[end - 1].isalnum() and claim[end].isalnum():
                end += 1  # noqa: PLW2901
            covered[start:end] = True
    # White space between flagged words belongs to their run.
    for place in range(1, len(claim) - 1):
        if claim[place].isspace() and covered[place - 1] and covered[place + 1]:
            covered[place] = True
    at = 0
    for flagged, run in groupby(covered.tolist()):
        size = len(list(run))
        if flagged:
            yield Span(at, at + size)
        at += size
