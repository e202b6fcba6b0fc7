"""A bank without a detector: drawn labels and posteriors that follow them badly."""

from __future__ import annotations

import numpy as np
import pytest

from vad.frames import FrameGrid
from vad.tuning import Bank

GRID = FrameGrid()
LOOKAHEAD = 4


@pytest.fixture(scope="session")
def make_bank():
    """Makes a bank of (posteriors, labels) pairs."""
    return lay


def lay(recordings) -> Bank:
    """Lays (posteriors, labels) pairs end to end as `fill_bank` does."""
    sizes = np.asarray([len(values) for values, _ in recordings])
    stops = np.cumsum(sizes + 4096)
    posteriors, labels = np.full(stops[-1], -1.0, np.float32), np.zeros(stops[-1], np.bool_)
    scored = np.zeros(stops[-1], np.bool_)
    for stop, size, (values, truth) in zip(stops, sizes, recordings, strict=True):
        posteriors[stop - size : stop], labels[stop - size : stop] = values, truth
        scored[stop - size : stop] = True
    late = LOOKAHEAD + (GRID.win_length - GRID.hop_length) / 2 / GRID.hop_length
    lengths = [GRID.samples_for(size) for size in sizes]
    ids = [f"drawn/{n}" for n in range(len(sizes))]
    return Bank(GRID, late, posteriors, labels, scored, stops - sizes, stops, lengths, ids, [], 0)


@pytest.fixture(scope="session")
def noisy_bank() -> Bank:
    """Twenty recordings of half a minute. Posteriors rise to 0.4 in speech, and in clicks of 60 ms beside it."""
    rng = np.random.default_rng(3)
    recordings = []
    for _ in range(20):
        labels = np.zeros(3000, np.bool_)
        at = 0
        while at < 2600:
            at += int(rng.integers(120, 400))
            stop = at + int(rng.integers(40, 300))
            labels[at:stop] = True
            at = stop
        values = np.where(labels, 0.4, 0.1) + rng.normal(0, 0.05, 3000)
        for start in rng.integers(0, 2990, 25):
            values[start : start + 6] = 0.5
        recordings.append((values.clip(0, 1).astype(np.float32), labels))
    return lay(recordings)
