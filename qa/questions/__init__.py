"""A sentence of an article → questions that it answers, by rules."""
