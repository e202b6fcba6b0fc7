"""Finds speech: in a recording, in an array, in a stream of chunks of any size.

All ways run the same steps on the same bits: the front-end and the network inside the artifact frame by frame, then
the decision machine. A recording in any cutting gives the same posteriors and the same segments.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from vad.artifact import Artifact, Metadata, load_artifact, parse_artifact
from vad.audio import iter_chunks, read_info, to_mono
from vad.decision import DecisionRule
from vad.errors import AudioError, ConfigError, ModelError, ShapeError
from vad.runtime import Session
from vad.segments import Timeline
from vad.stream import Stream, StreamOutput, to_float

Source = str | os.PathLike[str] | BinaryIO | NDArray[Any]
"""What speech is found in: a path, a binary stream opened at its start, or an array of samples."""

# Calls of the largest signature that one chunk of a recording fills: some 20 s, a megabyte.
_CALLS_PER_CHUNK = 64


@dataclass(frozen=True, eq=False)
class Posteriors:
    """The probability of speech, frame by frame.

    Args:
        times: float64 ``(frames,)``, centres of the frames in seconds.
        values: float32 ``(frames,)``, in [0, 1].
    """

    times: NDArray[np.float64]
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.values)


class Detector:
    """A speech detector: one model, any number of recordings and streams.

    Args:
        model: a `.tflite` made by ``vad export``; None is the model that the package carries.
        rule: from posteriors to segments, wherever no other is given; None is the model's own.

    Raises:
        ModelError: when the model cannot be used.

    Example:
        >>> for segment in Detector().detect("recording.wav"):  # doctest: +SKIP
        ...     print(segment.start, segment.end)
    """

    def __init__(
        self, model: str | os.PathLike[str] | Artifact | None = None, *, rule: DecisionRule | None = None
    ) -> None:
        if model is None:
            artifact = packaged_artifact()
        else:
            artifact = model if isinstance(model, Artifact) else load_artifact(Path(model))
        self._session = Session(artifact)
        self._rule = artifact.metadata.decision if rule is None else rule

    @property
    def artifact(self) -> Artifact:
        """The model in use."""
        return self._session.artifact

    @property
    def metadata(self) -> Metadata:
        """What the model says of itself."""
        return self.artifact.metadata

    @property
    def rule(self) -> DecisionRule:
        """The thresholds and durations that are used wherever no other rule is given."""
        return self._rule

    @property
    def onset_threshold(self) -> float:
        """Posterior that enters speech, of `rule`."""
        return self.rule.onset_threshold

    @property
    def sample_rate(self) -> int:
        """Sample rate that the model works at, in Hz; everything else is converted to it."""
        return self.metadata.features.sample_rate

    @property
    def chunk_samples(self) -> int:
        """Samples at the model's rate of a chunk that keeps its largest call full."""
        return _CALLS_PER_CHUNK * self._session.frames_per_call * self.metadata.features.hop_length

    def stream(
        self, sample_rate: int = 16000, *, rule: DecisionRule | None = None, keep_audio: str = "start"
    ) -> Stream:
        """Starts a recording that comes in chunks.

        Args:
            sample_rate: of the chunks, in Hz, 8000 to 192000.
            rule: from posteriors to segments; None is the detector's own.
            keep_audio: ``start``: the start of speech comes with the audio since then; ``segment``: its end comes with
                all audio of the segment as well; ``none``: neither.

        Raises:
            ConfigError: when `sample_rate` is out of range or `keep_audio` unknown.

        Example:
            >>> for event in Detector().stream(48000).events(chunks):  # doctest: +SKIP
            ...     print(event)
        """
        used = self.rule if rule is None else rule
        return Stream(self._session, sample_rate=sample_rate, rule=used, keep_audio=keep_audio)

    def detect(
        self,
        source: Source,
        *,
        sample_rate: int | None = None,
        channel: int | None = None,
        rule: DecisionRule | None = None,
    ) -> Timeline:
        """Finds the speech of a recording of any length, in memory that does not grow with it.

        Args:
            source: a path, a binary stream opened at its start, or an array: ``(n,)`` or ``(n, channels)``, floats
                with full scale at ±1 or int16.
            sample_rate: of an array, in Hz; None is the model's own, 16000. Files state theirs: given for a path, it
                must be the file's.
            channel: which channel, from 0; None mixes all down.
            rule: from posteriors to segments; None is the detector's own.

        Returns:
            Speech segments in seconds from the recording's start.

        Raises:
            AudioError: when the recording cannot be read or is shorter than one frame.
            ShapeError: when an array is neither of these.
            NonFiniteError: when an array holds NaN or infinity.
            ConfigError: when `sample_rate` is out of range or not the file's.
        """
        return Timeline(s for o in self._outputs(source, sample_rate, channel, rule) for s in o.segments)

    def posteriors(self, source: Source, *, sample_rate: int | None = None, channel: int | None = None) -> Posteriors:
        """Returns the probability of speech in every frame of a recording; arguments and errors as in `detect`."""
        parts = [output.posteriors for output in self._outputs(source, sample_rate, channel, None)]
        values = np.concatenate(parts)
        return Posteriors(self.metadata.features.grid.times(len(values)), values)

    def run(
        self, chunks: Iterable[NDArray[Any]], *, sample_rate: int, name: str, rule: DecisionRule | None = None
    ) -> Iterator[StreamOutput]:
        """Yields what each chunk of a recording brings to light, and at last what its end does.

        Args:
            chunks: mono arrays as `Stream.push` takes them.
            sample_rate: of the chunks, in Hz.
            name: of the recording, for messages.
            rule: from posteriors to segments; None is the detector's own.

        Raises:
            AudioError: when the whole is shorter than one frame.
        """
        stream = self.stream(sample_rate, rule=rule, keep_audio="none")
        grid = self.metadata.features.grid
        n_frames = 0
        for chunk in chunks:
            output = stream.push(chunk)
            n_frames += len(output.posteriors)
            yield output
        n_samples = stream.n_samples
        output = stream.flush()
        n_samples += len(output.samples)  # what resampling held back
        if n_frames + len(output.posteriors) == 0:
            raise AudioError(
                f"{name}: too short: {n_samples} samples at {grid.sample_rate} Hz; one frame, the least that can be "
                f"judged, takes {grid.win_length} ({grid.win_length / grid.sample_rate:g} s)"
            )
        yield output

    def _outputs(
        self, source: Source, sample_rate: int | None, channel: int | None, rule: DecisionRule | None
    ) -> Iterator[StreamOutput]:
        if not isinstance(source, np.ndarray | str | os.PathLike) and not hasattr(source, "read"):
            source = np.asarray(source)
        if isinstance(source, np.ndarray):
            rate = self.sample_rate if sample_rate is None else sample_rate
            chunks = _cut(source, channel, self.chunk_samples)
            return self.run(chunks, sample_rate=rate, name="the array", rule=rule)
        name = str(getattr(source, "name", source))
        if sample_rate is not None:
            stated = read_info(source).sample_rate if isinstance(source, str | os.PathLike) else None
            if stated != sample_rate:
                raise ConfigError(
                    f"{name}: sample_rate describes arrays; a recording states its own"
                    f"{'' if stated is None else f', {stated} Hz here'}; received {sample_rate}: leave it out"
                )
        chunks = iter_chunks(source, sample_rate=self.sample_rate, channel=channel, chunk_samples=self.chunk_samples)
        return self.run(chunks, sample_rate=self.sample_rate, name=name, rule=rule)


def packaged_artifact() -> Artifact:
    """Reads the model that the package carries.

    Raises:
        ModelError: this installation carries none.
    """
    file = resources.files("vad") / "weights" / "vad.tflite"
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file}: this installation carries no model: give the path of one") from error
    return parse_artifact(content, str(file))


def _cut(samples: NDArray[Any], channel: int | None, chunk_samples: int) -> Iterator[NDArray[np.float32]]:
    """Yields an array in mono chunks."""
    if samples.ndim not in (1, 2) or (samples.ndim == 2 and samples.shape[1] > max(1, samples.shape[0])):
        raise ShapeError(f"an array must have the shape (samples,) or (samples, channels); received {samples.shape}")
    for start in range(0, len(samples), chunk_samples):
        block = samples[start : start + chunk_samples]
        floats = to_float(block.reshape(-1)).reshape(block.shape)
        yield to_mono(floats, channel)
