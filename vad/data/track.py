"""Tracks: samples that others are laid into."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vad.frames import seconds_to_samples

_FADE_S = 0.01


def add_at(track: NDArray[np.float32], samples: NDArray[np.float32], first: int) -> None:
    """Adds samples to a track in place from index `first`, which may be negative; what sticks out is cut."""
    skipped = max(0, -first)
    stop = min(len(track), first + len(samples))
    if stop > first + skipped:
        track[first + skipped : stop] += samples[skipped : stop - first]


def fade(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Returns the samples with their ends faded over 10 ms, so that cuts do not click."""
    length = min(seconds_to_samples(_FADE_S, sample_rate), len(samples) // 2)
    faded = samples.copy()
    if length:
        ramp = np.linspace(0, 1, length, endpoint=False, dtype=np.float32)
        faded[:length] *= ramp
        faded[-length:] *= ramp[::-1]
    return faded
