from __future__ import annotations

import pytest

from index.chunking import chunk_article
from index.types import Article
from qa.overview.people import Entity, EntityType, find_characters, find_entities, find_introduction
from qa.overview.summary import Sentence, sentences_of

TOWN = (
    "Mayor Anna Berg opened the new bridge in Port Halden on Monday. “It is ours,” Berg said. "
    "The bridge was designed by Karim Aziz, an engineer of the Harbour Company. Aziz told the "
    "Daily Post that he had worked on it for six years. The Harbour Company employs ninety "
    "people in Halden. Dr. A. Berg thanked the workers. Prime Minister John Stone sent a letter "
    "to Berg. The World Bridge Organisation (WBO) called it a marvel, and the WBO gave a prize. "
    "The bridge crosses the River Alm near Oslo, in Norway. Tesla Coil tests were made at night."
)


def sentences(text: str) -> list[Sentence]:
    article = Article.from_text(text)
    return list(sentences_of(chunk_article(article, lambda some: [len(t.split()) for t in some])))


def entities(text: str) -> dict[str, Entity]:
    return {entity.name: entity for entity in find_entities(sentences(text), text, "")}


def introduction(text: str, entity: Entity) -> str:
    known = find_introduction(entity)
    assert known is not None
    assert entity.name in text[slice(*known.quote)]
    assert known.quote.start <= known.shown.start < known.shown.end <= known.quote.end
    return text[slice(*known.shown)]


def test_people_and_organisations_are_distinguished_from_places() -> None:
    found = entities(TOWN)
    persons = [name for name, entity in found.items() if entity.type is EntityType.PERSON]
    bodies = [name for name, entity in found.items() if entity.type is EntityType.ORGANISATION]
    assert sorted(persons) == ["Anna Berg", "John Stone", "Karim Aziz"]
    assert sorted(bodies) == ["Daily Post", "Harbour Company", "World Bridge Organisation"]


def test_names_of_the_same_person_are_grouped() -> None:
    berg = entities(TOWN)["Anna Berg"]
    assert [m.name for m in berg.mentions] == ["Anna Berg", "Berg", "A. Berg", "Berg"]


def test_an_acronym_refers_to_the_name_before_it() -> None:
    body = entities(TOWN)["World Bridge Organisation"]
    assert [m.name for m in body.mentions] == ["World Bridge Organisation", "WBO", "WBO"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Anna Berg", "Mayor"),
        ("Karim Aziz", "an engineer of the Harbour Company"),
        ("John Stone", "Prime Minister"),
    ],
)
def test_an_apposition_or_a_title_introduces_a_person(name: str, words: str) -> None:
    assert introduction(TOWN, entities(TOWN)[name]) == words


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("It is hard, council leader Priya Nair said.", "Priya Nair", "council leader"),
        (
            "He read American computer scientist Paul Baran.",
            "Paul Baran",
            "American computer scientist",
        ),
        ("But House Speaker Paul Ryan of Wisconsin said no.", "Paul Ryan", "House Speaker"),
        ("He met the young Danish painter Kurt Holm.", "Kurt Holm", "the young Danish painter"),
        ("They blamed former FBI Director James Comey.", "James Comey", "former FBI Director"),
        ("They met Labour leader Keith Poole.", "Keith Poole", "Labour leader"),
    ],
)
def test_a_role_before_the_name_introduces_a_person(text: str, name: str, words: str) -> None:
    assert introduction(text, entities(text)[name]) == words


def test_his_brother_is_not_an_introduction() -> None:
    text = "Martin Holm, his eldest son, came. His brother Martin Holm said so, and he laughed."
    assert find_introduction(entities(text)["Martin Holm"]) is None


def test_an_office_with_of_is_not_part_of_the_name() -> None:
    text = "US Secretary of State Marco Rubio called. Rubio said that he would wait."
    entity = entities(text)["Marco Rubio"]
    assert introduction(text, entity) == "US Secretary of State"
    assert len(entity.mentions) == 2


def test_two_people_with_one_surname_are_distinguished() -> None:
    text = (
        "John Smith met Mary Smith. John Smith said that he was late. Mary Smith said that she "
        "was early."
    )
    assert {"John Smith", "Mary Smith"} <= set(entities(text))


