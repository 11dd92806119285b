"""The commands that the workflows on GitHub call, one module each."""
