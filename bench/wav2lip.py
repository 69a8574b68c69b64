"""Wav2Lip against its published script: python bench/wav2lip.py [--film FILE] [--speech FILE] [--seconds 4] [--backends torch,openvino]

Every case runs in a process of its own, on the same film, the same face boxes and the same weights (stand-ins, made here): a loop written
after the published inference.py (all frames in memory, librosa's mel, crops as float64, batches of 128, a hard paste, an avi, then ffmpeg
to mp4), and this pack's engine as a node runs it (mouths to the spool, then the film in one pass, at the quality of ffmpeg's own choice).
The script is given the boxes, the pack its track. What finding the faces costs is measured by itself: the script's detector in its batches
of 16 frames (S3FD with stand-in weights, nothing done with its boxes), on the first batch, which then counts for every frame that comes
out, or with --all-faces on every one of them, as the script does it; the pack's tracking of the whole film. Ratios are printed
without and with it. CPU seconds count, as other
work disturbs the clock, and of each frame that comes out, as the script drops the last ones; torch, numpy and OpenCV are imported
before the counting begins in both. A plain decode and encode of the same frames is the least that any of them can cost beside the
network. Needs librosa and ffmpeg, for the script.

--memory: instead, the peak memory of the terminal command on 10 s and on 5 minutes of 720p at 25 frames a second, tracking included, and of
`talking-avatar score` with a stand-in SyncNet on the same films with their sound.
"""
from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPT_BATCH = 128
SCRIPT_CRF = 23  # what ffmpeg encodes at when nobody says
_DETECTED = 16  # frames that the script's detector sees at a time
_TURNS = 30  # of ten seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--film", type=Path, help="default: the astronaut, made by the pack")
    parser.add_argument("--speech", type=Path, help="default: a sentence of the pack's own voice")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--backends", default="torch,openvino")
    parser.add_argument("--folder", type=Path, default=Path("demo/bench"), help="where films and the stand-in checkpoint are kept")
    parser.add_argument("--all-faces", action="store_true", help="run the script's detector on every frame, not on 16 of them")
    parser.add_argument("--memory", action="store_true", help="the peak memory of short and long films, nothing else")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.case:
        print(json.dumps(_CASES[chosen.case.partition(":")[0]](chosen)))
        return
    chosen.folder.mkdir(parents=True, exist_ok=True)
    _prepare(chosen)
    if chosen.memory:
        _report_memory(chosen)
    else:
        _report(chosen)


def _prepare(chosen: argparse.Namespace) -> None:
    """Film, speech of the wanted length, stand-in checkpoint; the face is tracked once."""
    import soundfile
    from films import spoken, talking_film

    if chosen.film is None:
        chosen.film = talking_film(chosen.folder, 1280, 720)
    given, rate = soundfile.read(chosen.speech or spoken(chosen.folder), dtype="float32", always_2d=True)
    chosen.speech = chosen.folder / "wav2lip_speech.wav"
    soundfile.write(chosen.speech, given[:round(chosen.seconds * rate), 0], rate)
    checkpoint = _checkpoint(chosen)
    if not checkpoint.exists():
        _with_tests()
        import parity_data
        import wav2lip_stand_in

        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        wav2lip_stand_in.write_noise(checkpoint, fill=parity_data.fill)


