"""Wav2Lip: a network redraws the lower face of every frame so that it says the speech."""
