"""Whether a question leans on an earlier one, and by what.

A pronoun whose antecedent may stand in the question itself does not count, nor does "it"
in "how long does it take to …": a question that stands alone must be left alone.
"""

from __future__ import annotations

from qa.followup.ellipsis import ellipsis_of
from qa.followup.pointers import Pointer
from qa.followup.pronouns import pronoun_of


def points_back(question: str) -> bool:
    """Return whether ``question`` may lean on an earlier one."""
    return pointer_of(question) is not None


def pointer_of(question: str) -> Pointer | None:
    """Return what points back in ``question``: the whole of it, or its first such word."""
    return ellipsis_of(question) or pronoun_of(question)
