"""Laws of labels by frame."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vad.frames import FrameGrid
from vad.labels import reaching_out, timeline_to_labels
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


@given(starts=st.sampled_from([0.0, 1e-7, 0.3]), ends=st.sampled_from([2.0, 2.0 - 1e-7, 2.5, 1.7]))
def test_an_end_of_the_recording_is_no_boundary(starts: float, ends: float) -> None:
    speech, n_frames = Timeline([Segment(starts, 0.5), Segment(0.8, ends)]), GRID.count(2 * RATE)
    labels, mask = timeline_to_labels(reaching_out(speech, 2.0), n_frames, GRID, collar_s=0.1)
    assert labels.tolist() == timeline_to_labels(speech, n_frames, GRID)[0].tolist()
    bounds = [edge for edge in (starts, 0.5, 0.8, ends) if 1e-6 < edge < 2.0 - 1e-6]
    times = GRID.times(n_frames)
    assert mask.tolist() == [int(all(not edge - 0.1 <= time < edge + 0.1 for edge in bounds)) for time in times]


def round_half_up(seconds: float) -> int:
    return int(np.floor(seconds * RATE + 0.5))
