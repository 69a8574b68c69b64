"""RIFE: pictures between pictures."""