def _report(chosen: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["TALKING_AVATAR_CACHE"] = scratch
        track = _run(chosen, "track")
        print(f"face tracking, once a film: {track['cpu']:.2f} CPU s for {track['frames']} frames")
        limit = _run(chosen, "limit")
        print(f"arithmetic: {limit['gmac']:.2f} GMAC a frame; this CPU's convolutions: float32 {limit['float32']:.0f}, "
              f"bfloat16 {limit['bfloat16']:.0f} GMAC a CPU second")
        plain = _run(chosen, "plain")
        print(f"plain decode and encode: {plain['total']:.2f} CPU s for {plain['frames']} frames")
        script = _run(chosen, f"script:{SCRIPT_BATCH}")
        detector = _run(chosen, f"detector:{script['frames'] if chosen.all_faces else _DETECTED}")
        print(f"the script's detector: {detector['cpu']:.2f} CPU s for {detector['frames']} frames")
        script["faces"] = detector["cpu"] / detector["frames"] * script["frames"]
        _show("published script, batch 128", script, script, limit)
        _show("published script, batch 8", _run(chosen, "script:8") | {"faces": script["faces"]}, script, limit)
        for backend in chosen.backends.split(","):
            for precision in ("float32", "auto"):
                if backend == "openvino":
                    _run(chosen, f"ours:{backend}:{precision}")  # it keeps what it made of the file
                _show(f"this pack, {backend} {precision}", _run(chosen, f"ours:{backend}:{precision}") | {"faces": track["cpu"]},
                      script, limit)


def _report_memory(chosen: argparse.Namespace) -> None:
    from films import look_for_models_in, repeated, spoken, talking_film
    from memory import peak, peak_of
    from render import repeated_speech

    small, speech = talking_film(chosen.folder, 1280, 720), spoken(chosen.folder)
    films = {"10 s": (small, speech), "5 min": (repeated(small, _TURNS, chosen.folder / f"long_{_TURNS}.mp4"),
                                                repeated_speech(speech, _TURNS, chosen.folder / f"long_{_TURNS}.wav"))}
    syncnet = _syncnet(chosen)
    look_for_models_in(_checkpoint(chosen).parent.parent)
    for backend in chosen.backends.split(","):
        words = "--engine", "wav2lip", "--set", f"checkpoint={_checkpoint(chosen).name}", "--set", f"backend={backend}"
        if backend == "openvino":
            peak(*films["10 s"], *words)  # it keeps what it made of the file
        print(f"{backend}: " + ", ".join(f"{name} {peak(*film, *words):.0f} MB" for name, film in films.items()), flush=True)
    print("score with a SyncNet: " + ", ".join(
        f"{name} {peak_of('score', str(film), '--audio', str(sound), '--checkpoint', str(syncnet)):.0f} MB"
        for name, (film, sound) in films.items()))


def _syncnet(chosen: argparse.Namespace) -> Path:
    import torch
    from talking_avatar.models.syncnet.lse_syncnet import LseSyncNet

    path = chosen.folder / "syncnet_stand_in.model"
    if not path.exists():
        torch.save(LseSyncNet().state_dict(), path)
    return path


def _show(name: str, made: dict, script: dict, limit: dict) -> None:
    network, rest = made["network"], made["total"] - made["network"]
    before = {"network": script["network"], "rest": script["total"] - script["network"], "faces": script["faces"]}
    fewer = script["frames"] / made["frames"]
    kind = "bfloat16" if "bfloat16" in made.get("status", "") else "float32"
    share = limit["gmac"] * made["frames"] / network / limit[kind]
    print(f"{name:34s} network {network:6.2f} CPU s ({network / before['network'] * fewer:.2f} x a frame, {share:.0%} of the CPU's limit "
          f"in {kind}), all else {rest:5.2f} ({rest / before['rest'] * fewer:.2f} x), with the faces found {rest + made['faces']:.1f} "
          f"({(rest + made['faces']) / (before['rest'] + before['faces']) * fewer:.3f} x), peak {made['peak']:5.0f} MB "
          f"({made['peak'] / script['peak']:.2f} x)  {made.get('status', '')}")
    print(" " * 36 + f"{made['frames']} frames: " + ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in made["stages"].items()))


