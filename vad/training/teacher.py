"""A trained network that another one learns from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf

from vad.config import Config
from vad.errors import ModelError
from vad.models import build_model, state_sizes
from vad.training.run_dir import RunDirectory, load_run


class Teacher:
    """The network of a finished run, its weights fixed, beside one that learns.

    It sees the same augmented frames. Where state is carried across excerpts it carries its own, unless it is
    bidirectional: then it judges each window by itself.

    Args:
        config: of the training.
        run_dir: of the teacher.

    Attributes:
        state_sizes: widths of what it carries; empty where it carries nothing.

    Raises:
        ModelError: the run is not finished.
        FingerprintError: it has another front-end.
    """

    def __init__(self, config: Config, run_dir: Path) -> None:
        if not RunDirectory(run_dir).summary.is_file():
            raise ModelError(
                f"{run_dir}: training.teacher must be a finished run (no summary.json); train it to its end first"
            )
        trained, own = load_run(run_dir)
        found = {**own.features.to_dict(), "fingerprint": own.features.fingerprint}
        config.features.check_fingerprint(found, f"training.teacher {run_dir}")
        carries = config.training.carry_state and not own.model.bidirectional
        self._model = build_model(own.model, own.features.n_mels, stateful_io=carries)
        self._model.set_weights(trained.get_weights())
        self._model.trainable = False
        # How many steps after the teacher the pupil judges the same frame.
        self._later = config.model.lookahead_frames - own.model.lookahead_frames
        self._weight = config.training.teacher_weight
        self.state_sizes = list(state_sizes(self._model).values()) if carries else []

    def teach(self, features: Any, states: list[Any]) -> tuple[Any, Any, list[Any]]:
        """Judges a batch.

        Args:
            features: float32 ``(batch, time, n_mels)``.
            states: those it carries, ``(batch, width)``.

        Returns:
            Logits float32 ``(batch, time)`` of the frames that the pupil judges at each step; the teacher's share of
            each step's loss, float32 ``(time,)``, 0 where it judges that frame in another window; the new states.
        """
        if self.state_sizes:
            logits, *new_states = self._model([features, *states], training=False)
        else:
            logits, new_states = self._model(features, training=False), []
        length = tf.shape(logits)[1]
        moved = tf.stop_gradient(tf.roll(logits, self._later, axis=1))
        source = tf.range(length) - self._later
        is_inside = tf.logical_and(source >= 0, source < length)
        return moved, self._weight * tf.cast(is_inside, tf.float32), [tf.cast(s, tf.float32) for s in new_states]
