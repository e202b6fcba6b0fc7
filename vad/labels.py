"""Speech labels: from energy on clean recordings, and from segments to frames.

The one rule from segments to frames: a frame is speech if and only if its centre sample lies in a segment
``[start, end)``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vad.errors import ConfigError
from vad.frames import FrameGrid, samples_to_seconds, seconds_to_samples
from vad.segments import Segment, Timeline

_COARSE_S = 0.025  # two periods of a low voice: the level does not ripple with the pitch
_COARSE_HOP_S = 0.005
_FINE_S = 0.004  # only as long as a boundary may be wrong
_FINE_HOP_S = 0.001
_DIGITAL_SILENCE_DB = -100.0


@dataclass(frozen=True)
class LabelRule:
    """How speech is found on a clean recording by its energy.

    The threshold lies `offset_db` above the noise floor of the recording, but never more than `max_range_db` below
    its loudest parts (or breaths of a quiet recording were speech) and never less than `min_range_db` below them (or
    recordings without any pause had none of their soft sounds). Speech enters `onset_db` above the floor and lasts
    until it falls below the threshold. What is far below the loudest parts is speech only beside louder speech: soft
    starts and ends of words are, breaths in pauses and the tails of rooms are not, though both rise above the floor.

    Args:
        floor_percentile: the noise floor is this percentile of the levels, digital silence left out.
        onset_db: level above the floor that speech must reach.
        offset_db: level above the floor that it must keep, at most `onset_db`.
        min_range_db: the threshold lies at least so far below the loudest parts.
        max_range_db: and at most so far.
        weak_range_db: what is this far below the loudest parts is weak; from `max_range_db` on, nothing is.
        weak_s: weak sound counts this long before and after what is not weak, and nowhere else.
        low_cut_hz: energy below does not count (rumble, hum).
        max_gap_s: pauses up to this length inside speech count as speech: stop closures, not pauses.
        min_speech_s: what is shorter after that is dropped: clicks, lips.
        pad_start_s: speech starts this much earlier than its energy.
        pad_end_s: and ends this much later.
        collar_s: frames this close to a boundary are masked out; 0 masks none.

    Raises:
        ConfigError: when a value is negative or bounds cross.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    floor_percentile: float = 8.0
    onset_db: float = 10.0
    offset_db: float = 6.0
    min_range_db: float = 20.0
    max_range_db: float = 35.0
    weak_range_db: float = 22.0
    weak_s: float = 0.08
    low_cut_hz: float = 120.0
    max_gap_s: float = 0.15
    min_speech_s: float = 0.06
    pad_start_s: float = 0.0
    pad_end_s: float = 0.0
    collar_s: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise ConfigError(f"{field.name} must not be negative; received {getattr(self, field.name)}")
        for low, high in (("offset_db", "onset_db"), ("min_range_db", "max_range_db")):
            if getattr(self, low) > getattr(self, high):
                raise ConfigError(
                    f"{low} must not be above {high}; received {getattr(self, low)} and {getattr(self, high)}"
                )
        if self.floor_percentile > 50:
            raise ConfigError(f"floor_percentile must be at most 50; received {self.floor_percentile}")


def energy_segments(samples: NDArray[np.float32], sample_rate: int, rule: LabelRule | None = None) -> Timeline:
    """Finds speech on a clean recording by its energy.

    Levels over 25 ms find where speech is, levels over 4 ms where it begins and ends.

    Args:
        samples: float32 (n,), mono, any scale.
        sample_rate: in Hz.
        rule: the thresholds; None takes the defaults.

    Returns:
        The speech, in seconds from the first sample; empty when the recording is digital silence, shorter than one
        level, or has no range of levels to tell speech by.
    """
    rule = LabelRule() if rule is None else rule
    levels = _levels(samples, sample_rate, _COARSE_S, _COARSE_HOP_S, rule.low_cut_hz)
    found = _thresholds(levels, rule)
    if found is None:
        return Timeline()
    onset, offset, weak = found
    runs = _hysteresis(levels, onset, offset)
    if not len(runs):
        return Timeline()
    duration = samples_to_seconds(len(samples), sample_rate)
    spans = _refined(samples, sample_rate, _seconds(runs), offset, rule.low_cut_hz)
    if weak > offset:
        spans = _near(spans, _seconds(_hysteresis(levels, weak, weak)), rule.weak_s)
    spans = _filled(spans, rule.max_gap_s)
    spans = spans[spans[:, 1] - spans[:, 0] >= rule.min_speech_s]
    starts = np.maximum(0.0, spans[:, 0] - rule.pad_start_s)
    ends = np.minimum(duration, spans[:, 1] + rule.pad_end_s)
    return Timeline(Segment(float(a), float(b)) for a, b in zip(starts, ends, strict=True) if a < b)


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


