"""Train the model that checks whether evidence supports a claim.

    python -m training.checker.train --train DIR --out RUN     # run again to resume
    python -m training.checker.export RUN qa/checking_model

``published`` reads published claims; ``made_pairs`` makes claims from articles and their questions:
``statements`` and ``rewording`` make true ones, ``edits`` makes false ones of those (``neighbours``
finds words to put in), with the words that are wrong. ``features`` builds token windows and
batches; ``model``, ``train`` and ``settings`` define the training; ``heldout`` measures.
Evaluation data are never read.
"""
