"""Sonic: the networks of a portrait that moves with what is heard. Stock parts (autoencoder, CLIP, Whisper, the UNet's body) are those of
diffusers and transformers; `networks.py` hands them out, `checkpoint_set.py` finds their files."""
