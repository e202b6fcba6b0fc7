"""Laws of the frame arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vad.errors import ConfigError
from vad.frames import FrameGrid, samples_to_seconds, seconds_to_samples

GRID = FrameGrid()


@given(st.integers(0, 100_000))
def test_count_is_the_most_frames_that_fit(n_samples: int) -> None:
    n_frames = GRID.count(n_samples)
    assert GRID.samples_for(n_frames) <= n_samples
    assert GRID.samples_for(n_frames + 1) > n_samples


@given(st.integers(0, 20_000))
def test_every_sample_belongs_to_the_frame_with_the_nearest_centre(sample: int) -> None:
    owner = next(t for t in range(200) if sample < GRID.boundary(t + 1))
    distance = [abs(GRID.centre(t) - (sample + 0.5)) for t in range(200)]
    assert distance[owner] == min(distance)


def test_times_are_centres() -> None:
    np.testing.assert_allclose(GRID.times(3), np.array([256, 416, 576]) / 16000)
    np.testing.assert_allclose(GRID.times(2, first=100), [GRID.centre(100) / 16000, GRID.centre(101) / 16000])


@given(st.integers(0, 10**9), st.integers(8000, 192_000))
def test_samples_to_seconds_and_back(samples: int, rate: int) -> None:
    assert seconds_to_samples(samples_to_seconds(samples, rate), rate) == samples


@pytest.mark.parametrize("fields", [(16000, 512, 161), (16000, 160, 512), (0, 512, 160)])
def test_impossible_grids_are_refused(fields: tuple[int, int, int]) -> None:
    with pytest.raises(ConfigError, match="received FrameGrid"):
        FrameGrid(*fields)
