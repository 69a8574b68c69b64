"""Find every face in a picture with BlazeFace.

Pre- and post-processing follow MediaPipe's face detection graphs (letterbox, anchors, weighted non-maximum suppression: Bazarevsky et
al. 2019, arXiv:1907.05047, section 3.4).
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import torch

from ..models.mediapipe import blaze_face_back, blaze_face_full, blaze_face_short
from ..models.mediapipe.load import load_network
from .region import Region, region_of_box

MIN_SCORE = 0.5
_MERGE_OVERLAP = 0.3
_NETWORKS = {"short": blaze_face_short, "full": blaze_face_full, "back": blaze_face_back}


@dataclass(frozen=True)
class Detection:
    """box: float32 x0, y0, x1, y1. points: float32 [6, 2]: the person's right eye, left eye, nose tip, mouth, right ear, left ear.
    Both in picture pixels. score: 0.5 .. 1."""

    box: np.ndarray
    points: np.ndarray
    score: float

    @property
    def side(self) -> float:
        """The longer side of the box."""
        return float(max(self.box[2] - self.box[0], self.box[3] - self.box[1]))

    @property
    def centre(self) -> np.ndarray:
        return (self.box[:2] + self.box[2:]) / 2

    @property
    def region(self) -> Region:
        """Where the mesh shall look."""
        return region_of_box(self.box, self.points[0], self.points[1])


def detect(rgb: np.ndarray, network: str) -> list[Detection]:
    """The faces one network ("short", "full" or "back") finds in uint8 RGB [H, W, 3], largest first.

    Raises MissingModel if the network is not there."""
    size = _NETWORKS[network].SIZE
    square, (across, down, left, top) = letterbox(rgb, size)
    boxes, logits = run_detector(square, network)
    faces, scores = merge(*decode(boxes, logits, network))
    faces = (faces * size - (left, top)) / (across, down)
    found = [Detection(face[:2].ravel().astype(np.float32), face[2:].astype(np.float32), float(score))
             for face, score in zip(faces, scores, strict=True)]
    return sorted(found, key=lambda face: face.side, reverse=True)


def run_detector(square: np.ndarray, network: str) -> tuple[np.ndarray, np.ndarray]:
    """uint8 RGB [size, size, 3] -> (regressors float32 [anchors, 16], logits float32 [anchors])."""
    with torch.inference_mode():
        pixels = torch.from_numpy(square).permute(2, 0, 1)[None].float().div_(127.5).sub_(1)
        boxes, logits = load_network(network)(pixels)
    return boxes[0].numpy(), logits[0].numpy()


def letterbox(rgb: np.ndarray, size: int) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """The picture in the middle of a black square: (uint8 [size, size, 3], (square pixels per picture pixel across and down, width
    of the bar on the left and above in square pixels)). Shrunk by area averaging: plain bilinear sampling would alias."""
    height, width = rgb.shape[:2]
    scale = size / max(height, width)
    inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (size - inner_width) // 2, (size - inner_height) // 2
    square = np.zeros((size, size, 3), np.uint8)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square[top : top + inner_height, left : left + inner_width] = cv2.resize(rgb, (inner_width, inner_height), interpolation=way)
    return square, (inner_width / width, inner_height / height, left, top)


@lru_cache(maxsize=3)
def anchors(network: str) -> np.ndarray:
    """float32 [anchors, 2]: centres of the cells in fractions of the square, row by row, the anchors of a cell together."""
    module = _NETWORKS[network]
    grids = []
    for stride, per_cell in module.ANCHORS:
        cells = module.SIZE // stride
        middles = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        y, x = np.meshgrid(middles, middles, indexing="ij")
        grids.append(np.repeat(np.stack([x.ravel(), y.ravel()], 1), per_cell, axis=0))
    return np.concatenate(grids)


def decode(boxes: np.ndarray, logits: np.ndarray, network: str) -> tuple[np.ndarray, np.ndarray]:
    """Network outputs -> (float32 [n, 8, 2]: box corners, then the six points, in fractions of the square; scores [n]), only
    those above MIN_SCORE."""
    scores = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -100, 100)))
    sure = scores > MIN_SCORE
    numbers = boxes[sure].reshape(-1, 8, 2) / _NETWORKS[network].SIZE
    centres = anchors(network)[sure]
    half = numbers[:, 1] / 2
    faces = numbers + centres[:, None]
    faces[:, 0], faces[:, 1] = numbers[:, 0] + centres - half, numbers[:, 0] + centres + half
    proper = (half > 0).all(1)
    return faces[proper], scores[sure][proper]


def merge(faces: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One face each: the best one and all that overlap it by more than 0.3 become their mean, weighted by score, under the best
    score; then the same with the rest."""
    merged, best_scores = [], []
    left = np.argsort(-scores)
    while len(left):
        near = overlap(faces[left[0], :2].reshape(4), faces[left][:, :2].reshape(-1, 4)) > _MERGE_OVERLAP
        members = left[near]
        merged.append(np.average(faces[members], axis=0, weights=scores[members]))
        best_scores.append(scores[left[0]])
        left = left[~near]
    return np.array(merged, np.float32).reshape(-1, 8, 2), np.array(best_scores, np.float32)


def overlap(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of box [4] with each of boxes [N, 4] (x0, y0, x1, y1)."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return shared / np.maximum(areas + np.prod(box[2:] - box[:2]) - shared, 1e-12)
