"""What LatentSync's chunks, noise and cost follow from: the film, never memory or a resume."""
import torch
from hypothesis import given
from hypothesis import strategies as st
from talking_avatar.engines.latentsync.chunks import LENGTH, chunks
from talking_avatar.engines.latentsync.cost import chunk_flops
from talking_avatar.engines.latentsync.noise import film_noise, frame_noise
from talking_avatar.engines.latentsync.settings import LatentSyncSettings


@given(start=st.integers(0, 50), length=st.integers(1, 200), how=st.sampled_from(["full", "published", "overlapping"]))
def test_chunks_use_every_frame_of_a_stretch_and_none_beside_it(start, length, how):
    made = chunks(start, start + length, how)
    used = [index for chunk in made for index in range(chunk.start, chunk.stop)]
    assert sorted(set(used)) == list(range(start, start + length))
    for chunk in made:
        assert set(range(chunk.start, chunk.stop)) <= set(chunk.frames) <= set(range(start, start + length))
        assert len(chunk.frames) <= LENGTH if how == "published" else len(chunk.frames) == LENGTH
    if how != "overlapping":
        assert len(used) == length
    assert [chunk.start for chunk in made] == sorted({chunk.start for chunk in made})
    assert all(one.stop < other.stop for one, other in zip(made, made[1:], strict=False))


@given(seed=st.integers(0, 2**53), index=st.integers(0, 10**6))
def test_noise_follows_from_seed_and_frame_alone(seed, index):
    masked, whole = frame_noise(seed, index, 8)
    again, _ = frame_noise(seed, index, 8)
    assert torch.equal(masked, again) and not torch.equal(masked, whole)
    assert not torch.equal(frame_noise(seed, index + 1, 8)[0], masked)
    assert not torch.equal(film_noise(seed, 8), masked)


def test_the_published_cost_is_saved_on_and_falls_with_step_caching():
    per_second = {size: chunk_flops(LatentSyncSettings(resolution=size)) * 25 / 16 / 1e12 for size in (256, 512)}
    assert 268 < per_second[256] < 282 and 1159 < per_second[512] < 1220
    cached = {size: chunk_flops(LatentSyncSettings(resolution=size, whole_every=3)) * 25 / 16 / 1e12 for size in (256, 512)}
    assert cached[256] < 128 and cached[512] < 557
