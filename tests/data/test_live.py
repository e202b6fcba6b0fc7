"""Laws of mixing while training."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from vad.config import Config
from vad.data.corpus import load_corpus
from vad.data.live import LiveMixtures
from vad.data.mixing import Mixer
from vad.data.workers import audio_store
from vad.features.offline import log_mel


def test_features_are_those_of_the_offline_front_end(toy_config: Callable[..., Config]) -> None:
    config = toy_config()
    mixer = Mixer(config, load_corpus(config.data, "train"), "train", audio_store(config))
    indices = [3, 0, 7]
    found = LiveMixtures(config, "train").dataset(tf.data.Dataset.from_tensor_slices(np.array(indices)))
    for index, (frames, labels, mask) in zip(indices, found, strict=True):
        excerpt = mixer.excerpt(index)
        assert np.max(np.abs(frames - log_mel(excerpt.samples, config.features))) < 1e-4
        assert labels.shape == mask.shape == (400,)
