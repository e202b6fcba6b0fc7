"""Small recordings made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

Write = Callable[..., Path]


def voice(n_samples: int, sample_rate: int = 16000, seed: int = 0) -> NDArray[np.float32]:
    """A signal in the manner of speech: harmonics under a slow envelope, a little noise, never clipped."""
    t = np.arange(n_samples) / sample_rate
    tone = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 20))
    noise = np.random.default_rng(seed).normal(0, 0.01, n_samples)
    return (0.2 * tone * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t)) + noise).clip(-0.9, 0.9).astype(np.float32)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes samples to a file and returns its path: ``write(samples, rate, "a.wav", "PCM_16")``."""

    def _write(
        samples: NDArray[np.float32], sample_rate: int = 16000, name: str = "a.wav", subtype: str | None = None
    ) -> Path:
        path = tmp_path / name
        container = {".ogg": "OGG", ".opus": "OGG"}.get(path.suffix)
        soundfile.write(path, samples, sample_rate, format=container, subtype=subtype)
        return path

    return _write


@pytest.fixture
def make_voice() -> Callable[..., NDArray[np.float32]]:
    """Makes float32 samples in the manner of speech: ``make_voice(n_samples, sample_rate, seed)``."""
    return voice
