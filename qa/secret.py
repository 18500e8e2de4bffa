"""Hold a secret so that it is not shown by accident."""

from __future__ import annotations


class Secret:
    """A secret text, such as a key. It is shown as ``(hidden)``, also by ``str`` and in logs.

    It does not turn into JSON and cannot be pickled; see :class:`SentSecret`.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._text

    def __repr__(self) -> str:
        return "(hidden)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _: object) -> Secret:
        return self

    def __reduce__(self) -> str | tuple[object, ...]:
        msg = "A secret cannot be pickled."
        raise TypeError(msg)


class SentSecret(Secret):
    """A secret that can be pickled, to be sent to another process of this program."""

    __slots__ = ()

    def __reduce__(self) -> tuple[object, ...]:
        return SentSecret, (self.reveal(),)
