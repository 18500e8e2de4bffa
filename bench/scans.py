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
    "The lighthouse at Carrow Point was lit on 3 October 1871 and burned colza oil until 1894, "
    "when the board replaced the lamps with paraffin burners. Three keepers lived on the rock "
    "with their families; a boat brought bread, mail and coal every second Thursday, weather "
    "permitting. The log of that year lists 212 days of fog.",
    "Nobody in the valley remembers who planted the walnut avenue. The oldest trees have girths "
    "of more than four metres, and a survey by the forestry school put their age at 260 years, "
    "give or take twenty. In autumn children collect the nuts, sell them at 1.20 a kilo and spend "
    "the money at the fair in Oberndorf.",
    "Section 12.4 sets out what a tenant has to do before the keys are returned: the meters are "
    "read, the chimney is swept, and any hole in the walls is filled. The deposit (two months' "
    "rent) is paid back within 30 days; after that, interest of 4.5% a year is due. Disputes go "
    "to the arbitration office in Mill Street.",
    "When the printer's apprentice spilled a case of type, the whole shop stopped to sort it. "
    "“Every letter has its box,” said Mrs Hale, “and every box its letter.” It took them until "
    "midnight. The broadsheet appeared a day late, with an apology on page 2 and a drawing of the "
    "apprentice on his knees.",
    "We measured the flow at nine gauges between May and August. At the upper weir it fell from "
    "38 to 11 litres a second; below the confluence it stayed above 60 even in the driest week. "
    "The difference is larger than the error of the instrument, which its maker gives as 3 litres "
    "a second at 20 °C.",
    "La boulangerie de la place ouvre à six heures, sauf le lundi. Le pain de seigle coûte 3,40 "
    "euros; il se garde une semaine entière dans un torchon. L'été dernier, la patronne a formé "
    "deux élèves venus de Besançon, où l'école n'a plus de four.",
    "Im Jahre 1902 beschloss der Gemeinderat, die hölzerne Brücke über den Fluss durch eine aus "
    "Stein zu ersetzen. Die Kosten – 18.600 Mark – trugen zur Hälfte die Müller, für deren Wagen "
    "die alte Brücke zu schwach geworden war. Schon zwei Jahre später rollte darüber die Post.",
    "Keep the starter in a glass jar with a loose lid. Feed it each morning with equal weights of "
    "flour and water (50 g of each is enough), and pour off what you do not need. If it smells of "
    "vinegar, feed it twice a day for a while; if it turns pink, throw it away and begin again. "
    "Never close the lid tightly.",
    "The archive holds 1,340 letters from the years 1768-1801, most of them written in a quick, "
    "slanting hand. Scholars have long disagreed about the addressee, known only as “R.”; the "
    "paper, however, comes from one mill near Angoulême, and its watermark appears in no document "
    "later than 1799. See also pp. 45-52.",
    "El tren de las siete y cuarto llegaba siempre con retraso, y el jefe de estación lo anunciaba "
    "como si fuera una victoria. Después cerraba la ventanilla, apagaba la lámpara y volvía a casa "
    "por el camino del río, contando los pasos: mil doscientos ochenta.",
)
TUNING_TITLES = ("The Morning Crossing", "Minutes and Rules", "On Clay Pipes")
TITLES = (
    "Carrow Point Light", "Trees of the Valley", "Notes for Tenants", "A Case of Type",
    "Summer Flow, Nine Gauges", "Bread and Letters",
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
