"""The embedded engine: it needs no download and runs on any machine. Films speak by their own mouths, photos are bent."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...compose.patch import FacePatch
from ...host.progress import Progress, Silent
from ...speech.drive import mouth_curves
from ...speech.mouth import MouthCurves
from ..engine import Take, register
from .settings import EmbeddedSettings


@register("embedded")
class EmbeddedEngine:
    """Mouths without a checkpoint; see `film` and `photo`."""

    name = "embedded"
    title = "Embedded: films by their own mouths, photos bent; no download, any machine"
    licence = "Apache-2.0"
    settings_type = EmbeddedSettings

    def patches(self, take: Take, settings: EmbeddedSettings, progress: Progress, first: int = 0) -> Iterator[FacePatch]:
        """Patches from frame `first` on, in rising order; frames without a face get none. Raises InputError for a sound without samples,
        Cancelled when the user stops."""
        curves = output_curves(take, progress)
        if take.avatar.source.is_still:
            from .photo import photo_patches

            return photo_patches(take, curves, settings, progress, first)
        from .film import film_patches

        return film_patches(take, curves, settings, progress, first)


def output_curves(take: Take, progress: Progress | None = None) -> MouthCurves:
    """The mouth's curves of a take, a row for each output frame."""
    return mouth_curves(take.speech, progress).at(take.timeline.times())


def driving_curve(take: Take, settings: EmbeddedSettings) -> np.ndarray:
    """float32 [n]: the opening |13-14|/|10-152| that the engine aims at on each output frame, for judging what came out; NaN where
    there is no face."""
    curves = output_curves(take, Silent())
    if take.avatar.source.is_still:
        from .photo import intended_opening

        return intended_opening(take, curves, settings)
    from .film_plan import wished_openings

    return wished_openings(take, curves, settings.mouth, Silent())
