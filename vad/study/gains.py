"""How much of what happened long ago still reaches the present: Jacobians of a recurrent state over distance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from vad.models.cells import layer_recurrence

Gains = dict[str, list[float]]

_MEASURED = ("h", "c")


class _ProbedCell(keras.layers.Layer):  # type: ignore[misc]
    """A built cell whose states are nudged before every step, by what stands behind its inputs."""

    def __init__(self, cell: Any, channels: int, sizes: Sequence[int]) -> None:
        super().__init__()
        self.cell, self.channels, self.sizes = cell, channels, list(sizes)
        self.state_size = cell.state_size
        self.output_size = cell.output_size

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple[Any, Any]:
        """Steps on from the nudged states."""
        at, nudged = self.channels, []
        for size, state in zip(self.sizes, states, strict=True):
            nudged.append(state + inputs[:, at : at + size])
            at += size
        output, new = self.cell(inputs[:, : self.channels], nudged)
        return output, new


class GainMeter:
    """Follows each state of a recurrent layer back from the last step of sequences.

    The gain of a state s over d steps is ‖∂s_T/∂s_{T-d}‖_F / √units, in the mean square over the sequences: 1 where all
    of it is kept, and 1 at distance 0. It is estimated by one product vᵀ·∂s_T/∂s_{T-d} for each sequence, v drawn
    uniformly from the unit sphere. For the cell of an LSTM this holds all ways, the straight one through f and those
    through the gates.

    Args:
        layer: from `vad.models.cells.build_layer`, built; of one direction. It may learn between two measurements.
        inputs: float32 ``(sequences, time, channels)``.
        seed: of the directions.
    """

    def __init__(self, layer: keras.layers.RNN, inputs: NDArray[np.float32], seed: int) -> None:
        sizes = layer_recurrence(layer).state_sizes
        rng = np.random.default_rng(seed)
        self._columns, self._directions, begin = {}, {}, 0
        for index, (name, size) in enumerate(sizes.items()):
            if name in _MEASURED:
                drawn = rng.standard_normal((len(inputs), size))
                unit = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
                self._columns[name] = index, slice(begin, begin + size)
                self._directions[name] = tf.constant(unit, tf.float32)
            begin += size
        self._nudges = (*inputs.shape[:2], begin)
        self._inputs = tf.constant(inputs)
        cell = _ProbedCell(layer.cell, inputs.shape[2], list(sizes.values()))
        self._probed = keras.layers.RNN(cell, return_state=True)
        self._compiled = tf.function(self._pulled_back, jit_compile=True)

    def measure(self) -> dict[str, NDArray[np.float64]]:
        """Measures the layer as it is.

        Returns:
            By the names of the states ``h`` and, where there is one, ``c``: gains float64 ``(time,)`` over distances 0
            to time - 1; not finite where the state itself is not.
        """
        gains = {}
        for name, gradient in self._compiled(self._inputs).items():
            own = np.asarray(gradient, np.float64)
            norms = np.sqrt(np.mean(np.sum(np.square(own), axis=2), axis=0))
            # The nudge before step t moves the state after t steps: distance time - t. What moves the end itself is v.
            gains[name] = np.concatenate([[1.0], norms[:0:-1]])
        return gains

    def _pulled_back(self, inputs: Any) -> dict[str, Any]:
        """Returns for each state how a nudge of it at every step moves its end along its direction."""
        nudges = tf.zeros(self._nudges)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(nudges)
            _, *ends = self._probed(tf.concat([inputs, nudges], axis=-1))
            moved = {
                name: tf.reduce_sum(ends[index] * self._directions[name]) for name, (index, _) in self._columns.items()
            }
        return {name: tape.gradient(moved[name], nudges)[:, :, columns] for name, (_, columns) in self._columns.items()}


def thinned(gains: dict[str, NDArray[np.float64]], points: int = 32) -> Gains:
    """Returns gains at about so many distances, even on a logarithmic scale, as lists; ``distance`` tells which."""
    steps = len(gains["h"])
    distances = np.unique(np.round(np.geomspace(1, steps - 1, points)).astype(int)) if steps > 1 else np.array([0])
    kept: Gains = {name: [float(f"{value:.4g}") for value in values[distances]] for name, values in gains.items()}
    return {"distance": distances.tolist(), **kept}
