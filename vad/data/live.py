"""The source `audio`: excerpts are mixed inside `tf.data` while a model trains, nothing is stored."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from vad.config import Config
from vad.data.corpus import load_corpus
from vad.data.index import moments
from vad.data.mixing import Mixer
from vad.data.store import AudioStore
from vad.data.tfio import decode
from vad.features.graph import log_mel_graph
from vad.labels import timeline_to_labels
from vad.manifests import cache_home

# Enough excerpts that the mean of a band is good to a hundredth of its deviation.
_STATISTICS_EXCERPTS = 200


class LiveMixtures:
    """Mixes excerpts of one split.

    Args:
        config: the whole config.
        split: ``train`` or ``dev``.

    Raises:
        ConfigError: when data are missing.
    """

    def __init__(self, config: Config, split: str) -> None:
        self._config = config
        # Decoded by other code than for shards, and so kept apart from theirs.
        store = AudioStore(cache_home() / "decoded-tfio", config.features.sample_rate, decode=decode)
        self._mixer = Mixer(config, load_corpus(config.data, split), split, store)

    def dataset(self, indices: tf.data.Dataset) -> tf.data.Dataset:
        """Mixes the excerpts of some indices, in their order, on all cores.

        Args:
            indices: int64 ().

        Returns:
            Frames float32 (n_frames, n_mels), labels uint8 (n_frames,), mask uint8 (n_frames,) of each.
        """
        spec, mixer = self._config.features, self._mixer

        def mixed(index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            samples, labels, mask = tf.numpy_function(
                self._excerpt, [index], (tf.float32, tf.uint8, tf.uint8), stateful=False
            )
            samples = tf.ensure_shape(samples, (mixer.n_samples,))
            frames = tf.ensure_shape(log_mel_graph(samples[tf.newaxis], spec)[0], (mixer.n_frames, spec.n_mels))
            return frames, tf.ensure_shape(labels, (mixer.n_frames,)), tf.ensure_shape(mask, (mixer.n_frames,))

        return indices.map(mixed, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)

    def statistics(self, n_excerpts: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Returns mean and standard deviation of each mel band over the first excerpts, float32 (n_mels,)."""
        count, sums, squares = 0, [], []
        indices = tf.data.Dataset.range(min(n_excerpts, _STATISTICS_EXCERPTS))
        for frames, _, _ in self.dataset(indices).as_numpy_iterator():
            exact = frames.astype(np.float64)
            count += len(exact)
            sums.append(exact.sum(axis=0).tolist())
            squares.append(np.square(exact).sum(axis=0).tolist())
        return moments(count, sums, squares)

    def _excerpt(self, index: np.int64) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.uint8]]:
        excerpt = self._mixer.excerpt(int(index))
        collar_s = self._config.data.labels.collar_s
        labels, mask = timeline_to_labels(
            excerpt.speech, self._mixer.n_frames, self._config.features.grid, collar_s=collar_s
        )
        return excerpt.samples.astype(np.float32, copy=False), labels, mask
