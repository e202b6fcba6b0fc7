"""Laws of labels by frame."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vad.frames import FrameGrid
from vad.labels import timeline_to_labels
from vad.segments import Segment, Timeline

RATE = 16000
GRID = FrameGrid()


@given(
    pairs=st.lists(st.tuples(st.floats(-1, 3), st.floats(0.001, 1)), max_size=5),
    n_frames=st.integers(0, 250),
    collar_s=st.floats(0, 0.2),
)
def test_a_frame_is_speech_iff_its_centre_is(pairs: list[tuple[float, float]], n_frames: int, collar_s: float) -> None:
    timeline = Timeline(Segment(start, start + length) for start, length in pairs)
    labels, mask = timeline_to_labels(timeline, n_frames, GRID, collar_s=collar_s)
    spans = [(round_half_up(s.start), round_half_up(s.end)) for s in timeline]
    centres = [GRID.centre(t) for t in range(n_frames)]
    assert labels.tolist() == [int(any(a <= c < b for a, b in spans)) for c in centres]
    zones = [
        (round_half_up(edge - collar_s), round_half_up(edge + collar_s)) for s in timeline for edge in (s.start, s.end)
    ]
    near = [any(a <= c < b for a, b in zones) for c in centres]
    assert mask.tolist() == [int(not (collar_s > 0 and hit)) for hit in near]


def round_half_up(seconds: float) -> int:
    return int(np.floor(seconds * RATE + 0.5))
