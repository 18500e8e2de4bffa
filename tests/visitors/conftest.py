"""A server with accounts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qa.article_qa import ArticleQA
from tests.visitors.sites import SHARED_TEXT, Site, site_of


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with (
        ArticleQA.from_text(SHARED_TEXT, title="Bridge") as qa,
        site_of(tmp_path_factory.mktemp("site"), qa) as served,
    ):
        yield served
