"""Find the passages that match a question."""
