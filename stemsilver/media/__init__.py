"""Plots, waveform outlines and short audio snippets of renders."""
