"""Compose the answer that every surface shows, with its citations."""
