"""Processes that mix: each job is a range of excerpts, done the same by whoever gets it."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import connection

import numpy as np
import threadpoolctl
from numpy.typing import NDArray

from vad.config import Config
from vad.data.corpus import Corpus
from vad.data.engine import engine_voice
from vad.data.mixing import Mixer
from vad.data.store import AudioStore
from vad.features.offline import log_mel
from vad.labels import timeline_to_labels
from vad.manifests import cache_home

_QUEUED_PER_PROCESS = 2


@dataclass(frozen=True, slots=True)
class Job:
    """A range of excerpts to mix.

    Attributes:
        split: of which split.
        first: index of the first excerpt.
        count: how many.
    """

    split: str
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Excerpts as they are stored.

    Attributes:
        job: what was asked for.
        frames: float16 (n_frames, n_mels) of each excerpt.
        labels: uint8 (n_frames,) of each.
        masks: uint8 (n_frames,) of each; 0 where the label is not to be relied on.
        voices: uint8 (n_frames,) of each, what the config's engine says; None where none is asked.
        sums: sum of each mel band over all frames.
        squares: sum of its squares.
    """

    job: Job
    frames: list[NDArray[np.float16]]
    labels: list[NDArray[np.uint8]]
    masks: list[NDArray[np.uint8]]
    voices: NDArray[np.uint8] | None
    sums: tuple[float, ...]
    squares: tuple[float, ...]


class Worker:
    """Mixes jobs.

    Args:
        config: the whole config.
        corpora: the clips by split.
    """

    def __init__(self, config: Config, corpora: Mapping[str, Corpus]) -> None:
        self._config = config
        store = audio_store(config)
        self._voices = {split: engine_voice(config, split) for split in corpora}
        self._mixers = {split: Mixer(config, corpus, split, store) for split, corpus in corpora.items()}

    def run(self, job: Job) -> Batch:
        """Mixes one range of excerpts and computes their frames.

        Raises:
            AudioError: when a clip cannot be read.
        """
        # How a product is split among threads changes its last bits, and with them the bytes of a shard.
        with threadpoolctl.threadpool_limits(1):
            return self._mixed(job)

    def _mixed(self, job: Job) -> Batch:
        spec, rule = self._config.features, self._config.data.labels
        mixer, voice = self._mixers[job.split], self._voices[job.split]
        frames, labels, masks, heard = [], [], [], []
        sums, squares = np.zeros(spec.n_mels), np.zeros(spec.n_mels)
        for index in range(job.first, job.first + job.count):
            excerpt = mixer.excerpt(index)
            stored = log_mel(excerpt.samples, spec).astype(np.float16)
            label, mask = timeline_to_labels(excerpt.speech, len(stored), spec.grid, collar_s=rule.collar_s)
            frames.append(stored)
            labels.append(label)
            masks.append(mask)
            exact = stored.astype(np.float64)
            sums += exact.sum(axis=0)
            squares += np.square(exact).sum(axis=0)
            if voice is not None:
                heard.append(excerpt.samples)
        voices = None if voice is None else voice.judge(np.stack(heard))
        return Batch(job, frames, labels, masks, voices, tuple(sums.tolist()), tuple(squares.tolist()))


def audio_store(config: Config) -> AudioStore:
    """Returns the store of decoded audio in the user's cache."""
    return AudioStore(cache_home() / "decoded", config.features.sample_rate)


def mixed_batches(
    config: Config, corpora: Mapping[str, Corpus], todo: Sequence[Job], jobs: int | None = None
) -> Generator[Batch, None, None]:
    """Mixes jobs on several processes.

    Args:
        config: the whole config.
        corpora: the clips by split.
        todo: what to mix.
        jobs: processes; None takes all cores, 1 works in this process.

    Yields:
        The batches as they are done; their order means nothing, their content depends on the job alone.
    """
    processes = min(_cores() if jobs is None else jobs, len(todo))
    if processes <= 1:
        worker = Worker(config, corpora)
        for job in todo:
            yield worker.run(job)
        return
    executor = ProcessPoolExecutor(
        processes, multiprocessing.get_context("spawn"), initializer=_start, initargs=(config, corpora)
    )
    try:
        waiting = list(todo)[::-1]
        running: set[Future[Batch]] = set()
        while waiting or running:
            # A batch is ten megabytes: only so many may wait for the disk.
            while waiting and len(running) < processes * _QUEUED_PER_PROCESS:
                running.add(executor.submit(_run, waiting.pop()))
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


_worker: list[Worker] = []


def _start(config: Config, corpora: Mapping[str, Corpus]) -> None:
    """Prepares a process: one thread, and an end with the parent's."""
    import threadpoolctl  # comes with scikit-learn

    threadpoolctl.threadpool_limits(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker.append(Worker(config, corpora))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _run(job: Job) -> Batch:
    return _worker[0].run(job)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
