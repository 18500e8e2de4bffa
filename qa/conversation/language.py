"""Detect the language of a text, and warn of languages that the models know less well."""

from __future__ import annotations

import functools
import io
import logging
import re
import threading
from array import array
from collections.abc import Iterable
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian",
    "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""Languages that are detected, by ISO 639-1 code."""
ENGLISH = "en"
_NAMED = frozenset(
    """afrikaans albanian amharic armenian azerbaijani bahasa basque belarusian bengali bosnian
    burmese cantonese castilian dari estonian esperanto farsi filipino flemish frisian gaelic
    galician georgian gujarati hausa hawaiian icelandic igbo irish javanese kannada kazakh khmer
    kurdish kyrgyz lao latin latvian lithuanian luxembourgish macedonian malagasy malay malayalam
    maltese mandarin maori marathi mongolian nepali occitan odia pashto punjabi quechua samoan
    sanskrit serbian sindhi sinhala slovak slovene slovenian somali swahili tagalog tajik tamil
    tatar telugu tibetan tigrinya turkmen urdu uyghur uzbek welsh wolof xhosa yiddish yoruba
    zulu""".split()
) | {name.casefold() for code, name in NAMES.items() if code != ENGLISH}
"""Languages that a request may name, in English and in small letters."""
_TRANSLATING = "translat"
SURE = 0.9
"""Probability from which a language is certain."""
MIN_ENGLISH = 0.02
"""Probability of English below which a text is in another language, even if it is uncertain which.
It is less for 0 to 0.4 % of the first five words of English sentences (wice, summedits,
quail_news), and for 94 to 97 % of those of German, Spanish, Romanian and Turkish ones (xquad), of
which only 57 to 92 % have a certain language."""
_READ_CHARS = 4000

_ASKING = frozenset("what when where which who whom whose why how did does".split())
"""First words of English questions that no other of these languages has."""
_ENGLISH_ALONE = _ASKING | frozenset(
    "the and that this these those with from they their there would could should about "
    "into than".split()
)
_COMMON = _ENGLISH_ALONE | frozenset(
    "a an of in to is are was were be been for on by as at it its he she his her or not has have "
    "had do can i we you".split()
)
_SHORT = 50
"""A text of fewer words is plainly English only if it is a question."""
_SEVERAL = 5
"""Fewest different words that only English has, in a longer text."""
_WORD = re.compile(r"[^\W\d_]+")
_lock = threading.Lock()
_logger = logging.getLogger(__name__)


@functools.cache
def _identifier() -> LanguageIdentifier | None:
    """Return the language identifier; None if its model cannot be loaded."""
    try:
        identifier = _load_identifier()
    except Exception as error:  # a note on the language is not worth failing a question
        _logger.warning("The language identifier could not be loaded: %s", error)
        return None
    # It knows nearly a hundred languages. Short English questions would be mistaken for rare ones.
    identifier.set_languages(list(NAMES))
    return identifier


def _load_identifier() -> LanguageIdentifier:
    """Load the model in memory.

    The package's own loader unpacks it into a temporary file, which fails on a full disk.
    """
    import lzma

    import numpy as np
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    packed = resources.files("py3langid").joinpath(MODEL_FILE).read_bytes()
    with np.load(io.BytesIO(lzma.decompress(packed)), allow_pickle=False) as data:
        return LanguageIdentifier(
            data["ptc"],
            data["pc"],
            data["classes"].tolist(),
            array("I", data["nextmove"].astype(np.uint32).tobytes()),
            data["out_feat"].tolist(),
            norm_probs=True,
            tk_row=array("I", data["nextmove_row"].astype(np.uint32).tobytes()),
        )


def language_of(text: str) -> str | None:
    """Return the code of the language of ``text``, one of NAMES; None if it is not certain."""
    text = text[:_READ_CHARS]
    # The identifier takes half a second to load, and most questions can be answered without it.
    if is_plainly_english(text):
        return ENGLISH
    with _lock:
        identifier = _identifier()
        if identifier is None:
            return None
        code, probability = identifier.classify(text)
    return code if probability >= SURE else None


def may_be_english(text: str) -> bool:
    """Return whether English is possible; this is known of shorter texts than their language."""
    text = text[:_READ_CHARS]
    if is_plainly_english(text):
        return True
    with _lock:
        identifier = _identifier()
        if identifier is None:
            return True
        probabilities: dict[str, float] = dict(identifier.rank(text))
        return probabilities[ENGLISH] >= MIN_ENGLISH


def is_plainly_english(text: str) -> bool:
    """Return whether the function words of ``text`` leave no doubt that it is English.

    Of 3,982 questions and articles in English, Spanish, Chinese and Hindi, every text that
    it is true of is English; it is true of 86 % of the English articles and 77 % of the
    English questions.
    """
    words = _WORD.findall(text.lower())
    common = sum(word in _COMMON for word in words)
    if len(words) < _SHORT:
        asks = not _ASKING.isdisjoint(words[:2])
        return asks and common > 1 and common >= 0.3 * len(words)
    alone = [word for word in words if word in _ENGLISH_ALONE]
    # A repeated title repeats the same few words.
    several = len(set(alone)) >= _SEVERAL
    return several and len(alone) >= 0.08 * len(words) and common >= 0.25 * len(words)


def may_want_other_language(request: str) -> bool:
    """Return whether a request is, or may ask for a reply, in another language than English.

    It is true of 97 to 100 % of German, Spanish, Romanian, Vietnamese and Chinese questions, and of
    3 % of English ones, which name a language or a people (300 each of xquad, and of xquad_en,
    squad_en, covidqa and fairytale, none of which it was made with).
    """
    if not (may_be_english(request) and seems_english(request)):
        return True
    words = _WORD.findall(request.casefold())
    return any(word in _NAMED or word.startswith(_TRANSLATING) for word in words)


def seems_english(text: str) -> bool:
    """Return whether ``text`` is in English or its language is uncertain."""
    return language_of(text) in (None, ENGLISH)


def language_note(asked: str | None, articles: Iterable[str | None]) -> str | None:
    """Return a warning about the languages of a question and its articles.

    None if all of them are, or may be, in English.

    Args:
        asked: Code of the question's language; None if uncertain.
        articles: The same for the articles that the answer is from.
    """
    known = sorted({code for code in articles if code})
    if asked and known and asked not in known:
        return (
            f"The question seems to be in {NAMES[asked]}, the text in {_named(known)}. The models "
            "know English best and rarely find an answer across two languages: ask in "
            f"{_named(known, 'or')} if you can."
        )
    if asked and asked != ENGLISH and not known:
        return f"The question seems to be in {NAMES[asked]}; replies about the program are English."
    foreign = [code for code in known if code != ENGLISH]
    if foreign:
        return (
            f"The text seems to be in {_named(foreign)}. The models know English best: an "
            "answer may be missed, or given where the text has none. Check the quotes."
        )
    return None


def _named(codes: list[str], conjunction: str = "and") -> str:
    *first, last = [NAMES[code] for code in codes]
    return f"{', '.join(first)} {conjunction} {last}" if first else last
