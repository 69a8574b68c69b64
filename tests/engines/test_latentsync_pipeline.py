"""The whole published pipeline on stand-in weights: from film and features to the restored film."""
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from talking_avatar.engines.latentsync.alignment import face_affines
from talking_avatar.engines.latentsync.crop import cropped
from talking_avatar.engines.latentsync.denoise import conditions, denoised, finished_face, in_numbers
from talking_avatar.models.latentsync.schedule import schedule
from talking_avatar.models.latentsync.unet import LatentSyncUNet, UNetConfig
from talking_avatar.models.latentsync.vae import VAEConfig, autoencoder
from talking_avatar.speech.whisper_features import frame_tokens, published_frames

sys.path.insert(0, str(Path(__file__).parent))
from test_latentsync_alignment import assert_nearly, published_paste, published_points  # noqa: E402


def published_order(film, wanted):
    """Source frame of each output frame: to and fro, the ends shown twice; cut where the film is longer."""
    there = np.arange(wanted) % (2 * film)
    return np.minimum(there, 2 * film - 1 - there) if wanted > film else np.arange(wanted)


@pytest.mark.parity("latentsync_pipeline", "run_golden*.npz")
@pytest.mark.parametrize("start", ["faces", "film"])
def test_parity_latentsync_pipeline_run(golden, parity, start):
    arrays, config = golden.arrays, golden.config
    unet = parity.fill_module(LatentSyncUNet(UNetConfig.of(config["unet"])).eval(), golden.seed)
    vae = parity.fill_module(autoencoder(VAEConfig(block_out_channels=tuple(config["vae"]["block_out_channels"]))), golden.seed)
    for case in sorted(name.removeprefix("in_film_") for name in arrays if name.startswith("in_film_")):
        with torch.inference_mode():
            run_case(arrays, case, start, unet, vae, parity)


def run_case(arrays, case, start, unet, vae, parity):
    def given(name):
        return arrays[f"{name}_{case}"]

    size, length, guidance = int(given("in_resolution")), int(given("in_chunk")), float(given("in_guidance"))
    steps, every = len(given("out_timesteps")), int(given("in_deepcache")) or 1
    assert schedule(steps).timesteps.tolist() == given("out_timesteps").tolist()
    rows, film = given("in_whisper").astype(np.float32), given("in_film")
    wanted = published_frames(len(rows))
    order = published_order(len(film), wanted)
    if f"mid_frame_index_{case}" in arrays:
        assert order.tolist() == given("mid_frame_index").tolist()
    used = order.max() + 1
    affines, squares, tolerance = given("mid_affine"), given("mid_faces").transpose(0, 2, 3, 1), 1e-4
    if start == "film":
        affines = face_affines(published_points(given("in_landmarks106"))[:used], size)
        squares = np.stack([cv2.resize(cropped(frame, affine, size), (size, size), interpolation=cv2.INTER_LANCZOS4)
                            for frame, affine in zip(film[:used], affines, strict=True)])
        tolerance = 1e-2
    tokens, out = torch.from_numpy(frame_tokens(rows, np.arange(wanted) / 25)), []
    for number, first in enumerate(range(0, wanted, length)):
        here = order[first:first + length]
        faces = in_numbers(torch.from_numpy(np.ascontiguousarray(squares[here])))
        masked, reference = (torch.from_numpy(arrays[f"in_noise_{name}_{case}{number}"]).float() for name in ("masked", "ref"))
        known = conditions(vae, faces, masked, reference, lambda: None)
        noise = torch.from_numpy(given("in_noise_init")).float().expand(-1, -1, len(here), -1, -1)
        heard = unet.listen(tokens[first:first + length], guided=guidance > 1)
        if f"mid_unet_in_{case}{number}" in arrays:
            golden_in = arrays[f"mid_unet_in_{case}{number}"]
            parity.assert_close(torch.cat([noise, known], 1)[:, :, [0, -1]].expand(len(golden_in), -1, -1, -1, -1), golden_in, tolerance)
            parity.assert_close(unet(torch.cat([noise, known], 1), schedule(steps).timesteps[0], heard)[:, :, [0, -1]],
                                arrays[f"mid_noise_pred_{case}{number}"], tolerance)
        latents = denoised(unet, noise, known, heard, steps, guidance, every)
        parity.assert_close(latents, arrays[f"out_latents_{case}{number}"], tolerance)
        made = [finished_face(vae, one, face) for one, face in zip(latents[0].transpose(0, 1), faces, strict=True)]
        parity.assert_close(torch.stack(made)[[0, -1]][:, :, ::4, ::4], arrays[f"mid_combined_{case}{number}"], tolerance)
        out += [published_paste(film[index], face, affines[index]) for index, face in zip(here, made, strict=True)]
    assert_nearly(np.stack(out), given("out_frames"), *((2, 0.02) if start == "faces" else (3, 0.05)))
