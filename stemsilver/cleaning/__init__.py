"""The cleaning chain: separators, denoisers, and the order of the steps."""
