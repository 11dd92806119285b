"""Stemsilver: remove backing music from TTS renders, and prove that the speech is intact."""
