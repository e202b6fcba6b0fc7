"""The grid that every engine is put on, and the one rule that puts it there.

**The alignment rule.** A recording is cut into cells of 10 ms; cell *k* covers ``[10 k, 10 k + 10)`` ms and a rest
shorter than a cell is not scored. A cell is speech iff its centre lies in a reference segment. An engine gives one
value per window ``[a, b)`` of its own; the value stands for the window's centre, and a cell takes the value whose
window centre is nearest in time to the cell's centre (the earlier one when two are equally near). No engine is shifted.
Because an engine that answers late or early on purpose is put at a disadvantage by that, the area under the curve at
the best of all whole-cell shifts within ±100 ms is reported beside it, searched for every engine alike.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vad.errors import ShapeError
from vad.frames import FrameGrid

__all__ = ["CELLS", "SHIFTS", "values_at_cells"]

CELLS: Final = FrameGrid(sample_rate=16000, win_length=160, hop_length=160)
"""The evaluation grid: cells of 10 ms, their centres in the middle."""
SHIFTS: Final = range(-10, 11)
"""The declared search for the best shift, in cells: ±100 ms."""


def values_at_cells(times: ArrayLike, values: ArrayLike, n_cells: int) -> NDArray[np.float32]:
    """Takes an engine's values to the cells: the nearest window centre, the earlier of two equally near.

    Args:
        times: ``(n,)`` window centres in seconds, ascending.
        values: ``(n,)`` one value per window.
        n_cells: number of cells of the recording.

    Returns:
        float32 ``(n_cells,)``; zeros when the engine gave no value at all (a recording shorter than its window).

    Raises:
        ShapeError: times and values differ in length.
    """
    centres = np.asarray(times, dtype=np.float64)
    given = np.asarray(values, dtype=np.float32)
    if centres.shape != given.shape or centres.ndim != 1:
        raise ShapeError(
            f"values_at_cells: one value per time is wanted, both (n,), got times {centres.shape}, "
            f"values {given.shape}; pass arrays of one length"
        )
    if given.size == 0:
        return np.zeros(n_cells, dtype=np.float32)
    # A nanosecond is far below a sample and far above rounding: exact ties stay ties.
    between = np.round((centres[1:] + centres[:-1]) / 2.0, 9)
    nearest = np.searchsorted(between, np.round(CELLS.times(n_cells), 9), side="left")
    return given[nearest]
