"""Text to speech, one file a dialect."""
