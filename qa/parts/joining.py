"""Several answers → one, with all their quotes, each cited once, in the order of the answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from index.types import Passage, Span
from qa.answer import Answer
from qa.citations import Citation
from qa.composing import quote_starts


@dataclass
class _Page:
    """The text so far: paragraphs of quotes, and what stands where in it."""

    text: str = ""
    citations: list[Citation] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    """Where each citation's quote begins."""
    marks: list[Span] = field(default_factory=list)
    shorts: list[Span] = field(default_factory=list)

    def add_paragraph(self, words: str) -> None:
        self.text += f"\n\n{words}" if self.text else words

    def add(self, answer: Answer) -> None:
        """Add the quotes that are not there yet, and every short answer."""
        new = [citation for citation in answer.citations if not self._holders(citation)]
        for number, citation in enumerate(new):
            if number:
                self.text += " "
            else:
                self.add_paragraph("")
            self.starts.append(len(self.text))
            self.citations.append(citation)
            mark = f"[{len(self.citations)}]"
            self.text += f"{citation.quote} {mark}"
            self.marks.append(Span(len(self.text) - len(mark), len(self.text)))
        self.shorts += [self._moved(answer, short) for short in answer.shorts]

    def _moved(self, answer: Answer, short: Span) -> Span:
        """Return where a short answer stands now."""
        places = quote_starts(answer.citations, answer.marks)
        at = max(i for i, start in enumerate(places) if start <= short.start)
        citation = answer.citations[at]
        holder = self._holders(citation)[0]  # each quote of the answer has been added
        inside = citation.start - self.citations[holder].start
        by = self.starts[holder] + inside - places[at]
        return Span(short.start + by, short.end + by)

    def _holders(self, citation: Citation) -> list[int]:
        """Return the citations that have all words of this one."""
        return [
            at
            for at, known in enumerate(self.citations)
            if known.article_id == citation.article_id
            and known.start <= citation.start
            and citation.end <= known.end
        ]


def joined(question: str, answers: Sequence[Answer], understood: str | None = None) -> Answer:
    """Return the answers as one, a paragraph for each; a refused part says so.

    Args:
        question: What was asked.
        answers: One of them at least quotes something.
        understood: As of :class:`Answer`.
    """
    page = _Page()
    for answer in answers:
        if answer.answered:
            page.add(answer)
        else:
            page.add_paragraph(f"{answer.text.removesuffix('.')}: {answer.question}")
    refused = any(not answer.answered for answer in answers)
    shorts = tuple(sorted(dict.fromkeys(page.shorts)))
    only = shorts[0] if len(shorts) == len(page.citations) == 1 and not refused else None
    return Answer(
        question=question,
        text=page.text,
        short=page.text[slice(*only)] if only else None,
        citations=tuple(page.citations),
        answered=True,
        confidence=min(answer.confidence for answer in answers if answer.answered),
        passages=merged(answer.passages for answer in answers),
        marks=tuple(page.marks),
        short_at=only,
        shorts_at=() if only else shorts,
        understood=understood,
    )


def merged(lists: Iterable[Sequence[Passage]]) -> tuple[Passage, ...]:
    """Return the passages of several answers, the best of each first, none twice, ranked anew."""
    found: dict[tuple[str, int], Passage] = {}
    for row in zip_longest(*lists):
        for passage in row:
            if passage is not None:
                found.setdefault((passage.article_id, passage.start), passage)
    return tuple(replace(p, rank=rank) for rank, p in enumerate(found.values(), start=1))
