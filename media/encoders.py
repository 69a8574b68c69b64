"""Which encoder makes the film: chosen, set up, and tried by really encoding, since a listed encoder may not work on this machine."""
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

import av
import numpy as np

from ..host.errors import InputError, OutputError
from .colour import Colour
from .encode_pixels import choose_pix_fmt, target_colour
from .film_format import Encoder, FilmFormat, all_formats
from .picture import Picture
from .write_settings import WriteSettings


@dataclass(frozen=True)
class EncodePlan:
    """How pictures are encoded. encoder, pix_fmt, options: what the codec gets. width, height: even where chroma is subsampled.
    colour, sar: tags. fps: mean frames a second. time_base: of the stamps. tag: codec tag in the container. fallback: why
    another encoder than the one asked for was taken. notes: settings that have no meaning here."""

    encoder: Encoder
    pix_fmt: str
    width: int
    height: int
    colour: Colour
    sar: Fraction
    fps: Fraction
    time_base: Fraction
    options: dict[str, str] = field(default_factory=dict)
    tag: str | None = None
    fallback: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormatState:
    """name, title: of a format. works: whether it can be written on this machine. encoder: that does it. hardware: encoders of the
    graphics card that work. reason: why it does not work, or None."""

    name: str
    title: str
    works: bool
    encoder: str | None
    hardware: tuple[str, ...]
    reason: str | None


def formats(hardware: bool = False) -> list[FormatState]:
    """All formats and whether they work here, each tried by encoding a few 64 x 64 frames (kept for the life of the process).
    hardware: try the graphics card's encoders too, which takes longer. Raises InputError for a bad format file."""
    return [_state(one, hardware) for one in all_formats().values()]


def plan_encoding(film_format: FilmFormat, settings: WriteSettings, picture: Picture, fps: Fraction, time_base: Fraction) -> EncodePlan:
    """How to encode a film whose first picture is `picture`.

    Raises InputError for a crf, preset or pixel format the encoder does not have; OutputError where no encoder is to be had."""
    if settings.encoder not in ("auto", "hardware"):
        raise InputError(f"The encoder '{settings.encoder}' is not known; choose auto or hardware.")
    fallback = None
    if settings.encoder == "hardware":
        plans = [_plan(encoder, film_format, settings, picture, fps, time_base) for encoder in film_format.hardware]
        working = next((plan for plan in plans if _trial(plan) is None), None)
        if working is not None:
            return working
        fallback = _why_software(plans)
    return _plan(software_encoder(film_format), film_format, settings, picture, fps, time_base, fallback)


def _why_software(plans: list[EncodePlan]) -> str:
    lacking = [plan.encoder.name for plan in plans if _trial(plan) == _LACKING]
    failing = [f"{plan.encoder.name} ({_trial(plan)})" for plan in plans if plan.encoder.name not in lacking]
    reasons = [f"{', '.join(failing)} did not start"] if failing else []
    reasons += [f"{', '.join(lacking)} not in this build of PyAV"] if lacking else []
    return f"encoded in software: {'; '.join(reasons) or 'no graphics card makes this format'}"


def software_encoder(film_format: FilmFormat) -> Encoder:
    """The first of the format's encoders that this build of FFmpeg has. Raises OutputError if it has none."""
    for encoder in film_format.encoders:
        if _codec(encoder.name) is not None:
            return encoder
    names = " or ".join(one.name for one in film_format.encoders)
    raise OutputError(f"The format {film_format.name} needs the encoder {names}, which this build of PyAV lacks; "
                      "choose another format, or install the `av` wheel from PyPI.")


def open_encoder(context: av.VideoCodecContext, plan: EncodePlan) -> None:
    """Set the encoder up and open it. Raises OutputError if it refuses the size or anything else."""
    set_up(context, plan)
    try:
        with _quiet_svt():
            context.open()
    except _REFUSALS as error:
        raise OutputError(f"The encoder {plan.encoder.name} cannot make films of {plan.width} x {plan.height} pixels as {plan.pix_fmt} "
                          f"({_short(error)}); choose another format or size.") from error


