"""Measure how often intents are recognised, and how many factual questions are mistaken.

    python -m training.evaluate_intent --data DIR [--quick] [--out bench/results]

The questions of ``training/questions`` were written by hand, and nothing was fitted on them; they
are asked without an article or a history. The questions of the evaluation sets, which are all
factual, are asked about their own article. Of the sets that the confidence was fitted on, only the
held-out articles are used.

The wordings of ``training/questions/wordings.jsonl`` are asked of the whole program, each of its
own document. Wordings that nearly repeat a phrase that the model is fitted on are left out.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.answers import VARIANTS, articles_of
from bench.commands import parser_of, report, table
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from index.embedding.embedder import Embedder, SentenceTransformerEmbedder
from index.errors import QuestionError
from index.search.passage_index import PassageIndex
from index.types import Article
from qa.answers.answer import Kind
from qa.article_qa import ArticleQA
from qa.conversation.intent import Intent, contains_any, detect_intent
from qa.evaluation.datasets import EvalArticle
from qa.evaluation.evaluate import variant_phrasing
from qa.retrieval.retriever import Retriever
from training.fit_intent import read_phrases

HAND_WRITTEN = Path(__file__).parent / "questions" / "kinds.jsonl"
WORDINGS = Path(__file__).parent / "questions" / "wordings.jsonl"
DOCUMENTS = Path(__file__).parent / "questions" / "documents"
MAX_SIMILARITY = 0.9
"""Cosine from which a wording is a near copy of a phrase."""
BLANK_WORDING = "blank"
SETS = ("squad_en", "xquad_en", "covidqa", "fairytale", "quail_news")
OTHER_LANGUAGE = "other_language"
EXPECTED_KINDS: dict[str, Kind] = {
    "about": Kind.SUMMARY,
    "summary": Kind.SUMMARY,
    "key_points": Kind.KEY_POINTS,
    "people": Kind.PEOPLE,
    "timeline": Kind.TIMELINE,
    "small_talk": Kind.TALK,
    "help": Kind.TALK,
}
"""The kinds of answer by the kinds of question; all other questions are factual."""
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class HandRow:
    """Results for hand-written questions of one kind, either the hard or the other ones."""

    kind: str
    hard: bool
    questions: int
    taken: dict[Kind, int]
    """How many questions get each kind of answer."""
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetRow:
    """Results for the factual questions of a set in one wording."""

    dataset: str
    wording: str
    questions: int
    swallowed: tuple[str, ...]
    """The questions that are not taken to be factual, with their detected kind."""


def hand_written(embedder: Embedder) -> list[HandRow]:
    """Return the results for the hand-written English questions."""
    taken: dict[tuple[str, bool], list[tuple[str, Kind]]] = {}
    for line in HAND_WRITTEN.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] != OTHER_LANGUAGE:
            given = detect_intent(row["question"], embedder.encode_query).intent.kind
            key = row["kind"], row["hard"]
            taken.setdefault(key, []).append((row["question"], given))
    rows = []
    for (kind, hard), some in taken.items():
        due = EXPECTED_KINDS.get(kind, Kind.ANSWER)
        wrong = tuple(f"{question} → {got}" for question, got in some if got is not due)
        rows.append(HandRow(kind, hard, len(some), dict(Counter(got for _, got in some)), wrong))
    return rows


def of_sets(data: Path, embedder: RememberingEmbedder, *, quick: bool) -> list[SetRow]:
    """Return how many questions of each set, in each wording, are not taken to be factual."""
    rows = []
    for name in SETS:
        articles = articles_of(data, name, quick=quick)
        for variant in ("", *VARIANTS):
            asked = list(_wordings(articles, variant))
            if asked:
                embedder.prepare([text for _, text in asked])
                rows.append(_set_row(name, variant or "as written", asked, embedder))
    return rows


def _wordings(articles: Sequence[EvalArticle], variant: str) -> Iterator[tuple[EvalArticle, str]]:
    for article in articles:
        for question in article.questions:
            text = variant_phrasing(variant)(question) if variant else question.question
            if text is not None:
                yield article, text


def _set_row(
    name: str, wording: str, asked: Sequence[tuple[EvalArticle, str]], embedder: RememberingEmbedder
) -> SetRow:
    @functools.cache
    def retriever(article: EvalArticle) -> Retriever:
        index = PassageIndex(None, embedder)
        index.add(Article.from_text(article.text, title=article.title))
        return Retriever(index)

    swallowed = []
    for article, text in asked:
        intent, words, _ = detect_intent(text, embedder.encode_query, titles=[article.title])
        if words:
            found = retriever(article).retrieve(" ".join(words))
            if contains_any([passage.text for passage in found], words):
                intent = Intent.FACTUAL
        if intent is not Intent.FACTUAL:
            swallowed.append(f"{text} → {intent}")
    return SetRow(name, wording, len(asked), tuple(swallowed))


@dataclass(frozen=True, slots=True)
class WordingResults:
    """Results for the wordings that are asked of five documents."""

    written: int
    near_copies: int
    """Wordings left out."""
    right: dict[str, tuple[int, int]]
    """How many are right, and how many were asked, by the intent they were written for."""
    wrong: tuple[str, ...]


def of_wordings(embedder: Embedder) -> WordingResults:
    """Return how many wordings get the reply that they were written for."""
    rows = [json.loads(line) for line in WORDINGS.read_text(encoding="utf-8").splitlines()]
    known = embedder.encode_documents([phrase.text for phrase in read_phrases()])
    asked = embedder.encode_documents([row["question"] for row in rows])
    near = (asked @ known.T).max(axis=1) >= MAX_SIMILARITY
    qas = {path.stem: ArticleQA.from_file(path) for path in DOCUMENTS.glob("*.txt")}
    qas["bundled"] = ArticleQA.bundled()
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    wrong = []
    for row, is_near in zip(rows, near, strict=True):
        if is_near:
            continue
        got = reply_to(qas[row["document"]], row["question"])
        total[row["intent"]] += 1
        if got in _accepted(row["intent"]):
            right[row["intent"]] += 1
        else:
            wrong.append(f"{row['document']}, {row['intent']}: {row['question']} → {got}")
    results = {intent: (right[intent], total[intent]) for intent in total}
    return WordingResults(len(rows), int(near.sum()), results, tuple(wrong))


def reply_to(qa: ArticleQA, question: str) -> str:
    """Return the intent of a question, ``talk`` for small talk, or ``blank``."""
    try:
        intent = qa.intent(question)
    except QuestionError:
        return BLANK_WORDING
    return "talk" if intent.kind is Kind.TALK else intent.value


def _accepted(intent: str) -> set[str]:
    # The reader may find the author or the date before their intent matters.
    return {intent, Intent.FACTUAL.value} if intent in ("author", "date") else {intent}


def render(
    environment: Environment,
    hand: Sequence[HandRow],
    sets: Sequence[SetRow],
    wordings: WordingResults,
) -> str:
    """Return the results as Markdown."""
    easy, hard = (_right(hand, hard=hard) for hard in (False, True))
    return "\n".join(
        [
            "# Intent of questions",
            "",
            environment.to_markdown(),
            "## Hand-written questions",
            "",
            "How many questions get which kind of answer. Right is “answer” for factual, yes-no "
            "and follow-up questions, “summary” for about and summary, “talk” for small talk and "
            "help.",
            "",
            *table(("kind", "hard", "questions", *Kind, "right"), [_hand_cells(r) for r in hand]),
            "",
            f"Easy: {easy}. Hard: {hard}. Wrong:",
            "",
            *[f"- {row.kind}: {wrong}" for row in hand for wrong in row.wrong],
            "",
            "## Wordings asked of five documents",
            "",
            *_wording_lines(wordings),
            "",
            "## Factual questions that are mistaken",
            "",
            *table(
                ("set", "wording", "questions", "mistaken", "share"),
                [_set_cells(row) for row in sets],
            ),
            "",
            *[f"- {r.dataset}, {r.wording}: {q}" for r in sets for q in r.swallowed[:_SHOWN]],
        ]
    )


def _wording_lines(results: WordingResults) -> list[str]:
    right, total = (sum(pair[i] for pair in results.right.values()) for i in (0, 1))
    rows = [(intent, str(asked), str(good)) for intent, (good, asked) in results.right.items()]
    good, factual = results.right.get(Intent.FACTUAL.value, (0, 0))
    return [
        f"Of {results.written} wordings, {results.near_copies} are near copies of a training "
        f"phrase (cosine at least {MAX_SIMILARITY}) and left out. {right} of {total} right "
        f"({right / total:.3f}). Factual questions taken for something else: {factual - good} "
        f"of {factual}.",
        "",
        *table(("intent", "asked", "right"), rows),
        "",
        *[f"- {line}" for line in results.wrong],
    ]


def _hand_cells(row: HandRow) -> tuple[str, ...]:
    taken = [str(row.taken.get(kind, 0)) for kind in Kind]
    share = 1 - len(row.wrong) / row.questions
    return (row.kind, "yes" if row.hard else "", str(row.questions), *taken, f"{share:.2f}")


def _set_cells(row: SetRow) -> tuple[str, ...]:
    number = len(row.swallowed)
    share = f"{number / row.questions:.4f}"
    return (row.dataset, row.wording, str(row.questions), str(number), share)


def _right(rows: Sequence[HandRow], *, hard: bool) -> str:
    some = [row for row in rows if row.hard is hard]
    total = sum(row.questions for row in some)
    return f"{total - sum(len(row.wrong) for row in some)} of {total} right"


def main() -> None:
    """Run the command line."""
    given = parser_of("training.evaluate_intent").parse_args()
    environment = Environment.now("training.evaluate_intent")
    embedder = RememberingEmbedder(SentenceTransformerEmbedder())
    hand, sets = hand_written(embedder), of_sets(given.data, embedder, quick=given.quick)
    wordings = of_wordings(embedder)
    report(given.out, "intent", render(environment, hand, sets, wordings))


if __name__ == "__main__":
    main()
