"""What an engine is to the evaluation: a stream of 16 kHz audio in, one value per window and speech segments out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from vad.segments import Timeline

__all__ = ["SAMPLE_RATE", "Engine", "EngineOutput", "EngineStream", "WindowedStream", "runs"]

SAMPLE_RATE: Final = 16000
"""Every engine is given audio of this rate, in Hz."""


@dataclass(frozen=True, slots=True)
class EngineOutput:
    """What an engine says about one recording.

    Attributes:
        times: float64 ``(n,)``, centres of the engine's windows in seconds, ascending.
        values: float32 ``(n,)``, one per window, the higher the more like speech.
        speech: the segments that the engine's own rule makes of them.
    """

    times: NDArray[np.float64]
    values: NDArray[np.float32]
    speech: Timeline


class EngineStream(Protocol):
    """One recording on its way through an engine."""

    def push(self, chunk: NDArray[np.float32]) -> None:
        """Takes the next samples: float32 ``(n,)``, any n, 16 kHz, in [-1, 1]."""

    def finish(self) -> EngineOutput:
        """Ends the recording and returns what was found in it."""


class Engine(Protocol):
    """A detector that can be scored. Streams of one engine share nothing that changes."""

    @property
    def name(self) -> str:
        """Short name, as in ``--against``."""

    @property
    def description(self) -> str:
        """One line: version and settings, for the report."""

    @property
    def threshold(self) -> float:
        """The engine's own threshold: a window is speech where value >= threshold."""

    @property
    def is_probability(self) -> bool:
        """Whether the values claim to be probabilities, so that their calibration can be judged."""

    def start(self) -> EngineStream:
        """Starts a recording."""


class WindowedStream(ABC):
    """A stream that hands whole windows to an engine, whatever the chunks; the last one is filled up with zeros.

    Args:
        window: samples per window; windows follow one another without overlap.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._rest = np.zeros(0, dtype=np.float32)
        self._values: list[float] = []
        self._n_samples = 0

    @abstractmethod
    def score(self, window: NDArray[np.float32]) -> float:
        """Returns the value of the next window, float32 ``(window,)``."""

    @abstractmethod
    def segment(self, values: NDArray[np.float32], n_samples: int) -> Timeline:
        """Returns the speech of a recording of `n_samples`, from its values."""

    def push(self, chunk: NDArray[np.float32]) -> None:
        """Takes the next samples: float32 ``(n,)``, any n, 16 kHz, in [-1, 1]."""
        samples = np.concatenate([self._rest, chunk]).astype(np.float32, copy=False)
        whole = samples.size - samples.size % self._window
        self._values += [self.score(window) for window in samples[:whole].reshape(-1, self._window)]
        self._rest = samples[whole:].copy()
        self._n_samples += chunk.size

    def finish(self) -> EngineOutput:
        """Ends the recording and returns what was found in it."""
        if self._rest.size:
            padding = np.zeros(self._window - self._rest.size, dtype=np.float32)
            self._values.append(self.score(np.concatenate([self._rest, padding])))
        values = np.array(self._values, dtype=np.float32)
        times = (np.arange(values.size) * self._window + self._window / 2) / SAMPLE_RATE
        return EngineOutput(times, values, self.segment(values, self._n_samples))


def runs(is_speech: NDArray[np.bool_], window: int, n_samples: int) -> Timeline:
    """Returns the runs of speech windows as segments in seconds, cut at the end of the recording."""
    edges = np.flatnonzero(np.diff(is_speech.astype(np.int8), prepend=0, append=0))
    samples = np.minimum(edges.reshape(-1, 2) * window, n_samples)
    return Timeline.from_pairs(samples / SAMPLE_RATE)
