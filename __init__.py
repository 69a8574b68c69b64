"""Talking Avatar: a photo or a film of a person, plus speech, becomes a talking film."""
from .nodes import checkpoint_routes
from .nodes.registry import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS", "WEB_DIRECTORY"]
__version__ = "0.1.0"
WEB_DIRECTORY = "web"

checkpoint_routes.register()
