"""Fitting: the network by gradient descent, the linear map by ridge regression."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from talking_avatar.models.mouth_net import BANDS, ROWS_AHEAD, ROWS_BEFORE, MouthNet
from torch.nn import functional

from .dataset import Dataset

WINDOW = 200
"""Output rows (20 ms each) of one training window."""


@dataclass(frozen=True)
class Recipe:
    """How a network is trained. correlation, closure, width: weights of these losses beside the squared error of the opening.
    disturb: strength of the disturbance of the inputs, 0 none .. 1."""

    steps: int = 1500
    batch: int = 24
    rate: float = 3e-3
    correlation: float = 0.1
    closure: float = 0.1
    width: float = 0.2
    disturb: float = 1.0
    seed: int = 0


def fitted_network(sets: Sequence[Dataset], recipe: Recipe, start: MouthNet | None, report: Callable[[str], None]) -> MouthNet:
    """A network trained on all sets, each drawn equally often; the running mean of its weights. start: weights to begin with, if any.
    report: gets a line every 250 steps."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    held = [(torch.from_numpy(part.inputs(recipe.seed)), torch.from_numpy(part.targets), part.ends) for part in sets]
    net = deepcopy(start) if start else MouthNet()
    mean = deepcopy(net).eval()
    net.train()
    optimizer = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, total_steps=recipe.steps, pct_start=0.1)
    lately = []
    for step in range(recipe.steps):
        rows, wanted = _batch(held, recipe.batch, rng)
        loss = _loss(net(_disturbed(rows, recipe.disturb)), wanted, recipe)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        decay = min(0.995, step / (step + 10))
        with torch.no_grad():
            for slow, fast in zip(mean.parameters(), net.parameters(), strict=True):
                slow.lerp_(fast, 1 - decay)
        lately.append(loss.item())
        if (step + 1) % 250 == 0:
            report(f"step {step + 1}: loss {np.mean(lately[-250:]):.4f}")
    return mean


@dataclass(frozen=True)
class LinearMap:
    """weights: float32 [1 + 25 * moments, outputs], the first row the bias. moments: input rows from the present."""

    weights: np.ndarray
    moments: tuple[int, ...]

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """float32 [rows, 25] -> float32 [(rows + 1) // 2, outputs] at 50 rows a second."""
        return _moments(inputs, self.moments) @ self.weights


def fitted_map(sets: Sequence[Dataset], moments: tuple[int, ...], strength: float = 3000.0, seed: int = 0) -> LinearMap:
    """Ridge regression of all four targets on the inputs at several moments, every set counting alike."""
    normal, right = 0.0, 0.0
    for part in sets:
        inputs = part.inputs(seed)
        for span in part.copies():
            seen, wanted = _moments(inputs[span], moments), part.targets[span.start // 2:span.stop // 2]
            normal = normal + seen.T @ seen / len(inputs)
            right = right + seen.T @ wanted / len(inputs)
    damping = np.eye(len(normal)) * strength / sum(len(part.energies) for part in sets)
    damping[0, 0] = 0
    return LinearMap(np.linalg.solve(normal + damping, right).astype(np.float32), moments)


def _moments(inputs: np.ndarray, moments: tuple[int, ...]) -> np.ndarray:
    rows = np.arange(0, len(inputs), 2)
    seen = [inputs[np.clip(rows + ahead, 0, len(inputs) - 1)] for ahead in moments]
    return np.concatenate([np.ones((len(rows), 1)), *seen], axis=1)


def _batch(held: list, size: int, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """inputs [size, 25, rows] and targets [size, 4, WINDOW] of windows that lie wholly in one copy, drawn from all sets alike."""
    rows, wanted = [], []
    for _ in range(size):
        inputs, targets, ends = held[rng.integers(len(held))]
        copy = int(rng.integers(len(ends)))
        first, last = int(ends[copy - 1]) // 2 if copy else 0, int(ends[copy]) // 2
        start = int(rng.integers(first + ROWS_BEFORE // 2 + 1, last - WINDOW - ROWS_AHEAD // 2))
        rows.append(inputs[2 * start - ROWS_BEFORE:2 * (start + WINDOW) - 1 + ROWS_AHEAD].T)
        wanted.append(targets[start:start + WINDOW].T)
    return torch.stack(rows), torch.stack(wanted)


def _disturbed(rows: torch.Tensor, strength: float) -> torch.Tensor:
    """Inputs as other voices would give them: bands moved up or down, gained, shaken, and some blotted out."""
    if strength == 0:
        return rows
    size, n = rows.shape[0], rows.shape[2]
    stretch, shift = strength * (2 * torch.rand(2, size, 1) - 1)
    bands = (torch.arange(BANDS)[None] * (1 + 0.08 * stretch) + 0.8 * shift).clamp(0, BANDS - 1.001)
    low = bands.long()
    share = (bands - low)[..., None]
    wide = low[..., None].expand(-1, -1, n)
    warped = rows.gather(1, wide) * (1 - share) + rows.gather(1, wide + 1) * share
    warped = warped * (1 + strength * 0.2 * torch.randn(size, 1, 1)) + strength * 0.3 * torch.randn(size, BANDS, 1)
    warped = warped + strength * 0.2 * torch.randn(size, BANDS, n)
    start, width = torch.randint(0, BANDS, (size, 1)), torch.randint(0, 5, (size, 1))
    place = torch.arange(BANDS)[None]
    blotted = ((place >= start) & (place < start + width) & (torch.rand(size, 1) < strength * 0.6))[..., None]
    return torch.cat([warped.masked_fill(blotted, 0.0), rows[:, BANDS:]], dim=1)


def _loss(made: torch.Tensor, wanted: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    error = functional.mse_loss(made[:, 0], wanted[:, 0])
    one, other = (part - part.mean(1, keepdim=True) for part in (made[:, 0], wanted[:, 0]))
    r = (one * other).sum(1) / ((one * one).sum(1) * (other * other).sum(1) + 1e-4).sqrt()
    shut = functional.binary_cross_entropy_with_logits(made[:, 3], wanted[:, 3], pos_weight=torch.tensor(2.0))
    wide = functional.mse_loss(made[:, 1], wanted[:, 1]) + functional.mse_loss(made[:, 2], wanted[:, 2])
    return error + recipe.correlation * (1 - r.mean()) + recipe.closure * shut + recipe.width * wide
