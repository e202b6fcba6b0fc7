"""Bootstrap intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vad.errors import ConfigError
from vad.metrics import bootstrap


def _mean(values: np.ndarray):
    return lambda weights: {"mean": float(np.average(values, weights=weights))}


def test_the_interval_of_a_mean_is_the_textbook_one() -> None:
    values = np.random.default_rng(1).normal(size=400)
    low, high = bootstrap(_mean(values), 400, n_resamples=2000)["mean"]
    wanted = 1.96 * values.std() / math.sqrt(400)
    assert values.mean() - low == pytest.approx(wanted, rel=0.1)
    assert high - values.mean() == pytest.approx(wanted, rel=0.1)


def test_same_seed_same_interval_and_the_global_state_stays() -> None:
    values = np.arange(10.0)
    before = np.random.get_state()[1].tolist()  # noqa: NPY002 - it is the global state that must not move
    first = bootstrap(_mean(values), 10, n_resamples=50, seed=3)
    assert bootstrap(_mean(values), 10, n_resamples=50, seed=3) == first
    assert bootstrap(_mean(values), 10, n_resamples=50, seed=4) != first
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_equal_recordings_have_no_spread() -> None:
    assert bootstrap(_mean(np.full(5, 2.5)), 5, n_resamples=20) == {"mean": (2.5, 2.5)}


def test_one_recording_or_no_resample_gives_no_interval() -> None:
    assert bootstrap(_mean(np.ones(1)), 1, n_resamples=20) == {}
    assert bootstrap(_mean(np.ones(9)), 9, n_resamples=0) == {}


def test_what_is_mostly_undefined_has_no_interval() -> None:
    low, high = bootstrap(lambda _: {"x": math.nan}, 4, n_resamples=20)["x"]
    assert math.isnan(low)
    assert math.isnan(high)


def test_refusals() -> None:
    with pytest.raises(ConfigError, match="n_resamples"):
        bootstrap(_mean(np.ones(2)), 2, n_resamples=-1)
    with pytest.raises(ConfigError, match="confidence"):
        bootstrap(_mean(np.ones(2)), 2, n_resamples=5, confidence=1.0)
