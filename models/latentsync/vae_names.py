"""The tensor names under which the autoencoder of Stable Diffusion 1.x goes round, brought to those of today's diffusers."""
from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

_LEVELS = 4
_OLD_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_FIRST_ATTENTION = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors under diffusers' names, from those, from diffusers' older ones (`query`, `proj_attn`), or from those of the
    original code (`encoder.down.0.block.0`, also inside a whole checkpoint, after `first_stage_model.`)."""
    prefix = "first_stage_model."
    inside = {name[len(prefix):]: one for name, one in tensors.items() if name.startswith(prefix)} or dict(tensors)
    if any(name.startswith("encoder.mid.") for name in inside):
        inside = {_from_original(name): one for name, one in inside.items() if name.startswith(("encoder.", "decoder.", "quant_conv.",
                                                                                                  "post_quant_conv."))}
    named = {_with_new_attention(name): one for name, one in inside.items()}
    return {name: _as_linear(name, one) for name, one in named.items()}


def _from_original(name: str) -> str:
    side, _, rest = name.partition(".")
    rest = re.sub(r"^down\.(\d)\.block\.(\d)", r"down_blocks.\1.resnets.\2", rest)
    rest = re.sub(r"^down\.(\d)\.downsample", r"down_blocks.\1.downsamplers.0", rest)
    rest = re.sub(r"^up\.(\d)\.block\.(\d)", lambda found: f"up_blocks.{_LEVELS - 1 - int(found[1])}.resnets.{found[2]}", rest)
    rest = re.sub(r"^up\.(\d)\.upsample", lambda found: f"up_blocks.{_LEVELS - 1 - int(found[1])}.upsamplers.0", rest)
    rest = re.sub(r"^mid\.block_(\d)", lambda found: f"mid_block.resnets.{int(found[1]) - 1}", rest)
    rest = re.sub(r"^mid\.attn_1\.(\w+)", lambda found: f"mid_block.attentions.0.{_FIRST_ATTENTION[found[1]]}", rest)
    rest = re.sub(r"^norm_out", "conv_norm_out", rest).replace("nin_shortcut", "conv_shortcut")
    return f"{side}.{rest}"


def _with_new_attention(name: str) -> str:
    return re.sub(r"(attentions\.0\.)(query|key|value|proj_attn)\.", lambda found: f"{found[1]}{_OLD_ATTENTION[found[2]]}.", name)


def _as_linear(name: str, tensor: Tensor) -> Tensor:
    """The original code's attention is made of 1 x 1 convolutions."""
    is_attention = ".attentions.0.to_" in name and name.endswith("weight")
    return tensor.flatten(1) if is_attention else tensor
