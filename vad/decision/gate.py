"""Thresholds and hangover: where speech is entered and left, frame by frame."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vad.errors import NonFiniteError, ShapeError


class Gate:
    """Turns posteriors into the frames in which speech is entered and left.

    Args:
        onset: posterior that enters speech.
        offset: posterior below which it is left.
        hangover: frames below `offset` that still are speech.
    """

    def __init__(self, onset: float, offset: float, hangover: int) -> None:
        # As float32, like the posteriors: else a posterior that equals a threshold falls on one side of it when its
        # chunk is looked at as a whole, and on the other frame by frame.
        self._onset, self._offset = float(np.float32(onset)), float(np.float32(offset))
        self._hangover = hangover
        self.reset()

    def reset(self) -> None:
        """Forgets everything heard."""
        self._speech = False
        self._below = 0  # in speech: frames below the offset threshold at the end of what was pushed

    def push(self, values: NDArray[np.float32], first: int) -> Iterator[tuple[int, bool]]:
        """Returns (frame, enters speech?) alternately; only runs are visited in Python, not frames.

        Args:
            values: float ``(n,)``, at least one.
            first: index of the first of them.

        Raises:
            NonFiniteError: when a posterior is not finite; the gate stands as before.
        """
        # NaN reaches both ends of the range, so that one look at it tells.
        lowest, highest = float(values.min()), float(values.max())
        if not (math.isfinite(lowest) and math.isfinite(highest)):
            bad = first + int(np.flatnonzero(~np.isfinite(values))[0])
            raise NonFiniteError(f"posterior of frame {bad} is not finite")
        # Most chunks of a stream go on as they began, and are not worth ten array operations.
        if lowest >= self._offset if self._speech else highest < self._onset:
            self._below = 0
            return iter(())
        frames, enters = self.changes(values)
        return zip((frames + first).tolist(), enters.tolist(), strict=True)

    def changes(self, values: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Returns the frames of changes, counted from the first of `values`, and whether speech is entered there.

        Args:
            values: float ``(n,)``, finite, at least one.
        """
        onsets, _ = _runs(values >= self._onset)
        starts, stops = _runs(values < self._offset)
        if len(starts) and starts[0] == 0:
            starts[0] = -self._below  # the run began in an earlier chunk
        leaves = starts + self._hangover
        # leaves < 0: this run had outlasted the hangover in an earlier chunk already.
        leaves = leaves[(leaves < stops) & (leaves >= 0)]
        ends_below = len(starts) > 0 and stops[-1] == len(values)
        self._below = int(stops[-1] - starts[-1]) if ends_below else 0
        frames = np.concatenate([onsets, leaves])
        enters = np.repeat([True, False], [len(onsets), len(leaves)])
        order = np.argsort(frames, kind="stable")
        frames, enters = frames[order], enters[order]
        changed = enters != np.concatenate([[self._speech], enters[:-1]])
        if len(enters):
            self._speech = bool(enters[-1])
        return frames[changed], enters[changed]


def as_posteriors(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns posteriors as a float32 array, which they mostly are.

    Raises:
        ShapeError: when it is not one-dimensional.
    """
    values = np.asarray(values, np.float32)
    if values.ndim != 1:
        raise ShapeError(f"posteriors must have the shape (n,); received {values.shape}")
    return values


def _runs(flags: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns where the runs of True begin and the index after their ends."""
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    return edges[::2].astype(np.int64), edges[1::2].astype(np.int64)
