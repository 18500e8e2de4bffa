"""Measure where sentences are taken to end, on Universal Dependencies and the Golden Rules.

python -m bench.sentences FOLDER --out bench/results

FOLDER holds .conllu files of treebanks (github.com/UniversalDependencies) and, if wanted, the
files languages/*_spec.rb of pragmatic_segmenter (github.com/diasks2/pragmatic_segmenter).
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import sentencex

from bench.commands import report, table
from bench.environment import Environment
from index.sentences import guess_language, split_sentences

_SENTENCES_A_PARAGRAPH = 12
_STRING = r'"((?:[^"\\\n]|\\.)*)"'
_RULE = re.compile(rf"text: {_STRING}.*?\n\s*expect\(ps\.segment\)\.to eq\(\[(.*?)\]\)")

Splitter = Callable[[str], list[str]]


@dataclass
class Counts:
    """Boundaries between the sentences of a paragraph."""

    right: int = 0
    found: int = 0
    annotated: int = 0

    def to_cells(self) -> list[str]:
        """Return precision, recall and F1 in percent."""
        precision = self.right / max(1, self.found)
        recall = self.right / max(1, self.annotated)
        f1 = 2 * self.right / max(1, self.found + self.annotated)
        return [f"{100 * value:.1f}" for value in (precision, recall, f1)]


def paragraphs(path: Path) -> Iterator[list[tuple[str, str]]]:
    """Yield the (sentence, white space after it) of each paragraph of a treebank.

    Treebanks of single sentences are read as paragraphs of twelve.
    """
    marked: list[list[tuple[str, str]]] = [[]]
    text = last = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(("# newdoc", "# newpar")):
            marked.append([])
        elif line.startswith("# text = "):
            text = line.removeprefix("# text = ").strip()
        elif line:
            last = line
        elif text:
            marked[-1].append((text, "" if "SpaceAfter=No" in last else " "))
            text = ""
    if all(len(paragraph) <= 1 for paragraph in marked[1:]):
        marked = [[sentence for paragraph in marked for sentence in paragraph]]
    whole = len(marked) == 1
    for paragraph in marked:
        size = _SENTENCES_A_PARAGRAPH if whole else max(1, len(paragraph))
        yield from (paragraph[i : i + size] for i in range(0, len(paragraph), size))


def counted(path: Path, split: Splitter) -> Counts:
    """Return how well the boundaries of a treebank are found."""
    counts = Counts()
    for paragraph in paragraphs(path):
        text = "".join(sentence + space for sentence, space in paragraph)
        annotated = _inner_ends([sentence for sentence, _ in paragraph])
        found = _inner_ends(split(text))
        counts.right += len(found & annotated)
        counts.found += len(found)
        counts.annotated += len(annotated)
    return counts


def _inner_ends(sentences: list[str]) -> set[int]:
    """Return the ends of all sentences but the last, in characters that are not white space."""
    ends, at = set(), 0
    for sentence in sentences[:-1]:
        at += len("".join(sentence.split()))
        ends.add(at)
    return ends


def rules(path: Path) -> list[tuple[str, list[str]]]:
    """Return the texts of one line in a file of Golden Rules, and their sentences."""
    found = []
    for text, sentences in _RULE.findall(path.read_text(encoding="utf-8")):
        if "\\n" not in text and "\\r" not in text:
            found.append((_unescaped(text), [*map(_unescaped, re.findall(_STRING, sentences))]))
    return found


def _unescaped(text: str) -> str:
    return str(json.loads(f'"{text}"'.replace("\\'", "'"), strict=False))


def ours(text: str) -> list[str]:
    """Return the sentences that the product finds."""
    return [text[start:end] for start, end in split_sentences(text)]


def sentencex_alone(text: str) -> list[str]:
    """Return the sentences of sentencex, in English for Latin text."""
    found = sentencex.segment(guess_language(text), text)
    return [sentence.strip() for sentence in found if sentence.strip()]


def main() -> None:
    """Compare sentencex alone with the product, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rows = []
    for path in sorted(given.folder.rglob("*.conllu")):
        alone, product = counted(path, sentencex_alone), counted(path, ours)
        name = path.stem.replace("-ud", "")
        rows.append([name, str(alone.annotated), *alone.to_cells(), *product.to_cells()])
    text = [
        "# Sentence boundaries\n",
        "Precision, recall and F1 in percent of the boundaries within paragraphs of Universal "
        "Dependencies, of sentencex alone (its English rules for Latin scripts) and with the "
        "corrections of index/sentence_ends.py. Many annotated sentences have no full stop (e-mail "
        "headers, list items, pieces of text). The rules were written with the dev parts in sight. "
        "After the totals of the test parts were first seen, two were changed for other reasons: "
        "note marks at the start of a line, and numbers of steps. No error in a test part was "
        "looked at.\n",
        *table(["treebank", "boundaries", "P", "R", "F1", "P now", "R now", "F1 now"], rows),
    ]
    golden = [(path, rules(path)) for path in sorted(given.folder.rglob("*_spec.rb"))]
    passed = [
        [
            path.stem.removesuffix("_spec"),
            str(len(found)),
            *(str(sum(split(t) == s for t, s in found)) for split in (sentencex_alone, ours)),
        ]
        for path, found in golden
        if found
    ]
    if passed:
        text += ["\nGolden Rules of pragmatic_segmenter (texts of one line) that are kept:\n"]
        text += table(["language", "rules", "sentencex", "now"], passed)
    text += ["", Environment.now("bench.sentences").to_markdown()]
    report(given.out, "sentences", "\n".join(text))


if __name__ == "__main__":
    main()
