"""Films are scored: a film in sync gives 0, one whose sound was moved gives by how much, with a SyncNet and without."""
import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from talking_avatar.cli.main import main
from talking_avatar.engines import syncnet_score
from talking_avatar.engines.score import in_figures, in_words, score_film
from talking_avatar.engines.score_picture import score_picture
from talking_avatar.engines.syncnet_crops import cut_crops, face_outline, lay_crops, wide_outline
from talking_avatar.faces.track import FaceTrack
from talking_avatar.host.errors import Cancelled, InputError, MissingModel
from talking_avatar.host.progress import Silent
from talking_avatar.media.open import open_source, sound_of_array
from talking_avatar.media.sound_part import SoundPart
from talking_avatar.models.syncnet.colour_expert import ColourExpert, lower_halves
from talking_avatar.models.syncnet.lse_distance import lse_distances, lse_score, padded
from talking_avatar.models.syncnet.lse_syncnet import LseSyncNet
from talking_avatar.speech.mfcc import sound_mfcc
from talking_avatar.speech.wav2lip_mel import wav2lip_mel

WORDS = "We measure how well lips follow a voice. Papa bought my mother a big apple. Wait a moment, please!"


@pytest.fixture(scope="module")
def spoken_film(tmp_path_factory, astronaut_photo):
    """The astronaut says a few words: lossless, 25 frames a second."""
    path = tmp_path_factory.mktemp("score") / "spoken.mkv"
    words = ["render", "--avatar", str(astronaut_photo), "--text", WORDS, "--voice", "hibari", "-o", str(path), "--max-side", "320",
             "--format", "mkv-h264-lossless"]
    assert main(words) == 0
    return path


@pytest.fixture(scope="module")
def score(spoken_film):
    return score_film(open_source(spoken_film), Silent())


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, parity):
    path = tmp_path_factory.mktemp("syncnet") / "syncnet_v2.model"
    torch.save(parity.fill_module(LseSyncNet()).state_dict(), path, _use_new_zipfile_serialization=False)
    return path


def test_a_film_in_sync_has_no_offset(score):
    assert abs(score.offset.seconds) < 0.03 and score.offset.clear and score.offset.agreement > 0.6
    assert score.r > 0.5 and score.frames == score.with_face and score.jitter < 5


@pytest.mark.parametrize("frames", [-5, 3])
def test_a_sound_that_was_moved_is_told_in_frames(spoken_film, score, frames):
    """3: the sound comes 3 frames before the lips."""
    film = open_source(spoken_film)
    moved = SoundPart(film.sound, round(frames * film.sound.rate / 25))
    found = score_film(film, Silent(), moved)
    assert (found.offset.seconds - score.offset.seconds) * 25 == pytest.approx(frames, abs=0.2)
    assert round(found.offset.seconds * 25) == frames
    assert f"{'before' if frames > 0 else 'after'} the lips" in "\n".join(in_words(found))


def test_against_the_original_what_changed_is_told(spoken_film, astronaut_photo, score):
    film = open_source(spoken_film)
    same = score_film(film, Silent(), original=open_source(spoken_film)).against
    assert same.psnr == 99 and same.sharpness == pytest.approx(1)
    photo = score_film(film, Silent(), original=open_source(astronaut_photo, max_side=320)).against
    assert 15 < photo.psnr < 99 and photo.sharpness > 0.3
    with pytest.raises(InputError, match="512 x 512 pixels large, but 'spoken.mkv' is 320 x 320"):
        score_film(film, Silent(), original=open_source(astronaut_photo))


