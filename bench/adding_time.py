"""Measure reading and chunking an article, by format and length, without embedding.

python -m bench.adding_time --out bench/results
python -m bench.adding_time --files a.pdf b.epub --other CHECKOUT --out bench/results

The second compares adding files, with embedding, to another checkout of this repository.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from bench.commands import report, table
from bench.environment import Environment
from bench.plots import write_svg
from index.chunking import chunk_article
from index.embedding.embedder import SentenceTransformerEmbedder
from index.sources.loaders import load_bytes

CHARACTERS = (12_500, 50_000, 200_000, 800_000)
RUNS = 2
"""The fastest of these is reported."""
COMPARED_RUNS = 3
"""Of each checkout, in turns; the fastest is reported."""
_ADD = """
import json, os, sys, time
from pathlib import Path
from index.sources.loaders import load_file
from qa import ArticleQA

def measured(act):
    cpu, wall = sum(os.times()[:4]), time.perf_counter()
    result = act()
    return [sum(os.times()[:4]) - cpu, time.perf_counter() - wall], result

qa = ArticleQA.from_text("The models are loaded before the time is measured.")
qa.retrieve("What is loaded?")
load_file(Path(sys.argv[1]))
rows = []
for path in sys.argv[1:]:
    read, article = measured(lambda: load_file(Path(path)))
    add, added = measured(lambda: qa.add_file(path))
    rows.append([len(article.text), *read, *add])
    qa.remove(added.id)
