"""Pooling: the same however the rows come, and nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest

from vad.pictures.pooling import Pool, envelope, mean


def _pooled(rows: np.ndarray, cuts: list[int], **settings) -> tuple[np.ndarray, int]:
    pool = Pool(rows.shape[1], settings.pop("reduce"), **settings)
    for part in np.split(rows, cuts):
        pool.push(part)
    return pool.finish(), pool.rows_per_bin


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 1000, 5000])
def test_an_envelope_holds_the_extremes_of_its_bins(n: int) -> None:
    rng = np.random.default_rng(n)
    samples = rng.standard_normal(n).astype(np.float32)
    rows = np.stack([samples, samples], axis=1)
    bins, width = _pooled(rows, [], reduce=envelope, limit=40, rows_per_bin=4)
    assert len(bins) == -(-n // width)
    assert len(bins) <= 80
    for k, (low, high) in enumerate(bins):
        part = samples[k * width : (k + 1) * width]
        assert (low, high) == (part.min(), part.max())


@pytest.mark.parametrize("n", [1, 63, 64, 65, 777])
def test_any_cutting_gives_the_same(n: int) -> None:
    rng = np.random.default_rng(n)
    rows = rng.standard_normal((n, 3)).astype(np.float32)
    whole, width = _pooled(rows, [], reduce=mean, limit=32)
    cut, cut_width = _pooled(rows, sorted(rng.integers(0, n + 1, 9).tolist()), reduce=mean, limit=32)
    assert width == cut_width
    np.testing.assert_array_equal(whole, cut)
    for k, values in enumerate(whole):
        np.testing.assert_allclose(values, rows[k * width : (k + 1) * width].mean(axis=0), atol=1e-5)


def test_few_rows_stay_as_they_are() -> None:
    rows = np.arange(20, dtype=np.float32).reshape(10, 2)
    bins, width = _pooled(rows, [3], reduce=mean, limit=8)
    assert width == 1
    np.testing.assert_array_equal(bins, rows)
