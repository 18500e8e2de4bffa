"""Escape untrusted text for terminals, Markdown and HTML.

An article, a title or a question may contain anything. In plain text, control characters are
replaced so that none reaches the terminal. For Markdown there are two functions:
:func:`escape_markdown`, whose result is literal in every context and under Gradio's renderer, and
:func:`backslash_escape`, whose result stays readable in a text editor.
"""

from __future__ import annotations

import html
import re
from typing import TypeGuard
from urllib.parse import quote

_BLANK = re.compile(r"[\t\v\f\r]")
# Lone surrogates too: they cannot be encoded in UTF-8.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# A match may not begin after another space, or a long run of spaces takes quadratic time.
_PARAGRAPH_BREAK = re.compile(r"(?<! ) *\n(?: *\n)+ *")
# Only ASCII punctuation can be markup, and white space except a single space between words.
# Not escaped, so that the Markdown stays legible: characters that cannot be markup once brackets
# are escaped, hyphens within a word, and the full stop or colon that ends a word, unless it would
# begin a numbered list (whose numbers have at most nine digits).
_MARKUP = re.compile(
    r"""[!#$&)*+<=>@\[\\\]^_`{|}~]|(?<!\w)-|-(?!\w)|(?<![^\W\d_]):|[.:](?![ ”]|$)"""
    r"""|(?<![^ ]) | (?![^ ])|[^\S ]|"""
    + "|".join(rf"(?<=^\d{{{digits}}})\." for digits in range(1, 10))
)
# Each alternative is the character to escape and the neighbours that make it markup. At either
# end of the text the neighbour is unknown, and counts as the dangerous one.
_INLINE_MARKUP = re.compile(
    r"""
      [`\[]                        # code; links and images
    | \\(?![^\W_]|[ ])             # an escape, or at the end a hard line break
    | \*(?![ ])|(?<![ ])\*          # emphasis
    | _(?![^\W_])|(?<![^\W_])_      # emphasis, except within a word
    | (?<![ ])~                     # the end of a strikethrough (GFM)
    | (?<![ ])\$(?!\d)              # the end of a formula (GitHub, Pandoc)
    | <(?![ ])                      # a tag or an address in angle brackets
    | &(?=\#?\w{1,32};)|&$          # a character reference
    | /(?=/[^ /])                   # a bare address (GFM)
    | (?<=\b[Ww]{3})\.              # a bare address without a scheme (GFM)
    | (?<![ ])@(?=[^ ])             # a bare e-mail address (GFM)
    | (?<![^ ])\#(?=\#*[ ]*$)       # the end of a heading
    """,
    re.VERBOSE,
)
_BLOCK_MARKUP = re.compile(
    r"""
      (?P<number>[0-9]{1,9})(?=[.)](?:[ ]|$))   # a numbered list
    | (?=\#{1,6}(?:[ ]|$))                      # a heading
    | (?=[-+*](?:[ ]|$))                        # a bullet list, or a line across the page
    | (?=--|>|=+$)                              # a line, a quote, the underline of a heading
    """,
    re.VERBOSE,
)


def replace_control_characters(text: str) -> str:
    """Return ``text`` with no control character but the line feed."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _BLANK.sub(" ", text))


def single_line(text: str) -> str:
    """Return ``text`` on one line, free of control characters."""
    return " ".join(replace_control_characters(text).split())


def shorten(text: str, limit: int) -> str:
    """Return ``text``, cut with an ellipsis where it is longer than ``limit`` characters."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def escape_markdown(text: str) -> str:
    """Return Markdown that renders as the literal ``text`` in every context.

    The page uses this one: every renderer reads character references, in every context, and they
    leave nothing for the extensions that Gradio adds (links, formulas). A line break becomes a
    space, blank lines start a new paragraph, and a control character becomes U+FFFD, as in HTML.
    """
    paragraphs = _PARAGRAPH_BREAK.split(replace_control_characters(text))
    return "\n\n".join(_MARKUP.sub(_entity, part.replace("\n", " ")) for part in paragraphs)


def backslash_escape(text: str) -> str:
    r"""Return Markdown that renders as ``text`` and reads like it: ``J&K costs 5 \*``.

    A backslash is added only where CommonMark, or GitHub's extensions of it, would read markup.
    A line break becomes a space, blank lines start a new paragraph, white space around a paragraph
    is dropped, and a control character becomes U+FFFD. The result must be a block of its own; use
    :func:`backslash_escape_inline` within a line.
    """
    return escape_block_starts(backslash_escape_inline(text))


def backslash_escape_inline(text: str) -> str:
    """Escape text that does not begin a block, as :func:`backslash_escape` does.

    White space around it is kept. Adjacent texts must be escaped as one: two pieces can be markup
    together, as ``&`` and ``amp;`` are.
    """
    paragraphs = _PARAGRAPH_BREAK.split(replace_control_characters(text))
    return "\n\n".join(
        _INLINE_MARKUP.sub(_with_backslash, part.replace("\n", " ")) for part in paragraphs
    )


def escape_block_starts(markdown: str) -> str:
    """Return paragraphs of escaped Markdown, none of which begins a list, a heading or a quote.

    White space around a paragraph, which could make it a block of code, is dropped.
    """
    paragraphs = (paragraph.strip(" ") for paragraph in markdown.split("\n\n"))
    return "\n\n".join(map(_escape_block_start, filter(None, paragraphs)))


def escape_html(text: str) -> str:
    """Return HTML that shows the literal ``text``, a control character as U+FFFD."""
    return html.escape(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\v", " ")))


def is_address(source: str | None) -> TypeGuard[str]:
    """Return whether a source is an address on the web, and not the name of a file."""
    return source is not None and source.startswith(("http://", "https://"))


def safe_address(address: str) -> str:
    """Return an address, percent-encoding every character that could end it in Markdown or HTML."""
    return quote(address, safe="#/:?&=%@+,;~", errors="replace")


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"


def _with_backslash(match: re.Match[str]) -> str:
    return f"\\{match[0]}"


def _escape_block_start(paragraph: str) -> str:
    match = _BLOCK_MARKUP.match(paragraph)
    if match is None:
        return paragraph
    number = match["number"] or ""
    return f"{number}\\{paragraph[len(number) :]}"
