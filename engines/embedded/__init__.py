"""The engine that needs no download: a film's own mouths, or a photo warped."""
