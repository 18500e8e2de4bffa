"""An answer as text: for a terminal, for the clipboard, and as Markdown.

What comes from an article or a question is not trusted, and goes through :mod:`qa.output.escape`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from index.types import Passage, Span
from qa.answers.answer import OVERVIEWS, Answer, Part, lines, parts
from qa.answers.citation import Citation
from qa.output.escape import escape_markdown, flat, safe_address, shorten, visible

NEAREST_SHOWN = 3
# Two or three sentences: enough to see whether a passage is about the question.
EXCERPT_CHARS = 240
_NAME_CHARS = 60

_THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"


def nearest(answer: Answer, limit: int = NEAREST_SHOWN) -> tuple[Citation, ...]:
    """Return the best passages of ``answer`` as quotable places, shortened to whole sentences."""
    places = dict.fromkeys(_excerpt(passage) for passage in answer.passages)
    return tuple(places)[:limit]


def places_of(answer: Answer) -> tuple[Citation, ...]:
    """Return what an answer cites, or what is nearest to a refusal."""
    return answer.citations if answer.answered else nearest(answer)


def place(found: Citation | Passage) -> str:
    """Return where a quote or a passage stands, in words: ``The title, p. 7``.

    Where there are no pages the characters are counted: ``The title, characters 120–180``.
    """
    if found.page is not None:
        return f"{flat(found.title)}, p. {found.page}"
    return f"{flat(found.title)}, characters {found.start}–{found.end}"


def understood_as(question: str) -> str:
    """Return what a follow-up question was taken to ask, as it is told."""
    return f"Understood as: {flat(question)}"


def note_markdown(note: str) -> str:
    """Return what is to be known of an answer as a paragraph of Markdown."""
    return f"*Note: {escape_markdown(flat(note))}*"


def to_plain(answer: Answer) -> str:
    """Return ``answer`` for a terminal: its text, then its sources or the nearest passages."""
    # An answer that is its quotes need not say them twice.
    shown = flat(answer.text)
    return _listed(answer, lambda c: place(c) if flat(c.quote) in shown else _located(c))


def answer_with_sources(answer: Answer) -> str:
    """Return ``answer`` to be copied elsewhere, where no article stands beside it.

    Each quote follows in full, with its place and the file or the address it is from;
    a refusal lists the nearest passages.
    """
    return _listed(answer, _sourced)


def to_markdown(
    answer: Answer,
    *,
    link: Callable[[Citation], str] | None = None,
    tip: Callable[[Citation], str] | None = None,
    named: bool = False,
    beside_understood: str = "",
) -> str:
    """Return ``answer`` as Markdown in which only our own marks are markup.

    Args:
        answer: What to show.
        link: Gives the address of a citation, such as ``#s120-180``. With it each
            mark is a link there; without it the sources are listed below the text.
        tip: Gives the title of that link, which a page shows beside the mark.
        named: Whether a refusal names the article of each place even if they are of one.
        beside_understood: Markup of the caller's, behind what a follow-up was taken to ask.
    """
    blocks = [text_to_markdown(answer, link, tip)]
    if answer.understood:
        told = f"*{escape_markdown(understood_as(answer.understood))}*"
        blocks.insert(0, f"{told} {beside_understood}".strip())
    if answer.note:
        blocks.insert(0, note_markdown(answer.note))
    if not answer.answered and answer.passages:
        places = nearest(answer)
        named = named or len({citation.article_id for citation in places}) > 1
        items = [_near_item(citation, link, named=named) for citation in places]
        blocks += ["**Nearest passages**", "\n".join(items)]
    elif link is None and answer.citations:
        numbered = enumerate(answer.citations, start=1)
        items = [f"- {escape_markdown(f'[{number}] {_located(c)}')}" for number, c in numbered]
        blocks += ["**Sources**", "\n".join(items)]
    return "\n\n".join(blocks)


def text_to_markdown(
    answer: Answer,
    link: Callable[[Citation], str] | None = None,
    tip: Callable[[Citation], str] | None = None,
) -> str:
    """Return ``answer.text`` alone as Markdown; the others are as for :func:`to_markdown`."""
    if answer.kind not in OVERVIEWS:
        return _joined(answer, parts(answer), link, tip)
    blocks: list[list[str]] = []
    for line in lines(answer):
        shown = _joined(answer, line.parts, link, tip)
        if not line.is_entry:
            blocks.append([f"<strong>{shown}</strong>" if line.is_lead else shown])
            continue
        label = f"<strong>{escape_markdown(line.label)}</strong>" if line.label else ""
        if not blocks or not blocks[-1][0].startswith("- "):
            blocks.append([])
        blocks[-1].append(f"- {label}{shown}")
    return "\n\n".join("\n".join(block) for block in blocks)


def leading_to(text: str) -> str:
    """Return what tells a screen reader where a link leads: the first words there, in Markdown."""
    words = escape_markdown(shorten(flat(text[: 2 * _NAME_CHARS]), _NAME_CHARS))
    return f'<span class="unseen">: {words}</span>'


def _joined(
    answer: Answer,
    some: Iterable[Part],
    link: Callable[[Citation], str] | None,
    tip: Callable[[Citation], str] | None,
) -> str:
    *before, last = some
    shown = [_part(answer, part, link, tip) for part in before]
    end = _part(answer, last, link, tip) if last.number else escape_markdown(last.text)
    return "".join([*shown, end])


def _part(
    answer: Answer,
    part: Part,
    link: Callable[[Citation], str] | None,
    tip: Callable[[Citation], str] | None,
) -> str:
    if part.number:
        if link is None:
            # No link: every other bracket is escaped, and so is each ")" and the ":" of
            # a definition. Legible as it is.
            return part.text
        citation = answer.citations[part.number - 1]
        return _linked(part.text, citation, link, tip(citation) if tip else "")
    if part.is_short:
        # As a tag: "**" is no markup beside a word on one side and punctuation on the other.
        return f"<strong>{escape_markdown(part.text)}</strong>"
    return _escaped_between(part.text)


def _escaped_between(text: str) -> str:
    """Return Markdown of what stands beside a mark, where a single space is no markup."""
    inner = text.removeprefix(" ").removesuffix(" ")
    before, after = text.startswith(" "), text.endswith(" ") and text != " "
    return f"{' ' * before}{escape_markdown(inner)}{' ' * after}"


def _linked(
    label: str, citation: Citation, link: Callable[[Citation], str] | None, tip: str = ""
) -> str:
    if link is None:
        return escape_markdown(label)
    title = f' "{_title(tip)}"' if tip else ""
    return f"[{escape_markdown(label)}]({safe_address(link(citation))}{title})"


def _title(text: str) -> str:
    """Return the title of a link in Markdown, which ends at a quotation mark; lines are kept."""
    escaped = (escape_markdown(flat(line)).replace('"', "&#34;") for line in text.split("\n"))
    return "&#10;".join(escaped)


def _near_item(citation: Citation, link: Callable[[Citation], str] | None, *, named: bool) -> str:
    """Return a list item of a refusal; the article is named where it could be several."""
    quoted = escape_markdown(_quoted(citation))
    if named or link is None:
        return f"- {quoted} {_linked(place(citation), citation, link)}"
    return f"- {quoted} [show{leading_to(citation.quote)}]({safe_address(link(citation))})"


def _listed(answer: Answer, told: Callable[[Citation], str]) -> str:
    """Return plain text: the answer, and below it each citation as ``told`` tells it."""
    if answer.answered:
        items = [f"[{number}] {told(c)}" for number, c in enumerate(answer.citations, start=1)]
    else:
        items = [f"- {told(citation)}" for citation in nearest(answer)]
    heading = "Sources" if answer.answered else "Nearest passages"
    text = visible(answer.text).strip()
    if answer.understood:
        text = f"{understood_as(answer.understood)}\n{text}"
    if answer.note:
        text = f"Note: {flat(answer.note)}\n{text}"
    return "\n".join([text, "", f"{heading}:", *items]) if items else text


def _located(citation: Citation) -> str:
    return f"{place(citation)}: {_quoted(citation)}"


def _sourced(citation: Citation) -> str:
    source = f" ({flat(citation.source)})" if citation.source else ""
    return f"{place(citation)}{source}: {_quoted(citation)}"


def _quoted(citation: Citation) -> str:
    """Return the quote in quotation marks, set apart by a thin space from its own."""
    text = flat(citation.quote)
    before = _THIN_SPACE if text.startswith("“") else ""
    after = _THIN_SPACE if text.endswith("”") else ""
    return f"“{before}{text}{after}”"


def _excerpt(passage: Passage) -> Citation:
    start, end = _opening(passage)
    return Citation(
        article_id=passage.article_id,
        title=passage.title,
        start=start,
        end=end,
        quote=passage.text[start - passage.start : end - passage.start],
        heading=passage.heading,
        page=passage.page_of(start),
    )


def _opening(passage: Passage) -> Span:
    """Return the first whole sentences of a passage that fit into EXCERPT_CHARS, at least one.

    Headings at its top are left out, unless there is nothing else.
    """
    first, *more = passage.sentences or (Span(passage.start, passage.end),)
    while more and passage.is_heading(first):
        first, *more = more
    end = first.end
    for sentence in more:
        if sentence.end - first.start > EXCERPT_CHARS:
            break
        end = sentence.end
    return Span(first.start, end)
