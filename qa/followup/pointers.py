"""What in a question points back at an earlier one, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """How a question leans on earlier ones."""

    PRONOUN = auto()
    """"When was it launched?\""""
    ABOUT = auto()
    """"What about Pakistan?\", "And in 2020?\""""
    BARE = auto()
    """"Why?\", "How many?\", "By whom?\""""
    ELSE = auto()
    """"Who else?\""""


class Form(Enum):
    """What may be put in place of a pronoun."""

    PERSON = auto()
    THING = auto()
    PLURAL = auto()
    EVENT = auto()
    """"this" and "that" alone."""
    PLACE = auto()
    TIME = auto()


@dataclass(frozen=True, slots=True)
class Pointer:
    """The words of a question that point back."""

    kind: Kind
    start: int
    end: int
    """Where they stand, in characters."""
    form: Form = Form.THING
    possessive: bool = False
    rest: str = ""
    """What is asked about (ABOUT), or the wh-phrase (BARE, ELSE)."""
    sure: bool = True
    """Whether the question says too little to be asked as it stands."""
