"""Make a small set of Sonic's files, in the published layout, whose weights are noise: python bench/sonic_stand_in.py FOLDER

The networks have the published shape in small (a few megabytes), so that everything runs on any machine; what they show is no face.
"""
from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file
from talking_avatar.models.rife.ifnet import IFNet
from talking_avatar.models.sonic.audio2bucket import Audio2Bucket, Audio2BucketConfig
from talking_avatar.models.sonic.audio2token import Audio2Token, Audio2TokenConfig
from talking_avatar.models.sonic.image_encoder import ImageEncoderConfig, image_encoder
from talking_avatar.models.sonic.speech_encoder import PREFIX, SpeechEncoderConfig, speech_encoder
from talking_avatar.models.sonic.unet import UNetConfig, sonic_unet
from talking_avatar.models.sonic.vae import VAEConfig, svd_vae

UNET = UNetConfig(sample_size=16, block_out_channels=(32, 32, 64, 64), num_attention_heads=(2, 2, 4, 4), cross_attention_dim=24,
                  addition_time_embed_dim=16, projection_class_embeddings_input_dim=48, layers_per_block=1)
TOKEN = Audio2TokenConfig(channels=32, intermediate_dim=64, output_dim=24, context_tokens=4)
BUCKET = Audio2BucketConfig(channels=32, clip_channels=24, intermediate_dim=64)
WHISPER = SpeechEncoderConfig(d_model=32, encoder_layers=4, encoder_attention_heads=2, encoder_ffn_dim=64)
CLIP = ImageEncoderConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, patch_size=32,
                          projection_dim=24)
VAE = VAEConfig(block_out_channels=(32, 32, 64, 64), layers_per_block=1, sample_size=64)
_SVD = "stable-video-diffusion-img2vid-xt"


def make(folder: Path, seed: int = 0) -> Path:
    """Write the set into `folder` (models/sonic, or a folder in it); returns the UNet's path."""
    torch.manual_seed(seed)
    for part in ("whisper-tiny", "RIFE", f"{_SVD}/vae", f"{_SVD}/image_encoder"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    torch.save(sonic_unet(UNET).state_dict(), folder / "unet.pth")
    torch.save(Audio2Token(TOKEN).state_dict(), folder / "audio2token.pth")
    torch.save(Audio2Bucket(BUCKET).state_dict(), folder / "audio2bucket.pth")
    _write(folder / "sonic.json", {"unet": asdict(UNET), "audio2token": asdict(TOKEN), "audio2bucket": asdict(BUCKET)})
    torch.save({f"module.{name}": tensor for name, tensor in IFNet().state_dict().items()}, folder / "RIFE" / "flownet.pkl")
    whisper = {PREFIX + name: tensor for name, tensor in speech_encoder(WHISPER).state_dict().items()}
    _network(folder / "whisper-tiny" / "model.safetensors", whisper, asdict(WHISPER))
    _network(folder / _SVD / "vae" / "diffusion_pytorch_model.fp16.safetensors", svd_vae(VAE).half().state_dict(), asdict(VAE))
    _network(folder / _SVD / "image_encoder" / "model.fp16.safetensors", image_encoder(CLIP).half().state_dict(), asdict(CLIP))
    return folder / "unet.pth"


def _network(path: Path, tensors: dict[str, torch.Tensor], config: dict) -> None:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    _write(path.parent / "config.json", config)


def _write(path: Path, values: dict) -> None:
    path.write_text(json.dumps(values, indent=1), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.split("\n")[0])
    print(make(Path(sys.argv[1])))