def _run(chosen: argparse.Namespace, case: str) -> dict:
    words = ["--film", chosen.film, "--speech", chosen.speech, "--seconds", chosen.seconds, "--folder", chosen.folder, "--case", case]
    child = subprocess.run([sys.executable, __file__, *map(str, words)], stdout=subprocess.PIPE, check=True, text=True,
                           env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"})
    return json.loads(child.stdout.strip().splitlines()[-1])


class _Stages(dict):
    """CPU seconds of this process and its children, by stage."""

    @contextmanager
    def stage(self, name: str):
        begun = _cpu()
        try:
            yield
        finally:
            self[name] = self.get(name, 0.0) + _cpu() - begun

    def result(self, frames: int, **more) -> dict:
        return {"stages": {name: round(seconds, 3) for name, seconds in self.items()}, "frames": frames,
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000, **more}


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _track(chosen: argparse.Namespace) -> dict:
    avatar, stages = None, _Stages()
    with stages.stage("track"):
        avatar = _avatar(chosen.film)
    return {"cpu": stages["track"], "frames": avatar.track.n_frames}


def _detector(chosen: argparse.Namespace) -> dict:
    """The script's face detector on so many frames, each in its full size."""
    import cv2
    import numpy as np
    import torch
    from s3fd import S3FD

    film, stages = cv2.VideoCapture(str(chosen.film)), _Stages()
    frames = [film.read()[1] for _ in range(int(chosen.case.partition(":")[2]))]
    network = S3FD().eval()
    with stages.stage("detect"), torch.no_grad():
        for start in range(0, len(frames), _DETECTED):
            batch = np.stack(frames[start:start + _DETECTED]) - np.array([104, 117, 123])
            network(torch.from_numpy(batch.transpose(0, 3, 1, 2)).float())
    return {"cpu": stages["detect"], "frames": len(frames)}


def _limit(chosen: argparse.Namespace) -> dict:
    """Multiply-adds of a frame, counted at every convolution (transposed ones by input pixel), and what this CPU does of them at best."""
    import torch
    from talking_avatar.models.wav2lip.generator import Wav2Lip
    from talking_avatar.models.wav2lip.recognise import LAYOUTS
    from torch import nn

    counted = []

    def count(layer, given, made):
        pixels = given[0] if isinstance(layer, nn.ConvTranspose2d) else made
        counted.append(layer.weight.numel() * pixels.shape[-1] * pixels.shape[-2])

    with torch.device("meta"):
        network = Wav2Lip(LAYOUTS[0]).eval()
        for layer in network.modules():
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                layer.register_forward_hook(count)
        network(torch.zeros(1, 1, 80, 16), torch.zeros(1, 6, 96, 96))
    rates = {"gmac": sum(counted) / 1e9}
    for name in ("float32", "bfloat16"):
        dtype = getattr(torch, name)
        layer = nn.Conv2d(256, 256, 3, padding=1).to(dtype).to(memory_format=torch.channels_last)
        picture = torch.randn(8, 256, 48, 48).to(dtype).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            layer(picture)
            begun = _cpu()
            for _ in range(8):
                layer(picture)
        rates[name] = 8 * 8 * 256 * 256 * 9 * 48 * 48 / (_cpu() - begun) / 1e9
    return rates


def _script(chosen: argparse.Namespace) -> dict:
    """What the published inference does, stage by stage (github.com/Rudrabha/Wav2Lip, inference.py), given its face boxes."""
    import cv2
    import numpy as np
    import torch

    boxes = _boxes(chosen)
    batch = int(chosen.case.partition(":")[2])
    stages, scratch = _Stages(), Path(os.environ["TALKING_AVATAR_CACHE"])
    begun = _cpu()
    with stages.stage("decode"):
        film, frames = cv2.VideoCapture(str(chosen.film)), []
        fps = film.get(cv2.CAP_PROP_FPS)
        while (read := film.read())[0]:
            frames.append(read[1])
    with stages.stage("mel"):
        windows = _script_mel(chosen.speech, fps)
    with stages.stage("load"):
        network = _script_network(_checkpoint(chosen))
    out = cv2.VideoWriter(str(scratch / "script.avi"), cv2.VideoWriter_fourcc(*"DIVX"), fps, frames[0].shape[1::-1])
    for start in range(0, len(windows), batch):
        with stages.stage("prepare"):
            numbers = [i % len(frames) for i in range(start, min(start + batch, len(windows)))]
            faces = np.asarray([cv2.resize(frames[i][boxes[i][1]:boxes[i][3], boxes[i][0]:boxes[i][2]], (96, 96)) for i in numbers])
            masked = faces.copy()
            masked[:, 48:] = 0
            given = np.concatenate((masked, faces), axis=3) / 255.0
            mel = np.asarray(windows[start:start + batch])[:, None]
            given, mel = torch.FloatTensor(np.transpose(given, (0, 3, 1, 2))), torch.FloatTensor(mel)
        with stages.stage("network"), torch.no_grad():
            made = network(mel, given)
        with stages.stage("paste"):
            made = made.numpy().transpose(0, 2, 3, 1) * 255.0
            pasted = []
            for number, face in zip(numbers, made, strict=True):
                x0, y0, x1, y1 = boxes[number]
                frame = frames[number].copy()
                frame[y0:y1, x0:x1] = cv2.resize(face.astype(np.uint8), (x1 - x0, y1 - y0))
                pasted.append(frame)
        with stages.stage("avi"):
            for frame in pasted:
                out.write(frame)
    out.release()
    with stages.stage("mp4"):
        words = ["-y", "-loglevel", "error", "-i", str(chosen.speech), "-i", str(scratch / "script.avi"), "-strict", "-2", "-q:v", "1"]
        subprocess.run([_ffmpeg(), *words, str(scratch / "script.mp4")], check=True)
    return stages.result(len(windows), total=_cpu() - begun, network=stages["network"])


def _script_mel(path: Path, fps: float) -> list:
    import librosa
    import numpy as np

    sound = librosa.load(str(path), sr=16000)[0]
    sound = np.append(sound[0], sound[1:] - 0.97 * sound[:-1])
    filters = librosa.filters.mel(sr=16000, n_fft=800, n_mels=80, fmin=55, fmax=7600)
    decibel = 20 * np.log10(np.maximum(1e-5, filters @ np.abs(librosa.stft(sound, n_fft=800, hop_length=200, win_length=800)))) - 20
    mel = np.clip(8 * (decibel + 100) / 100 - 4, -4, 4)
    starts = [int(i * 80 / fps) for i in range(int(mel.shape[1] * fps / 80) + 1)]
    return [mel[:, start:start + 16] for start in starts if start + 16 <= mel.shape[1]]


def _script_network(path: Path):
    import torch
    from talking_avatar.models.wav2lip.generator import Wav2Lip
    from talking_avatar.models.wav2lip.recognise import LAYOUTS

    network = Wav2Lip(LAYOUTS[0])
    tensors = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    network.load_state_dict({name.replace("module.", ""): tensor for name, tensor in tensors.items()})
    return network.eval()


def _ffmpeg() -> str:
    import shutil

    found = shutil.which("ffmpeg")
    if found:
        return found
    import imageio_ffmpeg

    return imageio_ffmpeg.get_ffmpeg_exe()


def _boxes(chosen: argparse.Namespace) -> list[list[int]]:
    """x0, y0, x1, y1 of each frame's face, from the track, in a file: the script has no need of the pack for them."""
    place = Path(os.environ["TALKING_AVATAR_CACHE"]) / "boxes.json"
    if not place.exists():
        words = [sys.executable, __file__, "--film", str(chosen.film), "--folder", str(chosen.folder), "--case", "boxes"]
        place.write_text(subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True).stdout.strip().splitlines()[-1])
    return json.loads(place.read_text())


