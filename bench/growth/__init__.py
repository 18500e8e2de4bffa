"""Measure libraries of a thousand to a million passages."""
