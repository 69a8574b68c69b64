"""Talking Avatar: a photo or a film of a person, plus speech, becomes a talking film."""

__version__ = "0.1.0"
NODE_CLASS_MAPPINGS: dict[str, type] = {}
NODE_DISPLAY_NAME_MAPPINGS: dict[str, str] = {}
