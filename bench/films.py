"""Films for the benches, made by the pack itself from a free portrait, so that a bench needs nothing but this checkout.

The astronaut speaks for ten seconds (embedded engine, photo), laid on a picture of the wanted size: a film of a talking person
whose mouth opens. Longer films are its packets repeated, so that they cost no time to make.
"""
from __future__ import annotations

from pathlib import Path

import numpy as np
from talking_avatar.cli.main import main

WORDS = ("The quick brown fox jumps over the lazy dog. Peter Piper picked a peck of pickled peppers, and my mother bought "
         "a warm blue blanket for the baby, because evenings by the open fire were far too cold for everybody.")


def talking_film(folder: Path, width: int, height: int) -> Path:
    """A film of the astronaut speaking, `width` x `height`, 25 fps, about ten seconds, in `folder`; made once."""
    path = folder / f"talking_{width}x{height}.mp4"
    if not path.exists():
        portrait = folder / f"portrait_{width}x{height}.png"
        _write_portrait(portrait, width, height)
        if main(["render", "--avatar", str(portrait), "--text", WORDS, "-o", str(path), "--preset", "medium"]):
            raise SystemExit("the film for the bench could not be made")
    return path


def spoken(folder: Path) -> Path:
    """Another sentence as a wav file of about ten seconds; made once."""
    import soundfile
    from talking_avatar.speech.voices.speak import speak

    path = folder / "speech.wav"
    if not path.exists():
        speech = speak("Now here is something else entirely: a film that was made to say these words, although nobody in it ever "
                       "spoke them. Maybe a bit much, but probably fun for people who have patience with computers.")
        soundfile.write(path, np.concatenate(list(speech.sound.blocks()), axis=1).T, speech.sound.rate)
    return path


def look_for_models_in(folder: Path) -> None:
    """From now on, here and in processes started from here, models are looked for in `folder`, the face models among them."""
    import os

    from talking_avatar.host.folders import models_folders

    if not (folder / "mediapipe").exists():
        (folder / "mediapipe").symlink_to(models_folders("mediapipe")[-1], target_is_directory=True)
    os.environ["TALKING_AVATAR_MODELS"] = str(folder)


def repeated(path: Path, times: int, target: Path) -> Path:
    """The picture of `path` played `times` times as one film, its packets copied; made once."""
    import av

    if target.exists():
        return target
    with av.open(str(target), "w") as out:
        stream = None
        for turn in range(times):
            with av.open(str(path)) as film:
                video = film.streams.video[0]
                stream = stream or out.add_stream_from_template(video)
                for packet in film.demux(video):
                    if packet.dts is not None:
                        shift = turn * video.duration
                        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                        packet.stream = stream
                        out.mux(packet)
    return target


def _write_portrait(path: Path, width: int, height: int) -> None:
    import cv2
    from PIL import Image
    from skimage import data

    astronaut = data.astronaut()
    scale = height / astronaut.shape[0]
    person = cv2.resize(astronaut, (round(astronaut.shape[1] * scale), height), interpolation=cv2.INTER_CUBIC)
    canvas = cv2.GaussianBlur(cv2.resize(astronaut, (width, height)), (0, 0), 24)
    left = (width - person.shape[1]) // 2
    if left >= 0:
        canvas[:, left:left + person.shape[1]] = person
    else:
        canvas = person[:, -left:-left + width]
    Image.fromarray(canvas).save(path)
