"""An answer or a conversation as a Markdown document that also reads well as plain text.

Everything from an article or a question is escaped; the only markup is ours, and no HTML.
The chat page needs links and a stricter escape: see :mod:`qa.output.chat_markdown`.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from index.types import Article
from qa.answers.answer import OVERVIEWS, Answer, Line, Part, lines, parts
from qa.answers.citation import Citation
from qa.output.escape import (
    backslash_escape,
    backslash_escape_inline,
    escape_block_starts,
    flat,
    is_address,
    safe_address,
    visible,
)
from qa.output.places import Paragraphs, paragraphs_of, place, places_of
from qa.output.to_text import understood_as
from qa.output.transcript import Transcript, Turn

UNTITLED = "Conversation"


def conversation_to_markdown(
    transcript: Transcript, article_of: Callable[[str], Article] | None = None
) -> str:
    """Return a conversation as a Markdown document.

    Args:
        transcript: The conversation.
        article_of: Returns the article of an id, as :meth:`qa.ArticleQA.article` does; used to
            count paragraphs. Without it, a quote from an article without pages is located by
            its offsets.
    """
    title = flat(transcript.title) or UNTITLED
    blocks = [f"# {backslash_escape_inline(title)}"]
    if transcript.at:
        blocks.append(backslash_escape(exported_on(transcript.at)))
    for number, turn in enumerate(transcript.turns, start=1):
        blocks += _turn_blocks(number, turn, article_of)
    return "\n\n".join(blocks) + "\n"


def exported_on(at: str) -> str:
    """Return the line that dates an export, from an ISO 8601 time."""
    return f"Exported on {at[:10]}"


def answer_to_markdown(answer: Answer, paragraphs: Paragraphs | None = None) -> str:
    """Return ``answer`` with the list of its sources, or of the nearest passages of a refusal.

    Each source is its place, its file or address, and its exact words as a block quote, in which
    a line break becomes a space.
    """
    blocks = []
    if answer.note:
        blocks.append(_italic(f"Note: {flat(answer.note)}"))
    if answer.understood:
        blocks.append(_italic(understood_as(answer.understood)))
    blocks.append(_text(answer))
    places = places_of(answer)
    if places:
        blocks.append("**Sources**" if answer.answered else "**Nearest passages**")
    for number, citation in enumerate(places, start=1):
        bullet = f"{number}." if answer.answered else "-"
        blocks.append(_source(bullet, citation, (paragraphs or {}).get(citation)))
    return "\n\n".join(filter(None, blocks))


def _italic(text: str) -> str:
    return f"*{backslash_escape_inline(text.strip())}*"


def _turn_blocks(
    number: int, turn: Turn, article_of: Callable[[str], Article] | None
) -> Iterator[str]:
    yield f"## {number}. {backslash_escape_inline(flat(turn.question))}".rstrip()
    places = places_of(turn.answer)
    paragraphs = paragraphs_of(places, article_of) if article_of else None
    yield answer_to_markdown(turn.answer, paragraphs)


def _source(bullet: str, citation: Citation, paragraph: int | None) -> str:
    """Return a list item; what follows its first line is indented, which keeps it in the item."""
    where = backslash_escape(place(citation, paragraph)) + _origin(citation.source)
    indent = " " * (len(bullet) + 1)
    quoted = backslash_escape(citation.quote).split("\n")
    below = "\n".join(f"{indent}> {line}".rstrip() for line in quoted)
    return f"{bullet} {where}\n\n{below}"


def _origin(source: str | None) -> str:
    if is_address(source):
        return f" – <{safe_address(source)}>"
    return f" – {backslash_escape_inline(flat(source))}" if source else ""


def _text(answer: Answer) -> str:
    """Return the text of an answer; the entries of an overview are a list."""
    if answer.kind not in OVERVIEWS:
        return escape_block_starts(_inline(parts(answer)))
    blocks = []
    for is_entry, group in itertools.groupby(lines(answer), key=lambda line: line.is_entry):
        if is_entry:
            blocks.append("\n".join(f"- {_entry(line)}" for line in group))
        else:
            blocks += [_paragraph(line) for line in group]
    return "\n\n".join(blocks)


def _entry(line: Line) -> str:
    label = backslash_escape_inline(line.label.strip())
    return escape_block_starts(f"{f'**{label}**' if label else ''}{_inline(line.parts)}")


def _paragraph(line: Line) -> str:
    shown = _inline(line.parts).strip()
    return f"**{shown}**" if line.is_lead and shown else escape_block_starts(shown)


def _inline(some: Iterable[Part]) -> str:
    """Return parts of an answer as Markdown: marks as they are, short answers in bold."""
    pieces: list[str] = []
    follows_mark = False
    for part in _joined_plain_parts(some):
        if part.number:
            shown = part.text
        elif part.is_short:
            shown = f"**{backslash_escape_inline(flat(part.text))}**"
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
    shown = [part._replace(text=visible(part.text)) for part in some if part.text]
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
