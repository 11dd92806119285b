"""Format values as words, and escape untrusted text."""
