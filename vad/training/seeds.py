"""Randomness of a training: seeded at its start, handed back at its end."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

# Public only as a switch without a way back, which would make every later random operation of the process an error.
from tensorflow.python.framework.config import disable_op_determinism, is_op_determinism_enabled


@contextmanager
def seeded(seed: int, *, deterministic: bool) -> Iterator[None]:
    """Seeds weights and dropout, and makes TensorFlow's operations deterministic, for the length of a block.

    The global generators of Python and NumPy get back the state that they had. TensorFlow's global seed cannot be
    read, so it stays set.

    Args:
        seed: of everything random in the block.
        deterministic: operations that would be faster in varying order keep one order.
    """
    python_state = random.getstate()
    numpy_state = np.random.get_state()  # noqa: NPY002 - Keras seeds the global generator, which is given back here
    was_deterministic = is_op_determinism_enabled()
    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002
        if deterministic and not was_deterministic:
            disable_op_determinism()
