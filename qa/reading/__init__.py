"""Find the words of the passages that answer a question, and how likely they are right."""
