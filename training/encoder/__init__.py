"""Makes what ``index/light_encoder.py`` runs: ``python -m training.encoder``."""
