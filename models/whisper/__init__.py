"""Whisper (Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision") in the layout of OpenAI's own checkpoints."""
