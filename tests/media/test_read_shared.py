"""Real films, photos and sounds, where the folder of test media is at hand: opened, counted, walked."""
import zlib

import av
import numpy as np
from talking_avatar.media.open import open_sound, open_source


def fingerprint(luma: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(luma[::2]))


def plain_decode(path) -> tuple[list[float], list[int]]:
    """Time stamp and fingerprint of every frame, by FFmpeg alone."""
    stamps, prints = [], []
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            luma = np.frombuffer(frame.planes[0], np.uint8).reshape(frame.height, -1)[:, : frame.width]
            stamps.append(float(frame.pts * frame.time_base))
            prints.append(fingerprint(np.rot90(luma, frame.rotation // 90)))
    return stamps, prints


def test_a_real_film_is_what_a_plain_decode_gives_forward_backward_and_by_jumps(shared_film):
    film = open_source(shared_film)
    stamps, prints = plain_decode(shared_film)
    n = len(stamps)
    assert film.n_frames == n
    assert max(abs(float(film.clock.time(i)) - (stamp - stamps[0])) for i, stamp in enumerate(stamps)) <= 0.001
    order = [*range(20), n // 3, *range(n - 1, n - 12, -1), n // 2]
    for wanted, frame in zip(order, film.walk(order), strict=True):
        assert frame.index == wanted and fingerprint(frame.picture.planes[0]) == prints[wanted]
        assert (frame.picture.width, frame.picture.height) == (film.width, film.height)
    assert not film.status.repeated


def test_a_real_films_sound_has_its_length(shared_film):
    sound = open_source(shared_film).sound
    if sound is not None:
        with av.open(str(shared_film)) as container:
            said = container.streams.audio[0].duration * container.streams.audio[0].time_base
        assert abs(sound.seconds - said) <= 0.05
        assert abs(sound.start) < 0.1


def test_a_real_photo_opens_upright(shared_photo):
    still = open_source(shared_photo)
    shown = still.frame(0).picture.rgb()
    assert shown.shape == (still.height, still.width, 3) and shown.std() > 10
    if "exif6" in shared_photo.name:
        assert (still.width, still.height) == (384, 576)


def test_a_real_sound_opens_and_has_its_samples(shared_sound):
    sound = open_sound(shared_sound)
    heard = np.concatenate(list(sound.blocks(1.0)), axis=1)
    assert heard.shape == (sound.channels, sound.n_samples)
    assert np.abs(heard).max() <= 1.2 and (heard.any() or "silence" in shared_sound.name)
    assert len(np.concatenate(list(sound.mono(16000)))) == round(sound.n_samples * 16000 / sound.rate)
