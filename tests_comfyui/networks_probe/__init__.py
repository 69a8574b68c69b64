"""A pack for tests: what Talking Avatar keeps of its networks, and what ComfyUI's management has loaded, as GET /networks_probe."""
import sys

from aiohttp import web
from comfy import model_management
from server import PromptServer

NODE_CLASS_MAPPINGS = {}


@PromptServer.instance.routes.get("/networks_probe")
async def networks_probe(request):
    networks = next((module for name, module in sys.modules.items() if name.endswith("host.networks")), None)
    loaded = [one.model.model.__class__.__name__ for one in model_management.current_loaded_models if one.model is not None]
    return web.json_response({"kept_bytes": networks.kept_bytes() if networks else 0, "loaded": loaded})
