"""A photo's lips are found in its pixels, and what is painted between them fits the picture."""
import cv2
import numpy as np
import pytest
from skimage import data
from talking_avatar.engines.embedded.inner_mouth import (
    MouthPlace,
    inside_matte,
    paint_depth,
    paint_lower_teeth,
    paint_upper_teeth,
    read_mouth_look,
)
from talking_avatar.engines.embedded.lip_line import find_lip_lines
from talking_avatar.engines.embedded.mouth_fields import NUMBERS, make_mouth_fields
from talking_avatar.engines.embedded.photo_face import LOWER_INNER, LOWER_OUTER, UPPER_INNER, UPPER_OUTER, PhotoFace, cut_face
from talking_avatar.engines.embedded.photo_grid import Grid, thin_plate
from talking_avatar.engines.embedded.photo_render import PhotoPose, render_pose, rig_photo
from talking_avatar.faces.follow import track_faces
from talking_avatar.faces.settings import TrackSettings
from talking_avatar.host.progress import Silent
from talking_avatar.media.open import open_source


@pytest.fixture(scope="module")
def landmarks(astronaut_photo) -> np.ndarray:
    return track_faces(open_source(astronaut_photo), TrackSettings(), Silent()).landmarks[0]


@pytest.fixture(scope="module")
def face(landmarks) -> PhotoFace:
    return cut_face(data.astronaut(), landmarks)


def drawn_face(landmarks: np.ndarray, offset: float, lip=(190, 110, 105), line=(90, 40, 38)) -> tuple[PhotoFace, float]:
    """A flat face of the astronaut's shape, four times as large, its lips shut along a dark line that lies `offset` face heights
    below where the mesh has it."""
    points = 4 * np.array(landmarks, np.float64)
    middle = (points[list(UPPER_INNER), :2] + points[list(LOWER_INNER), :2]) / 2
    points[list(UPPER_INNER), :2] = points[list(LOWER_INNER), :2] = middle
    height = np.linalg.norm(points[10, :2] - points[152, :2])
    picture = np.full((1200, 2048, 3), (214, 172, 150), np.uint8)
    down = (points[152, :2] - points[10, :2]) / height
    moved = middle + offset * height * down
    swollen = np.concatenate([moved - 0.045 * height * down, (moved + 0.06 * height * down)[::-1]])
    cv2.fillPoly(picture, [swollen.round().astype(np.int32)], lip, cv2.LINE_AA)
    cv2.polylines(picture, [moved.round().astype(np.int32)], False, line, 5, cv2.LINE_AA)
    return cut_face(cv2.GaussianBlur(picture, (0, 0), 2), points), height


def test_teeth_between_the_lips_are_seen_and_enclosed(face):
    lines = find_lip_lines(face)
    assert lines.parted and lines.toothed > 0.7 and 0.04 < lines.gap / face.height < 0.08
    assert (lines.lower >= lines.upper - 1e-9).all() and (np.diff(lines.along) > 0).all()
    places = face.place(lines.along[20:41], lines.middle[20:41]).round().astype(int)
    assert face.pixels[places[:, 1], places[:, 0]].mean() > 170


@pytest.mark.parametrize("offset", [-0.018, 0.0, 0.02])
def test_shut_lips_are_found_where_they_are_not_where_the_mesh_has_them(landmarks, offset):
    drawn, height = drawn_face(landmarks, offset)
    lines = find_lip_lines(drawn)
    assert not lines.parted and lines.gap == 0
    mesh = np.interp(lines.along, *drawn.along(drawn.flat[list(UPPER_INNER)]).T)
    assert np.abs(lines.middle - mesh - offset * height)[6:-6].max() < 0.006 * height


def test_a_grin_that_shuts_shows_no_tooth(face):
    """Teeth: light and hardly redder than grey, between the outer lips."""
    pose = PhotoPose(np.zeros(len(NUMBERS), np.float32), 0.0, np.zeros(6, np.float32), 0.0, np.zeros(2, np.float32))
    pose.numbers[NUMBERS.index("shut")] = 1
    shut, _ = render_pose(rig_photo(face, ()), pose)
    within = np.zeros(shut.shape[:2], np.uint8)
    cv2.fillPoly(within, [face.flat[[*UPPER_OUTER, *LOWER_OUTER[::-1]]].round().astype(np.int32)], 1)
    teeth = [int(((lab[..., 0] > 190) & (lab[..., 1] < 134) & (within > 0)).sum())
             for lab in (cv2.cvtColor(one, cv2.COLOR_RGB2LAB) for one in (face.pixels, shut))]
    assert teeth[0] > 60 and teeth[1] < 0.1 * teeth[0]


