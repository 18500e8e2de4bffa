"""Recognise the words on the picture of a page, by RapidOCR and the models in its wheel.

The models are given by their paths, so RapidOCR has nothing to fetch.
"""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Iterable, Iterator, Sequence
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
# A line that is read worse is often none: a picture, a rule, a fold.
_MIN_SCORE = 0.5
_SMALLEST_SIDE = 8
# A picture that is longer, such as that of a whole web page, is read in strips.
_LONGEST_STRIP = 1.6  # of its width
_TALL = 1.5
_MAX_SKEW = 15.0
_WIDE = 5.0
_TURN_SAMPLES = 4
_DOUBTFUL = 0.85
_MIN_CONTRAST = 24.0
_INK_CONTRAST = 0.35
_MARGIN = 0.25  # of the blank between two words, that each of their boxes has
# Shares of the size of letters, measured on six fonts of three families.
_X_HEIGHT = 0.55
_CAPITAL_HEIGHT = 0.75
# Shares of the ink of a usual row, and of letters.
_FULL_ROW = 0.45
_TALL_ROW = 0.2
_FEW = 0.1
_MANY = 0.5
_RATIOS = (1.2, 2.0)  # of capitals to an "x"
_LARGEST_HOLE = 0.15  # in the rows of an "x", as a share of the height of the picture
_TALL_LETTERS = frozenset("bdfhklt0123456789")


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
    size: float
    """The size of its letters in pixels, by the height of an x."""
    baseline: Points
    """``(2,)``: where its baseline starts."""

    @property
    def letters(self) -> int:
        """The number of its letters."""
        return sum(len(word.text) for word in self.words)


def is_installed() -> bool:
    """Return whether the extra ``ocr`` is installed."""
    return importlib.util.find_spec("rapidocr") is not None


def recognise_lines(picture: Pixels) -> tuple[int, list[RecognisedLine]]:
    """Return the lines of text on a picture, legible or not, in no particular order.

    A picture that lies on its side or upside down is turned before. The first number is how many
    quarter turns clockwise make it upright; the lines are placed on the turned picture.

    Raises:
        UnreadableFile: The extra ``ocr`` is not installed.
    """
    boxes, crops = _detect(picture)
    turns = -_direction(boxes) % 4
    if turns % 2:
        turns = (turns + 2 * _is_better_inverted(crops)) % 4
    else:
        lines = _read(boxes, crops)
        found = confidence(lines)
        if found is None or found > _DOUBTFUL or not _is_better_inverted(crops):
            return 0, lines
        turns = 2
    return turns, _read(*_detect(turned(picture, turns)))


def turned(picture: Pixels, turns: int) -> Pixels:
    """Return a picture after this many quarter turns clockwise."""
    return np.ascontiguousarray(np.rot90(picture, -turns))


