"""Sonic's way from picture and sound to frames gives the numbers of the published pipeline."""
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from talking_avatar.engines.sonic.denoise import Guidance, Score, denoised, film_noise
from talking_avatar.engines.sonic.frames import film_pictures
from talking_avatar.engines.sonic.hearing import motion_of, tokens_of
from talking_avatar.engines.sonic.portrait import crop_square, network_size, portrait_of, resized
from talking_avatar.host.progress import Silent
from talking_avatar.media.sound_array import SoundArray
from talking_avatar.models.sonic.audio2bucket import Audio2Bucket, Audio2BucketConfig
from talking_avatar.models.sonic.audio2token import Audio2Token, Audio2TokenConfig
from talking_avatar.models.sonic.image_encoder import SIDE, ImageEncoderConfig, embedded, image_encoder, pixel_values
from talking_avatar.models.sonic.schedule import Schedule, schedule
from talking_avatar.models.sonic.speech_encoder import PREFIX, SpeechEncoderConfig, speech_encoder
from talking_avatar.models.sonic.unet import UNetConfig, sonic_unet
from talking_avatar.models.sonic.vae import CHUNK, VAEConfig, decoded, encoded, svd_vae
from talking_avatar.speech.whisper_tiny import film_frames, motion_windows, speech_states, token_windows, whisper_mel

CPU = torch.device("cpu")


def taken(config_type, values):
    known = config_type.__dataclass_fields__
    return config_type(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if name in known})


def filled_speech_encoder(parity, config, seed):
    encoder = speech_encoder(taken(SpeechEncoderConfig, config))
    encoder.load_state_dict({name: torch.from_numpy(parity.fill(PREFIX + name, value.shape, seed))
                             for name, value in encoder.state_dict().items()})
    return encoder


def tensor(golden, name):
    return torch.from_numpy(golden.arrays[name])


def sound(golden):
    return SoundArray(golden.arrays["in_pcm16"].astype(np.float32) / 32768, 16000)


@pytest.mark.parity("sonic_audio", "whisper_chain_golden*.npz")
def test_parity_sonic_audio_from_sound_to_windows(golden, parity):
    encoder = filled_speech_encoder(parity, golden.config["whisper_chain_golden"]["whisper_reduced"], golden.seed)
    mel = whisper_mel(golden.arrays["in_pcm16"].astype(np.float32) / 32768)[0]
    parity.assert_close(mel[:, :260], golden.arrays["mid_features_first_260"])
    parity.assert_close(mel[:, 260:], np.full_like(mel[:, 260:], golden.arrays["mid_features_rest_value"]))
    states = speech_states(sound(golden), encoder, CPU, Silent())
    parity.assert_close(states, golden.arrays["mid_hidden"])
    parity.assert_close(states[:, -1:], golden.arrays["mid_last"])
    last = film_frames(states) - 1
    assert last == int(golden.arrays["mid_audio_len"]) // 2 - 1
    for row, frame in enumerate((0, 3, last)):
        parity.assert_close(token_windows(states, frame, frame + 1)[0], golden.arrays["out_token_windows_0_3_last"][row])
        parity.assert_close(motion_windows(states, frame, frame + 1)[0], golden.arrays["out_bucket_windows_0_3_last"][row])


def test_parity_sonic_pipeline_every_square_is_cut_to_the_pixel(parity):
    for root in parity.ROOTS:
        for path in (root / "sonic_pipeline").glob("crop_golden*.json"):
            for case in json.loads(path.read_text(encoding="utf-8")):
                assert list(crop_square(case["box_xyxy"], case["expand"], case["height"], case["width"])) == case["square"]


@pytest.mark.parametrize(("size", "made"), [((720, 1280), (512, 896)), ((480, 640), (512, 704)), ((333, 500), (512, 768)),
                                            ((64, 64), (512, 512)), ((2000, 50), (20480, 512))])
def test_sides_are_multiples_of_64(size, made):
    assert network_size(*size, 512) == made


class Networks:
    """The reduced networks of a golden run, filled."""

    def __init__(self, golden, parity):
        config, seed = golden.config, golden.seed
        fill = parity.fill_module
        self.unet = fill(sonic_unet(taken(UNetConfig, config["unet"])), seed)
        self.audio2token = fill(Audio2Token(taken(Audio2TokenConfig, config["audio2token"])), seed)
        self.audio2bucket = fill(Audio2Bucket(taken(Audio2BucketConfig, config["audio2bucket"])), seed)
        self.whisper = filled_speech_encoder(parity, config["whisper"], seed)
        self.clip = fill(image_encoder(taken(ImageEncoderConfig, config["image_encoder"])), seed)
        self.vae = fill(svd_vae(taken(VAEConfig, config["vae"])), seed)