@contextmanager
def _quiet_svt() -> Iterator[None]:
    """SVT-AV1 writes twenty lines to stderr when it opens and has no other switch than this variable, which is put back at once."""
    if "SVT_LOG" in os.environ:
        yield
        return
    os.environ["SVT_LOG"] = "0"
    try:
        yield
    finally:
        del os.environ["SVT_LOG"]


def set_up(context: av.VideoCodecContext, plan: EncodePlan) -> None:
    """Give an unopened encoder its size, tags, clock and options."""
    context.width, context.height, context.pix_fmt = plan.width, plan.height, plan.pix_fmt
    context.framerate, context.time_base = plan.fps, plan.time_base
    context.sample_aspect_ratio = plan.sar
    context.colorspace, context.color_range = plan.colour.matrix, 2 if plan.colour.full_range else 1
    context.color_primaries, context.color_trc = plan.colour.primaries, plan.colour.transfer
    context.thread_type = "AUTO"  # PyAV's default, slices, costs x264 quality
    context.options = dict(plan.options)
    site = _CHROMA_SITES.get(plan.colour.chroma_site)
    if site and not av.VideoFormat(plan.pix_fmt, 64, 64).is_rgb:
        context.options["chroma_sample_location"] = site
    if plan.tag:
        context.codec_tag = plan.tag


def device_of(plan: EncodePlan) -> dict[str, object]:
    """What `add_stream` and `CodecContext.create` need besides the name for an encoder that takes its frames on a device."""
    if plan.encoder.device is None:
        return {}
    from av.codec.hwaccel import HWAccel

    return {"hwaccel": HWAccel(plan.encoder.device)}


_CHROMA_SITES = {(0.0, 0.5): "left", (0.5, 0.5): "center", (0.0, 0.0): "topleft", (0.5, 0.0): "top", (0.0, 1.0): "bottomleft",
                 (0.5, 1.0): "bottom"}


