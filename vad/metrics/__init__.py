"""How good a detector is: measures over cells of 10 ms, measures over segments, and bootstrap intervals.

NumPy only. `grid` has the cells that every engine is put on and the alignment rule, `roc` what is read off one curve,
`cells` the frame measures, `spans` and `span_pool` the segment measures, `bootstrap` the intervals.
"""

from __future__ import annotations

from vad.metrics.bootstrap import bootstrap
from vad.metrics.cells import FramePool, calibration_error, frame_measures
from vad.metrics.grid import CELLS, SHIFTS, values_at_cells
from vad.metrics.roc import Confusion, RocCurve
from vad.metrics.span_pool import SegmentPool
from vad.metrics.spans import MATCH_S, PAUSE_S, SegmentCounts, compare

__all__ = [
    "CELLS",
    "MATCH_S",
    "PAUSE_S",
    "SHIFTS",
    "Confusion",
    "FramePool",
    "RocCurve",
    "SegmentCounts",
    "SegmentPool",
    "bootstrap",
    "calibration_error",
    "compare",
    "frame_measures",
    "values_at_cells",
]
