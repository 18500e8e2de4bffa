"""A question that leans on earlier ones → the same question in words of its own.

Nothing is generated: what is put in stands in an earlier question, in its answer or in the
title of the article. The rules (:mod:`qa.followup.pointers`) say whether a question leans on
anything; several wordings are tried (:mod:`qa.followup.rewording`); and the reader says of
which it is surest that the articles answer it (:mod:`qa.followup.resolution`).
"""
