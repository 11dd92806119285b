"""The voice of a signal: whose it is, and its pitch."""
