"""Writes the vectors that hold every port of the decision equal to Python's: ``python tests/vectors/make_vectors.py``.

``decision.json`` has the rules, the lengths and the events, ``decision.f32`` the posteriors, one case after the other.
Events are in samples, `known` in frames: ``["start", start, onset, known]``, ``["end", start, end, offset, known]``,
``["misfire", start, end, known]``.

``recording.json`` and ``recording.f32`` are the same for a recording: its posteriors from the packaged model, and its
events, `known` in samples.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from vad.decision import Decision, DecisionRule, Dropped, Ended, Mark, Started
from vad.detector import Detector
from vad.frames import FrameGrid
from vad.stream import Misfire, PosteriorEvent, SpeechEnd, SpeechStart

FOLDER = Path(__file__).resolve().parent
RECORDING = FOLDER.parent.parent / "examples" / "recording.wav"
GRID = FrameGrid()
SEED = 20261121
N_CASES = 96
N_UNSURE = 10
# Each part of the rule alone, at its edge.
SPECIAL_RULES = (
    DecisionRule(),
    DecisionRule(1.0, 0.0, min_speech_s=0, min_silence_s=0),
    DecisionRule(0.5, 0.5, hangover_s=0.2, min_speech_s=0, min_silence_s=0),
    DecisionRule(0.5, 0.5, min_speech_s=0.25, min_silence_s=0),
    DecisionRule(0.5, 0.5, min_speech_s=0, min_silence_s=0.25),
    DecisionRule(0.5, 0.5, pad_start_s=0.2, pad_end_s=0.3, merge_gap_s=0.1),
    DecisionRule(0.5, 0.3, max_speech_s=0.61),
    DecisionRule(0.6, 0.4, min_silence_s=0.4, pad_start_s=0.3, pad_end_s=0.3, max_speech_s=1.3),
    DecisionRule(confirm_threshold=0.9),
    DecisionRule(0.5, 0.3, min_speech_s=0, min_silence_s=0, max_speech_s=0.61, confirm_threshold=0.7),
)

Case = tuple[DecisionRule, int, NDArray[np.float32]]


def random_posteriors(rng: np.random.Generator, n_frames: int) -> NDArray[np.float32]:
    """Returns float32 ``(n_frames,)``: smooth or jumping, with plateaus and exact ties among them."""
    values = rng.random(n_frames)
    if n_frames == 0:
        return values.astype(np.float32)
    width = int(rng.choice([1, 3, 10, 40]))
    values = np.convolve(values, np.ones(width) / width, mode="same")[:n_frames]
    values = np.clip(0.5 + (values - values.mean()) * rng.choice([1, 3, 8]), 0, 1)
    if rng.random() < 0.3:
        values = np.round(values * 20) / 20
    return values.astype(np.float32)


def random_rule(rng: np.random.Generator) -> DecisionRule:
    """Returns a rule in which any part may be off, on whole hundredths or between."""
    onset = round(float(rng.uniform(0.05, 1)), 2)
    most = {
        "hangover_s": 0.4, "min_speech_s": 0.4, "min_silence_s": 0.5,
        "pad_start_s": 0.5, "pad_end_s": 0.5, "merge_gap_s": 0.6,
    }  # fmt: skip
    durations = {
        name: float(rng.choice([0.0, round(float(rng.uniform(0, end)), 2), float(rng.uniform(0, end))]))
        for name, end in most.items()
    }
    least = durations["pad_start_s"] + durations["pad_end_s"] + durations["min_speech_s"] + 0.5
    limit = None if rng.random() < 0.4 else least + float(rng.uniform(0.01, 4))
    sure = None if rng.random() < 0.5 else float(rng.uniform(onset, onset + 0.6 * (1 - onset)))
    offset = round(onset * float(rng.random()), 2)
    return DecisionRule(onset, offset, **durations, max_speech_s=limit, confirm_threshold=sure)


def random_cases(seed: int, n_cases: int, most_seconds: float) -> Iterator[Case]:
    """Yields rules, lengths in samples and posteriors; the first have the special rules."""
    rng = np.random.default_rng(seed)
    for case in range(n_cases):
        n_samples = int(rng.integers(0, int(most_seconds * GRID.sample_rate)))
        rule = SPECIAL_RULES[case] if case < len(SPECIAL_RULES) else random_rule(rng)
        yield (
            rule,
            n_samples,
            random_posteriors(rng, GRID.count(n_samples)) if GRID.count(n_samples) else np.zeros(0, np.float32),
        )


def unsure_cases(seed: int, n_cases: int) -> Iterator[Case]:
    """Yields long stretches that are confirmed seldom, so that they are given up, or cut long after they grew."""
    rng = np.random.default_rng(seed)
    for _ in range(n_cases):
        fields = {"onset_threshold": 0.5, "offset_threshold": float(rng.choice([0.3, 0.44, 0.5]))}
        rule = random_rule(rng).replace({**fields, "confirm_threshold": float(rng.choice([0.86, 0.9, 1.0]))})
        n_samples = int(rng.integers(15 * GRID.sample_rate, 45 * GRID.sample_rate))
        values = np.float32(0.45) + np.float32(0.4) * random_posteriors(rng, GRID.count(n_samples))
        values[rng.integers(len(values) // 3, len(values), int(rng.integers(0, 3)))] = 1
        values[: int(rng.integers(0, len(values)))] *= np.float32(rng.choice([0.9, 1]))
        yield rule, n_samples, values


def mark_row(mark: Mark) -> list[Any]:
    """Returns a mark as the vectors have it."""
    match mark:
        case Started():
            return ["start", mark.start, mark.onset, mark.known]
        case Ended():
            return ["end", mark.start, mark.end, mark.offset, mark.known]
        case Dropped():
            return ["misfire", mark.start, mark.end, mark.known]


def decision_events(case: Case) -> list[list[Any]]:
    """Returns what Python's decision says of a case."""
    rule, n_samples, posteriors = case
    machine = Decision(rule, GRID)
    return [mark_row(mark) for mark in [*machine.advance(posteriors), *machine.finish(n_samples)]]