def test_lse_of_a_film_is_that_of_its_crops_and_coefficients(spoken_film, checkpoint, parity):
    """A stand-in SyncNet in pieces gives what the published formulas give of all windows at once."""
    network = parity.fill_module(LseSyncNet()).eval()
    film = open_source(spoken_film)
    sound = _beginning(film, 1.2)
    found = score_film(film, Silent(), sound, checkpoint=checkpoint).syncnet.lse
    cut = dict(cut_crops(film, lay_crops(film, score_track(spoken_film)), 224, wide_outline, Silent()))
    mfcc, n = sound_mfcc(sound), 30 - 5
    with torch.no_grad():
        windows = [torch.from_numpy(np.stack([cut[i + k] for k in range(5)])) for i in range(n)]
        lips = [network.lips(window.permute(3, 0, 1, 2)[None].float()) for window in windows]
        heard = network.sound(torch.from_numpy(np.stack([mfcc[4 * i:4 * i + 20].T for i in range(n)]))[:, None])
    right = lse_score(lse_distances(torch.cat(lips).numpy(), padded(heard.numpy())))
    assert np.allclose(found.means, right.means, rtol=1e-5) and (found.offset, len(found.confidence)) == (right.offset, n)
    assert found.d == pytest.approx(right.d, rel=1e-5) and found.c == pytest.approx(right.c, abs=1e-2)


def test_a_network_that_runs_out_of_memory_is_given_less(spoken_film, checkpoint, monkeypatch):
    lips, sizes = LseSyncNet.lips, []

    def tight(self, faces):
        sizes.append(len(faces))
        if len(faces) > 2:
            raise torch.cuda.OutOfMemoryError("no room")
        return lips(self, faces)

    monkeypatch.setattr(LseSyncNet, "lips", tight)
    film = open_source(spoken_film)
    assert score_film(film, Silent(), _beginning(film, 1.0), checkpoint=checkpoint).syncnet.lse.d > 0
    assert sizes[:3] == [8, 4, 2] and max(sizes[3:]) <= 2


def _beginning(film, seconds):
    return SoundPart(film.sound, 0, round(seconds * film.sound.rate))


def test_frames_without_a_face_and_cuts_break_windows():
    """A window of five frames lies in one unbroken stretch; at 50 frames a second every second frame is shown."""
    box = np.tile(np.float32([10, 10, 30, 40]), (100, 1))
    present = np.ones(100, bool)
    present[20:24], box[20:24] = False, np.nan
    track = FaceTrack(present, box, np.ones(100, np.float32), np.zeros((100, 468, 3), np.float32), cuts=(60,))

    class Source:
        n_frames, clock = 100, __import__("talking_avatar.media.clock", fromlist=["Clock"]).Clock(Fraction(50))

    crops = lay_crops(Source(), track)
    assert len(crops.sources) == 50 and (crops.sources == np.arange(0, 100, 2)).all()
    assert (crops.shot[[10, 11]] == -1).all() and len(set(crops.shot[crops.shot >= 0])) == 3
    assert crops.shot[29] != crops.shot[30] and wide_outline(crops.box[0]) == (-1, 10, 41, 52)


def test_films_that_cannot_be_scored_get_a_sentence(spoken_film, astronaut_photo, checkpoint, tmp_path, parity):
    film = open_source(spoken_film)
    with pytest.raises(InputError, match="is a photo"):
        score_film(open_source(astronaut_photo), Silent())
    with pytest.raises(InputError, match="0 samples"):
        score_film(film, Silent(), sound_of_array(np.zeros((1, 0), np.float32), 16000))
    with pytest.raises(InputError, match="seen for 6 frames of 25"):
        score_film(film, Silent(), sound_of_array(np.zeros((1, 3000), np.float32), 16000), checkpoint=checkpoint)
    torch.save({"face_encoder_blocks.0.0.conv_block.0.weight": torch.zeros(16, 6, 7, 7)}, tmp_path / "wav2lip.pth")
    with pytest.raises(MissingModel, match="is a Wav2Lip generator.*choose syncnet_v2.model"):
        score_film(film, Silent(), checkpoint=tmp_path / "wav2lip.pth")


