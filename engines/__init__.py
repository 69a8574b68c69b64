"""Ways to make a mouth. Each engine turns an avatar and a speech into face patches (see `engine.py`)."""
