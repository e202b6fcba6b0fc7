"""The rule without a machine: frame by frame, and step after step on whole lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from vad.decision import CONFIRM_WITHIN_S
from vad.frames import FrameGrid, seconds_to_samples
from vad.segments import Timeline

GRID = FrameGrid()
RATE = GRID.sample_rate
FRAME_S = GRID.hop_length / RATE
PATIENCE = round(CONFIRM_WITHIN_S / FRAME_S)


@pytest.fixture(scope="session")
def expected() -> Callable[..., Timeline]:
    """What a rule finds: of posteriors, the rule, the length in samples, and the patience in frames."""
    return decided


def raw_runs(values, rule) -> list[list[int]]:
    """Thresholds and hangover, frame by frame."""
    hangover = round(rule.hangover_s / FRAME_S)
    runs, speech, below = [], False, 0
    for t, p in enumerate(values):
        below = below + 1 if p < rule.offset_threshold else 0
        if not speech and p >= rule.onset_threshold:
            speech = True
            runs.append([t, len(values)])
        elif speech and below > hangover:
            speech = False
            runs[-1][1] = t
    return runs


def filled(runs, rule) -> list[list[list[int]]]:
    """Gathers the runs between which gaps are too short to stay."""
    stretches: list[list[list[int]]] = []
    for run in runs:
        if stretches and run[0] - stretches[-1][-1][1] < round(rule.min_silence_s / FRAME_S):
            stretches[-1].append(run)
        else:
            stretches.append([run])
    return stretches


def confirmed(stretches, values, rule, patience) -> Iterator[tuple[int, int]]:
    """Yields the stretches that are confirmed, from where they were not given up."""
    for runs in stretches:
        start, stop = runs[0][0], runs[-1][1]
        speech = [t for run in runs for t in range(*run)]
        sure = [t for t in speech if rule.confirm_threshold is None or values[t] >= np.float32(rule.confirm_threshold)]
        while sure and sure[0] - start > patience:
            start = next(t for t in speech if t >= start + patience)
        if sure:
            yield start, stop


def decided(values, rule, n_samples, patience=PATIENCE) -> Timeline:
    """The rule as `vad.decision` states it but for the limit, step after step on whole lists."""
    pairs = []
    stretches = filled(raw_runs(values, rule), rule)
    for start, stop in confirmed(stretches, values, rule, patience):
        if stop - start >= round(rule.min_speech_s / FRAME_S):
            first = (0 if start == 0 else GRID.boundary(start)) - seconds_to_samples(rule.pad_start_s, RATE)
            end = n_samples if stop == len(values) else GRID.boundary(stop)
            last = end + seconds_to_samples(rule.pad_end_s, RATE)
            if pairs and max(0, first) <= pairs[-1][1] + seconds_to_samples(rule.merge_gap_s, RATE):
                pairs[-1][1] = last
            else:
                pairs.append([max(0, first), last])
    return Timeline.from_pairs((first / RATE, min(n_samples, last) / RATE) for first, last in pairs)
