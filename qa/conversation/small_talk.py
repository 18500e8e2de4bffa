"""Replies about the chatbot itself: short, true, and never as if an article said them."""

from __future__ import annotations

from collections.abc import Sequence

from qa.answers.answer import Answer, Kind
from qa.conversation.intent import Intent
from qa.output.escape import flat, shorten

_NAMED = 2
_TITLE_CHARS = 80
_TRY = "“What is it about?”, “What are the key points?” or “Who are the people in it?”"
_REPLIES = {
    Intent.GREETING: f"Hello. Ask me anything about {{articles}}, or begin with {_TRY}",
    Intent.THANKS: "Good. You can go on asking about {articles} whenever you like.",
    Intent.GOODBYE: "Goodbye. This conversation ends when you close it; {articles} can be asked "
    "again at any time.",
    Intent.HELP: "I answer questions about {articles} in exact words that stand there, and show "
    "where; where nothing there answers, I say so. I can be wrong: each answer tells how sure it "
    "is, and its quotes can be checked. I look nothing up elsewhere and write no text of my own. "
    f"Ask for a fact, or try {_TRY} A timeline can be had, too.",
    Intent.IDENTITY: "I am article-qa, a computer program and not a person. I find the words of "
    "{articles} that answer a question, with a small reading model and no language model that "
    f"writes, so I have no views of my own. Ask me about the text, or try {_TRY}",
}
# Where there is nothing to try yet.
_REPLIES_TO_NONE = {
    Intent.GREETING: "Hello. There is no article here yet; once there is one, ask me anything "
    "about it.",
    Intent.THANKS: "Good. There is no article here yet; once there is one, ask me about it.",
    Intent.GOODBYE: "Goodbye. There is no article here yet.",
    Intent.HELP: "I answer questions about articles in exact words that stand there, and show "
    "where; where nothing there answers, I say so. I look nothing up elsewhere and write no text "
    "of my own. There is no article here yet.",
    Intent.IDENTITY: "I am article-qa, a computer program and not a person. I find the words of "
    "articles that answer a question, with a small reading model and no language model that "
    "writes, so I have no views of my own. There is no article here yet.",
}


def reply_to_small_talk(question: str, intent: Intent, titles: Sequence[str]) -> Answer:
    """Return the reply to a polite word, or to a question about the chatbot.

    It cites nothing. Its confidence is 1 for want of anything to doubt; no surface shows it.

    Args:
        question: As it was typed.
        intent: One whose kind is :attr:`Kind.TALK`.
        titles: Of the articles that are asked.
    """
    return Answer(
        question=question,
        text=_reply(intent, titles),
        short=None,
        citations=(),
        answered=True,
        confidence=1.0,
        passages=(),
        kind=Kind.TALK,
    )


def _reply(intent: Intent, titles: Sequence[str]) -> str:
    if not titles:
        return _REPLIES_TO_NONE[intent]
    return _REPLIES[intent].format(articles=_articles(titles))


def _articles(titles: Sequence[str]) -> str:
    if len(titles) > _NAMED:
        return f"the {len(titles)} articles here"
    return " and ".join(f"“{shorten(flat(title), _TITLE_CHARS)}”" for title in titles)
