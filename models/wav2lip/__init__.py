"""The Wav2Lip generators under their published tensor names: one file a network, its arithmetic in `generator.py`."""
