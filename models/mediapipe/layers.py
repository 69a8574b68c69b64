"""The layers MediaPipe's small networks are made of, under their published tensor names.

Each layer that has weights carries the name of its tensors in the published file (`conv2d_3` stands for `conv2d_3/Kernel` and
`conv2d_3/Bias`), so an architecture file shows both what is computed and where its numbers come from.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after a side of `size` under TensorFlow's SAME rule: the output has ceil(size / stride) cells and an odd
    total leaves the extra zero at the end (3x3 with stride 2 on an even side: none before, one after)."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


Product = Callable[[Tensor], Tensor]


class Conv(nn.Conv2d):
    """Convolution with SAME padding. [B, inside, H, W] -> [B, outside, ceil(H / stride), ceil(W / stride)]."""

    def __init__(self, name: str, inside: int, outside: int, kernel: int = 1, stride: int = 1, groups: int = 1):
        symmetric = kernel // 2 if stride == 1 else 0
        super().__init__(inside, outside, kernel, stride, padding=symmetric, groups=groups)
        self.tensor_name = name
        self._kept: Product | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self._kept is None:
            self._kept = self._product()
        return self._kept(x)

    def _apply(self, change, recurse: bool = True) -> nn.Module:
        self._kept = None
        return super()._apply(change, recurse)

    def _load_from_state_dict(self, *given) -> None:
        self._kept = None
        super()._load_from_state_dict(*given)

    def __getstate__(self) -> dict:
        """For a copy: it keeps its own weights in shape."""
        return {**self.__dict__, "_kept": None}

    def _product(self) -> Product:
        """The convolution with its tensors at hand and in shape: looking for them at each call took an eighth of the mesh's time."""
        weight, bias, stride, padding, groups = self.weight, self.bias, self.stride, self.padding, self.groups
        if self.kernel_size == (1, 1) and groups == 1:
            matrix = weight.flatten(1)  # one product of matrices: with channels last no copy is made, and the bias comes with it
            return lambda x: F.linear(x.permute(0, 2, 3, 1), matrix, bias).permute(0, 3, 1, 2)
        if stride == (1, 1):
            return lambda x: F.conv2d(x, weight, bias, 1, padding, 1, groups)
        padded: dict[tuple[int, int], tuple[Tensor, tuple[int, int]]] = {}

        def strided(x: Tensor) -> Tensor:
            sides = x.shape[2] % stride[0], x.shape[3] % stride[1]
            if sides not in padded:
                padded[sides] = self._evenly_padded(x.shape[2], x.shape[3])
            kernel, around = padded[sides]
            return F.conv2d(x, kernel, bias, stride, around, 1, groups)

        return strided

    def _evenly_padded(self, height: int, width: int) -> tuple[Tensor, tuple[int, int]]:
        """Weights and as much padding on either side, which do what the published weights do with lopsided padding: its excess meets zeros,
        and the picture need not be copied."""
        (top, bottom), (left, right) = (same_padding(*sides) for sides in zip((height, width), self.kernel_size, self.stride, strict=True))
        return F.pad(self.weight, (right - left, 0, bottom - top, 0)), (bottom, right)


class Depthwise(Conv):
    """3x3 convolution of each channel for itself."""

    def __init__(self, name: str, channels: int, stride: int = 1):
        super().__init__(name, channels, channels, kernel=3, stride=stride, groups=channels)


class PReLU(nn.PReLU):
    """x where x > 0, alpha x elsewhere, one alpha a channel."""

    def __init__(self, name: str, channels: int):
        super().__init__(channels)
        self.tensor_name = name


def add_shortcut(out: Tensor, x: Tensor, stride: int) -> Tensor:
    """What a block adds to its output: its input x, pooled 2x2 where the block halves the picture, on as many channels as it has.
    `out` is changed and returned."""
    out[:, :x.shape[1]].add_(x if stride == 1 else _pooled(x))
    return out


def _pooled(x: Tensor) -> Tensor:
    """F.max_pool2d(x, 2) of even sides, without the places of the largest, which nobody asks for."""
    x = torch.maximum(x[:, :, ::2], x[:, :, 1::2])
    return torch.maximum(x[..., ::2], x[..., 1::2])


def numbered(base: str, number: int) -> str:
    """TensorFlow's name of the layer with that number from 0: conv2d, conv2d_1, conv2d_2, …"""
    return base if number == 0 else f"{base}_{number}"


def published_shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """{published tensor name: shape in the published layout} of every weight of `network`."""
    shapes = {}
    for layer in network.modules():
        if isinstance(layer, Conv):
            out, inside, height, width = layer.weight.shape
            depthwise = isinstance(layer, Depthwise)
            shapes[f"{layer.tensor_name}/Kernel"] = (1, height, width, out) if depthwise else (out, height, width, inside)
            shapes[f"{layer.tensor_name}/Bias"] = (out,)
        elif isinstance(layer, PReLU):
            shapes[f"{layer.tensor_name}/Alpha"] = (1, 1, layer.num_parameters)
    return shapes


def fill(network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Put the published tensors into `network`, as float32 and in torch's layout. The names and shapes of `published_shapes` must
    all be there (KeyError, RuntimeError otherwise)."""
    network._apply(lambda tensor: tensor)  # what layers keep of their tensors is made anew
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, Conv):
                order = (3, 0, 1, 2) if isinstance(layer, Depthwise) else (0, 3, 1, 2)
                layer.weight.copy_(tensors[f"{layer.tensor_name}/Kernel"].permute(order))
                layer.bias.copy_(tensors[f"{layer.tensor_name}/Bias"])
            elif isinstance(layer, PReLU):
                layer.weight.copy_(tensors[f"{layer.tensor_name}/Alpha"].reshape(-1))
