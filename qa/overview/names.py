"""Find the proper names in sentences: runs of capitalised words, and the titles before them."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from index.types import Span
from qa.conversation.words import Word, bare, words_of
from qa.overview.summary import Sentence

_LEXICON = {
    name: frozenset(words.split())
    for name, words in tomllib.loads(
        (Path(__file__).parent / "lexicon.toml").read_text(encoding="utf-8")
    ).items()
}
GIVEN_NAMES = _LEXICON["given_names"]
TITLES = _LEXICON["titles"]
CHARACTERS = _LEXICON["characters"]
ROLES = _LEXICON["roles"] | CHARACTERS | TITLES - {"st", "khan", "chair", "count", "major"}
ORGANISATION_HEADS = _LEXICON["organisation_heads"]
PLACE_HEADS = _LEXICON["place_heads"]
THING_HEADS = _LEXICON["thing_heads"]
NOT_NAMES = _LEXICON["not_names"]
SPEECH_VERBS = _LEXICON["speech_verbs"]
_ADJECTIVES = _LEXICON["adjectives"]
_ABBREVIATED = _LEXICON["abbreviated_titles"]
_CALENDAR = frozenset(
    """January February March April May June July August September October November December
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday""".split()
)
_JOINING = frozenset("of de la le du da di von van der den ter bin ibn al and for".split())
_OFFICES = re.compile(
    r"(?:[Ss]ecretary(?:[- ][Gg]eneral)? of (?:State|Defen[cs]e|War|the \w+|Health|Energy|Commerce)"
    r"|[Ss]ecretary-[Gg]eneral|Attorney General|Chief of Staff|Surgeon General)(?= |$)"
)
# "former" and the like: a title without it would say that somebody still holds the office.
_FORMER = re.compile(
    r"\b(?:[Ff]ormer|[Tt]hen[- ]|[Ll]ate|[Aa]cting|[Dd]eputy|[Vv]ice|[Ee]x-|[Ff]uture)"
    r"(?:[ -])?(?:[A-Z][\w.]*(?:[’']s)? ){0,2}\Z"
)
_ROLE = re.compile(
    r"(?P<whose>\b(?:[Hh]is|[Hh]er|[Ii]ts|[Tt]heir|[Mm]y|[Oo]ur|[Yy]our) (?:[\w-]+ )?)?"
    r"(?P<phrase>(?:\b(?:[Tt]he|[Aa]n?) (?:(?!(?:and|or|that|to|by|with|said|as|of|is|was|from|for"
    r"|in)\b)[\w’'-]+ ){0,3}|(?:\b[A-Z][\w’'-]+ ){1,3})?\b(?P<role>[a-z-]+) )\Z"
)
# Names of organisations that contain "and" or "for".
_JOINED = re.compile(
    r"(?:Ministry|Department|Cent(?:er|re)s?|Institute|Office|Committee|Council|Agency"
    r"|Organi[sz]ation|Bureau|World)\b(?!.* and the )"
)
_ROLE_CHARS = 80
_CONTRACTION = re.compile(r"'(?:m|d|ll|ve|re|t)\Z")
_MAX_ROLE_NOUNS = 2
_MAX_RUN = 24
"""Words that are looked at as one name: a whole line of capitals is not a name."""
_MAX_WORDS = 6
_OPENING_MARKS = " “‘\"'(—–-"
_MAX_APPOSITION_CHARS = 110
_CONTEXT_CHARS = 400
"""Characters before and after a name that are looked at."""
_NO_NOUN = (
    "(?:was|is|were|are|had|has|have|did|who|whom|which|whose|and|or|but|as|at|in|on|to|for|by|from"
    "|with|of|said|says|that|when|where|while|including|like|such|his|her|its|their|my|our|your)"
)
_APPOSITION = re.compile(
    rf", ((?:an?|the|one of|(?!{_NO_NOUN}\b)[a-z][\w-]+|[A-Z][\w’' ]*[’']s?)\b"
    r"(?:[^,.;:()“”—]|(?<=\b[A-Z])\.)*(?:, D\.C\.)?)(?=[,.;—:]|$)"
)
_AFTER_ROLE = re.compile(r"\b(?:of|to|for|from|in|at|on|who|which|that|and)\b")


@dataclass(frozen=True, slots=True)
class Mention:
    """A name at its place in an article; offsets are into the article."""

    name: str
    span: Span
    titled: Span
    """With the titles before it."""
    sentence: Sentence

    @property
    def after(self) -> str:
        """The text of its sentence after it, up to a limit."""
        at = self.span.end - self.sentence.start
        return self.sentence.text[at : at + _CONTEXT_CHARS].replace("\n", " ")

    @property
    def before(self) -> str:
        """The text of its sentence before it, up to a limit."""
        at = self.span.start - self.sentence.start
        return self.sentence.text[max(0, at - _CONTEXT_CHARS) : at].replace("\n", " ")

    @property
    def title(self) -> str:
        """The titles before it, such as "US Secretary of State"; empty if it has none."""
        start = self.sentence.start
        return self.sentence.text[self.titled.start - start : self.span.start - start].rstrip()

    @property
    def apposition(self) -> re.Match[str] | None:
        """What follows between commas, as the first group of a match in :attr:`after`."""
        match = _APPOSITION.match(self.after)
        return match if match and len(match[1]) <= _MAX_APPOSITION_CHARS else None

    @property
    def has_role(self) -> bool:
        """Whether its apposition is a role: "X, the spokesperson of …"."""
        match = self.apposition
        head = _AFTER_ROLE.split(match[1])[0] if match else ""
        return bool(words := re.findall(r"[\w-]+", head.lower())) and words[-1] in ROLES


@dataclass(frozen=True, slots=True)
class Capitalised:
    """How an article capitalises its words."""

    proper: frozenset[str]
    """Words that are mostly capitalised within a sentence."""
    common: frozenset[str]
    """Words that also occur in lower case."""

    @classmethod
    def of(cls, text: str) -> Self:
        """Return how ``text`` capitalises its words."""
        inside = Counter(re.findall(r"(?<=[a-z,;] )[A-Z][\w’'-]*", text))
        small = Counter(re.findall(r"\b[a-z][\w’'-]*", text))
        proper = {bare(word) for word, count in inside.items() if count > small[word.lower()]}
        return cls(frozenset(proper - _CALENDAR - {"I"}), frozenset(small))


def mentions_in(sentences: Iterable[Sentence], capitalised: Capitalised) -> Iterator[Mention]:
    """Yield the names in the sentences in order, without titles and possessive endings."""
    for sentence in sentences:
        text = sentence.text.replace("\n", " ")
        for run in _runs(text):
            for words, titled in _names(text, run, capitalised):
                start = words[0].start
                name = bare(text[start : words[-1].end])
                if len(name.split()) <= _MAX_WORDS and not name[-1].isdigit():
                    by, end = sentence.start, sentence.start + start + len(name)
                    span, whole = Span(by + start, end), Span(by + titled, end)
                    yield Mention(" ".join(name.split()), span, whole, sentence)


def _runs(text: str) -> Iterator[list[Word]]:
    """Yield the runs of capitalised words, and of the particles between them."""
    run: list[Word] = []
    for word in words_of(text):
        if run and len(run) < _MAX_RUN and _continues(text, run[-1], word):
            run.append(word)
            continue
        if run:
            yield run
        before = text[word.start - 1 : word.start]
        opens = word.text[0].isupper() and not _CONTRACTION.search(word.low)
        run = [word] if opens and before not in ("@", "#", "/", "_") else []
    if run:
        yield run


def _continues(text: str, last: Word, word: Word) -> bool:
    if bare(last.text) != last.text and bare(last.low) != "people":
        return False  # "People’s Liberation Army" continues after a possessive
    between = text[last.end : word.start]
    if _CONTRACTION.search(word.low):
        return False  # "Therefore I’m"
    if between == " & ":
        return word.text[0].isupper()
    short = len(last.text) == 1 or last.low in _ABBREVIATED or "." in last.text
    if between not in (" ", " ‘", " “") and not (between == ". " and short):
        return False
    return word.text[0].isupper() or (word.low in _JOINING and between == " ")


def _names(
    text: str, run: list[Word], capitalised: Capitalised
) -> Iterator[tuple[list[Word], int]]:
    """Yield the names that a run consists of, and where the titles before each begin."""
    run = _trimmed(text, run, capitalised)
    if not run:
        return
    for at, word in enumerate(run):
        joins = word.low in ("and", "for") and not _is_joined(text, run, at)
        if joins or (word.low == "of" and _is_workplace(text, run, at)):
            yield from _names(text, run[:at], capitalised)
            yield from _names(text, run[at + 1 :], capitalised)
            return
    first = _after_titles(text, run)
    words = _trimmed(text, run[first:], capitalised, may_open=not first)
    if not words:
        return
    start = words[0].start
    titled = run[0].start if first and words[0] is run[first] else _role_start(text, start)
    if titled < start and (match := _FORMER.search(text, max(0, titled - _ROLE_CHARS), titled)):
        titled = match.start()
    yield words, titled


def _is_joined(text: str, run: list[Word], at: int) -> bool:
    """Whether "and" or "for" is part of an organisation's name, and not between two names."""
    pair = at == 1 and run[-1].low in ORGANISATION_HEADS  # "Food and Drug Administration"
    return pair or _JOINED.match(text[run[0].start : run[-1].end]) is not None


