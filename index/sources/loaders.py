"""Load a text, a file or its bytes as an Article.

To add a format, add an entry to ``FORMATS``: its suffixes and media types, the name that
:mod:`index.sources.detect` gives it, and a function from bytes to ``ParsedDocument``.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from index.errors import EmptyArticle, InputError, TooLarge, UnknownFormat, UnreadableFile
from index.limits import DEFAULT_LIMITS, LoadLimits
from index.source_file import SourceFile
from index.sources.decoding import decode, html_charset, looks_broken
from index.sources.detect import DetectedFormat, detect_format, starts_like_mail
from index.sources.document import ParsedDocument
from index.sources.ebook.epub import read_epub
from index.sources.html.html_page import read_html
from index.sources.isolation import Reader, read_in_subprocess
from index.sources.mail import read_mail
from index.sources.markdown_text import read_markdown
from index.sources.notebook import is_notebook, read_notebook
from index.sources.office.opendocument import read_odp, read_odt
from index.sources.office.rtf import read_rtf
from index.sources.office.slides import read_pptx
from index.sources.office.word import read_docx
from index.sources.pdf.pdf_file import read_pdf
from index.sources.plain_text import plain_text_headings, plain_text_title
from index.sources.scans.picture import read_picture
from index.sources.spreadsheets.delimited_text import read_csv
from index.sources.spreadsheets.ods import read_ods
from index.sources.spreadsheets.xlsx import read_xlsx
from index.types import Article, normalise_newlines


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file, how it is recognised, and the function that loads it."""

    suffixes: tuple[str, ...]
    media_types: tuple[str, ...]
    load: Callable[[bytes, str | None, LoadLimits], ParsedDocument]
    """Takes the bytes, the declared charset if any, and the limits."""
    detected_name: str = ""
    """Its :class:`~index.sources.detect.DetectedFormat` name; "" for kinds of text."""


def article_from_text(
    text: str, *, title: str = "", limits: LoadLimits = DEFAULT_LIMITS
) -> Article:
    """Return the article of a pasted text, with headings as in a plain-text file.

    Raises:
        EmptyArticle: The text is blank.
        TooLarge: It has more characters than the limit on characters or on bytes.
        UnreadableFile: It is not valid Unicode.
    """
    if len(text) > limits.max_bytes:
        raise _too_large("The text", limits)
    limits.check_chars(len(text))
    text = normalise_newlines(text)
    return Article.from_text(text, title=title, headings=plain_text_headings(text))


