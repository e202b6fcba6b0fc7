"""Laws of calls, sirens and engines made out of nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from vad.data.calls import call, engine, siren

RATE = 16000


@pytest.mark.parametrize("make", [siren, engine])
def test_tracks_are_finite_sound_throughout_and_depend_on_the_seed_alone(make: Callable[..., np.ndarray]) -> None:
    for seed in range(20):
        track = make(2 * RATE, RATE, np.random.default_rng(seed))
        assert track.shape == (2 * RATE,) and track.dtype == np.float32 and np.isfinite(track).all()
        assert np.array_equal(track, make(2 * RATE, RATE, np.random.default_rng(seed)))
        seconds = np.abs(track.reshape(2, RATE)).max(axis=1)
        assert seconds.min() > 0.05 * seconds.max() > 0


def test_calls_are_finite_and_last_as_long_as_calls_do() -> None:
    calls = [call(RATE, np.random.default_rng(seed)) for seed in range(60)]
    assert all(made.dtype == np.float32 and np.isfinite(made).all() and np.abs(made).max() > 0 for made in calls)
    lengths = np.array([len(made) for made in calls]) / RATE
    assert 0.24 < lengths.min() < 0.5 and 1.5 < lengths.max() <= 2.5
    again = call(RATE, np.random.default_rng(3))
    assert np.array_equal(again, calls[3]) and not np.array_equal(again, calls[4])


def test_calls_begin_and_end_in_silence() -> None:
    for seed in range(20):
        made = np.abs(call(RATE, np.random.default_rng(seed)))
        assert max(made[0], made[-1]) < 0.05 * made.max()


def test_a_siren_keeps_its_pitch_within_its_span_and_moves_in_it() -> None:
    moved = 0
    for seed in range(12):
        track = siren(4 * RATE, RATE, np.random.default_rng(seed))
        spectra = np.abs(np.fft.rfft(track[: 4 * RATE].reshape(-1, 800) * np.hanning(800), axis=1))
        peaks = np.argmax(spectra[spectra.max(axis=1) > 0.1 * spectra.max()], axis=1)
        moved += len(np.unique(peaks)) > 2
        assert peaks.min() * 20 > 100  # no rumble: lowest centre 300 Hz, most of an octave below it
    assert moved >= 8
