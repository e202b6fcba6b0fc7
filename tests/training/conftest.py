"""A training small enough to run in a second: random frames whose first band tells the label."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from vad.config import Config
from vad.training import Batches

BANDS = 40


def make_config(**training):
    carry = training.get("carry_state", False)
    settings = {
        "epochs": 2,
        "tensorboard": False,
        "checkpoint_steps": 2,
        "ema_decay": 0.9,
        "optimizer": {"warmup_steps": 2, "learning_rate": 0.02},
        **training,
    }
    return Config(name="tiny", seed=5, data={}, model={"units": 6, "dropout": 0.0 if carry else 0.1}, training=settings)


def make_frames(seed, n, length):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, length, BANDS)).astype("float32")
    y = (x[..., 0] + x[..., 1] > 0.3).astype("float32")
    w = np.ones_like(y)
    w[:, :2] = 0
    return x, y, w


def make_batches(*, carry=False, steps=5, rows=4, on_batch=None):
    """Batches that differ by epoch; `on_batch(epoch, index)` is called as each is made."""

    def epoch(number):
        x, y, w = make_frames(100 + number, steps * rows, 12)
        resets = np.repeat([1.0, *[0.0, 1.0, 0.0, 0.0][: steps - 1]], rows).astype("float32")[: steps * rows]
        parts = (x, y, w, resets) if carry else (x, y, w)

        def generate():
            for index in range(steps):
                if on_batch is not None:
                    on_batch(number, index)
                yield tuple(part[index * rows : (index + 1) * rows] for part in parts)

        specs = tuple(tf.TensorSpec((rows, *part.shape[1:]), tf.float32) for part in parts)
        return tf.data.Dataset.from_generator(generate, output_signature=specs)

    def statistics():
        return np.full(BANDS, 0.1, np.float32), np.full(BANDS, 1.1, np.float32)

    dev = tf.data.Dataset.from_tensor_slices(make_frames(7, 6, 15)).batch(4)
    return Batches(epoch=epoch, steps=steps, dev=lambda: dev, statistics=statistics, facts={"hours": {"train": 1}})


@pytest.fixture
def config():
    return make_config


@pytest.fixture
def batches():
    return make_batches


@pytest.fixture
def frames():
    return make_frames
