"""This package's own detector as one of the engines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vad.detector import Detector
from vad.frames import FrameGrid
from vad.peers import SAMPLE_RATE, EngineOutput
from vad.segments import Segment, Timeline
from vad.stream import Stream

__all__ = ["OWN_NAME", "DetectorEngine"]

OWN_NAME = "vad"
"""Name of this package's detector in a report."""


class DetectorEngine:
    """A `Detector` as an engine: posteriors at the frame centres, segments by its rule.

    Args:
        detector: the detector.
        name: its name in the report, so that several models can stand side by side.
    """

    is_probability = True

    def __init__(self, detector: Detector, *, name: str = OWN_NAME) -> None:
        self._detector = detector
        self.name = name
        self.threshold = detector.onset_threshold
        self.description = (
            f"{name}: frames of {detector.metadata.features.hop_length / detector.sample_rate * 1000:g} ms, "
            f"look-ahead {detector.metadata.lookahead_frames} frames, threshold {self.threshold:g}, "
            f"front-end {detector.metadata.features.fingerprint}"
        )

    @property
    def detector(self) -> Detector:
        """The detector."""
        return self._detector

    def start(self) -> _DetectorStream:
        """Starts a recording."""
        return _DetectorStream(
            self._detector.stream(SAMPLE_RATE, keep_audio="none"), self._detector.metadata.features.grid
        )


class _DetectorStream:
    def __init__(self, stream: Stream, grid: FrameGrid) -> None:
        self._stream = stream
        self._grid = grid
        self._values: list[NDArray[np.float32]] = []
        self._segments: list[Segment] = []

    def push(self, chunk: NDArray[np.float32]) -> None:
        output = self._stream.push(chunk)
        self._values.append(output.posteriors)
        self._segments += output.segments

    def finish(self) -> EngineOutput:
        output = self._stream.flush()
        values = np.concatenate([*self._values, output.posteriors])
        return EngineOutput(self._grid.times(len(values)), values, Timeline([*self._segments, *output.segments]))
