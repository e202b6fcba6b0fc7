"""What the front-end refuses."""

from __future__ import annotations

import numpy as np
import pytest

from vad.errors import NonFiniteError, ShapeError
from vad.features.waveform import check_waveform


def test_other_float_widths_become_float32() -> None:
    assert check_waveform(np.zeros(5)).dtype == np.float32
    assert check_waveform([0.0, 0.5]).tolist() == [0.0, 0.5]


@pytest.mark.parametrize("samples", [np.zeros((2, 5), np.float32), np.zeros(5, np.int16), np.float32(1)])
def test_shape_and_type_are_named(samples: np.ndarray) -> None:
    with pytest.raises(ShapeError, match=r"mono float32 \(n_samples,\)"):
        check_waveform(samples)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_first_bad_index_is_named(bad: float) -> None:
    samples = np.zeros(10, np.float32)
    samples[7] = bad
    with pytest.raises(NonFiniteError, match="at index 7"):
        check_waveform(samples)


def test_loud_but_finite_samples_pass() -> None:
    assert check_waveform(np.full(4, 3e38, np.float32)).size == 4


def test_what_exceeds_the_peak_is_named() -> None:
    samples = np.full(10, 5.0, np.float32)
    assert check_waveform(samples, peak=5.0).tolist() == samples.tolist()
    samples[3] = -6.0
    with pytest.raises(NonFiniteError, match=r"within ±5, .*received -6 at index 3: full scale is 1"):
        check_waveform(samples, peak=5.0)
