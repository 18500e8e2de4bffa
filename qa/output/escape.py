"""Text that is not trusted, made to stand for itself in plain text, Markdown and HTML.

What comes from an article or a question may hold anything. In plain text its control
characters are replaced, so that none reaches the terminal; in Markdown and HTML each of its
characters stands for itself and nothing else.
"""

from __future__ import annotations

import html
import re
from typing import TypeGuard
from urllib.parse import quote

_BLANK = re.compile(r"[\t\v\f\r]")
# Lone surrogates too: they can be written to no file and no terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# Behind another space it is not tried: in a long run each space would read the rest.
_PARAGRAPH_BREAK = re.compile(r"(?<! ) *\n(?: *\n)+ *")
# Only ASCII punctuation can be markup, and white space but a single space within. Left
# as they are, to keep the Markdown legible: what is never markup with the brackets gone,
# hyphens within a word, and the full stop and colon that end a word, but not the one that
# makes a list of a number at the start (which has nine digits at most).
_MARKUP = re.compile(
    r"""[!#$&)*+<=>@\[\\\]^_`{|}~]|(?<!\w)-|-(?!\w)|(?<![^\W\d_]):|[.:](?![ ”]|$)"""
    r"""|(?<![^ ]) | (?![^ ])|[^\S ]|"""
    + "|".join(rf"(?<=^\d{{{digits}}})\." for digits in range(1, 10))
)


def visible(text: str) -> str:
    """Return ``text`` with no control character but the line feed."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _BLANK.sub(" ", text))


def flat(text: str) -> str:
    """Return ``text`` on one line, free of control characters."""
    return " ".join(visible(text).split())


def shorten(text: str, limit: int) -> str:
    """Return ``text``, cut with an ellipsis where it is longer than ``limit`` characters."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def in_quotes(text: str) -> str:
    """Return ``text`` in quotation marks; those within it become single ones."""
    return f"“{text.replace('“', '‘').replace('”', '’')}”"


def escape_markdown(text: str) -> str:
    """Return Markdown that renders as the literal ``text``.

    A line break becomes a space, blank lines a new paragraph, and a control
    character U+FFFD, as in HTML. Nothing else is changed.
    """
    paragraphs = _PARAGRAPH_BREAK.split(visible(text))
    return "\n\n".join(_MARKUP.sub(_entity, part.replace("\n", " ")) for part in paragraphs)


def escape_html(text: str) -> str:
    """Return HTML that shows the literal ``text``, a control character as U+FFFD."""
    return html.escape(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\v", " ")))


def is_address(source: str | None) -> TypeGuard[str]:
    """Return whether a source is an address on the web, and not the name of a file."""
    return source is not None and source.startswith(("http://", "https://"))


def safe_address(address: str) -> str:
    """Return an address with all encoded that could end it, in Markdown or in HTML."""
    return quote(address, safe="#/:?&=%@+,;~")


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"
