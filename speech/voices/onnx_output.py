"""An ONNX network made to return one of its inner tensors, without the `onnx` package."""
from __future__ import annotations

from pathlib import Path


def session_with_output(path: Path, tensor: str, element_type: int):
    """An onnxruntime session on one CPU thread that returns `tensor` after the network's own outputs.

    A protobuf message may be appended to: a second `graph` field holding one more `output` merges with the first when it is parsed
    (ModelProto.graph = 7, GraphProto.output = 12, ValueInfoProto name = 1, type = 2). element_type: ONNX's number (1 float, 7 int64).
    Raises LookupError if the network has no such tensor or cannot be read."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    value_info = _field(1, tensor.encode()) + _field(2, _field(1, bytes([1 << 3, element_type])))
    try:
        return onnxruntime.InferenceSession(path.read_bytes() + _field(7, _field(12, value_info)), options, ["CPUExecutionProvider"])
    except Exception as error:
        raise LookupError(f"{path.name} has no tensor '{tensor}' ({error})") from error


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited protobuf field."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
