"""Reply to greetings and to questions about the chatbot, never as if an article said it."""

from __future__ import annotations

from collections.abc import Sequence

from qa.answers.answer import Answer, Kind
from qa.conversation.intent import Intent
from qa.output.escape import flat, shorten

_MAX_TITLES = 2
_TITLE_CHARS = 80
_TRY = "“What is it about?”, “What are the key points?” or “Who are the people in it?”"
_REPLIES = {
    Intent.GREETING: f"Hello. Ask me anything about {{articles}}, or try {_TRY}",
    Intent.THANKS: "You are welcome. You can ask more about {articles} at any time.",
    Intent.GOODBYE: "Goodbye. You can come back and ask about {articles} at any time.",
    Intent.HELP: "I answer questions about {articles} by quoting the exact words and showing where "
    "they are; if there is no answer, I say so. I can be wrong: each answer shows its confidence, "
    "and you can check its quotes. I look nothing up elsewhere and write no text of my own. "
    f"Ask for a fact, ask for a timeline, or try {_TRY}",
    Intent.IDENTITY: "I am article-qa, a computer program and not a person. A small reading model "
    "finds the words of {articles} that answer a question. I do not write text with a language "
    f"model, and I have no opinions. Ask me about the text, or try {_TRY}",
}
_REPLIES_WITHOUT_ARTICLES = {
    Intent.GREETING: "Hello. There is no article here yet. Add one, then ask me anything about it.",
    Intent.THANKS: "You are welcome. There is no article here yet. Add one, then ask me about it.",
    Intent.GOODBYE: "Goodbye. There is no article here yet.",
    Intent.HELP: "I answer questions about articles by quoting the exact words and showing where "
    "they are; if there is no answer, I say so. I look nothing up elsewhere and write no text of "
    "my own. There is no article here yet.",
    Intent.IDENTITY: "I am article-qa, a computer program and not a person. A small reading model "
    "finds the words of articles that answer a question. I do not write text with a language "
    "model, and I have no opinions. There is no article here yet.",
}


def reply_to_small_talk(question: str, intent: Intent, titles: Sequence[str]) -> Answer:
    """Return the reply to a greeting or to a question about the chatbot.

    It has no citations. Its confidence is 1, and is not shown.

    Args:
        question: As it was typed.
        intent: An intent whose kind is :attr:`Kind.TALK`.
        titles: Titles of the articles.
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
        return _REPLIES_WITHOUT_ARTICLES[intent]
    return _REPLIES[intent].format(articles=_articles(titles))


def _articles(titles: Sequence[str]) -> str:
    if len(titles) > _MAX_TITLES:
        return f"the {len(titles)} articles here"
    return " and ".join(f"“{shorten(flat(title), _TITLE_CHARS)}”" for title in titles)
