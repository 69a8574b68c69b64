"""Sonic's networks as probes that anyone can read: the film is the portrait, blurred, whose face turns red when something is heard."""
from types import SimpleNamespace

import torch
from talking_avatar.models.sonic.audio_attention import Ear
from talking_avatar.models.sonic.networks import SonicNetworks
from talking_avatar.models.sonic.vae import SCALE
from torch import nn
from torch.nn.functional import avg_pool2d, interpolate

PICTURE, SPEECH = 2.0, 7.5


class _Probe(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1), requires_grad=False)


class ProbeUNet(_Probe):
    """Predicts the clean latents half of the picture's, and more red in the mask by the mean of the tokens, so that guidance 2 and 7.5 give
    the picture and the red whole."""

    def __init__(self):
        super().__init__()
        self.ear = Ear()
        self.down_blocks, self.mid_block, self.up_blocks = nn.ModuleList([nn.Identity()]), nn.Identity(), nn.ModuleList([nn.Identity()])

    def forward(self, sample, timestep, ignored, time_ids, return_dict):
        self.mid_block(sample)
        condition, (height, width) = self.ear.condition, sample.shape[-2:]
        clean = SCALE * sample[:, :, 4:] / PICTURE
        heard = condition.audio.mean((2, 3)).clamp(min=0)[0]
        where = condition.mask.at(height * width).reshape(height, width)
        clean[0, :, 0] += SCALE * heard[:, None, None] * where / SPEECH
        sigma = torch.exp(4 * timestep)
        scale = torch.sqrt(sigma**2 + 1)
        return ((sample[:, :, :4] / scale - clean) * scale / sigma,)


class ProbeVAE(_Probe):
    """Latents are the picture in an eighth of its size."""

    def encode(self, picture):
        small = avg_pool2d(picture, 8)
        latents = torch.cat([small, torch.zeros_like(small[:, :1])], 1)
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: latents))

    def decode(self, latents, num_frames):
        return SimpleNamespace(sample=interpolate(latents[:, :3], scale_factor=8, mode="bilinear"))


class ProbeEncoder(_Probe):
    """States say how loud it is: about 0 in silence, up to 2."""

    def forward(self, mel, output_hidden_states):
        loud = mel[:, :40].mean(1)[:, ::2] - mel.min()
        return SimpleNamespace(hidden_states=[loud[..., None].expand(-1, -1, 32)] * 5)


class ProbeTokens(_Probe):
    def forward(self, windows):
        return windows[:, 4:6].mean((1, 2, 3))[:, None, None].expand(-1, 4, 24)


class ProbeBuckets(_Probe):
    def forward(self, windows, image):
        return torch.zeros(len(windows), 2)


class ProbeCLIP(_Probe):
    def forward(self, pixel_values):
        return SimpleNamespace(image_embeds=torch.zeros(1, 24))


class ProbeRIFE(_Probe):
    def forward(self, first, second):
        return (first + second) / 2


def put_probes(monkeypatch):
    """Let SonicNetworks hand out probes."""
    probes = {"unet": ProbeUNet(), "vae": ProbeVAE(), "speech_encoder": ProbeEncoder(), "audio2token": ProbeTokens(),
              "audio2bucket": ProbeBuckets(), "image_encoder": ProbeCLIP(), "rife": ProbeRIFE()}
    for name, probe in probes.items():
        monkeypatch.setattr(SonicNetworks, name, lambda self, *given, probe=probe: probe)
