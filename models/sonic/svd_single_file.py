"""Stable Video Diffusion's autoencoder and image encoder out of its single file (svd_xt.safetensors), under the names of its folders.

The single file is laid out as in Stability-AI/generative-models: the autoencoder as `first_stage_model`, the image encoder as open_clip's
vision tower; the folders as diffusers and transformers do.
"""
from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

VAE = "first_stage_model."
VISION = "conditioner.embedders.0.open_clip.model.visual."
_LEVELS = 4

_VAE_NAMES = (
    (r"\.(down|up)\.(\d)\.block\.(\d)\.", r".\1_blocks.\2.resnets.\3."),
    (r"\.down\.(\d)\.downsample\.", r".down_blocks.\1.downsamplers.0."),
    (r"\.up\.(\d)\.upsample\.", r".up_blocks.\1.upsamplers.0."), (r"\.mid\.block_1\.", ".mid_block.resnets.0."),
    (r"\.mid\.block_2\.", ".mid_block.resnets.1."), (r"\.mid\.attn_1\.norm\.", ".mid_block.attentions.0.group_norm."),
    (r"\.mid\.attn_1\.([qkv])\.", r".mid_block.attentions.0.to_\1."), (r"\.mid\.attn_1\.proj_out\.", ".mid_block.attentions.0.to_out.0."),
    (r"\.nin_shortcut\.", ".conv_shortcut."), (r"\.norm_out\.", ".conv_norm_out."),
    (r"decoder\.conv_out\.time_mix_conv\.", "decoder.time_conv_out."),
)
_TIME_NAMES = {"in_layers.0": "norm1", "in_layers.2": "conv1", "out_layers.0": "norm2", "out_layers.3": "conv2"}
_VISION_NAMES = (
    ("class_embedding", "vision_model.embeddings.class_embedding"),
    ("positional_embedding", "vision_model.embeddings.position_embedding.weight"),
    ("conv1.weight", "vision_model.embeddings.patch_embedding.weight"), ("ln_pre.", "vision_model.pre_layrnorm."),
    ("ln_post.", "vision_model.post_layernorm."), ("transformer.resblocks.", "vision_model.encoder.layers."),
)
_LAYER_NAMES = ((".ln_1.", ".layer_norm1."), (".ln_2.", ".layer_norm2."), (".mlp.c_fc.", ".mlp.fc1."), (".mlp.c_proj.", ".mlp.fc2."),
                (".attn.out_proj.", ".self_attn.out_proj."))


def vae_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The autoencoder's tensors by the names of diffusers' folder `vae`; those of a file that has them already as they are."""
    inside = {name[len(VAE):]: tensor for name, tensor in tensors.items() if name.startswith(VAE)}
    if not inside:
        return dict(tensors)
    named = {_vae_name(name): tensor.flatten(1) if ".attn_1." in name and tensor.ndim == 4 else tensor for name, tensor in inside.items()}
    if "quant_conv.weight" not in named:  # the single file's encoder has it in its last convolution
        width = named["encoder.conv_out.bias"].shape[0]
        named["quant_conv.weight"] = torch.eye(width)[..., None, None]
        named["quant_conv.bias"] = torch.zeros(width)
    return named


def vision_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The image encoder's tensors by the names of transformers' folder `image_encoder`; those of a file that has them as they are."""
    inside = {name[len(VISION):]: tensor for name, tensor in tensors.items() if name.startswith(VISION)}
    if not inside:
        return dict(tensors)
    named = {}
    for name, tensor in inside.items():
        if name == "proj":
            named["visual_projection.weight"] = tensor.T.contiguous()
        elif ".attn.in_proj_" in name:
            place, kind = _vision_name(name).split(".attn.in_proj_")
            for part, third in zip("qkv", tensor.chunk(3), strict=True):
                named[f"{place}.self_attn.{part}_proj.{kind}"] = third
        else:
            named[_vision_name(name)] = tensor
    return named


def _vae_name(name: str) -> str:
    for pattern, new in _VAE_NAMES:
        name = re.sub(pattern, new, name)
    if not name.startswith("decoder."):
        return name
    name = re.sub(r"up_blocks\.(\d)", lambda found: f"up_blocks.{_LEVELS - 1 - int(found[1])}", name)
    found = re.fullmatch(r"(.*\.resnets\.\d)\.(.*)", name)
    if found is None:
        return name
    block, rest = found.groups()
    if rest == "mix_factor":
        return f"{block}.time_mixer.mix_factor"
    if rest.startswith("time_stack."):
        place, kind = rest.removeprefix("time_stack.").rsplit(".", 1)
        return f"{block}.temporal_res_block.{_TIME_NAMES[place]}.{kind}"
    return f"{block}.spatial_res_block.{rest}"


def _vision_name(name: str) -> str:
    for old, new in _VISION_NAMES:
        if name.startswith(old):
            name = new + name[len(old):]
            break
    for old, new in _LAYER_NAMES:
        name = name.replace(old, new)
    return name
