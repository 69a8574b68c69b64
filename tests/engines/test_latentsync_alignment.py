"""LatentSync's alignment, crop, mask and paste-back give the published numbers."""
import cv2
import numpy as np
import pytest
import torch
from talking_avatar.engines.latentsync.alignment import face_affines
from talking_avatar.engines.latentsync.crop import cropped, resized_face, restored
from talking_avatar.engines.latentsync.mask import face_mask, latent_mask

BROWS = [43, 48, 49, 51, 50], [101, 102, 103, 104, 105]
NOSE = [74, 77, 83, 86]


def published_points(landmarks):
    """float32 [F, 3, 2] of 106 landmarks, rounded to whole pixels as in the published code."""
    return np.stack([landmarks[:, part].astype(np.float64).mean(1).round() for part in (*BROWS, NOSE)], 1).astype(np.float32)


def published_paste(picture, face, affine):
    """uint8 [H, W, 3]: the whole published picture, truncated."""
    made = restored(face, affine, picture.shape[1::-1])
    x0, y0, x1, y1 = made.box
    out, share = picture.astype(np.float32), made.share[..., None]
    out[y0:y1, x0:x1] = share * made.pixels + (1 - share) * out[y0:y1, x0:x1]
    return out.astype(np.uint8)


def assert_nearly(made, golden, most=2, often=0.05):
    assert made.shape == golden.shape
    off = np.abs(made.astype(int) - golden)
    assert off.max() <= most and (off > 0).mean() <= often, (off.max(), (off > 0).mean())


def face_of_test(number, size):
    x, y = np.arange(size)[None] / size, np.arange(size)[:, None] / size
    blue = np.where((x - .5)**2 + (y - .6)**2 < .05, -1, .7)
    return torch.from_numpy(np.stack([1.1 * np.sin(6 * x + number) + 0 * y, 1.1 * np.cos(5 * y + 2 * x), blue]).astype(np.float32))


@pytest.mark.parity("latentsync_align")
def test_parity_latentsync_align(golden, parity):
    arrays = golden.arrays
    for case in sorted(name.removeprefix("in_frames_") for name in arrays if name.startswith("in_frames_")):
        frames, size = arrays[f"in_frames_{case}"], golden.config["cases"][case]["resolution"]
        points = published_points(arrays[f"in_landmarks106_{case}"])
        assert np.array_equal(points, arrays[f"mid_landmarks3_{case}"])
        affines = face_affines(points, size)
        assert np.abs(affines - arrays[f"out_affine_{case}"]).max() <= 1e-3
        crops = np.stack([cropped(frame, affine, size) for frame, affine in zip(frames, affines, strict=True)])
        step = -(-crops.shape[1] // arrays[f"out_crop_{case}"].shape[1])
        assert_nearly(crops[:, ::step, ::step], arrays[f"out_crop_{case}"])
        squares = np.stack([cv2.resize(crop, (size, size), interpolation=cv2.INTER_LANCZOS4) for crop in crops]).transpose(0, 3, 1, 2)
        kept = arrays[f"out_face_{case}"]
        assert_nearly(squares[:len(kept), :, ::size // kept.shape[-1], ::size // kept.shape[-1]], kept)
        faces = [face_of_test(number, size) for number in range(len(frames))]
        resized = torch.stack([resized_face(face, size) for face in faces])
        parity.assert_close(resized[:, :, ::8, ::8], arrays[f"mid_face_resized_{case}"])
        pasted = [published_paste(*one) for one in zip(frames, faces, affines, strict=True)]
        assert_nearly(np.stack(pasted), arrays[f"out_restored_{case}"])
    for size in (256, 512):
        if f"out_mask_{size}" in arrays:
            assert np.array_equal(np.round(face_mask(size) * 255), arrays[f"out_mask_{size}"])
            assert np.array_equal(latent_mask(size), arrays[f"out_mask_latent_{size}"].astype(np.float32))
