"""How well a network does on the dev split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from vad.config import Config
from vad.errors import ModelError
from vad.files import replacing
from vad.metrics import FramePool, RocCurve
from vad.models import build_model
from vad.training.loss import frame_losses, frame_weights


@dataclass(frozen=True, slots=True)
class DevScore:
    """What the dev split says.

    Attributes:
        loss: per labelled frame, as training minimises it without a teacher.
        curve: of all labelled frames, pooled.
    """

    loss: float
    curve: RocCurve

    def measures(self) -> dict[str, float]:
        """Returns the figures that summary.json keeps."""
        return {
            "roc_auc": self.curve.auc(),
            "average_precision": self.curve.average_precision(),
            "eer": self.curve.eer(),
            "best_f1": self.curve.best_f1()[0],
            "best_f1_logit": self.curve.best_f1()[1],
            "min_dcf": self.curve.min_dcf(),
            "loss": self.loss,
            "speech_frames": self.curve.n_speech,
            "nonspeech_frames": self.curve.n_nonspeech,
        }


class Scorer:
    """A second network of the same shape, on one device, that weights are put into to be scored and kept.

    The learning network is never touched for it, so that an interruption finds it whole.

    Args:
        config: of the training.
    """

    def __init__(self, config: Config) -> None:
        self._loss = config.training.loss
        self._frames_per_s = config.features.sample_rate / config.features.hop_length
        self._model: keras.Model = build_model(config.model, config.features.n_mels)
        self._compiled = tf.function(self._run, reduce_retracing=True)

    def take(self, weights: list[NDArray[np.float32]]) -> None:
        """Puts weights into the network."""
        self._model.set_weights(weights)

    def load(self, path: Path) -> None:
        """Reads weights that `save` wrote."""
        self._model.load_weights(path)

    def save(self, path: Path) -> None:
        """Writes the weights, whole or not at all."""
        with replacing(path) as temporary:
            self._model.save_weights(temporary)

    def score(self, dev: tf.data.Dataset, *, between: Callable[[], None]) -> DevScore:
        """Scores the network.

        Args:
            dev: features, labels and weights.
            between: called before each batch; what it raises ends the scoring.

        Raises:
            ModelError: there are no labelled frames of both classes.
        """
        pool = FramePool()
        loss_sum = weight_sum = 0.0
        for features, labels, weights in dev:
            between()
            logits, losses, importance = self._compiled(features, labels, weights)
            importance = np.asarray(importance)
            loss_sum += float(np.sum(np.asarray(losses, np.float64) * importance))
            weight_sum += float(np.sum(importance, dtype=np.float64))
            pool.add(np.ravel(labels) > 0.5, np.ravel(logits), np.ravel(weights) > 0)
        curve = pool.curve()
        if not curve.is_two_class:
            raise ModelError(
                f"the dev split has {curve.n_speech:.0f} frames of speech and {curve.n_nonspeech:.0f} of none; "
                "choosing the best epoch needs both: raise data.hours.dev"
            )
        return DevScore(loss_sum / weight_sum, curve)

    def _run(self, features: Any, labels: Any, weights: Any) -> tuple[Any, Any, Any]:
        logits = self._model(features, training=False)
        importance = frame_weights(labels, weights, self._loss, self._frames_per_s)
        return logits, frame_losses(labels, logits, self._loss), importance
