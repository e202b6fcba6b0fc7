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
from vad.models.cells import Recurrence
from vad.models.pcen import MEAN_STATE, compressed
from vad.models.weights import StepWeights


class CellStep:
    """One recurrent layer, frame by frame.

    Args:
        recurrence: its equations.
        weights: its arrays by the names of `Recurrence.shapes`.
    """

    def __init__(self, recurrence: Recurrence, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self._recurrence = recurrence
        self._weights = {name: tf.constant(array) for name, array in weights.items()}

    @property
    def state_sizes(self) -> dict[str, int]:
        """Widths of the states by name."""
        return self._recurrence.state_sizes

    def run(self, frames: Any, states: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
        """Advances over frames ``(k, inputs)``; returns outputs ``(k, width)`` and the states ``(1, width)``."""
        # The input's share of all frames in one product: the weights are read once, not once a frame.
        shares = self._recurrence.input_share(frames, self._weights)
        outputs = []
        for row in tf.split(shares, int(frames.shape[0]), axis=0):
            states = self._recurrence.step(row, states, self._weights)
            outputs.append(states["h"])
        return tf.concat(outputs, axis=0), states


class PcenStep:
    """Per-channel energy normalisation, frame by frame.

    Args:
        smoothing: float32 ``(n_mels,)``, s of `vad.models.pcen`.
    """

    def __init__(self, smoothing: NDArray[np.float32]) -> None:
        self._share, self._rest = tf.constant(smoothing), tf.constant(1.0 - smoothing)

    def run(self, frames: Any, mean: Any) -> tuple[Any, Any]:
        """Advances over frames ``(k, n_mels)``; returns what changes in them and the running mean ``(1, n_mels)``."""
        power = tf.exp(frames)
        means = []
        for row in tf.split(power * self._share, int(frames.shape[0]), axis=0):
            mean = mean * self._rest + row
            means.append(mean)
        return compressed(power, tf.concat(means, axis=0)), mean


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
        self._pcen = None if self._weights.pcen is None else PcenStep(self._weights.pcen)
        self._layers = [
            CellStep(recurrence, dict(zip(recurrence.shapes(len(arrays[0])), arrays, strict=True)))
            for recurrence, arrays in zip(self._weights.recurrences, self._weights.layers, strict=True)
        ]
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
        """Shapes of the state tensors by name, ``m`` of PCEN, ``h_0``, ``c_0``, ``h_1``, …: ``(1, width)``."""
        own = {} if self._pcen is None else {MEAN_STATE: (1, self._spec.n_mels)}
        return own | {
            f"{name}_{index}": (1, size)
            for index, layer in enumerate(self._layers)
            for name, size in layer.state_sizes.items()
        }

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
        if self._pcen is not None:
            changes, results[MEAN_STATE] = self._pcen.run(x, states[MEAN_STATE])
            scale = self._weights.scale
            x = changes if scale is None else tf.concat([x * scale, changes], axis=1)
        if self._weights.mean is not None:
            x = x - self._weights.mean
        for index, layer in enumerate(self._layers):
            x, new = layer.run(x, {name: states[f"{name}_{index}"] for name in layer.state_sizes})
            results |= {f"{name}_{index}": value for name, value in new.items()}
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
