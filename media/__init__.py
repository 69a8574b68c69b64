"""Films, photos and sound as streams: read, clock, write."""
