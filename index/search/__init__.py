"""Search the chunks of a store by vectors and by words, with indexes derived from it."""
