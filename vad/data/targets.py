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
    changes = tf.pad(tf.abs(exact[1:] - exact[:-1]), [[1, 0]])
    near = near_changes(changes[tf.newaxis], config.features.grid.frames_in(pipeline.engine_collar_s))[0]
    share = pipeline.engine_weight * (1.0 - near)
    return (1.0 - share) * exact + share * (tf.cast(voice, tf.float32) / FULL)


def near_changes(changes: tf.Tensor, reach: int) -> tf.Tensor:
    """Returns which frames lie near a change of label.

    Args:
        changes: float32 ``(batch, time)``; entry t is 1 where a change lies between the frames t - 1 and t, else 0.
        reach: how many frames on either side of a change are near it.

    Returns:
        float32 ``(batch, time)``, 1 or 0.
    """
    if reach < 1:
        return tf.zeros_like(changes)
    # Frame t is near when a change lies at one of t - reach + 1 … t + reach.
    padded = tf.pad(changes, [[0, 0], [reach - 1, reach]])
    return tf.nn.max_pool1d(padded[..., tf.newaxis], 2 * reach, 1, "VALID")[..., 0]
