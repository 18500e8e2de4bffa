"""Read mails and web pages saved as one file (MHTML), by Python's email package."""

from __future__ import annotations

import binascii
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import Policy, compat32
from email.utils import parsedate_to_datetime

from index.errors import TooLarge, UnreadableFile
from index.limits import LoadLimits
from index.sources.decoding import decode, html_charset
from index.sources.document import ParsedDocument, TextBuilder
from index.sources.html.html_page import add_visible_text, read_html

_MAX_PARTS = 1_000  # of one mail, that are read
_MAX_PARSED_PARTS = 20_000  # of one mail or page; the pictures of a page are not read
_MAX_DEPTH = 30
_MAX_HEADER_CHARS = 10_000
_MAX_RECIPIENTS = 50
_MBOX_START = re.compile(rb"(?:^|(?<=\n\n)|(?<=\n\r\n))From \S+ [^\n]{0,60}\d\d:\d\d[^\n]{0,40}\n")
_SHOWN = ("From", "To", "Cc", "Date")
_DELIVERED = ("To", "Cc", "Bcc", "Received", "Message-ID", "Delivered-To", "In-Reply-To")
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature"})
_ENCRYPTED = frozenset(
    {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}
)
_HIDDEN_PARTS = frozenset({"message/delivery-status", "text/rfc822-headers", "text/calendar"})
_NO_TEXT = (
    "It has the headers of a mail, but no text. It is damaged or incomplete: save it again from "
    "your mail program, or save its text as .txt."
)
_RICHER = 0.5  # of the letters of the plain text, that the HTML must have
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")
_QUOTE = re.compile(r"(?:> ?)+")