def _is_workplace(text: str, run: list[Word], at: int) -> bool:
    """Whether "of" separates a person from a place of work: "House Speaker Paul Ryan of Ohio"."""
    first = _after_titles(text, run[:at])
    before = {bare(word.low) for word in run[first:at]}
    is_person = first > 0 or run[0].low in GIVEN_NAMES or run[-1].low in ORGANISATION_HEADS
    is_whole = len(before) > (0 if first else 1)
    return is_person and is_whole and not before & (ORGANISATION_HEADS | TITLES | THING_HEADS)


def _trimmed(
    text: str, run: list[Word], capitalised: Capitalised, *, may_open: bool = True
) -> list[Word]:
    """Return a run without the words at its ends that do not belong to a name.

    ``may_open`` says whether the run may be at the start of a sentence.
    """
    while run and run[-1].low in _JOINING:
        run = run[:-1]
    while run and (_is_no_name(text, run) or (may_open and _only_opens(text, run, capitalised))):
        run = run[1:]
    while run and run[0].low in _JOINING and not run[0].text[0].isupper():
        run = run[1:]
    return run


def _is_no_name(text: str, run: list[Word]) -> bool:
    """Whether the first word of a run does not belong to the name: a pronoun, a nationality."""
    word, low = run[0], bare(run[0].low)
    stopped = text[word.end : word.end + 1] == "."
    initial = re.fullmatch("[A-Z]" if stopped else "[B-HJ-Z]", word.text) and len(run) > 1
    if word.text in ("US", "U.S", "UN") or initial:
        return False
    if low in _ADJECTIVES:  # it belongs to "American Institute", but not to "Chinese Premier"
        return all(other.low not in ORGANISATION_HEADS for other in run[1:])
    return low in NOT_NAMES or word.is_function


