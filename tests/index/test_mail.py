"""Mails, and web pages saved as one file: what their readers see, and what is no mail."""

from __future__ import annotations

import base64
from email.message import EmailMessage

import pytest

from index.errors import TooLarge, UnreadableFile
from index.limits import DEFAULT_LIMITS
from index.sources.detect import detect_format
from index.sources.document import ParsedDocument
from index.sources.loaders import load_bytes
from index.sources.mail import read_mail
from index.structure import MarkKind
from tests.documents import assert_exact, headings

pytestmark = pytest.mark.usefixtures("read_here")

HEADERS = "From: Ada <ada@example.org>\nTo: Ben <ben@example.org>\n"
DATED = f"{HEADERS}Date: Tue, 5 Mar 2024 09:30:00 +0100\n"
SHOWN = "From: Ada <ada@example.org>\nTo: Ben <ben@example.org>\nDate: Tuesday, 5 March 2024, 09:30"


def loaded(data: str | bytes) -> ParsedDocument:
    found = read_mail(data.encode() if isinstance(data, str) else data, DEFAULT_LIMITS)
    assert_exact(found)
    return found


def message(text: str = "The ferry leaves at six.") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ada", "Ben", "The ferry"
    mail.set_content(text)
    return mail


def test_a_mail_has_its_subject_as_title_and_begins_with_who_wrote_when() -> None:
    subject = "Subject: =?utf-8?q?Caf=C3=A9?=\n =?utf-8?b?IGFtIEt8YWk=?=\n"
    found = loaded(f"{DATED}{subject}X-Spam: no\n\nHello,\n\nthe ferry\nis late.\n\n-- \nAda\n")
    assert found.title.startswith("Café")
    assert found.text == f"{SHOWN}\n\nHello,\n\nthe ferry\nis late.\n\n--\nAda"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("base64", base64.encodebytes("The café is open.".encode("cp1252")).decode()),
        ("quoted-printable", "The caf=E9 is =\nopen."),
        ("8bit", "The café is open."),
    ],
)
def test_the_body_is_decoded(coding: str, body: str) -> None:
    kind = f"Content-Type: text/plain; charset=windows-1252\nContent-Transfer-Encoding: {coding}"
    mail = f"{HEADERS}MIME-Version: 1.0\n{kind}\n\n{body}\n".encode("cp1252")
    assert loaded(mail).text.endswith("\n\nThe café is open.")


def test_of_alternatives_the_page_is_read_unless_the_plain_text_says_more() -> None:
    mail = message("Plain *words* of one mail.")
    mail.add_alternative("<h1>News</h1><p>Words of one <b>mail</b>.</p>", subtype="html")
    found = loaded(mail.as_bytes())
    assert (found.text.split("\n\n", 1)[1], headings(found)) == (
        "News\n\nWords of one mail.",
        [(1, "News")],
    )
    mail = message("The words are only here.")
    mail.add_alternative("<img src='cid:all'><p>Hi</p>", subtype="html")
    assert loaded(mail.as_bytes()).text.endswith("The words are only here.")


def test_attachments_are_named_and_pictures_in_the_page_are_not() -> None:
    mail = message()
    mail.add_alternative("<p>The <img src='cid:x'> ferry leaves at six.</p>", subtype="html")
    page = mail.get_payload()[1]  # type: ignore[index]
    page.add_related(b"GIF", "image", "gif", cid="<x>", filename="x.gif")  # type: ignore[union-attr]
    mail.add_attachment("Not read.", filename="menu.txt")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Plän.pdf")
    text = loaded(mail.as_bytes()).text
    assert text.endswith("The ferry leaves at six.\n\nAttachments: menu.txt, Plän.pdf")


def test_a_forwarded_mail_is_a_section_with_its_own_headers() -> None:
    mail = message("See below.")
    mail.add_attachment(message("The pier is closed."))
    found = loaded(mail.as_bytes())
    assert found.text.endswith(
        "See below.\n\nThe ferry\n\nFrom: Ada\nTo: Ben\n\nThe pier is closed."
    )
    assert headings(found) == [(1, "The ferry")]


def test_flowed_lines_are_joined_and_quotations_marked() -> None:
    kind = 'MIME-Version: 1.0\nContent-Type: text/plain; format="flowed"\n'
    body = "The ferry \nleaves at six.\nBring a coat.\n\n> Where do \n> we meet?\n  indented\n"
    found = loaded(f"{HEADERS}{kind}\n{body}")
    assert found.text.split("\n\n")[1:] == [
        "The ferry leaves at six.\nBring a coat.",
        "Where do we meet?",
        "indented",
    ]
    quotation = next(mark for mark in found.marks if mark.kind == MarkKind.QUOTATION)
    assert found.text[quotation.start : quotation.end] == "Where do we meet?"


def test_the_mails_of_a_mailbox_are_sections() -> None:
    mails = [
        f"From ada@x.org Tue Mar  5 09:30:00 2024\n{DATED}Subject: {n}\n\nNo. {n}\n\n" for n in "ab"
    ]
    found = loaded("".join(mails))
    assert headings(found) == [(1, "a"), (1, "b")]
    assert found.text.endswith("No. b")


@pytest.mark.parametrize("left", [1, 2, 3, 4])
def test_base64_that_is_cut_off_is_decoded_up_to_there(left: int) -> None:
    coded = base64.b64encode(b"The ferry leaves at six.")[: 20 + left].decode()
    mail = f"{DATED}MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n{coded}\n"
    assert "The ferry leave" in loaded(mail).text


