"""Comparison of words: of raw with clean, and of both with the script."""
