"""Stable Video Diffusion's single file serves instead of its folders, whatever its tensors are called."""
import pytest
import torch
from talking_avatar.models.sonic.svd_single_file import VAE, VISION, vae_tensors, vision_tensors


@pytest.fixture(scope="module")
def vision_file():
    """The vision tower of the single file at full size, shape only."""
    width, inner, layers = 1280, 5120, 32
    shapes = {"class_embedding": (width,), "positional_embedding": (257, width), "proj": (width, 1024), "conv1.weight": (width, 3, 14, 14)}
    for norm in ("ln_pre", "ln_post", *(f"transformer.resblocks.{n}.ln_{k}" for n in range(layers) for k in (1, 2))):
        shapes |= {f"{norm}.weight": (width,), f"{norm}.bias": (width,)}
    for n in range(layers):
        place = f"transformer.resblocks.{n}"
        shapes |= {f"{place}.attn.in_proj_weight": (3 * width, width), f"{place}.attn.in_proj_bias": (3 * width,),
                   f"{place}.attn.out_proj.weight": (width, width), f"{place}.attn.out_proj.bias": (width,),
                   f"{place}.mlp.c_fc.weight": (inner, width), f"{place}.mlp.c_fc.bias": (inner,),
                   f"{place}.mlp.c_proj.weight": (width, inner), f"{place}.mlp.c_proj.bias": (width,)}
    return {VISION + name: torch.empty(shape, device="meta") for name, shape in shapes.items()}


def test_the_vision_tower_gets_exactly_the_folders_names_and_shapes(parity, vision_file):
    made = {name: tuple(tensor.shape) for name, tensor in vision_tensors(vision_file | {"other": torch.zeros(1)}).items()}
    assert made == parity.published_tensors("sonic_pipeline", "tensors_image_encoder.json")


def test_queries_keys_and_values_are_taken_apart_in_their_order():
    joined = torch.arange(6.0)[:, None].expand(6, 2)
    made = vision_tensors({f"{VISION}transformer.resblocks.0.attn.in_proj_weight": joined, f"{VISION}proj": torch.zeros(2, 3)})
    layer = "vision_model.encoder.layers.0.self_attn"
    assert [made[f"{layer}.{part}_proj.weight"][:, 0].tolist() for part in "qkv"] == [[0, 1], [2, 3], [4, 5]]
    assert made["visual_projection.weight"].shape == (3, 2)


def test_the_decoders_levels_are_counted_from_the_other_end_and_time_is_told_from_space():
    names = ("decoder.up.3.block.0.conv1.weight", "decoder.up.3.block.0.time_stack.in_layers.2.weight", "decoder.up.0.block.2.mix_factor",
             "decoder.mid.attn_1.q.weight", "decoder.conv_out.time_mix_conv.weight", "encoder.down.2.downsample.conv.bias",
             "encoder.conv_out.bias")
    made = vae_tensors({VAE + name: torch.zeros(8, 8, 1, 1) if "attn" in name else torch.zeros(8) for name in names})
    assert set(made) == {
        "decoder.up_blocks.0.resnets.0.spatial_res_block.conv1.weight", "decoder.up_blocks.0.resnets.0.temporal_res_block.conv1.weight",
        "decoder.up_blocks.3.resnets.2.time_mixer.mix_factor", "decoder.mid_block.attentions.0.to_q.weight",
        "decoder.time_conv_out.weight", "encoder.down_blocks.2.downsamplers.0.conv.bias", "encoder.conv_out.bias", "quant_conv.weight",
        "quant_conv.bias"}
    assert made["decoder.mid_block.attentions.0.to_q.weight"].shape == (8, 8)
    assert torch.equal(made["quant_conv.weight"][..., 0, 0], torch.eye(8))


def test_a_file_of_the_folders_stays_as_it_is():
    tensors = {"encoder.conv_in.weight": torch.zeros(1)}
    assert vae_tensors(tensors) == tensors == vision_tensors(tensors)
