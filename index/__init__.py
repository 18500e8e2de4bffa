"""An article becomes searchable. Knows nothing of answers."""

from index.types import Article, Chunk, Heading, Passage, Span

__all__ = ["Article", "Chunk", "Heading", "Passage", "Span"]
