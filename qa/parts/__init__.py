"""A question whose answer stands in several places: of its parts, or of several articles.

Each part is answered as a question of its own, and each article as if it were the only one;
then they are put together, every quote with its own mark. Nothing else is said but that
articles differ, or which part the articles do not answer.
"""
