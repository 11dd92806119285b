"""Pictures, outlines and short pairs of what is heard."""
