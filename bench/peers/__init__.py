"""Compare article-qa with similar libraries on the same texts, weights and machine."""
