"""A build as a scorecard: judge, write and read back."""
