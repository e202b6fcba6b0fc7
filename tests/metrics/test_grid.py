"""The alignment rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vad.errors import ShapeError
from vad.frames import FrameGrid
from vad.metrics import CELLS, values_at_cells


def test_cell_centres_are_five_milliseconds_in() -> None:
    assert CELLS.times(3).tolist() == [0.005, 0.015, 0.025]
    assert CELLS.count(16000) == 100
    assert CELLS.count(16159) == 100


def test_a_cell_takes_the_nearest_window_and_the_earlier_of_two() -> None:
    # Windows of 30 ms: centres 15, 45, 75 ms; cells at 25 are nearer to the first, at 35 to the second.
    assert values_at_cells([0.015, 0.045, 0.075], [1, 2, 3], 9).tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    # Windows of 20 ms starting at 5 ms: the cell at 25 ms lies exactly between 15 and 35.
    assert values_at_cells([0.015, 0.035], [1, 2], 4).tolist() == [1, 1, 1, 2]


def test_frames_of_512_are_a_millisecond_off_not_eleven() -> None:
    times = FrameGrid().times(5)
    assert values_at_cells(times, np.arange(5), 7).tolist() == [0, 0, 1, 2, 3, 4, 4]


@given(st.integers(1, 40), st.integers(16, 800), st.integers(0, 60))
def test_no_other_window_is_nearer(n: int, hop: int, n_cells: int) -> None:
    times = (np.arange(n) * hop + hop / 2) / 16000
    chosen = values_at_cells(times, np.arange(n), n_cells).astype(int)
    distance = np.abs(CELLS.times(n_cells)[:, None] - times)
    assert (distance[np.arange(n_cells), chosen] <= distance.min(axis=1, initial=np.inf) + 1e-9).all()


def test_an_engine_without_a_single_window_says_nothing() -> None:
    assert values_at_cells([], [], 2).tolist() == [0, 0]


def test_as_many_values_as_times() -> None:
    with pytest.raises(ShapeError, match="one value per time"):
        values_at_cells([0.1, 0.2], [1.0], 3)
