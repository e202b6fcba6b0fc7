"""Repeated measurements in three numbers."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """What repeats of a measurement came to.

    Args:
        median: of them.
        least: of them.
        most: of them.
    """

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Summarises at least one value."""
        return cls(statistics.median(values), min(values), max(values))

    def scaled(self, factor: float) -> Spread:
        """Returns the same in another unit."""
        return Spread(self.median * factor, self.least * factor, self.most * factor)
