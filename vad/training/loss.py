"""What training minimises: cross-entropy per frame, weighted by the mask."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from vad.config.training import LossConfig
from vad.data.targets import near_changes


def frame_losses(labels: Any, logits: Any, config: LossConfig) -> Any:
    """Returns the loss of every frame, before it is weighted by the mask.

    Args:
        labels: float32 ``(batch, time)``, 0 or 1, or between the two where a frame is partly speech.
        logits: float32 ``(batch, time)``.
        config: smoothing, focal term, class weight.

    Returns:
        float32 ``(batch, time)``.

    References:
        Lin et al. (2017): Focal loss for dense object detection, equation 4. arXiv:1708.02002.
    """
    smoothing = config.label_smoothing
    targets = labels * (1.0 - 2.0 * smoothing) + smoothing
    # From logits, never from posteriors: log(1 - σ(x)) is -inf for x above 17 in float32.
    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits)
    if config.focal_gamma > 0:
        posteriors = tf.sigmoid(logits)
        missed = labels * (1.0 - posteriors) + (1.0 - labels) * posteriors
        # The power's gradient at exactly 0 is NaN for gamma below 1.
        losses *= tf.maximum(missed, 1e-7) ** config.focal_gamma
    if config.speech_weight != 1.0:
        losses *= 1.0 + (config.speech_weight - 1.0) * labels
    return losses


def frame_weights(labels: Any, weights: Any, config: LossConfig, frames_per_s: float) -> Any:
    """Returns the weights of frames with those near a change of label changed.

    A change lies between two labelled frames that follow one another; the frames on both sides of it up to `boundary_s`
    count, at least one each. A batch is looked at by itself: a change between two windows of an excerpt is not seen.

    Args:
        labels: float32 ``(batch, time)``.
        weights: float32 ``(batch, time)``, 0 where there is no label.
        config: weight and width of boundaries.
        frames_per_s: of the front-end.

    Returns:
        float32 ``(batch, time)``.
    """
    if config.boundary_weight == 1.0:
        return weights
    labelled = tf.cast(weights > 0, tf.float32)
    speech = tf.cast(labels > 0.5, tf.float32)
    # Entry t is the change between frames t - 1 and t.
    changes = tf.abs(speech[:, 1:] - speech[:, :-1]) * labelled[:, 1:] * labelled[:, :-1]
    changes = tf.pad(changes, [[0, 0], [1, 0]])
    reach = max(1, round(config.boundary_s * frames_per_s))
    return weights * (1.0 + (config.boundary_weight - 1.0) * near_changes(changes, reach))


def distilled(losses: Any, logits: Any, taught: Any, *, share: Any, temperature: float) -> Any:
    """Returns losses of which a share is the distance from a teacher.

    Args:
        losses: float32 ``(batch, time)``, from the labels.
        logits: float32 ``(batch, time)``, of the network that learns.
        taught: float32 ``(batch, time)``, of its teacher for the same frames.
        share: float32 ``(time,)``, of the teacher in each step's loss.
        temperature: logits are divided by it.

    References:
        Hinton, Vinyals, Dean (2015): Distilling the knowledge in a neural network, section 2: gradients shrink by the
        square of the temperature, which is made up for. arXiv:1503.02531.
    """
    targets = tf.sigmoid(taught / temperature)
    distances = tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits / temperature)
    return losses + share * (distances * temperature**2 - losses)
