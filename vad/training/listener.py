"""What a training tells while it runs. The library prints nothing itself: the command line listens."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class EpochRow:
    """One line of history.csv.

    Attributes:
        epoch: from 1.
        steps: optimizer steps since the start of the training.
        train_loss: mean over the labelled frames of the epoch.
        dev_loss: the same measure over the dev split, with the averaged weights.
        dev_roc_auc: over all labelled frames of the dev split, pooled, with the averaged weights.
        learning_rate: of the epoch's last step.
        gradient_norm: mean global norm before clipping, of the steps that did not overflow in float16.
        frames_per_s: training frames in a second of training steps.
        seconds: of the epoch, dev included, without interruptions.
    """

    epoch: int
    steps: int
    train_loss: float
    dev_loss: float
    dev_roc_auc: float
    learning_rate: float
    gradient_norm: float
    frames_per_s: float
    seconds: float

    def to_dict(self) -> dict[str, float]:
        """Returns the columns by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class StepReport:
    """How far an epoch is.

    Attributes:
        epoch: from 1.
        epochs: at most.
        step: finished steps of the epoch.
        steps: in the epoch.
        loss: mean over the epoch so far.
        frames_per_s: over the epoch so far.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    frames_per_s: float


class Listener(Protocol):
    """Receives what happens during a training."""

    def message(self, text: str) -> None:
        """Something worth a line."""

    def step(self, report: StepReport) -> None:
        """A training step is done; called for the last of an epoch and about twice a second between."""

    def epoch(self, row: EpochRow, *, is_best: bool) -> None:
        """An epoch is done and scored."""


class Silence:
    """A listener that tells nobody."""

    def message(self, text: str) -> None:
        """Does nothing."""

    def step(self, report: StepReport) -> None:
        """Does nothing."""

    def epoch(self, row: EpochRow, *, is_best: bool) -> None:
        """Does nothing."""
