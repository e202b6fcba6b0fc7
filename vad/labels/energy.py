"""Speech by its energy: alone, or where something else has found it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vad.frames import samples_to_seconds
from vad.labels.levels import (
    DIGITAL_SILENCE_DB,
    centres,
    coarse_hop_s,
    coarse_levels,
    runs_above,
    runs_to_seconds,
    sharpened,
)
from vad.labels.rule import LabelRule
from vad.segments import Segment, Timeline

# What is closer than this to speech that was found tells nothing of the background: it may be speech not found.
_GUARD_S = 0.1
# Energy is believed this far from where speech was found.
_REACH_S = 0.1
# Energy of which less than this was found to be speech is something else.
_LEAST_FOUND_S = 0.03
# Over a background less than this below the speech, energy draws worse boundaries than a model.
_LEAST_RANGE_DB = 22.0
_LEAST_BACKGROUND_S = 0.1


class _Thresholds(NamedTuple):
    """Levels in dB: what speech must reach, what it must keep, below what it is weak."""

    onset: float
    offset: float
    weak: float


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
    levels = coarse_levels(samples, sample_rate, rule.low_cut_hz)
    sounding = levels[levels > DIGITAL_SILENCE_DB]
    if len(sounding) < 2:
        return Timeline()
    floor = float(np.percentile(sounding, rule.floor_percentile))
    loud = float(np.percentile(sounding, 95))
    silent = len(levels) - len(sounding)
    if loud - floor < rule.onset_db and silent < rule.min_speech_s / coarse_hop_s(sample_rate) and len(sounding) > 400:
        return Timeline()  # two seconds and more of one level are no speech
    spans = _spans(samples, sample_rate, levels, _thresholds(floor, loud, rule), rule)
    return _finished(spans, samples_to_seconds(len(samples), sample_rate), rule)


def refined_segments(
    samples: NDArray[np.float32], sample_rate: int, found: Timeline, rule: LabelRule | None = None
) -> Timeline:
    """Draws the boundaries of speech that a model or a person has found, by its energy.

    Sounds that were not found to be speech are none, however loud; speech that was found has none but its energy.
    The background that thresholds are measured from is all that was found not to be speech.

    Args:
        samples: float32 (n,), mono, any scale.
        sample_rate: in Hz.
        found: where speech is, in seconds, to about a tenth of a second.
        rule: the thresholds; None takes the defaults.

    Returns:
        The speech; `found` itself, by the rule's durations, where the background is less than 22 dB below the speech.
    """
    rule = LabelRule() if rule is None else rule
    levels = coarse_levels(samples, sample_rate, rule.low_cut_hz)
    if not len(levels):
        return found
    duration_s = samples_to_seconds(len(samples), sample_rate)
    found = found.crop(0.0, duration_s)
    background, loud = _background(levels, sample_rate, found, rule), _loud(levels, sample_rate, found)
    if loud is None or loud - background < _LEAST_RANGE_DB:
        return _finished(np.array(found.to_pairs(), np.float64).reshape(-1, 2), duration_s, rule)
    spans = _spans(samples, sample_rate, levels, _thresholds(background, loud, rule), rule)
    energy = Timeline.from_pairs(spans[spans[:, 1] > spans[:, 0]])
    near = energy.intersection(_widened(found, _REACH_S)).crop(0.0, duration_s)
    kept = [span for span in near if _is_found(span, found)]
    return _finished(np.array([(s.start, s.end) for s in kept], np.float64).reshape(-1, 2), duration_s, rule)


def _thresholds(floor: float, loud: float, rule: LabelRule) -> _Thresholds:
    offset = min(max(floor + rule.offset_db, loud - rule.max_range_db), loud - rule.min_range_db)
    return _Thresholds(offset + rule.onset_db - rule.offset_db, offset, loud - rule.weak_range_db)


def _spans(
    samples: NDArray[np.float32], rate: int, levels: NDArray[np.float32], thresholds: _Thresholds, rule: LabelRule
) -> NDArray[np.float64]:
    """Returns where the energy is that of speech, in seconds (spans, 2), gaps as they are."""
    runs = runs_above(levels, thresholds.onset, thresholds.offset)
    spans = sharpened(samples, rate, runs_to_seconds(runs, rate), thresholds.offset, rule.low_cut_hz)
    if thresholds.weak <= thresholds.offset or not len(spans):
        return spans
    strong = runs_to_seconds(runs_above(levels, thresholds.weak, thresholds.weak), rate)
    allowed = Timeline.from_pairs(strong + np.array([-rule.weak_s, rule.weak_s]))
    near = Timeline.from_pairs(spans[spans[:, 1] > spans[:, 0]]).intersection(allowed)
    return np.array(near.to_pairs(), np.float64).reshape(-1, 2)


def _finished(spans: NDArray[np.float64], duration_s: float, rule: LabelRule) -> Timeline:
    """Fills gaps, drops what is short, adds pads."""
    spans = _filled(spans, rule.max_gap_s)
    spans = spans[spans[:, 1] - spans[:, 0] >= rule.min_speech_s]
    starts = np.maximum(0.0, spans[:, 0] - rule.pad_start_s)
    ends = np.minimum(duration_s, spans[:, 1] + rule.pad_end_s)
    return Timeline(Segment(float(a), float(b)) for a, b in zip(starts, ends, strict=True) if a < b)


def _filled(spans: NDArray[np.float64], max_gap_s: float) -> NDArray[np.float64]:
    """Joins spans whose gap is at most `max_gap_s`."""
    joined: list[list[float]] = []
    for start, end in spans:
        if joined and start - joined[-1][1] <= max_gap_s:
            joined[-1][1] = max(joined[-1][1], end)
        elif end > start:
            joined.append([start, end])
    return np.array(joined, np.float64).reshape(-1, 2)


def _background(levels: NDArray[np.float32], sample_rate: int, found: Timeline, rule: LabelRule) -> float:
    """Returns the level of what is not speech, in dB; of the quietest parts, where nothing is sure not to be."""
    away = levels[~_inside(len(levels), sample_rate, _widened(found, _GUARD_S))]
    if len(away) * coarse_hop_s(sample_rate) >= _LEAST_BACKGROUND_S:
        return float(np.median(away))
    return float(np.percentile(levels, rule.floor_percentile))


def _loud(levels: NDArray[np.float32], sample_rate: int, found: Timeline) -> float | None:
    """Returns the level of the loudest parts of the speech, in dB; None where there is none."""
    spoken = levels[_inside(len(levels), sample_rate, found)]
    return float(np.percentile(spoken, 95)) if len(spoken) else None


def _inside(n_levels: int, sample_rate: int, timeline: Timeline) -> NDArray[np.bool_]:
    middles = centres(n_levels, sample_rate)
    inside = np.zeros(n_levels, bool)
    for segment in timeline:
        inside[slice(*np.searchsorted(middles, (segment.start, segment.end)))] = True
    return inside


def _is_found(span: Segment, found: Timeline) -> bool:
    speech_s = found.crop(span.start, span.end).speech_s
    return speech_s >= min(_LEAST_FOUND_S, span.duration / 2)


def _widened(timeline: Timeline, by_s: float) -> Timeline:
    return Timeline(Segment(s.start - by_s, s.end + by_s) for s in timeline)
