"""Pictures keep the film's own samples: what shows is right, what is pasted lands, what no mask touches keeps its bits."""
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.media.colour import BT601, BT709, BT2020, Colour, rgb_from_yuv, yuv_from_rgb
from talking_avatar.media.picture import Picture, evenly
from talking_avatar.media.pixel_format import blank, pixel_format

YUV = ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p12le", "yuva420p", "yuva444p10le", "yuv411p", "yuv440p"]
ALL = [*YUV, "gray", "gray10le", "rgb24", "rgba"]
SITES = [(0.0, 0.5), (0.5, 0.5), (0.0, 0.0), (0.5, 0.0), (1.0, 0.5), (0.5, 1.0)]


def noise(name, width=37, height=29, seed=0, colour=None):
    """A picture of random samples; smooth enough in no place."""
    rng = np.random.default_rng(seed)
    layout = pixel_format(name)
    _, planes = blank(layout, width, height)
    planes = tuple(rng.integers(0, 2**layout.depth, plane.shape).astype(plane.dtype) for plane in planes)
    default = Colour(0, True) if layout.kind == "rgb" else Colour(BT709, False)
    return Picture.from_planes(planes, layout, colour or default)


def flat(name, rgb, colour, width=32, height=24):
    """A picture of one colour."""
    layout = pixel_format(name)
    samples = yuv_from_rgb(colour, layout.depth) @ [*rgb, 1]
    _, planes = blank(layout, width, height)
    values = [*np.rint(samples), 2**layout.depth - 1]
    return Picture.from_planes(tuple(np.full_like(plane, value) for plane, value in zip(planes, values, strict=False)), layout, colour)


