"""Sonic: a portrait moves as a whole, head, face and expression, by what is heard."""
