"""Which Wav2Lip network a file holds is told by its tensors: names are changed by users, and a half-fitting load makes a grey, still mouth
without any error."""
from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from ...host.errors import MissingModel
from . import wav2lip_96, wav2lip_256, wav2lip_288, wav2lip_384, wav2lip_384_leaky, wav2lip_384_primepake
from .layout import Layout

LAYOUTS = tuple(one.LAYOUT for one in (wav2lip_96, wav2lip_256, wav2lip_384, wav2lip_288, wav2lip_384_leaky, wav2lip_384_primepake))

Shapes = Mapping[str, tuple[int, ...]]

_COUNTER = "num_batches_tracked"  # of BatchNorm: plays no part when a network is only used, and some files leave it out
_SHOWN = 4  # tensors that are named in an error
_OTHERS = (
    (("face_encoder.0.conv_block.0.weight",), "Wav2Lip's expert SyncNet, which judges lips and makes none: it belongs to Sync Score"),
    (("netcnnaud.0.weight",), "the SyncNet that measures LSE-C and LSE-D, which makes no mouths: it belongs to Sync Score"),
    (("binary_pred.0.weight",), "Wav2Lip's picture-quality discriminator, which is only used in training"),
    (("stylegan_decoder.style_conv1.modulated_conv.weight", "conv_body_first.weight"),
     "GFPGAN, which restores faces: load it with Load Upscale Model and connect it as `restorer`"),
    (("quantize.embedding.weight",), "a face restorer (CodeFormer or RestoreFormer): load it with Load Upscale Model and connect it as "
                                     "`restorer`"),
    (("conv1.conv.weight", "smooth.conv.weight", "conv3_3_norm_mbox_conf.weight"), "a face detector, which is not needed here"),
    (("model.diffusion_model.input_blocks.0.0.weight", "conv_in.weight"), "an image diffusion network"),
    (("encoder.conv1.weight", "encoder.positional_embedding"), "Whisper, which hears speech and makes no mouths"),
)


def recognise(shapes: Shapes, name: str = "The file") -> Layout:
    """The layout whose tensors, by name and shape, are exactly those of a file ("module." taken off).

    name: of the file, for messages. Raises MissingModel with one sentence that says what the file is instead, or which tensors do not
    fit."""
    given = {key: tuple(shape) for key, shape in shapes.items() if not key.endswith(_COUNTER)}
    for layout in LAYOUTS:
        if given == _wanted(layout):
            return layout
    raise MissingModel(f"{name} {_what_else(given)}.")


@lru_cache(maxsize=len(LAYOUTS))
def published_shapes(layout: Layout) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor of a layout's checkpoint."""
    import torch

    from .generator import Wav2Lip

    with torch.device("meta"):
        return {key: tuple(tensor.shape) for key, tensor in Wav2Lip(layout).state_dict().items()}


@lru_cache(maxsize=len(LAYOUTS))
def _wanted(layout: Layout) -> dict[str, tuple[int, ...]]:
    return {key: shape for key, shape in published_shapes(layout).items() if not key.endswith(_COUNTER)}


def _what_else(given: Shapes) -> str:
    for signs, what in _OTHERS:
        if any(sign in given for sign in signs):
            return f"is {what}"
    if not any(key.startswith(("face_encoder_blocks.", "face_decoder_blocks.")) for key in given):
        return (f"is no Wav2Lip network (it has tensors such as {', '.join(sorted(given)[:_SHOWN]) or 'none at all'}): choose wav2lip.pth, "
                "wav2lip_gan.pth, wav2lip256.pth or wav2lip384.pth")
    nearest = max(LAYOUTS, key=lambda layout: sum(given.get(key) == shape for key, shape in _wanted(layout).items()))
    return f"is nearest to {nearest.name}, but is not it: {'; '.join(_differences(given, _wanted(nearest)))}; get the file again"


def _differences(given: Shapes, wanted: Shapes) -> list[str]:
    parts = []
    missing, left_over = [key for key in wanted if key not in given], [key for key in given if key not in wanted]
    for kind, keys in (("missing", missing), ("left over", left_over)):
        if keys:
            parts.append(f"{len(keys)} tensors are {kind} ({_named(keys)})")
    other = [f"{key} is {list(given[key])} instead of {list(shape)}" for key, shape in wanted.items() if given.get(key, shape) != shape]
    if other:
        parts.append(f"{len(other)} have another shape ({_named(other)})")
    return parts


def _named(keys: list[str]) -> str:
    return ", ".join(keys[:_SHOWN]) + (", …" if len(keys) > _SHOWN else "")
