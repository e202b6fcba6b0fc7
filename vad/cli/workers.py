"""Processes that listen to recordings side by side, each with an interpreter of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vad.cli.progress import ByteCounter
from vad.errors import AudioError, FeatureError, VadError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vad.artifact import Artifact
    from vad.audio import RawFormat
    from vad.cli.inputs import Hearing, Source
    from vad.cli.posterior_target import PosteriorTarget
    from vad.decision import DecisionRule
    from vad.segments import Segment

_POLL_S = 0.1
# Recordings per process that are begun before their turn to be written comes.
_AHEAD = 32


@dataclass(frozen=True)
class Task:
    """What a process does with each of its recordings.

    Args:
        artifact: the model.
        rule: from posteriors to segments.
        raw: what the bytes of recordings without headers mean.
        channel: which channel; None mixes all down.
        posteriors: where the posteriors go.
        keeps_posteriors: whether they are wanted back too.
    """

    artifact: Artifact
    rule: DecisionRule
    raw: RawFormat | None
    channel: int | None
    posteriors: PosteriorTarget
    keeps_posteriors: bool


@dataclass(frozen=True)
class Result:
    """What a process found in a recording.

    Args:
        sample_rate: of the recording, in Hz.
        duration_s: its length.
        segments: its speech.
        posteriors: float32 ``(frames,)`` where they are wanted, else empty.
        error: why it could not be done, else None.
    """

    sample_rate: int
    duration_s: float
    segments: list[Segment]
    posteriors: NDArray[np.float32] | None
    error: VadError | None = None


class _Stopped(Exception):
    """The batch was interrupted: the recording is given up."""


class _Process:
    """What a worker process holds."""

    task: Task
    hearing: Hearing
    stop: Any
    heard_bytes: Any


def _start(task: Task, stop: Any, heard_bytes: Any) -> None:
    """Sets a worker process up."""
    from vad.cli.inputs import Hearing
    from vad.detector import Detector

    # Interrupts reach the whole group of processes; the parent alone decides, and tells by `stop`.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _Process.task, _Process.stop, _Process.heard_bytes = task, stop, heard_bytes
    _Process.hearing = Hearing(Detector(task.artifact), task.rule, task.raw, task.channel)


def _detect(source: Source) -> Result:
    """Listens to a recording in a worker process."""
    counter = ByteCounter(source, _add_bytes)
    try:
        return _listen(source, counter)
    except (AudioError, FeatureError) as error:
        return Result(0, 0.0, [], None, error)
    finally:
        counter.finish()


def _listen(source: Source, counter: ByteCounter) -> Result:
    import numpy as np

    segments, kept = [], []
    with _Process.hearing.listen(source) as heard, _Process.task.posteriors.writer(source) as write:
        for output in heard.outputs():
            if _Process.stop.is_set():
                raise _Stopped
            write(output.posteriors)
            segments += output.segments
            if _Process.task.keeps_posteriors:
                kept.append(output.posteriors)
            counter.update(heard)
        posteriors = np.concatenate(kept) if kept else None
        return Result(heard.recording.sample_rate, heard.duration_s, segments, posteriors)


def _add_bytes(n_bytes: float) -> None:
    with _Process.heard_bytes.get_lock():
        _Process.heard_bytes.value += n_bytes


def detect_all(
    task: Task, sources: Sequence[Source], n_jobs: int, update: Callable[[float], None]
) -> Generator[tuple[Source, Result], None, None]:
    """Yields what is found in recordings, in their order.

    When the caller stops early, the recordings at hand are given up and the processes end.

    Args:
        task: what to do with each.
        sources: the recordings.
        n_jobs: how many processes.
        update: called now and then with the bytes heard so far.

    Raises:
        VadError: when a process dies.
    """
    # A fork starts at once and shares the model. Elsewhere than on Linux it is not safe.
    context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    stop, heard_bytes = context.Event(), context.Value("d", 0.0)
    pool = ProcessPoolExecutor(
        min(n_jobs, len(sources)), mp_context=context, initializer=_start, initargs=(task, stop, heard_bytes)
    )
    waiting: deque[tuple[Source, Future[Result]]] = deque()
    left = iter(sources)
    try:
        while True:
            while len(waiting) < _AHEAD * n_jobs and (source := next(left, None)) is not None:
                waiting.append((source, pool.submit(_detect, source)))
            if not waiting:
                return
            source, future = waiting.popleft()
            while not future.done():
                update(heard_bytes.value)
                with contextlib.suppress(TimeoutError):
                    future.exception(timeout=_POLL_S)
            try:
                yield source, future.result()
            except BrokenProcessPool as error:
                raise VadError(
                    f"{source.name}: a process died at this recording or one of the {len(waiting)} after it: there may "
                    "be too little memory; try fewer --jobs"
                ) from error
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
