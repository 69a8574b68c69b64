"""Walk the film and the patches together and lay each patch into its frame."""
from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ..faces.track import FaceTrack
from ..host.errors import InputError
from ..host.progress import Progress
from ..media.film import Frame, FrameSource
from ..media.picture import Picture
from ..media.timeline import Timeline
from .cut import covered, shifted, warped, warped_mask, whole_shift
from .patch import FacePatch


def composite(source: FrameSource, timeline: Timeline, patches: Iterable[FacePatch], progress: Progress,
              track: FaceTrack | None = None) -> Iterator[Frame]:
    """The frames of the result in order, `Frame.index` being the number of the output frame.

    patches come in rising order of index; several with one index (several persons) are laid in their order. A frame without a patch
    is the source's own picture, untouched. Memory: a few frames, however long the film.

    Raises InputError for a patch out of order or beyond the timeline, Cancelled when the user stops."""
    for frame, laid in together(source, timeline, patches):
        progress.check()
        picture = frame.picture
        for patch in laid:
            picture = lay(picture, patch)
        yield Frame(frame.index, picture)


def together(source: FrameSource, timeline: Timeline, patches: Iterable[FacePatch]) -> Iterator[tuple[Frame, list[FacePatch]]]:
    """Every output frame with its patches (mostly one or none). Frame.index is the number of the output frame."""
    rest = iter(patches)
    waiting = _checked(next(rest, None), -1, timeline)
    for index, frame in enumerate(source.walk(int(k) for k in timeline.source)):
        laid = []
        while waiting is not None and waiting.index == index:
            laid.append(waiting)
            waiting = _checked(next(rest, None), index, timeline)
        yield Frame(index, frame.picture), laid


def lay(picture: Picture, patch: FacePatch) -> Picture:
    """The picture with one masked patch in it: laid as it is when its affine is a whole-pixel move, else resampled once."""
    if patch.mask is None:
        raise ValueError("A raw crop has to be dressed before it is laid.")
    if not patch.mask.any():
        return picture
    place = whole_shift(patch.affine)
    if place is not None:
        return picture.pasted(patch.pixels, patch.mask, *place)
    size = patch.pixels.shape[1::-1]
    x0, y0, x1, y1 = covered(patch.affine, size)
    box = np.clip([np.floor(x0), np.floor(y0), np.ceil(x1), np.ceil(y1)], 0, [picture.width, picture.height] * 2).astype(int)
    width, height = int(box[2] - box[0]), int(box[3] - box[1])
    if width == 0 or height == 0:
        return picture
    affine = shifted(patch.affine, -box[0], -box[1])
    mask = warped_mask(patch.mask, affine, (width, height))
    return picture.pasted(warped(patch.pixels, affine, (width, height)), mask, int(box[0]), int(box[1]))


def _checked(patch: FacePatch | None, before: int, timeline: Timeline) -> FacePatch | None:
    """The patch, if it may come after one of frame `before`."""
    if patch is None:
        return None
    if patch.index < before:
        raise InputError(f"The mouths came out of order: frame {patch.index} after frame {before}; make them anew.")
    if patch.index >= timeline.n_frames:
        raise InputError(f"There is a mouth for frame {patch.index}, but the film to be made has {timeline.n_frames} frames: "
                         "use the speech and film the mouths were made for.")
    return patch
