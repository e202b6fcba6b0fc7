"""One trial of a memory task: a small network, its own loop, the same for every cell."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from vad.config.study import MemoryStudy, StudyConfig
from vad.models import recurrent_layers
from vad.study.gains import GainMeter, Gains, thinned
from vad.study.networks import begin_gates, build_network
from vad.study.results import FreshResult, MemoryResult, MemoryTrial, Stopped
from vad.study.sequences import Inputs, MemoryTask, Targets, adding_task, cue_task
from vad.training.seeds import seeded

# Sequences drawn for training never are those that are held out: generators apart by a word.
_TRAINING, _HELD_OUT, _GATES = range(3)


def task_of(config: StudyConfig, trial: MemoryTrial) -> MemoryTask:
    """Returns the task of a trial."""
    return adding_task(config.adding) if trial.task == "adding" else cue_task(config.cue)


def run_memory_trial(config: StudyConfig, trial: MemoryTrial) -> MemoryResult:
    """Trains one network at one length.

    On one machine the same trial ends in the same numbers, but for the seconds.

    Args:
        config: of the study.
        trial: which.
    """
    keras.backend.clear_session()
    with seeded(trial.seed, deterministic=True):
        return _Training(config.memory, task_of(config, trial), trial).run()


def measure_fresh(config: StudyConfig, trial: MemoryTrial) -> FreshResult:
    """Follows the gradient back through the network that a trial of the cue task begins with.

    Args:
        config: of the study.
        trial: which.
    """
    keras.backend.clear_session()
    with seeded(trial.seed, deterministic=True):
        gains = _Training(config.memory, task_of(config, trial), trial).gains()
    return FreshResult({} if gains is None else gains)


class _Training:
    def __init__(self, config: MemoryStudy, task: MemoryTask, trial: MemoryTrial) -> None:
        self._config, self._task, self._trial = config, task, trial
        self._rng = np.random.default_rng([trial.seed, _TRAINING])
        # The same for all seeds and variants: what they differ by is not how hard their examination was.
        self._held_out = task.draw(np.random.default_rng([_HELD_OUT]), config.held_out, trial.length)
        self._model = build_network(trial.variant, config.units, task.channels, task.outputs)
        begin_gates(self._model, trial.bias, trial.length, np.random.default_rng([trial.seed, _GATES]))
        self._optimizer = keras.optimizers.Adam(config.learning_rate)
        self._optimizer.build(self._model.trainable_variables)
        # XLA makes one loop of the whole sequence: two to three times as fast on a CPU as the generic one.
        self._step = tf.function(self._update, jit_compile=True)
        self._answer: Callable[[Any], Any] = tf.function(self._model, jit_compile=True)
        self._meter = self._new_meter() if trial.task == "cue" else None
        self._history: list[tuple[int, float | None]] = []

    def run(self) -> MemoryResult:
        """Trains until it is solved, hopeless or at the end of its updates."""
        begun = time.perf_counter()
        stopped = self._train()
        seconds = time.perf_counter() - begun
        updates, score = self._history[-1]
        return MemoryResult(
            solved=stopped == "solved",
            stopped=stopped,
            score=score,
            updates=updates,
            parameters=int(self._model.count_params()),
            seconds=round(seconds, 2),
            history=self._history,
            gains=self.gains(),
        )

    def _train(self) -> Stopped:
        config, task = self._config, self._task
        for update in range(1, config.updates + 1):
            inputs, targets = task.draw(self._rng, config.batch_size, self._trial.length)
            self._step(tf.constant(inputs), tf.constant(targets))
            if update % config.evaluate_every and update < config.updates:
                continue
            score = self._score(*self._held_out)
            self._history.append((update, score))
            if score is None:
                return "diverged"
            if task.is_solved(score):
                return "solved"
            if update >= config.give_up_after * config.updates and not self._has_moved():
                return "no better than chance"
        return "budget"

    def _has_moved(self) -> bool:
        return any(score is not None and self._task.beats_chance(score) for _, score in self._history)

    def _score(self, inputs: Inputs, targets: Targets) -> float | None:
        size = self._config.batch_size
        parts: list[NDArray[np.float32]] = []
        for begin in range(0, len(inputs), size):
            parts.append(np.asarray(self._answer(tf.constant(inputs[begin : begin + size]))))
        answers = np.concatenate(parts)
        score = self._task.score(answers, targets)
        return score if math.isfinite(score) and np.isfinite(answers).all() else None

    def _new_meter(self) -> GainMeter:
        (layer,) = recurrent_layers(self._model)
        return GainMeter(layer, self._held_out[0][: self._config.gain_sequences], seed=self._trial.seed)

    def gains(self) -> Gains | None:
        """Follows the gradient back through the network as it is."""
        return None if self._meter is None else thinned(self._meter.measure())

    def _update(self, inputs: Any, targets: Any) -> None:
        variables = [v.value for v in self._model.trainable_variables]
        with tf.GradientTape() as tape:
            loss = self._task.loss(targets, self._model(inputs, training=True))
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), self._config.clip_norm)
        self._optimizer.apply(gradients, self._model.trainable_variables)