def _plan(encoder: Encoder, film_format: FilmFormat, settings: WriteSettings, picture: Picture, fps: Fraction, time_base: Fraction,
          fallback: str | None = None) -> EncodePlan:
    pix_fmt = _pix_fmt(encoder, film_format, settings.pix_fmt, picture)
    shape = av.VideoFormat(pix_fmt, 64, 64)
    step_x = 1 if shape.is_rgb or shape.has_palette else 64 // (shape.chroma_width() or 64)
    step_y = 1 if shape.is_rgb or shape.has_palette else 64 // (shape.chroma_height() or 64)
    colour = target_colour(picture.colour, picture.layout.kind, pix_fmt, film_format.range == "limited")
    options, notes = _options(encoder, pix_fmt, settings)
    if picture.sar != 1 and not film_format.tells_pixel_shape:
        notes += (f"{film_format.name} cannot say that pixels are {picture.sar.numerator}:{picture.sar.denominator}, so they show square",)
    return EncodePlan(encoder, pix_fmt, -(-picture.width // step_x) * step_x, -(-picture.height // step_y) * step_y, colour, picture.sar,
                      fps, time_base, options, film_format.tag, fallback, notes)


def _pix_fmt(encoder: Encoder, film_format: FilmFormat, wanted: str | None, picture: Picture) -> str:
    codec = _codec(encoder.name)
    taken = [one.name for one in codec.video_formats or ()] if codec else []
    if wanted is not None:
        if taken and wanted not in taken:
            raise InputError(f"The encoder {encoder.name} does not take the pixel format '{wanted}'. It takes: {', '.join(taken)}.")
        return wanted
    offered = taken if encoder.pix_fmts == ("*",) else list(encoder.pix_fmts)
    return choose_pix_fmt(picture.layout.name, offered, film_format.photo_pix_fmt, film_format.photo_alpha_pix_fmt)


def _options(encoder: Encoder, pix_fmt: str, settings: WriteSettings) -> tuple[dict[str, str], tuple[str, ...]]:
    options, notes = dict(encoder.options) | encoder.pix_fmt_options.get(pix_fmt, {}), []
    if encoder.crf is not None:
        crf = encoder.crf.default if settings.crf is None else settings.crf
        low, high = encoder.crf.range
        if not low <= crf <= high:
            raise InputError(f"crf {crf} is outside {low} to {high}, the scale of {encoder.name}.")
        value = crf if encoder.crf.falling_from is None else encoder.crf.falling_from - crf
        options |= dict.fromkeys(encoder.crf.option.split(","), str(value))
    elif settings.crf is not None:
        notes.append(f"{encoder.name} has no crf, so crf {settings.crf} was not used")
    if encoder.preset is not None:
        preset = encoder.preset.default if settings.preset is None else settings.preset
        options[encoder.preset.option] = _preset(encoder, preset)
    elif settings.preset is not None:
        notes.append(f"{encoder.name} has no presets, so '{settings.preset}' was not used")
    return options, tuple(notes)


def _preset(encoder: Encoder, preset: str) -> str:
    values = encoder.preset.values
    if values and preset not in values and preset not in values.values():
        raise InputError(f"'{preset}' is not a preset of {encoder.name}. Choose one of: {', '.join(values)}.")
    if not values and preset not in _PRESETS:
        raise InputError(f"'{preset}' is not a preset of {encoder.name}. Choose one of: {', '.join(_PRESETS)}.")
    return values.get(preset, preset)


_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo")
"""Of x264 and x265."""


def _state(film_format: FilmFormat, hardware: bool) -> FormatState:
    grey = Picture.from_rgb(np.full((64, 64, 3), 128, np.uint8))
    settings = WriteSettings()
    try:
        software = software_encoder(film_format)
        reason = _trial(_plan(software, film_format, settings, grey, Fraction(25), Fraction(1, 25)))
    except OutputError as error:
        return FormatState(film_format.name, film_format.title, False, None, (), str(error))
    works = tuple(one.name for one in film_format.hardware if hardware and
                  _trial(_plan(one, film_format, settings, grey, Fraction(25), Fraction(1, 25))) is None)
    return FormatState(film_format.name, film_format.title, reason is None, software.name, works, reason)


def _trial(plan: EncodePlan) -> str | None:
    """Why encoding with that plan does not work, or None if it does."""
    key = (plan.encoder.name, plan.encoder.device, plan.pix_fmt, plan.width, plan.height, tuple(sorted(plan.options.items())))
    if key not in _TRIED:
        _TRIED[key] = _try(plan)
    return _TRIED[key]


_LACKING = "this build of PyAV lacks it"

_REFUSALS = (av.FFmpegError, OSError, ValueError, TypeError, NotImplementedError, RuntimeError)
"""What PyAV raises when an encoder does not want; before 18 it knows no `hwaccel` for encoders (TypeError)."""

_TRIED: dict[tuple, str | None] = {}


def _try(plan: EncodePlan) -> str | None:
    if _codec(plan.encoder.name) is None:
        return _LACKING
    try:
        context = av.CodecContext.create(plan.encoder.name, "w", **device_of(plan))
        set_up(context, plan)
        with _quiet_svt():
            context.open()
        packets = []
        for number in range(4):
            frame = av.VideoFrame(plan.width, plan.height, plan.pix_fmt)
            frame.pts, frame.time_base = number, plan.time_base
            packets += context.encode(frame)
        packets += context.encode(None)
    except _REFUSALS as error:
        return _short(error)
    return None if sum(packet.size for packet in packets) else "it made no data"


def _short(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".").lower()


@lru_cache(maxsize=64)
def _codec(name: str) -> av.Codec | None:
    try:
        return av.Codec(name, "w")
    except (av.codec.codec.UnknownCodecError, ValueError):
        return None
