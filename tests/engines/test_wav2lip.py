"""Wav2Lip dubs films: each mouth on its own face at its own time, whatever is missing, cancelled, resumed or too large."""
import os
import re
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from talking_avatar.compose.composite import composite
from talking_avatar.compose.dress import Dressing
from talking_avatar.engines.engine import Take, make_engine
from talking_avatar.engines.mouths import make_mouths, mouths_key
from talking_avatar.engines.wav2lip import engine as engine_module
from talking_avatar.engines.wav2lip.engine import Wav2LipEngine
from talking_avatar.engines.wav2lip.settings import Wav2LipSettings
from talking_avatar.faces.avatar import make_avatar
from talking_avatar.faces.settings import TrackSettings
from talking_avatar.host.errors import Cancelled, MissingModel
from talking_avatar.host.folders import models_folders
from talking_avatar.host.networks import let_go
from talking_avatar.host.progress import Silent
from talking_avatar.media.clock import Clock
from talking_avatar.media.open import open_source
from talking_avatar.media.sound_array import SoundArray
from talking_avatar.media.timeline import lay_out
from talking_avatar.models.wav2lip.run import running
from talking_avatar.speech.speech import Speech
from talking_avatar.speech.wav2lip_mel import wav2lip_mel

BACKENDS = ["torch", *(["openvino"] if find_spec("openvino") else [])]
needs_openvino = pytest.mark.skipif(
    "openvino" not in BACKENDS,
    reason="needs OpenVINO, an optional extra that `make test` installs: pip install 'comfyui-talking-avatar[openvino]'")


@pytest.fixture
def models(tmp_path, monkeypatch, wav2lip_files):
    """The models folder of this test, with the face networks and what `put(kind, name)` puts into it."""
    faces = models_folders("mediapipe")[-1]
    folder = tmp_path / "models"
    (folder / "wav2lip").mkdir(parents=True)
    (folder / "mediapipe").symlink_to(faces)
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(folder))
    monkeypatch.setenv("TALKING_AVATAR_CACHE", str(tmp_path / "cache"))

    def put(kind: str, name: str = "net.pth", number: int = 0) -> Path:
        os.link(wav2lip_files(kind, number), folder / "wav2lip" / name)
        return folder / "wav2lip" / name

    yield put
    let_go()


@pytest.fixture(scope="module")
def avatar(astronaut_film):
    return make_avatar(open_source(astronaut_film), TrackSettings(), Silent())


@pytest.fixture(scope="module")
def take(avatar, samples):
    speech = Speech(SoundArray(samples.babble(0.8), 16000))
    return Take(avatar, speech, lay_out(avatar.source, speech.sound))


SETTINGS = Wav2LipSettings(backend="torch", silence="network")


def patches(take, settings=SETTINGS, first=0, **made):
    return list(Wav2LipEngine(**made).patches(take, settings, Silent(), first))


def absent(take, frames):
    """The take with a track that lost the face in some frames."""
    present = np.array(take.avatar.track.present)
    present[frames] = False
    return replace(take, avatar=replace(take.avatar, track=replace(take.avatar.track, present=present)))


def film(take, made):
    dressing = Dressing(take.avatar.source, take.avatar.track)
    return list(composite(take.avatar.source, take.timeline, iter(made), Silent(), dressing))


def same(one, other):
    return (one.index == other.index and np.array_equal(one.pixels, other.pixels) and np.array_equal(one.affine, other.affine)
            and one.shown == other.shown)


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_mouth_lies_on_its_own_face(models, take, backend):
    """A network that hands out the face it was given must give the film back, mouth for mouth: any move would show."""
    models("identity")
    made = patches(take, replace(SETTINGS, backend=backend, precision="float32"))
    assert [one.index for one in made] == list(range(take.timeline.n_frames))
    changed = 0
    for before, after in zip(take.avatar.source.frames(), film(take, made), strict=False):
        old, new = before.picture.rgb().astype(float), after.picture.rgb().astype(float)
        points = take.avatar.track.landmarks[before.index][:, :2]
        x0, y0 = points.min(0).astype(int)
        x1, y1 = points.max(0).astype(int) + 1
        inside = np.zeros(old.shape[:2], bool)
        inside[y0:y1, x0:x1] = True
        assert np.array_equal(old[~inside], new[~inside])
        changed += int((old != new).any())
        assert np.sqrt(((old - new)[inside] ** 2).mean()) < 3.5
    assert changed == take.timeline.n_frames


