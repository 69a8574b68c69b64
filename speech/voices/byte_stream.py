"""Bytes that arrive in pieces of any size, read in the sizes that are wanted."""
from __future__ import annotations

from collections.abc import Iterable


class ByteStream:
    """Over an iterable of bytes. What is read never depends on how the pieces were cut."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._waiting = iter(pieces), bytearray()

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, which stay; fewer only at the end."""
        while len(self._waiting) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._waiting += piece
        return bytes(self._waiting[:size])

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, fewer only at the end; all for a negative size."""
        if size < 0:
            for piece in self._pieces:
                self._waiting += piece
            size = len(self._waiting)
        found = self.peek(size)
        del self._waiting[:size]
        return found
