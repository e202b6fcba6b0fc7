"""The deepest pause of a stretch of speech that has grown too long."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Pauses:
    """Remembers the posteriors and the filled gaps of the stretch at hand, and finds where to cut it.

    Args:
        limit: frames that a stretch may last.
        reach: frames on each side that smooth a posterior.
    """

    def __init__(self, limit: int, reach: int) -> None:
        self.limit = limit
        self._reach = min(reach, limit // 8)
        self.reset()

    def reset(self) -> None:
        """Forgets everything heard."""
        self._parts: list[tuple[int, NDArray[np.float32]]] = []
        self._gaps: list[tuple[int, int]] = []

    def hear(self, values: NDArray[np.float32], first: int) -> None:
        """Takes posteriors, of which `first` is the index of the first."""
        self._parts.append((first, values))

    def fill(self, stop: int, start: int) -> None:
        """Takes a gap of the stretch that counts as speech: the frames ``[stop, start)``."""
        self._gaps.append((stop, start))

    def earliest_cut(self, start: int) -> int:
        """Returns the first frame in which a stretch that begins at `start` may be cut."""
        return start + self.limit - self.limit // 2

    def forget(self, start: int | None, n: int) -> None:
        """Lets go of what no cut can need.

        Args:
            start: where the stretch at hand begins, if there is one.
            n: frames heard.
        """
        if start is None:
            self.reset()
            return
        self._gaps = [gap for gap in self._gaps if gap[1] > start]
        needed = self.earliest_cut(start) - self._reach
        # The tail of a long array is copied, so that the array itself can go.
        self._parts = [
            (max(first, needed), values[max(0, needed - first) :].copy()) if needed > first else (first, values)
            for first, values in self._parts
            if first + len(values) > needed
        ]

    def cut(self, start: int) -> tuple[int, int]:
        """Returns where the stretch that begins at `start` is cut: its end, and the start of what follows.

        The frame of the cut has the lowest mean posterior of its surroundings; of several, the middle of the longest
        run. It belongs to neither side. Where it touches a filled gap, the whole gap is given back.
        """
        low, high = self.earliest_cut(start), start + self.limit - self._reach + 1
        heard = [v[max(0, low - self._reach - f) : high + self._reach - f] for f, v in self._parts
                 if f < high + self._reach]  # fmt: skip
        sums = np.concatenate([[0.0], np.cumsum(np.concatenate(heard), dtype=np.float64)])
        width = 2 * self._reach + 1
        means = (sums[width:] - sums[:-width]) / width
        frame = low + _middle(means <= means.min() + 1e-6)
        stop, following = frame, frame + 1
        for left, entered in self._gaps:
            if left < frame <= entered:
                stop = left
            if left <= following < entered:
                following = entered
        self._gaps = [gap for gap in self._gaps if gap[0] >= following]
        return stop, following


def _middle(flags: NDArray[np.bool_]) -> int:
    """Returns the middle of the longest run of True, of the last of equals."""
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    starts, stops = edges[::2], edges[1::2]
    longest = len(starts) - 1 - int(np.argmax((stops - starts)[::-1]))
    return int(starts[longest] + stops[longest] - 1) // 2
