"""Sound that comes inside text: server-sent events, JSON lines or a JSON string that hold base64."""
from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from ...host.errors import ServerError
from .byte_stream import ByteStream
from .reply_errors import sentence_of

_FIELDS = ("audio", "delta", "audio_data", "data")
_RATES = ("sample_rate", "sampling_rate", "rate")


class UnwrappedStream(ByteStream):
    """rate: samples a second as the objects said it that came so far; 0 if none did."""

    def __init__(self, objects: Iterator[dict[str, Any]]) -> None:
        super().__init__(self._sound_of(objects))
        self.rate = 0

    def _sound_of(self, objects: Iterator[dict[str, Any]]) -> Iterator[bytes]:
        for one in objects:
            if "error" in str(one.get("type", "")) or one.get("error"):
                raise ServerError(f"The voice server failed while it spoke: {sentence_of(json.dumps(one).encode())}")
            said = next((one[name] for name in _RATES if isinstance(one.get(name), int)), 0)
            self.rate = said if 4000 <= said <= 384000 else self.rate
            sound = next((one[name] for name in _FIELDS if isinstance(one.get(name), str) and one[name]), None)
            if sound is not None:
                yield _bytes(sound)


def unwrapped(stream: ByteStream) -> ByteStream | None:
    """The bytes of sound inside such a stream; None if it is none of the kind. Raises ServerError, while it is read, for the error
    that such a stream may bring instead."""
    head = stream.peek(64).lstrip()
    if head[:5] == b"data:" or head[:6] == b"event:" or head[:1] == b":":
        return UnwrappedStream(_event_objects(stream))
    if head[:1] == b'"':
        return ByteStream(_of_string(stream))
    if head[:1] == b"{" and any(f'"{name}"'.encode() in stream.peek(4096) for name in ("audio", "audio_data")):
        return UnwrappedStream(_line_objects(stream))
    return None


def _event_objects(stream: ByteStream) -> Iterator[dict[str, Any]]:
    data: list[bytes] = []
    for line in _lines(stream):
        if line.startswith(b"data:"):
            data.append(line[5:].strip())
        elif not line and data:
            yield from _object(b"\n".join(data))
            data = []
    if data:
        yield from _object(b"\n".join(data))


def _line_objects(stream: ByteStream) -> Iterator[dict[str, Any]]:
    for line in _lines(stream):
        if line:
            yield from _object(line)


def _object(text: bytes) -> Iterator[dict[str, Any]]:
    if text == b"[DONE]":
        return
    try:
        found = json.loads(text)
    except ValueError:
        raise ServerError("The voice server sent an event that is no JSON.") from None
    if isinstance(found, dict):
        yield found


def _of_string(stream: ByteStream) -> Iterator[bytes]:
    try:
        found = json.loads(stream.read())
    except ValueError:
        raise ServerError("The voice server sent a text that breaks off.") from None
    yield _bytes(found)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ServerError(f"The voice server sent words instead of sound: {sentence_of(json.dumps(text).encode())}") from None


def _lines(stream: ByteStream) -> Iterator[bytes]:
    """Lines without their ends, the last one also if it has none."""
    waiting = b""
    while piece := stream.read(4096):
        *lines, waiting = (waiting + piece).split(b"\n")
        yield from (line.rstrip(b"\r") for line in lines)
    if waiting:
        yield waiting.rstrip(b"\r")