@pytest.mark.parametrize("coding", ["base64", "quoted-printable"])
@pytest.mark.parametrize("name", ["page.mhtml", "page"])
def test_a_saved_page_is_read_as_a_page(coding: str, name: str) -> None:
    page = (
        "<html><head><title>Quay</title></head><body><p>The café is 412 metres from the quay.</p>"
    )
    raw = page.encode("iso-8859-1")
    text = base64.encodebytes(raw).decode() if coding == "base64" else page.replace("é", "=E9")
    saved = (
        "From: <Saved by a browser>\r\nSubject: Quay\r\nMIME-Version: 1.0\r\nContent-Type: "
        'multipart/related;\r\n\ttype="text/html"; boundary="b"\r\n\r\n--b\r\nContent-Type: '
        f"text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: {coding}\r\n\r\n{text}\r\n"
        "--b\r\nContent-Type: image/png\r\nContent-Location: a.png\r\n\r\nxx\r\n--b--\r\n"
    )
    article = load_bytes(saved.encode("iso-8859-1"), name)
    assert article.text == "The café is 412 metres from the quay."
    assert article.title == "Quay"


@pytest.mark.parametrize(
    "data",
    [
        b"From: the desk of Ada\nTo: whom it may concern\nSubject: tea\n\nIt is cold.",
        b"Date: 5 March 2024\nFrom: Ada\nTo: Ben\n\nMinutes of the meeting.",
        b"Subject: a poem\n\nRoses.",
        b"From here to there is a long way: an hour.\nMore.",
        b"name: x\nversion: 1.0\n",
        b"MIME-Version: 1.0 is a header.\n",
    ],
)
def test_a_text_that_begins_like_a_letter_is_a_text(data: bytes) -> None:
    assert detect_format(data, DEFAULT_LIMITS) is None
    assert load_bytes(data, "a.txt").text == data.decode()


@pytest.mark.parametrize("start", ["", "\ufeff", "\n", "From ada@x.org\n"])
def test_a_mail_is_recognised_by_its_headers(start: str) -> None:
    found = detect_format(f"{start}{DATED}\nHello".encode(), DEFAULT_LIMITS)
    assert found is not None
    assert found.name == "a mail"


@pytest.mark.parametrize(
    ("mail", "match"),
    [
        (f"{HEADERS}\n", "no text"),
        (f"{HEADERS}Content-Type: multipart/mixed\n\n--x\n", "no text"),
        (f"{HEADERS}Content-Type: application/pkcs7-mime; name=smime.p7m\n\nMIAG", "encrypted"),
        (f"{HEADERS}Content-Type: multipart/encrypted; boundary=b\n\n--b\n\nx\n--b--", "encrypted"),
        (
            "".join(f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(99)),
            "nested",
        ),
    ],
)
def test_a_mail_without_readable_text_says_why(mail: str, match: str) -> None:
    with pytest.raises(UnreadableFile, match=match):
        loaded(mail)


def test_a_mailbox_may_have_any_number_of_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.sources.mail._MAX_PARTS", 3)
    mail = f"From ada@example.org Tue Mar  5 09:30:00 2024\n{HEADERS}Subject: News\n\nWords.\n\n"
    assert len(loaded(mail * 8).headings) == 8


def test_the_parts_of_a_saved_page_are_limited_but_not_as_those_of_a_mail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("index.sources.mail._MAX_PARTS", 3)
    monkeypatch.setattr("index.sources.mail._MAX_PARSED_PARTS", 20)
    page = "--b\nContent-Type: text/html\n\n<p>The ferry leaves at six.</p>\n"
    picture = "--b\nContent-Type: image/gif\n\nx\n"
    kind = "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n"
    assert "leaves at six" in loaded(f"{kind}{page}{picture * 9}--b--").text
    with pytest.raises(TooLarge, match="more parts than the limit of 20"):
        loaded(f"{kind}{page}{picture * 20}--b--")


def test_the_parts_of_a_mail_are_limited() -> None:
    parts = "--b\n\nx\n" * 1_100
    with pytest.raises(TooLarge, match="1,000"):
        loaded(f"{HEADERS}Content-Type: multipart/mixed; boundary=b\n\n{parts}--b--")


@pytest.mark.parametrize(
    "mail",
    [
        "Subject: =?x-none?b?!!!?= =?utf-8?q?=F?=\nDate: never\n\nHello",
        "Subject: a\nContent-Type: text/plain; charset=none\nContent-Transfer-Encoding: x\n\nHello",
        "Subject: a\nContent-Transfer-Encoding: base64\n\nSGVsbG8",
        'Subject: a\nContent-Type: multipart/alternative; boundary="b"\n\n--b\n\nHello',
        "Subject: a\nContent-Type: text; charset*=utf-8''x\n\nHello",
    ],
)
def test_damaged_headers_do_not_cost_the_text(mail: str) -> None:
    assert loaded(mail).text.endswith("Hello")


def test_a_file_that_is_named_a_mail_needs_only_one_header() -> None:
    assert load_bytes(b"Subject: Tea\n\nAt five.", "a.eml").title == "Tea"
    with pytest.raises(UnreadableFile, match=r"a\.eml cannot be used.*headers of a mail"):
        load_bytes(b"Subject: Tea\n\n", "a.eml")
