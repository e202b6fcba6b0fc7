"""Laws of the schedule and of what is decayed."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from vad.config.training import OptimizerConfig
from vad.errors import ConfigError
from vad.training.optimizer import build_optimizer


def rate(optimizer, step):
    return float(optimizer._learning_rate(step))


def test_the_rate_rises_over_the_warm_up_and_ends_at_its_share():
    optimizer = build_optimizer(
        OptimizerConfig(learning_rate=0.01, final_learning_rate=0.1, warmup_steps=10), total_steps=110
    )
    assert rate(optimizer, 5) == pytest.approx(0.005)
    assert rate(optimizer, 10) == pytest.approx(0.01)
    assert rate(optimizer, 60) == pytest.approx(0.01 * (0.9 * 0.5 + 0.1))
    assert rate(optimizer, 110) == rate(optimizer, 500) == pytest.approx(0.001)
    falling = [rate(optimizer, step) for step in range(10, 111, 10)]
    assert falling == sorted(falling, reverse=True)


def test_without_warm_up_it_begins_at_the_top():
    assert rate(build_optimizer(OptimizerConfig(learning_rate=0.01, warmup_steps=0), 10), 0) == pytest.approx(0.01)


def test_a_warm_up_longer_than_the_training_is_refused():
    with pytest.raises(ConfigError, match=r"warmup_steps must be below the 10 steps.*received 10: lower it, or raise"):
        build_optimizer(OptimizerConfig(warmup_steps=10), 10)


def test_kernels_decay_and_biases_do_not():
    dense = keras.layers.Dense(2)
    dense.build((None, 2))
    dense.set_weights([np.ones((2, 2), "float32"), np.ones(2, "float32")])
    optimizer = build_optimizer(OptimizerConfig(learning_rate=0.1, warmup_steps=0, weight_decay=0.5), 100)
    optimizer.apply([np.zeros((2, 2), "float32"), np.zeros(2, "float32")], dense.trainable_variables)
    kernel, bias = dense.get_weights()
    np.testing.assert_allclose(kernel, 0.95)
    np.testing.assert_array_equal(bias, 1.0)
