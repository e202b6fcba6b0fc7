"""From segments to one label per frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vad.frames import FrameGrid, seconds_to_samples
from vad.segments import Timeline


def timeline_to_labels(
    timeline: Timeline, n_frames: int, grid: FrameGrid, *, collar_s: float = 0.0
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Turns segments into one label per frame: speech iff the frame's centre sample lies in ``[start, end)``.

    Args:
        timeline: the speech, seconds from the recording's start.
        n_frames: how many frames to label.
        grid: where they lie.
        collar_s: frames whose centre is closer than this to a start or an end are masked out.

    Returns:
        Labels and mask, uint8 (n_frames,): 1 is speech, and 1 is scored.
    """
    labels = np.zeros(n_frames, np.uint8)
    mask = np.ones(n_frames, np.uint8)
    for segment in timeline:
        first = _first_frame_at(segment.start, grid)
        labels[first : max(first, _first_frame_at(segment.end, grid))] = 1
        if collar_s > 0:
            for edge in (segment.start, segment.end):
                mask[_first_frame_at(edge - collar_s, grid) : _first_frame_at(edge + collar_s, grid)] = 0
    return labels, mask


def _first_frame_at(seconds: float, grid: FrameGrid) -> int:
    """Returns the first frame whose centre sample is at or after a time, never negative."""
    sample = seconds_to_samples(seconds, grid.sample_rate)
    return max(0, -(-(sample - grid.win_length // 2) // grid.hop_length))
