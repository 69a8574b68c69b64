"""Where we run: errors, folders, device, progress and cancel. The same names serve ComfyUI and the terminal."""
