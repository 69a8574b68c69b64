"""Nodes for ComfyUI's canvas."""
