"""Read the weights out of a .tflite file, without any TensorFlow: a flatbuffer is a tree of small tables.

Layout (flatbuffers specification; field numbers from TensorFlow Lite's published schema): the file begins with the offset of the
root table. A table begins with the distance back to its vtable, which holds, after two sizes, the offset of each field inside the
table (0: the field has its default). Vectors and strings are an offset to a count that is followed by the data.
"""
from __future__ import annotations

import struct

import numpy as np

_MODEL_SUBGRAPHS, _MODEL_BUFFERS, _SUBGRAPH_TENSORS, _BUFFER_DATA = 2, 4, 0, 0
_TENSOR_SHAPE, _TENSOR_TYPE, _TENSOR_BUFFER, _TENSOR_NAME = 0, 1, 2, 3
_FLOATS = {0: np.dtype("<f4"), 1: np.dtype("<f2")}
"""Element types by their number in the schema; others (int32 shapes and paddings) are no weights."""


def read_weights(data: bytes) -> dict[str, np.ndarray]:
    """{tensor name: array} of every constant float32 or float16 tensor of a .tflite file, in the file's layout and type.

    Raises ValueError if `data` is not such a file or is cut short."""
    if data[4:8] != b"TFL3":
        raise ValueError("this is not a TensorFlow Lite file")
    try:
        model = _Table(data, struct.unpack_from("<I", data, 0)[0])
        buffers = model.tables(_MODEL_BUFFERS)
        weights = {}
        for tensor in model.tables(_MODEL_SUBGRAPHS)[0].tables(_SUBGRAPH_TENSORS):
            dtype = _FLOATS.get(tensor.number(_TENSOR_TYPE, "<b"))
            raw = buffers[tensor.number(_TENSOR_BUFFER, "<I")].blob(_BUFFER_DATA)
            if dtype is not None and raw:
                shape = np.frombuffer(tensor.blob(_TENSOR_SHAPE, width=4), "<i4")
                weights[tensor.blob(_TENSOR_NAME).decode()] = np.frombuffer(raw, dtype).reshape(shape)
        return weights
    except (struct.error, IndexError, ValueError) as error:
        raise ValueError("this TensorFlow Lite file is damaged") from error


class _Table:
    """A flatbuffer table at byte `place` of `data`."""

    def __init__(self, data: bytes, place: int):
        self._data, self._place = data, place

    def number(self, field: int, form: str) -> int:
        """The value of a number field of struct format `form`; 0 where it is left out."""
        place = self._field(field)
        return struct.unpack_from(form, self._data, place)[0] if place else 0

    def blob(self, field: int, width: int = 1) -> bytes:
        """The bytes of a vector field of elements `width` bytes wide, or of a string; empty where it is left out."""
        place = self._field(field)
        if not place:
            return b""
        start, count = self._vector(place)
        return self._data[start : start + count * width]

    def tables(self, field: int) -> list[_Table]:
        """The tables of a vector field."""
        place = self._field(field)
        if not place:
            return []
        start, count = self._vector(place)
        return [_Table(self._data, self._follow(start + 4 * i)) for i in range(count)]

    def _field(self, number: int) -> int:
        """Where field `number` stands in the data, 0 if it is left out."""
        vtable = self._place - struct.unpack_from("<i", self._data, self._place)[0]
        size = struct.unpack_from("<H", self._data, vtable)[0]
        entry = 4 + 2 * number
        offset = struct.unpack_from("<H", self._data, vtable + entry)[0] if entry < size else 0
        return self._place + offset if offset else 0

    def _vector(self, place: int) -> tuple[int, int]:
        """Where the data of the vector referred to at `place` begins, and its count."""
        start = self._follow(place)
        return start + 4, struct.unpack_from("<I", self._data, start)[0]

    def _follow(self, place: int) -> int:
        return place + struct.unpack_from("<I", self._data, place)[0]
