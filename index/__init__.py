"""Make articles searchable. This package does not depend on ``qa``."""

from index.types import Article, Chunk, Heading, Passage, Span

__all__ = ["Article", "Chunk", "Heading", "Passage", "Span"]
