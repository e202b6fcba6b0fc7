"""Seeding lasts for its block and leaves the generators of others as they were."""

from __future__ import annotations

import random

import keras
import numpy as np
import pytest

from vad.training.seeds import seeded


def test_the_same_seed_draws_the_same_weights_and_others_go_on_undisturbed():
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    expected = random.Random(1).random(), np.random.RandomState(1).random()
    drawn = []
    for _ in range(2):
        with pytest.raises(KeyError), seeded(4, deterministic=True):
            drawn.append(keras.random.normal((3,)).numpy())
            random.random()
            np.random.random()  # noqa: NPY002
            raise KeyError
    np.testing.assert_array_equal(*drawn)
    assert (random.random(), np.random.random()) == expected  # noqa: NPY002


def test_determinism_ends_with_the_block():
    from tensorflow.python.framework.config import is_op_determinism_enabled

    before = is_op_determinism_enabled()
    with seeded(4, deterministic=True):
        assert is_op_determinism_enabled()
    assert is_op_determinism_enabled() == before
