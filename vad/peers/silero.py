"""Silero VAD: the ONNX model of the silero-vad package under onnxruntime, without torch.

The package itself is never imported, for that would import torch; only its data file is read. What its wrapper does
around the model is done here: windows of 512 samples, each behind the last 64 samples of the one before, a state of
``(2, 1, 128)`` carried from window to window, zeros at the start of a recording.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vad.errors import MissingDependencyError, ModelError, extra_line
from vad.peers.engine import SAMPLE_RATE, WindowedStream
from vad.segments import Timeline

__all__ = ["SileroEngine", "SileroRule"]

_WINDOW: Final = 512
_CONTEXT: Final = 64
_INSTALL: Final = "pip install --no-deps silero-vad"


@dataclass(frozen=True, slots=True)
class SileroRule:
    """The arguments of Silero's ``get_speech_timestamps`` with their defaults, without a longest segment.

    Their rule is not `vad.decision`'s: it ends a segment only after a further low window behind `min_silence_s`, drops
    what is not longer than `min_speech_s`, and shares short gaps between the pads. So it is written out here.

    Attributes:
        threshold: value that starts speech.
        margin: speech ends below ``threshold - margin``.
        min_speech_s: segments that are not longer are dropped.
        min_silence_s: silence that ends a segment.
        pad_s: added on either side of a segment.
    """

    threshold: float = 0.5
    margin: float = 0.15
    min_speech_s: float = 0.25
    min_silence_s: float = 0.1
    pad_s: float = 0.03

    def segment(self, values: NDArray[np.float32], n_samples: int) -> Timeline:
        """Returns the speech of a recording.

        Args:
            values: float32 ``(n,)``, one per window of 512 samples.
            n_samples: length of the recording.

        References:
            ``get_speech_timestamps_from_probs`` in silero_vad/utils_vad.py, version 6.2.
        """
        spans = [
            (start, end)
            for start, end in self._spans(values, n_samples)
            if end - start > self.min_speech_s * SAMPLE_RATE
        ]
        return Timeline.from_pairs((a / SAMPLE_RATE, b / SAMPLE_RATE) for a, b in self._pad(spans, n_samples))

    def _spans(self, values: NDArray[np.float32], n_samples: int) -> list[tuple[int, int]]:
        spans = []
        start = end = None
        low = max(self.threshold - self.margin, 0.01)
        for i, value in enumerate(values.astype(np.float64)):
            here = i * _WINDOW
            if value >= self.threshold:
                end = None
                start = here if start is None else start
            elif value < low and start is not None:
                end = here if end is None else end
                if here - end >= self.min_silence_s * SAMPLE_RATE:
                    spans.append((start, end))
                    start = end = None
        return spans if start is None else [*spans, (start, n_samples)]

    def _pad(self, spans: list[tuple[int, int]], n_samples: int) -> list[tuple[int, int]]:
        pad = int(self.pad_s * SAMPLE_RATE)
        edges = [0, *(sample for span in spans for sample in span), n_samples]
        padded = []
        for k, (start, end) in enumerate(spans):
            before, after = start - edges[2 * k], edges[2 * k + 3] - end
            left = pad if k == 0 or before >= 2 * pad else before // 2
            right = pad if k == len(spans) - 1 or after >= 2 * pad else after // 2
            padded.append((max(0, start - left), min(n_samples, end + right)))
        return padded


class SileroEngine:
    """Silero's own values and, for segments, its own rule with its own defaults.

    Args:
        model: the ONNX file; None takes the one in the installed silero-vad package.
        rule: how values become segments.

    Raises:
        MissingDependencyError: silero-vad or onnxruntime is not installed.
        ModelError: the file is not one that onnxruntime can load.
    """

    name = "silero"
    is_probability = True

    def __init__(self, model: Path | None = None, *, rule: SileroRule | None = None) -> None:
        path = _installed_model() if model is None else model
        self._session = _session(path)
        self._rule = SileroRule() if rule is None else rule
        self.threshold = self._rule.threshold
        self.description = (
            f"silero: {_version() if model is None else path}, windows of 32 ms, threshold {self.threshold}, "
            "get_speech_timestamps defaults"
        )

    def start(self) -> _SileroStream:
        """Starts a recording."""
        return _SileroStream(self._session, self._rule)

    def judge(self, recordings: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Judges recordings of one length side by side: in less than half the time that one after the other takes.

        Args:
            recordings: float32 ``(batch, n_samples)``, 16 kHz, in [-1, 1].

        Returns:
            Centres of the windows in seconds, float64 ``(n,)``, ascending; values, float32 ``(batch, n)``: but for
            rounding, each row is what a stream of its own gives.
        """
        batch, n_samples = recordings.shape
        count = -(-n_samples // _WINDOW)
        padded = np.pad(recordings, ((0, 0), (0, count * _WINDOW - n_samples))).astype(np.float32, copy=False)
        steps = _Steps(self._session, batch)
        values = [steps.score(window) for window in padded.reshape(batch, count, _WINDOW).swapaxes(0, 1)]
        return (np.arange(count) + 0.5) * _WINDOW / SAMPLE_RATE, np.array(values, np.float32).reshape(count, batch).T


class _Steps:
    """The model from window to window, on a batch of recordings."""

    def __init__(self, session: Any, batch: int) -> None:
        self._session = session
        self._state = np.zeros((2, batch, 128), dtype=np.float32)
        self._context = np.zeros((batch, _CONTEXT), dtype=np.float32)
        self._rate = np.array(SAMPLE_RATE, dtype=np.int64)

    def score(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns the values of the next windows, ``(batch, 512)``: float32 ``(batch,)``."""
        seen = np.concatenate([self._context, windows], axis=1)
        values, self._state = self._session.run(None, {"input": seen, "state": self._state, "sr": self._rate})
        self._context = windows[:, -_CONTEXT:].copy()
        found: NDArray[np.float32] = values[:, 0]
        return found


class _SileroStream(WindowedStream):
    def __init__(self, session: Any, rule: SileroRule) -> None:
        super().__init__(_WINDOW)
        self._steps = _Steps(session, 1)
        self._rule = rule

    def score(self, window: NDArray[np.float32]) -> float:
        return float(self._steps.score(window[np.newaxis])[0])

    def segment(self, values: NDArray[np.float32], n_samples: int) -> Timeline:
        return self._rule.segment(values, n_samples)


def _installed_model() -> Path:
    """Finds the model without importing its package."""
    spec = find_spec("silero_vad")
    for folder in spec.submodule_search_locations or () if spec is not None else ():
        path = Path(folder) / "data" / "silero_vad.onnx"
        if path.is_file():
            return path
    raise MissingDependencyError("silero-vad", install=_INSTALL, purpose="running Silero")


def _session(path: Path) -> Any:
    try:
        runtime = import_module("onnxruntime")
    except ImportError as error:
        raise MissingDependencyError("onnxruntime", install=extra_line("peers"), purpose="running Silero") from error
    options = runtime.SessionOptions()
    # As their wrapper does: a step is too small to share between threads.
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    try:
        return runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"], sess_options=options)
    except Exception as error:  # onnxruntime's own exceptions share no base but this one
        raise ModelError(f"{path}: onnxruntime cannot load it: {str(error).splitlines()[0]}") from error


def _version() -> str:
    try:
        return f"silero-vad {version('silero-vad')}"
    except PackageNotFoundError:
        return "silero-vad of unknown version"
