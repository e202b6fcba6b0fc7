"""Bootstrap intervals that resample recordings, not cells.

Cells of one recording resemble one another, so resampling cells would give intervals far too narrow. A resample draws
as many recordings as there are, with replacement; a recording counts as often as it was drawn.

References:
    Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13 (percentile interval); Bisani and Ney,
    "Bootstrap estimates for confidence intervals in ASR performance evaluation", ICASSP 2004.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from vad.errors import ConfigError

__all__ = ["bootstrap"]


def bootstrap(
    measure: Callable[[NDArray[np.int64]], Mapping[str, float]],
    n_recordings: int,
    *,
    n_resamples: int,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Returns the percentile interval of every measure.

    Args:
        measure: takes int64 weights ``(n_recordings,)`` and returns measures by name.
        n_recordings: number of recordings.
        n_resamples: number of resamples; 0 gives no intervals.
        confidence: share of the resamples inside the interval, in (0, 1).
        seed: seed of the draws: the same seed gives the same intervals.

    Returns:
        Low and high end by name. Empty without resamples or with fewer than two recordings. A measure that has no
        meaning in more than half of the resamples (it is ``nan``) has the interval (nan, nan).

    Raises:
        ConfigError: the number of resamples is negative or the confidence is not inside (0, 1).
    """
    if n_resamples < 0:
        raise ConfigError(f"bootstrap: n_resamples must be 0 or more, got {n_resamples}")
    if not 0 < confidence < 1:
        raise ConfigError(f"bootstrap: confidence must lie in (0, 1), got {confidence}")
    if n_resamples == 0 or n_recordings < 2:
        return {}
    generator = np.random.default_rng(seed)
    even = np.full(n_recordings, 1.0 / n_recordings)
    draws = [measure(generator.multinomial(n_recordings, even)) for _ in range(n_resamples)]
    tail = 100 * (1 - confidence) / 2
    return {name: _percentiles(np.array([draw[name] for draw in draws]), tail) for name in draws[0]}


def _percentiles(values: NDArray[np.float64], tail: float) -> tuple[float, float]:
    kept = values[np.isfinite(values)]
    if 2 * kept.size < values.size:
        return float("nan"), float("nan")
    low, high = np.percentile(kept, [tail, 100 - tail])
    return float(low), float(high)
