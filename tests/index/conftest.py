"""A fixture for the tests of the readers of files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from index.limits import LoadLimits
from index.sources import loaders
from index.sources.document import ParsedDocument
from index.sources.isolation import Reader


@pytest.fixture(scope="module")
def read_here() -> Iterator[None]:
    """Read files in this process, since starting another takes half a second.

    What the subprocess adds is tested in test_isolation.py.
    """

    def read(reader: Reader, data: bytes, limits: LoadLimits) -> ParsedDocument:
        return reader(data, limits)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loaders, "read_in_subprocess", read)
        yield
