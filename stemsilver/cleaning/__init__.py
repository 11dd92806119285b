"""The cleaning chain: separators, denoisers, and the order they work in."""
