"""What a voice node offers to choose from, written out so that ComfyUI's start loads no voice."""
from __future__ import annotations

ENGINES = ["embedded", "auto", "gpt-sovits", "gpt-sovits-v1", "fish-speech", "cosyvoice", "openai", "xtts", "xtts-streaming",
           "chatterbox-server", "edge-tts", "f5-tts", "chatterbox"]
LANGUAGES = ["auto", "en", "zh", "yue", "ja", "ko", "fr", "de", "es", "it", "pt", "nl", "pl", "ru", "uk", "cs", "sk", "sv", "nb", "da",
             "fi", "hu", "ro", "el", "tr", "ar", "fa", "he", "hi", "bn", "ta", "vi", "id", "ms", "th", "sw"]
