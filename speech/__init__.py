"""A speech, what is computed from it for mouths, and the voices that speak text."""
