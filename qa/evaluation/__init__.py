"""How good the answers are: metrics, and questions with known answers to apply them to."""
