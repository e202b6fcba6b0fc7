"""From segments to one label per frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vad.frames import FrameGrid, seconds_to_samples
from vad.segments import Segment, Timeline

# Labels are written with six decimals: what is this near to an end of the recording reaches it.
_NEAR_S = 1e-6


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


def reaching_out(speech: Timeline, duration_s: float) -> Timeline:
    """Extends speech that is cut by an end of the recording, where there is no boundary and so no collar.

    Args:
        speech: seconds from the recording's start.
        duration_s: length of the recording.
    """
    beyond = [Segment(-1.0, _NEAR_S), Segment(duration_s - _NEAR_S, duration_s + 1.0)]
    cut = [outside for outside, near in zip(beyond, (0.0, duration_s), strict=True) if _reaches(speech, near)]
    return speech.union(Timeline(cut))


def _first_frame_at(seconds: float, grid: FrameGrid) -> int:
    """Returns the first frame whose centre sample is at or after a time, never negative."""
    sample = seconds_to_samples(seconds, grid.sample_rate)
    return max(0, -(-(sample - grid.win_length // 2) // grid.hop_length))


def _reaches(speech: Timeline, time: float) -> bool:
    return any(segment.start - _NEAR_S <= time <= segment.end + _NEAR_S for segment in speech)
