"""The exceptions of this project, as a tree.

Each message says what is wrong and what to do about it. Only the command line, the page and the
HTTP handlers catch them.

::

    ArticleQAError
    ├── InputError              the input cannot be used
    │   ├── EmptyArticle        no text in it
    │   ├── UnreadableFile      missing, not permitted, broken, or not decodable
    │   ├── UnknownFormat       no loader for this kind of file
    │   ├── TooLarge            over a limit; the message names the limit
    │   ├── FetchError          a URL that cannot or must not be fetched
    │   ├── QuestionError       a blank or over-long question
    │   ├── TitleError          a title that is blank or not valid Unicode
    │   ├── TagError            a tag that is blank or too long, or one too many
    │   └── ArticleNotFound     no article of this id in the library
    ├── ConversationNotFound    no conversation of this id is kept for this visitor
    ├── NotAllowed              the caller's role does not permit it
    ├── LimitReached            one caller asked or uploaded too much in a short time
    ├── SettingsError           an unknown or invalid setting
    ├── CitationError           a citation that does not match its article
    ├── ModelError
    │   ├── ModelMissing        the model's files are not installed
    │   └── ModelCorrupt        the files are not the published ones
    └── LibraryError
        ├── LibraryLocked       another process is writing
        ├── LibraryTooNew       written by a newer version of this program
        ├── LibraryMissing      there is no library in the folder
        ├── LibraryDamaged      its database is lost or cannot be read
        ├── LibraryUnwritable   no room, or no permission to write
        └── WrongModel          indexed with another embedding model
"""

from __future__ import annotations


class ArticleQAError(Exception):
    """Base class of all exceptions of this project."""


class InputError(ArticleQAError, ValueError):
    """The input cannot be used."""


class EmptyArticle(InputError):
    """An article has no text."""


class UnreadableFile(InputError):
    """A file is missing, not permitted, broken, or not decodable."""


class UnknownFormat(InputError):
    """The format of a file is not supported."""


class TooLarge(InputError):
    """Something is over a limit, which the message names."""


class FetchError(InputError):
    """A URL cannot or must not be fetched."""


class QuestionError(InputError):
    """A question is blank or over-long."""


class TitleError(InputError):
    """A title is blank or not valid Unicode."""


class TagError(InputError):
    """A tag is blank or too long, or one too many."""


class ArticleNotFound(InputError):
    """No article of this id is in the library."""


class ConversationNotFound(ArticleQAError):
    """No conversation of this id is kept for this visitor."""


class NotAllowed(ArticleQAError):
    """The caller's role does not permit it."""


class LimitReached(ArticleQAError):
    """One caller asked or uploaded too much in a short time.

    Args:
        message: Which limit it is.
        retry_after: In how many seconds it may be tried again.
    """

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SettingsError(ArticleQAError, ValueError):
    """A setting is unknown or its value is invalid."""


class CitationError(ArticleQAError):
    """A citation does not match the article it names."""


class ModelError(ArticleQAError):
    """A model cannot be used."""


class ModelMissing(ModelError):
    """A model's files are not installed."""


class ModelCorrupt(ModelError):
    """A model's files are not the published ones."""


class ModelUnavailable(ModelError):
    """An optional model is not installed, or this machine cannot run it."""


class LibraryError(ArticleQAError):
    """A library on disk cannot be used as asked."""


class LibraryLocked(LibraryError):
    """Another process is writing to the library."""


class LibraryTooNew(LibraryError):
    """A newer version of this program wrote the library."""


class LibraryMissing(LibraryError):
    """There is no library in the folder."""


class LibraryDamaged(LibraryError):
    """The library's database is lost or cannot be read."""


class LibraryUnwritable(LibraryError):
    """There is no room, or no permission, to write to the library."""


class WrongModel(LibraryError):
    """The library was indexed with another embedding model."""
