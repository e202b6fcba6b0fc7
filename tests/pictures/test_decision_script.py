"""The page decides as Python does, frame by frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vad.decision import DecisionRule, decide
from vad.frames import FrameGrid, seconds_to_samples
from vad.pictures.template import asset
from vad.segments import Timeline

GRID = FrameGrid()
CALL = "return vadDecision.decide(new Float32Array(arguments[0]), arguments[1], arguments[2], arguments[3]);"


@pytest.fixture(scope="module")
def script(browser: Any) -> Any:
    browser.get("data:text/html,<title>decision</title>")
    # A top-level const of one script is not seen by the next: the object is handed over.
    browser.execute_script(asset("decision.js") + "\nwindow.vadDecision = vadDecision;")
    return browser


def _posteriors(rng: np.random.Generator, n_frames: int) -> np.ndarray:
    """Smooth or jumping, with plateaus and exact ties among them."""
    values = rng.random(n_frames)
    width = int(rng.choice([1, 3, 10, 40]))
    values = np.convolve(values, np.ones(width) / width, mode="same")[:n_frames]
    values = np.clip(0.5 + (values - values.mean()) * rng.choice([1, 3, 8]), 0, 1)
    if rng.random() < 0.3:
        values = np.round(values * 20) / 20
    return values.astype(np.float32)


def _rule(rng: np.random.Generator) -> DecisionRule:
    onset = round(float(rng.uniform(0.05, 1)), 2)

    def seconds(most: float) -> float:
        return float(rng.choice([0.0, round(float(rng.uniform(0, most)), 2), float(rng.uniform(0, most))]))

    durations = {
        name: seconds(most)
        for name, most in {
            "hangover_s": 0.4, "min_speech_s": 0.4, "min_silence_s": 0.5,
            "pad_start_s": 0.5, "pad_end_s": 0.5, "merge_gap_s": 0.6,
        }.items()
    }  # fmt: skip
    least = durations["pad_start_s"] + durations["pad_end_s"] + durations["min_speech_s"] + 0.5
    limit = None if rng.random() < 0.4 else least + float(rng.uniform(0.01, 4))
    sure = None if rng.random() < 0.5 else float(rng.uniform(onset, 1))
    offset = round(onset * float(rng.random()), 2)
    return DecisionRule(onset, offset, **durations, max_speech_s=limit, confirm_threshold=sure)


def _in_samples(timeline: Timeline) -> list[list[int]]:
    return [[seconds_to_samples(t, GRID.sample_rate) for t in pair] for pair in timeline.to_pairs()]


def test_the_page_decides_as_python_does(script: Any) -> None:
    rng = np.random.default_rng(11)
    grid = {name: getattr(GRID, name) for name in ("sample_rate", "win_length", "hop_length")}
    n_segments = 0
    for case in range(400):
        n_samples = int(rng.integers(GRID.win_length, 30 * GRID.sample_rate))
        posteriors = _posteriors(rng, GRID.count(n_samples))
        rule = _rule(rng)
        wanted = _in_samples(decide(posteriors, rule, GRID, n_samples))
        found = script.execute_script(CALL, posteriors.tolist(), rule.to_dict(), grid, n_samples)
        assert found == wanted, f"case {case}: {rule}, {n_samples} samples"
        n_segments += len(wanted)
    assert n_segments > 1000


def test_what_is_missed_is_the_difference_of_timelines(script: Any) -> None:
    rng = np.random.default_rng(5)
    for _ in range(100):
        these, those = (
            Timeline.from_pairs(np.sort(rng.choice(200, (int(rng.integers(0, 12)), 2), replace=False), axis=1))
            for _ in range(2)
        )
        pairs = [[[int(t) for t in pair] for pair in timeline.to_pairs()] for timeline in (these, those)]
        found = script.execute_script("return vadDecision.difference(arguments[0], arguments[1]);", *pairs)
        assert found == [[int(a), int(b)] for a, b in these.difference(those).to_pairs()]


def test_every_field_of_the_rule_is_in_the_script_and_on_a_slider() -> None:
    for name in DecisionRule().to_dict():
        assert f"rule.{name}" in asset("decision.js")
        assert f'["{name}", ' in asset("page.js")
