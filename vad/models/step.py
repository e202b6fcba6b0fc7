"""The step model: raw audio and state in, posteriors and new state out, from a sequence model's weights.

Written out in a few operations instead of traced from the Keras layers: those convert to a ``WHILE`` loop that is
three times slower in LiteRT and hangs on microcontrollers. The state stands outside the graph, so that two streams
never share it and a reset is zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from vad.features.graph import log_mel_of_windows
from vad.features.spec import FeatureSpec
from vad.models.weights import StepWeights


def state_names(n_layers: int) -> list[str]:
    """Returns the names of the state tensors, ``h_0, c_0, h_1, …``, in the order of the layers."""
    return [f"{kind}_{index}" for index in range(n_layers) for kind in "hc"]


class LstmStep:
    """One LSTM layer, frame by frame.

    i = σ(x·W_i + h·U_i + b_i), f = σ(x·W_f + h·U_f + b_f), c̃ = tanh(x·W_c + h·U_c + b_c),
    o = σ(x·W_o + h·U_o + b_o), c' = f∘c + i∘c̃, h' = o∘tanh(c'), with Keras' order of gates: i, f, c̃, o.

    Args:
        kernel: float32 ``(inputs, 4·units)``.
        recurrent: float32 ``(units, 4·units)``.
        bias: float32 ``(4·units,)``.

    References:
        Gers, Schmidhuber, Cummins (2000): Learning to forget. Neural Computation 12(10).
    """

    def __init__(self, kernel: NDArray[np.float32], recurrent: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        self._kernel, self._recurrent, self._bias = (tf.constant(w) for w in (kernel, recurrent, bias))

    def run(self, frames: Any, h: Any, c: Any) -> tuple[Any, Any, Any]:
        """Advances over frames ``(k, inputs)``; returns outputs ``(k, units)``, h and c ``(1, units)``."""
        # The input's share of all frames in one product: the weights are read once, not once a frame.
        projected = tf.matmul(frames, self._kernel) + self._bias
        outputs = []
        for row in tf.split(projected, int(frames.shape[0]), axis=0):
            i, f, candidate, o = tf.split(row + tf.matmul(h, self._recurrent), 4, axis=1)
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(candidate)
            h = tf.sigmoid(o) * tf.tanh(c)
            outputs.append(h)
        return tf.concat(outputs, axis=0), h, c


class StepModel(tf.Module):  # type: ignore[misc]
    """A trained network with its front-end, a few frames at a time.

    Args:
        network: a sequence model from `build_model`, or its weights; they are copied as constants.
        spec: the front-end that its frames were made by.
        source: ``audio``: the front-end is in the graph; ``features``: the caller makes the frames.
        dft: how the front-end transforms, as `log_mel_of_windows` has it. LiteRT's own transform computes in double
            precision, window by window: products are four times as fast for 32 frames, twice for one.
    """

    def __init__(
        self, network: keras.Model | StepWeights, spec: FeatureSpec, *, source: str = "audio", dft: str = "matmul"
    ) -> None:
        super().__init__(name="vad_step")
        self._spec, self._source, self._dft = spec, source, dft
        self._weights = network if isinstance(network, StepWeights) else StepWeights.from_model(network)
        self._units = self._weights.units
        self._layers = [LstmStep(*layer_weights) for layer_weights in self._weights.layers]
        self._output = [tf.constant(w) for w in self._weights.output]

    @property
    def source(self) -> str:
        """What it takes: ``audio`` or ``features``."""
        return self._source

    @property
    def weights(self) -> StepWeights:
        """The numbers of the network."""
        return self._weights

    @property
    def state_shapes(self) -> dict[str, tuple[int, int]]:
        """Shapes of the state tensors by name, ``(1, units)``."""
        names = state_names(len(self._units))
        return {name: (1, self._units[index // 2]) for index, name in enumerate(names)}

    def step(self, inputs: Any, states: Mapping[str, Any]) -> dict[str, Any]:
        """Advances over a few frames.

        Args:
            inputs: float32 ``(1, win_length + (k - 1)·hop_length)``, the samples that k consecutive frames see; with
                the source ``features`` the frames themselves, float32 ``(1, k, n_mels)``.
            states: by the names of `state_shapes`.

        Returns:
            ``posteriors`` float32 ``(1, k)`` and the new states under their names.
        """
        x = inputs[0] if self._source == "features" else self._front_end(inputs)
        n_frames = int(x.shape[0])
        results: dict[str, Any] = {}
        for index, layer in enumerate(self._layers):
            x, h, c = layer.run(x, states[f"h_{index}"], states[f"c_{index}"])
            results |= {f"h_{index}": h, f"c_{index}": c}
        kernel, bias = self._output
        results["posteriors"] = tf.reshape(tf.sigmoid(tf.matmul(x, kernel) + bias), [1, n_frames])
        return results

    def _front_end(self, audio: Any) -> Any:
        """Returns the frames ``(k, n_mels)`` of audio ``(1, n)``."""
        hop, win = self._spec.hop_length, self._spec.win_length
        n_frames = self._spec.grid.count(int(audio.shape[1]))
        # Slices, not tf.signal.frame: a GATHER of single samples costs more than the transform itself.
        windows = tf.concat([audio[:, hop * t : hop * t + win] for t in range(n_frames)], axis=0)
        return log_mel_of_windows(windows, self._spec, self._dft)

    def signature(self, frames_per_call: int) -> Any:
        """Returns the concrete function for a fixed number of frames per call.

        Args:
            frames_per_call: how many frames one call advances, unrolled in the graph.

        Returns:
            A concrete function with the named inputs ``audio`` or ``features`` and the states, as `step` has them.
        """
        shape = [1, self._spec.grid.samples_for(frames_per_call)]
        if self._source == "features":
            shape = [1, frames_per_call, self._spec.n_mels]
        inputs = tf.TensorSpec(shape, name=self._source)
        states = {name: tf.TensorSpec(shape, name=name) for name, shape in self.state_shapes.items()}

        def call(**tensors: Any) -> dict[str, Any]:
            return self.step(tensors.pop(self._source), tensors)

        return tf.function(call).get_concrete_function(**{self._source: inputs}, **states)
