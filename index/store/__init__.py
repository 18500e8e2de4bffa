"""Keep articles, chunks and vectors in SQLite: the store that everything else is derived from."""
