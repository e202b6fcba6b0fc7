"""The last stretch of a stream's audio."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

# Samples at the front that may stay although they are not needed; cutting them off costs more than they do.
_WORTH_COPYING = 16000


class AudioMemory:
    """Samples of a stream from some sample on; what came before is forgotten on demand."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forgets everything, as before a new recording."""
        self._parts: deque[NDArray[np.float32]] = deque()
        self._first = 0  # index of the first sample held
        self._end = 0

    @property
    def n_held(self) -> int:
        """Samples in memory."""
        return self._end - self._first

    def push(self, samples: NDArray[np.float32]) -> None:
        """Takes a copy of the next samples, float32 ``(n,)``."""
        if len(samples):
            self._parts.append(samples.copy())
            self._end += len(samples)

    def forget(self, before: int) -> None:
        """Lets go of the samples before an index."""
        while self._parts and self._first + len(self._parts[0]) <= before:
            self._first += len(self._parts.popleft())
        if self._parts and before - self._first >= _WORTH_COPYING:
            # A copy, lest a few samples keep a large chunk alive.
            part = self._parts.popleft()[before - self._first :].copy()
            self._parts.appendleft(part)
            self._first = before

    def cut(self, start: int, end: int | None = None) -> NDArray[np.float32]:
        """Returns a copy of the samples ``[start, end)``, or all from `start` on."""
        stop = self._end if end is None else end
        found = []
        at = self._first
        for part in self._parts:
            if at < stop and at + len(part) > start:
                found.append(part[max(0, start - at) : stop - at])
            at += len(part)
        return np.concatenate([np.zeros(0, np.float32), *found])
