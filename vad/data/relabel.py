"""Labels for recordings that nobody has labelled: by their energy, by the model, or by both.

* ``energy``: `vad.labels.energy_segments`. For clean speech alone: every sound counts.
* ``model``: the segments of a model, by its own thresholds and durations.
* ``both``: speech is where the model does not rule it out, its boundaries and pauses are those of the energy there
  (`vad.labels.refined_segments`). For speech among other sounds.
"""

from __future__ import annotations

import dataclasses
import itertools
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vad.artifact import Artifact
from vad.audio import read, read_info
from vad.data.reach import check_reach
from vad.decision import DecisionRule
from vad.detector import Detector
from vad.errors import AudioError, FeatureError
from vad.frames import seconds_to_samples
from vad.labels import LabelRule, energy_segments, refined_segments
from vad.manifests import MACHINE_LABELS, Clip, Recording, resolve
from vad.segments import Timeline

__all__ = ["METHODS", "Labeller", "Outcome", "label_clips", "movable", "wanted"]

METHODS: Final[Mapping[str, str]] = dict(zip(("energy", "model", "both"), MACHINE_LABELS, strict=True))
"""How to label, and what the rows then have as their label source."""

_SAMPLE_RATE: Final = 16000
_AHEAD: Final = 8  # files per process that are begun before their turn comes
# Somebody speaks in what is labelled: a sound is none of it only when the model is sure of that. Three of four spoken
# digits, cut out without any silence before them, were lost by the model's own thresholds.
_DOUBT: Final = 0.2


@dataclass(frozen=True)
class Labeller:
    """Finds the speech of a clip.

    Attributes:
        method: one of `METHODS`.
        rule: of the energy, for ``energy`` and ``both``.
        artifact: the model, for ``model`` and ``both``; None is the one of the package.
    """

    method: str = "both"
    rule: LabelRule = dataclasses.field(default_factory=LabelRule)
    artifact: Artifact | None = None

    def prepare(self) -> Callable[[NDArray[np.float32]], Timeline]:
        """Returns the function from samples, float32 (n,) mono at 16 kHz, to speech, with the model loaded.

        Raises:
            ModelError: when the model cannot be used.
        """
        if self.method == "energy":
            return lambda samples: energy_segments(samples, _SAMPLE_RATE, self.rule)
        detector = Detector(self.artifact)
        if self.method == "model":
            return lambda samples: detector.detect(samples, sample_rate=_SAMPLE_RATE)
        # What is a pause, and what too short, is for the labels' rule to say.
        decision = DecisionRule(_DOUBT, _DOUBT, min_speech_s=self.rule.min_speech_s, min_silence_s=self.rule.max_gap_s)
        return lambda samples: refined_segments(
            samples, _SAMPLE_RATE, detector.detect(samples, sample_rate=_SAMPLE_RATE, rule=decision), self.rule
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found in one clip.

    Attributes:
        index: of the clip among those given.
        speech: its speech; None when it cannot be labelled.
        problem: why not, in one line.
    """

    index: int
    speech: Timeline | None
    problem: str | None = None


def wanted(row: Recording, *, again: bool) -> bool:
    """Says whether a row is to be labelled: speech that nobody has labelled, or, `again`, that only a machine has."""
    return row.kind == "speech" and (row.speech is None or (again and row.label_source in MACHINE_LABELS))


def movable(row: Recording, home: Path, output: Path) -> Recording:
    """Returns the row as a manifest at `output` must have it: audio beside its old manifest is found from there."""
    clip = resolve(row, home)
    if clip is None or row.folder is None or clip.path != row.folder / row.audio:
        return row
    audio = Path(os.path.relpath(clip.path.resolve(), output.parent.resolve())).as_posix()
    return dataclasses.replace(row, audio=audio)


def label_clips(clips: Sequence[Clip], labeller: Labeller, *, jobs: int = 1) -> Iterator[Outcome]:
    """Labels clips; the outcomes depend on the clips alone, not on how many processes there are.

    Clips of one file are labelled together, so that it is decoded once. A clip is held in memory as a whole, 230 MB
    an hour.

    Args:
        clips: what to label.
        labeller: how.
        jobs: processes; 1 works in this one.

    Yields:
        One outcome for each clip, those of a file together, files in the order of their first clips.

    Raises:
        ModelError: when the model cannot be used.
    """
    files: dict[Path, list[tuple[int, Clip]]] = {}
    for index, clip in enumerate(clips):
        files.setdefault(clip.path, []).append((index, clip))
    labeller.prepare()  # a model that cannot be used is told here, not in every process
    if jobs == 1 or len(files) < 2:
        find = labeller.prepare()
        for parts in files.values():
            yield from _label_file(parts, find)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(files)), context, initializer=_start, initargs=(labeller,))
    waiting: deque[Future[list[Outcome]]] = deque()
    left = iter(files.values())
    try:
        while True:
            for parts in itertools.islice(left, _AHEAD * jobs - len(waiting)):
                waiting.append(pool.submit(_work, parts))
            if not waiting:
                return
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _label_file(parts: Sequence[tuple[int, Clip]], find: Callable[[NDArray[np.float32]], Timeline]) -> list[Outcome]:
    """Labels the clips of one file."""
    outcomes = []
    try:
        cut = _cutter([clip for _, clip in parts])
    except AudioError as error:
        return [Outcome(index, None, str(error)) for index, _ in parts]
    for index, clip in parts:
        try:
            samples = cut(clip)
        except AudioError as error:
            outcomes.append(Outcome(index, None, str(error)))
            continue
        try:
            outcomes.append(Outcome(index, find(samples).crop(0.0, clip.duration_s)))
        except (AudioError, FeatureError) as error:
            outcomes.append(Outcome(index, None, f"{clip.path}: {error}"))
    return outcomes


def _cutter(clips: Sequence[Clip]) -> Callable[[Clip], NDArray[np.float32]]:
    """Returns what reads each of the clips of one file; several are cut from the whole, for seeking costs more.

    Raises:
        AudioError: the file cannot be read; of what is returned, also when it ends before the clip.
    """
    path = clips[0].path
    whole = read(path, sample_rate=_SAMPLE_RATE) if len(clips) > 1 else None
    end_s = read_info(path).duration_s if whole is None else len(whole) / _SAMPLE_RATE

    def cut(clip: Clip) -> NDArray[np.float32]:
        check_reach(path, clip.offset_s, clip.offset_s + clip.duration_s, end_s)
        if whole is None:
            duration_s = min(clip.duration_s, end_s - clip.offset_s)
            return read(path, sample_rate=_SAMPLE_RATE, offset_s=clip.offset_s, duration_s=duration_s)
        first = seconds_to_samples(clip.offset_s, _SAMPLE_RATE)
        return whole[first : first + seconds_to_samples(clip.duration_s, _SAMPLE_RATE)]

    return cut


class _Process:
    """What a worker process holds."""

    find: Callable[[NDArray[np.float32]], Timeline]


def _start(labeller: Labeller) -> None:
    # Interrupts reach the whole group of processes; the parent alone decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Process.find = staticmethod(labeller.prepare())


def _work(parts: Sequence[tuple[int, Clip]]) -> list[Outcome]:
    return _label_file(parts, _Process.find)