@pytest.mark.parametrize("shift", [2.0, -2.0])
def test_a_mouth_two_pixels_off_would_be_noticed(models, take, shift):
    models("identity")
    made = [replace(one, affine=one.affine + [[0, 0, shift], [0, 0, 0]]) for one in patches(take, replace(SETTINGS, precision="float32"))]
    first = next(iter(film(take, made))).picture.rgb().astype(float)
    old = next(take.avatar.source.frames()).picture.rgb().astype(float)
    points = take.avatar.track.landmarks[0][:, :2]
    x0, y0 = points.min(0).astype(int)
    x1, y1 = points.max(0).astype(int) + 1
    assert np.sqrt(((old - first)[y0:y1, x0:x1] ** 2).mean()) > 3.5


def test_crops_follow_the_head_and_not_the_mouth(models, take):
    models("identity")
    corners = np.array([one.affine @ [48, 48, 1] for one in patches(take)])
    nose = np.array([take.avatar.track.landmarks[one][4, :2] for one in take.timeline.source])
    beside = corners - nose
    assert np.abs(beside - beside.mean(0)).max() < 1.5
    sides = np.array([np.hypot(*one.affine[:, 0]) for one in patches(take)])
    assert np.abs(np.diff(sides)).max() < 0.004 * sides.mean()


def test_frames_without_a_face_pass_through_and_shift_nothing(models, take):
    models("noise")
    whole = {one.index: one for one in patches(take)}
    gone = list(range(7, 13))
    lost = absent(take, gone)
    made = patches(lost)
    assert [one.index for one in made] == [i for i in range(take.timeline.n_frames) if i not in gone]
    shown = film(lost, made)
    for frame in gone:
        assert np.array_equal(shown[frame].picture.planes[0], lost.avatar.source.frame(frame).picture.planes[0])
    far = made[-1]
    assert np.abs(far.pixels.astype(int) - whole[far.index].pixels).max() <= 12  # the crop's shape is smoothed over fewer neighbours


def test_a_film_without_any_face_gets_no_mouths(models, take):
    models("noise")
    assert patches(absent(take, slice(None))) == []


@pytest.mark.parametrize("first", [1, 8, 19])
@pytest.mark.parametrize("batch", [3, 8])
def test_from_any_frame_on_the_mouths_are_the_same_bit_for_bit(models, take, first, batch):
    models("noise")
    settings = replace(SETTINGS, batch=batch)
    lost = absent(take, [4, 20, 21])
    whole = [one for one in patches(lost, settings) if one.index >= first]
    rest = patches(lost, settings, first)
    assert len(whole) == len(rest)
    assert all(map(same, whole, rest))


def test_the_batch_does_not_change_the_picture(models, take):
    models("noise")
    wanted = patches(take, replace(SETTINGS, batch=8))
    for batch in (1, 5, 16):
        assert all(map(same, wanted, patches(take, replace(SETTINGS, batch=batch))))


def test_a_batch_is_halved_when_memory_runs_out_and_nothing_is_lost(models, take, monkeypatch):
    models("noise")
    wanted, sizes = patches(take), []

    def scarce(path, precision, backend, batch, progress):
        with running(path, precision, backend, batch, progress) as network:
            def speak(faces, mel, gain):
                sizes.append(len(faces))
                if len(faces) > 3:
                    raise torch.cuda.OutOfMemoryError("CUDA out of memory")
                return network.speak(faces, mel, gain)

            yield replace(network, speak=speak)

    monkeypatch.setattr(engine_module, "running", contextmanager(scarce))
    assert all(map(same, wanted, patches(take)))
    assert sizes[:4] == [8, 4, 2, 2]
    assert max(sizes[3:]) == 2


def test_a_cancel_is_heard_inside_a_batch(models, take):
    models("noise")

    class Stopped(Silent):
        asked = 0

        def check(self):
            self.asked += 1
            if self.asked > 30:
                raise Cancelled

    progress = Stopped()
    with pytest.raises(Cancelled):
        list(Wav2LipEngine().patches(take, SETTINGS, progress))
    assert progress.asked == 31
    assert len(patches(take)) == take.timeline.n_frames  # no hook of the cancelled run is left


def test_a_stopped_run_goes_on_where_it_ended(models, take, tmp_path):
    models("noise")
    seen = []

    def watch(patch):
        seen.append(patch.index)
        if len(seen) == 11:
            raise Cancelled

    with pytest.raises(Cancelled):
        make_mouths(take, Wav2LipEngine(), SETTINGS, Silent(), tmp_path, watch)
    spool = make_mouths(take, Wav2LipEngine(), SETTINGS, Silent(), tmp_path, lambda patch: seen.append(patch.index))
    assert seen == list(range(take.timeline.n_frames))
    assert all(map(same, spool, patches(take)))


