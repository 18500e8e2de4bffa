"""From bytes and a name to an Article: plain text, Markdown, HTML.

A further format is one more entry in ``FORMATS``: its suffixes and media types, the
bytes it starts with if they are telling, and a function from bytes to ``Loaded``.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from index.decoding import decode, looks_broken
from index.errors import EmptyArticle, TooLarge, UnknownFormat, UnreadableFile
from index.headings import markdown_headings, plain_text_headings
from index.html_page import html_page
from index.types import Article, Heading, normalise_newlines

DEFAULT_MAX_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Loaded:
    r"""What a loader makes of bytes: text with ``\n`` newlines, and where its headings are."""

    text: str
    title: str = ""
    headings: tuple[Heading, ...] = ()


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file, how it is recognised, and what loads it, given a declared charset."""

    suffixes: tuple[str, ...]
    media_types: tuple[str, ...]
    load: Callable[[bytes, str | None], Loaded]
    signatures: tuple[bytes, ...] = ()


def article_from_text(text: str, *, title: str = "", max_bytes: int = DEFAULT_MAX_BYTES) -> Article:
    """Return the article of a text that was pasted, its headings found as in a plain-text file.

    Raises:
        EmptyArticle: The text is blank.
        TooLarge: It has more than ``max_bytes`` characters.
        UnreadableFile: It is not valid Unicode.
    """
    if len(text) > max_bytes:
        raise _too_large("The text", max_bytes)
    text = normalise_newlines(text)
    return Article.from_text(text, title=title, headings=plain_text_headings(text))


def load_file(path: Path, *, title: str = "", max_bytes: int = DEFAULT_MAX_BYTES) -> Article:
    """Return the article in the file at ``path``; its source is the file's name alone.

    Raises:
        UnreadableFile: Missing, not permitted, not a regular file, or not decodable.
        TooLarge: The file has more than ``max_bytes`` bytes.
        UnknownFormat: No loader knows this kind of file.
        EmptyArticle: There is no text in it.
    """
    data = None
    try:
        # Asked before opening, because opening a pipe would wait for its writer.
        if stat.S_ISREG(path.stat().st_mode):
            with path.open("rb") as file:
                data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        msg = f"{str(path)!r} cannot be read: {reason}. Check the path and its permissions."
        raise UnreadableFile(msg) from error
    if data is None:
        kind = "a folder" if path.is_dir() else "not a regular file"
        msg = f"{str(path)!r} is {kind}. Give the path of a file."
        raise UnreadableFile(msg)
    return load_bytes(data, path.name, title=title, max_bytes=max_bytes)


