"""Every engine over every labelled recording, decoded once, on the same cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vad.audio import iter_chunks
from vad.errors import AudioError, VadError
from vad.labels import reaching_out, timeline_to_labels
from vad.manifests import Recording, found_clip
from vad.metrics import CELLS, FramePool, SegmentPool, values_at_cells
from vad.peers import SAMPLE_RATE, Engine, EngineOutput
from vad.segments import Timeline

__all__ = ["Failure", "Scores", "score"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A recording that could not be scored.

    Attributes:
        recording: its id.
        reason: one line.
    """

    recording: str
    reason: str


@dataclass(slots=True)
class Scores:
    """What the engines made of the recordings.

    Attributes:
        recordings: those that were scored, in order.
        frames: engine's name to its cells, one entry per recording.
        segments: engine's name to its segment counts, one entry per recording.
        failures: recordings that could not be read; no engine is scored on them.
        n_unlabelled: recordings that were passed over because nobody has labelled them.
    """

    recordings: list[Recording] = field(default_factory=list)
    frames: dict[str, FramePool] = field(default_factory=dict)
    segments: dict[str, SegmentPool] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    n_unlabelled: int = 0


def score(
    recordings: Iterable[Recording],
    engines: Sequence[Engine],
    home: Path,
    *,
    collar_s: float = 0.0,
    progress: Callable[[float], None] | None = None,
) -> Scores:
    """Runs every engine over every labelled recording.

    Args:
        recordings: rows of a manifest; ``speech`` empty is all non-speech, None is passed over and counted.
        engines: with different names.
        home: folder that the audio of the rows lies in.
        collar_s: total width of the zone around every reference boundary that is not scored, in seconds.
        progress: called with the seconds of audio dealt with since the last call.

    Returns:
        The scores. A recording that cannot be read, or that an engine refuses, is a failure and the rest goes on.
    """
    scores = Scores(frames={e.name: FramePool() for e in engines}, segments={e.name: SegmentPool() for e in engines})
    for recording in recordings:
        if recording.speech is None:
            scores.n_unlabelled += 1
            continue
        try:
            n_samples, outputs = _run(recording, engines, home)
        except VadError as error:
            scores.failures.append(Failure(recording.id, str(error)))
        else:
            _add(scores, recording, recording.speech, n_samples, outputs, collar_s)
        if progress is not None:
            progress(recording.duration_s)
    return scores


def _run(recording: Recording, engines: Sequence[Engine], home: Path) -> tuple[int, dict[str, EngineOutput]]:
    clip = found_clip(recording, home)
    streams = {engine.name: engine.start() for engine in engines}
    n_samples = 0
    for chunk in iter_chunks(clip.path, sample_rate=SAMPLE_RATE, offset_s=clip.offset_s, duration_s=clip.duration_s):
        n_samples += chunk.size
        for stream in streams.values():
            stream.push(chunk)
    if CELLS.count(n_samples) == 0:
        raise AudioError(f"{clip.path}: {n_samples} samples at 16 kHz are shorter than a cell of 10 ms")
    return n_samples, {name: stream.finish() for name, stream in streams.items()}


def _add(
    scores: Scores,
    recording: Recording,
    speech: Timeline,
    n_samples: int,
    outputs: dict[str, EngineOutput],
    collar_s: float,
) -> None:
    duration_s = n_samples / SAMPLE_RATE
    n_cells = CELLS.count(n_samples)
    labels, mask = timeline_to_labels(reaching_out(speech, duration_s), n_cells, CELLS, collar_s=collar_s / 2)
    scores.recordings.append(recording)
    for name, output in outputs.items():
        values = values_at_cells(output.times, output.values, n_cells)
        scores.frames[name].add(labels, values, mask.astype(np.bool_))
        scores.segments[name].add(speech, output.speech, duration_s, collar_s=collar_s)
