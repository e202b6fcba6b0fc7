"""Recordings that the energy model hears, for commands that copy or collect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE = 16000


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with recordings in three formats, one of them quiet, one cut off, and two of the same stem."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "deep" / "er").mkdir(parents=True)
    for number, name in enumerate(("a.wav", "deep/b.flac", "deep/er/c.wav", "deep/er/d.wav", "e.wav", "e.flac")):
        rate = 44100 if name == "deep/b.flac" else RATE
        samples = np.random.default_rng(number).normal(0, 0.001, (4 * rate + 77, 2))
        samples[rate : 2 * rate + 1234 * number] *= 100
        samples[3 * rate :] *= 100
        soundfile.write(folder / name, samples, rate, subtype="PCM_24" if name == "deep/b.flac" else "PCM_16")
    soundfile.write(folder / "quiet.wav", np.random.default_rng(9).normal(0, 0.0001, RATE), RATE)
    whole = (folder / "a.wav").read_bytes()
    (folder / "cut.wav").write_bytes(whole[: len(whole) // 2])
    return folder
