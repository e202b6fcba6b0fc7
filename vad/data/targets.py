"""What training learns of a frame: its label, and what an engine says of it."""

from __future__ import annotations

import tensorflow as tf

from vad.config import Config
from vad.data.engine import FULL


def targets(labels: tf.Tensor, voice: tf.Tensor, config: Config) -> tf.Tensor:
    """Returns what is to be learnt, in [0, 1]: of each frame the label, and away from boundaries the engine as well.

    An engine that judges windows of 32 ms cannot know to 10 ms where speech begins, and labels do.

    Args:
        labels: uint8 ``(n_frames,)``, 0 or 1.
        voice: uint8 ``(n_frames,)``, as `EngineVoice.judge` gives it.
        config: has the share of the engine and how far from a change of label it begins to count.

    Returns:
        float32 ``(n_frames,)``.
    """
    pipeline = config.data.pipeline
    exact = tf.cast(labels, tf.float32)
    share = pipeline.engine_weight * (
        1.0 - _near_changes(exact, config.features.grid.frames_in(pipeline.engine_collar_s))
    )
    return (1.0 - share) * exact + share * (tf.cast(voice, tf.float32) / FULL)


def _near_changes(labels: tf.Tensor, reach: int) -> tf.Tensor:
    """Returns 1 for the `reach` frames on either side of each change of label, 0 elsewhere."""
    if reach < 1:
        return tf.zeros_like(labels)
    # Entry t is the change between frames t - 1 and t; frame t is near one of t - reach + 1 … t + reach.
    changes = tf.pad(tf.abs(labels[1:] - labels[:-1]), [[reach, reach]])
    return tf.nn.max_pool1d(changes[tf.newaxis, :, tf.newaxis], 2 * reach, 1, "VALID")[0, :, 0]
