"""Understand a question: what it asks for, and what it refers to."""