def test_the_expert_of_wav2lip_judges_as_its_parts_do(spoken_film, tmp_path, parity):
    """Probability and offset of a stand-in expert equal those of its embeddings, taken frame by frame from crops and mel."""
    network = parity.fill_module(ColourExpert()).eval()
    torch.save({"state_dict": network.state_dict(), "optimizer": {}}, tmp_path / "lipsync_expert.pth")
    film = open_source(spoken_film)
    sound = _beginning(film, 1.6)
    found = score_film(film, Silent(), sound, checkpoint=tmp_path / "lipsync_expert.pth")
    cut = dict(cut_crops(film, lay_crops(film, score_track(spoken_film)), 96, face_outline, Silent()))
    mel, n = wav2lip_mel(sound), 40 - 5
    faces = torch.from_numpy(np.stack([[cut[i + k] for k in range(5)] for i in range(n)]))
    heard = torch.from_numpy(np.stack([mel[:, 16 * i // 5:16 * i // 5 + 16] for i in range(n)]))[:, None]
    with torch.no_grad():
        audio, face = network(heard, lower_halves(faces))
    cosines = (face @ audio.T).numpy()
    means = [np.mean([cosines[i, i + k] if 0 <= i + k < n else 0 for i in range(n)]) for k in range(-15, 16)]
    assert np.allclose(1 - found.syncnet.lse.means, means, atol=1e-4) and found.syncnet.lse.offset == 15 - int(np.argmax(means))
    assert in_figures(found)["lse_d"] is None and in_figures(found)["expert_probability"] == pytest.approx(max(means), abs=1e-4)
    assert "Wav2Lip's expert" in "\n".join(in_words(found)) and score_picture(found).shape == (748, 1280, 3)


def test_a_silent_sound_gives_no_offset_but_a_score(spoken_film):
    film = open_source(spoken_film)
    found = score_film(film, Silent(), sound_of_array(np.zeros((1, 16000 * 4), np.float32), 16000))
    assert np.isnan(found.offset.seconds) and "cannot be told" in "\n".join(in_words(found))
    assert in_figures(found)["offset_seconds"] is None and json.dumps(in_figures(found), allow_nan=False)
    assert score_picture(found).shape == (748, 1280, 3)


def test_a_cancel_is_heard_while_crops_are_judged(spoken_film, checkpoint):
    class Impatient(Silent):
        asked = 0

        def check(self):
            self.asked += 1
            if self.asked > 20:
                raise Cancelled

    with pytest.raises(Cancelled):
        syncnet_score.measure_syncnet(open_source(spoken_film), score_track(spoken_film), open_source(spoken_film).sound, checkpoint,
                                      Impatient())


def score_track(path):
    from talking_avatar.faces.avatar import make_avatar
    from talking_avatar.faces.settings import TrackSettings

    return make_avatar(open_source(path), TrackSettings(), Silent()).track


def test_the_picture_shows_lips_voice_and_offset(score):
    """Orange lips, blue voice, a green bar; a long film is shown in part, and every value may be missing."""
    shown = score_picture(score)
    assert shown.shape == (748, 1280, 3) and shown.dtype == np.uint8
    near = lambda colour: int((np.abs(shown.astype(int) - colour).max(2) < 30).sum())  # noqa: E731
    assert near((255, 178, 72)) > 2000 and near((62, 92, 138)) > 5000 and near((96, 200, 130)) > 500
    repeated = replace(score, times=np.arange(40 * len(score.times)) / 25, opening=np.tile(score.opening, 40), seconds=40 * score.seconds,
                       level=np.tile(score.level, 40), leak=float("nan"), jitter=float("nan"))
    assert score_picture(repeated).shape == (748, 1280, 3)


def test_the_command_prints_lines_or_json_and_writes_the_picture(spoken_film, checkpoint, samples, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("TALKING_AVATAR_MODELS", str(tmp_path / "models"))
    assert main(["score", str(spoken_film), "--picture", str(tmp_path / "score.png"), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["lse_d"] is None and abs(figures["offset_frames"]) < 1 and (tmp_path / "score.png").stat().st_size > 20_000
    (tmp_path / "models" / "syncnet").mkdir(parents=True)
    (tmp_path / "models" / "syncnet" / "syncnet_v2.model").write_bytes(checkpoint.read_bytes())
    short = samples.write_sound(tmp_path / "short.wav", samples.babble(1.0), 16000, "pcm_s16le")
    assert main(["score", str(spoken_film), "--against", str(spoken_film), "--audio", str(short)]) == 0
    out = capsys.readouterr().out
    assert "LSE-D" in out and "bit for bit the original" in out
    assert main(["score", str(spoken_film), "--checkpoint", "none"]) == 0 and "LSE" not in capsys.readouterr().out
    assert main(["score", str(spoken_film), "--checkpoint", "nothing.pth"]) == 3
