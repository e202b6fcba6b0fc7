"""The posteriors and labels of recordings, computed once and laid end to end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vad.audio import iter_chunks
from vad.decision import DecisionRule, decide
from vad.detector import Detector
from vad.errors import VadError
from vad.evaluation import Failure
from vad.frames import FrameGrid
from vad.labels import reaching_out, timeline_to_labels
from vad.manifests import Recording, found_clip

# Between two recordings, in frames: no duration that is searched reaches across.
_BETWEEN = 1 << 12


@dataclass(frozen=True, eq=False)
class Bank:
    """Recordings end to end, with silence between that belongs to none.

    Args:
        grid: where the frames of a recording lie.
        delay_frames: by which a posterior comes late, look-ahead and window: frames after the frame's edge.
        posteriors: float32 ``(frames,)``.
        labels: bool ``(frames,)``, speech.
        scored: bool ``(frames,)``; the collars and what is between recordings are not.
        firsts: int64 ``(recordings,)``, first frame of each.
        stops: int64 ``(recordings,)``, frame after its last.
        n_samples: of each, at the model's rate.
        ids: of each.
        failures: recordings that could not be read.
        n_unlabelled: recordings passed over because nobody has labelled them.
    """

    grid: FrameGrid
    delay_frames: float
    posteriors: NDArray[np.float32]
    labels: NDArray[np.bool_]
    scored: NDArray[np.bool_]
    firsts: NDArray[np.int64]
    stops: NDArray[np.int64]
    n_samples: list[int]
    ids: list[str]
    failures: list[Failure]
    n_unlabelled: int

    def __len__(self) -> int:
        return len(self.ids)

    def decided(self, rule: DecisionRule) -> NDArray[np.bool_]:
        """Returns bool ``(frames,)``: the frames whose centres lie in the segments of a rule, by `decide` itself."""
        found = np.zeros(len(self.posteriors), np.bool_)
        for first, stop, n_samples in zip(self.firsts, self.stops, self.n_samples, strict=True):
            timeline = decide(self.posteriors[first:stop], rule, self.grid, n_samples)
            found[first:stop] = timeline_to_labels(timeline, int(stop - first), self.grid)[0]
        return found


def fill_bank(
    recordings: Iterable[Recording],
    detector: Detector,
    home: Path,
    *,
    collar_s: float = 0.0,
    progress: Callable[[float], None] | None = None,
) -> Bank:
    """Runs a detector over labelled recordings, once.

    Args:
        recordings: rows of a manifest; ``speech`` empty is all non-speech, None is passed over and counted.
        detector: the model.
        home: folder that the audio of the rows lies in.
        collar_s: total width of the zone around every reference boundary that is not scored, in seconds.
        progress: called with the seconds of audio dealt with since the last call.
    """
    grid = detector.metadata.features.grid
    heard: list[tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.uint8]]] = []
    ids, lengths, failures = [], [], []
    n_unlabelled = 0
    for recording in recordings:
        if recording.speech is None:
            n_unlabelled += 1
            continue
        try:
            values, n_samples = _hear(recording, detector, home)
        except VadError as error:
            failures.append(Failure(recording.id, str(error)))
        else:
            speech = reaching_out(recording.speech, n_samples / grid.sample_rate)
            labels, mask = timeline_to_labels(speech, len(values), grid, collar_s=collar_s / 2)
            heard.append((values, labels, mask))
            ids.append(recording.id)
            lengths.append(n_samples)
        if progress is not None:
            progress(recording.duration_s)
    sizes = np.asarray([len(values) for values, _, _ in heard], np.int64)
    stops = np.cumsum(sizes + _BETWEEN)
    total = int(stops[-1]) if len(stops) else 0
    # No threshold lies below what is between recordings.
    posteriors = np.full(total, -1.0, np.float32)
    spoken, scored = np.zeros(total, np.bool_), np.zeros(total, np.bool_)
    firsts = stops - sizes
    for first, stop, (values, truth, mask) in zip(firsts, stops, heard, strict=True):
        posteriors[first:stop], spoken[first:stop], scored[first:stop] = values, truth, mask
    late = detector.metadata.lookahead_frames + (grid.win_length - grid.hop_length) / 2 / grid.hop_length
    return Bank(grid, late, posteriors, spoken, scored, firsts, stops, lengths, ids, failures, n_unlabelled)


def _hear(recording: Recording, detector: Detector, home: Path) -> tuple[NDArray[np.float32], int]:
    clip = found_clip(recording, home)
    n_samples = 0

    def counted() -> Iterable[NDArray[np.float32]]:
        nonlocal n_samples
        for chunk in iter_chunks(
            clip.path, sample_rate=detector.sample_rate, offset_s=clip.offset_s, duration_s=clip.duration_s
        ):
            n_samples += len(chunk)
            yield chunk

    outputs = detector.run(counted(), sample_rate=detector.sample_rate, name=recording.id)
    return np.concatenate([output.posteriors for output in outputs]), n_samples
