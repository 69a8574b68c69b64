"""Load Avatar opens whatever a person gives, says in a sentence what it cannot, and does no work nobody asked for."""
import gc
import shutil

import numpy as np
import pytest
import torch
from talking_avatar import NODE_CLASS_MAPPINGS
from talking_avatar.host.errors import InputError
from talking_avatar.media.film_file import FilmFile
from talking_avatar.media.sound_file import SoundFile

LOAD = NODE_CLASS_MAPPINGS["TA_LoadAvatarVideo"]
ALONE = {"prompt": {"1": {"inputs": {}}, "2": {"inputs": {"video": ["1", 1]}}}, "unique_id": "1"}  # only the film is used


@pytest.fixture
def load(comfyui, node):
    """load(**inputs) -> (film, sound) without following a face."""
    return lambda **inputs: node("LoadAvatarVideo", **{"video": "", **ALONE, **inputs})[1:3]


def test_nobody_uses_the_face_so_none_is_looked_for(film, node, comfyui):
    avatar, _, _, face = node("LoadAvatarVideo", video="film.mp4", **ALONE)
    assert (avatar, face) == (None, None)
    assert not list((comfyui.user / "talking-avatar").rglob("track.npz"))


def test_an_avatar_whose_face_was_followed_is_not_decoded_again(film, node, monkeypatch):
    avatar = node("LoadAvatarVideo", video="film.mp4")[0]
    monkeypatch.setattr(FilmFile, "_decoded", lambda self, start: pytest.fail(f"decoded again from frame {start} on"))
    assert [frame.index for frame in avatar.source.frames()] == list(range(50))


def test_whether_the_face_is_used_changes_the_fingerprint_and_nothing_else_does(film):
    alone = LOAD.IS_CHANGED(video="film.mp4", **ALONE)
    used = LOAD.IS_CHANGED(video="film.mp4", prompt={"1": {"inputs": {}}, "3": {"inputs": {"avatar": ["1", 0]}}}, unique_id="1")
    both = LOAD.IS_CHANGED(video="film.mp4", prompt={"1": {"inputs": {}}, "3": {"inputs": {"a": ["1", 0], "b": ["1", 3]}}}, unique_id="1")
    assert alone != used == both


def test_a_changed_file_changes_the_fingerprint_which_tells_no_path(film, comfyui):
    before = LOAD.IS_CHANGED(video="film.mp4")
    with film.open("ab") as file:
        file.write(b"\0")
    assert LOAD.IS_CHANGED(video="film.mp4") != before
    assert str(comfyui.input) not in before


def test_the_film_keeps_size_rate_length_and_the_sound_its_file(load, film):
    video, audio = load(video="film.mp4")
    assert video.get_dimensions() == (480, 360)
    assert (video.get_frame_count(), video.get_frame_rate(), video.get_duration()) == (50, 25, 2.0)
    assert isinstance(audio.sound, SoundFile)
    assert audio["waveform"].shape[:2] == (1, 1)


def test_trim_size_and_rate_are_as_asked(load, film):
    video, audio = load(video="film.mp4", start=0.5, duration=0.96, max_side=240, fps=12.5)
    assert video.get_dimensions() == (240, 180)
    assert (video.get_frame_count(), video.get_frame_rate()) == (12, 12.5)
    assert abs(audio.sound.seconds - 0.96) < 1e-3
    last, _ = load(video="film.mp4", start=-0.4)
    assert last.get_frame_count() == 10


def test_one_image_is_a_photo_and_several_are_a_film(load):
    images = torch.rand(5, 40, 60, 3)
    photo, _ = load(image=images[:1])
    film, _ = load(image=images, fps=10.0)
    assert photo.get_frame_count() == 1
    assert (film.get_frame_count(), film.get_frame_rate()) == (5, 10)
    shown = np.stack([frame.picture.rgb() for frame in film.film.frames()])
    assert np.array_equal(shown, np.round(images.numpy() * 255).astype(np.uint8))


@pytest.mark.parametrize("shape", [(3, 100, 100, 3), (2, 51, 33, 4), (1, 20, 20, 1), (24, 24, 3)])
@pytest.mark.parametrize("kind", [torch.float16, torch.float32])
def test_images_of_any_kind_are_taken(load, shape, kind):
    images = torch.rand(shape).to(kind)
    video, _ = load(image=images)
    assert video.get_dimensions() == (images.shape[-2], images.shape[-3])


def test_images_that_are_none_are_a_sentence(load):
    with pytest.raises(InputError, match="shape"):
        load(image=torch.rand(0, 8, 8, 3))
    with pytest.raises(InputError, match="shape"):
        load(image=torch.rand(1, 8, 8, 7))


