"""Random changes of log-mel frames that are as good as new recordings: level, equaliser, cuts."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from vad.config.data import PipelineConfig
from vad.features.spec import FeatureSpec
from vad.features.tables import band_edges

_DB = np.log(10) / 10


def random_cut(
    tensors: tuple[tf.Tensor, tf.Tensor, tf.Tensor], n_frames: int, seed: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Cuts the same `n_frames` frames out of frames, labels and mask; all of them where there are no more.

    Args:
        tensors: (time, …) each.
        n_frames: length of the cut.
        seed: int64 (2,), decides where.
    """
    frames, labels, mask = tensors
    spare = tf.maximum(0, tf.shape(frames)[0] - n_frames)
    first = tf.random.stateless_uniform((), seed, maxval=spare + 1, dtype=tf.int32)
    stop = first + n_frames
    return frames[first:stop], labels[first:stop], mask[first:stop]


def random_warp(frames: tf.Tensor, warp: float, spec: FeatureSpec, seed: tf.Tensor) -> tf.Tensor:
    """Returns the frames with their frequencies stretched or squeezed, as if the vocal tract were another's.

    Vocal tract length perturbation: N. Jaitly and G. Hinton, "Vocal Tract Length Perturbation (VTLP) improves speech
    recognition", ICML Workshop on Deep Learning for Audio, Speech and Language, 2013, with one factor for all
    frequencies. What would lie above the highest band is that band.

    Args:
        frames: float32 (time, n_mels).
        warp: the factor is drawn log-uniformly between 1 / (1 + warp) and 1 + warp.
        spec: where the bands lie.
        seed: int64 (2,), decides.

    Returns:
        float32 (time, n_mels).
    """
    largest = float(np.log1p(warp))
    factor = tf.exp(tf.random.stateless_uniform((), seed, -largest, largest))
    centres = tf.constant(band_edges(spec)[1:-1], tf.float32)
    wanted = centres * factor
    below = tf.clip_by_value(tf.searchsorted(centres, wanted, side="right") - 1, 0, spec.n_mels - 2)
    low, high = tf.gather(centres, below), tf.gather(centres, below + 1)
    share = tf.clip_by_value((wanted - low) / (high - low), 0.0, 1.0)
    return tf.gather(frames, below, axis=1) * (1.0 - share) + tf.gather(frames, below + 1, axis=1) * share


def random_gains(config: PipelineConfig, n_mels: int, seed: tf.Tensor) -> tf.Tensor:
    """Draws a level and a smooth equaliser.

    Args:
        config: how far both go.
        n_mels: mel bands.
        seed: int64 (2,), decides.

    Returns:
        float32 (n_mels,), gains in dB of power. The equaliser's depth is random too, from none to the full.
    """
    level = tf.random.stateless_uniform((), seed, *config.level_shift_db)
    if config.equalizer_db == 0:
        return tf.fill((n_mels,), level)
    depth = tf.random.stateless_uniform((), seed + 1, 0.0, config.equalizer_db)
    points = tf.random.stateless_uniform((1, config.equalizer_points), seed + 2, -1.0, 1.0)
    curve = tf.matmul(points, tf.constant(interpolation(config.equalizer_points, n_mels)))[0]
    return level + depth * curve


def amplified(frames: tf.Tensor, gains_db: tf.Tensor, spec: FeatureSpec) -> tf.Tensor:
    """Returns the frames that the recording would have had at another level in each band.

    The gain acts on the mel power, not on the logarithm of power and floor: silence stays silence.

    Args:
        frames: float32 (time, n_mels) or (batch, time, n_mels).
        gains_db: float32, broadcast against the frames, in dB of power.
        spec: its floor.
    """
    floor = tf.constant(spec.log_floor, tf.float32)
    power = tf.maximum(tf.exp(frames) - floor, 0.0)
    return tf.math.log(power * tf.exp(gains_db * tf.constant(_DB, tf.float32)) + floor)


def interpolation(points: int, n_mels: int) -> NDArray[np.float32]:
    """Returns the matrix (points, n_mels) that lays a smooth curve through evenly spaced points.

    Between two points the curve is half a cosine: its slope is 0 at the points, and it never overshoots.
    """
    place = np.linspace(0, points - 1, n_mels)
    left = np.minimum(place.astype(int), points - 2)
    share = (1 - np.cos(np.pi * (place - left))) / 2
    matrix = np.zeros((points, n_mels), np.float32)
    matrix[left, np.arange(n_mels)] = 1 - share
    matrix[left + 1, np.arange(n_mels)] += share
    return matrix
