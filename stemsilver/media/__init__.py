"""Level 4: pictures, outlines and short pairs of what is heard."""
