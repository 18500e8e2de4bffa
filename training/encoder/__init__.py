"""Make the graphs that ``index/embedding/onnx_encoder.py`` runs: ``python -m training.encoder``."""