def test_a_workplace_is_not_part_of_the_name() -> None:
    found = entities("Karim Aziz of Halden University said that he was late. Aziz left.")
    assert found["Karim Aziz"].type is EntityType.PERSON
    assert found["Halden University"].type is EntityType.ORGANISATION


def test_a_name_of_an_organisation_may_begin_with_a_title() -> None:
    found = entities("The U.S. Justice Department agreed. It is one of the Justice Department's.")
    assert {entity.type for entity in found.values()} == {EntityType.ORGANISATION}


@pytest.mark.parametrize(
    "name",
    [
        "Science and Technology Museum",
        "Ministry of Health and Welfare",
        "Norwegian College of Music",
        "Farm and Food Agency",
    ],
)
def test_and_or_a_nationality_can_be_part_of_the_name_of_an_organisation(name: str) -> None:
    assert set(entities(f"She works at the {name}. The {name} is old.")) == {name}


def test_people_joined_by_and_are_two() -> None:
    found = entities("Anna Berg and Karl Moe came. Berg said that she was late, and Moe laughed.")
    assert set(found) == {"Anna Berg", "Karl Moe"}


def test_a_person_in_the_title_is_recognised_by_the_surname() -> None:
    text = "The laboratory of Tesla burnt down. A coil is named for Tesla."
    (tesla,) = find_entities(sentences(text), text, "Nikola Tesla")
    assert (tesla.name, tesla.type) == ("Tesla", EntityType.PERSON)


def test_a_capital_at_the_start_of_a_sentence_is_not_a_name() -> None:
    text = "Bread is baked here. Workers said that he was late. Many told us. Nobody thinks so."
    assert not entities(text)


def test_characters_without_a_name_are_found() -> None:
    text = (
        "Once there was a king. The king had a cat. The king slept. The cat spoke. The king woke. "
        "The old king laughed, and the kings of the south came."
    )
    (king,) = find_characters(sentences(text))
    assert (king.name, len(king.mentions)) == ("The king", 5)
    (giant,) = find_characters(
        sentences("The Giant ate. The Giant drank. The Giant slept. The Giant!")
    )
    assert giant.name == "The Giant"


@pytest.mark.parametrize("text", ["", "…", "12 34", "A B C D E F", "“ ” ‘ ’", "Mr. Mr. Mr."])
def test_text_without_prose_has_no_entities(text: str) -> None:
    assert not find_entities([Sentence(0, len(text), text, "", 0)], text, "")


def test_a_headline_names_nobody_by_its_capitals() -> None:
    text = (
        "Harbour Minister Speaks to Northern and Southern Towns\n\nKarim Aziz said that he was "
        "late. Aziz told them so. “Speak up,” said Aziz to the towns."
    )
    assert set(entities(text)) == {"Karim Aziz"}


def test_a_contraction_is_no_part_of_a_name() -> None:
    text = (
        "“Therefore I'm late,” said Karim Aziz. He left. “Therefore I’m lost. I’d go,” said Aziz. "
        "“I'd go to Halden I've seen,” she said. “I'd stay,” said Berg."
    )
    assert not any("I'" in name or "I’" in name for name in entities(text))


def test_a_title_with_of_is_not_the_full_name_of_a_person() -> None:
    text = (
        "This is The Printed Book of Alice. Alice saw a door. Alice said that she was tall. "
        "Then Alice laughed, and she said so."
    )
    assert "Alice" in entities(text)


def test_a_character_with_a_name_is_listed_once() -> None:
    text = "King Olav was old. The king wept. The king sat. The king ate. The king slept. " * 2
    some = sentences(text)
    named = [e for e in find_entities(some, text, "") if e.type is EntityType.PERSON]
    assert [entity.name for entity in named] == ["Olav"]
    assert find_characters(some, named) == []
    assert [entity.name for entity in find_characters(some)] == ["The king"]


def test_a_character_is_not_introduced_by_the_next_in_a_list() -> None:
    text = "The king, the queen, and the cook came. The king sat. The king ate. The king slept."
    (king,) = find_characters(sentences(text))
    assert find_introduction(king) is None
