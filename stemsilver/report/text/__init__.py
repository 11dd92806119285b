"""Values as words, and words of others in which nothing can act."""