def _levels(
    samples: NDArray[np.float32], sample_rate: int, length_s: float, hop_s: float, low_cut_hz: float
) -> NDArray[np.float32]:
    """Returns the power above `low_cut_hz` of overlapping windows in dB, float32; empty when too short."""
    length, hop = seconds_to_samples(length_s, sample_rate), seconds_to_samples(hop_s, sample_rate)
    if len(samples) < length:
        return np.zeros(0, np.float32)
    n_fft = 1 << (length - 1).bit_length()
    windows = np.lib.stride_tricks.sliding_window_view(samples, length)[::hop]
    taper = np.sqrt(np.hanning(length + 2)[1:-1]).astype(np.float32)
    spectrum = np.fft.rfft(windows * taper, n_fft, axis=1)
    frequencies = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    counted = (frequencies >= low_cut_hz).astype(np.float32)
    power = (spectrum.real**2 + spectrum.imag**2) @ counted / (n_fft / 2 * np.sum(taper**2))
    levels: NDArray[np.float32] = (10 * np.log10(power + 1e-15)).astype(np.float32)
    return levels


def _thresholds(levels: NDArray[np.float32], rule: LabelRule) -> tuple[float, float, float] | None:
    """Returns the levels in dB that speech must reach, must keep, and is weak below; None where nothing stands out."""
    sounding = levels[levels > _DIGITAL_SILENCE_DB]
    if len(sounding) < 2:
        return None
    floor = float(np.percentile(sounding, rule.floor_percentile))
    loud = float(np.percentile(sounding, 95))
    silent = len(levels) - len(sounding)
    if loud - floor < rule.onset_db and silent < rule.min_speech_s / _COARSE_HOP_S and len(sounding) > 400:
        return None  # two seconds and more of one level are no speech
    offset = min(max(floor + rule.offset_db, loud - rule.max_range_db), loud - rule.min_range_db)
    return offset + rule.onset_db - rule.offset_db, offset, loud - rule.weak_range_db


def _hysteresis(levels: NDArray[np.float32], onset: float, offset: float) -> NDArray[np.int64]:
    """Returns the runs of levels above `offset` that reach `onset`, int64 (runs, 2): first, stop."""
    above = np.concatenate(([0], (levels > offset).astype(np.int8), [0]))
    edges = np.flatnonzero(np.diff(above)).reshape(-1, 2)
    reached = [levels[first:stop].max() > onset for first, stop in edges]
    return edges[np.array(reached, bool)] if len(edges) else edges


def _seconds(runs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns runs of coarse levels in seconds, float64 (runs, 2): half a hop around the first and the last centre."""
    seconds: NDArray[np.float64] = (runs - 0.5) * _COARSE_HOP_S + _COARSE_S / 2
    return seconds


def _near(spans: NDArray[np.float64], cores: NDArray[np.float64], reach_s: float) -> NDArray[np.float64]:
    """Returns what of the spans is no further than `reach_s` from a core, float64 (spans, 2)."""
    allowed = Timeline.from_pairs(cores + np.array([-reach_s, reach_s]))
    near = Timeline.from_pairs(spans[spans[:, 1] > spans[:, 0]]).intersection(allowed)
    return np.array(near.to_pairs(), np.float64).reshape(-1, 2)


def _refined(
    samples: NDArray[np.float32], sample_rate: int, rough: NDArray[np.float64], offset: float, low_cut_hz: float
) -> NDArray[np.float64]:
    """Moves each boundary to where 4 ms levels first, or last, exceed the threshold nearby, seconds (spans, 2)."""
    reach = _COARSE_S
    refined = rough.copy()
    for span in refined:
        for side in (0, 1):
            begin = max(0, seconds_to_samples(span[side] - reach, sample_rate))
            near = samples[begin : seconds_to_samples(span[side] + reach, sample_rate)]
            levels = _levels(near, sample_rate, _FINE_S, _FINE_HOP_S, low_cut_hz)
            hits = np.flatnonzero(levels > offset)
            if len(hits):
                index = hits[0] if side == 0 else hits[-1]
                span[side] = begin / sample_rate + index * _FINE_HOP_S + _FINE_S / 2
    return refined


def _filled(spans: NDArray[np.float64], max_gap_s: float) -> NDArray[np.float64]:
    """Joins spans whose gap is at most `max_gap_s`."""
    joined: list[list[float]] = []
    for start, end in spans:
        if joined and start - joined[-1][1] <= max_gap_s:
            joined[-1][1] = max(joined[-1][1], end)
        elif end > start:
            joined.append([start, end])
    return np.array(joined, np.float64).reshape(-1, 2)
