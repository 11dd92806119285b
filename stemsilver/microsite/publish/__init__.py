"""From Markdown to a checked site in its place."""
