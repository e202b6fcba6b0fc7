"""Per-channel energy normalisation in NumPy, frame by frame, and the way back through it.

With P the mel power of a frame, s the share of the newest frame and M its running mean:

    M' = (1 - s)∘M + s∘P                (1)
    y = log(1 + P/M')                   (2)

Back, with δ for the derivative of the logit by a quantity, from the last step on, x = log P being what went in:

    δM' += -δy∘P/(M'∘(M' + P))          by (2)
    δM = δM'∘(1 - s)                    by (1): what the mean carries back
    δx = δy∘P/(M' + P) + δM'∘s∘P        by (2) and (1)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pcen"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Pcen:
    """What a network makes of its frames first; all in the precision of `share`.

    Args:
        share: ``(bands,)``, s.
        beside_frames: whether the first layer sees the frames themselves as well, before y.
    """

    share: Array
    beside_frames: bool

    @property
    def rest(self) -> Array:
        """1 - s, to the float32 that the model holds it in: errors of a mean add up."""
        return (np.float32(1.0) - self.share.astype(np.float32)).astype(self.share.dtype)

    def cast(self, dtype: type[np.floating[Any]]) -> Pcen:
        """Returns the same in another precision."""
        return Pcen(self.share.astype(dtype), self.beside_frames)

    def mean(self, frames: Array, before: Array) -> Array:
        """Returns M' of one frame, or of one of each of many variants, ``(…, bands)``, given M in the same shape."""
        after: Array = self.rest * before + self.share * np.exp(frames)
        return after

    def inputs(self, frames: Array, means: Array) -> Array:
        """Returns what the first layer sees of frames ``(…, bands)``, given the M' of each."""
        changes: Array = np.log1p(np.exp(frames) / means)
        return np.concatenate([frames, changes], axis=-1) if self.beside_frames else changes

    def run(self, frames: Array, before: Array) -> tuple[Array, Array]:
        """Takes frames ``(steps, bands)`` one after the other; returns what the first layer sees of each, and its M'.

        Args:
            frames: log-mel.
            before: M, ``(bands,)``.
        """
        means = np.empty_like(frames)
        for step, frame in enumerate(frames):
            before = means[step] = self.mean(frame, before)
        return self.inputs(frames, means), means

    def back(self, frames: Array, means: Array, by_inputs: Array) -> Array:
        """Returns the derivatives by log-mel frames ``(steps, bands)``, given those by what the first layer saw.

        Args:
            frames: what went in.
            means: M' of each.
            by_inputs: ``(steps, …)``; of steps after them nothing is derived.
        """
        bands = len(self.share)
        power, by_changes = np.exp(frames), by_inputs[:, -bands:]
        by_mean = -by_changes * power / (means * (means + power))
        for step in range(len(frames) - 2, -1, -1):
            by_mean[step] += by_mean[step + 1] * self.rest
        by_frames: Array = by_changes * power / (means + power) + by_mean * self.share * power
        return by_frames + by_inputs[:, :bands] if self.beside_frames else by_frames
