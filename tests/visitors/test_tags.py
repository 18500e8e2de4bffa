"""The tags of articles, and who may change them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from index.errors import ArticleNotFound, NotAllowed, TagError
from qa.article_qa import ArticleQA
from qa.visitors.caller import Caller, Role
from qa.visitors.caller_qa import CallerQA
from qa.visitors.shelves import Shelves
from qa.visitors.state_database import StateDatabase
from qa.visitors.tags import MAX_TAG_CHARS, MAX_TAGS, Tags

ANNA, BEN = Caller("anna", Role.READER), Caller("ben", Role.READER)
EVE = Caller("eve", Role.EDITOR)
READ_ONLY = Caller("anna", Role.READER, can_write=False)


@pytest.fixture
def state() -> Iterator[StateDatabase]:
    database = StateDatabase(None)
    yield database
    database.close()


@pytest.fixture
def tags(state: StateDatabase) -> Tags:
    return Tags(state)


def test_tags_are_set_added_and_removed(tags: Tags) -> None:
    tags.set("a", ["bridges", "  Old \n maps "])
    tags.add("a", "AC/DC")
    tags.add("b", "bridges")
    assert tags.by_article() == {"a": ["AC/DC", "bridges", "Old maps"], "b": ["bridges"]}
    tags.remove("a", "BRIDGES")
    tags.remove("a", "never there")
    tags.forget("b")
    assert tags.by_article() == {"a": ["AC/DC", "Old maps"]}


def test_a_tag_in_another_case_or_form_is_the_same_tag(tags: Tags) -> None:
    tags.set("a", ["Café", "CAFÉ"])
    tags.add("a", "cafe\u0301")
    assert tags.of("a") == ["Café"]


@pytest.mark.parametrize(
    "tag",
    ["", " \n ", "\u200b", "\u202e", "a, b", "x" * (MAX_TAG_CHARS + 1), "\ud800"],
)
def test_a_tag_that_cannot_be_used_is_refused(tags: Tags, tag: str) -> None:
    tags.add("a", "kept")
    with pytest.raises(TagError):
        tags.add("a", tag)
    with pytest.raises(TagError):
        tags.set("a", [tag])
    assert tags.of("a") == ["kept"]


def test_an_article_has_a_limited_number_of_tags(tags: Tags) -> None:
    many = [f"tag {number}" for number in range(MAX_TAGS)]
    tags.set("a", many)
    tags.add("a", "TAG 0")
    with pytest.raises(TagError, match="20 tags"):
        tags.add("a", "one more")
    with pytest.raises(TagError):
        tags.set("a", [*many, "one more"])
    assert len(tags.of("a")) == MAX_TAGS


def test_only_who_may_rename_an_article_may_tag_it(state: StateDatabase, tags: Tags) -> None:
    with ArticleQA.from_text("The bridge opened in 1932.", title="Bridge") as qa:
        shelves = Shelves(state)
        anna, ben, eve, reading = (
            CallerQA(qa, caller, shelves, tags=tags) for caller in (ANNA, BEN, EVE, READ_ONLY)
        )
        (shared,) = qa.titles()
        own = anna.add_text("The tower is 150 metres tall.").id
        anna.tags_to_change(own).add(own, "towers")
        eve.tags_to_change(shared).add(shared, "bridges")
        for caller, article in ((anna, shared), (reading, own), (reading, shared)):
            with pytest.raises(NotAllowed):
                caller.tags_to_change(article)
        with pytest.raises(ArticleNotFound):
            ben.tags_to_change(own)
        assert anna.tags() == {own: ["towers"], shared: ["bridges"]}
        assert ben.tags() == {shared: ["bridges"]}
        anna.remove(own)
        assert ben.add_text("The tower is 150 metres tall.").id == own
        assert ben.tags() == {shared: ["bridges"]}
