"""Turn texts into vectors of unit length."""
