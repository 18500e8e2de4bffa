"""Benchmarks, and the readers of evaluation data that they use.

Every run takes the data's folder as ``--data DIR`` and writes its results with the
command, the versions and the machine that made them.
"""