def _only_opens(text: str, run: list[Word], capitalised: Capitalised) -> bool:
    """Whether the first word is capitalised only because it begins a sentence."""
    word = run[0]
    before = text[max(0, word.start - _ROLE_CHARS) : word.start].rstrip()
    opens = before.endswith((".", ":", "!", "?", "“")) or not before.rstrip(_OPENING_MARKS)
    if not opens or bare(word.text) in capitalised.proper or word.low in TITLES:
        return False
    return word.low in capitalised.common or len(run) == 1


def _after_titles(text: str, run: list[Word]) -> int:
    """Return the index of the first word of a run after its titles; 0 if it has none."""
    whole = text[run[0].start : run[-1].end]
    offices = list(_OFFICES.finditer(whole))
    office_end = run[0].start + offices[-1].end() if offices else 0
    titles = [
        at
        for at, word in enumerate(run)
        if word.low.rstrip(".") in TITLES or word.end == office_end
    ]
    if not titles or run[titles[-1]].low == "st":  # "Gulf of St. Lawrence"
        return 0
    rest = run[titles[-1] + 1 :]
    is_organisation = len(rest) == 1 and bare(rest[0].low) in ORGANISATION_HEADS
    if not rest or is_organisation or rest[0].low in _JOINING:
        return 0  # "Justice Department"
    return titles[-1] + 1


def _role_start(text: str, start: int) -> int:
    """Return where a role directly before a name begins: "the physicist …"; else ``start``.

    "His brother" is left out, because it does not say whose.
    """
    match = _ROLE.search(text, max(0, start - _ROLE_CHARS), start)
    if match is None or match["role"] not in ROLES or match["whose"]:
        return start
    first = match.start("phrase")
    if match["phrase"].startswith(match["role"]):  # "council leader", "retired teacher"
        before = words_of(text[max(0, first - _ROLE_CHARS) : first])
        for word in reversed(before[-_MAX_ROLE_NOUNS:]):
            start_before = first - len(word.text) - 1
            if not text.startswith(f"{word.text} ", start_before) or _is_no_noun(word):
                break
            first = start_before
            if word.low in _ADJECTIVES:
                break
    return first


def _is_no_noun(word: Word) -> bool:
    if word.low in _ADJECTIVES:
        return False
    no_noun = word.is_function or word.low in SPEECH_VERBS | NOT_NAMES
    return no_noun or not word.text.islower()
