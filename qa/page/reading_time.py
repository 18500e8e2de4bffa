"""How long it takes to read an article."""

from __future__ import annotations

import re

from index.types import ArticleInfo

# 230 words a minute (Brysbaert 2019: 238 in English) of 5.65 characters, with their spaces.
_CHARACTERS_A_MINUTE = 1_300
# Chinese and Japanese, which have no spaces.
_SIGNS_A_MINUTE = 500
_SIGNS = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LETTERS = re.compile(r"[^\W\d_]")
_MINUTES_SHOWN = 99
_MINUTES_AN_HOUR = 60


def minutes_of_reading(article: ArticleInfo) -> float:
    """Return about how many minutes it takes to read an article.

    The script of its title tells that of its text, which is not read for this.
    """
    letters, signs = len(_LETTERS.findall(article.title)), len(_SIGNS.findall(article.title))
    is_in_signs = signs > letters / 2
    return article.characters / (_SIGNS_A_MINUTE if is_in_signs else _CHARACTERS_A_MINUTE)


def reading_time(article: ArticleInfo) -> str:
    """Return the time in words: ``1 min``, ``25 min`` or ``3 h``."""
    minutes = max(1, round(minutes_of_reading(article)))
    return f"{minutes} min" if minutes <= _MINUTES_SHOWN else f"{minutes / _MINUTES_AN_HOUR:.0f} h"