def skew(lines: Sequence[RecognisedLine]) -> float:
    """Return by how many degrees lines run downwards; 0 if they are too short to say."""
    slopes = []
    for line in lines:
        x, y = (line.corners[1] + line.corners[2] - line.corners[0] - line.corners[3]) / 2
        if x > _WIDE * line.size:
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
    """Yield the parts of a picture that are searched at once, with the row where each begins."""
    height, width = picture.shape[:2]
    longest = int(_LONGEST_STRIP * max(width, _DETECTION_SIDE / 2))
    top = 0
    while height - top > longest:
        # Cut where the rows are the most even, so that no line is cut.
        rows = picture[top + longest // 2 : top + longest, :, 1].astype(np.int16)
        changes = np.abs(np.diff(rows, axis=1, prepend=rows[:, :1])).mean(axis=1)
        cut = top + longest // 2 + int(np.convolve(changes, np.ones(5), "same").argmin())
        yield top, picture[top:cut]
        top = cut
    yield top, picture[top:]


def _detect(picture: Pixels) -> tuple[list[Points], list[Pixels]]:
    """Return the corners of each line of text, and the picture of the line."""
    from rapidocr.main import RapidOCRError

    boxes: list[Points] = []
    pictures: list[Pixels] = []
    for top, strip in _strips(picture):
        if min(strip.shape[:2]) < _SMALLEST_SIDE:
            continue
        steps: dict[str, Any] = {}
        try:
            crops, found = _engine().detect_and_crop(strip, steps)
        except RapidOCRError:  # it found nothing
            continue
        shift = np.array([0.0, top - steps["padding_1"]["top"]])
        # RapidOCR turns the picture of a tall box to the left.
        boxes += [
            (np.roll(box, -1, axis=0) if _is_tall(box) else box) + shift
            for box in found.boxes.astype(np.float64)
        ]
        pictures += crops
    return boxes, pictures


def _is_tall(corners: Points) -> bool:
    return _length(corners[0] - corners[3]) >= _TALL * _length(corners[0] - corners[1])


def _direction(boxes: Sequence[Points]) -> int:
    """Return the direction of most lines, by their length, in quarter turns clockwise."""
    lengths = np.zeros(4)
    for box in boxes:
        x, y = box[1] - box[0]
        lengths[round(float(np.degrees(np.arctan2(y, x))) / 90) % 4] += np.hypot(x, y)
    return int(lengths.argmax())


def _is_better_inverted(crops: Sequence[Pixels]) -> bool:
    """Return whether some of the lines are read better upside down."""
    chosen = sorted(crops, key=lambda crop: -crop.shape[1])[:_TURN_SAMPLES]
    inverted = [turned(crop, 2) for crop in chosen]
    scores = np.array(_engine().recognize_txt([*chosen, *inverted]).scores)
    return bool(scores[len(chosen) :].mean() > scores[: len(chosen)].mean())


def legible(lines: Iterable[RecognisedLine]) -> list[RecognisedLine]:
    """Return the lines that were recognised surely enough to be text."""
    return [line for line in lines if line.score >= _MIN_SCORE]


def _read(boxes: Sequence[Points], crops: Sequence[Pixels]) -> list[RecognisedLine]:
    if not crops:
        return []
    recognised = _engine().recognize_txt(list(crops))
    found = []
    for corners, crop, raw_text, score, info in zip(
        boxes, crops, recognised.txts, recognised.scores, recognised.word_results, strict=True
    ):
        text = " ".join(raw_text.split())
        if text and info.line_txt_len:
            columns = [column for word in info.word_cols for column in word]
            centres = (np.array(columns, np.float64) + 0.5) / info.line_txt_len
            ink = ink_of(crop)
            words = tuple(_words(text, centres, np.atleast_1d(ink.any(axis=0)), corners))
            found.append((words, float(score), corners, letter_heights(ink, text)))
    sure = [heights for *_, heights in found if heights.is_sure]
    ratio, usual = _CAPITAL_HEIGHT / _X_HEIGHT, 0.0
    if sure:
        ratio = float(np.median([heights.capital / heights.x for heights in sure]))
        usual = float(np.median([heights.capital for heights in sure]))
    lines = []
    for words, score, corners, heights in found:
        # Of a few capitals it is not known whether they or an "x" were measured.
        guesses = [height for height in (ratio * heights.x, heights.capital) if height]
        height = heights.capital if heights.is_sure else min(guesses, key=lambda h: abs(h - usual))
        start, foot = _between(corners, 0, 0)[0:4:3]
        baseline = start + heights.baseline * (foot - start)
        size = max(1.0, height / _CAPITAL_HEIGHT)
        lines.append(RecognisedLine(words, score, corners, size, baseline))
    return lines


def _words(
    text: str, centres: Points, inked: NDArray[np.bool_], corners: Points
) -> Iterator[PlacedWord]:
    """Yield the words of a line.

    Args:
        text: The line.
        centres: Where each of its letters is, as a share of the line's length.
        inked: Which columns of the line's picture have ink.
        corners: Where the line is on the page.
    """
    pieces = list(_pieces(text))
    if sum(len(piece) for piece, _ in pieces) != len(centres):
        yield PlacedWord(text, corners, is_joined=False)
        return
    ends = np.cumsum([len(piece) for piece, _ in pieces])
    # The box of a line is larger than its letters, which would make gutters look narrow.
    shown = np.flatnonzero(inked)
    start, end = (shown[0], shown[-1] + 1) if len(shown) else (0, len(inked))
    edges = [(0.0, float(start) / len(inked))]
    for (_, joined), at in zip(pieces[1:], ends[:-1], strict=True):
        left, right = float(centres[at - 1]), float(centres[at])
        middle = (left + right) / 2
        edges.append((middle, middle) if joined else _gap(~inked, left, right))
    edges.append((float(end) / len(inked), 1.0))
    for (piece, joined), before, after in zip(pieces, edges, edges[1:], strict=False):
        yield PlacedWord(piece, _between(corners, before[1], after[0]), is_joined=joined)


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


def ink_of(crop: Pixels) -> NDArray[np.bool_]:
    """Return which pixels of a line's picture are of letters."""
    green = crop[..., 1].astype(np.int16)
    contrast = np.abs(green - np.median(green))
    ink: NDArray[np.bool_] = contrast > max(
        _MIN_CONTRAST, _INK_CONTRAST * float(np.percentile(contrast, 98))
    )
    return ink


class LetterHeights(NamedTuple):
    """The heights of the letters of a line."""

    x: float
    """Of an "x", in pixels; 0 in a line of capitals."""
    capital: float
    """Of capitals and of letters like "b"; 0 if there are none."""
    is_sure: bool
    """Whether both were measured, and are not one and the same."""
    baseline: float
    """Where the baseline is on the picture of the line, as a share of the height."""


def letter_heights(ink: NDArray[np.bool_], text: str) -> LetterHeights:
    """Return the heights of the letters of a line, by the rows of its picture that have ink."""
    counts = ink.sum(axis=1)
    usual = float(np.percentile(counts, 95))
    full = np.flatnonzero(counts > _FULL_ROW * usual)
    if not len(full):
        return LetterHeights(_X_HEIGHT * len(ink), 0.0, is_sure=False, baseline=1.0)
    # The feet of letters of the line above may be on the picture.
    runs = np.split(full, np.flatnonzero(np.diff(full) > _LARGEST_HOLE * len(ink)) + 1)
    longest = max(runs, key=len)
    first, bottom = int(longest[0]), int(longest[-1]) + 1
    letters = sum(map(str.isalnum, text))
    tall = sum(letter in _TALL_LETTERS or letter.isupper() for letter in text) / max(letters, 1)
    above = np.flatnonzero(counts[:first] <= _TALL_ROW * tall * usual)
    top = int(above[-1]) + 1 if len(above) else 0
    x, capital = float(bottom - first), float(bottom - top)
    is_sure = _FEW <= tall < _MANY and _RATIOS[0] < capital / x < _RATIOS[1]
    x, capital = 0.0 if tall >= _MANY else x, 0.0 if tall < _FEW else capital
    return LetterHeights(x, capital, is_sure, bottom / len(ink))


def _gap(blank: NDArray[np.bool_], left: float, right: float) -> tuple[float, float]:
    """Return where the widest blank between two letters begins and ends, as shares."""
    first, last = int(left * len(blank)), int(np.ceil(right * len(blank)))
    within = np.concatenate(([False], blank[first:last], [False])).astype(np.int8)
    starts = np.flatnonzero(np.diff(within) == 1)
    ends = np.flatnonzero(np.diff(within) == -1)
    if not len(starts):
        return ((left + right) / 2,) * 2
    widest = int((ends - starts).argmax())
    margin = _MARGIN * float(ends[widest] - starts[widest])
    return (
        (first + float(starts[widest]) + margin) / len(blank),
        (first + float(ends[widest]) - margin) / len(blank),
    )


def _between(corners: Points, start: float, end: float) -> Points:
    """Return the corners of the part of a line between two shares of its length."""
    upper, lower = corners[1] - corners[0], corners[2] - corners[3]
    return np.array(
        [
            corners[0] + start * upper,
            corners[0] + end * upper,
            corners[3] + end * lower,
            corners[3] + start * lower,
        ]
    )


def _length(vector: Points) -> float:
    return float(np.hypot(*vector))
