"""A question becomes a cited answer.

Example:
    >>> from qa import ArticleQA, retrieve
    >>> retrieve("Who did Marco Rubio call?", k=1)[0].rank
    1
"""

from index.types import Article, ArticleInfo, Passage
from qa.answer import Answer, Kind
from qa.bundled import ask, retrieve
from qa.citations import Citation
from qa.config import Settings
from qa.pipeline import ArticleQA

__all__ = [
    "Answer",
    "Article",
    "ArticleInfo",
    "ArticleQA",
    "Citation",
    "Kind",
    "Passage",
    "Settings",
    "ask",
    "retrieve",
]
