"""Lay the mouths into the film."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing

import numpy as np

from ..host.device import one_picture_thread
from ..host.progress import Progress
from ..media.film import Frame, FrameSource
from ..media.picture import Picture
from ..media.timeline import Timeline
from .cut import covered, shifted, warped, warped_mask, whole_shift
from .dress import Dressing
from .patch import FacePatch
from .together import together


def composite(source: FrameSource, timeline: Timeline, patches: Iterable[FacePatch], progress: Progress,
              dressing: Dressing | None = None, first: int = 0, stop: int | None = None) -> Iterator[Frame]:
    """Frames first .. stop-1 of the result in order, `Frame.index` being the number of the output frame.

    patches come in rising order of index; several with one index (several persons) are laid in their order. A frame without a patch
    is the source's own picture, untouched. dressing: makes raw crops (patches without a mask) presentable. Memory: a few frames,
    however long the film; the same frames come out whatever part is asked for.

    Raises InputError for a patch out of order or beyond the timeline, Cancelled when the user stops."""
    with one_picture_thread(), closing(together(source, timeline, patches, first, stop)) as pairs:
        for index, frame, laid in pairs:
            progress.check()
            picture = frame.picture
            for patch in laid:
                picture = lay(picture, patch if dressing is None else dressing.dressed(frame, patch, progress))
            yield Frame(index, picture)


def lay(picture: Picture, patch: FacePatch | None) -> Picture:
    """The picture with one masked patch in it: laid as it is when its affine is a whole-pixel move, else resampled once. The picture
    itself where there is nothing to see."""
    if patch is None or not _is_seen(patch):
        return picture
    place = whole_shift(patch.affine)
    if place is not None:
        return picture.pasted(patch.pixels, patch.mask, *place)
    edges = covered(patch.affine, patch.pixels.shape[1::-1])
    x0, y0 = (int(np.clip(np.floor(edge), 0, side)) for edge, side in zip(edges[:2], (picture.width, picture.height), strict=True))
    x1, y1 = (int(np.clip(np.ceil(edge), 0, side)) for edge, side in zip(edges[2:], (picture.width, picture.height), strict=True))
    if x0 == x1 or y0 == y1:
        return picture
    affine, size = shifted(patch.affine, -x0, -y0), (x1 - x0, y1 - y0)
    return picture.pasted(warped(patch.pixels, affine, size), warped_mask(patch.mask, affine, size), x0, y0)


def _is_seen(patch: FacePatch) -> bool:
    if patch.mask is None:
        raise ValueError(f"Patch {patch.index} is a raw crop without a mask; give `composite` a Dressing for it.")
    return bool(patch.mask.any())
