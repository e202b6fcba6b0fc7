"""The front-end as TensorFlow operations: for the exported model and for features made while training."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from vad.features.spec import FeatureSpec
from vad.features.tables import hann_window, mel_matrix


def log_mel_graph(audio: Any, spec: FeatureSpec) -> Any:
    """Computes log-mel frames of a batch of recordings with TensorFlow's built-in operations.

    The mel weights are this package's own: ``tf.signal.linear_to_mel_weight_matrix`` is HTK without
    normalisation, up to 4.5 nats away.

    Args:
        audio: float32 tensor ``(batch, n_samples)``.
        spec: the features.

    Returns:
        float32 tensor ``(batch, n_frames, n_mels)``.
    """
    windows = tf.signal.frame(audio, spec.win_length, spec.hop_length)
    return log_mel_of_windows(windows, spec)


def log_mel_of_windows(windows: Any, spec: FeatureSpec) -> Any:
    """Computes the log-mel frames of windows that are cut already.

    Args:
        windows: float32 tensor ``(…, win_length)``.
        spec: the features.

    Returns:
        float32 tensor ``(…, n_mels)``.
    """
    spectrum = tf.signal.rfft(windows * tf.constant(hann_window(spec)))
    power = tf.square(tf.abs(spectrum))
    mel = tf.tensordot(power, tf.constant(mel_matrix(spec)), axes=1)
    return tf.math.log(mel + spec.log_floor)
