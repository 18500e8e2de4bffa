"""Recognise the words on the picture of a page, by RapidOCR and the models in its wheel.

The models are given by their paths, so RapidOCR has nothing to fetch.
"""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.errors import UnreadableFile

Pixels: TypeAlias = NDArray[np.uint8]
"""``(height, width, 3)``, blue first."""
Points: TypeAlias = NDArray[np.float64]
"""``(…, 2)``: x from the left and y from the top of a picture, in pixels."""

NOT_INSTALLED = 'To read scans and pictures, install the extra: pip install "article-qa[ocr]".'

_MODELS = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
    "Cls": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
}
_THREADS = 2
# Lines are found on a picture of this many pixels a side, and read from the full one. A page of
# A4 with letters of 6.5 points has them 12 pixels high then.
_DETECTION_SIDE = 1_440
_MIN_SCORE = 0.5
# A picture that is longer, such as that of a whole web page, is read in strips.
_LONGEST_STRIP = 1.6  # of its width
_TALL = 1.5
_MAX_SKEW = 15.0
_WIDE = 5.0
_TURN_SAMPLES = 8
_UPSIDE_DOWN = "180"


class PlacedWord(NamedTuple):
    """A word, or a letter of a script without spaces, on a picture."""

    text: str
    corners: Points
    """``(4, 2)``: upper left, upper right, lower right and lower left of the word."""
    is_joined: bool
    """Whether no space is between it and the one before it in its line."""


@dataclass(frozen=True, slots=True)
class RecognisedLine:
    """A line of words, or a part of one, in the order in which they are read."""

    words: tuple[PlacedWord, ...]
    score: float
    """The mean probability of its letters."""
    corners: Points
    """``(4, 2)``, as those of a word."""

    @property
    def letters(self) -> int:
        """The number of its letters."""
        return sum(len(word.text) for word in self.words)

    @property
    def height(self) -> float:
        """The height of its box, in pixels."""
        return _length(self.corners[0] - self.corners[3])


def is_installed() -> bool:
    """Return whether the extra ``ocr`` is installed."""
    return importlib.util.find_spec("rapidocr") is not None


def recognise_lines(picture: Pixels) -> list[RecognisedLine]:
    """Return the lines of text on a picture, in no particular order.

    Raises:
        UnreadableFile: The extra ``ocr`` is not installed.
    """
    lines: list[RecognisedLine] = []
    for top, strip in _strips(picture):
        boxes, crops = _detect(strip)
        lines += [
            _moved(line, top)
            for line in _read(boxes, crops)
            if line.words and line.score >= _MIN_SCORE
        ]
    return lines


def quarter_turns(picture: Pixels) -> int:
    """Return by how many quarter turns clockwise a picture must be turned to be upright.

    0 if it has no text.
    """
    boxes, crops = _detect(next(iter(_strips(picture)))[1])
    if not crops:
        return 0
    # RapidOCR turns the crop of a tall box to the left, so its letters are upright or upside down.
    tall = [_length(box[0] - box[3]) >= _TALL * _length(box[0] - box[1]) for box in boxes]
    is_sideways = 2 * sum(tall) > len(tall)
    chosen = [crop for crop, is_tall in zip(crops, tall, strict=True) if is_tall == is_sideways]
    chosen = sorted(chosen, key=lambda crop: -crop.shape[1])[:_TURN_SAMPLES]
    _, found = _engine().cls_and_rotate(chosen)
    inverted = sum(label == _UPSIDE_DOWN for label, _ in found.cls_res)
    is_inverted = 2 * inverted > len(chosen)
    return (3 if not is_inverted else 1) if is_sideways else 2 * is_inverted


def skew(lines: Sequence[RecognisedLine]) -> float:
    """Return by how many degrees lines run downwards; 0 if they are too short to say."""
    slopes = []
    for line in lines:
        x, y = (line.corners[1] + line.corners[2] - line.corners[0] - line.corners[3]) / 2
        if x > _WIDE * line.height:
            slopes.append((float(np.degrees(np.arctan2(y, x))), float(x)))
    if not slopes:
        return 0.0
    slopes.sort()
    half = sum(width for _, width in slopes) / 2
    for slope, width in slopes:
        half -= width
        if half <= 0:
            return slope if abs(slope) < _MAX_SKEW else 0.0
    return 0.0


def confidence(lines: Sequence[RecognisedLine]) -> float | None:
    """Return the mean probability of the letters of lines; None if there are none."""
    letters = sum(line.letters for line in lines)
    return sum(line.score * line.letters for line in lines) / letters if letters else None


@functools.cache
def _engine() -> Any:  # noqa: ANN401 - untyped
    """Return RapidOCR's engine; its models are loaded when they are first used."""
    if not is_installed():
        raise UnreadableFile(NOT_INSTALLED)
    import rapidocr

    folder = Path(rapidocr.__file__).parent / "models"
    paths = {f"{part}.model_path": str(folder / name) for part, name in _MODELS.items()}
    if not all(map(os.path.isfile, paths.values())):
        msg = f"The models of RapidOCR are missing. {NOT_INSTALLED}"
        raise UnreadableFile(msg)
    return rapidocr.RapidOCR(
        params={
            **paths,
            "Global.log_level": "critical",
            "Global.return_word_box": True,
            "Det.limit_type": "max",
            "Det.limit_side_len": _DETECTION_SIDE,
            # A batch is as wide as its widest line, and takes memory for it.
            "Rec.rec_batch_num": 4,
            "EngineConfig.onnxruntime.intra_op_num_threads": min(_THREADS, os.cpu_count() or 1),
        }
    )


