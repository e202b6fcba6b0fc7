"""Levels of a recording over time, and the stretches in which they pass a threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vad.frames import seconds_to_samples

COARSE_S = 0.025  # two periods of a low voice: the level does not ripple with the pitch
_COARSE_HOP_S = 0.005
DIGITAL_SILENCE_DB = -100.0

_FINE_S = 0.004  # only as long as a boundary may be wrong
_FINE_HOP_S = 0.001
_BLOCK = 8192  # windows at a time: the spectra of an hour would take gigabytes


def coarse_levels(samples: NDArray[np.float32], sample_rate: int, low_cut_hz: float) -> NDArray[np.float32]:
    """Returns the power above `low_cut_hz` of windows of `COARSE_S`, 5 ms apart, in dB, float32 (n,)."""
    return _levels(samples, sample_rate, COARSE_S, _COARSE_HOP_S, low_cut_hz)


def coarse_hop_s(sample_rate: int) -> float:
    """Returns how far apart coarse levels are in seconds: 5 ms as whole samples."""
    return _as_sampled(_COARSE_HOP_S, sample_rate)


def centres(n_levels: int, sample_rate: int) -> NDArray[np.float64]:
    """Returns the middles of the windows of so many coarse levels, float64 seconds."""
    return np.arange(n_levels) * coarse_hop_s(sample_rate) + _as_sampled(COARSE_S, sample_rate) / 2


def runs_above(levels: NDArray[np.float32], onset: float, offset: float) -> NDArray[np.int64]:
    """Returns the runs of levels above `offset` that reach `onset`, int64 (runs, 2): first, stop."""
    above = np.concatenate(([0], (levels > offset).astype(np.int8), [0]))
    edges = np.flatnonzero(np.diff(above)).reshape(-1, 2)
    reached = [levels[first:stop].max() > onset for first, stop in edges]
    return edges[np.array(reached, bool)] if len(edges) else edges


def runs_to_seconds(runs: NDArray[np.int64], sample_rate: int) -> NDArray[np.float64]:
    """Returns runs of coarse levels in seconds, float64 (runs, 2): half a hop around the first and the last centre."""
    seconds: NDArray[np.float64] = (runs - 0.5) * coarse_hop_s(sample_rate) + _as_sampled(COARSE_S, sample_rate) / 2
    return seconds


def sharpened(
    samples: NDArray[np.float32], sample_rate: int, rough: NDArray[np.float64], offset: float, low_cut_hz: float
) -> NDArray[np.float64]:
    """Moves each boundary to where 4 ms levels first, or last, exceed the threshold nearby, seconds (spans, 2)."""
    sharp = rough.copy()
    hop_s, length_s = _as_sampled(_FINE_HOP_S, sample_rate), _as_sampled(_FINE_S, sample_rate)
    for span in sharp:
        for side in (0, 1):
            begin = max(0, seconds_to_samples(span[side] - COARSE_S, sample_rate))
            near = samples[begin : seconds_to_samples(span[side] + COARSE_S, sample_rate)]
            levels = _levels(near, sample_rate, _FINE_S, _FINE_HOP_S, low_cut_hz)
            hits = np.flatnonzero(levels > offset)
            if len(hits):
                index = hits[0] if side == 0 else hits[-1]
                span[side] = begin / sample_rate + index * hop_s + length_s / 2
    return sharp


def _as_sampled(seconds: float, sample_rate: int) -> float:
    """Returns what a duration is in whole samples: at 22050 Hz, 5 ms are 4.99 ms, and a minute of them 0.14 s less."""
    return seconds_to_samples(seconds, sample_rate) / sample_rate


def _levels(
    samples: NDArray[np.float32], sample_rate: int, length_s: float, hop_s: float, low_cut_hz: float
) -> NDArray[np.float32]:
    """Returns the power above `low_cut_hz` of overlapping windows in dB, float32; empty when too short."""
    length, hop = seconds_to_samples(length_s, sample_rate), seconds_to_samples(hop_s, sample_rate)
    if len(samples) < length:
        return np.zeros(0, np.float32)
    n_fft = 1 << (length - 1).bit_length()
    windows = np.lib.stride_tricks.sliding_window_view(samples, length)[::hop]
    taper = np.sqrt(np.hanning(length + 2)[1:-1]).astype(np.float32)
    counted = (np.fft.rfftfreq(n_fft, 1 / sample_rate) >= low_cut_hz).astype(np.float32)
    levels = np.empty(len(windows), np.float32)
    for first in range(0, len(windows), _BLOCK):
        spectrum = np.fft.rfft(windows[first : first + _BLOCK] * taper, n_fft, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2) @ counted / (n_fft / 2 * np.sum(taper**2))
        levels[first : first + _BLOCK] = 10 * np.log10(power + 1e-15)
    return levels