@pytest.mark.parametrize("name", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p12le"])
@pytest.mark.parametrize("matrix", [BT601, BT709, BT2020])
@pytest.mark.parametrize("full_range", [False, True])
def test_flat_colours_come_back_through_every_matrix_and_range(name, matrix, full_range):
    for rgb in [(0, 0, 0), (255, 255, 255), (200, 40, 90), (10, 220, 130), (128, 128, 128)]:
        shown = flat(name, rgb, Colour(matrix, full_range)).rgb()
        assert np.abs(shown.astype(int) - rgb).max() <= 2


def test_matrices_are_those_of_the_standards():
    limited = yuv_from_rgb(Colour(BT709, False), 8)
    assert np.allclose(limited @ [255, 255, 255, 1], [235, 128, 128])
    assert np.allclose(limited @ [0, 0, 255, 1], [16 + 219 * 0.0722, 240, 128 - 224 * 0.0722 / (2 * (1 - 0.2126))])
    full = yuv_from_rgb(Colour(BT601, True), 10)
    assert np.allclose(full @ [255, 0, 0, 1], [1023 * 0.299, 512 - 1023 * 0.299 / 1.772, 512 + 511.5])
    for matrix in (BT601, BT709, BT2020):
        there, back = yuv_from_rgb(Colour(matrix, False), 10), rgb_from_yuv(Colour(matrix, False), 10)
        assert np.allclose(back[:, :3] @ there[:, :3], np.eye(3))


@pytest.mark.parametrize("full_range", [False, True])
def test_a_photo_shows_the_colours_an_independent_converter_shows(full_range):
    rng = np.random.default_rng(3)
    smooth = np.kron(rng.integers(30, 220, (6, 8, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    source = av.VideoFrame.from_ndarray(smooth, "rgb24").reformat(
        format="yuv444p", src_colorspace=BT709, dst_colorspace=BT709, src_color_range=2, dst_color_range=2 if full_range else 1)
    source.colorspace, source.color_range = BT709, 2 if full_range else 1
    assert np.abs(Picture.from_av(source).rgb().astype(int) - smooth).max() <= 3


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("name", ["yuv420p", "yuv420p10le"])
def test_a_ramp_of_colour_is_interpolated_where_its_samples_sit(name, site):
    layout, size = pixel_format(name), 48
    unit = 2 ** (layout.depth - 8)
    _, (luma, blue, red) = blank(layout, size, size)
    down, across = np.mgrid[: size // 2, : size // 2]
    # Red as a ramp over pixel centres, 2 a pixel across and down, as it is where each sample sits: whole numbers.
    red[:] = (40 + 2 * (2 * across + 0.5 + site[0]) + 2 * (2 * down + 0.5 + site[1])) * unit
    luma[:], blue[:] = 126 * unit, 128 * unit
    colour = Colour(BT601, False, chroma_site=site)
    shown = Picture.from_planes((luma, blue, red), layout, colour).rgb()
    py, px = np.mgrid[2 : size - 2, 2 : size - 2] + 0.5
    ideal = rgb_from_yuv(colour, 8)[0] @ [np.full(px.shape, 126).ravel(), np.full(px.shape, 128).ravel(), (40 + 2 * px + 2 * py).ravel(),
                                          np.ones(px.size)]
    off = shown[2:-2, 2:-2, 0].ravel() - np.clip(ideal, 0, 255)
    assert np.abs(off).max() <= 1.6 and abs(off.mean()) < 0.3


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ALL), st.sampled_from(SITES), st.data())
def test_a_box_shows_what_the_whole_picture_shows_there(name, site, data):
    picture = noise(name)
    if picture.layout.kind == "yuv":
        picture = Picture.from_planes(picture.planes, picture.layout, Colour(BT709, False, chroma_site=site))
    x0 = data.draw(st.integers(0, picture.width - 1))
    y0 = data.draw(st.integers(0, picture.height - 1))
    x1 = data.draw(st.integers(x0 + 1, picture.width))
    y1 = data.draw(st.integers(y0 + 1, picture.height))
    part, whole = picture.rgb((x0, y0, x1, y1)), picture.rgb()[y0:y1, x0:x1]
    assert part.shape == whole.shape
    assert np.abs(part.astype(int) - whole).max() <= 1


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ALL), st.sampled_from(SITES), st.integers(-20, 40), st.integers(-20, 30), st.integers(1, 24), st.integers(1, 24),
       st.integers(0, 2**31))
def test_samples_under_mask_0_keep_their_bits(name, site, x, y, width, height, seed):
    rng = np.random.default_rng(seed)
    picture = noise(name, seed=1)
    if picture.layout.kind == "yuv":
        picture = Picture.from_planes(picture.planes, picture.layout, Colour(BT709, False, chroma_site=site))
    mask = rng.choice(np.array([0, 1, 128, 255], np.uint8), (height, width), p=[0.3, 0.1, 0.1, 0.5])
    before = [plane.copy() for plane in picture.planes]
    pasted = picture.pasted(rng.integers(0, 256, (height, width, 3), dtype=np.uint8), mask, x, y)
    touched = np.zeros((picture.height, picture.width), np.uint8)
    for row in range(height):
        for column in range(width):
            if 0 <= y + row < picture.height and 0 <= x + column < picture.width:
                touched[y + row, x + column] = mask[row, column]
    for number, (old, now, kept) in enumerate(zip(picture.planes, pasted.planes, before, strict=True)):
        assert np.array_equal(old, kept), "the source was written to"
        assert now.dtype == old.dtype
        if picture.layout.kind == "rgb":
            assert np.array_equal(now[touched == 0], old[touched == 0])
            assert np.array_equal(now[..., 3:], old[..., 3:])
        elif number == 3:
            assert np.array_equal(now, old)
        else:
            free = blocks_with_a_hole(touched, picture.layout if number else pixel_format("gray"))
            assert np.array_equal(now[free], old[free])


def blocks_with_a_hole(touched, layout):
    """bool on the plane's grid: whether any pixel a sample covers is untouched."""
    step_x, step_y = 1 << layout.shift_x, 1 << layout.shift_y
    height, width = touched.shape
    return np.array([[(touched[y : y + step_y, x : x + step_x] == 0).any() for x in range(0, width, step_x)]
                     for y in range(0, height, step_y)])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("corner", [(4, 6), (5, 7), (-3, -5), (20, 15)])
def test_a_full_mask_lays_the_patch(name, corner):
    x, y = corner
    picture = noise(name)
    grey = np.full((14, 18, 3), 90, np.uint8) if picture.layout.kind == "gray" else np.broadcast_to(
        np.array([180, 90, 60], np.uint8), (14, 18, 3)).copy()
    pasted = picture.pasted(grey, np.full((14, 18), 255, np.uint8), x, y)
    # Two chroma blocks inside the patch the colours are the patch's own.
    in_x, in_y = 2 << picture.layout.shift_x, 2 << picture.layout.shift_y
    box = (max(x + in_x, 0), max(y + in_y, 0), min(x + 18 - in_x, picture.width), min(y + 14 - in_y, picture.height))
    opaque = Picture(pasted.layout, pasted.colour, pasted.planes[:3], pasted.frame) if len(pasted.planes) == 4 else pasted
    if opaque.layout.alpha:
        shown = opaque.planes[0][box[1] : box[3], box[0] : box[2], :3] if opaque.layout.kind == "rgb" else None
    else:
        shown = opaque.rgb(box)
    if shown is not None:
        assert np.abs(shown.astype(int) - grey[0, 0]).max() <= 2


@pytest.mark.parametrize("name", YUV)
def test_the_picture_pasted_on_itself_stays_itself(name, samples):
    photo = av.VideoFrame.from_ndarray(samples.moving_picture(3, 96, 64), "rgb24")
    photo = photo.reformat(format=name, src_color_range=2, dst_color_range=1, src_colorspace=1, dst_colorspace=1)
    photo.colorspace, photo.color_range = 1, 1
    picture = Picture.from_av(photo)
    patch = picture.rgb((10, 10, 70, 50))
    pasted = picture.pasted(patch, np.full(patch.shape[:2], 255, np.uint8), 10, 10)
    unit = 2 ** (picture.layout.depth - 8)
    for old, now in zip(picture.planes, pasted.planes, strict=True):
        # A patch of 8 bits carries 10 bits to within its own step; chroma that is averaged loses detail finer than its grid.
        assert np.abs(old.astype(int) - now).mean() <= 0.6 * unit
        assert np.abs(old.astype(int) - now).max() <= 12 * unit


def test_half_a_mask_mixes_half():
    picture = flat("yuv420p", (40, 40, 40), Colour(BT709, False))
    pasted = picture.pasted(np.full((12, 12, 3), 240, np.uint8), np.full((12, 12), 128, np.uint8), 8, 8)
    assert np.abs(pasted.rgb((10, 10, 18, 18)).astype(int) - 140).max() <= 2


def test_what_lies_under_mask_0_does_not_bleed_into_the_colours_beside_it():
    picture = flat("yuv420p", (120, 120, 120), Colour(BT709, False))
    patch = np.zeros((16, 16, 3), np.uint8)
    patch[:], patch[:, :8] = (120, 120, 120), (0, 255, 0)
    mask = np.full((16, 16), 255, np.uint8)
    mask[:, :8] = 0
    pasted = picture.pasted(patch, mask, 4, 4)
    for plane, source in zip(pasted.planes[1:], picture.planes[1:], strict=True):
        assert np.abs(plane.astype(int) - source).max() <= 1


def test_a_film_of_ten_bits_stays_of_ten_bits_outside_and_gets_the_patch_scaled():
    picture = noise("yuv420p10le", 64, 48)
    pasted = picture.pasted(np.full((16, 16, 3), 255, np.uint8), np.full((16, 16), 255, np.uint8), 16, 16)
    assert (pasted.planes[0][16:32, 16:32] == 940).all()
    assert (pasted.planes[1][8:16, 8:16] == 512).all()
    assert np.array_equal(pasted.planes[0][:16], picture.planes[0][:16])


def test_transparent_pixels_show_light_grey():
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:2, :, 3] = 255
    shown = Picture.from_rgba(pixels).rgb()
    assert (shown[:2] == 0).all() and (shown[2:] == 235).all()


