"""Voice matching: a voice of this machine brought nearer to a reference, in pitch, vocal-tract length and long-term spectrum."""
