"""Curves of an evaluation: exact points, few enough to draw."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vad.evaluation.scoring import Scores
from vad.metrics import MATCH_S, FramePool, RocCurve
from vad.peers import Engine

__all__ = ["DELAY_EDGES", "Bin", "Curves", "Point", "thin", "trace"]

DELAY_EDGES: Final[NDArray[np.float64]] = np.linspace(-MATCH_S, MATCH_S, 51)
"""Edges of the delay histograms in seconds: 20 ms apart, as far as boundaries are matched."""
_MOST_POINTS: Final = 160


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold of a curve; ``nan`` where a class is absent.

    Attributes:
        threshold: speech is what has this value or a higher one; infinite where nothing is speech.
        false_alarm_rate: share of the non-speech cells called speech.
        recall: share of the speech cells called speech.
        precision: share of the cells called speech that are speech.
    """

    threshold: float
    false_alarm_rate: float
    recall: float
    precision: float


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of the reliability diagram.

    Attributes:
        cells: scored cells whose value lies in the bin.
        mean_value: their mean value.
        speech_share: share of them that are speech.
    """

    cells: int
    mean_value: float
    speech_share: float


@dataclass(frozen=True, slots=True)
class Curves:
    """What is drawn of one engine in one condition.

    Attributes:
        condition: name of the condition.
        engine: name of the engine.
        operating_point: at the engine's own threshold.
        points: of the curve, from nothing being speech to everything; a subset of its exact points.
        bins: of the reliability diagram, ten of equal width over [0, 1], in order; empty for values that are no
            probabilities.
        onset_delays: int ``(50,)``, matched starts by their delay, in the bins of `DELAY_EDGES`.
        offset_delays: the same for the ends.
    """

    condition: str
    engine: str
    operating_point: Point
    points: Sequence[Point]
    bins: Sequence[Bin]
    onset_delays: NDArray[np.int64]
    offset_delays: NDArray[np.int64]

    def to_dict(self) -> dict[str, object]:
        """Returns JSON values; what has no meaning is null."""
        return {
            "condition": self.condition,
            "engine": self.engine,
            "operating_point": _point_to_dict(self.operating_point),
            "points": [_point_to_dict(point) for point in self.points],
            "calibration": [
                {"cells": b.cells, "mean_value": _finite(b.mean_value), "speech_share": _finite(b.speech_share)}
                for b in self.bins
            ],
            "onset_delays": self.onset_delays.tolist(),
            "offset_delays": self.offset_delays.tolist(),
        }


def trace(scores: Scores, engines: Mapping[str, Engine], conditions: Mapping[str, Sequence[int]]) -> list[Curves]:
    """Returns the curves of every condition and engine.

    Args:
        scores: what `score` returned.
        engines: the engines by name.
        conditions: numbers of the recordings by condition.
    """
    found = []
    for condition, numbers in conditions.items():
        for name, engine in engines.items():
            frames = scores.frames[name].select(numbers)
            onsets, offsets = scores.segments[name].select(numbers).delays()
            curve = frames.curve()
            found.append(
                Curves(
                    condition,
                    name,
                    _at(curve, engine.threshold),
                    thin(curve),
                    _bins(frames) if engine.is_probability else (),
                    np.histogram(onsets, DELAY_EDGES)[0],
                    np.histogram(offsets, DELAY_EDGES)[0],
                )
            )
    return found


def thin(curve: RocCurve, most: int = _MOST_POINTS) -> list[Point]:
    """Picks exact points of a curve so that it looks the same on linear and on normal deviate axes.

    Both ends are kept, and of the others those that are furthest apart: along the curve's length in rates, and in
    normal deviates, in which the corners that a linear plot hides are long.

    Args:
        curve: the curve.
        most: points at most, about.
    """
    if curve.thresholds.size == 0:
        return []
    misses = curve.n_speech - np.concatenate(([0.0], curve.hits))
    alarms = np.concatenate(([0.0], curve.false_alarms))
    lengths = []
    for bend in (_identity, _stretched):
        steps = np.hypot(
            np.diff(bend(misses / max(curve.n_speech, 1.0), curve.n_speech)),
            np.diff(bend(alarms / max(curve.n_nonspeech, 1.0), curve.n_nonspeech)),
        )
        length = np.concatenate(([0.0], np.cumsum(steps)))
        lengths.append(length / max(float(length[-1]), 1e-12))
    chosen: set[int] = {0, int(curve.thresholds.size)}
    for length in lengths:
        wanted = np.linspace(0.0, 1.0, most // 2)
        chosen.update(np.clip(np.searchsorted(length, wanted), 0, length.size - 1).tolist())
    return [_point(curve, index) for index in sorted(chosen)]


def _identity(rates: NDArray[np.float64], _: float) -> NDArray[np.float64]:
    return rates


def _stretched(rates: NDArray[np.float64], count: float) -> NDArray[np.float64]:
    """The logit, near enough to the normal deviate; a rate of zero counts as half a cell."""
    least = 0.5 / max(count, 1.0)
    clipped = np.clip(rates, least, 1 - least)
    return np.log(clipped / (1 - clipped))


def _point(curve: RocCurve, index: int) -> Point:
    """Returns a point by its number: 0 is where nothing is called speech."""
    if index == 0:
        return _rates(math.inf, 0.0, 0.0, curve)
    hits, alarms = float(curve.hits[index - 1]), float(curve.false_alarms[index - 1])
    return _rates(float(curve.thresholds[index - 1]), hits, alarms, curve)


def _at(curve: RocCurve, threshold: float) -> Point:
    confusion = curve.at(threshold)
    return _rates(threshold, confusion.hits, confusion.false_alarms, curve)


def _rates(threshold: float, hits: float, alarms: float, curve: RocCurve) -> Point:
    def share(part: float, whole: float) -> float:
        return part / whole if whole > 0 else math.nan

    return Point(threshold, share(alarms, curve.n_nonspeech), share(hits, curve.n_speech), share(hits, hits + alarms))


def _bins(frames: FramePool) -> list[Bin]:
    count, value, speech = frames.calibration_table().sum(axis=0).T
    return [
        Bin(int(c), float(v / c) if c else math.nan, float(s / c) if c else math.nan)
        for c, v, s in zip(count, value, speech, strict=True)
    ]


def _point_to_dict(point: Point) -> dict[str, float | None]:
    return {
        "threshold": _finite(point.threshold),
        "false_alarm_rate": _finite(point.false_alarm_rate),
        "recall": _finite(point.recall),
        "precision": _finite(point.precision),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
