"""Rows of any number pooled to about as many as a picture has columns, in one pass and bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pool", "envelope", "mean"]

Reduce = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Makes ``(bins, columns)`` of ``(bins, rows per bin, columns)``; doing it in two steps must give the same."""


def envelope(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lowest of the first column, highest of the second: what a pixel column of a waveform spans."""
    return np.stack([rows[:, :, 0].min(axis=1), rows[:, :, 1].max(axis=1)], axis=1)


def mean(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of every column."""
    means: NDArray[np.float32] = rows.mean(axis=1, dtype=np.float32)
    return means


class Pool:
    """Pools rows by whole numbers that double as more of them come.

    A recording whose length is not known until its end has, once all is pushed, between `limit` and twice `limit`
    bins of equal width, or its own rows when there are fewer.

    Args:
        columns: of a row.
        reduce: what a bin keeps of its rows: `envelope` or `mean`.
        limit: least number of bins, where there is enough to fill them.
        rows_per_bin: width of a bin before any doubling.
    """

    _MERGED: Final = 2

    def __init__(self, columns: int, reduce: Reduce, *, limit: int, rows_per_bin: int = 1) -> None:
        self._reduce = reduce
        self._limit = limit
        self._rows_per_bin = rows_per_bin
        self._parts: list[NDArray[np.float32]] = []
        self._count = 0
        self._rest = np.zeros((0, columns), np.float32)

    @property
    def rows_per_bin(self) -> int:
        """Rows that a bin stands for by now."""
        return self._rows_per_bin

    def push(self, rows: NDArray[np.float32]) -> None:
        """Takes the next rows: float32 ``(n, columns)``, any n."""
        held = np.concatenate([self._rest, rows])
        while len(held) >= self._rows_per_bin:
            taken = min(len(held) // self._rows_per_bin, self._MERGED * self._limit - self._count)
            width = taken * self._rows_per_bin
            self._parts.append(self._reduce(held[:width].reshape(taken, self._rows_per_bin, -1)))
            self._count += taken
            held = held[width:]
            if self._count == self._MERGED * self._limit:
                self._merge()
        self._rest = held.copy()

    def finish(self) -> NDArray[np.float32]:
        """Returns the bins, float32 ``(n, columns)``; the last one may stand for fewer rows."""
        if len(self._rest):
            self._parts.append(self._reduce(self._rest[np.newaxis]))
            self._rest = self._rest[:0]
        return np.concatenate([np.zeros((0, self._rest.shape[1]), np.float32), *self._parts])

    def _merge(self) -> None:
        bins = np.concatenate(self._parts)
        self._parts = [self._reduce(bins.reshape(self._limit, self._MERGED, -1))]
        self._count = self._limit
        self._rows_per_bin *= self._MERGED
