"""Voices that speak text on this machine, with the times of their phonemes; `speak.speak` chooses one."""
