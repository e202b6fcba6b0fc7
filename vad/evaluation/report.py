"""From scores to a report: measures with intervals, by condition and engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vad.evaluation.curves import DELAY_EDGES, Curves, trace
from vad.evaluation.scoring import Failure, Scores
from vad.evaluation.worst import RecordingError, rank
from vad.manifests import Recording
from vad.metrics import CELLS, FramePool, SegmentPool, bootstrap, frame_measures
from vad.peers import Engine

__all__ = ["ALL", "GROUPINGS", "Estimate", "Report", "Result", "Summary", "summarise"]

ALL: Final = "all"
"""Name of the condition that holds every recording."""

GROUPINGS: Final[Mapping[str, Callable[[Recording], str]]] = MappingProxyType(
    {
        "kind": lambda recording: recording.kind,
        "source": lambda recording: recording.source,
        "language": lambda recording: "unknown" if recording.language is None else recording.language,
        "split": lambda recording: recording.split,
    }
)
"""What recordings can be told apart by."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure with its bootstrap interval.

    Attributes:
        value: the measure; ``nan`` where it has no meaning.
        low: lower end of the interval, None without one.
        high: upper end of the interval, None without one.
    """

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One engine in one condition.

    Attributes:
        condition: name of the condition.
        engine: name of the engine.
        n_recordings: recordings in it.
        speech_s: reference speech in seconds.
        nonspeech_s: reference non-speech in seconds.
        measures: every measure by name, in order.
    """

    condition: str
    engine: str
    n_recordings: int
    speech_s: float
    nonspeech_s: float
    measures: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Summary:
    """How scores are summarised.

    Attributes:
        by: one of `GROUPINGS`, or None for all recordings together.
        n_resamples: bootstrap resamples per condition and engine; 0 gives no intervals.
        confidence: share of the resamples inside the interval.
        seed: of the resamples.
    """

    by: str | None = None
    n_resamples: int = 0
    confidence: float = 0.95
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What an evaluation found.

    Attributes:
        results: by condition, then engine.
        engines: name to description.
        collar_s: total width of the zone around reference boundaries that was not scored, in seconds.
        summary: how the results were made.
        failures: recordings that could not be scored.
        n_unlabelled: recordings passed over for want of labels.
        curves: by condition, then engine.
        worst: every recording with every engine, engine by engine, the worst recordings first.
    """

    results: list[Result]
    engines: dict[str, str]
    collar_s: float
    summary: Summary
    failures: list[Failure]
    n_unlabelled: int
    curves: list[Curves] = field(default_factory=list)
    worst: list[RecordingError] = field(default_factory=list)

    def to_dict(self, *, in_full: bool = False) -> dict[str, object]:
        """Returns JSON values; a measure without meaning is null.

        Args:
            in_full: whether the curves and every recording's errors come along.
        """
        measures: dict[str, object] = {
            "engines": self.engines,
            "collar_s": self.collar_s,
            "by": self.summary.by,
            "bootstrap": {
                "resamples": self.summary.n_resamples,
                "confidence": self.summary.confidence,
                "seed": self.summary.seed,
            },
            "unlabelled": self.n_unlabelled,
            "failures": [{"recording": f.recording, "reason": f.reason} for f in self.failures],
            "results": [_result_to_dict(result) for result in self.results],
        }
        if not in_full:
            return measures
        return {
            **measures,
            "delay_edges_s": [round(edge, 6) for edge in DELAY_EDGES.tolist()],
            "curves": [curves.to_dict() for curves in self.curves],
            "recordings": [error.to_dict() for error in self.worst],
        }


def summarise(
    scores: Scores, engines: Mapping[str, Engine], *, collar_s: float = 0.0, summary: Summary | None = None
) -> Report:
    """Makes a report of scores.

    Args:
        scores: what `score` returned.
        engines: the engines by name.
        collar_s: the collar that the scores were made with.
        summary: conditions and intervals; None takes all recordings together, without intervals.

    Returns:
        One result for every condition (in order of name, all recordings together at the end) and engine.
    """
    how = Summary() if summary is None else summary
    conditions = _conditions(scores.recordings, how.by)
    results = [
        _result(condition, engine, scores, numbers, how)
        for condition, numbers in conditions.items()
        for engine in engines.values()
    ]
    described = {name: engine.description for name, engine in engines.items()}
    return Report(
        results,
        described,
        collar_s,
        how,
        scores.failures,
        scores.n_unlabelled,
        curves=trace(scores, engines, conditions),
        worst=[error for name in engines for error in rank(scores, name)],
    )


def _conditions(recordings: list[Recording], by: str | None) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    if by is not None:
        for number, recording in enumerate(recordings):
            groups.setdefault(GROUPINGS[by](recording), []).append(number)
    conditions = {name: groups[name] for name in sorted(groups)}
    if recordings and len(conditions) != 1:
        conditions[ALL] = list(range(len(recordings)))
    return conditions


def _result(condition: str, engine: Engine, scores: Scores, numbers: list[int], how: Summary) -> Result:
    frames = scores.frames[engine.name].select(numbers)
    segments = scores.segments[engine.name].select(numbers)

    def measure(weights: NDArray[np.int64] | None) -> dict[str, float]:
        return _measures(frames, segments, engine, weights)

    values = measure(None)
    intervals = bootstrap(measure, len(numbers), n_resamples=how.n_resamples, confidence=how.confidence, seed=how.seed)
    estimates = {name: Estimate(value, *intervals.get(name, (None, None))) for name, value in values.items()}
    shift, shifted_auc = frames.best_shift()
    estimates["best_shift_s"] = Estimate(shift * CELLS.hop_length / CELLS.sample_rate)
    estimates["best_shift_roc_auc"] = Estimate(shifted_auc)
    return Result(condition, engine.name, len(numbers), segments.speech_s, segments.nonspeech_s, estimates)


def _measures(
    frames: FramePool, segments: SegmentPool, engine: Engine, weights: NDArray[np.int64] | None
) -> dict[str, float]:
    of_frames = frame_measures(frames, engine.threshold, is_probability=engine.is_probability, weights=weights)
    return {**of_frames, **segments.measures(weights)}


def _result_to_dict(result: Result) -> dict[str, object]:
    return {
        "condition": result.condition,
        "engine": result.engine,
        "recordings": result.n_recordings,
        "speech_s": round(result.speech_s, 3),
        "nonspeech_s": round(result.nonspeech_s, 3),
        "measures": {
            name: {"value": _finite(e.value), "low": _finite(e.low), "high": _finite(e.high)}
            for name, e in result.measures.items()
        },
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
