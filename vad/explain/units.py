"""What each unit does, by criteria that are measured on the recording at hand.

For every unit of every layer:

* onset, offset: the correlation of its output h with a pulse at each onset, or offset, of the decision, a triangle of
  ±120 ms, less what the pulse shares with the posterior: what rises with speech and stays is no detector of its onset.
  The largest over lags of up to ±150 ms, since units may know before the decision does, or after.
* speech: the correlation of h with the posterior that the network gives at the same step.
* floor: the correlation of its cell state c with the slow floor of the log-energy, the tenth percentile of the last
  1.5 s; 0 where the floor varies by less than a decibel.
* half-life: after how long half of what it remembers is left, ln(0.5)/ln(f) steps, f being its mean forget gate.

The correlation that is largest for its threshold of `THRESHOLDS` gives the group, if it reaches the threshold; then a
half-life of at least `LONG_S` makes a long holder; what is left are the others. A group is an observation on one
recording: another recording may show a unit doing something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vad.explain.forward import LayerTrace

__all__ = ["GROUPS", "LONG_S", "THRESHOLDS", "Signals", "Units", "half_life_s", "measure_signals", "study_units"]

Array = NDArray[np.float64]

THRESHOLDS: Final[Mapping[str, float]] = {"onset": 0.3, "offset": 0.3, "speech": 0.6, "floor": 0.5}
"""Least absolute correlation that puts a unit into a group."""
LONG_S: Final = 0.5
"""Least half-life of a long holder, seconds."""
GROUPS: Final[Mapping[str, str]] = {
    "onset": "onset detectors",
    "offset": "offset detectors",
    "speech": "speech followers",
    "floor": "noise-floor trackers",
    "holder": "long holders",
    "other": "others",
}
"""Groups in their order, and what they are called."""

_PULSE_S: Final = 0.12
_LAG_S: Final = 0.15
_FLOOR_WINDOW_S: Final = 1.5
_FLOOR_PERCENTILE: Final = 10
_LEAST_FLOOR_DB: Final = 1.0


@dataclass(frozen=True, eq=False)
class Signals:
    """What the units are compared with, float64 ``(steps,)`` each.

    Args:
        onset: pulses at the onsets of the decision.
        offset: pulses at its offsets.
        speech: the posterior at the same step.
        floor: the slow floor of the log-energy, natural logarithm.
        step_s: seconds of a step.
    """

    onset: Array
    offset: Array
    speech: Array
    floor: Array
    step_s: float


@dataclass(frozen=True, eq=False)
class Units:
    """The units of a layer, each by its number.

    Args:
        group: of each unit, one of `GROUPS`.
        order: unit numbers in the order in which they are shown: by group, and inside by what the group is about.
        half_life_s: float64 ``(units,)``; infinite where the mean forget gate is 1.
        correlations: by the names of `THRESHOLDS`, float64 ``(units,)``.
    """

    group: tuple[str, ...]
    order: tuple[int, ...]
    half_life_s: Array
    correlations: Mapping[str, Array]

    def members(self, group: str) -> list[int]:
        """Returns the units of a group, in their order."""
        return [unit for unit in self.order if self.group[unit] == group]


def half_life_s(forget: Array, step_s: float) -> Array:
    """Returns after how many seconds half of a cell state is left, ln(0.5)/ln(f) steps.

    Args:
        forget: mean forget gates, in [0, 1].
        step_s: seconds of a step.
    """
    with np.errstate(divide="ignore"):
        lives: Array = step_s * np.log(0.5) / np.log(forget)
    # ln 1 is a zero whose sign would make infinity negative.
    return np.where(forget >= 1, np.inf, lives)


def measure_signals(
    frames: Array, posteriors: Array, onsets: Sequence[int], offsets: Sequence[int], step_s: float
) -> Signals:
    """Makes what units are compared with.

    Args:
        frames: log-mel ``(steps, bands)``.
        posteriors: of each step.
        onsets: steps at which the decision enters speech.
        offsets: steps at which it leaves it.
        step_s: seconds of a step.
    """
    energy = np.log(np.exp(frames).mean(axis=1))
    window = max(1, round(_FLOOR_WINDOW_S / step_s))
    padded = np.concatenate([np.full(window - 1, energy[0]), energy])
    floor = np.percentile(np.lib.stride_tricks.sliding_window_view(padded, window), _FLOOR_PERCENTILE, axis=1)
    return Signals(
        onset=_pulses(onsets, len(frames), _PULSE_S / step_s),
        offset=_pulses(offsets, len(frames), _PULSE_S / step_s),
        speech=posteriors,
        floor=floor,
        step_s=step_s,
    )


def study_units(layer: LayerTrace, signals: Signals) -> Units:
    """Measures and groups the units of a layer."""
    lags = round(_LAG_S / signals.step_s)
    least = _LEAST_FLOOR_DB * np.log(10) / 10
    correlations = {
        "onset": _best_lag(layer.h, signals.onset, signals.speech, lags),
        "offset": _best_lag(layer.h, signals.offset, signals.speech, lags),
        "speech": _correlate(layer.h, signals.speech),
        "floor": _correlate(layer.c, signals.floor) if signals.floor.std() >= least else np.zeros(layer.c.shape[1]),
    }
    lives = half_life_s(layer.f.mean(axis=0), signals.step_s)
    group = tuple(_group(unit, correlations, lives) for unit in range(len(lives)))
    ranks = {name: rank for rank, name in enumerate(GROUPS)}

    def place(unit: int) -> tuple[float, ...]:
        name = group[unit]
        # Within a group of a correlation, from the most positive to the most negative; else by how long it holds.
        return ranks[name], -correlations[name][unit] if name in correlations else -lives[unit], unit

    return Units(group, tuple(sorted(range(len(lives)), key=place)), lives, correlations)


def _group(unit: int, correlations: Mapping[str, Array], lives: Array) -> str:
    strength = {name: abs(correlations[name][unit]) / THRESHOLDS[name] for name in THRESHOLDS}
    best = max(strength, key=strength.__getitem__)
    if strength[best] >= 1:
        return best
    return "holder" if lives[unit] >= LONG_S else "other"


def _pulses(steps: Sequence[int], n_steps: int, half_width: float) -> Array:
    at = np.arange(n_steps)
    pulses = np.zeros(n_steps)
    for step in steps:
        pulses = np.maximum(pulses, 1 - np.abs(at - step) / half_width)
    return pulses


def _best_lag(values: Array, signal: Array, shared: Array, lags: int) -> Array:
    """Returns for each column the correlation that is largest, whatever its sign, over shifts of the signal.

    Of the shifted signal only that counts which a line through the shared one does not give.
    """
    padded = np.pad(signal, lags)
    about = shared - shared.mean()
    power = max(1e-12, float(about @ about))
    rows = []
    for lag in range(2 * lags + 1):
        shifted = padded[2 * lags - lag : 2 * lags - lag + len(signal)]
        rows.append(_correlate(values, shifted - about * float(about @ shifted) / power))
    table = np.stack(rows)
    return np.asarray(table[np.abs(table).argmax(axis=0), np.arange(values.shape[1])])


def _correlate(values: Array, signal: Array) -> Array:
    """Pearson's correlation of each column with a signal; 0 where one of them does not vary."""
    centred, about = values - values.mean(axis=0), signal - signal.mean()
    norm = np.sqrt((centred**2).sum(axis=0) * (about**2).sum())
    product = about @ centred
    return np.asarray(np.divide(product, norm, out=np.zeros_like(product), where=norm > 1e-12))
