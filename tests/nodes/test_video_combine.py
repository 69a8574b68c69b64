"""Video Combine writes every format, numbers files as core does, keeps the workflow and shows something that plays."""
import json

import av
import numpy as np
import pytest
import torch
from PIL import Image
from talking_avatar import NODE_CLASS_MAPPINGS
from talking_avatar.host.errors import InputError
from talking_avatar.media.film_format import all_formats
from talking_avatar.media.open import open_source
from talking_avatar.nodes.lazy_video import LazyVideo

COMBINE = NODE_CLASS_MAPPINGS["TA_VideoCombine"]


@pytest.fixture
def images():
    ramp = np.linspace(0, 1, 64 * 48 * 3, dtype=np.float32).reshape(48, 64, 3)
    return torch.from_numpy(np.stack([np.roll(ramp, i, 1) for i in range(6)]))


@pytest.fixture
def combine(comfyui, node):
    def run(format="mp4-h264", prefix="f/x", **inputs):
        return node("VideoCombine", filename_prefix=prefix, format=format, **inputs)

    return run


def shown(comfyui, item):
    folder = {"output": comfyui.output, "temp": comfyui.temp}[item["type"]]
    return folder / item["subfolder"] / item["filename"]


@pytest.mark.parametrize("format", sorted(all_formats()))
def test_every_format_is_written_and_something_plays(comfyui, combine, node, images, format):
    video, path = combine(format, images=images, fps=12.0)
    assert video.get_frame_count() == 6
    item = node.ui["images"][0]
    played = shown(comfyui, item)
    with av.open(str(played)) as film:
        stream = film.streams.video[0]
        assert stream.codec_context.codec.canonical_name in ("h264", "vp9", "av1")
        assert stream.codec_context.pix_fmt in ("yuv420p", "yuv420p10le")
        assert played.suffix in (".mp4", ".webm")
        assert abs(stream.average_rate - 12) < 0.2  # GIF counts hundredths of a second
    assert str(comfyui.output) not in json.dumps(node.ui)


def test_files_are_numbered_and_never_overwritten(comfyui, combine, images):
    for _ in range(3):
        combine(images=images)
    assert sorted(path.name for path in (comfyui.output / "f").iterdir()) == [f"x_0000{i}_.mp4" for i in (1, 2, 3)]


def test_a_preview_goes_to_the_temp_folder(comfyui, combine, node, images):
    combine(images=images, save_output=False)
    assert node.ui["images"][0]["type"] == "temp"
    assert not list(comfyui.output.iterdir())


def test_metadata_can_be_switched_off_by_the_user_and_by_the_server(comfyui, combine, images):
    for number, (wanted, forbidden) in enumerate([(True, False), (False, False), (True, True)], 1):
        comfyui.args.disable_metadata = forbidden
        _, path = combine(images=images, prompt={"1": {}}, save_workflow=wanted)
        with av.open(path) as film:
            assert ("prompt" in film.metadata) == (number == 1)


def test_formats_the_page_cannot_read_get_a_picture_with_the_workflow(comfyui, combine, images):
    combine("mkv-ffv1", images=images, prompt={"1": {}}, extra_pnginfo={"workflow": {"nodes": []}})
    with Image.open(comfyui.output / "f" / "x_00001_workflow.png") as picture:
        assert json.loads(picture.text["workflow"]) == {"nodes": []}


def test_lossless_is_lossless(combine, images):
    _, path = combine("mkv-ffv1", images=images)
    wanted = np.round(images[4].numpy() * 255).astype(np.uint8)
    assert np.array_equal(open_source(path).frame(4).picture.rgb(), wanted)


def test_other_sound_takes_the_films_place_and_ends_with_it(combine, film):
    tone = {"waveform": torch.rand(1, 2, 44100 * 5) - 0.5, "sample_rate": 44100}
    _, path = combine(video=LazyVideo(open_source(film)), audio=tone)
    with av.open(path) as written:
        stream = written.streams.audio[0]
        assert (stream.rate, stream.channels) == (44100, 2)
        assert abs(float(stream.duration * stream.time_base) - 2.0) < 0.06


def test_the_films_own_sound_is_copied(combine, film):
    _, path = combine(video=LazyVideo(open_source(film)))
    heard = []
    for one in (film, path):
        with av.open(str(one)) as opened:
            heard.append([bytes(packet) for packet in opened.demux(opened.streams.audio[0]) if packet.size])
    assert heard[0] == heard[1]


@pytest.mark.parametrize("prefix", ["../out", "/etc/out", "a/../../out", "", "folder/"])
def test_a_prefix_never_leaves_the_output_folder(comfyui, combine, images, prefix):
    assert "does not name a file inside" in COMBINE.VALIDATE_INPUTS(filename_prefix=prefix)
    with pytest.raises(InputError, match="does not name a file inside"):
        combine(prefix=prefix, images=images)
    assert COMBINE.VALIDATE_INPUTS(filename_prefix="a/b") is True
    assert list(comfyui.output.iterdir()) == []


def test_nothing_to_write_is_one_sentence(combine):
    with pytest.raises(InputError, match="connect `video` or `images`"):
        combine()


def test_a_format_that_is_gone_is_one_sentence(combine, images):
    with pytest.raises(InputError, match="There is no format called 'betamax'"):
        combine("betamax", images=images)


def test_a_users_format_is_offered_and_a_broken_one_does_not_take_the_node_away(comfyui, combine, images):
    folder = comfyui.user / "talking-avatar" / "formats"
    folder.mkdir(parents=True)
    mine = {"name": "mine", "title": "Mine", "endings": [".mp4"], "container": "mp4",
            "encoders": [{"name": "libx264", "pix_fmts": ["yuv420p"], "options": {"crf": "40"}}]}
    (folder / "mine.json").write_text(json.dumps(mine))
    assert "mine" in COMBINE.INPUT_TYPES()["required"]["format"][0]
    assert combine("mine", images=images)[0].get_frame_count() == 6
    (folder / "broken.json").write_text("{")
    assert "mp4-h264" in COMBINE.INPUT_TYPES()["required"]["format"][0]
    with pytest.raises(InputError, match=r"broken\.json"):
        combine(images=images)


def test_settings_that_do_not_fit_are_one_sentence(combine, images):
    with pytest.raises(InputError):
        combine("mp4-h264", images=images, crf=99)
