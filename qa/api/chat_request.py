"""What the chat requests of OpenAI's and Anthropic's APIs have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException

from index.errors import QuestionError
from qa.visitors.caller_qa import CallerQA

QUOTES_MODEL = "article-qa"
OWN_WORDS_MODEL = "article-qa-own-words"
NO_QUESTION = "The last message must be the user's, with the question as its text."


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatQuestion:
    """The question of a chat request, and how it is to be answered."""

    question: str
    history: tuple[str, ...]
    """The earlier questions, oldest first."""
    article_ids: tuple[str, ...] | None
    own_words: bool

    @classmethod
    def of(
        cls,
        user_texts: Iterable[str],
        *,
        model: str,
        article_ids: Iterable[str] | None,
        library: CallerQA,
    ) -> ChatQuestion:
        """Return the last of the user's texts as the question, after the ones before it.

        Earlier ones that could not have been answered are left out.

        Raises:
            HTTPException: There is no such model.
            QuestionError: There is no question.
        """
        if model not in model_names(library):
            offered = " or ".join(model_names(library))
            raise HTTPException(404, f"There is no model {model!r} here. Ask {offered}.")
        *earlier, question = user_texts or [""]
        if not question.strip():
            raise QuestionError(NO_QUESTION)
        most = library.settings.max_question_chars
        return cls(
            question=question,
            history=tuple(text for text in earlier if _is_usable(text, most)),
            article_ids=None if article_ids is None else tuple(dict.fromkeys(article_ids)),
            own_words=model == OWN_WORDS_MODEL,
        )


def model_names(library: CallerQA) -> tuple[str, ...]:
    """Return the models that can be asked: the reading model and, if one is set, a language model.

    The second writes answers in its own words.
    """
    has_writer = library.settings.has_language_model
    return (QUOTES_MODEL, OWN_WORDS_MODEL) if has_writer else (QUOTES_MODEL,)


def text_of(content: str | Iterable[Mapping[str, Any]] | None) -> str:
    """Return the text of a message, which may come in parts.

    Raises:
        HTTPException: A part is something else, such as an image.
    """
    if content is None or isinstance(content, str):
        return content or ""
    parts = []
    for part in content:
        values: Mapping[str, Any] = part if isinstance(part, Mapping) else {}
        if values.get("type") != "text" or not isinstance(values.get("text"), str):
            kind = str(values.get("type"))
            msg = f"A message has a part of the type {kind!r}. Only text can be read: send that."
            raise HTTPException(400, msg)
        parts.append(values["text"])
    return "\n".join(parts)


def _is_usable(text: str, most: int) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return len(text.strip()) > 0 and len(text) <= most
