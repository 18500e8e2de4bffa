"""Make articles searchable. This package does not depend on ``qa``."""

import index.no_telemetry  # noqa: F401 - before anything imports onnxruntime
from index.types import Article, Chunk, Heading, Passage, Span

__all__ = ["Article", "Chunk", "Heading", "Passage", "Span"]
