"""Everything a training needs to go on as if it had never stopped, in one file that appears whole or not at all."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vad.errors import ModelError
from vad.files import replacing
from vad.training.listener import EpochRow

Arrays = dict[str, NDArray[np.generic]]

_PROGRESS = "progress"


@dataclass(slots=True)
class Progress:
    """Where a training stands; the numbers beside the weights.

    Attributes:
        epoch: the epoch under way, from 0.
        step: finished steps of it.
        loss_sum: of the epoch's finished steps: loss times weight.
        weight_sum: of the epoch's finished steps: labelled frames.
        norm_sum: of the epoch's finished steps: gradient norms.
        skipped: of the epoch's finished steps: those that changed nothing, for their scaled gradient overflowed.
        frames: of the epoch's finished steps.
        train_seconds: spent on the epoch's finished steps.
        seconds: spent on the epoch so far.
        best_auc: highest dev ROC-AUC so far; None before the first.
        best_epoch: the epoch that gave it, from 1.
        bad_epochs: epochs since.
        is_done: nothing is left to train.
        history: rows of finished epochs.
    """

    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    weight_sum: float = 0.0
    norm_sum: float = 0.0
    skipped: int = 0
    frames: int = 0
    train_seconds: float = 0.0
    seconds: float = 0.0
    best_auc: float | None = None
    best_epoch: int = 0
    bad_epochs: int = 0
    is_done: bool = False
    history: list[EpochRow] = field(default_factory=list)

    def begin_epoch(self, epoch: int) -> None:
        """Sets the counters of an epoch back to zero."""
        self.epoch, self.step, self.frames, self.skipped = epoch, 0, 0, 0
        self.loss_sum = self.weight_sum = self.norm_sum = self.train_seconds = self.seconds = 0.0

    @property
    def mean_loss(self) -> float:
        """Loss per labelled frame of the epoch so far."""
        return self.loss_sum / self.weight_sum if self.weight_sum else float("nan")

    @property
    def mean_norm(self) -> float:
        """Gradient norm per step of the epoch so far, of the steps that were taken."""
        taken = self.step - self.skipped
        return self.norm_sum / taken if taken else float("nan")

    @property
    def frames_per_s(self) -> float:
        """Frames in a second of training steps of the epoch so far."""
        return self.frames / self.train_seconds if self.train_seconds else 0.0


def save_checkpoint(path: Path, arrays: Arrays, progress: Progress) -> None:
    """Writes a checkpoint: a ``.npz`` of the arrays with the progress as JSON text.

    Args:
        path: the file to write or replace.
        arrays: weights, optimizer moments, averages, states by name.
        progress: the numbers beside them.
    """
    text = json.dumps(asdict(progress))
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **{_PROGRESS: np.array(text), **arrays})


def load_checkpoint(path: Path) -> tuple[Arrays, Progress]:
    """Reads what `save_checkpoint` wrote.

    Raises:
        ModelError: the file is no checkpoint of this package.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        fields = json.loads(str(arrays.pop(_PROGRESS)))
        fields["history"] = [EpochRow(**row) for row in fields["history"]]
        return arrays, Progress(**fields)
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"{path}: no checkpoint of this version ({type(error).__name__}: {error}); start again with --overwrite"
        ) from None
