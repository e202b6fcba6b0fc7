"""The study: chains of trials, one after the other or side by side, each result kept as soon as it is there."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import connection

from vad.config import Config, StudyConfig
from vad.config.model import Cell
from vad.config.study import GateBias
from vad.errors import ConfigError, ModelError, TrainingInterrupted, did_you_mean
from vad.study.folder import StudyFolder
from vad.study.networks import keeping_blocks
from vad.study.results import MemoryName, MemoryTrial, SpeechTrial, write_result

TASKS = ("speech", "adding", "cue", "speed")
"""What a study consists of."""

Tell = Callable[[str], None]
"""Takes a line of progress."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which part of a study to run.

    Attributes:
        tasks: of `TASKS`.
        variants: kinds of cell.
    """

    tasks: tuple[str, ...]
    variants: tuple[Cell, ...]


def select(study: StudyConfig, only: Sequence[str] = ()) -> Selection:
    """Returns the part of a study that names of tasks and variants stand for.

    All variants where none is named, all tasks likewise; but speed, which compares variants, only where it or nothing
    at all is named.

    Raises:
        ConfigError: a name is neither.
    """
    known = (*TASKS, *study.variants)
    unknown = [name for name in only if name not in known]
    if unknown:
        raise ConfigError(
            f"--only {unknown[0]}: no such task or variant of this study{did_you_mean(unknown[0], known)}; there are "
            f"{', '.join(known)}"
        )
    variants = tuple(cell for cell in study.variants if cell in only)
    tasks = tuple(task for task in TASKS if task in only)
    if not tasks:
        tasks = TASKS[:-1] if variants else TASKS
    return Selection(tasks, variants if variants else study.variants)


@dataclass(frozen=True, slots=True)
class Chain:
    """Trials that follow from each other: the lengths of one memory task, or one training on speech.

    Attributes:
        task: ``speech``, ``adding`` or ``cue``.
        variant: kind of cell.
        seed: of all its trials.
        bias: how gates begin; None on speech.
    """

    task: str
    variant: Cell
    seed: int
    bias: GateBias | None = None


def biases_of(study: StudyConfig, variant: Cell) -> tuple[GateBias, ...]:
    """Returns the ways in which the gates of a variant may begin: just one where it has none to begin otherwise."""
    return study.memory.gate_biases if keeping_blocks(variant) else study.memory.gate_biases[:1]


def chains(study: StudyConfig, selection: Selection) -> Iterator[Chain]:
    """Yields all chains, seed by seed: a study that is stopped early has compared all variants nevertheless."""
    for seed in study.seeds:
        for task in selection.tasks:
            for variant in selection.variants:
                if task == "speech":
                    yield Chain(task, variant, seed)
                elif task != "speed":
                    for bias in biases_of(study, variant):
                        yield Chain(task, variant, seed, bias)


def memory_trials(study: StudyConfig, chain: Chain) -> Iterator[MemoryTrial]:
    """Yields the trials of a memory task from the shortest on."""
    task: MemoryName = "adding" if chain.task == "adding" else "cue"
    bias: GateBias = "one" if chain.bias is None else chain.bias
    for length in study.memory.lengths:
        yield MemoryTrial(task, bias, chain.variant, chain.seed, length)


def run_study(
    study: StudyConfig,
    base: Config,
    folder: StudyFolder,
    *,
    only: Sequence[str] = (),
    jobs: int = 1,
    tell: Tell | None = None,
) -> None:
    """Runs what is not there yet.

    Args:
        study: the study.
        base: config of its trainings on speech.
        folder: opened already.
        only: names of tasks and variants; nothing stands for all.
        jobs: processes, of one thread each; 1 works in this process.
        tell: takes lines of progress.

    Raises:
        ConfigError: a name is unknown, or a config cannot act.
        ManifestError: recordings of the training on speech are missing; before any trial.
        TrainingInterrupted: Ctrl-C or SIGTERM; results that were there are kept.
        ModelError: at the end, when trainings on speech diverged; all others are done.
    """
    selection = select(study, only)
    say: Tell = (lambda line: None) if tell is None else tell
    if "speech" in selection.tasks:
        _prepare_speech(study, base, selection, say)
    todo = list(chains(study, selection))
    try:
        if jobs == 1 or len(todo) <= 1:
            for chain in todo:
                run_chain(study, base, folder, chain, say)
        else:
            _run_side_by_side(study, base, folder, todo, jobs, say)
    except KeyboardInterrupt:
        raise TrainingInterrupted(
            f"stopped; the trials that are done are kept in {folder.path}: the same command with --resume goes on"
        ) from None
    if "speed" in selection.tasks and folder.speeds() is None:
        from vad.study.speed import measure_speed

        say("speed: all variants in turns")
        write_result(folder.speed, measure_speed(study, base))
    failed = [trial for chain in todo if (trial := _without_result(folder, chain)) is not None]
    if failed:
        raise ModelError(f"{len(failed)} without a result, all others are done: {'; '.join(map(str, failed))}")


def _without_result(folder: StudyFolder, chain: Chain) -> SpeechTrial | None:
    trial = SpeechTrial(chain.variant, chain.seed)
    return trial if chain.task == "speech" and folder.speech(trial) is None else None


def _prepare_speech(study: StudyConfig, base: Config, selection: Selection, say: Tell) -> None:
    """Finds out what is wrong with config and data, and mixes, before any trial."""
    from vad.study.speech import variant_config
    from vad.training.sources import batches_of

    for variant in selection.variants:
        variant_config(base, variant, study.seeds[0])
    say("mixtures for the trainings on speech")
    batches_of(base)


def run_chain(study: StudyConfig, base: Config, folder: StudyFolder, chain: Chain, say: Tell) -> None:
    """Runs the trials of a chain that are not there yet, up to the first length that is not solved."""
    if chain.task == "speech":
        from vad.study.speech import run_speech_trial

        trial = SpeechTrial(chain.variant, chain.seed)
        if folder.speech(trial) is None:
            try:
                found = run_speech_trial(study, base, trial, folder.path)
            except ModelError as error:
                # A cell that diverges is a result too, and no reason not to train the others.
                say(f"{trial}: {error}")
                return
            write_result(folder.path / trial.file, found)
            say(f"{trial}: {found}")
        return
    from vad.study.memory import measure_fresh, run_memory_trial

    trials = list(memory_trials(study, chain))
    if chain.task == "cue" and folder.fresh(trials[-1]) is None:
        write_result(folder.path / trials[-1].fresh_file, measure_fresh(study, trials[-1]))
    for memory in trials:
        result = folder.memory(memory)
        if result is None:
            result = run_memory_trial(study, memory)
            write_result(folder.path / memory.file, result)
            say(f"{memory}: {result}")
        if not result.solved:
            return


def _run_side_by_side(
    study: StudyConfig, base: Config, folder: StudyFolder, todo: Sequence[Chain], jobs: int, say: Tell
) -> None:
    executor = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_begin_process)
    try:
        waiting = [executor.submit(_run_apart, study, base, folder, chain) for chain in todo]
        for future in as_completed(waiting):
            for line in future.result():
                say(line)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _run_apart(study: StudyConfig, base: Config, folder: StudyFolder, chain: Chain) -> list[str]:
    """Runs a chain in a process of its own; returns the lines of progress."""
    lines: list[str] = []
    run_chain(study, base, folder, chain, lines.append)
    return lines


def use_one_thread() -> None:
    """Has TensorFlow compute on one thread: what is shared out differs in its last bits from machine to machine.

    Where TensorFlow has computed something in this process already, its threads stay as they are.
    """
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def _begin_process() -> None:
    """Prepares a process: one thread, and an end with the parent's."""
    use_one_thread()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
