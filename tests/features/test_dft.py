"""Laws of the transform by products: the same frames as the Fourier transform's, for any size of window."""

from __future__ import annotations

import numpy as np
import pytest

from vad.features.dft import dft_tables
from vad.features.spec import FeatureSpec
from vad.features.streaming import StreamingLogMel
from vad.features.tables import mel_matrix

SPECS = {
    "usual": FeatureSpec(),
    "400": FeatureSpec(win_length=400, n_mels=24),
    "twice a prime": FeatureSpec(win_length=254, hop_length=126),
    "shortest": FeatureSpec(win_length=4, hop_length=2, n_mels=2),
}


def windows_of(samples: np.ndarray, spec: FeatureSpec) -> np.ndarray:
    n_frames = spec.grid.count(len(samples))
    return np.lib.stride_tricks.sliding_window_view(samples, spec.win_length)[:: spec.hop_length][:n_frames]


@pytest.mark.parametrize("name", SPECS)
def test_tables_are_a_power_spectrum(name):
    """In NumPy and double precision, without any rounding of the graph's."""
    spec = SPECS[name]
    tables = dft_tables(spec)
    x = np.random.default_rng(0).normal(0, 1, spec.win_length)
    first = x.reshape(tables.rows, tables.columns).T @ tables.over_rows
    real, imaginary = first[:, : tables.residues].T, first[:, tables.residues :].T
    turned_real = real * tables.turn_real - imaginary * tables.turn_imaginary
    turned_imaginary = real * tables.turn_imaginary + imaginary * tables.turn_real
    last = np.concatenate([turned_real, turned_imaginary], axis=1) @ tables.over_columns
    power = last[:, : tables.columns] ** 2 + last[:, tables.columns :] ** 2
    wanted = np.abs(np.fft.rfft(x)) ** 2 @ mel_matrix(spec)
    mel = np.concatenate([power[:, block.columns].reshape(-1) @ block.weights for block in tables.mel])
    np.testing.assert_allclose(mel, wanted, rtol=1e-4, atol=1e-5 * wanted.max())


def test_products_are_few():
    tables = dft_tables(SPECS["usual"])
    assert (tables.rows, tables.columns, tables.residues) == (32, 16, 17)
    parts = (tables.over_rows, tables.turn_real, tables.turn_imaginary, tables.over_columns)
    assert sum(part.size for part in parts) < 2700
    assert sum(block.weights.size for block in tables.mel) < 2500


@pytest.mark.parametrize("name", ["usual", "400"])
def test_frames_are_those_of_the_other_faces(name, repository):
    tf = pytest.importorskip("tensorflow")
    from vad.audio import read
    from vad.features.graph import log_mel_of_windows

    spec = SPECS[name]
    rng = np.random.default_rng(0)
    sounds = {
        "speech": read(repository / "examples" / "recording.wav"),
        "loud noise": rng.uniform(-1, 1, 16000).astype(np.float32),
        "faint noise": rng.normal(0, 1e-4, 16000).astype(np.float32),
        "silence": np.zeros(16000, np.float32),
    }
    for sound, samples in sounds.items():
        found = log_mel_of_windows(tf.constant(windows_of(samples, spec)), spec, "matmul").numpy()
        np.testing.assert_allclose(found, StreamingLogMel(spec).push(samples), atol=1e-4, err_msg=sound)