def test_a_mask_that_touches_nothing_costs_nothing():
    picture = noise("yuv420p")
    assert picture.pasted(np.zeros((5, 5, 3), np.uint8), np.zeros((5, 5), np.uint8), 3, 3) is picture
    assert picture.pasted(np.zeros((5, 5, 3), np.uint8), np.full((5, 5), 255, np.uint8), 99, 99) is picture


@pytest.mark.parametrize("name", ALL)
def test_the_encoder_gets_the_very_samples(name):
    picture = noise(name)
    frame = picture.to_av()
    assert frame.format.name == name
    again = Picture.from_av(frame)
    assert all(np.array_equal(a, b) for a, b in zip(picture.planes, again.planes, strict=True))
    assert again.planes[0].ctypes.data == picture.planes[0].ctypes.data
    assert again.colour.full_range == picture.colour.full_range


def test_pictures_cannot_be_written_to():
    picture = Picture.from_rgb(np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(ValueError):
        picture.planes[0][0, 0] = 1
    assert picture.sar == Fraction(1)


def test_a_box_outside_is_refused():
    with pytest.raises(ValueError):
        noise("yuv420p").rgb((0, 0, 99, 10))


def slow(name, width=64, height=48):
    """A picture whose samples change little from one to the next."""
    rough = noise(name, width, height)
    planes = [np.clip(cv2.GaussianBlur(plane.astype(np.float32), (0, 0), 4) * 3 - 2 ** rough.layout.depth, 0, 2**rough.layout.depth - 1)
              for plane in rough.planes]
    planes = tuple(one.astype(old.dtype) for one, old in zip(planes, rough.planes, strict=True))
    return Picture.from_planes(planes, rough.layout, rough.colour)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("box", [(0, 0, 64, 48), (8, 6, 60, 46), (9, 7, 58, 41)], ids=["whole", "on the grid of chroma", "between"])
def test_a_small_picture_shows_the_mean_of_what_the_large_one_shows(name, box):
    picture, size = slow(name), ((box[2] - box[0]) // 4, (box[3] - box[1]) // 4)
    wanted = cv2.resize(picture.rgb(box), size, interpolation=cv2.INTER_AREA).astype(int)
    apart = np.abs(picture.small_rgb(box, size).astype(int) - wanted)
    assert np.median(apart) <= 2 and np.percentile(apart, 95) < 16


def test_a_box_is_widened_to_whole_samples_of_chroma_and_never_beyond_the_picture():
    assert evenly((3, 4, 8, 9), 20, 20) == (2, 4, 8, 10)
    assert evenly((0, 1, 19, 19), 19, 19) == (0, 0, 19, 19)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 40), st.integers(1, 40), st.integers(1, 6))
