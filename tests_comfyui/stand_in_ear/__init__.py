"""A custom node pack without nodes, that puts a stand-in for faster-whisper on the server's path."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "modules"))
NODE_CLASS_MAPPINGS = {}
