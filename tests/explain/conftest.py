"""A recording that is explained, a small network, and what the artifact itself gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vad.detector import Detector
from vad.explain import Explanation, Network, explain, read_network
from vad.explain.network import Layer
from vad.pictures import Source


@pytest.fixture(scope="session")
def detector() -> Detector:
    """The packaged model."""
    return Detector()


@pytest.fixture(scope="session")
def network(detector: Detector) -> Network:
    return read_network(detector.artifact)


@pytest.fixture(scope="session")
def recording(repository: Path) -> Path:
    """Fourteen seconds of synthetic speech in noise."""
    return repository / "examples" / "recording.wav"


@pytest.fixture(scope="session")
def explanation(recording: Path, detector: Detector) -> Explanation:
    """Four seconds of it, which neither begin nor end with the recording."""
    return explain(Source(recording), detector, span=(4.0, 8.0), at=5.1)


@pytest.fixture
def small() -> Network:
    """Five bands, layers of four and three units."""
    rng = np.random.default_rng(5)
    sizes = ((5, 4), (4, 3))
    layers = tuple(
        Layer(rng.normal(0, 0.7, (inputs, 4 * n)), rng.normal(0, 0.7, (n, 4 * n)), rng.normal(0, 0.5, 4 * n))
        for inputs, n in sizes
    )
    return Network(layers, rng.normal(0, 1, 3), 0.3)


@pytest.fixture
def opened(show: Any, written: Path) -> Callable[[str], Any]:
    """The page of a test file freshly opened; call it with an expression to see what it holds."""
    return show(written, "vadExplain")