print(json.dumps(rows))
"""
_SENTENCE = "On day {} the committee met again to discuss what had been decided in the spring. "
_PARAGRAPH_SENTENCES = 6
_PARAGRAPHS_A_PAGE = 6
_NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns"


def paragraphs_of(characters: int) -> list[str]:
    """Return paragraphs of about this total length; every sentence is different."""
    length = len(_SENTENCE.format(1_000)) * _PARAGRAPH_SENTENCES
    return [
        "".join(
            _SENTENCE.format(number * _PARAGRAPH_SENTENCES + sentence)
            for sentence in range(_PARAGRAPH_SENTENCES)
        ).strip()
        for number in range(max(1, characters // length))
    ]


def _tagged(paragraphs: Sequence[str], tag: str) -> str:
    return "".join(f"<{tag}>{paragraph}</{tag}>" for paragraph in paragraphs)


def _zip(members: Mapping[str, str]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _epub(paragraphs: Sequence[str]) -> bytes:
    kind = 'media-type="application/xhtml+xml"'
    package = f'<manifest><item id="a" href="a.xhtml" {kind}/></manifest><itemref idref="a"/>'
    return _zip(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfile full-path="book.opf"/></container>',
            "book.opf": f"<package>{package}</package>",
            "a.xhtml": f"<html><body>{_tagged(paragraphs, 'p')}</body></html>",
        }
    )


def _odt(paragraphs: Sequence[str]) -> bytes:
    names = " ".join(f'xmlns:{name}="{_NAMESPACE}:{name}:1.0"' for name in ("office", "text"))
    body = f"<office:body>{_tagged(paragraphs, 'text:p')}</office:body>"
    content = f"<office:document-content {names}>{body}</office:document-content>"
    kind = "application/vnd.oasis.opendocument.text"
    return _zip({"mimetype": kind, "content.xml": content})


def _docx(paragraphs: Sequence[str]) -> bytes:
    from docx import Document

    document, buffer = Document(), BytesIO()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.save(buffer)
    return buffer.getvalue()


def _pptx(paragraphs: Sequence[str]) -> bytes:
    from pptx import Presentation

    show, buffer = Presentation(), BytesIO()
    for first in range(0, len(paragraphs), _PARAGRAPHS_A_PAGE):
        slide = show.slides.add_slide(show.slide_layouts[1])
        text = "\n".join(paragraphs[first : first + _PARAGRAPHS_A_PAGE])
        slide.placeholders[1].text_frame.text = text
    show.save(buffer)
    return buffer.getvalue()


def _pdf(paragraphs: Sequence[str]) -> bytes:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    buffer, style = BytesIO(), getSampleStyleSheet()["BodyText"]
    SimpleDocTemplate(buffer).build([Paragraph(paragraph, style) for paragraph in paragraphs])
    return buffer.getvalue()


FORMATS: dict[str, Callable[[Sequence[str]], bytes]] = {
    "txt": lambda paragraphs: "\n\n".join(paragraphs).encode(),
    "md": lambda paragraphs: "\n\n".join(paragraphs).encode(),
    "html": lambda paragraphs: f"<html><body>{_tagged(paragraphs, 'p')}</body></html>".encode(),
    "rtf": lambda paragraphs: b"{\\rtf1 " + "\\par ".join(paragraphs).encode() + b"}",
    "epub": _epub,
    "odt": _odt,
    "docx": _docx,
    "pptx": _pptx,
    "pdf": _pdf,
}


def measured(data: bytes, name: str, embedder: SentenceTransformerEmbedder) -> tuple[float, float]:
    """Return the seconds of reading a file and of splitting its text into passages."""
    start = time.perf_counter()
    article = load_bytes(data, name)
    read = time.perf_counter()
    chunk_article(article, embedder.count_tokens)
    return read - start, time.perf_counter() - read


def added(checkout: Path, files: Sequence[Path]) -> list[list[float]]:
    """Return what adding each file costs in a checkout of this repository, in a fresh process.

    Of each file: characters of its text, CPU seconds and wall seconds of reading it, and the same
    of adding it to a library in memory.
    """
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", _ADD, *(str(path.resolve()) for path in files)],
        cwd=checkout,
        env={
            **os.environ,
            "PYTHONPATH": str(checkout.resolve()),
            # Compiled modules are kept, as an installed package has them.
            "PYTHONDONTWRITEBYTECODE": "",
        },
        stdout=subprocess.PIPE,
        check=True,
    )
    rows: list[list[float]] = json.loads(done.stdout.splitlines()[-1])
    return rows


def comparison(files: Sequence[Path], other: Path) -> list[list[str]]:
    """Return a row for each file: what adding it costs there and here, and how many times more."""
    runs: dict[Path, list[list[list[float]]]] = {other: [], Path.cwd(): []}
    for _ in range(COMPARED_RUNS):
        for checkout, done in runs.items():
            done.append(added(checkout, files))
    rows = []
    for number, path in enumerate(files):
        before, after = (
            [min(values) for values in zip(*(run[number] for run in done), strict=True)]
            for done in runs.values()
        )
        pairs = list(zip(before, after, strict=True))
        rows.append(
            [path.name, " → ".join(f"{count:,.0f}" for count in pairs[0])]
            + [f"{old:.2f} → {new:.2f} ({new / old:.2f})" for old, new in pairs[1:]]
        )
    return rows


def compare(files: Sequence[Path], other: Path, folder: Path) -> None:
    """Write how long adding files takes here and in another checkout."""
    heads = "file|characters|read, CPU|read, wall|add, CPU|add, wall".split("|")
    lines = [
        "# Time of adding files, before and after",
        "",
        Environment.now("bench.adding_time").to_markdown(),
        f"Seconds in the other checkout → here (ratio), the fastest of {COMPARED_RUNS} runs each, "
        "in turns, every run a process of its own with its models loaded and its modules "
        "compiled. Adding is reading, splitting and embedding, in memory. CPU seconds are of the "
        "process and of those it started.",
        "",
        *table(heads, comparison(files, other)),
    ]
    report(folder, "adding_files", "\n".join(lines))


def main() -> None:
    """Measure every format at every length, or compare two checkouts on some files."""
    parser = argparse.ArgumentParser(prog="python -m bench.adding_time", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("bench/results"))
    parser.add_argument("--files", type=Path, nargs="+", help="add these files")
    parser.add_argument("--other", type=Path, help="another checkout, to compare with")
    given = parser.parse_args()
    if given.files and given.other:
        compare(given.files, given.other, given.out)
    elif given.files or given.other:
        parser.error("Give both --files and --other, or neither.")
    else:
        measure_formats(given.out)


def measure_formats(folder: Path) -> None:
    """Measure every format at every length, and write the table and the plot."""
    embedder = SentenceTransformerEmbedder()
    embedder.count_tokens(["Load the tokenizer before timing."])
    seconds: dict[str, list[tuple[float, float]]] = {}
    load = os.getloadavg()[0]
    for suffix, make in FORMATS.items():
        for characters in CHARACTERS:
            data = make(paragraphs_of(characters))
            runs = [measured(data, f"a.{suffix}", embedder) for _ in range(RUNS)]
            fastest = (min(run[0] for run in runs), min(run[1] for run in runs))
            seconds.setdefault(suffix, []).append(fastest)
            print(suffix, characters, *(f"{part:.2f}" for part in fastest), flush=True)
    _draw(seconds, folder / "adding_time.svg")
    (folder / "adding_time.md").write_text(_report(seconds, load), encoding="utf-8")


def _draw(seconds: Mapping[str, Sequence[tuple[float, float]]], path: Path) -> None:
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.add_subplot(
        xlabel="characters", ylabel="seconds to read and split", xscale="log", yscale="log"
    )
    for suffix, parts in seconds.items():
        axes.plot(CHARACTERS, [sum(part) for part in parts], marker="o", label=suffix)
    axes.legend(frameon=False, ncols=3)
    write_svg(figure, path)


def _report(seconds: Mapping[str, Sequence[tuple[float, float]]], load: float) -> str:
    heads = " | ".join(f"{characters:,}" for characters in CHARACTERS)
    rows = [
        f"| {suffix} | {' | '.join(f'{read:.2f} + {cut:.2f}' for read, cut in parts)} |"
        for suffix, parts in seconds.items()
    ]
    return "\n".join(
        [
            "# Time of adding an article, by format and length\n",
            f"Seconds to read a file + seconds to split it into passages, the fastest of {RUNS}"
            " runs, without embedding. Every format except txt is read in a separate process. Other"
            f" programs were running on the machine (load average {load:.1f} at the start).\n",
            f"| characters | {heads} |",
            f"|---|{'---:|' * len(CHARACTERS)}",
            *rows,
            "\n![Seconds by characters](adding_time.svg)\n",
            Environment.now("bench.adding_time").to_markdown(),
        ]
    )


if __name__ == "__main__":
    main()
