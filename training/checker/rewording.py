"""Reword sentences so that they stay true: as a summary would, by leaving out, moving and joining.

The rules are about English; they make training data only.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from training.checker.neighbours import ALIKE, Neighbours
from training.reader.swaps import reverse_sense

_NEGATED = re.compile(
    r"\b(?:not|no|never|few|nor|neither|none|without|only|unless|if)\b|n't\b", re.I
)
_PARENTHESES = re.compile(r" ?[(\[][^()\[\]]*[)\]]")
_CLAUSE = re.compile(r", (?:which|who|whose|where|including|such as|a|an|the) [^,.;:]+,(?= )")
_LEAD = re.compile(
    r"^((?:In|On|At|During|After|Before|By|From|Since|Under|As of) [^,;:]{3,40}), ([^,;:]+[^.])\."
)
_AFTER_COMMA = re.compile(r"^(.{40,}?)(?:, |; | – | — )[^.]*\.$")
_AT_END = re.compile(r"^(.{30,}) (?:in|on|at|during|after|before|since|from|by|for) [^,;]{3,40}\.$")
_LINKS = re.compile(
    r"^(?:However|Moreover|Furthermore|Therefore|Thus|Also|In addition|For example|Instead"
    r"|Nevertheless|Meanwhile|Additionally|Similarly|Indeed|Then|But|And|So),? ",
)
_PREFIXES = (
    "According to the article, {}",
    "According to the text, {}",
    "The article says that {}",
    "The text states that {}",
    "The author notes that {}",
    "The passage explains that {}",
    "It is reported that {}",
)
_SMALL = re.compile(
    r"^(?:The|A|An|It|He|She|They|This|That|These|Those|In|On|At|His|Her|Their|Its|There|As|By"
    r"|After|During|When|While|Some|Many|Most|We|You|One|Two) "
)
_SAME = (
    "percent:%|approximately:about|however:but|began:started|begin:start|also:|large:big"
    "|children:kids|purchase:buy|purchased:bought|obtain:get|obtained:got|assist:help"
    "|assisted:helped|numerous:many|several:a number of|use:make use of|located:situated"
    "|various:different|near:close to|because:since|although:though|required:needed"
    "|roughly:about|around:about|famous:well known|whole:entire|often:frequently"
    "|received:got|said:stated|said:noted|says:states|constructed:built|created:made"
    "|died:passed away|attempted:tried|commenced:began|later:afterwards|currently:now"
    "|usually:normally|mainly:mostly|primarily:mainly|important:significant|film:movie"
    "|movie:film|maybe:perhaps|perhaps:possibly|rapidly:quickly|finally:in the end"
    "|nearly:almost|entire:whole|big:large|quickly:fast|error:mistake|job:position"
)
_SYNONYMS = {pair.partition(":")[0]: pair.partition(":")[2] for pair in _SAME.split("|")}
_DIGITS = dict(
    zip("2 3 4 5 6 7 8 9 10".split(), "two three four five six seven eight nine ten".split(),
        strict=True)
)  # fmt: skip
_FORMATS = (
    (re.compile(r"(?<=\d)%"), " percent"),
    (re.compile(r"(?<=\d) percent\b"), "%"),
    (re.compile(r"(?<=\d) per cent\b"), "%"),
    (re.compile(r"(?<=\d),(?=\d{3}\b)"), ""),
    (re.compile(r"\bkm\b"), "kilometres"),
    (re.compile(r"\bkilomet(?:er|re)s\b"), "km"),
    (re.compile(r"\bU\.S\."), "US"),
    (re.compile(r"\bUnited States\b"), "US"),
    (re.compile(r"\b(\d{1,2}) (January|February|March|April|May|June|July|August|September"
                r"|October|November|December)\b"), r"\2 \1"),
    (re.compile(r"\b(January|February|March|April|May|June|July|August|September|October|November"
                r"|December) (\d{1,2}), (\d{4})"), r"\2 \1 \3"),
    (re.compile(r"\bdid not\b"), "didn't"),
    (re.compile(r"\bis not\b"), "isn't"),
    (re.compile(r"\bcannot\b"), "can't"),
)  # fmt: skip
_LEAST_WORDS = 4
_WORD = re.compile(r"[A-Za-z]+")

Reword = Callable[[str, random.Random], str]


def shorten(sentence: str, rng: random.Random) -> str:
    """Return the sentence without a clause, an adjunct or what is in parentheses."""
    made = _PARENTHESES.sub("", _LINKS.sub("", sentence))
    made = made[:1].upper() + made[1:]
    if rng.random() < 0.5:  # noqa: PLR2004 - even
        made = _CLAUSE.sub("", made, count=1)
    if _NEGATED.search(made):
        return made
    rules = [_AFTER_COMMA, _AT_END]
    rng.shuffle(rules)
    match = rules[0].match(made) or (rng.random() < 0.5 and rules[1].match(made)) or None  # noqa: PLR2004
    if match and len(match[1].split()) > _LEAST_WORDS:
        return match[1].rstrip(" ,;") + "."
    return made


def move_lead(sentence: str, rng: random.Random) -> str:
    """Return "Y in 1990." for "In 1990, Y.", or leave "In 1990" out."""
    match = _LEAD.match(sentence)
    if not match:
        return shorten(sentence, rng)
    lead, rest = match.groups()
    rest = rest[:1].upper() + rest[1:]
    if rng.random() < 0.3 and not _NEGATED.search(rest):  # noqa: PLR2004 - share
        return f"{rest}."
    return f"{rest} {lead[:1].lower()}{lead[1:]}."


def join(first: str, second: str, rng: random.Random) -> str:
    """Return both sentences as one."""
    link = rng.choice((", and ", "; ", ", while ", " and ", ". "))
    second = _LINKS.sub("", second)
    return first.rstrip(" .") + link + (second if link == ". " else uncapitalised(second))


def attribute(sentence: str, rng: random.Random) -> str:
    """Return the sentence as what the article says."""
    return rng.choice(_PREFIXES).format(uncapitalised(sentence))


def reformat(sentence: str, rng: random.Random) -> str:
    """Return the sentence with a number, date or short form written in another way."""
    rules = [rule for rule in _FORMATS if rule[0].search(sentence)]
    if rules:
        pattern, other = rng.choice(rules)
        return pattern.sub(other, sentence, count=1)
    for digit, word in rng.sample(sorted(_DIGITS.items()), len(_DIGITS)):
        if f" {word} " in sentence:
            return sentence.replace(f" {word} ", f" {digit} ", 1)
        if f" {digit} " in sentence:
            return sentence.replace(f" {digit} ", f" {word} ", 1)
    return sentence


def synonyms(sentence: str, neighbours: Neighbours, rng: random.Random) -> str:
    """Return the sentence with one or two words replaced by others of the same meaning."""
    made = sentence
    places = [m for m in _WORD.finditer(sentence) if m.group().islower()]
    rng.shuffle(places)
    changed = 0
    for match in places:
        word = match.group()
        other = _SYNONYMS.get(word)
        if other is None:
            near = neighbours.of(word, ALIKE)
            other = near[0] if near and not _is_opposite(word, near[0]) else None
        if other is not None:
            made = re.sub(rf"\b{word}\b ?", f"{other} " if other else "", made, count=1)
            made = re.sub(r" (?=[.,;:)])", "", made)
            changed += 1
        if changed > rng.random() * 2:
            break
    return made.rstrip()


def uncapitalised(sentence: str) -> str:
    """Return the sentence as it is after a comma: its first word may be a name."""
    return sentence[:1].lower() + sentence[1:] if _SMALL.match(sentence) else sentence


def reworded(sentence: str, neighbours: Neighbours, rng: random.Random) -> str:
    """Return the sentence as it is, or with some of these changes."""
    made = sentence
    if rng.random() < 0.55:  # noqa: PLR2004 - shares
        made = rng.choice((shorten, shorten, move_lead))(made, rng)
    if rng.random() < 0.4:  # noqa: PLR2004
        made = synonyms(made, neighbours, rng)
    if rng.random() < 0.3:  # noqa: PLR2004
        made = reformat(made, rng)
    if rng.random() < 0.1:  # noqa: PLR2004
        made = attribute(made, rng)
    return made


def _is_opposite(word: str, other: str) -> bool:
    """Return whether the list of opposites has these two, at whatever random choice."""
    found = {reverse_sense(f"{word} it", random.Random(seed)) for seed in range(4)}  # noqa: S311
    return f"{other} it" in found or word in _DIGITS.values()
