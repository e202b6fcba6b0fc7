"""What a picture of a recording shows, gathered in one pass over it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

from vad.audio import iter_chunks
from vad.decision import DecisionRule
from vad.detector import Detector
from vad.errors import ConfigError
from vad.features.streaming import StreamingLogMel
from vad.frames import FrameGrid, seconds_to_samples
from vad.pictures.pooling import Pool, envelope, mean
from vad.segments import Segment, Timeline

__all__ = ["Detail", "Source", "View", "look"]


class PastTheEnd(ConfigError):
    """A part that begins where its recording has ended, `duration_s` after its start."""

    def __init__(self, path: Path, start_s: float, duration_s: float) -> None:
        super().__init__(f"{path}: nothing to show from {start_s:g} s on: the recording ends at {duration_s:g} s")
        self.duration_s = duration_s


@dataclass(frozen=True, slots=True)
class Source:
    """A recording to be pictured.

    Args:
        path: the file.
        name: as the picture calls it; None is the file's name.
        channel: which channel, from 0; None mixes all down.
        offset_s: where in the file the recording starts, seconds.
        duration_s: how long it is, seconds; None is to the file's end.
    """

    path: Path
    name: str | None = None
    channel: int | None = None
    offset_s: float = 0.0
    duration_s: float | None = None

    @property
    def title(self) -> str:
        """The name that the picture gives it; what cannot be drawn or written of it is escaped."""
        name = self.path.name if self.name is None else self.name
        # Bytes that are no UTF-8 are lone surrogates in Python, which no file takes; SVG takes no control characters.
        return "".join(c.encode("unicode_escape").decode() if category(c) in ("Cc", "Cs") else c for c in name)


@dataclass(frozen=True, slots=True)
class Detail:
    """How finely a picture is drawn; longer recordings are pooled to at most twice these.

    Args:
        wave_bins: columns of the waveform.
        mel_columns: columns of the log-mel.
    """

    wave_bins: int = 3000
    mel_columns: int = 1500


@dataclass(frozen=True, eq=False)
class View:
    """A recording as a picture shows it. Times are seconds from the recording's start.

    Args:
        name: of the recording.
        start_s: where the part shown starts.
        end_s: where it ends.
        n_samples: of the whole recording, at the grid's rate.
        grid: where the frames lie.
        rule: what made `segments` of `posteriors`.
        posteriors: float32 ``(frames,)`` of the whole recording.
        segments: detected speech of the whole recording, the same as `vad detect` finds.
        reference: labelled speech; None without labels.
        wave: float32 ``(bins, 2)``, lowest and highest sample of each bin of the part shown.
        wave_bin_s: seconds that a bin of `wave` spans; the first starts at `start_s`.
        mel: float32 ``(columns, bands)``, log-mel of the part shown.
        mel_column_s: seconds that a column of `mel` spans.
        mel_start_s: where the first column of `mel` starts.
        channel: which one was listened to, from 0; None mixed all down.
    """

    name: str
    start_s: float
    end_s: float
    n_samples: int
    grid: FrameGrid
    rule: DecisionRule
    posteriors: NDArray[np.float32]
    segments: Timeline
    reference: Timeline | None
    wave: NDArray[np.float32]
    wave_bin_s: float
    mel: NDArray[np.float32]
    mel_column_s: float
    mel_start_s: float
    channel: int | None = None

    @property
    def duration_s(self) -> float:
        """Length of the whole recording in seconds."""
        return self.n_samples / self.grid.sample_rate

    @property
    def misses(self) -> Timeline:
        """Labelled speech that was not detected; empty without labels."""
        return Timeline() if self.reference is None else self.reference.difference(self.segments)

    @property
    def false_alarms(self) -> Timeline:
        """Detected speech that is not labelled as such; empty without labels."""
        return Timeline() if self.reference is None else self.segments.difference(self.reference)


class _Gatherer:
    """Keeps what is drawn of the samples that pass by on their way to the detector."""

    def __init__(self, detector: Detector, span: tuple[float, float | None], detail: Detail) -> None:
        start_s, end_s = span
        spec = detector.metadata.features
        grid = spec.grid
        self._start = seconds_to_samples(start_s, grid.sample_rate)
        self._end = None if end_s is None else seconds_to_samples(end_s, grid.sample_rate)
        # The frames shown are those whose own stretch of time reaches into the part shown.
        self.first_frame = max(0, (self._start - grid.boundary(0)) // grid.hop_length)
        self._mel_from = self.first_frame * grid.hop_length
        self._log_mel = StreamingLogMel(spec)
        self._win_length = grid.win_length
        self.mel = Pool(spec.n_mels, mean, limit=detail.mel_columns)
        self.wave = Pool(2, envelope, limit=detail.wave_bins, rows_per_bin=16)
        self.n_samples = 0
        self.n_shown = 0

    def watch(self, chunks: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Yields the chunks as they came."""
        for chunk in chunks:
            shown = self._cut(chunk, self._start, self._end)
            self.n_shown += len(shown)
            self.wave.push(np.stack([shown, shown], axis=1))
            beyond = None if self._end is None else self._end + self._win_length
            self.mel.push(self._log_mel.push(self._cut(chunk, self._mel_from, beyond)))
            self.n_samples += len(chunk)
            yield chunk

    def _cut(self, chunk: NDArray[np.float32], start: int, end: int | None) -> NDArray[np.float32]:
        stop = len(chunk) if end is None else max(0, end - self.n_samples)
        return chunk[max(0, start - self.n_samples) : stop]