def _box_list(chosen: argparse.Namespace) -> list[list[int]]:
    import numpy as np

    boxes = np.asarray(_avatar(chosen.film).track.box)
    boxes[:, 3] += 10
    return np.maximum(0, boxes).astype(int).tolist()


def _ours(chosen: argparse.Namespace) -> dict:
    """The engine as a node runs it; then its network alone on the same crops, to know its share."""
    import cv2  # noqa: F401
    import torch
    from talking_avatar.host.progress import Silent

    _, backend, precision = chosen.case.split(":")
    os.environ["TALKING_AVATAR_MODELS"] = str(_checkpoint(chosen).parent.parent)
    stages, scratch = _Stages(), Path(os.environ["TALKING_AVATAR_CACHE"])
    with torch.inference_mode():
        torch.nn.Conv2d(8, 8, 3)(torch.zeros(2, 8, 16, 16))
    begun = _cpu()
    with stages.stage("open, listen"):
        from talking_avatar.compose.composed_film import ComposedFilm
        from talking_avatar.engines.engine import Take
        from talking_avatar.engines.mouths import make_mouths
        from talking_avatar.engines.wav2lip.engine import Wav2LipEngine
        from talking_avatar.engines.wav2lip.settings import Wav2LipSettings
        from talking_avatar.media.timeline import lay_out
        from talking_avatar.media.write import WriteSettings, write_film
        from talking_avatar.speech.load import load_speech

        avatar, speech = _avatar(chosen.film), load_speech(chosen.speech)
        take = Take(avatar, speech, lay_out(avatar.source, speech.sound))
    engine = Wav2LipEngine()
    settings = Wav2LipSettings(checkpoint=_checkpoint(chosen).name, backend=backend, precision=precision)
    spoken = []
    with stages.stage("load"):
        from talking_avatar.models.wav2lip.run import running

        with running(_checkpoint(chosen), precision, backend, 0, Silent()):
            pass
    with stages.stage("mouths"):
        spool = make_mouths(take, engine, settings, Silent(), scratch, watch=spoken.append)
    with stages.stage("film"):
        film = ComposedFilm(avatar, take.timeline, spool, speech.sound)
        write_film(film.frames(), film.clock, film.n_frames, scratch / "ours.mp4", WriteSettings(crf=SCRIPT_CRF), speech.sound, Silent())
    total, peak = _cpu() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    network = _network_alone(chosen, spoken, precision, backend)
    return {**stages.result(len(spoken), total=total, network=network, status=engine.notes[0]), "peak": peak}


