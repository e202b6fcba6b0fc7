"""Laws of the curve, with scikit-learn as the oracle where it is installed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vad.decision.gate import Gate
from vad.metrics import FramePool, RocCurve

_CELLS = st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=2, max_size=60)


def _curve(labels: object, values: object) -> RocCurve:
    pool = FramePool()
    pool.add(np.asarray(labels), np.asarray(values, dtype=np.float32))
    return pool.curve()


def _two_class(cells: list[tuple[bool, int]]) -> bool:
    return len({label for label, _ in cells}) == 2


def test_small_case_by_hand() -> None:
    # speech at .9 .8 .4, non-speech at .7 .4 .1: of 9 pairs 7 are in order, 1 is tied.
    curve = _curve([1, 1, 0, 1, 0, 0], [0.9, 0.8, 0.7, 0.4, 0.4, 0.1])
    assert curve.auc() == pytest.approx(7.5 / 9)
    assert curve.average_precision() == pytest.approx(1 / 3 * 1 + 1 / 3 * 1 + 1 / 3 * 3 / 5)
    f1, threshold = curve.best_f1()
    assert (f1, threshold) == pytest.approx((0.8, 0.8))
    point = curve.at(0.5)
    assert (point.hits, point.misses, point.false_alarms, point.rejections) == (2, 1, 1, 2)
    assert point.precision == pytest.approx(2 / 3)
    assert point.recall == pytest.approx(2 / 3)
    assert point.f1 == pytest.approx(2 / 3)
    assert point.dcf == pytest.approx(0.75 / 3 + 0.25 / 3)
    # (fpr, miss): (0, 1) (0, 2/3) (0, 1/3) (1/3, 1/3) (2/3, 0) (1, 0); the costs are .75 .5 .25 .333 .167 .25
    assert curve.min_dcf() == pytest.approx(1 / 6)
    assert curve.eer() == pytest.approx(1 / 3)
    assert curve.tpr_at_fpr(0.0) == pytest.approx(2 / 3)
    assert curve.tpr_at_fpr(0.5) == pytest.approx(5 / 6)
    assert curve.fpr_at_fnr(1 / 3) == pytest.approx(0.0)
    assert curve.fpr_at_fnr(0.0) == pytest.approx(2 / 3)


def test_threshold_is_inclusive_and_ends_are_everything_and_nothing() -> None:
    curve = _curve([1, 0], [0.5, 0.25])
    assert curve.at(0.5).hits == 1
    assert curve.at(0.5001).hits == 0
    assert curve.at(0.0).false_alarms == 1
    assert curve.at(2.0).rejections == 1


@given(st.sampled_from([n / 20 for n in range(1, 20)]))
def test_a_value_at_the_threshold_is_speech_as_it_is_to_the_decision(threshold: float) -> None:
    value = np.asarray([threshold], np.float32)
    enters = len(list(Gate(threshold, threshold, 0).push(value, 0)))
    assert _curve([1], value).at(threshold).hits == enters == 1


def test_perfect_and_reversed() -> None:
    perfect, reverse = _curve([0, 0, 1], [0, 0.1, 1]), _curve([1, 1, 0], [0, 0.1, 1])
    assert (perfect.auc(), perfect.eer(), perfect.min_dcf(), perfect.fpr_at_fnr(0.01)) == (1, 0, 0, 0)
    assert (reverse.auc(), reverse.eer(), reverse.min_dcf(), reverse.tpr_at_fpr(0.5)) == (0, 1, 0.25, 0)


def test_one_class_has_no_curve() -> None:
    for labels in ([0, 0], [1, 1], []):
        curve = _curve(labels, [0.5] * len(labels))
        assert all(map(math.isnan, (curve.auc(), curve.eer(), curve.min_dcf(), curve.tpr_at_fpr(0.05))))
        assert math.isnan(curve.at(0.5).dcf)
    assert _curve([0, 0], [0.9, 0.1]).at(0.5).false_alarm_rate == 0.5
    assert math.isnan(_curve([0, 0], [0.9, 0.1]).at(0.5).f1)
    assert _curve([1, 1], [0.9, 0.1]).average_precision() == 1


@given(_CELLS.filter(_two_class))
def test_auc_is_the_share_of_pairs_in_order(cells: list[tuple[bool, int]]) -> None:
    speech = [value for label, value in cells if label]
    other = [value for label, value in cells if not label]
    pairs = [(a > b) + 0.5 * (a == b) for a in speech for b in other]
    assert _curve(*zip(*cells, strict=True)).auc() == pytest.approx(np.mean(pairs))


@given(_CELLS.filter(_two_class))
def test_rank_measures_do_not_change_under_a_rising_map(cells: list[tuple[bool, int]]) -> None:
    labels, values = map(np.array, zip(*cells, strict=True))
    before, after = _curve(labels, values), _curve(labels, np.exp(values / 3.0) - 7)
    for name in ("auc", "average_precision", "eer", "min_dcf"):
        assert getattr(after, name)() == pytest.approx(getattr(before, name)())
    assert after.best_f1()[0] == pytest.approx(before.best_f1()[0])


@given(_CELLS.filter(_two_class))
def test_turning_labels_and_values_round_mirrors_the_curve(cells: list[tuple[bool, int]]) -> None:
    labels, values = map(np.array, zip(*cells, strict=True))
    curve, mirror = _curve(labels, values), _curve(~labels, -values)
    assert mirror.auc() == pytest.approx(curve.auc())
    assert mirror.eer() == pytest.approx(curve.eer())
    assert _curve(labels, -values).auc() == pytest.approx(1 - curve.auc())


@given(_CELLS.filter(_two_class), st.floats(0, 1))
def test_points_read_off_the_curve_lie_on_it(cells: list[tuple[bool, int]], rate: float) -> None:
    curve = _curve(*zip(*cells, strict=True))
    assert curve.tpr_at_fpr(0.0) <= curve.tpr_at_fpr(rate) <= curve.tpr_at_fpr(1.0) == 1
    assert curve.fpr_at_fnr(1.0) == 0
    there = curve.fpr_at_fnr(rate)
    assert curve.tpr_at_fpr(there) >= 1 - rate - 1e-9
    assert curve.min_dcf() <= curve.at(6).dcf + 1e-12
    assert curve.best_f1()[0] >= curve.at(6).f1


@settings(deadline=None)
@given(_CELLS.filter(_two_class))
def test_scikit_learn_agrees(cells: list[tuple[bool, int]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is the oracle of this test")
    labels, values = map(np.array, zip(*cells, strict=True))
    curve = _curve(labels, values)
    assert curve.auc() == pytest.approx(metrics.roc_auc_score(labels, values))
    assert curve.average_precision() == pytest.approx(metrics.average_precision_score(labels, values))
    assert curve.at(6).f1 == pytest.approx(metrics.f1_score(labels, values >= 6))
