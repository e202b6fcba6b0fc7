"""Pooling, shifts and calibration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vad.errors import NonFiniteError, ShapeError
from vad.metrics import FramePool, calibration_error, frame_measures


def test_refusals_say_what_was_received() -> None:
    pool = FramePool()
    with pytest.raises(ShapeError, match=r"\(2,\), \(3,\)"):
        pool.add([0, 1], [0.1, 0.2, 0.3])
    with pytest.raises(NonFiniteError, match="1 that are not"):
        pool.add([0, 1], [0.1, np.nan])


_RECORDINGS = st.lists(
    st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.booleans()), min_size=1, max_size=20),
    min_size=1,
    max_size=5,
)


def _pool(recordings: list[list[tuple[bool, int, bool]]]) -> FramePool:
    pool = FramePool()
    for recording in recordings:
        pool.add(*(np.array(column) for column in zip(*recording, strict=True)))
    return pool


@given(_RECORDINGS, st.data())
def test_a_weight_counts_like_that_many_copies(
    recordings: list[list[tuple[bool, int, bool]]], data: st.DataObject
) -> None:
    weights = data.draw(st.lists(st.integers(0, 3), min_size=len(recordings), max_size=len(recordings)))
    weighted = _pool(recordings)
    copies = weighted.select(i for i, weight in enumerate(weights) for _ in range(weight))
    one, other = weighted.curve(weights), copies.curve()
    for threshold in range(6):
        assert one.at(threshold) == other.at(threshold)
    np.testing.assert_allclose(one.auc(), other.auc())
    np.testing.assert_allclose(
        calibration_error(weighted.calibration_table(), weights), calibration_error(copies.calibration_table())
    )


@given(_RECORDINGS, _RECORDINGS)
def test_merging_pools_is_adding_their_recordings(first: list, second: list) -> None:
    merged = _pool(first)
    merged.curve()
    merged.merge(_pool(second))
    whole = _pool(first + second)
    assert len(merged) == len(whole)
    assert frame_measures(merged, 3) == pytest.approx(frame_measures(whole, 3), nan_ok=True)


def test_masked_cells_are_as_if_they_were_not_there() -> None:
    masked, bare = FramePool(), FramePool()
    masked.add([1, 0, 1, 0], [0.9, 0.95, 0.2, 0.1], [1, 0, 1, 1])
    bare.add([1, 1, 0], [0.9, 0.2, 0.1])
    assert frame_measures(masked, 0.5) == frame_measures(bare, 0.5)


@pytest.mark.parametrize("late", [-4, 0, 3, 10])
def test_the_best_shift_undoes_a_delay(late: int) -> None:
    labels = np.zeros(200, bool)
    labels[50:90] = labels[120:150] = True
    pool = FramePool()
    pool.add(labels, np.roll(labels, late).astype(float))
    assert pool.best_shift() == (-late, 1.0)


def test_shifting_repeats_the_edge_and_keeps_the_mask_in_place() -> None:
    pool = FramePool()
    pool.add([1, 1, 0], [0.1, 0.2, 0.3], [1, 0, 1])
    assert pool.shifted(1).curve().thresholds.tolist() == pytest.approx([0.2, 0.1])
    assert pool.shifted(-1).curve().thresholds.tolist() == pytest.approx([0.3, 0.2])


def test_calibration_by_hand() -> None:
    pool = FramePool()
    # One bin: mean value .55, half speech: .05 off. Other bin: mean .9 (of 1.0 and .9 two bins), all speech.
    pool.add([1, 0, 1], [0.52, 0.58, 0.92])
    assert calibration_error(pool.calibration_table()) == pytest.approx((2 * 0.05 + 0.08) / 3, abs=1e-6)
    assert np.isnan(frame_measures(pool, 0.5, is_probability=False)["calibration_error"])


def test_no_recording_at_all_gives_no_measure() -> None:
    assert all(np.isnan(list(frame_measures(FramePool(), 0.5).values())))
