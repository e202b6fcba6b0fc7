"""Samples of sixteen bits and fewer become the floats that libsndfile makes of them, bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from vad.audio import read

STORED = [
    ("WAV", "PCM_16"),
    ("WAV", "PCM_U8"),
    ("WAV", "ULAW"),
    ("WAV", "ALAW"),
    ("FLAC", "PCM_16"),
    ("FLAC", "PCM_S8"),
    ("AIFF", "PCM_16"),
    ("CAF", "ALAC_16"),
]


@pytest.mark.parametrize(("container", "subtype"), STORED)
def test_floats_are_libsndfiles(tmp_path, container, subtype):
    path = tmp_path / f"a.{container.lower()}"
    samples = np.concatenate([np.random.default_rng(0).uniform(-1, 1, 20_000), [1.0, -1.0, 0.0]])
    soundfile.write(path, samples, 16000, format=container, subtype=subtype)
    np.testing.assert_array_equal(read(path), soundfile.read(path, dtype="float32")[0])