def test_a_box_is_a_whole_number_of_steps_where_the_picture_has_room_for_that(x, y, width, height, whole):
    x0, y0, x1, y1 = evenly((x, y, x + width, y + height), 200, 101, whole)
    assert x - 1 <= x0 <= x and y - 1 <= y0 <= y and not (x0 % 2 or y0 % 2)
    assert x + width <= x1 <= x + width + 2 * whole + 1 and (x1 - x0) % whole == 0 and x1 % 2 == 0
    assert min(101, y + height) <= y1 and (y1 == 101 or ((y1 - y0) % whole == 0 and y1 % 2 == 0))


@pytest.mark.parametrize("name", ["yuv420p", "yuv444p12le", "gray", "gray10le", "rgb24", "rgba"])
@pytest.mark.parametrize("full_range", [False, True])
def test_grey_is_how_bright_a_colourless_picture_is(name, full_range):
    colour = Colour(0, True) if name.startswith("rgb") else Colour(BT709, full_range)
    for level in (0, 1, 100, 254, 255):
        if name.startswith("gray"):
            picture = flat_grey(name, level, colour)
        elif name.startswith("rgb"):
            pixels = np.full((24, 32, 4), level, np.uint8)
            picture = Picture.from_rgba(pixels) if name == "rgba" else Picture.from_rgb(np.ascontiguousarray(pixels[..., :3]))
        else:
            picture = flat(name, (level, level, level), colour)
        assert np.abs(picture.grey((2, 3, 17, 20)).astype(int) - level).max() <= 1
        assert picture.grey((2, 3, 17, 20)).shape == (17, 15)


def flat_grey(name, level, colour):
    layout = pixel_format(name)
    low, high = (0, 2**layout.depth - 1) if colour.full_range else (16 << layout.depth - 8, 235 << layout.depth - 8)
    _, planes = blank(layout, 32, 24)
    return Picture.from_planes((np.full_like(planes[0], round(low + (high - low) * level / 255)),), layout, colour)
