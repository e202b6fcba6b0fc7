"""A recording to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile


@pytest.fixture(scope="session")
def bursts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds, faint but for four bursts, which the energy model takes for speech."""
    rng = np.random.default_rng(3)
    samples = 0.0005 * rng.standard_normal(8 * 16000)
    for start, end in ((0.5, 1.2), (2.0, 2.6), (2.9, 4.0), (6.0, 7.1)):
        span = slice(int(start * 16000), int(end * 16000))
        samples[span] += 0.2 * rng.standard_normal(span.stop - span.start)
    path = tmp_path_factory.mktemp("bursts") / "bursts.wav"
    soundfile.write(path, samples, 16000)
    return path
