"""Select the whole sentences to quote, up to three, for the spans that answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.search.text_index import query_terms
from index.types import Passage, Span, overlap
from qa.reading.ranking import ScoredSpan
from qa.reading.spans import SpanCandidate, sentences_around, trim_to_words
from qa.retrieval.fusion import text_stems

MAX_SENTENCES = 3
"""The most sentences that an answer quotes, unless it has several parts."""
MAX_MEMBER_SENTENCES = 12
"""The most sentences quoted for the parts of an answer."""

# First words that refer to something in the previous sentence.
_ANAPHORA = re.compile(
    r"[\"“‘'(]?(he|she|they|it|this|that|these|those|his|her|their|its|such|both|the former"
    r"|the latter)\b",
    re.IGNORECASE,
)
# A line of a list with its bullet or number.
_ITEM = re.compile(r"^[ \t]*(?:[-*•·–]|\(?\w{1,3}[.)])[ \t]+(?P<item>\S.*)$", re.MULTILINE)
_QUESTION_MARKS = ("?", "\N{FULLWIDTH QUESTION MARK}", "\N{ARABIC QUESTION MARK}")
_CLOSING = "\"'”’»)]*_ "
# Questions whose answer may take more than one sentence.
_LONG = re.compile(
    r"\bwhy\b|\bhow (did|do|does|is|are|was|were|can|could|should|would|will|has|have)\b"
    r"|\bwhat (did|does|do|has|have|had|is|was) .*\b(say|said|tell|told|argue|claim|think|ask"
    r"|promise|announce|demand|reason|position|view|opinion)\w*|\b(explain|describe|reasons)\b",
    re.IGNORECASE,
)
# The largest gap in score to the best span, in logits, at which another span is quoted as well.
_FURTHER_GAP = 1.0
# The same for a span in the best one's passage if the question may have a long answer.
_LONG_GAP = 3.0


@dataclass(frozen=True, slots=True)
class Quote:
    """The offsets of a quote in its article, and the heading of its section."""

    article_id: str
    start: int
    end: int
    heading: str = ""


def select_quotes(
    question: str, scored: Sequence[ScoredSpan], members: Sequence[Span] = ()
) -> tuple[Quote, ...]:
    """Return the sentences of the best of ``scored``, and of the spans that add to its answer.

    The quote that contains the best span comes first. If the answer has several parts, its
    ``members``, it is the sentences of all of them.
    """
    best = scored[0]
    passage = best.candidate.passage
    if members:
        return _of_members(passage, members)
    own = sentences_around(passage, best.candidate.span)[:MAX_SENTENCES]
    chosen = [(passage, span) for span in own]
    chosen += [(passage, span) for span in _needed_around(question, passage, own)]
    for other in scored[1:]:
        further = _sentences_of(other)
        # Without the sentence that it refers to, or cut, it would say something else.
        if _adds_to(question, best, other) and len({*chosen, *further}) <= MAX_SENTENCES:
            chosen += further
    return _joined(list(dict.fromkeys(chosen))[:MAX_SENTENCES])


def reply_after(candidate: SpanCandidate) -> Span | None:
    """Return the sentences that reply to the question a span is in; None if it is in none.

    The model may find the question of an interview or of a list of answers instead of the reply.
    """
    passage = candidate.passage
    asked = sentences_around(passage, candidate.span)[-1]
    if asked not in passage.sentences or not _is_question(passage.words(asked)):
        return None
    at = passage.sentences.index(asked) + 1
    following = passage.sentences[at : at + MAX_SENTENCES]
    if not following or _is_question(passage.words(following[0])):
        return None
    own = [s for s in following if _same_paragraph(passage, following[0], s)]
    return Span(own[0].start, own[-1].end)


def _is_question(sentence: str) -> bool:
    """Return whether a sentence asks something, and does not only report a question."""
    return sentence.rstrip("*_) ").endswith(_QUESTION_MARKS)


def _of_members(passage: Passage, members: Sequence[Span]) -> tuple[Quote, ...]:
    """Return the sentences of all members in reading order, those of a list as one quote."""
    own = sorted({s for member in members for s in sentences_around(passage, member)})
    listed = [items for items in _lists(passage) if any(overlap(items[0], m) for m in members)]
    if listed and overlap(listed[0][-1], own[-1]):
        start = _lead_of(passage, own[0])
        return (Quote(passage.article_id, start, own[-1].end, passage.heading),)
    return _joined([(passage, span) for span in own[:MAX_MEMBER_SENTENCES]])


def whole_list(
    question: str, candidate: SpanCandidate, members: Sequence[Span]
) -> tuple[Span, ...]:
    """Return all items of a list that answers as a whole; else ``members`` itself.

    It does if two or more items have a member, or if the question asks for it and the best span
    is in it: one step or one exception alone would look like the only one.
    """
    for items in _lists(candidate.passage):
        found = sum(any(overlap(item, member) for member in members) for item in items)
        if found > 1 or _is_asked_for(question, candidate, items):
            return tuple(items[:MAX_MEMBER_SENTENCES])
    return tuple(members)


def _is_asked_for(question: str, candidate: SpanCandidate, items: Sequence[Span]) -> bool:
    """Return whether a question asks for the whole list that a span is in.

    At least half of its words, besides those of the title, are in the list's heading or lead
    then, and none is in the item alone.
    """
    item = next((item for item in items if overlap(item, candidate.span)), None)
    if item is None:
        return False
    passage = candidate.passage
    first = sentences_around(passage, items[0])[0]
    lead = f"{passage.heading} {passage.words(Span(_lead_of(passage, first), first.start))}"
    terms = set(query_terms(question)).difference(text_stems(passage.title))
    of_lead = terms.intersection(text_stems(lead))
    of_item = terms.intersection(text_stems(passage.words(item)))
    return bool(of_lead) and 2 * len(of_lead) >= len(terms) and of_lead >= of_item


def _lists(passage: Passage) -> list[list[Span]]:
    """Return the items, without their bullets or numbers, of each list in a passage."""
    found: list[list[Span]] = []
    last = -1
    for match in _ITEM.finditer(passage.text):
        if last < 0 or passage.text[last : match.start()].strip():
            found.append([])
        last = match.end()
        item = trim_to_words(passage.text, Span(*match.span("item")))
        found[-1].append(Span(item.start + passage.start, item.end + passage.start))
    return [items for items in found if len(items) > 1]


def _lead_of(passage: Passage, first: Span) -> int:
    """Return where the sentence that introduces a list begins, or else its first item."""
    before = [s for s in passage.sentences if s.end <= first.start]
    if before and passage.words(before[-1]).rstrip().endswith(":"):
        return before[-1].start
    return first.start


def _sentences_of(scored: ScoredSpan) -> list[tuple[Passage, Span]]:
    """Return the sentences of a span, after those that they refer to."""
    passage = scored.candidate.passage
    own = sentences_around(passage, scored.candidate.span)
    return [(passage, sentence) for sentence in (*_referred_to(passage, own[0]), *own)]


def _adds_to(question: str, best: ScoredSpan, other: ScoredSpan) -> bool:
    gap = best.score - other.score
    if other.candidate.margin <= 0 or _asks(other):
        return False
    same = other.candidate.passage == best.candidate.passage
    return gap <= _FURTHER_GAP or (same and gap <= _LONG_GAP and _LONG.search(question) is not None)


def _asks(scored: ScoredSpan) -> bool:
    """Return whether the sentence of a span is a question, which adds no fact to an answer."""
    passage = scored.candidate.passage
    last = sentences_around(passage, scored.candidate.span)[-1]
    return _is_question(passage.words(last).rstrip(_CLOSING))


def _referred_to(passage: Passage, sentence: Span) -> list[Span]:
    """Return the sentences of the paragraph that one beginning with "He" is understood with."""
    sentences = passage.sentences
    if sentence not in sentences:
        return []
    first = lead = sentences.index(sentence)
    while lead and _ANAPHORA.match(passage.words(sentences[lead])):
        lead -= 1
    return [s for s in sentences[lead:first] if _same_paragraph(passage, s, sentence)]


def _needed_around(question: str, passage: Passage, own: Sequence[Span]) -> list[Span]:
    """Return the neighbours that the best sentences refer to, or that continue the answer.

    A sentence that begins with "He" is understood only with the previous one; a next sentence
    that begins "He also called" continues the answer to "Whom did he call?".
    """
    sentences = passage.sentences
    if own[0] not in sentences:
        return []
    last = sentences.index(own[-1])
    terms = set(query_terms(question))
    around: list[Span] = []
    referred_to = _referred_to(passage, own[0])
    if len(referred_to) + len(own) <= MAX_SENTENCES:
        around.extend(reversed(referred_to))
    if last + 1 < len(sentences):
        following = passage.words(sentences[last + 1])
        if _ANAPHORA.match(following) and terms.intersection(text_stems(following)):
            around.append(sentences[last + 1])
    return [s for s in around if _same_paragraph(passage, *sorted([s, own[0]]))]


def _joined(chosen: list[tuple[Passage, Span]]) -> tuple[Quote, ...]:
    """Join neighbours into one quote; the quote that contains the first sentence comes first."""
    best_passage, best_span = chosen[0]
    quotes: list[Quote] = []
    last: Span | None = None
    for passage, span in sorted(chosen, key=lambda pair: (pair[0].article_id, pair[1])):
        same = quotes and quotes[-1].article_id == passage.article_id
        if same and last and _adjacent(passage, last, span):
            quotes[-1] = replace(quotes[-1], end=span.end)
        else:
            quotes.append(Quote(passage.article_id, *span, passage.heading))
        last = span

    def contains_best(quote: Quote) -> bool:
        same_article = quote.article_id == best_passage.article_id
        return same_article and quote.start <= best_span.start < quote.end

    return tuple(sorted(quotes, key=contains_best, reverse=True))


def _adjacent(passage: Passage, first: Span, second: Span) -> bool:
    """Return whether only white space separates two sentences of one paragraph."""
    between = passage.text[max(0, first.end - passage.start) : second.start - passage.start]
    return _same_paragraph(passage, first, second) and not between.strip()


def _same_paragraph(passage: Passage, first: Span, second: Span) -> bool:
    """Return whether two sentences of ``passage`` are in one paragraph."""
    if first.end < passage.start:
        return False
    return "\n" not in passage.text[first.end - passage.start : second.start - passage.start]
