"""Training: from batches to the weights of a run directory, and back to a model."""

from vad.training.batches import Batches
from vad.training.kernels import KernelChoice, cudnn_violations, kernel_choices
from vad.training.listener import EpochRow, Listener, StepReport
from vad.training.loop import check, train
from vad.training.run_dir import RunDirectory, load_run

__all__ = [
    "Batches",
    "EpochRow",
    "KernelChoice",
    "Listener",
    "RunDirectory",
    "StepReport",
    "check",
    "cudnn_violations",
    "kernel_choices",
    "load_run",
    "train",
]
