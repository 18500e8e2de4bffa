"""What a question can ask for, as values."""

from __future__ import annotations

from enum import StrEnum

from qa.answer import Kind


class Wanted(StrEnum):
    """What a question asks for; each but the first is a class of the recogniser."""

    FACTUAL = "factual"
    """Words of the articles: whatever is none of those below."""
    SUMMARY = "summary"
    KEY_POINTS = "key_points"
    PEOPLE = "people"
    TIMELINE = "timeline"
    GREETING = "greeting"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    HELP = "help"
    """What can be asked, how, and how far a reply can be trusted."""
    IDENTITY = "identity"
    """Who or what the chatbot is."""

    @property
    def kind(self) -> Kind:
        """The kind of answer that is due."""
        return _KINDS.get(self, Kind.TALK)


_KINDS = {
    Wanted.FACTUAL: Kind.ANSWER,
    Wanted.SUMMARY: Kind.SUMMARY,
    Wanted.KEY_POINTS: Kind.KEY_POINTS,
    Wanted.PEOPLE: Kind.PEOPLE,
    Wanted.TIMELINE: Kind.TIMELINE,
}

OVERVIEW_QUESTIONS = {
    "What is this about?": Wanted.SUMMARY,
    "What are the key points?": Wanted.KEY_POINTS,
    "Who is mentioned?": Wanted.PEOPLE,
    "What happened when?": Wanted.TIMELINE,
}
"""The questions that the program itself offers; each is always taken to ask for this."""
