"""The stream itself."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vad.audio.resample import Resampler, check_rate
from vad.decision import Decision, DecisionRule, Ended, Mark, Started
from vad.errors import ConfigError, did_you_mean
from vad.features.waveform import check_waveform
from vad.runtime import Session
from vad.segments import Segment
from vad.stream.events import Event, Misfire, PosteriorEvent, SpeechEnd, SpeechStart
from vad.stream.memory import AudioMemory

KEPT_AUDIO: Final = ("none", "start", "segment")
"""What audio a stream keeps: none; what a `SpeechStart` carries; and what a `SpeechEnd` carries as well."""

# An event loop is not kept waiting for longer than this much audio takes, less than a millisecond.
_SLICE_S = 1.0
# Power is float32, and resampling overshoots. What cannot be judged is refused before anything of it is taken.
_PEAK = 1e15


@dataclass(frozen=True, eq=False)
class StreamOutput:
    """What a chunk brought to light.

    Args:
        posteriors: float32 ``(n,)`` of the frames that are known now and were not before.
        segments: the segments that are finished now, in order.
        first_frame: index in the recording of the first of `posteriors`.
        events: `SpeechStart`, `SpeechEnd` and `Misfire` in the order in which they became known.
        samples: float32 ``(n,)``, the chunk as the model hears it: at its rate, delayed by the resampling.
    """

    posteriors: NDArray[np.float32]
    segments: list[Segment]
    first_frame: int
    events: list[Event]
    samples: NDArray[np.float32]


class Stream:
    """One recording as it comes in; made by `Detector.stream`.

    Streams of one detector share nothing that changes. Each may be used from any thread; calls that come at the same
    time are done one after the other. Memory does not grow with the recording; with `keep_audio` ``segment`` it grows
    with the segment at hand, which `max_speech_s` bounds.

    Args:
        session: the model.
        sample_rate: of the chunks, in Hz, 8000 to 192000.
        rule: from posteriors to segments.
        keep_audio: one of `KEPT_AUDIO`.

    Raises:
        ConfigError: when `sample_rate` is out of range or `keep_audio` unknown.
    """

    def __init__(self, session: Session, *, sample_rate: int, rule: DecisionRule, keep_audio: str = "start") -> None:
        check_rate(sample_rate, "sample_rate")
        if keep_audio not in KEPT_AUDIO:
            hint = did_you_mean(keep_audio, KEPT_AUDIO)
            raise ConfigError(f"keep_audio must be one of {', '.join(KEPT_AUDIO)}; received {keep_audio!r}{hint}")
        metadata = session.artifact.metadata
        self._session = session
        self._grid = metadata.features.grid
        self._lookahead = metadata.lookahead_frames
        self._sample_rate = sample_rate
        self._resampler = Resampler(sample_rate, self._grid.sample_rate)
        self._decision = Decision(rule, self._grid)
        self._keeps_start, self._keeps_all = keep_audio != "none", keep_audio == "segment"
        self._memory = AudioMemory()
        self._lock = threading.Lock()
        self._start()

    def _start(self) -> None:
        self._rest = np.zeros(0, np.float32)  # samples that later frames see
        self._state = self._session.new_state()
        self._to_skip = self._lookahead  # outputs that belong to frames before the first
        self._n_samples = 0
        self._begun: int | None = None  # first sample of the segment that was told of and has not ended
        self._memory.clear()

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
            NonFiniteError: when a sample is not finite, or beyond ±1e15; the stream stands as before.
        """
        samples = to_float(chunk)
        with self._lock:
            samples = self._resampler.push(samples)
            posteriors = self._advance(samples)
            self._take(samples)
            first = self._decision.n_frames
            return self._output(posteriors, first, self._decision.advance(posteriors), samples)

    def flush(self) -> StreamOutput:
        """Ends the recording, returns what it still held back, and is ready for the next one."""
        with self._lock:
            samples = self._resampler.flush()
            # The last frames' posteriors come out only once the network has seen that many frames more.
            silence = np.zeros(self._lookahead * self._grid.hop_length, np.float32)
            posteriors = self._advance(np.concatenate([samples, silence]))
            self._take(samples)
            first = self._decision.n_frames
            marks = self._decision.advance(posteriors) + self._decision.finish(self._n_samples)
            output = self._output(posteriors, first, marks, samples)
            self._start()
            return output

    def events(self, chunks: Iterable[NDArray[Any]], *, posteriors: bool = False) -> Iterator[Event]:
        """Pushes chunks until they end, flushes, and yields the events as they become known.

        Args:
            chunks: as `push` takes them.
            posteriors: yield a `PosteriorEvent` for every chunk that brings some, before its other events.

        Raises:
            ShapeError: when a chunk is no array of samples.
            NonFiniteError: when a sample is not finite.
        """
        for chunk in chunks:
            yield from self._told(self.push(chunk), posteriors)
        yield from self._told(self.flush(), posteriors)

    async def events_async(
        self, chunks: AsyncIterable[NDArray[Any]], *, posteriors: bool = False
    ) -> AsyncIterator[Event]:
        """Does as `events` for chunks that come asynchronously; arguments and errors are the same.

        A second of audio takes less than a millisecond, so that it runs in the event loop itself; of longer chunks
        the loop gets its turn after every second.
        """
        import asyncio

        size = int(_SLICE_S * self._sample_rate)
        async for chunk in chunks:
            for start in range(0, len(chunk), size):
                for event in self._told(self.push(chunk[start : start + size]), posteriors):
                    yield event
                await asyncio.sleep(0)
        for event in self._told(self.flush(), posteriors):
            yield event

    def _told(self, output: StreamOutput, posteriors: bool) -> Iterator[Event]:
        n = len(output.posteriors)
        if posteriors and n:
            yield PosteriorEvent(self._grid.times(n, output.first_frame), output.posteriors)
        yield from output.events

    def _advance(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Runs the model and returns the posteriors of frames of the recording."""
        held = np.concatenate([self._rest, samples])
        posteriors, self._state = self._session.advance(held, self._state)
        # A copy, lest a few samples keep a whole chunk alive.
        self._rest = held[len(posteriors) * self._grid.hop_length :].copy()
        skipped = min(self._to_skip, len(posteriors))
        self._to_skip -= skipped
        return posteriors[skipped:]

    def _take(self, samples: NDArray[np.float32]) -> None:
        self._n_samples += len(samples)
        if self._keeps_start:
            self._memory.push(samples)

    def _output(
        self, posteriors: NDArray[np.float32], first: int, marks: list[Mark], samples: NDArray[np.float32]
    ) -> StreamOutput:
        events = [self._event(mark) for mark in marks]
        segments = [event.segment for event in events if isinstance(event, SpeechEnd)]
        if self._keeps_start:
            needed = self._decision.earliest_start
            if self._keeps_all and self._begun is not None:
                needed = min(needed, self._begun)
            self._memory.forget(needed)
        return StreamOutput(posteriors, segments, first, events, samples)

    def _event(self, mark: Mark) -> Event:
        rate = self._grid.sample_rate
        heard = min(self._grid.samples_for(mark.known + self._lookahead), self._n_samples)
        if isinstance(mark, Started):
            self._begun = mark.start
            audio = self._memory.cut(mark.start) if self._keeps_start else None
            return SpeechStart(mark.start / rate, mark.onset / rate, heard / rate, audio)
        if isinstance(mark, Ended):
            self._begun = None
            audio = self._memory.cut(mark.start, mark.end) if self._keeps_all else None
            return SpeechEnd(mark.start / rate, mark.end / rate, mark.offset / rate, heard / rate, audio)
        return Misfire(mark.start / rate, mark.end / rate, heard / rate)


def to_float(chunk: NDArray[Any]) -> NDArray[np.float32]:
    """Returns samples as float32 ``(n,)``; int16 is brought to full scale at ±1.

    Raises:
        ShapeError: when the array is not one-dimensional, or of another type.
        NonFiniteError: when a sample is not finite, or beyond ±1e15.
    """
    if isinstance(chunk, np.ndarray) and chunk.dtype == np.int16:
        chunk = chunk.astype(np.float32) / np.float32(32768)
    return check_waveform(chunk, peak=_PEAK)
