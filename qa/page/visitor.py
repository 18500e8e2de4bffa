"""Whose conversations a request of the page may see."""

from __future__ import annotations


def visitor_of_request(request: object) -> str:
    """Return the visitor who makes a request of the page, as :attr:`Caller.visitor` does."""
    del request
    return ""
