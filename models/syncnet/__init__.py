"""Networks that say whether lips and voice belong together: the colour expert of Wav2Lip and the SyncNet of LSE scores."""
