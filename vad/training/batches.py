"""Where a training's batches come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Batches:
    """The data of a training.

    Attributes:
        epoch: from the number of an epoch, counted from 0, to a dataset of its batches, the same ones whenever it is
            asked: features float32 ``(batch, time, n_mels)``, labels and weights float32 ``(batch, time)``; when state
            is carried also resets ``(batch,)``.
        steps: batches in every epoch.
        dev: gives the dataset to choose the best epoch with, without resets.
        statistics: gives mean and standard deviation of the training features, float32 ``(n_mels,)``.
        facts: hours, licences and the like, for summary.json.
    """

    epoch: Callable[[int], tf.data.Dataset]
    steps: int
    dev: Callable[[], tf.data.Dataset]
    statistics: Callable[[], tuple[NDArray[np.float32], NDArray[np.float32]]]
    facts: dict[str, Any] = field(default_factory=dict)
