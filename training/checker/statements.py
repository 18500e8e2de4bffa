"""State the answer to a question as a claim, in several forms.

The rules cover common forms of English questions; for others, the question is followed by its
answer, which is a form that the product checks, too.
"""

from __future__ import annotations

import random
import re
from collections.abc import Set

from training.reader.yes_no import yes_no_question

_BE = "is|are|was|were"
_AUXILIARY = f"{_BE}|has|have|had|can|could|will|would|should|did|does|do"
_WHO_DID = re.compile(rf"^(?:Who|What|Which \w+|What \w+) (?!(?:{_AUXILIARY})\b)([a-z].+)$")
_WHAT_IS = re.compile(rf"^(?:Who|What) ({_BE}) (.+)$")
_DID = re.compile(
    r"^(Who|Whom|When|Where|Why|How many [\w ]+?|(?:What|Which)(?: [\w-]+){0,3}?) "
    r"(did|does|do) (.+)$"
)
_WHEN_WAS = re.compile(rf"^(When|Where) ({_BE}) (.+)$")
_PARTICIPLE = re.compile(
    r"^[a-z]+ed$|^(?:born|built|made|held|found|known|written|given|sold|set|seen|taken|held|sent"
    r"|won|chosen|begun|led|shown|spoken|laid|lost|drawn|grown|hired|located|based|used)$"
)
_PAST = dict(
    pair.split(":")
    for pair in (
        "become:became begin:began bring:brought build:built buy:bought choose:chose come:came "
        "cut:cut die:died do:did draw:drew drive:drove eat:ate fall:fell feel:felt fight:fought "
        "find:found fly:flew get:got give:gave go:went grow:grew have:had hear:heard hit:hit "
        "hold:held keep:kept know:knew lay:laid lead:led leave:left lie:lay lose:lost make:made "
        "mean:meant meet:met pay:paid put:put read:read rise:rose run:ran say:said see:saw "
        "sell:sold send:sent set:set show:showed sing:sang sit:sat speak:spoke spend:spent "
        "stand:stood steal:stole take:took teach:taught tell:told think:thought throw:threw "
        "understand:understood wear:wore win:won write:wrote"
    ).split()
)
_THE_ANSWER = ("The answer to “{question}?” is {answer}.", "{question}? {answer}.")
_NO_VERBS = frozenset("the and for of in on at by to a an his her their its people not".split())
_PLACES = frozenset("in on at by from since during near around until before after".split())
_LONGEST = 80
"""Characters of an answer."""


class StatementMaker:
    """Makes claims of questions and answers.

    Args:
        words: Words in lower case that texts use, by which forms of verbs are recognised.
    """

    def __init__(self, words: Set[str]) -> None:
        self._words = words

    def statement(self, question: str, answer: str, before: str, rng: random.Random) -> str | None:
        """Return a sentence that states the answer; None if no rule matches.

        Args:
            question: Begins with its question word and ends with a question mark.
            answer: What it is answered with.
            before: The word before the answer in its text: "in" for "in 1912".
            rng: Chooses the order where both are right.
        """
        asked = question.rstrip("? ")
        if len(answer) > _LONGEST or "\n" in answer or "?" in asked:
            return None
        lead = before.lower() if before.lower() in _PLACES else ""
        placed = f"{lead} {answer}".strip()
        if match := _DID.match(asked):
            return self._with_verb(match, answer, placed)
        if match := _WHO_DID.match(asked):
            return _sentence(f"{answer} {match[1]}")
        if match := _WHEN_WAS.match(asked):
            return _with_participle(match, placed)
        if match := _WHAT_IS.match(asked):
            verb, rest = match.groups()
            parts = (answer, verb, rest) if rng.random() < 0.5 else (rest, verb, answer)  # noqa: PLR2004 - even
            return _sentence(" ".join(parts))
        return None

    def claim(self, question: str, answer: str, before: str, rng: random.Random) -> str:
        """Return a statement, a yes/no question, or the question with its answer."""
        form = rng.random()
        made = None
        if form < 0.55:  # noqa: PLR2004 - shares
            made = self.statement(question, answer, before, rng)
        elif form < 0.7:  # noqa: PLR2004
            made = yes_no_question(question, answer, before, rng)
        if made is None:
            wording = _THE_ANSWER[rng.random() < 0.9]  # noqa: PLR2004
            made = wording.format(question=question.rstrip("? "), answer=answer.rstrip(" ."))
        return made

    def _with_verb(self, match: re.Match[str], answer: str, placed: str) -> str | None:
        asked, auxiliary, rest = match.groups()
        words = rest.split()
        for place in range(1, len(words)):
            form = self._form(words[place], auxiliary)
            if form is None:
                continue
            subject, after = words[:place], words[place + 1 :]
            if asked.startswith("How many"):
                thing = asked.removeprefix("How many ")
                return _sentence(" ".join([*subject, form, answer, thing, *after]))
            if asked == "Why":
                return None
            if asked in ("When", "Where"):
                return _sentence(" ".join([*subject, form, *after, placed]))
            if after and after[-1] in _PLACES | {"to", "for", "with", "of", "as", "about", "into"}:
                return _sentence(" ".join([*subject, form, *after, answer]))
            return _sentence(" ".join([*subject, form, answer, *after]))
        return None

    def _form(self, word: str, auxiliary: str) -> str | None:
        """Return the verb as it is without "did" or "does"; None if it is no verb."""
        if not word.isalpha() or not word.islower() or word in _NO_VERBS:
            return None
        if auxiliary == "do":
            return word if f"{word}ing" in self._words or word in _PAST else None
        if auxiliary == "does":
            is_verb = f"{word}ing" in self._words or f"{word[:-1]}ing" in self._words
            third = word + ("es" if word.endswith(("s", "sh", "ch", "x", "o")) else "s")
            return third if is_verb and third in self._words else None
        if word in _PAST:
            return _PAST[word]
        ending = "d" if word.endswith("e") else "ed"
        forms = (f"{word}{ending}", f"{word}{word[-1]}ed", f"{word[:-1]}ied")
        return next((form for form in forms if form in self._words), None)


def _with_participle(match: re.Match[str], placed: str) -> str | None:
    _, verb, rest = match.groups()
    words = rest.split()
    for place in range(1, len(words)):
        if _PARTICIPLE.match(words[place]):
            return _sentence(" ".join([*words[:place], verb, *words[place:], placed]))
    return _sentence(f"{rest} {verb} {placed}") if len(words) <= 4 else None  # noqa: PLR2004 - a name


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(" .") + "."
