"""The command line: ``article-qa``, one command a function."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import ArticleQAError, InputError
from index.types import ArticleInfo
from qa.check_command import check
from qa.config import Settings
from qa.escaping import is_address
from qa.options import (
    EXIT_ERROR,
    EXIT_REFUSED,
    AnsweringOption,
    ArticleOption,
    JsonOption,
    LibraryOption,
    ModelOption,
    required,
    wrong_usage,
)
from qa.rendering import place
from qa.serve_command import serve
from qa.terminal import (
    print_answer,
    print_articles,
    print_error,
    print_json,
    print_text,
    progress_bar,
    prompt,
)

if TYPE_CHECKING:
    from index.embedder import Progress
    from index.types import Article
    from qa.answer import Answer
    from qa.pipeline import ArticleQA

_EPILOG = (
    "Exit codes: 0 done; 1 an error, told on standard error; 2 wrong usage; "
    "3 the articles do not say (ask); 4 passages have to be made anew, 5 articles are damaged "
    "(check); 130 interrupted."
)

app = typer.Typer(
    help="Question an article: exact citations, honest refusals, no key, no server, no network.",
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command()
def add(
    sources: Annotated[
        list[str], typer.Argument(help="Files, URLs, or - for standard input.", metavar="SOURCE…")
    ],
    library: LibraryOption = None,
    title: Annotated[str, typer.Option(help="Title, for a single source.")] = "",
    model: ModelOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Add articles to a library.

    Example: article-qa add report.txt https://example.org/page.html --library library/
    """
    if title and len(sources) > 1:
        wrong_usage("--title goes with a single source.")
    with _opened(required(library), Settings.load(model=model)) as qa:
        added = []
        for source in sources:
            with progress_bar(source) as progress:
                added.append(_add_one(qa, source, title, progress))
    if as_json:
        print_json([article.to_dict() for article in added])
    else:
        print_articles([ArticleInfo.of(article) for article in added])


@app.command("list")
def list_articles(library: LibraryOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002 - a flag
    """List the articles of a library.

    Example: article-qa list --library library/
    """
    with _opened(required(library)) as qa:
        infos = qa.catalogue()
    if as_json:
        print_json([info.to_dict() for info in infos])
    else:
        print_articles(infos)


@app.command()
def remove(
    article: Annotated[str, typer.Argument(help="Id of the article, or the start of it.")],
    library: LibraryOption = None,
) -> None:
    """Remove an article from a library.

    Example: article-qa remove 3f2a --library library/
    """
    with _opened(required(library)) as qa:
        found = qa.resolve(article)
        qa.remove(found.id)
        print_text(f"Removed “{found.title}”.")


@app.command()
def rename(
    article: Annotated[str, typer.Argument(help="Id of the article, or the start of it.")],
    title: Annotated[str, typer.Argument(help="The new title, in quotes.")],
    library: LibraryOption = None,
) -> None:
    """Give an article of a library another title.

    Example: article-qa rename 3f2a "The treaty" --library library/
    """
    with _opened(required(library)) as qa:
        found = qa.resolve(article)
        kept = qa.rename(found.id, title)
        print_text(f"Renamed “{found.title}” to “{kept}”.")


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    library: LibraryOption = None,
    article: ArticleOption = None,
    answering: AnsweringOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Answer a question with exact citations, or say that the articles do not answer it.

    Example: article-qa ask "Who did Marco Rubio call?"

    Without a library it answers over the article that comes along.
    """
    with _opened(library, Settings.load(answering=answering)) as qa:
        answer = qa.ask(question, article_ids=_ids(qa, article))
        print_answer(answer, as_json=as_json)
    if not answer.answered:
        raise typer.Exit(EXIT_REFUSED)


@app.command()
def suggest(
    library: LibraryOption = None,
    article: ArticleOption = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=20, help="How many.")] = 4,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Suggest questions that the articles answer; fewer, or none, where that is not certain.

    Example: article-qa suggest --library library/ --article 3f2a
    """
    with _opened(library) as qa:
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
    with _opened(library) as qa:
        passages = qa.retrieve(question, k=k, article_ids=_ids(qa, article))
    if as_json:
        print_json([passage.to_dict() for passage in passages])
        return
    for passage in passages:
        where = f"{passage.rank}. {place(passage)}  (score {passage.score:.3f})"
        print_text(f"{where}\n{passage.text}\n")


@app.command()
def chat(library: LibraryOption = None, article: ArticleOption = None) -> None:
    """Ask one question after the other, the later leaning on the earlier ones if you like.

    An empty line or Ctrl-D ends it.

    Example: article-qa chat --library library/
    """
    with _opened(library) as qa:
        ids = _ids(qa, article)
        titles = ", ".join(f"“{found.title}”" for found in qa.catalogue()[:3])
        print_text(f"Ask about {titles}. An empty line ends the chat.")
        history: list[Answer] = []
        while question := prompt():
            try:
                history.append(qa.ask(question, article_ids=ids, history=history))
                print_answer(history[-1], as_json=False)
            except InputError as error:
                print_error(str(error))


@app.command()
def evaluate(
    file: Annotated[Path, typer.Argument(help="JSON, an article a line: docs/evaluating.md.")],
    answering: AnsweringOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Measure the answers to questions whose answers you know.

    Example: article-qa evaluate questions.jsonl
    """
    from qa.evaluation.answers import evaluate_file, told

    row = evaluate_file(file, Settings.load(model=model, answering=answering))
    if as_json:
        print_json(asdict(row))
        return
    for name, value in told(row):
        print_text(f"{name}: {value}")


@app.command()
def reembed(library: LibraryOption = None, model: ModelOption = None) -> None:
    """Cut and embed every article of a library anew, for another embedding model.

    Example: article-qa reembed --library library/ --model ./my-model
    """
    from qa.pipeline import ArticleQA

    with progress_bar("re-embedding") as progress:
        ArticleQA.reembed(required(library), Settings.load(model=model), progress=progress)


app.command()(check)
app.command()(serve)


def main(commands: typer.Typer = app) -> None:
    """Run the command line; errors of ours become one sentence and an exit code."""
    try:
        commands()
    except ArticleQAError as error:
        print_error(f"Error: {error}")
        sys.exit(EXIT_ERROR)


def _opened(library: Path | None, settings: Settings | None = None) -> ArticleQA:
    from qa.pipeline import ArticleQA

    return ArticleQA.open(library, settings) if library else ArticleQA.bundled(settings)


def _ids(qa: ArticleQA, articles: list[str] | None) -> list[str] | None:
    return [qa.resolve(article).id for article in articles] if articles else None


def _add_one(qa: ArticleQA, source: str, title: str, progress: Progress) -> Article:
    if source == "-":
        data = sys.stdin.buffer.read(qa.settings.max_article_bytes + 1)
        return qa.add_bytes(data, "standard input", title=title, progress=progress)
    if is_address(source):
        return qa.add_url(source, title=title, progress=progress)
    return qa.add_file(Path(source), title=title, progress=progress)


if __name__ == "__main__":
    main()