def load_bytes(  # noqa: PLR0913 - what may be known of a file, all of it by name
    data: bytes,
    name: str,
    *,
    title: str = "",
    source: str | None = None,
    content_type: str | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> Article:
    """Return the article in ``data``, a file called ``name``.

    ``content_type`` is what a server declared. Without a ``source`` to show to users
    the name is one; without a ``title`` the format's own is taken, else the name.

    Raises:
        UnreadableFile: Damaged, nested too deeply, or not decodable.
        TooLarge: More than ``max_bytes`` bytes.
        UnknownFormat: No loader knows this kind of file.
        EmptyArticle: There is no text in it.
    """
    name = re.split(r"[/\\]", name)[-1]
    if len(data) > max_bytes:
        raise _too_large(name or "The text", max_bytes)
    media_type, charset = _parse_content_type(content_type)
    loaded = _recognise(data, name, media_type).load(data, charset)
    if not loaded.text.strip():
        msg = f"There is no text in {name or 'this'}. Give a file with at least one word in it."
        raise EmptyArticle(msg)
    return Article.from_text(
        loaded.text,
        title=title or loaded.title or title_from_name(name),
        source=source if source is not None else name or None,
        headings=loaded.headings,
    )


def _too_large(name: str, max_bytes: int) -> TooLarge:
    return TooLarge(f"{name} is over the limit of {max_bytes:,} bytes. Give a part of it.")


def title_from_name(name: str) -> str:
    """Return a file's name as words: ``"a-trip_to.txt"`` becomes ``"A trip to"``."""
    words = re.sub(r"[\s_-]+", " ", re.sub(r"(?<=.)\.\w{1,8}$", "", name)).strip()
    return words[:1].upper() + words[1:]


def _parse_content_type(content_type: str | None) -> tuple[str, str | None]:
    media_type, _, parameters = (content_type or "").partition(";")
    charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", parameters, re.I | re.ASCII)
    return media_type.strip().lower(), charset.group(1) if charset else None


# The start of a file that is none of ours, what it is, and what helps. A text may well
# start with "GIF89a" or "ID3", so bytes that no text has must follow.
_FOREIGN = (
    (rb"%PDF-\d", "a PDF document", "Save its text as .txt"),
    (rb"PK\x03\x04.{26,200}application/epub", "an e-book", "Save its text as .txt"),
    (rb"PK\x03\x04.{26,8000}word/", "a Word document", "Save it as plain text or HTML"),
    (rb"PK(\x03\x04|\x05\x06)", "a zip archive", "Unpack it and give the files in it"),
    (rb"\xd0\xcf\x11\xe0|\{\\rtf", "an office document", "Save it as plain text or HTML"),
    (rb"\x1f\x8b|BZh\d1AY|\xfd7zXZ|7z\xbc\xaf|\x28\xb5\x2f\xfd", "compressed", "Unpack it"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a.{0,6}\0|RIFF....WEBP", "a picture", "Type its words"),
    (rb"ID3[\2-\4]\0|OggS\0|fLaC\0|\0...ftyp|RIFF....WAVE", "a recording", "Give a transcript"),
    (rb"\x7fELF|SQLite format 3\0", "a program or a database", "Give a text"),
)


def _recognise(data: bytes, name: str, media_type: str) -> Format:
    """Return the format, or raise UnknownFormat: by first bytes, media type, name, look."""
    for kind in FORMATS:
        if kind.signatures and data.startswith(kind.signatures):
            return kind
    for signature, what, advice in _FOREIGN:
        if re.match(signature, data, re.DOTALL):
            raise _unknown(name, f"looks like {what}", advice)
    suffix = Path(name).suffix.lower()
    by_type = next((kind for kind in FORMATS if media_type in kind.media_types), None)
    by_suffix = next((kind for kind in FORMATS if suffix in kind.suffixes), None)
    # Servers give text/plain for whatever they do not know better, Markdown among it.
    declared = (by_suffix or by_type) if media_type == "text/plain" else (by_type or by_suffix)
    if declared:
        return declared
    if re.match(rb"(?:\xef\xbb\xbf)?\s*(?:<!doctype html|<html)\b", data[:1000], re.IGNORECASE):
        return HTML
    with suppress(UnreadableFile):
        if not looks_broken(decode(data)):
            return TEXT
    raise _unknown(name, "is not a text", "Convert it")


def _unknown(name: str, what: str, advice: str) -> UnknownFormat:
    known = ", ".join(suffix for kind in FORMATS for suffix in kind.suffixes)
    return UnknownFormat(f"{name or 'The file'} {what}. {advice}; {known} can be read.")


def _load_text(data: bytes, charset: str | None) -> Loaded:
    text = decode(data, charset)
    return Loaded(text, headings=plain_text_headings(text))


def _load_markdown(data: bytes, charset: str | None) -> Loaded:
    text = decode(data, charset)
    headings = markdown_headings(text)
    title = next((text[h.start : h.end] for h in headings if h.level == 1), "")
    return Loaded(text, title, headings)


_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)


def _load_html(data: bytes, charset: str | None) -> Loaded:
    meta = _META_CHARSET.search(data[:2048])
    return Loaded(*html_page(decode(data, charset or (meta and meta.group(1).decode("ascii")))))


TEXT = Format((".txt", ".text"), ("text/plain",), _load_text)
MARKDOWN = Format((".md", ".markdown"), ("text/markdown",), _load_markdown)
HTML = Format((".html", ".htm", ".xhtml"), ("text/html", "application/xhtml+xml"), _load_html)
FORMATS: tuple[Format, ...] = (TEXT, MARKDOWN, HTML)
MEDIA_TYPES = frozenset(media_type for kind in FORMATS for media_type in kind.media_types)
