"""A rule on all recordings at once: whole arrays of runs instead of a state machine, for searches.

Gives the same frames as `vad.decision.decide` for rules whose durations are whole frames and that set no limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vad.decision import DecisionRule
from vad.decision.gate import Gate
from vad.decision.scale import Scale
from vad.tuning.bank import Bank

Spans = tuple[NDArray[np.int64], NDArray[np.int64]]
"""First frames, and the frames after the last."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a rule finds.

    Args:
        starts: int64 ``(segments,)``, first frame of each, pads included.
        stops: int64 ``(segments,)``, frame after its last.
        ends: int64 ``(segments,)``, frame after its last speech, without the pad.
        known: float64 ``(segments,)``, the frame edge at which its end is certain; something like speech within the
            pads' reach that is dropped later makes it later still.
    """

    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    ends: NDArray[np.int64]
    known: NDArray[np.float64]


class Finder:
    """Applies rules to a bank; the runs of thresholds that were tried are remembered.

    Args:
        bank: the recordings.
    """

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._runs: dict[tuple[float, float, int], Spans] = {}
        self._sure: dict[float, NDArray[np.int64]] = {}

    def find(self, rule: DecisionRule) -> Found:
        """Returns what a rule finds; `max_speech_s` is passed over, durations are rounded up to frames."""
        bank, scale = self._bank, Scale(rule, self._bank.grid)
        hop = bank.grid.hop_length
        runs = self._speech(rule.onset_threshold, rule.offset_threshold, scale.hangover)
        owner = np.searchsorted(bank.stops, runs[0], side="right")
        # What lies between two recordings is no pause, however long the pauses are that are searched.
        short = (runs[0][1:] - runs[1][:-1] < scale.min_silence) & (owner[1:] == owner[:-1])
        starts, stops = _joined(*runs, short)
        if rule.confirm_threshold is not None:
            starts, stops = _confirmed((starts, stops), runs, self._confirming(rule.confirm_threshold), scale.patience)
        kept = stops - starts >= scale.min_speech
        starts, ends = starts[kept], stops[kept]
        pad_start, pad_end, gap = (-(-part // hop) for part in (scale.pad_start, scale.pad_end, scale.merge_gap))
        owner = np.searchsorted(bank.stops, starts, side="right")
        first = np.maximum(starts - pad_start, bank.firsts[owner])
        last = np.minimum(ends + pad_end, bank.stops[owner])
        together = (first[1:] <= last[:-1] + gap) & (owner[1:] == owner[:-1])
        first, last = _joined(first, last, together)
        ends = ends[np.append(~together, True)] if len(ends) else ends
        wait = max(scale.min_silence, pad_start + pad_end + gap + 1)
        return Found(first, last, ends, ends + wait + bank.delay_frames)

    def _speech(self, onset: float, offset: float, hangover: int) -> Spans:
        """Returns the runs between entering and leaving speech."""
        key = (onset, offset, hangover)
        if key not in self._runs:
            bank = self._bank
            frames, enters = Gate(onset, offset, hangover).changes(bank.posteriors)
            starts, stops = frames[enters], frames[~enters]
            if len(stops) < len(starts):
                stops = np.append(stops, len(bank.posteriors))
            owner = np.searchsorted(bank.stops, starts, side="right")
            self._runs[key] = starts, np.minimum(stops, bank.stops[owner])
        return self._runs[key]

    def _confirming(self, threshold: float) -> NDArray[np.int64]:
        """Returns the frames that reach a threshold."""
        if threshold not in self._sure:
            self._sure[threshold] = np.flatnonzero(self._bank.posteriors >= np.float32(threshold))
        return self._sure[threshold]


def _confirmed(spans: Spans, runs: Spans, sure: NDArray[np.int64], patience: int) -> Spans:
    """Drops stretches that no frame confirms, and of the others what was given up.

    Args:
        spans: the stretches, gaps filled.
        runs: their speech, gaps left.
        sure: int64 ``(n,)``, frames that confirm; they lie in speech.
        patience: frames that a stretch may wait.
    """
    starts, stops = spans
    # No frame confirms what lies behind the last that does.
    first = np.append(sure, np.iinfo(np.int64).max)[np.searchsorted(sure, starts)]
    kept = first < stops
    starts, stops, first = starts[kept], stops[kept], first[kept]
    for k in np.flatnonzero(first - starts > patience):
        while first[k] - starts[k] > patience:
            until = starts[k] + patience
            starts[k] = max(until, runs[0][np.searchsorted(runs[1], until, side="right")])
    return starts, stops


def _joined(starts: NDArray[np.int64], stops: NDArray[np.int64], with_next: NDArray[np.bool_]) -> Spans:
    """Joins spans with the one that follows."""
    if not len(starts):
        return starts, stops
    return starts[np.append(True, ~with_next)], stops[np.append(~with_next, True)]
