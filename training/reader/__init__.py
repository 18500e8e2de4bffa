"""Train the reading model: from training files to checkpoints to the shipped file.

    python -m training.reader.train --train DIR --out RUN     # run again to resume
    python -m training.reader.export RUN/checkpoint.pt OUT --precision float16 --train DIR

``sources`` reassembles articles and holds some out; ``passages`` splits them as at run time;
``examples`` pairs questions with passages that answer them or do not (``swaps`` and ``noise`` alter
the questions); ``features`` builds token windows and batches; ``model``, ``trainer`` and
``settings`` define the training; ``heldout`` measures; ``saving`` and ``onnx_file`` write files.
Only ``end_to_end`` reads evaluation data, to measure.

The training files are SQuAD (Rajpurkar et al. 2016, 2018; CC BY-SA 4.0), SQuADShifts
(Miller et al. 2020; CC BY 4.0) and FairytaleQA (Xu et al. 2022; Apache-2.0).
"""
