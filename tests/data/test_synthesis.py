"""Laws of noises made out of nothing."""

from __future__ import annotations

import numpy as np
import pytest

from vad.data.synthesis import synthetic_noise

RATE = 16000


@pytest.mark.parametrize("n_samples", [1600, 48_000])
def test_every_track_is_finite_and_as_long_as_asked(n_samples: int) -> None:
    for seed in range(40):
        track = synthetic_noise(n_samples, RATE, np.random.default_rng(seed))
        assert track.shape == (n_samples,) and track.dtype == np.float32
        assert np.isfinite(track).all()


def test_a_track_depends_on_its_seed_alone() -> None:
    once, again, other = (synthetic_noise(RATE, RATE, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(once, again) and not np.array_equal(once, other)


def test_tracks_differ_in_kind_and_most_sound() -> None:
    tracks = [synthetic_noise(5 * RATE, RATE, np.random.default_rng(seed)) for seed in range(80)]
    levels = [float(np.abs(track).max()) for track in tracks]
    assert np.mean(np.array(levels) > 0) > 0.9
    sounding = [np.mean(np.abs(track) > 0.01 * level) for track, level in zip(tracks, levels, strict=True) if level > 0]
    assert min(sounding) < 0.15 and max(sounding) > 0.8  # from single drops to noise without end
