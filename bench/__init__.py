"""What is measured: readers of the evaluation data, metrics, and the runs that use them.

Every run takes the data's folder as ``--data DIR`` and writes its results with the
command, the versions and the machine that made them.
"""
