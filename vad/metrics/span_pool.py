"""Segment measures pooled over recordings; `vad.metrics.spans` has the definitions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import astuple, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vad.metrics.roc import ratio
from vad.metrics.spans import SegmentCounts, compare
from vad.segments import Timeline

__all__ = ["SegmentPool"]


class SegmentPool:
    """Counts and delays of many recordings, kept apart by recording so that recordings can be weighted."""

    def __init__(self) -> None:
        self._counts: list[SegmentCounts] = []
        self._onset_delays: list[NDArray[np.float64]] = []
        self._offset_delays: list[NDArray[np.float64]] = []

    def __len__(self) -> int:
        """Number of recordings."""
        return len(self._counts)

    def add(self, reference: Timeline, detected: Timeline, duration_s: float, *, collar_s: float = 0.0) -> None:
        """Adds one recording; see `compare` for the arguments and what is raised."""
        counts, onset_delays, offset_delays = compare(reference, detected, duration_s, collar_s=collar_s)
        self._counts.append(counts)
        self._onset_delays.append(onset_delays)
        self._offset_delays.append(offset_delays)

    def merge(self, other: SegmentPool) -> None:
        """Adds the recordings of another pool behind those of this one."""
        self._counts.extend(other._counts)
        self._onset_delays.extend(other._onset_delays)
        self._offset_delays.extend(other._offset_delays)

    def select(self, recordings: Iterable[int]) -> SegmentPool:
        """Returns a pool of the recordings with these numbers."""
        chosen = SegmentPool()
        for number in recordings:
            chosen._counts.append(self._counts[number])
            chosen._onset_delays.append(self._onset_delays[number])
            chosen._offset_delays.append(self._offset_delays[number])
        return chosen

    @property
    def counts(self) -> tuple[SegmentCounts, ...]:
        """Sums of each recording, in the order in which they were added."""
        return tuple(self._counts)

    def delays(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns the delays of all matched starts and of all matched ends, float64 seconds, positive when late."""
        nothing = np.zeros(0)
        return np.concatenate([nothing, *self._onset_delays]), np.concatenate([nothing, *self._offset_delays])

    @property
    def speech_s(self) -> float:
        """Reference speech in seconds, collar included."""
        return math.fsum(counts.all_speech_s for counts in self._counts)

    @property
    def nonspeech_s(self) -> float:
        """Reference non-speech in seconds, collar included."""
        return math.fsum(counts.all_nonspeech_s for counts in self._counts)

    def measures(self, weights: ArrayLike | None = None) -> dict[str, float]:
        """Returns every segment measure of the pooled recordings.

        Args:
            weights: int ``(n_recordings,)``, how often each recording counts; None counts each once.

        Returns:
            detection_error_rate, detection_precision, detection_recall; false_alarms_per_hour (segments) and
            false_alarm_s_per_hour (seconds), both per hour of scored non-speech; fec, msc (shares of the speech),
            over, nds (shares of the non-speech); onset_delay_p50_s, onset_delay_p95_s, onset_error_p50_s (median of
            the absolute delay), onsets_missed (share), the same for the offsets; pauses_found (share). ``nan`` where
            there is nothing to take a share of.
        """
        weight = np.ones(len(self), np.int64) if weights is None else np.asarray(weights, dtype=np.int64)
        table = np.array([astuple(counts) for counts in self._counts], dtype=np.float64)
        sums = weight @ table.reshape(len(self), len(fields(SegmentCounts)))
        c = SegmentCounts(*map(float, sums))
        hours = c.nonspeech_s / 3600
        return {
            "detection_error_rate": ratio(c.speech_s - c.hit_s + c.false_alarm_s, c.speech_s),
            "detection_precision": ratio(c.hit_s, c.hit_s + c.false_alarm_s),
            "detection_recall": ratio(c.hit_s, c.speech_s),
            "false_alarms_per_hour": ratio(c.false_alarms, hours),
            "false_alarm_s_per_hour": ratio(c.false_alarm_s, hours),
            "fec": ratio(c.front_clipped_s, c.all_speech_s),
            "msc": ratio(c.mid_clipped_s, c.all_speech_s),
            "over": ratio(c.overhang_s, c.all_nonspeech_s),
            "nds": ratio(c.noise_as_speech_s, c.all_nonspeech_s),
            **_delay_measures("onset", self._onset_delays, c.onsets, weight),
            **_delay_measures("offset", self._offset_delays, c.offsets, weight),
            "pauses_found": ratio(c.pauses_found, c.pauses),
        }


def _delay_measures(
    name: str, delays: list[NDArray[np.float64]], boundaries: float, weight: NDArray[np.int64]
) -> dict[str, float]:
    repeated = np.repeat(weight, [part.size for part in delays]) if delays else np.zeros(0, np.int64)
    pooled = np.repeat(np.concatenate([np.zeros(0), *delays]), repeated)
    p50, p95 = np.percentile(pooled, [50, 95]) if pooled.size else (math.nan, math.nan)
    return {
        f"{name}_delay_p50_s": float(p50),
        f"{name}_delay_p95_s": float(p95),
        f"{name}_error_p50_s": float(np.median(np.abs(pooled))) if pooled.size else math.nan,
        f"{name}s_missed": ratio(boundaries - pooled.size, boundaries),
    }
