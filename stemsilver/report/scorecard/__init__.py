"""A build as a scorecard: judged, written, read back."""