def recording_events(detector: Detector, samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[list[Any]]]:
    """Returns the posteriors of a recording at the model's rate, and its events in samples."""

    def at(seconds: float) -> int:
        return round(seconds * GRID.sample_rate)

    posteriors, rows = [], []
    for event in detector.stream().events([samples], posteriors=True):
        match event:
            case PosteriorEvent():
                posteriors.append(event.values)
            case SpeechStart():
                rows.append(["start", at(event.start), at(event.onset), at(event.known)])
            case SpeechEnd():
                rows.append(["end", at(event.start), at(event.end), at(event.offset), at(event.known)])
            case Misfire():
                rows.append(["misfire", at(event.start), at(event.end), at(event.known)])
    return np.concatenate(posteriors), rows


def write_decision(folder: Path) -> None:
    """Writes ``decision.json`` and ``decision.f32``."""
    cases = [*random_cases(SEED, N_CASES, 12), *unsure_cases(SEED, N_UNSURE)]
    rows = [
        {"rule": case[0].to_dict(), "n_samples": case[1], "n_frames": len(case[2]), "events": decision_events(case)}
        for case in cases
    ]
    grid = {name: getattr(GRID, name) for name in ("sample_rate", "win_length", "hop_length")}
    lines = ",\n".join(json.dumps(row) for row in rows)
    text = f'{{"grid": {json.dumps(grid)},\n"cases": [\n{lines}\n]}}\n'
    (folder / "decision.json").write_text(text, encoding="utf-8")
    np.concatenate([case[2] for case in cases]).astype("<f4").tofile(folder / "decision.f32")


def write_recording(folder: Path, detector: Detector) -> None:
    """Writes ``recording.json`` and ``recording.f32``."""
    samples, _ = soundfile.read(RECORDING, dtype="float32")
    posteriors, events = recording_events(detector, samples)
    fields = {
        "recording": f"examples/{RECORDING.name}",
        "model_sha256": detector.artifact.digest,
        "rule": detector.rule.to_dict(),
        "lookahead_frames": detector.metadata.lookahead_frames,
        "n_samples": len(samples),
        "events": events,
    }
    (folder / "recording.json").write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")
    posteriors.astype("<f4").tofile(folder / "recording.f32")


if __name__ == "__main__":
    write_decision(FOLDER)
    write_recording(FOLDER, Detector())
