"""The stored recording is what the packaged model says of it."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import soundfile

from vad.detector import Detector

# Kernels differ from processor to processor.
MOST = 1e-4


def test_python_tells_what_is_stored(vectors: ModuleType, stored_recording: Any, model: Path, recording: Path) -> None:
    wanted, events = stored_recording
    samples, _ = soundfile.read(recording, dtype="float32")
    posteriors, found = vectors.recording_events(Detector(model), samples)
    np.testing.assert_allclose(posteriors, wanted, rtol=0, atol=MOST)
    assert found == events
    kinds = [event[0] for event in events]
    assert kinds.count("start") == kinds.count("end") > 1