def load_file(path: Path, *, title: str = "", limits: LoadLimits = DEFAULT_LIMITS) -> Article:
    """Return the article in the file at ``path``; its source is the name of the file.

    Raises:
        UnreadableFile: It is missing, not permitted or not a regular file.
        InputError: As for :func:`load_bytes`.
    """
    data = None
    try:
        # Opening a pipe would wait for its writer.
        if stat.S_ISREG(path.stat().st_mode):
            with path.open("rb") as file:
                data = file.read(limits.max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        msg = f"{str(path)!r} cannot be read: {reason}. Check the path and its permissions."
        raise UnreadableFile(msg) from error
    if data is None:
        kind = "a folder" if path.is_dir() else "not a regular file"
        msg = f"{str(path)!r} is {kind}. Give the path of a file."
        raise UnreadableFile(msg)
    return load_bytes(data, path.name, title=title, limits=limits)


def load_bytes(  # noqa: PLR0913 - all but two by name
    data: bytes,
    name: str,
    *,
    title: str = "",
    source: str | None = None,
    content_type: str | None = None,
    limits: LoadLimits = DEFAULT_LIMITS,
) -> Article:
    """Return the article in ``data``, a file called ``name``.

    ``title`` is by default the one in the file, else one made from its name; ``source``, which
    users see, is its name. ``content_type`` is the header that a server sent.

    Raises:
        UnreadableFile: It is damaged, protected, nested too deeply, a scan, or not decodable.
        TooLarge: It is over one of the limits.
        UnknownFormat: Its format is not supported.
        EmptyArticle: It has no text.
    """
    name = re.split(r"[/\\]", name)[-1]
    if len(data) > limits.max_bytes:
        raise _too_large(name or "The text", limits)
    media_type, charset = _parse_content_type(content_type)
    with _naming_the_file(name):
        detected = detect_format(data, limits)
    kind = _recognise(data, detected, name, media_type)
    with _naming_the_file(name):
        loaded = kind.load(data, charset, limits)
        limits.check_chars(len(loaded.text))
    if not loaded.text.strip():
        msg = f"{name or 'The file'} has no text in it. Add a file with at least one word."
        raise EmptyArticle(msg)
    article = Article.from_text(
        loaded.text,
        title=title or loaded.title or title_from_name(name),
        source=source if source is not None else name or None,
        headings=loaded.headings,
        pages=loaded.pages,
        marks=loaded.marks,
        tables=loaded.tables,
    )
    return replace(article, file=SourceFile(name, data, loaded.layouts))


@contextmanager
def _naming_the_file(name: str) -> Iterator[None]:
    """Add the name of the file to the message of an InputError."""
    try:
        yield
    except InputError as error:
        raise type(error)(f"{name or 'The file'} cannot be used. {error}") from error


def _too_large(name: str, limits: LoadLimits) -> TooLarge:
    return TooLarge(
        f"{name} is over the limit of {limits.max_bytes:,} bytes. Split it, or raise the setting "
        "max_article_bytes."
    )


def title_from_name(name: str) -> str:
    """Return a title for a file name: ``"A trip to"`` for ``"a-trip_to.txt"``."""
    words = re.sub(r"[\s_-]+", " ", re.sub(r"(?<=.)\.\w{1,8}$", "", name)).strip()
    return words[:1].upper() + words[1:]


def _parse_content_type(content_type: str | None) -> tuple[str, str | None]:
    media_type, _, parameters = (content_type or "").partition(";")
    charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", parameters, re.I | re.ASCII)
    return media_type.strip().lower(), charset.group(1) if charset else None


def _recognise(data: bytes, found: DetectedFormat | None, name: str, media_type: str) -> Format:
    """Return the format by the bytes, media type, name and look; raises UnknownFormat."""
    if found is not None:
        known = next((kind for kind in FORMATS if found.name == kind.detected_name), None)
        if known:
            return known
        raise _unknown(name, f"is {found.name}", found.advice)
    suffix = Path(name).suffix.lower()
    is_named_mail = suffix in MAIL.suffixes or media_type in MAIL.media_types
    if is_named_mail and starts_like_mail(data, is_named_so=True):
        return MAIL
    # A text that is named or served as a PDF is still a text.
    texts = [kind for kind in FORMATS if not kind.detected_name]
    by_type = next((kind for kind in texts if media_type in kind.media_types), None)
    by_suffix = next((kind for kind in texts if suffix in kind.suffixes), None)
    # Servers also send text/plain for Markdown and for unknown formats.
    declared = (by_suffix or by_type) if media_type == "text/plain" else (by_type or by_suffix)
    if declared:
        return declared
    if re.match(rb"(?:\xef\xbb\xbf)?\s*(?:<!doctype html|<html)\b", data[:1000], re.IGNORECASE):
        return HTML
    with suppress(UnreadableFile):
        if not looks_broken(decode(data)):
            return TEXT
    expected = next((kind.detected_name for kind in FORMATS if suffix in kind.suffixes), "")
    if expected:
        advice = "Check that it is the right file, and download or save it again"
        raise _unknown(name, f"is not {expected}, and its content is not text", advice)
    raise _unknown(name, "is not a text or a supported document", "Convert it")


def _unknown(name: str, what: str, advice: str) -> UnknownFormat:
    known = ", ".join(suffix for kind in FORMATS for suffix in kind.suffixes)
    return UnknownFormat(f"{name or 'The file'} {what}. {advice}. Supported are {known}.")


def _load_text(data: bytes, charset: str | None, _: LoadLimits) -> ParsedDocument:
    text = decode(data, charset)
    return ParsedDocument(text, plain_text_title(text), plain_text_headings(text))


def _load_csv(data: bytes, charset: str | None, limits: LoadLimits) -> ParsedDocument:
    return read_in_subprocess(read_csv, decode(data, charset).encode(), limits)


def _load_notebook(data: bytes, charset: str | None, limits: LoadLimits) -> ParsedDocument:
    text = decode(data, charset)
    if not is_notebook(text):
        return _load_text(data, charset, limits)
    return read_in_subprocess(read_notebook, text.encode(), limits)


def _load_markdown(data: bytes, charset: str | None, limits: LoadLimits) -> ParsedDocument:
    return read_in_subprocess(read_markdown, decode(data, charset).encode(), limits)


def _load_html(data: bytes, charset: str | None, limits: LoadLimits) -> ParsedDocument:
    text = decode(data, charset or html_charset(data))
    return read_in_subprocess(read_html, text.encode(), limits)


def _document(detected_name: str, suffixes: str, media_types: str, read: Reader) -> Format:
    """Return a format that is recognised by its bytes, and read by ``read`` in a subprocess."""

    def load(data: bytes, _: str | None, limits: LoadLimits) -> ParsedDocument:
        return read_in_subprocess(read, data, limits)

    return Format(tuple(suffixes.split()), tuple(media_types.split()), load, detected_name)


_OFFICE = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
_MACROS = "application/vnd.ms"
TEXT = Format((".txt", ".text"), ("text/plain",), _load_text)
MARKDOWN = Format((".md", ".markdown"), ("text/markdown",), _load_markdown)
HTML = Format((".html", ".htm", ".xhtml"), ("text/html", "application/xhtml+xml"), _load_html)
MAIL = _document("a mail", ".eml .mhtml .mht .mbox", "message/rfc822 multipart/related", read_mail)
_PICTURE = Format(
    (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif"),
    ("image/png", "image/jpeg", "image/tiff", "image/webp", "image/bmp", "image/gif"),
    lambda data, _, limits: read_in_subprocess(read_picture, data, limits),
    "a picture",
)
FORMATS: tuple[Format, ...] = (
    TEXT,
    MARKDOWN,
    HTML,
    _document("a PDF", ".pdf", "application/pdf application/x-pdf", read_pdf),
    _document(
        "a Word document",
        ".docx .docm .dotx .dotm",
        f"{_OFFICE}.wordprocessingml.document {_OFFICE}.wordprocessingml.template"
        f" {_MACROS}-word.document.macroenabled.12 {_MACROS}-word.template.macroenabled.12",
        read_docx,
    ),
    _document("an e-book", ".epub", "application/epub+zip", read_epub),
    _document(
        "an OpenDocument text", ".odt .ott .fodt", f"{_ODF}.text {_ODF}.text-template", read_odt
    ),
    _document("an RTF text", ".rtf", "application/rtf text/rtf", read_rtf),
    _document(
        "a presentation",
        ".pptx .pptm .ppsx .ppsm .potx .potm",
        f"{_OFFICE}.presentationml.presentation {_OFFICE}.presentationml.slideshow"
        f" {_OFFICE}.presentationml.template {_MACROS}-powerpoint.presentation.macroenabled.12"
        f" {_MACROS}-powerpoint.slideshow.macroenabled.12",
        read_pptx,
    ),
    _document(
        "a spreadsheet",
        ".xlsx .xlsm .xltx .xltm",
        f"{_OFFICE}.spreadsheetml.sheet {_OFFICE}.spreadsheetml.template"
        f" {_MACROS}-excel.sheet.macroenabled.12 {_MACROS}-excel.template.macroenabled.12",
        read_xlsx,
    ),
    _document(
        "an OpenDocument spreadsheet",
        ".ods .ots",
        f"{_ODF}.spreadsheet {_ODF}.spreadsheet-template",
        read_ods,
    ),
    _document(
        "an OpenDocument presentation",
        ".odp .otp",
        f"{_ODF}.presentation {_ODF}.presentation-template",
        read_odp,
    ),
    Format((".csv", ".tsv", ".tab"), ("text/csv", "text/tab-separated-values"), _load_csv),
    MAIL,
    Format((".ipynb",), ("application/x-ipynb+json",), _load_notebook),
    _PICTURE,
)
MEDIA_TYPES = frozenset(media_type for kind in FORMATS for media_type in kind.media_types)
