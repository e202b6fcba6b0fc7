"""The deepest pause of a stretch of speech that has grown too long."""

from __future__ import annotations

from collections import deque

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
        self._n = 0  # frame after the last heard
        self._room = np.empty(0, np.float32)
        self._begin = self._end = 0  # what of the room holds posteriors
        self._gaps: deque[tuple[int, int]] = deque()

    def __len__(self) -> int:
        """Posteriors that there is room for."""
        return len(self._room)

    def hear(self, values: NDArray[np.float32], first: int) -> None:
        """Takes posteriors, of which `first` is the index of the first, and keeps none of the array itself."""
        if self._end + len(values) > len(self._room):
            self._move(len(values))
        self._room[self._end : self._end + len(values)] = values
        self._end += len(values)
        self._n = first + len(values)

    def fill(self, stop: int, start: int) -> None:
        """Takes a gap of the stretch that counts as speech: the frames ``[stop, start)``."""
        self._gaps.append((stop, start))

    def earliest_cut(self, start: int) -> int:
        """Returns the first frame in which a stretch that begins at `start` may be cut."""
        return start + self.limit - self.limit // 2

    def forget(self, start: int | None) -> None:
        """Lets go of what no cut can need.

        Args:
            start: where the stretch at hand begins, if there is one.
        """
        if start is None:
            self.reset()
            return
        while self._gaps and self._gaps[0][1] <= start:
            self._gaps.popleft()
        needed = self._place(self.earliest_cut(start) - self._reach)
        self._begin = min(max(self._begin, needed), self._end)
        # The room of a long array goes with what it held.
        if len(self._room) > 4 * (self._end - self._begin):
            self._move(0)

    def _move(self, more: int) -> None:
        """Moves what is held to a room twice as large as it and `more` take: so it is seldom moved again."""
        held = self._room[self._begin : self._end]
        self._room = np.empty(2 * (len(held) + more), np.float32)
        self._room[: len(held)] = held
        self._begin, self._end = 0, len(held)

    def _place(self, frame: int) -> int:
        """Returns where in the room a frame stands."""
        return self._end - (self._n - frame)

    def cut(self, start: int) -> tuple[int, int]:
        """Returns where the stretch that begins at `start` is cut: its end, and the start of what follows.

        The frame of the cut has the lowest mean posterior of its surroundings; of several, the middle of the longest
        run. It belongs to neither side. Where it touches a filled gap, the whole gap is given back.
        """
        low, high = self.earliest_cut(start), start + self.limit - self._reach + 1
        heard = self._room[self._place(low - self._reach) : self._place(high + self._reach)]
        sums = np.concatenate([[0.0], np.cumsum(heard, dtype=np.float64)])
        width = 2 * self._reach + 1
        means = (sums[width:] - sums[:-width]) / width
        frame = low + _middle(means <= means.min() + 1e-6)
        stop, following = frame, frame + 1
        for left, entered in self._gaps:
            if left < frame <= entered:
                stop = left
            if left <= following < entered:
                following = entered
        self._gaps = deque(gap for gap in self._gaps if gap[0] >= following)
        return stop, following


def _middle(flags: NDArray[np.bool_]) -> int:
    """Returns the middle of the longest run of True, of the last of equals."""
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    starts, stops = edges[::2], edges[1::2]
    longest = len(starts) - 1 - int(np.argmax((stops - starts)[::-1]))
    return int(starts[longest] + stops[longest] - 1) // 2
