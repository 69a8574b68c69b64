"""The terminal command `talking-avatar`."""
