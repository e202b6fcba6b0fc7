"""The source `audio`: excerpts are mixed inside `tf.data` while a model trains, nothing is stored."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from vad.config import Config
from vad.data.corpus import load_corpus
from vad.data.engine import engine_voice
from vad.data.index import moments
from vad.data.mixing import Mixer
from vad.data.store import AudioStore
from vad.data.targets import targets
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
        MissingDependencyError: when the engine of `data.engine` is not installed.
    """

    def __init__(self, config: Config, split: str) -> None:
        self._config = config
        # Decoded by other code than for shards, and so kept apart from theirs.
        store = AudioStore(cache_home() / "decoded-tfio", config.features.sample_rate, decode=decode)
        self._voice = engine_voice(config, split)
        self._mixer = Mixer(config, load_corpus(config.data, split), split, store)

    def dataset(self, indices: tf.data.Dataset) -> tf.data.Dataset:
        """Mixes the excerpts of some indices, in their order, on all cores.

        Args:
            indices: int64 ().

        Returns:
            Frames float32 (n_frames, n_mels), labels (n_frames,), uint8, or float32 where an engine has a say in them,
            mask uint8 (n_frames,) of each.
        """
        spec, mixer = self._config.features, self._mixer

        def mixed(index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            samples, *of_frames = tf.numpy_function(
                self._excerpt, [index], (tf.float32, tf.uint8, tf.uint8, tf.uint8), stateful=False
            )
            samples = tf.ensure_shape(samples, (mixer.n_samples,))
            frames = tf.ensure_shape(log_mel_graph(samples[tf.newaxis], spec)[0], (mixer.n_frames, spec.n_mels))
            labels, mask, voice = (tf.ensure_shape(values, (mixer.n_frames,)) for values in of_frames)
            return frames, labels if self._voice is None else targets(labels, voice, self._config), mask

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

    def _excerpt(self, index: np.int64) -> tuple[NDArray[np.float32], *tuple[NDArray[np.uint8], ...]]:
        """Returns samples, labels, mask and what the engine says: the labels once more where there is none."""
        excerpt = self._mixer.excerpt(int(index))
        collar_s = self._config.data.labels.collar_s
        labels, mask = timeline_to_labels(
            excerpt.speech, self._mixer.n_frames, self._config.features.grid, collar_s=collar_s
        )
        samples = excerpt.samples.astype(np.float32, copy=False)
        return samples, labels, mask, labels if self._voice is None else self._voice.judge(samples[np.newaxis])[0]
