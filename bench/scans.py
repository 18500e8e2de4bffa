"""Draw pages of known text as a scanner would deliver them: turned, noisy, small, in columns.

The texts are written for this bench. The pages are A4 at 200 dots per inch, in the fonts of the
DejaVu and Liberation families if the machine has them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

DOTS_PER_INCH = 200
KINDS = ("clean", "skewed", "noisy", "small", "columns", "spoiled")
"""The last is barely legible: it shows whether the confidence says so."""
PAGES_PER_KIND = 6

_SIZE = (1654, 2339)
_MARGIN = 180
_GUTTER = 70
_PAPER, _INK = 250, 20
_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")

TUNING_FONTS = (
    "DejaVuSansCondensed.ttf",
    "DejaVuSerifCondensed.ttf",
    "LiberationSansNarrow-Regular.ttf",
)
FONTS = (
    "DejaVuSans.ttf", "DejaVuSerif.ttf", "LiberationSans-Regular.ttf",
    "LiberationSerif-Regular.ttf", "LiberationSerif-Italic.ttf", "LiberationMono-Regular.ttf",
)  # fmt: skip

TUNING_TEXTS = (
    "The ferry left the quay at 6.40 with eleven passengers, two bicycles and a crate of hens. Its "
    "captain had sailed the strait for thirty-one years and still wrote down the tide before each "
    "crossing. On the far side a bus waited, its engine running; the driver sold tickets at £2.75.",
    "Rule 9(c) of the club says that a member who is absent from three meetings in a row may be "
    "struck off. In 2014 the committee used it once, against a man who had moved to Lisbon, and "
    "restored him the next spring when he sent a letter and a box of figs.",
    "Clay pipes need no more care than a brush and cold water. Hot water cracks the glaze, soap "
    "leaves a film, and bleach eats the thread of the joint within a season or two. The makers "
    "tested 48 lengths of pipe; 45 of them held for at least nine years.",
    "Der Müller prüft das Korn mit der Hand, bevor er es auf die Waage legt. Für einen Sack von 50 "
    "Kilogramm bekommt der Bauer einen Schein, den er später im Büro gegen Geld tauscht.",
)
TEXTS = (
    "A heron has fished below the sluice since the gates were rebuilt in 1996. It comes at first "
    "light, waits on the third post from the left, and is gone before the anglers unload their "
    "cars. Mrs Abernathy has kept a tally: 407 visits in nine winters, only once a second bird.",
    "The quarry closed on 14 February 1958 with nine men on its books. Two of them, the Lloyd "
    "brothers, bought the crane for £35 and ran it for another decade, lifting boats at Porthwen "
    "and, on one occasion, a church bell weighing 1.8 tonnes.",
    "To splice a rope of three strands, unlay about five turns and marry the ends so that each "
    "strand lies between two of the other. Tuck over one, under one, against the lay; after four "
    "tucks trim the ends. Roll the finished splice under your boot – it should feel round, not "
    "lumpy.",
    "Article 7 allows the council to borrow up to 15% of its yearly revenue (see the table in "
    "annex B). In 2009, when the bridge at Kesten failed, it borrowed 2.3 million at 4.25%, to be "
    "repaid by 2024. The auditors’ report called the terms “prudent, if not generous”.",
    "Nineteen volunteers wore the sensor for six nights. Their pulse fell by 8 to 14 beats a "
    "minute within an hour of lying down, and rose again before waking; the four who worked "
    "shifts showed no such rise. We cannot say whether the light or long habit explains it.",
    "“You have brought the wrong key,” said the verger, and he was right. It took Jonas twenty "
    "minutes to walk home through the sleet, and twenty more to find that the key had been in his "
    "other coat all along. By then the organ tuner had left for Grimsby on the 4.52.",
    "Avant la crue de 1910, le moulin fournissait la farine de sept communes. L’eau a emporté la "
    "roue et une partie du bief ; le meunier, âgé de 71 ans, n’a jamais rouvert. Ses enfants "
    "y vendent aujourd’hui du cidre et des pommes séchées.",
    "Der Nachtzug hielt damals noch in jedem größeren Dorf. Wer nach Süden wollte, stieg gegen "
    "22.40 Uhr ein, schlief auf Holzbänken und sah beim Erwachen Schnee auf den Pässen. Übrig ist "
    "davon nur ein Wartesaal mit grünen Kacheln, in dem heute Fahrräder repariert werden.",
    "Sow broad beans in November on light soils, in March on heavy ones, 20 cm apart and 5 cm "
    "deep. Pinch out the tips when the first pods have set: it keeps off blackfly, and the tips "
    "are good to eat with butter. A row of 3 metres feeds two people for about five weeks.",
    "La maestra guardaba las llaves de la biblioteca en una lata de galletas. Cada viernes, "
    "después de clase, prestaba dos libros por niño y apuntaba los títulos con lápiz; en 1987 "
    "faltaban solo tres volúmenes de un total de 612.",
)
TUNING_TITLES = ("The Morning Crossing", "Minutes and Rules", "On Clay Pipes")
TITLES = (
    "The Heron at the Sluice", "Last Days of a Quarry", "Knots and Splices", "Council Debts",
    "Six Nights of Sleep", "Beans, Bread and Books",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """A drawn page and the text on it, a blank line between paragraphs."""

    kind: str
    text: str
    picture: Image.Image
    font: str


def font_files(names: Sequence[str]) -> list[Path]:
    """Return the files of the fonts with these names that the machine has."""
    found = {
        path.name: path
        for folder in map(Path, _FOLDERS)
        if folder.is_dir()
        for path in folder.rglob("*.ttf")
    }
    return [found[name] for name in names if name in found]


def scanned_pages(*, tuning: bool = False) -> Iterator[ScannedPage]:
    """Yield the pages of each kind; those for tuning have other texts and fonts.

    Raises:
        FileNotFoundError: The machine has none of the fonts.
    """
    names = TUNING_FONTS if tuning else FONTS
    texts, titles = (TUNING_TEXTS, TUNING_TITLES) if tuning else (TEXTS, TITLES)
    fonts = font_files(names)
    if not fonts:
        msg = f"None of the fonts {', '.join(names)} is installed."
        raise FileNotFoundError(msg)
    for at, kind in enumerate(KINDS):
        for number in range(PAGES_PER_KIND):
            chance = random.Random(f"{kind} {number} {tuning}")  # noqa: S311 - a repeatable page
            chosen = chance.sample(texts, 4 if kind != "columns" else min(5, len(texts)))
            paragraphs = [titles[(number + at) % len(titles)], *chosen]
            font = fonts[(number + at) % len(fonts)]
            picture = _drawn(paragraphs, font, kind)
            picture = _worn(picture, kind, number, np.random.default_rng(number))
            yield ScannedPage(kind, "\n\n".join(paragraphs), picture, font.stem)


def _drawn(paragraphs: Sequence[str], font: Path, kind: str) -> Image.Image:
    """Return a clean page with a title above its paragraphs."""
    picture = Image.new("L", _SIZE, _PAPER)
    draw = ImageDraw.Draw(picture)
    points = {"small": 6.5, "columns": 9.5}.get(kind, 11)
    letters = ImageFont.truetype(font, round(points * DOTS_PER_INCH / 72))
    large = ImageFont.truetype(font, round(1.6 * points * DOTS_PER_INCH / 72))
    columns = 2 if kind == "columns" else 1
    width = (_SIZE[0] - 2 * _MARGIN - (columns - 1) * _GUTTER) // columns
    draw.text((_MARGIN, _MARGIN), paragraphs[0], font=large, fill=_INK)
    top = _MARGIN + round(3 * large.size)
    lines = [line for text in paragraphs[1:] for line in [*_lines(draw, text, letters, width), ""]]
    rows = -(-len(lines) // columns)
    for at, line in enumerate(lines):
        left = _MARGIN + (at // rows) * (width + _GUTTER)
        draw.text((left, top + at % rows * 1.45 * letters.size), line, font=letters, fill=_INK)
    return picture


def _lines(
    draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, width: int
) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if draw.textlength(longer, font=font) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _worn(picture: Image.Image, kind: str, number: int, chance: np.random.Generator) -> Image.Image:
    """Return the page as a scanner of this kind delivers it."""
    if kind == "skewed":
        angle = (1, -1, 2, -2, 3, -3)[number % 6]
        return picture.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=_PAPER)
    if kind not in {"noisy", "spoiled"}:
        return picture
    values = np.asarray(picture, np.float64)
    is_spoiled = kind == "spoiled"
    wear = ("grainy", "faint", "blurred")[number % 3]
    if wear == "faint":  # grey on grey, as on thermal paper
        contrast = 24 if is_spoiled else 45
        values = 150 + (values - _INK) * contrast / (_PAPER - _INK)
    if wear == "blurred":
        radius = 4.5 + number / 3 if is_spoiled else 1.8
        values = np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), np.float64)
    noise = (28, 9, 14)[number % 3] * (2.5 + number / 4 if is_spoiled else 1)
    values += chance.normal(0, noise, values.shape)
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))
