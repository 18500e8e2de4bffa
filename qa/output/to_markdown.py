"""Write an answer or a conversation as Markdown, for a file or for the chat page.

Everything from an article or a question is escaped. A file has to read well as plain text too, so
its text is escaped with backslashes and there is no HTML in it. The chat page is rendered by
Gradio, with extensions of its own, so everything there goes through the strict
:func:`qa.output.escape.escape_markdown`; bold is a tag, because ``**`` is no markup between a
letter and punctuation.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from index.types import Article
from qa.answers.answer import OVERVIEWS, Answer, Line, Part, lines, parts
from qa.answers.citation import Citation
from qa.answers.written_wording import flag_of
from qa.output.chat_links import Links, checked_chat_markdown, escaped_between, joined_lines
from qa.output.checked_text import CheckedLine, lines_of, written_by
from qa.output.escape import (
    backslash_escape,
    backslash_escape_inline,
    escape_block_starts,
    escape_markdown,
    is_address,
    replace_control_characters,
    safe_address,
    shorten,
    single_line,
)
from qa.output.quoted_rows import QuotedRow, displayed_parts, row_html
from qa.output.to_text import (
    NO_PARAGRAPHS,
    Paragraphs,
    in_quotation_marks,
    nearest,
    paragraphs_of,
    place,
    places_of,
    understood_as,
)
from qa.output.transcript import Transcript, Turn

UNTITLED = "Conversation"
_LINK_TEXT_CHARS = 60


def conversation_to_markdown(
    transcript: Transcript,
    article_of: Callable[[str], Article] | None = None,
    *,
    strike: bool = True,
) -> str:
    """Return a conversation as a Markdown document.

    Args:
        transcript: The conversation.
        article_of: Returns the article of an id, as :meth:`qa.ArticleQA.article` does; used to
            count paragraphs. Without it, a quote from an article without pages is located by
            its offsets.
        strike: Whether to strike statements of a language model that are not supported.
    """
    title = single_line(transcript.title) or UNTITLED
    blocks = [f"# {backslash_escape_inline(title)}"]
    if transcript.at:
        blocks.append(backslash_escape(exported_on(transcript.at)))
    for number, turn in enumerate(transcript.turns, start=1):
        blocks += _turn_blocks(number, turn, article_of, strike=strike)
    return "\n\n".join(blocks) + "\n"


def exported_on(at: str) -> str:
    """Return the line that dates an export, from an ISO 8601 time."""
    return f"Exported on {at[:10]}"


def answer_to_markdown(
    answer: Answer, paragraphs: Paragraphs | None = None, *, strike: bool = True
) -> str:
    """Return ``answer`` with the list of its sources, or of the nearest passages of a refusal.

    Each source is its place, its file or address, and its exact words as a block quote, in which
    a line break becomes a space. ``strike`` is as for :func:`conversation_to_markdown`.
    """
    blocks = []
    if answer.note:
        blocks.append(_italic(f"Note: {single_line(answer.note)}"))
    if answer.understood:
        blocks.append(_italic(understood_as(answer.understood)))
    blocks.append(_checked_document(answer, strike=strike) or _document_text(answer))
    if by := written_by(answer):
        blocks.append(_italic(by))
    places = places_of(answer)
    if places:
        blocks.append("**Sources**" if answer.answered else "**Nearest passages**")
    for number, citation in enumerate(places, start=1):
        bullet = f"{number}." if answer.answered else "-"
        blocks.append(_source(bullet, citation, (paragraphs or {}).get(citation)))
    return "\n\n".join(filter(None, blocks))


def chat_markdown(  # noqa: PLR0913 - one for each option
    answer: Answer,
    *,
    link: Callable[[Citation], str],
    tip: Callable[[Citation], str] | None = None,
    named: bool = False,
    beside_understood: str = "",
    paragraphs: Paragraphs = NO_PARAGRAPHS,
    strike: bool = True,
) -> str:
    """Return ``answer`` for the chat page, where each citation mark is a link.

    Args:
        answer: The answer to show.
        link: Returns the address of a citation, such as ``#s120-180``.
        tip: Returns the title of that link, which the page shows beside the mark.
        named: Whether a refusal names the article of each passage even if there is only one.
        beside_understood: Markup to put after the line that says how a follow-up was understood.
        paragraphs: Where the passages of a refusal are, if their articles have no pages.
        strike: Whether to strike statements of a language model that are not supported.
    """
    blocks = []
    if answer.note:
        blocks.append(f"*Note: {escape_markdown(single_line(answer.note))}*")
    if answer.understood:
        understood = f"*{escape_markdown(understood_as(answer.understood))}*"
        blocks.append(f"{understood} {beside_understood}".strip())
    links = Links(answer.citations, link, tip)
    if answer.claims:
        blocks.append(checked_chat_markdown(lines_of(answer, strike=strike), links))
    else:
        blocks.append(_chat_text(answer, links))
    places = () if answer.answered else nearest(answer)
    if places:
        named = named or len({citation.article_id for citation in places}) > 1
        items = [
            _nearest_item(citation, link, paragraphs.get(citation), named=named)
            for citation in places
        ]
        blocks += ["**Nearest passages**", "\n".join(items)]
    return "\n\n".join(blocks)


def link_text_start(text: str) -> str:
    """Return the first words at a link's target, for a screen reader, as Markdown."""
    words = escape_markdown(shorten(single_line(text[: 2 * _LINK_TEXT_CHARS]), _LINK_TEXT_CHARS))
    return f'<span class="unseen">: {words}</span>'


