"""Recognisers that write down what is said; `transcribe.transcribe` uses them."""
