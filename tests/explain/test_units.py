"""Units that do one thing are found doing it."""

from __future__ import annotations

import numpy as np
import pytest

from vad.explain import half_life_s
from vad.explain.forward import LayerTrace
from vad.explain.units import GROUPS, LONG_S, measure_signals, study_units

N = 1500
STEP_S = 0.01


@pytest.mark.parametrize(
    ("forget", "seconds"), [(0.5, 0.01), (0.5**0.1, 0.1), (0.5**0.01, 1.0), (1.0, np.inf), (0.0, 0.0)]
)
def test_half_life(forget: float, seconds: float) -> None:
    assert half_life_s(np.array([forget]), STEP_S)[0] == pytest.approx(seconds)


@pytest.fixture
def planted() -> tuple[LayerTrace, np.ndarray, np.ndarray, list[int], list[int]]:
    """Units 0 to 5: an offset detector, the floor, what holds, what does nothing, speech turned over, onsets."""
    rng = np.random.default_rng(0)
    onsets, offsets = [200, 600, 1000, 1300], [350, 800, 1150, 1400]
    at = np.arange(N)
    posterior = np.zeros(N)
    for on, off in zip(onsets, offsets, strict=True):
        posterior[on:off] = 1
    noise = rng.normal(0, 0.1, (N, 6))
    h, c, f = noise.copy(), noise.copy(), np.full((N, 6), 0.5)
    slow = 2 * np.sin(at / 500)
    h[:, 0] += sum(np.maximum(0, 1 - np.abs(at - off - 5) / 10) for off in offsets)
    c[:, 1] += slow
    f[:, 2] = 0.5 ** (STEP_S / (2 * LONG_S))
    h[:, 4] -= posterior
    h[:, 5] += sum(np.maximum(0, 1 - np.abs(at - on + 6) / 8) for on in onsets)
    frames = np.tile(slow[:, np.newaxis] - 5, (1, 8)) + 3 * posterior[:, np.newaxis]
    layer = LayerTrace(i=f, f=f, candidate=h, o=f, c=c, h=h)
    return layer, frames, posterior, onsets, offsets


def test_planted_units_are_found(planted: tuple) -> None:
    layer, *what = planted
    units = study_units(layer, measure_signals(*what, STEP_S))
    assert units.group == ("offset", "floor", "holder", "other", "speech", "onset")
    assert units.order == (5, 0, 4, 1, 2, 3)
    assert [units.members(group) for group in GROUPS] == [[5], [0], [4], [1], [2], [3]]
    assert units.correlations["speech"][4] < -0.9
    assert units.correlations["onset"][5] > 0.6
    assert units.half_life_s[2] == pytest.approx(2 * LONG_S)


def test_a_follower_of_speech_is_no_detector_of_its_onset(planted: tuple) -> None:
    layer, *what = planted
    units = study_units(layer, measure_signals(*what, STEP_S))
    assert abs(units.correlations["onset"][4]) < 0.3


def test_nothing_is_found_where_nothing_happens() -> None:
    still = np.zeros((N, 3))
    layer = LayerTrace(still, still, still, still, still, still)
    units = study_units(layer, measure_signals(np.full((N, 8), -9.0), np.zeros(N), [], [], STEP_S))
    assert units.group == ("other",) * 3
    assert all(np.all(values == 0) for values in units.correlations.values())
