"""Curves over time that sounds are made of: how the phase of a tone runs on, how loud an event is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]


def phase(frequency: Curve, sample_rate: int) -> Curve:
    """Returns the phase in radians, float64 (n,), of a tone whose frequency in Hz changes from sample to sample."""
    turned: Curve = 2 * np.pi * np.cumsum(frequency) / sample_rate
    return turned


def swell(way: Curve, rest: float, rng: np.random.Generator) -> Curve:
    """Returns a level that rises over the first part of an event and falls over what is left.

    Args:
        way: float64 (n,), how much of the event is over, from 0 to 1.
        rest: the most that may be left of the level at the end.
        rng: decides where the top lies and how much is left.

    Returns:
        float64 (n,), 1 at the top.
    """
    top = rng.uniform(0.02, 0.8)
    level: Curve = np.interp(way, [0.0, top, 1.0], [0.0, 1.0, rng.uniform(0.0, rest)])
    return level
