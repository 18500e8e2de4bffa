from __future__ import annotations

from qa.conversation.words import names_in


def test_names_are_runs_of_capitalised_words_without_leading_function_words() -> None:
    text = "In the ‘Operation Sindoor’ and Dr. S Jaishankar of New Delhi’s ministry met in J&K."
    assert names_in(text) == ["Operation Sindoor", "Dr. S Jaishankar of New Delhi", "J&K"]
