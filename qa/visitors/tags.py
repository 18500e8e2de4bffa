"""The tags by which people group articles."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from index.errors import TagError
from index.types import one_line
from qa.visitors.state_database import StateDatabase

MAX_TAGS = 20
"""The most tags of one article."""
MAX_TAG_CHARS = 40


def checked_tag(tag: str) -> str:
    """Return ``tag`` as stored: on one line, in composed Unicode (NFC).

    Raises:
        TagError: It is blank, too long, not valid Unicode, or contains a comma, which separates
            tags where people type them.
    """
    line = unicodedata.normalize("NFC", one_line(tag))
    try:
        line.encode("utf-8")
    except UnicodeEncodeError as error:
        msg = f"The tag {line!r} is not valid Unicode. Type it again."
        raise TagError(msg) from error
    if not any(character.isprintable() and not character.isspace() for character in line):
        msg = "The tag is blank. Give it at least one character."
        raise TagError(msg)
    if len(line) > MAX_TAG_CHARS:
        msg = f"The tag “{line[:MAX_TAG_CHARS]}…” is longer than {MAX_TAG_CHARS} characters."
        raise TagError(f"{msg} Shorten it.")
    if "," in line:
        msg = f"The tag “{line}” contains a comma. Use a tag for each part."
        raise TagError(msg)
    return line


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Return the tags as stored, each once; of those that differ in case alone, the first.

    Raises:
        TagError: One of them cannot be used, or there are more than an article may have.
    """
    found: dict[str, str] = {}
    for tag in map(checked_tag, tags):
        found.setdefault(tag.casefold(), tag)
        if len(found) > MAX_TAGS:
            msg = f"An article can have {MAX_TAGS} tags. Remove some first."
            raise TagError(msg)
    return list(found.values())


class Tags:
    """The tags of the articles of a library, by the articles' ids."""

    def __init__(self, state: StateDatabase) -> None:
        self._state = state

    def by_article(self) -> dict[str, list[str]]:
        """Return the tags of each article that has any, in alphabetical order."""
        found: dict[str, list[str]] = {}
        with self._state.reading() as db:
            for article, tag in db.execute("SELECT article, tag FROM tags"):
                found.setdefault(article, []).append(tag)
        return {article: sorted(tags, key=str.casefold) for article, tags in found.items()}

    def of(self, article_id: str) -> list[str]:
        """Return the tags of one article, in alphabetical order."""
        with self._state.reading() as db:
            rows = db.execute("SELECT tag FROM tags WHERE article = ?", [article_id])
            return sorted((tag for (tag,) in rows), key=str.casefold)

    def set(self, article_id: str, tags: Iterable[str]) -> None:
        """Give an article exactly these tags.

        Raises:
            TagError: They cannot be used; see :func:`checked_tags`.
            LibraryError: They cannot be stored.
        """
        checked = checked_tags(tags)
        with self._state.transaction() as db:
            db.execute("DELETE FROM tags WHERE article = ?", [article_id])
            db.executemany("INSERT INTO tags VALUES (?, ?)", [(article_id, tag) for tag in checked])

    def add(self, article_id: str, tag: str) -> None:
        """Give an article one more tag; a tag that it has, in whatever case, changes nothing.

        Raises:
            TagError: It cannot be used, or the article has the most that it may have.
            LibraryError: It cannot be stored.
        """
        tag = checked_tag(tag)
        with self._state.transaction() as db:
            before = self.of(article_id)
            if len(checked_tags([*before, tag])) > len(before):
                db.execute("INSERT INTO tags VALUES (?, ?)", [article_id, tag])

    def remove(self, article_id: str, tag: str) -> None:
        """Take a tag, in whatever case, from an article; one that it has not changes nothing."""
        tag = unicodedata.normalize("NFC", one_line(tag)).casefold()
        with self._state.transaction() as db:
            gone = [each for each in self.of(article_id) if each.casefold() == tag]
            statement = "DELETE FROM tags WHERE article = ? AND tag = ?"
            db.executemany(statement, [(article_id, each) for each in gone])

    def forget(self, article_id: str) -> None:
        """Delete the tags of an article that is removed."""
        with self._state.transaction() as db:
            db.execute("DELETE FROM tags WHERE article = ?", [article_id])
