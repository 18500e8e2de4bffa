"""What goes wrong: every wrong answer sorted by where it went wrong, and some to read.

    python -m bench.mistakes --data DIR [--sets squad_en …] [--read 200] [--out bench/results]

Of the questions that can be answered, at the balanced level: was the passage not brought,
was another preferred, was it another sentence, other words of the right sentence, or was a
right answer withheld? Of the others: was something answered? ``--read`` prints that many,
drawn evenly, with all that is needed to judge them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.answers import articles_of
from bench.commands import parser_of, report, shipped_reader, table
from bench.datasets import QA_FILES
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from index.embedder import SentenceTransformerEmbedder
from qa.evaluation.asking import Asked, ask_all
from qa.evaluation.metrics import exact_match, f1, hits_any

DEFAULT_SETS = ("squad_en", "covidqa", "fairytale")
RIGHT_ENOUGH = 0.8
"""F1 from which other words than the gold ones are no mistake."""
_QUOTE_CHARS = 400


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong reply and where it went wrong."""

    cause: str
    asked: Asked


def cause_of(asked: Asked, threshold: float) -> str | None:
    """Return where a reply went wrong, or None if it did not."""
    question = asked.question
    given = asked.is_given(threshold)
    if not question.answerable:
        return f"answered though {question.kind}" if given else None
    score = f1(asked.reply, question.gold, asked.lang)
    right = bool(asked.citations_right) and asked.citations_right[0]
    if score >= RIGHT_ENOUGH or exact_match(asked.reply, question.gold, asked.lang):
        return None if given else "withheld: right words"
    if right and not given:
        return "withheld: right sentence"
    if right:
        return "right sentence, other words"
    return _misplaced(asked)


def _misplaced(asked: Asked) -> str:
    spans = asked.question.evidence.spans
    if not any(hits_any(passage, spans) for passage in asked.retrieved):
        return "passage not among those read"
    best = asked.answer.passages[0] if asked.answer.passages else asked.retrieved[0]
    if not hits_any(best, spans):
        return "another passage preferred"
    return "right passage, another sentence"


def mistakes_of(asked: Sequence[Asked], threshold: float) -> Iterator[Mistake]:
    """Yield the wrong replies, in the order of the questions."""
    for item in asked:
        cause = cause_of(item, threshold)
        if cause:
            yield Mistake(cause, item)


def render(environment: Environment, found: dict[str, tuple[int, list[Mistake]]]) -> str:
    """Return the counts as Markdown: a row for each cause, a column for each set."""
    counts = {name: Counter(m.cause for m in some) for name, (_, some) in found.items()}
    causes = sorted({c for count in counts.values() for c in count})
    cells = [
        [
            cause,
            *(
                f"{count[cause]} ({count[cause] / found[name][0]:.1%})"
                for name, count in counts.items()
            ),
        ]
        for cause in causes
    ]
    totals = ["questions", *(str(total) for total, _ in found.values())]
    return "\n".join(
        [
            "# Where wrong replies go wrong",
            "",
            environment.to_markdown(),
            f"At the balanced level. Words with an F1 of {RIGHT_ENOUGH} or more count as right. "
            "In brackets: the share of all questions of the set.",
            "",
            *table(["cause", *found], [*cells, totals]),
        ]
    )


def to_read(found: dict[str, tuple[int, list[Mistake]]], count: int) -> Iterator[str]:
    """Yield ``count`` mistakes, the same each time, as text."""
    every = [(name, mistake) for name, (_, some) in found.items() for mistake in some]
    rng = random.Random(0)  # noqa: S311 - a sample, not a secret
    for number, (name, mistake) in enumerate(rng.sample(every, min(count, len(every)))):
        asked = mistake.asked
        quote = asked.answer.citations[0].quote if asked.answer.citations else ""
        yield "\n".join(
            [
                f"{number} {name} · {mistake.cause} · {asked.answer.confidence:.2f}",
                f"  Q {asked.question.question}",
                f"  gold  {' | '.join(dict.fromkeys(asked.question.gold))[:_QUOTE_CHARS]}",
                f"  reply {asked.reply[:_QUOTE_CHARS]}",
                f"  quote {quote[:_QUOTE_CHARS]}",
            ]
        )


def main() -> None:
    """Run the command line."""
    parser = parser_of("bench.mistakes")
    parser.add_argument("--sets", nargs="+", default=DEFAULT_SETS, choices=QA_FILES)
    parser.add_argument("--read", type=int, default=0, metavar="N")
    given = parser.parse_args()
    environment = Environment.now("bench.mistakes")
    reader = shipped_reader(given)
    embedder = RememberingEmbedder(SentenceTransformerEmbedder())
    found = {}
    for name in given.sets:
        articles = articles_of(given.data, name, quick=given.quick)
        embedder.prepare([q.question for a in articles for q in a.questions])
        asked = list(ask_all(articles, embedder, reader))
        found[name] = len(asked), list(mistakes_of(asked, reader.levels["balanced"]))
    counts = {name: dict(Counter(m.cause for m in some)) for name, (_, some) in found.items()}
    report(given, "mistakes", environment, render(environment, found), counts=counts)
    for text in to_read(found, given.read):
        print(text)


if __name__ == "__main__":
    main()
