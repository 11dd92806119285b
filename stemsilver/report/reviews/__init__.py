"""What people say about the renders of a build: read, merged and written. No scorecard here."""
