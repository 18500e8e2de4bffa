"""How the shipped models were made: training data in, model files and fitted weights out."""
