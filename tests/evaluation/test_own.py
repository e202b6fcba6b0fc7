"""The package's own detector as an engine: what its stream says, at its frame centres."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vad.detector import Detector
from vad.evaluation import DetectorEngine


def test_it_says_what_the_detector_says(energy_artifact: Path) -> None:
    samples = np.random.default_rng(1).normal(0, 0.001, 40000).astype(np.float32)
    samples[16000:28000] *= 100
    detector = Detector(energy_artifact)
    engine = DetectorEngine(detector)
    stream = engine.start()
    for start in range(0, samples.size, 999):
        stream.push(samples[start : start + 999])
    output = stream.finish()
    wanted = detector.posteriors(samples)
    np.testing.assert_array_equal(output.times, wanted.times)
    np.testing.assert_array_equal(output.values, wanted.values)
    assert output.speech == detector.detect(samples)
    assert output.speech.speech_s > 0.5
    assert engine.threshold == detector.onset_threshold
    assert engine.description.startswith("vad: frames of 10 ms, look-ahead ")