def test_another_file_under_the_same_name_makes_new_mouths(models, take, parity, wav2lip_files):
    path = models("noise")
    before = mouths_key(take, Wav2LipEngine(), SETTINGS)
    assert mouths_key(take, Wav2LipEngine(), SETTINGS) == before
    path.unlink()
    os.link(wav2lip_files("identity"), path)
    assert mouths_key(take, Wav2LipEngine(), SETTINGS) != before


def test_the_network_hears_what_sounds_at_the_frames_own_time(models, avatar, samples, monkeypatch):
    models("noise")
    sound = SoundArray(samples.babble(0.8), 16000)
    speech = Speech(sound)
    mel = np.pad(wav2lip_mel(sound), ((0, 0), (8, 16)), constant_values=-4)
    timeline = replace(lay_out(avatar.source, sound), clock=Clock(Fraction(30000, 1001)))
    heard = []

    def listening(path, precision, backend, batch, progress):
        with running(path, precision, backend, batch, progress) as network:
            yield replace(network, speak=lambda faces, mel, gain: heard.extend(mel) or faces)

    monkeypatch.setattr(engine_module, "running", contextmanager(listening))
    for delay, columns in ((0, 0), (100, 8)):
        heard.clear()
        patches(Take(avatar, speech, timeline), replace(SETTINGS, delay_ms=delay))
        for frame, window in enumerate(heard):
            start = frame * 80 * 1001 // 30000 - columns + 8
            assert np.array_equal(window, mel[:, start:start + 16])


def noisy_pauses():
    """2.4 s: noise all the time, a voice of rattling pulses from 0.8 to 1.6 s."""
    rng = np.random.default_rng(0)
    samples = 0.004 * rng.standard_normal(38_400)
    voice = np.zeros(12_800)
    voice[::107] = 1.0
    voice = np.convolve(voice, np.exp(-np.arange(200) / 30) * np.sin(np.arange(200) / 3), "same")
    samples[12_800:25_600] += voice * (0.6 + 0.4 * np.sin(np.arange(12_800) / 700))
    return SoundArray(samples.astype(np.float32), 16000)


def test_in_pauses_the_mouth_is_closed_or_the_films_own_or_the_networks(models, avatar):
    models("noise")
    sound = noisy_pauses()
    take = Take(avatar, Speech(sound), lay_out(avatar.source, sound))
    by_network = patches(take, replace(SETTINGS, silence="network"))
    closed = patches(take, replace(SETTINGS, silence="close"))
    own = {one.index: one for one in patches(take, replace(SETTINGS, silence="film"))}
    assert len(by_network) == len(closed) == take.timeline.n_frames
    quiet = Take(avatar, Speech(SoundArray(np.zeros(38_400, np.float32), 16000)), take.timeline)
    silent = patches(quiet, SETTINGS)
    assert np.array_equal(closed[5].pixels, silent[5].pixels)
    assert not np.array_equal(by_network[5].pixels, silent[5].pixels)
    assert not np.array_equal(closed[30].pixels, silent[30].pixels)
    assert 5 not in own
    assert 57 not in own
    assert own[30].shown == 1
    shown = [own[i].shown if i in own else 0.0 for i in range(take.timeline.n_frames)]
    assert np.abs(np.diff(shown)).max() < 0.4
    assert np.array_equal(film(take, own.values())[5].picture.planes[0], avatar.source.frame(5).picture.planes[0])


def test_all_zero_sound_gives_a_picture(models, take):
    models("noise")
    quiet = replace(take, speech=Speech(SoundArray(np.zeros(12_800, np.float32), 16000)))
    for silence in ("close", "network"):
        assert len(patches(quiet, replace(SETTINGS, silence=silence))) == take.timeline.n_frames
    assert patches(quiet, replace(SETTINGS, silence="film")) == []


def test_gain_moves_the_mouth_more(models, take):
    models("noise")
    plain, still, loud = (patches(take, replace(SETTINGS, mouth=gain))[10].pixels.astype(int) for gain in (1.0, 0.0, 2.0))
    assert 0 < np.abs(plain - still).mean() < np.abs(loud - still).mean()


def test_a_photo_speaks(models, astronaut_photo, samples):
    models("noise")
    avatar = make_avatar(open_source(astronaut_photo), TrackSettings(), Silent())
    sound = SoundArray(samples.babble(0.6), 16000)
    made = patches(Take(avatar, Speech(sound), lay_out(avatar.source, sound)))
    assert len(made) == 15
    assert not np.array_equal(made[2].pixels, made[9].pixels)
    assert np.array_equal(made[2].affine, made[9].affine)


