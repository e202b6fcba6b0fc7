"""What a trial found, in a file of its own."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from vad.config.model import Cell
from vad.config.study import GateBias
from vad.errors import ModelError
from vad.files import replacing
from vad.study.gains import Gains

MemoryName = Literal["adding", "cue"]
Stopped = Literal["solved", "budget", "no better than chance", "diverged"]


@dataclass(frozen=True, slots=True)
class MemoryTrial:
    """One network that is to solve one memory task at one length.

    Attributes:
        task: which.
        bias: how its gates begin.
        variant: kind of cell.
        seed: of everything random in it.
        length: of the sequences.
    """

    task: MemoryName
    bias: GateBias
    variant: Cell
    seed: int
    length: int

    @property
    def file(self) -> str:
        """Path of its result in the folder of a study."""
        return f"trials/{self.task}-{self.bias}/{self.variant}/seed-{self.seed}/length-{self.length}.json"

    @property
    def fresh_file(self) -> str:
        """Path of what the network was like before training, in the folder of a study."""
        return f"trials/{self.task}-{self.bias}/{self.variant}/seed-{self.seed}/fresh-{self.length}.json"

    def __str__(self) -> str:
        """Returns what is printed of it."""
        return f"{self.task}, bias {self.bias}, {self.variant}, seed {self.seed}, length {self.length}"


@dataclass(frozen=True, slots=True)
class MemoryResult:
    """How it went.

    Attributes:
        solved: whether the held-out score reached the goal.
        stopped: why training ended.
        score: the last one on held-out sequences; None when it is not finite.
        updates: done.
        parameters: numbers that were learnt.
        seconds: spent on training and scoring, the compilation included.
        history: updates and score of every look at the held-out sequences.
        gains: of the trained network on held-out sequences, as `vad.study.gains.thinned` gives them; None but for the
            cue task.
    """

    solved: bool
    stopped: Stopped
    score: float | None
    updates: int
    parameters: int
    seconds: float
    history: list[tuple[int, float | None]]
    gains: Gains | None

    def __str__(self) -> str:
        """Returns what is printed of it."""
        score = "not finite" if self.score is None else f"{self.score:.4f}"
        outcome = "solved" if self.solved else f"not solved ({self.stopped})"
        return f"{outcome} after {self.updates} updates, score {score}, {self.seconds:.1f} s"


@dataclass(frozen=True, slots=True)
class FreshResult:
    """What a network of the cue task is like before training.

    Attributes:
        gains: on held-out sequences, as `vad.study.gains.thinned` gives them.
    """

    gains: Gains


@dataclass(frozen=True, slots=True)
class SpeechTrial:
    """One network that is to tell speech.

    Attributes:
        variant: kind of cell.
        seed: of its weights, and of order and augmentation of the mixtures.
    """

    variant: Cell
    seed: int

    @property
    def file(self) -> str:
        """Path of its result in the folder of a study."""
        return f"trials/speech/{self.variant}/seed-{self.seed}/result.json"

    @property
    def run(self) -> str:
        """Path of its training, a run directory, in the folder of a study."""
        return f"trials/speech/{self.variant}/seed-{self.seed}/run"

    def __str__(self) -> str:
        """Returns what is printed of it."""
        return f"speech, {self.variant}, seed {self.seed}"


@dataclass(frozen=True, slots=True)
class SpeechResult:
    """How it went.

    Attributes:
        roc_auc: on the dev mixtures, with the weights of the best epoch.
        loss: on them.
        best_epoch: from 1.
        history: dev ROC-AUC of every epoch.
        parameters: numbers that were learnt.
        seconds: of the training.
        gains_before: of the fresh network's first recurrent layer on dev mixtures.
        gains_after: of the trained one's.
    """

    roc_auc: float
    loss: float
    best_epoch: int
    history: list[float]
    parameters: int
    seconds: float
    gains_before: Gains
    gains_after: Gains

    def __str__(self) -> str:
        """Returns what is printed of it."""
        return f"dev ROC-AUC {self.roc_auc:.4f} (epoch {self.best_epoch}), {self.seconds:.1f} s"


@dataclass(frozen=True, slots=True)
class SpeedResult:
    """What the variants cost, measured in turns on one machine.

    Attributes:
        frames_per_s: of training, by variant; the median turn.
        relative: frames/s against ``lstm`` (against the first variant where that is not there) in the same turn, by
            variant: lower quartile, median and upper quartile over the turns.
        step_us: of the exported step model, by its frames per call and variant; microseconds a frame, the median turn.
        batch: excerpts and frames of an excerpt in a training step.
        machine: in words.
    """

    frames_per_s: dict[str, float]
    relative: dict[str, tuple[float, float, float]]
    step_us: dict[str, dict[str, float]]
    batch: tuple[int, int]
    machine: str


Result = MemoryResult | FreshResult | SpeechResult | SpeedResult
R = TypeVar("R", MemoryResult, FreshResult, SpeechResult, SpeedResult)


def write_result(path: Path, result: Result) -> None:
    """Writes a result, whole or not at all."""
    text = json.dumps(_finite(dataclasses.asdict(result)), indent=1, ensure_ascii=False, allow_nan=False)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_result(path: Path, kind: type[R]) -> R | None:
    """Reads a result; None where there is none yet.

    Raises:
        ModelError: the file holds something else.
    """
    try:
        return kind(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(
            f"{path}: no result of this version ({error}); remove it to have the trial run again"
        ) from None


def _finite(value: Any) -> Any:
    """Returns `value` with None for numbers that JSON cannot tell."""
    if isinstance(value, dict):
        return {key: _finite(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(child) for child in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
