"""Films, photos and sounds for tests, made on the fly. Tests get this module as the fixture `samples`."""
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
from PIL import Image

FINE = Fraction(1, 90_000)


@lru_cache(maxsize=256)
def moving_picture(index: int, width: int = 128, height: int = 96) -> np.ndarray:
    """uint8 [h, w, 3]: smooth colours with a bright disc that goes round; no two of the first 60 alike."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle = index * 2 * np.pi / 60
    cx, cy = width * (0.5 + 0.3 * np.cos(angle)), height * (0.5 + 0.3 * np.sin(angle))
    disc = np.clip(1.5 - np.hypot(x - cx, y - cy) / (0.12 * min(width, height)), 0, 1)
    ground = np.stack([255 * x / width, 255 * y / height, 128 + 100 * np.sin(x / 9 + index / 5)], axis=-1)
    picture = np.clip(ground * (1 - disc[..., None]) + np.array([250, 230, 60]) * disc[..., None], 0, 255).astype(np.uint8)
    picture.flags.writeable = False  # the next one who asks gets the same array
    return picture


def tone(seconds: float = 1.0, rate: int = 16000, channels: int = 1, hertz: float = 220.0) -> np.ndarray:
    """float32 [channels, n]: a tone, a little higher in each further channel."""
    t = np.arange(round(seconds * rate)) / rate
    return np.stack([0.4 * np.sin(2 * np.pi * hertz * (1 + 0.25 * c) * t) for c in range(channels)]).astype(np.float32)


def babble(seconds: float = 2.0, rate: int = 16000, seed: int = 0) -> np.ndarray:
    """float32 [1, n]: pulses of a voice (130 Hz) through wandering resonances, in syllables with pauses between. Sounds like speech to
    a loudness or mel feature, means nothing."""
    rng = np.random.default_rng(seed)
    n = round(seconds * rate)
    t = np.arange(n) / rate
    voice = np.zeros(n, np.float32)
    pitch = np.cumsum((130 + 12 * np.sin(2 * np.pi * 0.7 * t)) / rate)
    for harmonic in range(1, int(min(rate / 2, 4000) / 150)):
        formants = [(500 + 250 * np.sin(2 * np.pi * 1.9 * t), 120), (1500 + 500 * np.sin(2 * np.pi * 1.3 * t + 1), 200)]
        gain = sum(np.exp(-(((harmonic * 130 - centre) / width) ** 2)) for centre, width in formants) + 0.05
        voice += (gain / harmonic**0.5 * np.sin(2 * np.pi * harmonic * pitch)).astype(np.float32)
    syllables = np.clip(1.3 * np.sin(np.pi * 4.2 * t) ** 2 - 0.3, 0, 1) * (np.sin(2 * np.pi * 0.55 * t + 0.9) > -0.6)
    sound = 0.25 * voice * syllables / max(1e-6, np.abs(voice).max()) + 1e-4 * rng.standard_normal(n)
    return sound.astype(np.float32)[None]


def write_film(path: Path, pictures=None, *, n: int = 30, size=(128, 96), fps=25, stamps=None, codec="libx264", pix_fmt="yuv420p",
               options=None, sound=None, rate=16000, sound_codec="aac", tags=None, turn=None, mirror=None, sar=None, time_base=None,
               container_options=None) -> Path:
    """Encode a film.

    pictures: uint8 arrays [h, w, 3 or 4], or av.VideoFrames already in pix_fmt (default: n `moving_picture`s of size). stamps: seconds
    of every frame (default i / fps). sound: float32 [channels, n] at `rate`. tags: dict with colorspace, color_range, color_primaries,
    color_trc as numbers. turn: degrees for the display matrix; mirror: {"hflip": True} or {"vflip": True} for it."""
    if pictures is None:
        pictures = [moving_picture(i, *size) for i in range(n)]
    fps = Fraction(fps).limit_denominator(100_000)
    path = Path(path)
    with av.open(str(path), "w", container_options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=fps, options=options or {})
        first = pictures[0] if not isinstance(pictures[0], av.VideoFrame) else None
        stream.width, stream.height = (first.shape[1], first.shape[0]) if first is not None else (pictures[0].width, pictures[0].height)
        stream.pix_fmt = pix_fmt
        tags = {"colorspace": 1, "color_range": 1, **(tags or {})}
        for name, value in tags.items():
            setattr(stream.codec_context, name, value)
        if sar:
            stream.codec_context.sample_aspect_ratio = sar
        if stamps is not None or time_base:
            stream.codec_context.time_base = time_base or FINE
        if turn is not None:
            stream.set_display_rotation(turn, **(mirror or {}))
        audio = _sound_stream(container, sound_codec, sound, rate) if sound is not None else None
        unit = stream.codec_context.time_base or 1 / fps
        for i, picture in enumerate(pictures):
            frame = picture if isinstance(picture, av.VideoFrame) else _frame(picture, pix_fmt, tags)
            second = Fraction(stamps[i]).limit_denominator(1_000_000) if stamps is not None else i / fps
            frame.pts, frame.time_base = round(second / unit), unit
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None:
            _encode_sound(container, audio, sound, rate)
    return path


def write_sound(path: Path, samples: np.ndarray, rate: int, codec: str) -> Path:
    """Encode float32 [channels, n] with a codec of FFmpeg's ("pcm_s16le", "pcm_f32le", "libmp3lame", "flac", "libopus", "aac")."""
    with av.open(str(path), "w") as container:
        _encode_sound(container, _sound_stream(container, codec, samples, rate), samples, rate)
    return Path(path)


def write_photo(path: Path, pixels: np.ndarray, **options) -> Path:
    """Save an array with Pillow."""
    Image.fromarray(pixels).save(path, **options)
    return Path(path)


def _frame(pixels: np.ndarray, pix_fmt: str, tags: dict) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(pixels, "rgba" if pixels.shape[2] == 4 else "rgb24")
    return frame.reformat(format=pix_fmt, src_colorspace=tags["colorspace"], dst_colorspace=tags["colorspace"],
                          src_color_range=2, dst_color_range=tags["color_range"])


def _sound_stream(container, codec: str, samples: np.ndarray, rate: int):
    layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[len(samples)]
    stream = container.add_stream(codec, rate=rate)
    stream.layout = layout
    return stream


def _encode_sound(container, stream, samples: np.ndarray, rate: int) -> None:
    context = stream.codec_context
    resampler = av.AudioResampler(format=context.format.name, layout=context.layout.name, rate=rate, frame_size=_frame_size(context))
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T).reshape(1, -1), "flt", context.layout.name)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        container.mux(stream.encode(part))
    container.mux(stream.encode(None))


def _frame_size(context) -> int:
    context.open(strict=False)
    return context.frame_size or 1024
