"""Thresholds and hangover: where speech is entered, confirmed and left, frame by frame."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vad.errors import NonFiniteError, ShapeError

LEAVES: Final = 0
ENTERS: Final = 1
CONFIRMS: Final = 2


class Gate:
    """Turns posteriors into the frames in which speech is entered, confirmed and left.

    Args:
        onset: posterior that enters speech.
        offset: posterior below which it is left.
        hangover: frames below `offset` that still are speech.
        confirm: posterior of at least `onset` that confirms speech; None where there is nothing to confirm.
    """

    def __init__(self, onset: float, offset: float, hangover: int, confirm: float | None = None) -> None:
        # As float32, like the posteriors: else a posterior that equals a threshold falls on one side of it when its
        # chunk is looked at as a whole, and on the other frame by frame.
        self._onset, self._offset = float(np.float32(onset)), float(np.float32(offset))
        self._confirm = math.inf if confirm is None else float(np.float32(confirm))
        self._hangover = hangover
        self.reset()

    def reset(self) -> None:
        """Forgets everything heard."""
        self._speech = False
        self._sure = False  # in speech: it was confirmed since it was entered
        self._below = 0  # in speech: frames below the offset threshold at the end of what was pushed

    def push(self, values: NDArray[np.float32], first: int) -> Iterator[tuple[int, int]]:
        """Returns frames in order, and what happens there; only runs are visited in Python, not frames.

        `ENTERS` and `LEAVES` alternate, and between them there is one `CONFIRMS` at most.

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
            if highest < self._confirm or self._sure:
                return iter(())
            self._sure = True
            return iter(((first + int(np.argmax(values >= self._confirm)), CONFIRMS),))
        spoke = self._speech
        frames, enters = self.changes(values)
        if highest < self._confirm:
            self._sure &= not enters.any()
            return zip((frames + first).tolist(), enters.tolist(), strict=True)
        confirms = self._confirmations(values, frames[enters], spoke)
        frames, kinds = np.concatenate([frames, confirms]), np.append(enters, np.full(len(confirms), CONFIRMS))
        # What is entered and confirmed in one frame is entered first.
        order = np.argsort(frames, kind="stable")
        return zip((frames[order] + first).tolist(), kinds[order].tolist(), strict=True)

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

    def _confirmations(self, values: NDArray[np.float32], entered: NDArray[np.int64], spoke: bool) -> NDArray[np.int64]:
        """Returns the first frame that confirms of every run of speech that has none before `values`.

        Args:
            values: float ``(n,)``, of which one confirms at least.
            entered: int ``(n,)``, frames in which speech is entered.
            spoke: whether speech went on when they began.
        """
        hits = np.flatnonzero(values >= self._confirm)
        begins = np.append(0, entered) if spoke and not self._sure else entered
        # A hit lies in speech always: one that comes after the run is the first of the run that it lies in.
        following = np.searchsorted(hits, begins)
        self._sure = bool(hits[-1] >= entered[-1]) if len(entered) else spoke
        confirms: NDArray[np.int64] = np.unique(hits[following[following < len(hits)]])
        return confirms


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
