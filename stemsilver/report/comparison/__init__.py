"""Compare two builds, or several profiles, of the same renders."""
