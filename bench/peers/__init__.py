"""article-qa beside what else a user would pick, on the same texts, weights and machine."""
