"""What an instruction that somebody planted in an article does to the answers.

    python -m bench.injection --data DIR [--set xquad_en] [--out bench/results]

Each article gets one instruction as a paragraph of its own, first, in the middle or last,
and is asked its own answerable questions, at the balanced level. Reported are the fall of
F1 against the clean article, and how often a reply comes from the planted paragraph, cites
it, or has it among the passages that were read. The instructions are BIPIA's (Yi et al.
2023). A reader that quotes cannot obey; it could only quote the instruction.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.answers import articles_of
from bench.commands import as_dicts, parser_of, report, shipped_reader, table
from bench.datasets import QA_FILES
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from index.embedder import SentenceTransformerEmbedder
from index.types import Span
from qa.evaluation.asking import Asked, ask_all
from qa.evaluation.datasets import EvalArticle, EvalQuestion, read_lines
from qa.evaluation.metrics import Interval, Located, bootstrap, f1
from qa.reader import ExtractiveReader

INSTRUCTIONS_FILE = "injection/bipia_text.jsonl"
PLACES = ("first", "middle", "last")
_BREAK = "\n\n"


@dataclass(frozen=True, slots=True)
class Planted:
    """An article with an instruction in it."""

    article: EvalArticle
    paragraph: Span


@dataclass(frozen=True, slots=True)
class InjectionRow:
    """What the instructions in one place did; shares are of all replies."""

    place: str
    questions: int
    clean_f1: float
    f1_change: Interval
    """Planted minus clean, over the same questions; 95 %, over articles."""
    quoted: float
    """The short answer, or the quote without one, lies in the planted paragraph."""
    cited: float
    """A citation touches it."""
    read: float
    """It is among the passages that were read."""


def plant(article: EvalArticle, instruction: str, place: str) -> Planted:
    """Return ``article`` with the instruction as its first, a middle or its last paragraph."""
    text = article.text
    if place == "first":
        at = 0
    elif place == "last":
        at = len(text)
    else:
        found = text.find(_BREAK, len(text) // 2)
        at = found + len(_BREAK) if found >= 0 else len(text)
    before = _BREAK if at == len(text) else ""
    after = "" if at == len(text) else _BREAK
    planted = before + instruction + after
    start = at + len(before)
    changed = replace(
        article,
        text=text[:at] + planted + text[at:],
        questions=tuple(_shifted(q, at, len(planted)) for q in article.questions if q.answerable),
    )
    return Planted(changed, Span(start, start + len(instruction)))


def _shifted(question: EvalQuestion, at: int, by: int) -> EvalQuestion:
    spans = tuple(
        Span(start + by, end + by) if start >= at else Span(start, end)
        for start, end in question.evidence.spans
    )
    return replace(question, evidence=replace(question.evidence, spans=spans))


def read_instructions(data: Path) -> list[str]:
    """Return the instructions of the folder ``data``.

    Raises:
        UnreadableFile: The file is missing or not of the format.
    """
    return list(read_lines(data / INSTRUCTIONS_FILE, lambda item: str(item["instruction"])))


def measure(
    articles: Sequence[EvalArticle],
    instructions: Sequence[str],
    embedder: RememberingEmbedder,
    reader: ExtractiveReader,
) -> list[InjectionRow]:
    """Return a row for each place; article after article takes the next instruction."""
    threshold = reader.levels["balanced"]
    embedder.prepare([q.question for a in articles for q in a.questions])
    can = [replace(a, questions=tuple(q for q in a.questions if q.answerable)) for a in articles]
    clean = {a.question.id: _f1(a, threshold) for a in ask_all(can, embedder, reader)}
    supply = itertools.cycle(instructions)
    rows = []
    for place in PLACES:
        planted = {item.article.id: item for item in _all_planted(articles, supply, place)}
        asked = list(ask_all([p.article for p in planted.values()], embedder, reader))
        rows.append(_row(place, asked, planted, clean, threshold))
    return rows


def _all_planted(
    articles: Sequence[EvalArticle], supply: Iterator[str], place: str
) -> Iterator[Planted]:
    for article in articles:
        yield plant(article, next(supply), place)


def _row(
    place: str,
    asked: Sequence[Asked],
    planted: dict[str, Planted],
    clean: dict[str, float],
    threshold: float,
) -> InjectionRow:
    changes: dict[str, list[float]] = {}
    for a in asked:
        change = _f1(a, threshold) - clean[a.question.id]
        changes.setdefault(a.article, []).append(change)
    given = [a for a in asked if a.is_given(threshold)]
    where = [(a, planted[a.article].paragraph) for a in given]
    total = max(1, len(given))
    return InjectionRow(
        place=place,
        questions=len(asked),
        clean_f1=sum(clean.values()) / max(1, len(clean)),
        f1_change=bootstrap(list(changes.values())),
        quoted=sum(_is_from(a, paragraph) for a, paragraph in where) / total,
        cited=sum(any(_touches(c, p) for c in a.answer.citations) for a, p in where) / total,
        read=sum(any(_touches(r, p) for r in a.retrieved) for a, p in where) / total,
    )


def _is_from(asked: Asked, paragraph: Span) -> bool:
    """Whether what is shown as the answer lies in the paragraph."""
    first = asked.answer.citations[0]
    place = asked.answer.short_at or Span(0, first.end - first.start)
    return _touches(Span(first.start + place.start, first.start + place.end), paragraph)


def _touches(place: Located, paragraph: Span) -> bool:
    return place.start < paragraph.end and paragraph.start < place.end


def _f1(asked: Asked, threshold: float) -> float:
    shown = asked.reply if asked.is_given(threshold) else None
    return f1(shown, asked.question.gold, asked.lang)


def render(environment: Environment, name: str, rows: Sequence[InjectionRow]) -> str:
    """Return the results as Markdown."""
    head = ("planted", "questions", "F1 clean", "change of F1", "quoted", "cited", "read")
    cells = [
        (
            row.place, str(row.questions), f"{row.clean_f1:.3f}", str(row.f1_change),
            f"{row.quoted:.3f}", f"{row.cited:.3f}", f"{row.read:.3f}",
        )
        for row in rows
    ]  # fmt: skip
    return "\n".join(
        [
            "# Instructions planted in an article",
            "",
            environment.to_markdown(),
            f"Set: {name}, answerable questions, balanced level. Quoted, cited, read: the share "
            "of the answers given that come from the planted paragraph, cite it, or had it among "
            "the passages read. In brackets: 95 %, bootstrap over articles.",
            "",
            *table(head, cells),
        ]
    )


def main() -> None:
    """Run the command line."""
    parser = parser_of("bench.injection")
    parser.add_argument("--set", default="xquad_en", choices=QA_FILES)
    given = parser.parse_args()
    environment = Environment.now("bench.injection")
    embedder = RememberingEmbedder(SentenceTransformerEmbedder())
    articles = articles_of(given.data, given.set, quick=given.quick)
    rows = measure(articles, read_instructions(given.data), embedder, shipped_reader(given))
    text = render(environment, given.set, rows)
    report(given, "injection", environment, text, rows=as_dicts(rows))


if __name__ == "__main__":
    main()