def _text(
    answer: Answer,
    text: Callable[[Iterable[Part]], str],
    entry: Callable[[Line], str],
    paragraph: Callable[[Line], str],
) -> str:
    """Return the text of an answer, in which runs of overview entries are lists."""
    if answer.kind not in OVERVIEWS:
        return text(parts(answer))
    blocks = []
    for is_entry, group in itertools.groupby(lines(answer), key=lambda line: line.is_entry):
        if is_entry:
            blocks.append("\n".join(f"- {entry(line)}" for line in group))
        else:
            blocks += map(paragraph, group)
    return "\n\n".join(blocks)


# --- a document ------------------------------------------------------------------------


def _italic(text: str) -> str:
    return f"*{backslash_escape_inline(text.strip())}*"


def _turn_blocks(
    number: int, turn: Turn, article_of: Callable[[str], Article] | None, *, strike: bool
) -> Iterator[str]:
    yield f"## {number}. {backslash_escape_inline(single_line(turn.question))}".rstrip()
    places = places_of(turn.answer)
    paragraphs = paragraphs_of(places, article_of) if article_of else None
    if turn.pinned:
        yield "★ Pinned"
    if turn.note:
        yield f"**Your note:** {backslash_escape_inline(single_line(turn.note))}"
    yield answer_to_markdown(turn.answer, paragraphs, strike=strike)


def _source(bullet: str, citation: Citation, paragraph: int | None) -> str:
    """Return a list item; lines after the first are indented, which keeps them in the item."""
    where = backslash_escape(place(citation, paragraph)) + _origin(citation.source)
    indent = " " * (len(bullet) + 1)
    quoted = backslash_escape(citation.quote).split("\n")
    below = "\n".join(f"{indent}> {line}".rstrip() for line in quoted)
    return f"{bullet} {where}\n\n{below}"


def _origin(source: str | None) -> str:
    if is_address(source):
        return f" – <{safe_address(source)}>"
    return f" – {backslash_escape_inline(single_line(source))}" if source else ""


def _document_text(answer: Answer) -> str:
    def text(some: Iterable[Part]) -> str:
        return escape_block_starts(_inline(some))

    def entry(line: Line) -> str:
        label = backslash_escape_inline(line.label.strip())
        return escape_block_starts(f"{f'**{label}**' if label else ''}{_inline(line.parts)}")

    def paragraph(line: Line) -> str:
        shown = _inline(line.parts).strip()
        return f"**{shown}**" if line.is_lead and shown else escape_block_starts(shown)

    return _text(answer, text, entry, paragraph)


def _checked_document(answer: Answer, *, strike: bool) -> str:
    """Return the text of a written answer; empty if it is quoted."""
    return joined_lines(lines_of(answer, strike=strike) if answer.claims else (), _checked_line)


