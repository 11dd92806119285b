"""Evaluation: one module per metric, and the suite that selects the metrics that apply."""
