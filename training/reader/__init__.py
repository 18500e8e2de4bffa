"""The recipe of the small reading model: training files → checkpoint → the file that ships.

    python -m training.reader.train --train DIR --out RUN     # the same again resumes
    python -m training.reader.export RUN/checkpoint.pt OUT --precision float16 --train DIR

``sources`` puts articles together again and holds some out; ``passages`` cuts them as at
run time; ``examples`` pairs questions with passages that answer them or do not
(``swaps`` and ``noise`` alter the questions); ``features`` makes windows of tokens and
batches; ``model``, ``trainer`` and ``settings`` learn from them; ``heldout`` measures;
``saving`` and ``onnx_file`` write. Nothing here reads evaluation data.

The training files are SQuAD (Rajpurkar et al. 2016, 2018; CC BY-SA 4.0), SQuADShifts
(Miller et al. 2020; CC BY 4.0) and FairytaleQA (Xu et al. 2022; Apache-2.0).
"""
