"""The window and the mel matrix: the only place where these numbers are made.

References:
    Slaney, M. (1998): Auditory Toolbox, Technical Report 1998-010, Interval Research Corporation. Bands are
    linear below 1 kHz, logarithmic above; each triangle has unit area ("Slaney norm"). These are librosa's
    defaults, ``librosa.filters.mel(htk=False, norm="slaney")``, which the tests hold them against.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vad.features.spec import FeatureSpec

# Slaney's scale: 200/3 Hz per mel up to 1 kHz, then 27 mels per factor of 6.4.
_HZ_PER_MEL = 200.0 / 3.0
_BREAK_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27.0


def _hz_to_mel(hz: float) -> float:
    if hz < _BREAK_HZ:
        return hz / _HZ_PER_MEL
    return float(_BREAK_HZ / _HZ_PER_MEL + np.log(hz / _BREAK_HZ) / _LOG_STEP)


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    break_mel = _BREAK_HZ / _HZ_PER_MEL
    return np.where(mel < break_mel, mel * _HZ_PER_MEL, _BREAK_HZ * np.exp(_LOG_STEP * (mel - break_mel)))


@lru_cache(maxsize=8)
def hann_window(spec: FeatureSpec) -> NDArray[np.float32]:
    """Returns the periodic Hann window, float32 ``(win_length,)``, read-only.

    Periodic means ``0.5 - 0.5·cos(2πn / win_length)``; ``np.hanning`` divides by ``win_length - 1``.
    """
    phase = 2.0 * np.pi * np.arange(spec.win_length) / spec.win_length
    return _frozen((0.5 - 0.5 * np.cos(phase)).astype(np.float32))


def band_edges(spec: FeatureSpec) -> NDArray[np.float64]:
    """Returns the edges of the mel bands in Hz, float64 ``(n_mels + 2,)``: band b has its centre at edge b + 1."""
    return _mel_to_hz(np.linspace(_hz_to_mel(spec.f_min), _hz_to_mel(spec.f_max), spec.n_mels + 2))


@lru_cache(maxsize=8)
def mel_matrix(spec: FeatureSpec) -> NDArray[np.float32]:
    """Returns the weights from power spectrum to mel bands, float32 ``(win_length // 2 + 1, n_mels)``, read-only."""
    edges = band_edges(spec)
    bins = np.arange(spec.n_bins)[:, np.newaxis] * (spec.sample_rate / spec.win_length)
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins - low) / (centre - low)
    falling = (high - bins) / (high - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return _frozen((triangles * (2.0 / (high - low))).astype(np.float32))


def _frozen(table: NDArray[np.float32]) -> NDArray[np.float32]:
    # Tables are cached and shared: a caller that writes into one would change everybody's features.
    table.setflags(write=False)
    return table
