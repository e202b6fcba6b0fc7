"""Two tasks that only memory solves, as long as one likes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from vad.config.study import AddingStudy, CueStudy

Inputs = NDArray[np.float32]
Targets = NDArray[Any]


def adding_rows(rng: np.random.Generator, count: int, length: int) -> tuple[Inputs, NDArray[np.float32]]:
    """Draws rows of numbers, two of which are marked: their sum is asked for at the end.

    Args:
        rng: where they come from.
        count: how many rows.
        length: steps of a row; one mark lies in its first half, one in its second.

    Returns:
        Inputs float32 ``(count, length, 2)``: numbers uniform in [0, 1], and marks; targets float32 ``(count, 1)``.
        Always saying 1 errs by 1/6 in the mean square.

    References:
        Hochreiter, Schmidhuber (1997): Long short-term memory. Neural Computation 9(8), experiment 4; in the form of
        Arjovsky, Shah, Bengio (2016): Unitary evolution recurrent neural networks. ICML, section 4.2.
    """
    numbers = rng.uniform(0.0, 1.0, (count, length)).astype(np.float32)
    first = rng.integers(0, length // 2, count)
    second = rng.integers(length // 2, length, count)
    rows = np.arange(count)
    marks = np.zeros_like(numbers)
    marks[rows, first] = marks[rows, second] = 1.0
    sums = numbers[rows, first] + numbers[rows, second]
    return np.stack([numbers, marks], axis=-1), sums[:, np.newaxis]


def cue_sequences(
    rng: np.random.Generator, count: int, length: int, *, cues: int, noise: float
) -> tuple[Inputs, NDArray[np.int64]]:
    """Draws sequences that begin with a cue, go on in silence and end with the question which cue it was.

    Args:
        rng: where they come from.
        count: how many sequences.
        length: steps of silence between cue and question.
        cues: how many there are to tell apart.
        noise: standard deviation of what is heard in the silence, in every channel.

    Returns:
        Inputs float32 ``(count, length + 2, cues + 1)``: one channel for each cue and one for the question; targets
        int64 ``(count,)``, the cue. Guessing is right once in `cues`.
    """
    which = rng.integers(0, cues, count)
    inputs = np.zeros((count, length + 2, cues + 1), np.float32)
    inputs[:, 1:-1] = noise * rng.standard_normal((count, length, cues + 1), np.float32)
    inputs[np.arange(count), 0, which] = 1.0
    inputs[:, -1, cues] = 1.0
    return inputs, which


@dataclass(frozen=True, slots=True)
class MemoryTask:
    """A memory task as a trial needs it.

    Attributes:
        draw: from generator, count and length to inputs and targets.
        channels: width of an input.
        outputs: width of the answer.
        loss: of answers against targets, a scalar; a function of Keras' operations.
        score: of answers against targets on held-out sequences.
        chance: score of one who has no memory.
        goal: score that counts as solved.
        better: whether `higher` scores are better, or `lower` ones.
    """

    draw: Callable[[np.random.Generator, int, int], tuple[Inputs, Targets]]
    channels: int
    outputs: int
    loss: Callable[[Any, Any], Any]
    score: Callable[[NDArray[np.float32], Targets], float]
    chance: float
    goal: float
    better: Literal["higher", "lower"]

    def is_solved(self, score: float) -> bool:
        """Whether a score reaches the goal."""
        return score >= self.goal if self.better == "higher" else score <= self.goal

    def beats_chance(self, score: float) -> bool:
        """Whether a score has gone a tenth of the way from chance to the goal."""
        return (score - self.chance) / (self.goal - self.chance) >= 0.1


def adding_task(config: AddingStudy) -> MemoryTask:
    """Returns the adding problem."""
    return MemoryTask(
        draw=adding_rows,
        channels=2,
        outputs=1,
        loss=lambda targets, answers: keras.ops.mean(keras.ops.square(answers - targets)),
        score=lambda answers, targets: float(np.mean(np.square(answers - targets), dtype=np.float64)),
        chance=1 / 6,
        goal=config.solved_error,
        better="lower",
    )


def cue_task(config: CueStudy) -> MemoryTask:
    """Returns the task to remember a cue."""

    def draw(rng: np.random.Generator, count: int, length: int) -> tuple[Inputs, Targets]:
        return cue_sequences(rng, count, length, cues=config.cues, noise=config.noise)

    def loss(targets: Any, answers: Any) -> Any:
        return keras.ops.mean(keras.ops.sparse_categorical_crossentropy(targets, answers, from_logits=True))

    return MemoryTask(
        draw=draw,
        channels=config.cues + 1,
        outputs=config.cues,
        loss=loss,
        score=lambda answers, targets: float(np.mean(np.argmax(answers, axis=1) == targets)),
        chance=1 / config.cues,
        goal=config.solved_accuracy,
        better="higher",
    )