def test_held_images_leave_the_disk_with_their_last_user(load, comfyui):
    video, _ = load(image=torch.rand(4, 32, 32, 3))
    assert len(list(comfyui.temp.iterdir())) == 1
    del video
    gc.collect()
    assert list(comfyui.temp.iterdir()) == []


def test_a_film_of_one_frame_and_a_tiny_one_are_films(load, comfyui, samples):
    samples.write_film(comfyui.input / "one.mp4", n=1)
    samples.write_film(comfyui.input / "tiny.mp4", n=3, size=(100, 100))
    assert load(video="one.mp4")[0].get_frame_count() == 1
    assert load(video="tiny.mp4")[0].get_dimensions() == (100, 100)


def test_a_silent_film_has_no_sound(load, comfyui, samples):
    samples.write_film(comfyui.input / "mute.mp4", n=5)
    assert load(video="mute.mp4")[1] is None


def test_a_film_without_a_face_is_one_sentence(comfyui, samples, node):
    samples.write_film(comfyui.input / "disc.mp4", n=5)
    with pytest.raises(InputError, match="No face was found in 'disc.mp4'"):
        node("LoadAvatarVideo", video="disc.mp4")


@pytest.mark.parametrize("name", ["../outside.mp4", "sub/../../outside.mp4", "link.mp4"])
def test_a_picked_name_never_leaves_the_input_folder(comfyui, film, name):
    shutil.copy(film, comfyui.input.parent / "outside.mp4")
    (comfyui.input / "link.mp4").symlink_to(comfyui.input.parent / "outside.mp4")
    assert "outside ComfyUI's input folder" in LOAD.VALIDATE_INPUTS(video=name)
    with pytest.raises(InputError, match="outside"):
        LOAD().load(video=name, **ALONE)


def test_an_absolute_path_is_only_taken_from_the_field_for_paths(comfyui, film, load):
    assert "outside" in LOAD.VALIDATE_INPUTS(video="/etc/hostname")
    assert load(path=f' "{film}" ')[0].get_frame_count() == 50
    assert load(path="film.mp4")[0].get_frame_count() == 50


def test_what_is_missing_is_said_before_the_run(comfyui, film):
    assert LOAD.VALIDATE_INPUTS(video="film.mp4") is True
    assert LOAD.VALIDATE_INPUTS(video="nope.mp4").startswith("There is no file 'nope.mp4' in ComfyUI's input folder")
    assert "is no" in LOAD.VALIDATE_INPUTS(video="film.mp4", path="/no/such.mp4").replace("There", "there")
    assert LOAD.VALIDATE_INPUTS(video="").startswith("No film or photo is chosen")
    assert LOAD.VALIDATE_INPUTS(video="", image=None) is True
    assert LOAD.VALIDATE_INPUTS(video="", film=None) is True


def test_the_file_of_another_folder_can_be_picked(comfyui, film, load):
    shutil.move(film, comfyui.output / "film.mp4")
    assert load(video="film.mp4 [output]")[0].get_frame_count() == 50


def test_an_empty_input_folder_still_offers_the_pack_s_own_examples(comfyui, load):
    names = LOAD.INPUT_TYPES()["required"]["video"][0]
    assert names == ["portrait.jpg [example]", "talking.mp4 [example]"]
    assert load(video=names[0])[0].get_frame_count() == 1
    assert LOAD.VALIDATE_INPUTS(video="../secret.jpg [example]").startswith("There is no example")


def test_the_page_is_told_size_rate_and_where_the_face_is(film, node):
    node("LoadAvatarVideo", video="film.mp4", duration=0.4)
    facts = node.ui["avatar"][0]
    assert (facts["width"], facts["height"], facts["fps"], facts["frames"]) == (480, 360, 25.0, 10)
    assert [box[0] for box in facts["boxes"]] == list(range(10))
    assert all(0 <= edge <= 1 for box in facts["boxes"] for edge in box[1:])


class CoreVideo:
    """As ComfyUI's VideoFromFile."""

    def __init__(self, path, start=0.0, duration=0.0):
        self.path, self.window = path, (start, duration)

    def get_components(self):
        raise AssertionError("a film with a file is never decoded whole")

    def get_stream_source(self):
        return self.path

    def get_active_trim_window(self):
        return self.window


def test_a_video_of_core_is_read_by_its_path_and_trim(load, film):
    video, _ = load(film=CoreVideo(str(film), 0.4, 1.0))
    assert video.get_frame_count() == 25


def test_a_video_in_a_buffer_is_held_and_let_go(load, film, comfyui):
    import io

    video, audio = load(film=CoreVideo(io.BytesIO(film.read_bytes())))
    assert video.get_frame_count() == 50
    del video, audio
    gc.collect()
    assert list(comfyui.temp.iterdir()) == []


def test_what_is_no_video_is_one_sentence(load):
    with pytest.raises(InputError, match="no VIDEO but str"):
        load(film="film.mp4")
