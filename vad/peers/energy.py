"""The baseline that everything must beat: level above a noise floor that follows the recording."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vad.peers.engine import WindowedStream, runs
from vad.segments import Timeline

__all__ = ["EnergyEngine"]

_WINDOW: Final = 320
_FULL_SCALE_DB: Final = 40.0
_ONSET_DB: Final = 10.0
# The floor falls to every quieter window at once and rises slowly, so that it rests in the pauses of speech.
_RISE_DB: Final = 0.06
_SILENCE_DB: Final = -80.0


class EnergyEngine:
    """Level of windows of 20 ms above a floor that rises at most 3 dB a second; causal, no training.

    A value is that level, 40 dB and more being 1. It is no probability. Speech is every window at least 10 dB above
    the floor, without smoothing.
    """

    name = "energy"
    description = "energy: 20 ms level at least 10 dB above a floor that rises 3 dB a second"
    threshold = _ONSET_DB / _FULL_SCALE_DB
    is_probability = False

    def start(self) -> _EnergyStream:
        """Starts a recording."""
        return _EnergyStream()


class _EnergyStream(WindowedStream):
    def __init__(self) -> None:
        super().__init__(_WINDOW)
        self._floor = math.inf

    def score(self, window: NDArray[np.float32]) -> float:
        power = float(np.mean(np.square(window, dtype=np.float64)))
        level = max(_SILENCE_DB, 10 * math.log10(power)) if power > 0 else _SILENCE_DB
        self._floor = min(level, self._floor + _RISE_DB)
        return min(1.0, (level - self._floor) / _FULL_SCALE_DB)

    def segment(self, values: NDArray[np.float32], n_samples: int) -> Timeline:
        return runs(values >= EnergyEngine.threshold, _WINDOW, n_samples)