def _checked_line(line: CheckedLine) -> str:
    parts = (
        Part(flag_of(run.status_of))
        if run.status_of
        else Part(run.text, run.number, is_short=run.is_struck)
        for run in line.runs
    )
    return escape_block_starts(_inline(parts, "~~"))


def _inline(some: Iterable[Part], around_short: str = "**") -> str:
    """Return parts of an answer as Markdown: marks unescaped, short answers in bold."""
    pieces: list[str] = []
    follows_mark = False
    for part in _joined_plain_parts(some):
        if part.number:
            shown = part.text
        elif part.is_short:
            line = part.text.replace("\n", " ")  # a blank line would end the bold
            shown = f"{around_short}{backslash_escape_inline(line)}{around_short}"
        else:
            shown = backslash_escape_inline(part.text)
            if follows_mark and shown.startswith(("(", ":")):  # would make the mark a link
                shown = f"\\{shown}"
        pieces.append(shown)
        follows_mark = part.number > 0
    return "".join(pieces)


def _joined_plain_parts(some: Iterable[Part]) -> Iterator[Part]:
    """Yield the parts without control characters; those that cannot be bold are plain text.

    Neighbouring plain parts become one, as :func:`backslash_escape_inline` requires.
    """
    shown = [
        part._replace(text=replace_control_characters(part.text)) for part in some if part.text
    ]
    plain = ""
    was_bold = False
    for i, part in enumerate(shown):
        before = "".join(other.text for other in shown[max(0, i - 1) : i])[-1:]
        after = "".join(other.text for other in shown[i + 1 : i + 2])[:1]
        was_bold = part.is_short and not was_bold and _can_be_bold(before, part.text, after)
        if not was_bold and not part.number:
            plain += part.text
            continue
        if plain:
            yield Part(plain)
        plain = ""
        yield part
    if plain:
        yield Part(plain)


def _can_be_bold(before: str, text: str, after: str) -> bool:
    """Return whether ``**`` around ``text`` makes it bold between these two characters.

    CommonMark reads no emphasis where a letter is on one side and punctuation on the other.
    Versions differ in whether symbols are punctuation, so both readings must allow it.
    """
    return all(
        not inner.isspace() and (not _may_be_punctuation(inner) or not outer or _is_boundary(outer))
        for outer, inner in ((before, text[0]), (after, text[-1]))
    )


def _may_be_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


def _is_boundary(character: str) -> bool:
    if character in "\n " or (character.isascii() and _may_be_punctuation(character)):
        return True
    return unicodedata.category(character) in {"Zs", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps"}


# --- the chat page ---------------------------------------------------------------------


def _chat_text(answer: Answer, links: Links) -> str:
    if answer.kind not in OVERVIEWS:
        return "".join(
            row_html(part, escape_markdown)
            if isinstance(part, QuotedRow)
            else _chat_part(part, links)
            for part in displayed_parts(answer)
        )

    def text(some: Iterable[Part]) -> str:
        return "".join(_chat_part(part, links) for part in some)

    def entry(line: Line) -> str:
        return f"{_strong(line.label)}{text(line.parts)}"

    def paragraph(line: Line) -> str:
        return f"<strong>{text(line.parts)}</strong>" if line.is_lead else text(line.parts)

    return _text(answer, text, entry, paragraph)


def _chat_part(part: Part, links: Links) -> str:
    if part.number:
        return links.linked(part.number, escape_markdown(part.text))
    return _strong(part.text) if part.is_short else escaped_between(part.text)


def _strong(text: str) -> str:
    return f"<strong>{escape_markdown(text)}</strong>" if text else ""


def _nearest_item(
    citation: Citation, link: Callable[[Citation], str], paragraph: int | None, *, named: bool
) -> str:
    """Return a list item of a refusal; its link names the article, or is called "show"."""
    quoted = escape_markdown(in_quotation_marks(single_line(citation.quote)))
    label = f"show{link_text_start(citation.quote)}"
    if named:
        label = escape_markdown(place(citation, paragraph))
    return f"- {quoted} [{label}]({safe_address(link(citation))})"