def test_fields_are_zero_at_the_edge_of_the_crop(face):
    grid = Grid(face.pixels.shape[1], face.pixels.shape[0])
    fields = make_mouth_fields(face, find_lip_lines(face), grid)
    for layer in (fields.upper, fields.lower):
        planes = layer.reshape(len(NUMBERS), grid.rows, grid.columns, 2)
        assert max(np.abs(edge).max() for edge in (planes[:, 0], planes[:, -1], planes[:, :, 0], planes[:, :, -1])) < 1e-6


@pytest.mark.parametrize("grey", [False, True])
def test_what_is_painted_fits_the_picture(face, grey):
    pixels = np.repeat(cv2.cvtColor(face.pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, -1) if grey else face.pixels
    look = read_mouth_look(pixels, face.flat, face.height)
    t, a = np.mgrid[-20:30, -40:41].astype(np.float32)
    place = MouthPlace(a, t, np.full_like(a, -10), np.full_like(a, 20), np.full_like(a, -9), 180.0, (-30.0, 30.0), (-36.0, 36.0))
    for tongue in (0.0, 1.0):
        inside = paint_depth(place, look, 30 / 180, tongue)
        paint_lower_teeth(inside, place, look, np.full_like(a, 14), 0.8, 0.9)
        paint_upper_teeth(inside, place, look, 1.0)
        assert np.isfinite(inside).all() and inside.min() >= 0 and inside.max() <= 255
        assert inside[12, 40].mean() > 1.5 * inside[24, 40].mean(), "teeth above are lighter than the depth below"
        if grey:
            assert np.ptp(inside, axis=-1).max() < 30
        else:
            assert inside[36, 40, 0] > inside[36, 40, 2], "the depth is red"
    matte = inside_matte(place, 1.0, (-30.0, 30.0), 2.0)
    assert matte[15, 40] == 1 and not matte[:8].any() and not matte[:, :9].any()


def test_a_faded_picture_gets_no_deeper_dark_between_its_lips_than_it_has(face):
    faded = np.uint8(np.round(90 + face.pixels * (165 / 255)))
    assert read_mouth_look(faded, face.flat, face.height).cavity.mean() >= 85
    assert read_mouth_look(face.pixels, face.flat, face.height).cavity.mean() < 70


def test_a_spline_goes_through_its_points():
    random = np.random.default_rng(0)
    points, values = random.uniform(-1, 1, (60, 2)), random.normal(size=(60, 2))
    np.testing.assert_allclose(thin_plate(points, values, points, 1e-9), values, atol=1e-4)
    plane = points @ [[2.0], [3.0]] + 1
    np.testing.assert_allclose(thin_plate(points, plane, 3 * points, 0.1), 3 * points @ [[2.0], [3.0]] + 1, atol=1e-6)


def colour_of_teeth(skin: tuple[int, int, int]) -> np.ndarray:
    """Lab (lightness, a, b) of the teeth in a picture of one colour of skin."""
    points = np.full((468, 2), 60.0)
    look = read_mouth_look(np.full((120, 120, 3), skin, np.uint8), points, 100.0)
    return cv2.cvtColor(np.uint8([[np.clip(look.tooth, 0, 255)]]), cv2.COLOR_RGB2LAB)[0, 0].astype(int) - [0, 128, 128]


def test_teeth_in_daylight_are_whiter_than_skin_and_under_varnish_yellow_with_it():
    day, varnished = colour_of_teeth((214, 172, 150)), colour_of_teeth((190, 150, 84))
    skin, varnished_skin = (cv2.cvtColor(np.uint8([[one]]), cv2.COLOR_RGB2LAB)[0, 0].astype(int) - [0, 128, 128]
                            for one in ((214, 172, 150), (190, 150, 84)))
    assert 0 < day[2] < 0.85 * skin[2] and day[1] < 0.5 * skin[1]
    assert 0.85 * varnished_skin[2] < varnished[2] <= varnished_skin[2]
