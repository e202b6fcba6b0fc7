"""One recording as it comes in, in chunks of any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vad.audio.resample import Resampler, check_rate
from vad.decision import Decision, DecisionRule
from vad.features.waveform import check_waveform
from vad.runtime import Session
from vad.segments import Segment


@dataclass(frozen=True, eq=False)
class StreamOutput:
    """What a chunk brought to light.

    Args:
        posteriors: float32 ``(n,)`` of the frames that are known now and were not before.
        segments: the segments that are finished now, in order.
        first_frame: index in the recording of the first of `posteriors`.
    """

    posteriors: NDArray[np.float32]
    segments: list[Segment]
    first_frame: int


class Stream:
    """One recording as it comes in; made by `Detector.stream`.

    Streams of one detector share nothing that changes, so that each may run in a thread of its own. One stream
    belongs to one thread at a time.

    Args:
        session: the model.
        sample_rate: of the chunks, in Hz, 8000 to 192000.
        rule: from posteriors to segments.

    Raises:
        ConfigError: when `sample_rate` is out of range.
    """

    def __init__(self, session: Session, *, sample_rate: int, rule: DecisionRule) -> None:
        check_rate(sample_rate, "sample_rate")
        metadata = session.artifact.metadata
        self._session = session
        self._grid = metadata.features.grid
        self._lookahead = metadata.lookahead_frames
        self._resampler = Resampler(sample_rate, self._grid.sample_rate)
        self._decision = Decision(rule, self._grid)
        self._start()

    def _start(self) -> None:
        self._rest = np.zeros(0, np.float32)  # samples that later frames see
        self._state = self._session.new_state()
        self._to_skip = self._lookahead  # outputs that belong to frames before the first
        self._n_samples = 0

    @property
    def n_samples(self) -> int:
        """Samples taken since the start, at the model's sample rate."""
        return self._n_samples

    def push(self, chunk: NDArray[Any]) -> StreamOutput:
        """Takes the next samples and returns what they brought to light.

        Args:
            chunk: mono ``(n,)`` of any length, also none: floats with full scale at ±1, or int16.

        Raises:
            ShapeError: when `chunk` is no such array.
            NonFiniteError: when a sample is not finite.
        """
        samples = self._resampler.push(to_float(chunk))
        output = self._advance(samples)
        self._n_samples += len(samples)
        return output

    def flush(self) -> StreamOutput:
        """Ends the recording, returns what it still held back, and is ready for the next one."""
        samples = self._resampler.flush()
        n_samples = self._n_samples + len(samples)
        # The last frames' posteriors come out only once the network has seen that many frames more.
        silence = np.zeros(self._lookahead * self._grid.hop_length, np.float32)
        output = self._advance(np.concatenate([samples, silence]))
        segments = output.segments + self._decision.flush(n_samples)
        self._start()
        return StreamOutput(output.posteriors, segments, output.first_frame)

    def _advance(self, samples: NDArray[np.float32]) -> StreamOutput:
        held = np.concatenate([self._rest, samples])
        posteriors, self._state = self._session.advance(held, self._state)
        # A copy, lest a few samples keep a whole chunk alive.
        self._rest = held[len(posteriors) * self._grid.hop_length :].copy()
        skipped = min(self._to_skip, len(posteriors))
        self._to_skip -= skipped
        posteriors = posteriors[skipped:]
        first = self._decision.n_frames
        return StreamOutput(posteriors, self._decision.push(posteriors), first)


def to_float(chunk: NDArray[Any]) -> NDArray[np.float32]:
    """Returns samples as float32 ``(n,)``; int16 is brought to full scale at ±1.

    Raises:
        ShapeError: when the array is not one-dimensional, or of another type.
        NonFiniteError: when a sample is not finite.
    """
    if isinstance(chunk, np.ndarray) and chunk.dtype == np.int16:
        chunk = chunk.astype(np.float32) / np.float32(32768)
    return check_waveform(chunk)
