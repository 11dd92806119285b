"""Build a site from Markdown, check it, and put it in its place."""