def test_a_face_too_large_for_the_network_is_told(models, take, astronaut_photo, tmp_path):
    models("identity")
    engine = Wav2LipEngine()
    next(engine.patches(take, SETTINGS, Silent()))
    assert not any("soft" in note for note in engine.notes)
    large = cv2.resize(cv2.imread(str(astronaut_photo)), None, fx=2, fy=2)
    cv2.imwrite(str(tmp_path / "large.png"), large)
    avatar = make_avatar(open_source(tmp_path / "large.png"), TrackSettings(), Silent())
    next(engine.patches(Take(avatar, take.speech, lay_out(avatar.source, take.speech.sound)), SETTINGS, Silent()))
    assert "times the 96 of Wav2Lip 96" in engine.notes[1]


class Doubling:
    """A stand-in for what Load Upscale Model gives: twice the size, a little darker."""

    scale = 2

    def __init__(self):
        self.model, self.seen = torch.nn.Conv2d(3, 3, 1), []

    def __call__(self, pictures):
        self.seen.append(tuple(pictures.shape))
        return torch.nn.functional.interpolate(pictures, scale_factor=2) - 0.05


def test_a_restorer_sharpens_the_faces(models, take):
    models("identity")
    plain = patches(take)[3]
    restorer = Doubling()
    fine = patches(take, restorer=restorer)[3]
    assert restorer.seen[0][1:] == (3, 96, 96)
    room = max(96, round(1.25 * np.hypot(*plain.affine[:, 1]) * 96))
    assert fine.pixels.shape[0] == pytest.approx(min(192, room), abs=3)
    corners = [one.affine @ [one.pixels.shape[1], one.pixels.shape[0], 1] for one in (plain, fine)]
    assert np.allclose(*corners)
    assert fine.pixels.mean() < plain.pixels.mean() - 5
    settings = replace(SETTINGS, mouth=1.1)
    assert mouths_key(take, Wav2LipEngine(restorer), settings) != mouths_key(take, Wav2LipEngine(), settings)
    assert mouths_key(take, Wav2LipEngine(Doubling()), settings) != mouths_key(take, Wav2LipEngine(Doubling()), settings)


def test_without_a_checkpoint_one_sentence_says_how_to_get_one(models, take):
    with pytest.raises(MissingModel, match="talking-avatar models get wav2lip_gan") as told:
        patches(take)
    assert "non-commercial" in str(told.value)
    assert "wav2lip'" in str(told.value)


def test_auto_takes_what_is_there(models, take):
    models("noise", "my own name.pth")
    engine = make_engine("wav2lip")
    next(engine.patches(take, SETTINGS, Silent()))
    assert engine.notes[0].startswith("Wav2Lip 96 in ")


def test_a_file_of_something_else_is_refused(models, take):
    path = models("noise").with_name("wav2lip_gan.pth")
    torch.save({"state_dict": {"netcnnaud.0.weight": torch.zeros(64, 1, 3, 3)}}, path)
    with pytest.raises(MissingModel, match="LSE-C"):
        patches(take, replace(SETTINGS, checkpoint="wav2lip_gan.pth"))


@needs_openvino
def test_openvino_measures_bfloat16_once_for_a_file_and_gives_it_up_where_it_shows(models, take):
    from talking_avatar.host.folders import cache_folder

    models("noise")
    settings, engine = replace(SETTINGS, backend="openvino", precision="half"), Wav2LipEngine()
    first = list(islice(engine.patches(take, settings, Silent()), 2))
    assert re.search(r"in bfloat16, within [012] grey levels of float32", engine.notes[0])
    verdict, = cache_folder("openvino").glob("*.json")
    written = verdict.stat().st_mtime_ns
    let_go()
    again = list(islice(engine.patches(take, settings, Silent()), 2))
    assert verdict.stat().st_mtime_ns == written
    assert all(map(same, first, again))
    for told, status in (('{"grey levels": 7}', "in float32 (bfloat16 would change the picture by up to 7 grey levels)"),
                         ("cut o", "in bfloat16, within")):
        let_go()
        verdict.write_text(told)
        next(engine.patches(take, settings, Silent()))
        assert status in engine.notes[0]


@needs_openvino
def test_openvino_tells_its_makers_nothing_over_the_net(models, take, monkeypatch):
    told = []
    if find_spec("openvino_telemetry"):
        import openvino_telemetry

        for name in ("start_session", "send_event", "end_session"):
            monkeypatch.setattr(openvino_telemetry.Telemetry, name, lambda *given, **named: told.append(given))
    models("noise")
    next(Wav2LipEngine().patches(take, replace(SETTINGS, backend="openvino", precision="float32"), Silent()))
    assert not told
