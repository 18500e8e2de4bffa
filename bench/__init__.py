"""Benchmarks, and the readers of evaluation data that they use.

A run takes the folder of the evaluation data as ``--data DIR`` and writes its results with the
command, the versions and the machine that produced them.
"""
