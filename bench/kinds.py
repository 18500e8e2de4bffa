"""Whether it is recognised what a question asks for, and in which language it is.

    python -m bench.kinds --data DIR [--cache FILE] [--quick] [--out bench/results]

The hand-written questions of ``bench/questions``, of which nothing was fitted on any, are
asked without an article and without a history. The questions of the evaluation sets, all
of which are taken to be factual, are asked of their own article; of the set that the
confidence was fitted on, only the articles that were held back. Across languages, the
questions of XQuAD are answered from their own article and from its English original.
"""

from __future__ import annotations

import functools
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.answers import VARIANTS, articles_of
from bench.commands import parser_of, report, shipped_reader
from bench.datasets import read_set
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from bench.kinds_report import AcrossRow, HandRow, LanguageRow, Results, SetRow, render
from index.embedder import Embedder, SentenceTransformerEmbedder
from index.passage_index import PassageIndex
from index.types import Article
from qa.answer import Kind
from qa.evaluation.asking import Asked, ask_all, in_variant
from qa.evaluation.datasets import EvalArticle, EvalQuestion
from qa.kinds.language import ENGLISH, language_of
from qa.kinds.recognition import wanted_by
from qa.kinds.wording import any_stands_in
from qa.reader import ExtractiveReader
from qa.retriever import Retriever

HAND_WRITTEN = Path(__file__).parent / "questions" / "kinds.jsonl"
SETS = ("squad_en", "xquad_en", "covidqa", "fairytale", "quail_news")
TRANSLATED = ("xquad_es", "xquad_zh", "xquad_hi")
OTHER_LANGUAGE = "other_language"
DUE: dict[str, Kind] = {
    "about": Kind.SUMMARY,
    "summary": Kind.SUMMARY,
    "key_points": Kind.KEY_POINTS,
    "people": Kind.PEOPLE,
    "timeline": Kind.TIMELINE,
    "small_talk": Kind.TALK,
    "help": Kind.TALK,
}
"""The kind of answer that is due; of all others, words of the articles."""


def hand_written(embedder: Embedder) -> list[HandRow]:
    """Return how the hand-written questions are taken, those in other languages left out."""
    taken: dict[tuple[str, bool], list[tuple[str, Kind]]] = {}
    for line in HAND_WRITTEN.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] != OTHER_LANGUAGE:
            given = wanted_by(row["question"], embedder.encode_query, lambda _: False).kind
            key = row["kind"], row["hard"]
            taken.setdefault(key, []).append((row["question"], given))
    rows = []
    for (kind, hard), some in taken.items():
        due = DUE.get(kind, Kind.ANSWER)
        wrong = tuple(f"{question} → {got}" for question, got in some if got is not due)
        rows.append(HandRow(kind, hard, len(some), dict(Counter(got for _, got in some)), wrong))
    return rows


@dataclass(frozen=True, slots=True)
class _Wording:
    """A question of an article in one wording."""

    article: EvalArticle
    text: str


def of_sets(data: Path, embedder: RememberingEmbedder, *, quick: bool) -> list[SetRow]:
    """Return how many questions of each set, in each wording, are not taken to be factual."""
    rows = []
    for name in SETS:
        articles = articles_of(data, name, quick=quick)
        for variant in ("", *VARIANTS):
            asked = list(_wordings(articles, variant))
            if asked:
                embedder.prepare([each.text for each in asked])
                rows.append(_set_row(name, variant or "as written", asked, embedder))
    return rows


def _wordings(articles: Sequence[EvalArticle], variant: str) -> Iterator[_Wording]:
    for article in articles:
        for question in article.questions:
            text = in_variant(variant)(question) if variant else question.question
            if text is not None:
                yield _Wording(article, text)


def _set_row(
    name: str, wording: str, asked: Sequence[_Wording], embedder: RememberingEmbedder
) -> SetRow:
    @functools.cache
    def retriever(article: EvalArticle) -> Retriever:
        index = PassageIndex(None, embedder)
        index.add(Article.from_text(article.text, title=article.title))
        return Retriever(index)

    swallowed = []
    for each in asked:

        def said(words: Sequence[str], article: EvalArticle = each.article) -> bool:
            found = retriever(article).retrieve(" ".join(words))
            return any_stands_in(words, [passage.text for passage in found])

        wanted = wanted_by(each.text, embedder.encode_query, said, titles=[each.article.title])
        if wanted.kind is not Kind.ANSWER:
            swallowed.append(f"{each.text} → {wanted}")
    return SetRow(name, wording, len(asked), tuple(swallowed))


