"""The points that are drawn are points of the exact curve."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from vad.evaluation.curves import DELAY_EDGES, thin
from vad.metrics import FramePool


def _pool(n: int, *, values: int = 0) -> FramePool:
    rng = np.random.default_rng(n)
    labels = rng.random(n) < 0.4
    scores = np.clip(0.3 * labels + 0.35 + 0.2 * rng.standard_normal(n), 0, 1).astype(np.float32)
    pool = FramePool()
    pool.add(labels, np.round(scores * values) / values if values else scores)
    return pool


@pytest.mark.parametrize(("n", "values"), [(20000, 0), (50, 0), (5000, 4), (1, 0)])
def test_points_are_exact_few_and_in_order(n: int, values: int) -> None:
    curve = _pool(n, values=values).curve()
    points = thin(curve)
    assert len(points) <= 162
    assert (points[0].threshold, points[0].recall if curve.n_speech else 0.0) == (math.inf, 0.0)
    for point in points[1:]:
        exact = curve.at(point.threshold)
        for found, wanted in (
            (point.recall, exact.recall),
            (point.false_alarm_rate, exact.false_alarm_rate),
            (point.precision, exact.precision),
        ):
            assert found == wanted or (math.isnan(found) and math.isnan(wanted))
    assert [p.threshold for p in points] == sorted((p.threshold for p in points), reverse=True)
    if values:
        assert len(points) == len(curve.thresholds) + 1


def test_what_is_left_out_is_not_missed() -> None:
    curve = _pool(20000).curve()
    points = thin(curve)
    fpr, tpr = curve.rates()
    drawn = np.interp(fpr, [p.false_alarm_rate for p in points], [p.recall for p in points])
    assert np.abs(drawn - tpr).max() < 0.02
    x, y = np.array([(p.false_alarm_rate, p.recall) for p in points]).T
    assert np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2) == pytest.approx(curve.auc(), abs=1e-3)


def test_no_cell_at_all_gives_no_point() -> None:
    assert thin(FramePool().curve()) == []


def test_edges_of_delays_are_symmetrical() -> None:
    np.testing.assert_allclose(DELAY_EDGES, -DELAY_EDGES[::-1])
    assert 0.0 in np.round(DELAY_EDGES, 9)
    assert json.dumps(DELAY_EDGES.tolist())