def look(
    source: Source,
    detector: Detector,
    *,
    rule: DecisionRule | None = None,
    span: tuple[float, float | None] = (0.0, None),
    reference: Timeline | None = None,
    detail: Detail | None = None,
) -> View:
    """Runs the detector over a whole recording and gathers what a picture of a part of it shows.

    Args:
        source: the recording.
        detector: what finds the speech.
        rule: from posteriors to segments; None is the model's own.
        span: the part shown, seconds; its end may be None or lie beyond the recording's.
        reference: labelled speech of the whole recording, or None.
        detail: how finely it is drawn; None is right for a page.

    Raises:
        AudioError: when the recording cannot be read or is shorter than one frame.
        ConfigError: when the part shown is empty; `PastTheEnd` where it begins too late.
    """
    _check_span(span)
    used = detector.rule if rule is None else rule
    gathered = _Gatherer(detector, span, Detail() if detail is None else detail)
    posteriors, segments = _detect(source, detector, used, gathered)
    if not gathered.n_shown:
        raise PastTheEnd(source.path, span[0], gathered.n_samples / detector.sample_rate)
    grid = detector.metadata.features.grid
    start = seconds_to_samples(span[0], grid.sample_rate)
    wave, mel = gathered.wave.finish(), gathered.mel.finish()
    return View(
        name=source.title,
        start_s=start / grid.sample_rate,
        end_s=(start + gathered.n_shown) / grid.sample_rate,
        n_samples=gathered.n_samples,
        grid=grid,
        rule=used,
        posteriors=posteriors,
        segments=segments,
        reference=None if reference is None else reference.crop(0.0, gathered.n_samples / grid.sample_rate),
        wave=wave,
        wave_bin_s=gathered.wave.rows_per_bin / grid.sample_rate,
        mel=mel,
        mel_column_s=gathered.mel.rows_per_bin * grid.hop_length / grid.sample_rate,
        mel_start_s=grid.boundary(gathered.first_frame) / grid.sample_rate,
        channel=source.channel,
    )


def _check_span(span: tuple[float, float | None]) -> None:
    start_s, end_s = span
    if not (math.isfinite(start_s) and start_s >= 0) or (end_s is not None and not end_s > start_s):
        raise ConfigError(
            f"the part shown must have 0 <= start < end in seconds; received start {start_s}, end {end_s}"
        )


def _detect(
    source: Source, detector: Detector, rule: DecisionRule, gathered: _Gatherer
) -> tuple[NDArray[np.float32], Timeline]:
    """Runs the detector over the recording, whose samples are gathered on their way."""
    chunks = iter_chunks(
        source.path,
        sample_rate=detector.sample_rate,
        channel=source.channel,
        chunk_samples=detector.chunk_samples,
        offset_s=source.offset_s,
        duration_s=source.duration_s,
    )
    parts: list[NDArray[np.float32]] = []
    segments: list[Segment] = []
    watched = gathered.watch(chunks)
    for output in detector.run(watched, sample_rate=detector.sample_rate, name=str(source.path), rule=rule):
        parts.append(output.posteriors)
        segments += output.segments
    return np.concatenate(parts), Timeline(segments)