def of_languages(data: Path) -> list[LanguageRow]:
    """Return which languages the questions of each set, and the hand-written, are taken for."""
    lines = [json.loads(line) for line in HAND_WRITTEN.read_text(encoding="utf-8").splitlines()]
    others = [row["question"] for row in lines if row["kind"] == OTHER_LANGUAGE]
    english = [row["question"] for row in lines if row["kind"] != OTHER_LANGUAGE]
    rows = [
        _language_row("hand-written, other languages", "", others),
        _language_row("hand-written, English", ENGLISH, english),
    ]
    for name in (*SETS, *TRANSLATED):
        articles = read_set(data, name, quick=False)
        questions = [question.question for a in articles for question in a.questions]
        rows.append(_language_row(name, articles[0].lang, questions))
    return rows


def _language_row(name: str, lang: str, questions: Sequence[str]) -> LanguageRow:
    """Return the row; without ``lang`` any language but English is right."""
    found = [language_of(question) for question in questions]
    right = sum(f == lang if lang else f not in (None, ENGLISH) for f in found)
    unknown = found.count(None)
    wrong = len(found) - right - unknown
    return LanguageRow(name, lang or "others", len(found), right, unknown, wrong)


def across(data: Path, embedder: RememberingEmbedder, reader: ExtractiveReader) -> list[AcrossRow]:
    """Return how the translated questions fare, of their own articles and of the originals."""
    english = read_set(data, "xquad_en", quick=False)
    rows = [_across_row("en", "en", english, embedder, reader)]
    for name in TRANSLATED:
        own = read_set(data, name, quick=False)
        rows.append(_across_row(own[0].lang, own[0].lang, own, embedder, reader))
        originals = [_asked_in(a, b) for a, b in zip(english, own, strict=True)]
        rows.append(_across_row(own[0].lang, "en", originals, embedder, reader))
    return rows


def _asked_in(english: EvalArticle, translated: EvalArticle) -> EvalArticle:
    """Return the English article with its answerable questions in the other's words."""
    pairs = zip(_spans(english), _spans(translated), strict=True)
    asked = tuple(replace(ours, question=theirs.question) for ours, theirs in pairs)
    return replace(english, questions=asked)


def _spans(article: EvalArticle) -> list[EvalQuestion]:
    return [question for question in article.questions if question.kind == "span"]


def _across_row(
    asked_in: str,
    article: str,
    articles: Sequence[EvalArticle],
    embedder: RememberingEmbedder,
    reader: ExtractiveReader,
) -> AcrossRow:
    embedder.prepare([question.question for a in articles for question in a.questions])
    least = reader.levels["balanced"]
    asked = list(ask_all(articles, embedder, reader))
    spans = [each for each in asked if each.question.kind == "span"]
    off_topic = [each for each in asked if each.question.kind == "off_topic"]
    given = [each for each in spans if each.is_given(least)]
    return AcrossRow(
        asked_in,
        article,
        len(spans),
        len(given),
        sum(_is_right(each) for each in given) / max(1, len(given)),
        sum(each.answer.confidence for each in given) / max(1, len(given)),
        len(off_topic),
        sum(each.is_given(least) for each in off_topic),
    )


def _is_right(asked: Asked) -> bool:
    """Whether the first quote lies where the answer does: what the confidence is the chance of."""
    return bool(asked.citations_right) and asked.citations_right[0]


def latency(embedder: Embedder, count: int = 200) -> float:
    """Return the milliseconds that recognising takes a question, on average."""
    lines = HAND_WRITTEN.read_text(encoding="utf-8").splitlines()[:count]
    questions = [json.loads(line)["question"] for line in lines]
    wanted_by(questions[0], embedder.encode_query, lambda _: False)
    start = time.perf_counter()
    for question in questions:
        wanted_by(question, embedder.encode_query, lambda _: False)
        language_of(question)
    return (time.perf_counter() - start) / len(questions) * 1000


def main() -> None:
    """Run the command line."""
    given = parser_of("bench.kinds").parse_args()
    environment = Environment.now("bench.kinds")
    model = SentenceTransformerEmbedder()
    embedder = RememberingEmbedder(model)
    results = Results(
        tuple(hand_written(embedder)),
        tuple(of_sets(given.data, embedder, quick=given.quick)),
        tuple(of_languages(given.data)),
        tuple(across(given.data, embedder, shipped_reader(given))),
        latency(model),
    )
    report(given, "kinds", environment, render(environment, results), results=asdict(results))


if __name__ == "__main__":
    main()
