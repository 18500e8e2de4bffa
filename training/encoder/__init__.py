"""Makes what ``index/embedding/onnx_encoder.py`` runs: ``python -m training.encoder``."""
