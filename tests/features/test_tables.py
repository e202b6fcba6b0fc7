"""The tables against librosa, from whose definitions they are made."""

from __future__ import annotations

import numpy as np
import pytest

from vad.features.spec import FeatureSpec
from vad.features.tables import hann_window, mel_matrix

SPECS = [FeatureSpec(), FeatureSpec(n_mels=64, f_min=60.0, f_max=7600.0), FeatureSpec(8000, 256, 80, f_max=4000.0)]


@pytest.mark.parametrize("spec", SPECS)
def test_mel_matrix_is_librosas(spec: FeatureSpec) -> None:
    librosa = pytest.importorskip("librosa")
    oracle = librosa.filters.mel(
        sr=spec.sample_rate, n_fft=spec.win_length, n_mels=spec.n_mels, fmin=spec.f_min, fmax=spec.f_max
    ).T
    assert mel_matrix(spec).shape == (spec.n_bins, spec.n_mels) and mel_matrix(spec).dtype == np.float32
    np.testing.assert_allclose(mel_matrix(spec), oracle, rtol=2e-6, atol=1e-9)


def test_window_is_librosas_periodic_hann() -> None:
    librosa = pytest.importorskip("librosa")
    oracle = librosa.filters.get_window("hann", 512, fftbins=True)
    np.testing.assert_allclose(hann_window(FeatureSpec()), oracle, atol=1e-7)


def test_tables_are_made_once_and_cannot_be_written() -> None:
    assert mel_matrix(FeatureSpec()) is mel_matrix(FeatureSpec())
    with pytest.raises(ValueError, match="read-only"):
        mel_matrix(FeatureSpec())[0, 0] = 1.0
