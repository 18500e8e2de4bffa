"""Questions that are only a part of one: "Why?", "What about Pakistan?", "Who else?"."""

from __future__ import annotations

import re

from qa.followup.pointers import Kind, Pointer
from qa.followup.words import AUXILIARIES, LEAD_INS, PREPOSITIONS, WH, words_of

_LEAD = rf"(?:(?:{'|'.join(sorted(LEAD_INS))})[, ]+)*"
_PREPOSITION = rf"(?:{'|'.join(sorted(PREPOSITIONS))})"
END = r"[ ]*[?.!]*[ ]*$"
_KIND_NOUN = (
    r"(?:years?|days?|dates?|months?|times?|cent(?:ury|uries)|places?|cit(?:y|ies)|countr(?:y|ies)"
    r"|ones?|kinds?|types?|sorts?|reasons?|ways?|parts?|sides?|people|persons?|languages?|teams?"
    r"|states?|groups?)"
)
_HOW = r"how (?:many|much|long|often|far|old|big|large|tall|high|deep|fast|soon|late|wide)"
_BARE = re.compile(
    rf"{_LEAD}(?P<wh>(?:{_PREPOSITION} )?(?:{_HOW}(?: \w+)?|(?:what|which)(?: {_KIND_NOUN})?"
    r"|why|when|where|who|whom|whose|how)|how come|what for)"
    rf"(?: exactly| not| so| then| though| precisely)?{END}",
    re.IGNORECASE,
)
_ELSE = re.compile(
    rf"{_LEAD}(?P<wh>(?:{_PREPOSITION} )?(?:who|whom|what|where|when|why)) else{END}",
    re.IGNORECASE,
)
# "Why did he do that?", "When did it happen?": the whole of what was asked. "How long is
# it?" asks for a thing.
_EVENT = re.compile(
    rf"{_LEAD}(?!{_HOW} (?:is|was) (?:he|she|it)\b)"
    rf"(?P<wh>(?:{_PREPOSITION} )?(?:why|when|where|how|what year|which year|{_HOW}))"
    r" (?:(?:did|does|do|has|have|is|was|would|will) (?:he|she|it|they|this|that|these|those)"
    r"(?: (?:do|done|happen|occur|take place|happening|say|said)(?: (?:that|this|it|so))?)?)"
    rf"{END}",
    re.IGNORECASE,
)
_AROUND = re.compile(
    rf"{_LEAD}(?:what |who )?(?P<rest>(?:before|after)) (?:that|this|then){END}", re.IGNORECASE
)
_ABOUT = re.compile(
    rf"{_LEAD}(?:(?:what|how) about|and(?: what)? (?:of|for))[ ]+(?P<rest>[^?.!]+?){END}"
    rf"|(?:and|but)[, ]+(?P<fragment>[^?.!]+?){END}",
    re.IGNORECASE,
)
_MAX_FRAGMENT = 4


def ellipsis_of(question: str) -> Pointer | None:
    """Return what the whole of ``question`` is a part of; None if it is a whole sentence."""
    whole = len(question)
    if match := _ELSE.match(question):
        return Pointer(Kind.ELSE, 0, whole, rest=match["wh"])
    for pattern in (_BARE, _EVENT):
        if match := pattern.match(question):
            return Pointer(Kind.BARE, 0, whole, rest=match["wh"])
    if match := _AROUND.match(question):
        return Pointer(Kind.ABOUT, 0, whole, rest=match["rest"])
    if (match := _ABOUT.match(question)) and (rest := _fragment(match)):
        return Pointer(Kind.ABOUT, 0, whole, rest=rest)
    return None


def _fragment(match: re.Match[str]) -> str:
    rest = match["rest"] or match["fragment"]
    words = [word.low for word in words_of(rest)]
    verbal = {"it", "that", "this", "them", *AUXILIARIES, *WH}.intersection(words)
    return "" if verbal or not 0 < len(words) <= _MAX_FRAGMENT else rest