def _strips(picture: Pixels) -> Iterator[tuple[int, Pixels]]:
    """Yield the parts of a picture that are recognised at once, with the row where each begins."""
    height, width = picture.shape[:2]
    longest = int(_LONGEST_STRIP * max(width, _DETECTION_SIDE / 2))
    top = 0
    while height - top > longest:
        # Cut where the rows are the most even, so that no line is cut.
        rows = picture[top + longest // 2 : top + longest, :, 1]
        changes = np.abs(np.diff(rows.astype(np.int16), axis=1)).mean(axis=1)
        window = np.convolve(changes, np.ones(5), "same")
        cut = top + longest // 2 + int(window.argmin())
        yield top, picture[top:cut]
        top = cut
    yield top, picture[top:]


def _detect(picture: Pixels) -> tuple[list[Points], list[Pixels]]:
    """Return the corners of each line of text, and the picture of the line."""
    from rapidocr.main import RapidOCRError

    if min(picture.shape[:2]) < 1:
        return [], []
    try:
        crops, found = _engine().detect_and_crop(picture, {})
    except RapidOCRError:  # it found nothing
        return [], []
    return list(found.boxes.astype(np.float64)), crops


def _read(boxes: Sequence[Points], crops: Sequence[Pixels]) -> Iterator[RecognisedLine]:
    if not crops:
        return
    found = _engine().recognize_txt(list(crops))
    for corners, crop, text, score, info in zip(
        boxes, crops, found.txts, found.scores, found.word_results, strict=True
    ):
        text = " ".join(text.split())
        if text and info.line_txt_len:
            columns = [column for word in info.word_cols for column in word]
            centres = (np.array(columns, np.float64) + 0.5) / info.line_txt_len
            words = tuple(_words(text, centres, crop, corners))
            yield RecognisedLine(words, float(score), corners)


def _words(text: str, centres: Points, crop: Pixels, corners: Points) -> Iterator[PlacedWord]:
    """Yield the words of a line.

    Args:
        text: The line.
        centres: Where each of its letters is, as a share of the line's length.
        crop: The picture of the line.
        corners: Where the line is on the page.
    """
    pieces = list(_pieces(text))
    if sum(len(piece) for piece, _ in pieces) != len(centres):
        yield PlacedWord(text, corners, is_joined=False)
        return
    ends = np.cumsum([len(piece) for piece, _ in pieces])
    edges = [(0.0, 0.0)]
    blank = _blank_columns(crop)
    for (_, joined), end in zip(pieces[1:], ends[:-1], strict=True):
        left, right = float(centres[end - 1]), float(centres[end])
        middle = (left + right) / 2
        edges.append((middle, middle) if joined else _gap(blank, left, right))
    edges.append((1.0, 1.0))
    for at, (piece, joined) in enumerate(pieces):
        box = _between(corners, edges[at][1], edges[at + 1][0])
        yield PlacedWord(piece, box, is_joined=joined)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield words, and letters of scripts without spaces, and whether each is joined."""
    for word in text.split():
        start = 0
        for at in range(1, len(word) + 1):
            if at == len(word) or _is_wide(word[at]) or _is_wide(word[at - 1]):
                yield word[start:at], start > 0
                start = at


def _is_wide(letter: str) -> bool:
    """Return whether a letter is of a script without spaces between words."""
    return "\u2e80" <= letter <= "\u9fff" or "\uf900" <= letter <= "\uffef"


def _blank_columns(crop: Pixels) -> NDArray[np.bool_]:
    """Return for each column of a line's picture whether it has no ink."""
    grey = crop[..., 1].astype(np.int16)
    paper = np.median(grey)
    ink = np.abs(grey - paper)
    threshold = max(24.0, 0.35 * float(np.percentile(ink, 98)))
    blank: NDArray[np.bool_] = (ink > threshold).sum(axis=0) <= 0.02 * len(crop)
    return blank


def _gap(blank: NDArray[np.bool_], left: float, right: float) -> tuple[float, float]:
    """Return where the widest blank between two letters begins and ends, as shares."""
    first, last = int(left * len(blank)), int(np.ceil(right * len(blank)))
    within = np.concatenate(([False], blank[first:last], [False])).astype(np.int8)
    starts = np.flatnonzero(np.diff(within) == 1)
    ends = np.flatnonzero(np.diff(within) == -1)
    if not len(starts):
        return ((left + right) / 2,) * 2
    widest = int((ends - starts).argmax())
    return (first + float(starts[widest])) / len(blank), (first + float(ends[widest])) / len(blank)


def _between(corners: Points, start: float, end: float) -> Points:
    """Return the corners of the part of a line between two shares of its length."""
    if _length(corners[0] - corners[3]) >= _TALL * _length(corners[0] - corners[1]):
        corners = np.roll(corners, -1, axis=0)  # its letters run upwards or downwards
    upper, lower = corners[1] - corners[0], corners[2] - corners[3]
    return np.array(
        [
            corners[0] + start * upper,
            corners[0] + end * upper,
            corners[3] + end * lower,
            corners[3] + start * lower,
        ]
    )


def _moved(line: RecognisedLine, down: int) -> RecognisedLine:
    shift = np.array([0.0, down])
    words = tuple(word._replace(corners=word.corners + shift) for word in line.words)
    return RecognisedLine(words, line.score, line.corners + shift)


def _length(vector: Points) -> float:
    return float(np.hypot(*vector))
