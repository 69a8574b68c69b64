"""The live picture of a mouth has no holes where the patch shows nothing."""
import numpy as np
from talking_avatar.compose.patch import FacePatch
from talking_avatar.nodes.patch_picture import patch_picture

PLACE = np.array([[1, 0, 0], [0, 1, 0]], np.float64)


def test_what_the_mask_does_not_show_takes_the_colours_beside_it():
    pixels, mask = np.zeros((40, 60, 3), np.uint8), np.zeros((40, 60), np.uint8)
    pixels[10:30, 20:40], mask[10:30, 20:40] = (200, 150, 120), 255
    shown = patch_picture(FacePatch(0, pixels, PLACE, mask))
    assert np.array_equal(shown[mask > 0], pixels[mask > 0])
    assert np.abs(shown[12:28, 14:46].astype(int) - (200, 150, 120)).max() <= 2


def test_a_raw_crop_is_shown_as_it_is():
    pixels = np.full((8, 8, 3), 7, np.uint8)
    assert patch_picture(FacePatch(0, pixels, PLACE)) is pixels