@pytest.mark.parity("sonic_pipeline", "run_golden*.npz")
def test_parity_sonic_pipeline_from_picture_and_sound_to_frames(golden, parity):
    arrays, run = golden.arrays, golden.config["run"]
    facts = golden.config["files"].get(golden.path.name, {})
    nets = Networks(golden, parity)
    x, y, width, height = arrays["in_box_xywh"].tolist()
    portrait = portrait_of(arrays["in_image_rgb"], (x, y, x + width, y + height), None, run["min_resolution"])
    picture = torch.from_numpy(portrait.pixels / np.float32(255) * 2 - 1).permute(2, 0, 1)
    parity.assert_close(picture, arrays["mid_ref_img"])
    parity.assert_close(portrait.mask[None], arrays["mid_face_mask"])
    with torch.inference_mode():
        values = pixel_values(resized(portrait.pixels, (SIDE, SIDE)))
        parity.assert_close(values[0], arrays["mid_clip_pixels"])
        image = embedded(nets.clip, values)
        parity.assert_close(image, arrays["mid_image_embed"])
        latents = encoded(nets.vae, picture[None])[0]
    states = speech_states(sound(golden), nets.whisper, CPU, Silent())
    tokens, silence = tokens_of(states, nets.audio2token, CPU)
    parity.assert_close(tokens, arrays["mid_audio_tokens"])
    parity.assert_close(silence[0], arrays["mid_uncond_tokens"])
    motion = motion_of(states, nets.audio2bucket, image, CPU)
    parity.assert_close(motion, arrays["mid_buckets"])

    count, seed = len(tokens), facts.get("seed", golden.seed)
    noise = film_noise(72589 + seed, count, portrait.pixels.shape[:2])
    parity.assert_close(noise[None], arrays["in_noise_latents"])
    table = schedule(len(arrays["mid_timesteps"]))
    parity.assert_close(table.sigmas, arrays["mid_sigmas"])
    parity.assert_close(table.timesteps, arrays["mid_timesteps"])
    scaled_motion = motion * facts.get("dynamic_scale", 1.0)
    guidance = Guidance(run["appearance_guidance"], run["audio_guidance"])
    score = Score(latents, image, torch.from_numpy(portrait.mask)[None, None], tokens, silence, scaled_motion)
    made = denoised(nets.unet, score, noise, table, guidance, CPU, Silent())
    largest = np.abs(arrays["out_latents"]).max()
    assert np.abs(made[None].numpy() - arrays["out_latents"]).max() <= 1e-3 * largest  # float32: see the loop by itself for the bar

    kept = arrays["frames_kept"].tolist()
    pictures = list(film_pictures(nets.vae, None, made, CPU, Silent()))
    assert len(pictures) == count
    levels = np.stack([pictures[frame] for frame in kept]).transpose(3, 0, 1, 2).astype(np.float64)
    assert np.abs(levels - np.floor(arrays["out_video_frames"].astype(np.float64) * 255)).max() <= 1


@pytest.mark.parity("sonic_pipeline", "run_golden*.npz")
def test_parity_sonic_pipeline_the_loop_and_the_decoder(golden, parity):
    """From the published tokens. Guidance multiplies rounding errors, so that in float32 the last bits of the tokens alone move the result
    by up to twice the bar, and the golden, itself in float32, can be nearly the bar away from the exact result: of ours in float64 and
    ours in float32 one has to lie within it."""
    arrays = golden.arrays
    made, calls, nets = looped(golden, parity, torch.float64)
    bar = 2e-4 * np.abs(arrays["out_latents"]).max()
    if np.abs(made[None].numpy() - arrays["out_latents"]).max() > bar:
        made, calls, nets = looped(golden, parity, torch.float32)
    assert np.abs(made[None].numpy() - arrays["out_latents"]).max() <= bar

    count = len(made)
    windows = -(-count // 25)
    parity.assert_close(torch.cat([given[3] for given in calls[::3]]), arrays["mid_added_time_ids"])
    parity.assert_close(torch.stack([given[1] for given in calls[::3]]), arrays["mid_unet_t"])
    entering = torch.stack([given[0][0, :, :4] for given in calls[::3 * windows]])
    assert np.abs(entering.numpy() - arrays["mid_window0_input_per_step"]).max() <= bar
    if "mid_first_call_input" in arrays:
        parity.assert_close(torch.cat([given[0] for given in calls[:3]]), arrays["mid_first_call_input"])

    kept = arrays["frames_kept"].tolist()
    with torch.inference_mode():
        frames = torch.cat([decoded(nets.vae, made[start:start + CHUNK].float()) for start in range(0, count, CHUNK)])
    assert np.abs(frames[kept].transpose(0, 1).numpy() - arrays["mid_decoded_frames"]).max() <= 1e-3


def looped(golden, parity, dtype):
    """The latents by the published tokens, computed in numbers of `dtype`, what the UNet was given call by call, and the networks."""
    run, facts = golden.config["run"], golden.config["files"].get(golden.path.name, {})
    nets = Networks(golden, parity)
    with torch.inference_mode():
        latents = encoded(nets.vae, tensor(golden, "mid_ref_img")[None])[0]
    score = Score(latents.to(dtype), *(tensor(golden, name).to(dtype) for name in (
        "mid_image_embed", "mid_face_mask", "mid_audio_tokens", "mid_uncond_tokens", "mid_buckets")))
    score = replace(score, mask=score.mask[None], silence=score.silence[None], motion=score.motion * facts.get("dynamic_scale", 1.0))
    table = schedule(len(golden.arrays["mid_timesteps"]))
    table = Schedule(table.sigmas.to(dtype), table.timesteps.to(dtype))
    calls = []
    nets.unet.to(dtype).register_forward_pre_hook(lambda module, given: calls.append(given))
    noise = tensor(golden, "in_noise_latents")[0].to(dtype)
    guidance = Guidance(run["appearance_guidance"], run["audio_guidance"])
    return denoised(nets.unet, score, noise, table, guidance, CPU, Silent()), calls, nets
