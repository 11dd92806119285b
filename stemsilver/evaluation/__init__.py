"""Evaluation: one metric a file, and the suite that knows which of them apply."""
