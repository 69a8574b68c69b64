"""Photos of every kind open upright, by their content, and what is no usable photo says so."""
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from talking_avatar.host.errors import InputError
from talking_avatar.media.open import open_source


def test_a_photo_is_a_source_of_one_frame(astronaut_photo):
    still = open_source(astronaut_photo)
    assert (still.is_still, still.n_frames, still.clock, still.sound) == (True, 1, None, None)
    assert (still.width, still.height) == (512, 512)
    frames = list(still.walk([0, 0, 0]))
    assert len(frames) == 3 and frames[0] is frames[2] is still.frame(0) is next(still.frames())
    assert np.array_equal(frames[0].picture.rgb(), np.asarray(Image.open(astronaut_photo)))
    with pytest.raises(IndexError):
        still.frame(1)


def test_a_jpeg_under_a_png_name_opens(tmp_path, samples):
    path = tmp_path / "photo.png"
    Image.fromarray(samples.moving_picture(0)).save(path, format="JPEG", quality=95)
    assert np.abs(open_source(path).frame(0).picture.rgb().astype(int) - samples.moving_picture(0)).mean() < 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_taken_sideways_stands_upright(tmp_path, orientation):
    upright = np.zeros((60, 40, 3), np.uint8)
    upright[:30, :20], upright[:30, 20:], upright[30:, :20] = (200, 30, 30), (30, 200, 30), (30, 30, 200)
    # How a camera stores what becomes upright by each EXIF orientation (EXIF 2.3, tag 0x0112).
    stored = {1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1], 5: upright.transpose(1, 0, 2),
              6: np.rot90(upright, 1), 7: np.rot90(upright, 2).transpose(1, 0, 2), 8: np.rot90(upright, -1)}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "photo.jpg"
    Image.fromarray(np.ascontiguousarray(stored)).save(path, quality=98, exif=exif)
    still = open_source(path)
    assert (still.width, still.height) == (40, 60)
    assert np.abs(still.frame(0).picture.rgb().astype(int) - upright).mean() < 6


def test_grey_of_16_bits_becomes_grey_of_8(tmp_path):
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    path = tmp_path / "grey16.png"
    Image.fromarray(ramp).save(path)
    picture = open_source(path).frame(0).picture
    assert picture.layout.name == "gray"
    assert np.abs(picture.rgb()[..., 1] - ramp / 257).max() <= 0.51


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "YCbCr", "LA", "RGBA", "PA", "F", "I"])
def test_every_mode_of_picture_opens(tmp_path, samples, mode):
    image = Image.fromarray(samples.moving_picture(0)).convert("L" if mode in ("F", "I") else "RGB").convert(
        {"LA": "RGBA", "PA": "RGBA"}.get(mode, mode)).convert(mode)
    path = tmp_path / "photo.tif"
    try:
        image.save(path)
    except OSError:
        path = path.with_suffix(".png")
        image.convert("RGBA").quantize(64).save(path)
    shown = open_source(path).frame(0).picture.rgb()
    truth = np.asarray(image.convert("L" if mode in ("F", "I") else "RGB").convert("RGB"))
    assert np.abs(shown.astype(int) - truth).mean() < 9


def test_transparency_is_kept(tmp_path, samples):
    pixels = np.dstack([samples.moving_picture(0), np.tile(np.arange(128, dtype=np.uint8), (96, 1))])
    picture = open_source(samples.write_photo(tmp_path / "see-through.png", pixels)).frame(0).picture
    assert np.array_equal(picture.alpha, pixels[..., 3])
    assert np.array_equal(picture.planes[0], pixels)
    assert np.abs(picture.rgb()[:, 0].astype(int) - 235).max() == 0, "nothing there: light grey"


def test_a_colour_named_transparent_in_a_palette_is_kept_as_alpha(tmp_path):
    image = Image.new("P", (20, 20), 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putpixel((3, 3), 1)
    image.save(tmp_path / "palette.gif", transparency=0)
    picture = open_source(tmp_path / "palette.gif").frame(0).picture
    assert picture.alpha[3, 3] == 255 and picture.alpha[0, 0] == 0


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "bmp", "tif", "gif", "ppm"])
def test_small_and_odd_sizes_open_in_every_format(tmp_path, ending):
    for size in [(16, 16), (21, 17), (1, 1)]:
        path = tmp_path / f"{size[0]}.{ending}"
        Image.new("RGB", size, (200, 100, 50)).save(path)
        still = open_source(path)
        assert (still.width, still.height) == size and still.is_still
        assert np.abs(still.frame(0).picture.rgb()[0, 0].astype(int) - (200, 100, 50)).max() <= 6


def test_the_second_page_of_a_tiff_is_not_motion(tmp_path, samples):
    pages = [Image.fromarray(samples.moving_picture(i)) for i in range(3)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    assert open_source(tmp_path / "pages.tif").is_still


@pytest.mark.parametrize(("ending", "options"), [("gif", {}), ("webp", {"lossless": True}), ("png", {})])
def test_animated_pictures_are_films(tmp_path, ending, options):
    pages = [Image.fromarray(np.full((20, 30, 3), 20 * i, np.uint8)) for i in range(12)]
    path = tmp_path / f"moving.{ending}"
    pages[0].save(path, save_all=True, append_images=pages[1:], duration=[40] * 12, **options)
    film = open_source(path)
    assert not film.is_still and film.n_frames == 12 and film.clock.is_even and film.clock.fps == 25
    for wanted, frame in zip([5, 4, 3, 11, 0, 0], film.walk([5, 4, 3, 11, 0, 0]), strict=True):
        assert frame.index == wanted and np.abs(frame.picture.rgb()[9, 9].astype(int) - 20 * wanted).max() <= 1


def test_an_animation_keeps_its_uneven_steps_and_its_transparency(tmp_path):
    pages = [Image.fromarray(np.dstack([np.full((20, 30, 3), 20 * i, np.uint8), np.full((20, 30), 128, np.uint8)])) for i in range(5)]
    path = tmp_path / "moving.webp"
    pages[0].save(path, save_all=True, append_images=pages[1:], duration=[40, 80, 120, 40, 40], lossless=True, exact=True)
    film = open_source(path)
    assert np.allclose(film.clock.times, [0, 0.04, 0.12, 0.24, 0.28])
    assert (film.frame(2).picture.alpha == 128).all()


def test_a_photo_can_be_shrunk(astronaut_photo):
    still = open_source(astronaut_photo, max_side=100)
    assert still.is_still and (still.width, still.height) == (100, 100) and still.clock is None
    assert still.frame(0).picture.rgb().shape == (100, 100, 3)
    assert open_source(astronaut_photo, fps=30).clock is None


def png_header(width, height):
    """A PNG that says it is width x height and holds nothing."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(8193, 100), (100, 9000), (60_000, 60_000)])
def test_pictures_that_are_too_large_are_refused_with_advice_before_they_are_read(tmp_path, size):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(*size))
    with pytest.raises(InputError, match="bomb.png.*larger than 8192.*shrink"):
        open_source(path)


def test_a_photo_that_breaks_off_is_refused_in_one_sentence(tmp_path, astronaut_photo):
    path = tmp_path / "half.png"
    path.write_bytes(astronaut_photo.read_bytes()[:20_000])
    with pytest.raises(InputError, match="half.png.*damaged or cut off"):
        open_source(path)


def test_a_heic_that_nobody_here_can_read_asks_for_a_jpeg(tmp_path):
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(struct.pack(">I", 24) + b"ftypheic" + b"\0\0\0\0mif1heic" + b"\0" * 400)
    with pytest.raises(InputError, match="HEIC.*jpg"):
        open_source(path)
