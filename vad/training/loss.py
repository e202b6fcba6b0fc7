"""What training minimises: cross-entropy per frame, weighted by the mask."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from vad.config.training import LossConfig


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
