"""One script for each contender, run by its own interpreter, which alone can import it."""
