"""The front-end as TensorFlow operations: for the exported model and for features made while training."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from vad.features.blocks import mel_blocks
from vad.features.dft import dft_tables
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


def log_mel_of_windows(windows: Any, spec: FeatureSpec, dft: str = "rfft") -> Any:
    """Computes the log-mel frames of windows that are cut already.

    Args:
        windows: float32 tensor ``(…, win_length)``.
        spec: the features.
        dft: ``rfft``, TensorFlow's Fourier transform; or ``matmul``, products with constant matrices, for a static
            number of windows ``(n, win_length)`` and runtimes that lack the operation. They agree to 1e-4.

    Returns:
        float32 tensor ``(…, n_mels)``.
    """
    tapered = windows * tf.constant(hann_window(spec))
    if dft == "matmul":
        mel = _mel_by_products(tapered, spec)
    else:
        power = tf.square(tf.abs(tf.signal.rfft(tapered)))
        blocks = mel_blocks(mel_matrix(spec)[np.newaxis])
        mel = tf.concat([tf.tensordot(power[..., b.columns], tf.constant(b.weights), axes=1) for b in blocks], axis=-1)
    return tf.math.log(mel + spec.log_floor)


def _mel_by_products(tapered: Any, spec: FeatureSpec) -> Any:
    """Returns the mel power of windows ``(n, win_length)``; see `vad.features.dft`."""
    tables = dft_tables(spec)
    n, rows, columns, residues = int(tapered.shape[0]), tables.rows, tables.columns, tables.residues
    by_column = tf.transpose(tf.reshape(tapered, [n, rows, columns]), [0, 2, 1])
    over_rows = tf.matmul(tf.reshape(by_column, [n * columns, rows]), tf.constant(tables.over_rows))
    by_residue = tf.transpose(tf.reshape(over_rows, [n, columns, 2 * residues]), [0, 2, 1])
    real, imaginary = by_residue[:, :residues], by_residue[:, residues:]
    turned_real = real * tables.turn_real - imaginary * tables.turn_imaginary
    turned_imaginary = real * tables.turn_imaginary + imaginary * tables.turn_real
    turned = tf.reshape(tf.concat([turned_real, turned_imaginary], axis=2), [n * residues, 2 * columns])
    spectrum = tf.square(tf.matmul(turned, tf.constant(tables.over_columns)))
    power = tf.reshape(spectrum[:, :columns] + spectrum[:, columns:], [n, residues, columns])
    blocks = [(tf.reshape(power[:, :, b.columns], [n, -1]), tf.constant(b.weights)) for b in tables.mel]
    return tf.concat([tf.matmul(heard, weights) for heard, weights in blocks], axis=1)
