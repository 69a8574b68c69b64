"""Any pixel format comes in without loss: reordered to its planar sibling, or as RGB."""
import av
import numpy as np
import pytest
from talking_avatar.media.picture import Picture
from talking_avatar.media.pixel_format import blank, pixel_format

SAME_SAMPLES = [
    ("nv12", "yuv420p"), ("nv21", "yuv420p"), ("nv16", "yuv422p"), ("nv24", "yuv444p"), ("yuyv422", "yuv422p"), ("uyvy422", "yuv422p"),
    ("p010le", "yuv420p10le"), ("p210le", "yuv422p10le"), ("y210le", "yuv422p10le"), ("yuv420p10be", "yuv420p10le"),
    ("gray16be", "gray16le"),
]


@pytest.mark.parametrize(("odd", "planar"), SAME_SAMPLES)
def test_semi_planar_packed_and_big_endian_formats_keep_every_sample(odd, planar):
    rng = np.random.default_rng(5)
    frame, planes = blank(pixel_format(planar), 66, 34)
    for plane in planes:
        plane[:] = rng.integers(0, 2 ** pixel_format(planar).depth, plane.shape)
    frame.colorspace, frame.color_range = 1, 1
    packed = frame.reformat(format=odd, interpolation="POINT", src_colorspace=1, dst_colorspace=1, src_color_range=1, dst_color_range=1,
                            threads=1)
    picture = Picture.from_av(packed)
    assert picture.layout.name == planar
    assert not picture.colour.full_range
    for ours, theirs in zip(picture.planes, planes, strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("name", ["gbrp", "gbrp10le", "rgb48le", "bgr24", "bgr0", "bgra", "argb", "gbrap"])
def test_rgb_of_any_order_and_depth_becomes_rgb_of_8_bits(name):
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:] = (200, 100, 50, 255)
    picture = Picture.from_av(av.VideoFrame.from_ndarray(pixels, "rgba").reformat(format=name))
    assert picture.layout.name == ("rgba" if name in ("bgra", "argb", "gbrap") else "rgb24")
    assert np.abs(picture.rgb()[3, 3].astype(int) - (200, 100, 50)).max() <= 1


@pytest.mark.parametrize(("height", "matrix"), [(480, 6), (576, 6), (720, 1), (1080, 1)])
def test_films_that_say_no_matrix_are_read_as_players_read_them(height, matrix):
    assert Picture.from_av(av.VideoFrame(64, height, "yuv420p")).colour.matrix == matrix


def test_the_j_formats_are_full_range():
    picture = Picture.from_av(av.VideoFrame(64, 64, "yuvj420p"))
    assert picture.layout.name == "yuv420p" and picture.colour.full_range
    assert picture.to_av().color_range == 2
