"""The command line ``article-qa``: its program, and the commands that ask questions."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import ArticleQAError, InputError
from qa.cli.account_commands import accounts_app, tokens_app
from qa.cli.library_commands import (
    add,
    check,
    list_articles,
    open_library,
    reembed,
    remove,
    rename,
)
from qa.cli.mcp import mcp
from qa.cli.serve import serve
from qa.cli.terminal import (
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_REFUSED,
    AnsweringOption,
    ArticleOption,
    JsonOption,
    LibraryOption,
    ModelOption,
    OwnWordsOption,
    exit_interrupted,
    print_answer,
    print_error,
    print_json,
    print_text,
    progress_bar,
    prompt,
    remembered_interrupts,
)
from qa.cli.writing import print_events
from qa.output.to_text import in_quotation_marks, paragraphs_of, place, places_of
from qa.settings import Settings

if TYPE_CHECKING:
    from qa.answers.answer import Answer
    from qa.article_qa import ArticleQA

_EPILOG = (
    "Exit codes: 0 success; 1 an error, explained on standard error; 2 wrong usage; "
    "3 the articles do not answer the question (ask); 4 the library has to be embedded again "
    "(check); 5 articles are damaged or lost (check); 130 interrupted by Ctrl-C."
)

_READING = "Reading the articles"
_TITLES_SHOWN = 3

app = typer.Typer(
    help="Ask questions about your articles. Every answer quotes their exact words.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _print_version(value: bool) -> None:  # noqa: FBT001 - typer calls it
    if value:
        from qa import __version__

        print_text(f"article-qa {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    pass


app.command()(add)
app.command("list")(list_articles)
app.command()(remove)
app.command()(rename)


@app.command()
def ask(  # noqa: PLR0913, PLR0917 - one for each option
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    library: LibraryOption = None,
    article: ArticleOption = None,
    answering: AnsweringOption = None,
    own_words: OwnWordsOption = False,  # noqa: FBT002 - a flag
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Answer a question with exact citations.

    If the articles do not answer it, the nearest passages are shown and the exit code is 3.
    Without a library, the question is about the bundled article.

    With --own-words, the language model of the settings writes the answer, and each statement is
    printed once it has been checked against the sentences that it cites.

    Example: article-qa ask "Who did Marco Rubio call?"
    """
    settings = Settings.load(answering=answering)
    if own_words and not as_json:
        with open_library(library, settings, read_only=True) as qa:
            ids = _ids(qa, article)
            events = qa.ask(question, article_ids=ids, own_words=True, stream=True)
            answer = print_events(events, qa.article, strike=qa.settings.strikes)
    else:
        with progress_bar(_READING), open_library(library, settings, read_only=True) as qa:
            answer = qa.ask(question, article_ids=_ids(qa, article), own_words=own_words)
            paragraphs = paragraphs_of(places_of(answer), qa.article)
        if as_json:
            print_json(answer.to_dict())
        else:
            print_answer(answer, paragraphs)
    if not answer.answered:
        raise typer.Exit(EXIT_REFUSED)


@app.command()
def suggest(
    library: LibraryOption = None,
    article: ArticleOption = None,
    count: Annotated[
        int, typer.Option("--count", "-n", min=1, max=20, help="How many at most.")
    ] = 8,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Suggest questions that the articles answer.

    Only questions with a likely answer are shown, so there may be fewer than --count, or none.

    Example: article-qa suggest --library library/ --article 3f2a
    """
    with progress_bar(_READING), open_library(library, read_only=True) as qa:
        questions = qa.suggest(_ids(qa, article), count)
    if as_json:
        print_json(questions)
        return
    for question in questions:
        print_text(question)


@app.command()
def retrieve(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    library: LibraryOption = None,
    k: Annotated[int, typer.Option("--k", "-k", min=1, help="How many passages.")] = 5,
    article: ArticleOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Show the passages nearest to a question.

    Example: article-qa retrieve "missile strikes" --k 3
    """
    with progress_bar(_READING), open_library(library, read_only=True) as qa:
        passages = qa.retrieve(question, k=k, article_ids=_ids(qa, article))
        paragraphs = paragraphs_of(passages, qa.article)
    if as_json:
        print_json([passage.to_dict() for passage in passages])
        return
    for passage in passages:
        where = place(passage, paragraphs.get(passage))
        print_text(f"{passage.rank}. {where}  (score {passage.score:.3f})\n{passage.text}\n")


@app.command()
def chat(
    library: LibraryOption = None,
    article: ArticleOption = None,
    own_words: OwnWordsOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Ask several questions in a row.

    A question may refer to earlier ones. An empty line or Ctrl-D ends the chat.

    Example: article-qa chat --library library/
    """
    with ExitStack() as stack:
        with progress_bar("Loading the models"):
            qa = stack.enter_context(open_library(library, read_only=True))
            ids = _ids(qa, article)
            qa.warm_up()
        print_text(f"Answering from {_named(qa)}.")
        history: list[Answer] = []
        while question := prompt():
            try:
                if own_words:
                    events = qa.ask(question, ids, history=history, own_words=True, stream=True)
                    written = print_events(events, qa.article, strike=qa.settings.strikes)
                    history.append(written)
                    continue
                with progress_bar(_READING):
                    history.append(qa.ask(question, article_ids=ids, history=history))
                answer = history[-1]
                print_answer(answer, paragraphs_of(places_of(answer), qa.article))
            except InputError as error:
                print_error(str(error))


@app.command()
def evaluate(
    file: Annotated[Path, typer.Argument(help="JSON, one article a line: see docs/evaluation.md.")],
    answering: AnsweringOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Measure answers against known ones.

    Example: article-qa evaluate questions.jsonl
    """
    settings = Settings.load(model=model, answering=answering)
    with progress_bar("Asking the questions"):
        from qa.evaluation.evaluate import describe, evaluate_file

        row = evaluate_file(file, settings)
    if as_json:
        print_json(asdict(row))
        return
    for name, value in describe(row):
        print_text(f"{name}: {value}")


app.command()(reembed)
app.command()(check)
app.command()(serve)
app.command()(mcp)
app.add_typer(accounts_app, name="accounts")
app.add_typer(tokens_app, name="tokens")


def main(commands: typer.Typer | None = None) -> None:
    """Run the command line and end the process.

    An ArticleQAError or Ctrl-C prints one line. A closed pipe ends the process silently.
    """
    try:
        with remembered_interrupts():
            code = _run(commands or app)
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    if code == EXIT_INTERRUPTED:
        exit_interrupted()
    sys.exit(code)


def _run(commands: typer.Typer) -> int:
    """Return the exit code of the command that was given."""
    try:
        try:
            commands()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        else:
            code = 0
        sys.stdout.flush()
    except ArticleQAError as error:
        print_error(f"Error: {error}")
        return EXIT_ERROR
    except BrokenPipeError:  # the reading process has ended, as in: | head -1
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    return code


def _named(qa: ArticleQA) -> str:
    """Return the titles of the first articles and the number of the others."""
    titles = list(qa.titles().values())
    shown = map(in_quotation_marks, titles[:_TITLES_SHOWN])
    more = f" and {len(titles) - _TITLES_SHOWN} more" if len(titles) > _TITLES_SHOWN else ""
    return (", ".join(shown) or "an empty library") + more


def _ids(qa: ArticleQA, articles: list[str] | None) -> list[str] | None:
    """Return the ids of the articles that the --article options select; None for all."""
    return [qa.resolve(article).id for article in articles] if articles else None


if __name__ == "__main__":
    main()