def read_mail(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of a mail, or the main text of a web page saved as MHTML.

    The subject is the title. The first paragraph has the sender, the recipients and the date;
    attachments are named at the end, but not read.

    Raises:
        TooLarge: It has too many parts or too much text.
        UnreadableFile: It is encrypted, damaged or nested too deeply.
    """
    mails = _mbox_parts(data)
    first = _parse(mails[0])
    subject = _header_text(first, "Subject")
    if len(mails) == 1 and (page := _saved_page(first)) is not None:
        found = read_html(_html_text(page).encode(), limits)
        return found if found.title else replace(found, title=subject)
    writer = _MailWriter(TextBuilder(limits), limits)
    for mail in mails:
        writer.count = 0
        writer.add_mail(_parse(mail), depth=0, level=int(len(mails) > 1))
    document = writer.builder.build(subject)
    if not writer.has_body:
        raise UnreadableFile(writer.reason or _NO_TEXT)
    return document


def _mbox_parts(data: bytes) -> list[bytes]:
    """Return the mails of a file, which is mostly one."""
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not data.startswith(b"From "):
        return [data]
    parts = [part for part in _MBOX_START.split(data) if part.strip()]
    return parts or [data]


def _parse(data: bytes) -> Message:
    parts = itertools.count(1)

    def make_part(policy: Policy = compat32) -> Message:
        if next(parts) > _MAX_PARSED_PARTS:
            raise _too_many_parts(_MAX_PARSED_PARTS)
        return Message(policy)

    try:
        return BytesParser(make_part, policy=compat32).parsebytes(data)
    except RecursionError as error:
        msg = "The mail is nested too deeply to be read. Save its text as .txt and add that."
        raise UnreadableFile(msg) from error


def _too_many_parts(limit: int) -> TooLarge:
    return TooLarge(f"The mail has more parts than the limit of {limit:,}. Add them one by one.")


def _saved_page(mail: Message) -> Message | None:
    """Return the page if a browser wrote this; None if it is a mail."""
    if any(mail.get(name) for name in _DELIVERED):
        return None
    root = _related_root(mail) if mail.get_content_type() == "multipart/related" else mail
    while root is not None and root.get_content_type() == "multipart/alternative":
        parts = _parts(root)
        root = next((part for part in parts if _is_html(part)), None)
    return root if root is not None and _is_html(root) else None


def _related_root(part: Message) -> Message | None:
    """Return the part of a multipart/related message that shows the others."""
    parts = _parts(part)
    start = str(part.get_param("start") or "")
    named = (inner for inner in parts if start and inner.get("Content-ID") == start)
    readable = (inner for inner in parts if _is_html(inner) or inner.is_multipart())
    return next(named, None) or next(readable, None) or next(iter(parts), None)


def _parts(part: Message) -> list[Message]:
    payload = part.get_payload()
    return (
        [inner for inner in payload if isinstance(inner, Message)]
        if isinstance(payload, list)
        else []
    )


def _is_html(part: Message) -> bool:
    return part.get_content_type() in {"text/html", "application/xhtml+xml"}


def _content(part: Message) -> tuple[bytes, str | None]:
    """Return the decoded bytes of a part, and its declared charset."""
    data = _whole_base64(part) or part.get_payload(decode=True)
    charset = part.get_param("charset")
    name = charset[2] if isinstance(charset, tuple) else charset
    return data if isinstance(data, bytes) else b"", str(name) if name else None


def _whole_base64(part: Message) -> bytes | None:
    """Return the decoded bytes of base64 that is cut off; None if it is whole or no base64.

    Python's email package does not decode it if one letter of its last group is left.
    """
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() != "base64":
        return None
    payload = part.get_payload()
    digits = _NO_BASE64.sub("", payload) if isinstance(payload, str) else ""
    return binascii.a2b_base64(digits[:-1]) if len(digits) % 4 == 1 else None


def _html_text(part: Message) -> str:
    data, charset = _content(part)
    return decode(data, charset or html_charset(data))


def _header_text(mail: Message, name: str) -> str:
    """Return a header with its encoded words decoded, on one line."""
    value = next((v for key, v in mail.raw_items() if key.lower() == name.lower()), None)
    raw = " ".join(str(value or "").split())[:_MAX_HEADER_CHARS]
    try:
        pieces = decode_header(raw)
    except (ValueError, LookupError):  # damaged base64
        pieces = [(raw, None)]
    return "".join(_header_piece(*piece) for piece in pieces).strip()


def _header_piece(piece: bytes | str, charset: str | None) -> str:
    data = piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else piece
    try:
        return decode(data, charset)
    except UnreadableFile:
        return data.decode("utf-8", "replace")


@dataclass(slots=True)
class _MailWriter:
    """Adds mails to a document."""

    builder: TextBuilder
    limits: LoadLimits
    has_body: bool = False
    """Whether any mail has text or attachments."""
    reason: str = ""
    """Why a mail without them has none."""
    count: int = 0
    """How many parts of the current mail have been read."""
    _level: int = 0
    _attachments: list[str] = field(default_factory=list)

    def add_mail(self, mail: Message, depth: int, *, level: int) -> None:
        """Add the headers that readers see, the body, and the names of the attachments.

        Args:
            mail: The mail.
            depth: How many parts it is in.
            level: That of its subject as a heading; 0 if it is not shown.
        """
        if level:
            subject = _header_text(mail, "Subject") or "Mail"
            self.builder.add_paragraph(subject, level=level)
        lines = [f"{name}: {text}" for name in _SHOWN if (text := _shown_header(mail, name))]
        self.builder.add_paragraph("\n".join(lines))
        outer = self._level, self._attachments
        self._level, self._attachments = level, []
        self._add_part(mail, depth)
        if self._attachments:
            self.builder.add_paragraph(f"Attachments: {', '.join(self._attachments)}")
        self._level, self._attachments = outer

    def _add_part(self, part: Message, depth: int) -> None:
        self.count += 1
        if self.count > _MAX_PARTS:
            raise _too_many_parts(_MAX_PARTS)
        if depth > _MAX_DEPTH:
            msg = "The mail is nested too deeply to be read. Save its text as .txt and add that."
            raise UnreadableFile(msg)
        kind = part.get_content_type()
        if kind in _ENCRYPTED:
            self.reason = (
                "The mail is encrypted. Open it in your mail program, and save its text as .txt."
            )
        elif kind == "message/rfc822":
            for inner in _parts(part):
                self.add_mail(inner, depth + 1, level=self._level + 1)
        elif kind == "multipart/alternative":
            self._add_alternative(part, depth)
        elif kind == "multipart/related":
            root = _related_root(part)
            self._add_parts([] if root is None else [root], depth)
        elif kind not in _SIGNATURES | _HIDDEN_PARTS:
            if part.is_multipart():
                self._add_parts(_parts(part), depth)
            else:
                self._add_leaf(part, kind)

    def _add_parts(self, parts: list[Message], depth: int) -> None:
        for part in parts:
            self._add_part(part, depth + 1)

    def _add_alternative(self, part: Message, depth: int) -> None:
        """Add the richest of several forms of one text: the last that this program reads."""
        parts = _parts(part)
        pages = [inner for inner in parts if _is_html(inner) or inner.is_multipart()]
        plain = [inner for inner in parts if inner.get_content_type() == "text/plain"]
        if pages and not (plain and _is_page_poorer(pages[-1], plain[-1], self.limits)):
            self._add_part(pages[-1], depth + 1)
        elif plain or parts:
            self._add_part((plain or parts)[-1], depth + 1)

    def _add_leaf(self, part: Message, kind: str) -> None:
        is_attached = part.get_content_disposition() == "attachment"
        name = _attachment_name(part)
        if is_attached or not (kind == "text/plain" or _is_html(part)):
            if name and (is_attached or not part.get("Content-ID")):
                self.has_body = True
                self._attachments.append(name)
        elif _is_html(part):
            self.has_body = True
            add_visible_text(_html_text(part), self.builder)
        else:
            self._add_plain(part)

    def _add_plain(self, part: Message) -> None:
        text = decode(*_content(part))
        if str(part.get_param("format") or "").lower() == "flowed":
            text = unflowed(text, joins_words=str(part.get_param("delsp")).lower() == "yes")
        for paragraph, is_quoted in _paragraphs(text):
            self.has_body = True
            self.builder.add_paragraph(paragraph, quoted=is_quoted)


def _is_page_poorer(page: Message, plain: Message, limits: LoadLimits) -> bool:
    """Return whether a page lacks text that the plain form of a mail has."""
    if not _is_html(page):
        return False
    builder = TextBuilder(limits)
    add_visible_text(_html_text(page), builder)
    letters = sum(map(str.isalnum, builder.build().text))
    words = (word for word in decode(*_content(plain)).split() if "://" not in word)
    return letters < _RICHER * sum(map(str.isalnum, "".join(words)))


def _attachment_name(part: Message) -> str:
    name = part.get_filename()
    return " ".join(_header_piece(name or "", None).split())[:_MAX_HEADER_CHARS]


def _shown_header(mail: Message, name: str) -> str:
    text = _header_text(mail, name)
    if name != "Date":
        people = text.split(",")
        return f"{','.join(people[:_MAX_RECIPIENTS])}, …" if len(people) > _MAX_RECIPIENTS else text
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return text
    return f"{date:%A}, {date.day} {date:%B %Y, %H:%M}"


def unflowed(text: str, *, joins_words: bool = False) -> str:
    """Return a text in format=flowed (RFC 3676) with its paragraphs on one line each.

    Args:
        text: It has newlines at the ends of its lines.
        joins_words: Whether the space at the end of a flowed line is no part of the text (DelSp).
    """
    lines: list[str] = []
    depth_before, flows = 0, False
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words = line[depth:].removeprefix(" ")
        is_flowed = words.endswith(" ") and words != "-- "
        if flows and depth == depth_before and words != "-- ":
            lines.append(words)
        else:
            lines += ["\n", ">" * depth + " " if depth else "", words]
        if is_flowed and joins_words:
            lines[-1] = lines[-1][:-1]
        depth_before, flows = depth, is_flowed
    return "".join(lines[1:])


def _paragraphs(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the paragraphs of a plain mail without quotation signs, and whether they are quoted."""
    block: list[str] = []
    was_quoted = False
    for line in [*text.split("\n"), ""]:
        quote = _QUOTE.match(line)
        words = line[quote.end() :] if quote else line
        is_quoted = bool(quote)
        if block and (not words.strip() or is_quoted != was_quoted):
            yield "\n".join(block), was_quoted
            block = []
        if words.strip():
            block.append(words.rstrip())
        was_quoted = is_quoted