def _plain(chosen: argparse.Namespace) -> dict:
    """The film's first frames decoded and encoded, nothing else."""
    from talking_avatar.host.progress import Silent
    from talking_avatar.media.open import open_source
    from talking_avatar.media.write import WriteSettings, write_film

    source = open_source(chosen.film)
    frames = min(source.n_frames, round(chosen.seconds * float(source.clock.fps)))
    begun = _cpu()
    place = Path(os.environ["TALKING_AVATAR_CACHE"]) / "plain.mp4"
    write_film(source.frames(0, frames), source.clock, frames, place, WriteSettings(crf=SCRIPT_CRF), None, Silent())
    return {"total": _cpu() - begun, "frames": frames}


def _network_alone(chosen: argparse.Namespace, spoken: list, precision: str, backend: str) -> float:
    import numpy as np
    from talking_avatar.host.progress import Silent
    from talking_avatar.models.wav2lip.run import running

    faces, mel = np.stack([patch.pixels for patch in spoken]), np.zeros((len(spoken), 80, 16), np.float32)
    with running(_checkpoint(chosen), precision, backend, 0, Silent()) as network:
        begun = _cpu()
        for start in range(0, len(faces), network.batch):
            network.speak(faces[start:start + network.batch], mel[start:start + network.batch], 1.0)
        return _cpu() - begun


def _avatar(film: Path):
    from talking_avatar.faces.avatar import make_avatar
    from talking_avatar.faces.settings import TrackSettings
    from talking_avatar.host.progress import Silent
    from talking_avatar.media.kept_film import kept
    from talking_avatar.media.open import open_source

    return make_avatar(kept(open_source(film)), TrackSettings(), Silent())


def _checkpoint(chosen: argparse.Namespace) -> Path:
    return chosen.folder.resolve() / "models" / "wav2lip" / "stand_in.pth"


def _with_tests() -> None:
    sys.path.insert(0, str(HERE.parent / "tests"))


_CASES = {"track": _track, "detector": _detector, "limit": _limit, "plain": _plain, "script": _script, "ours": _ours, "boxes": _box_list}


if __name__ == "__main__":
    main()
