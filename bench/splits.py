"""How good the answers are by kind of question, where a set tells the kinds.

    python -m bench.splits --data DIR [--quick] [--out bench/results]

FairytaleQA by whether the answer is in the text, and word for word; QuAIL as multiple
choice, by type of question; questions written to mislead, by how their label was got, and
with their paragraph alone; snippets edited to state something false: whether the reply is
what they state or what the world knows; and what each wording costs, over the same
questions. The balanced level throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.answers import VARIANTS, articles_of
from bench.commands import as_dicts, parser_of, report, shipped_reader, table
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from index.embedder import SentenceTransformerEmbedder
from qa.evaluation.asking import Asked, ask_all, ask_given, in_variant
from qa.evaluation.metrics import Interval, bootstrap, contained, f1
from qa.reader import ExtractiveReader

# Only these rest on the text alone (../eval's README): the others ask for world knowledge.
TEXT_TYPES = ("Factual", "Character_identity", "Temporal_order", "Causality", "Unanswerable")
ABSTAINING_CHOICE = "not enough information"

Score = Callable[[Asked], float]


@dataclass(frozen=True, slots=True)
class Split:
    """One kind of question of a set, and one figure of it."""

    dataset: str
    kind: str
    figure: str
    questions: int
    value: Interval


class Measuring:
    """Asks the sets with one reader, and scores what comes back at its balanced level."""

    def __init__(self, data: Path, reader: ExtractiveReader, *, quick: bool) -> None:
        self._data, self._reader, self._quick = data, reader, quick
        self._embedder = RememberingEmbedder(SentenceTransformerEmbedder())
        self._threshold = reader.levels["balanced"]

    def splits(self) -> list[Split]:
        """Return every split of every set."""
        return [
            *self.fairytale(),
            *self.quail(),
            *self.misleading("squad_en"),
            *self.misleading("xquad_en"),
            *self.counterfactual(),
            *self.wordings("squad_en"),
            *self.wordings("xquad_en"),
        ]

    def fairytale(self) -> list[Split]:
        """Return F1 by explicitness and by whether the answer is in the text word for word."""
        asked = self._asked("fairytale")
        found = []
        for explicitness in ("explicit", "implicit"):
            for verbatim in (True, False):
                some = [
                    a for a in asked
                    if (a.question.explicitness, a.question.verbatim) == (explicitness, verbatim)
                ]  # fmt: skip
                words = "word for word" if verbatim else "in other words"
                found.append(_split("fairytale", f"{explicitness}, {words}", "F1", some, self._f1))
        return found

    def quail(self) -> list[Split]:
        """Return the accuracy of the option nearest the reply, by type of question."""
        asked = self._asked("quail_news")
        alone = [a for a in asked if a.question.question_type in TEXT_TYPES]
        groups = [("all types", asked), ("types that rest on the text", alone)]
        groups += [
            (name, [a for a in asked if a.question.question_type == name])
            for name in sorted({str(a.question.question_type) for a in asked})
        ]
        return [_split("quail_news", n, "accuracy", some, self._chose_right) for n, some in groups]

    def misleading(self, dataset: str) -> list[Split]:
        """Return how many misleading questions are refused, whole article and paragraph."""
        found = []
        given = list(ask_given(articles_of(self._data, dataset, quick=self._quick), self._reader))
        for where, asked in (("whole article", self._asked(dataset)), ("its paragraph", given)):
            for label in ("official", "recovered"):
                some = [a for a in asked if a.question.label == label]
                name = f"misleading, label {label}, {where}"
                found.append(_split(dataset, name, "refused", some, self._refused))
        return found

    def counterfactual(self) -> list[Split]:
        """Return how often the reply is what the article states, and what the world knows."""
        asked = [a for a in self._asked("rgb_counterfactual") if a.question.world_answers]

        def says_world(a: Asked) -> float:
            return contained(self._shown(a), a.question.world_answers, a.lang)

        def says_article(a: Asked) -> float:
            return contained(self._shown(a), a.question.gold, a.lang)

        stating = [a for a in asked if a.question.answerable]
        return [
            _split("rgb_counterfactual", "false statement", "says it", stating, says_article),
            _split("rgb_counterfactual", "false statement", "says the truth", stating, says_world),
        ]

    def wordings(self, dataset: str) -> list[Split]:
        """Return what each wording adds to F1, over the questions that have it."""
        written = {a.question.id: a for a in self._asked(dataset) if a.question.answerable}
        found = []
        for kind in VARIANTS:
            articles = articles_of(self._data, dataset, quick=self._quick)
            varied = [
                a
                for a in ask_all(articles, self._embedder, self._reader, wording=in_variant(kind))
                if a.question.answerable
            ]

            def change(a: Asked) -> float:
                return self._f1(a) - self._f1(written[a.question.id])

            found.append(_split(dataset, f"worded {kind}", "change of F1", varied, change))
        return found

    def _asked(self, dataset: str) -> list[Asked]:
        articles = articles_of(self._data, dataset, quick=self._quick)
        self._embedder.prepare([q.question for a in articles for q in a.questions])
        return list(ask_all(articles, self._embedder, self._reader))

    def _shown(self, asked: Asked) -> str | None:
        return asked.reply if asked.is_given(self._threshold) else None

    def _f1(self, asked: Asked) -> float:
        return f1(self._shown(asked), asked.question.gold, asked.lang)

    def _refused(self, asked: Asked) -> float:
        return float(self._shown(asked) is None)

    def _chose_right(self, asked: Asked) -> float:
        """Whether the option nearest in meaning is the right one; to refuse is an option."""
        right = asked.question.answers or (ABSTAINING_CHOICE,)
        reply = self._shown(asked)
        if reply is None:
            return float(ABSTAINING_CHOICE in right)
        options = [c for c in asked.question.choices if c != ABSTAINING_CHOICE]
        vectors = self._embedder.encode_documents(options)
        nearest = options[int((vectors @ self._embedder.encode_query(reply)).argmax())]
        return float(nearest in right)


def _split(dataset: str, kind: str, figure: str, asked: Iterable[Asked], score: Score) -> Split:
    groups: dict[str, list[float]] = {}
    for item in asked:
        groups.setdefault(item.article, []).append(score(item))
    total = sum(map(len, groups.values()))
    value = bootstrap(list(groups.values())) if total else Interval(0.0, 0.0, 0.0)
    return Split(dataset, kind, figure, total, value)


def render(environment: Environment, splits: Sequence[Split]) -> str:
    """Return the results as Markdown; kinds without a question are left out."""
    cells = [
        (s.dataset, s.kind, s.figure, str(s.questions), str(s.value)) for s in splits if s.questions
    ]
    return "\n".join(
        [
            "# Answers by kind of question",
            "",
            environment.to_markdown(),
            "At the balanced level; a refusal scores 0 where there is an answer. Accuracy: the "
            "option nearest the reply in meaning is the right one, a refusal picking “not enough "
            "information”. In brackets: 95 %, bootstrap over articles.",
            "",
            *table(("set", "kind", "figure", "questions", "value"), cells),
        ]
    )


def main() -> None:
    """Run the command line."""
    given = parser_of("bench.splits").parse_args()
    environment = Environment.now("bench.splits")
    splits = Measuring(given.data, shipped_reader(given), quick=given.quick).splits()
    text = render(environment, splits)
    report(given, "splits", environment, text, splits=as_dicts(splits))


if __name__ == "__main__":
    main()
