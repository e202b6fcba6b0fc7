"""The weights that the step model runs on, to and from the sequence model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from vad.config.model import ModelConfig
from vad.errors import ModelError
from vad.models.sequence import build_model, recurrent_layers

Array = NDArray[np.float32]

_LAYER = ("kernel", "recurrent", "bias")
_OUTPUT = ("kernel", "bias")


@dataclass(frozen=True, eq=False)
class StepWeights:
    """All numbers of the network, the normalisation of the frames folded into the first layer.

    Args:
        layers: from the input up: kernel float32 ``(inputs, 4·units)``, recurrent float32 ``(units, 4·units)``, bias
            float32 ``(4·units,)``, with Keras' order of gates: i, f, c̃, o.
        output: kernel float32 ``(units, 1)`` and bias float32 ``(1,)`` of the logits.
    """

    layers: tuple[tuple[Array, Array, Array], ...]
    output: tuple[Array, Array]

    @property
    def units(self) -> list[int]:
        """Units of each layer."""
        return [len(recurrent) for _, recurrent, _ in self.layers]

    @classmethod
    def from_model(cls, model: keras.Model) -> StepWeights:
        """Takes the weights of a sequence model from `build_model`."""
        layers = [[np.asarray(w) for w in layer.get_weights()] for layer in recurrent_layers(model)]
        mean, std = (np.asarray(w) for w in model.get_layer("normalization").get_weights())
        kernel, recurrent, bias = layers[0]
        # Normalisation is linear, so it folds into the first layer: (x - m)/s · W + b = x·(W/s) + (b - m/s · W).
        layers[0] = [kernel / std[:, np.newaxis], recurrent, bias - (mean / std) @ kernel]
        kernel, bias = (np.asarray(w) for w in model.get_layer("logits").get_weights())
        return cls(tuple((k, r, b) for k, r, b in layers), (kernel, bias))

    def to_model(self, lookahead_frames: int) -> keras.Model:
        """Returns the sequence model that has these weights; its normalisation does nothing.

        Raises:
            ModelError: when the layers are not of one size, which `build_model` has no name for.
        """
        units = set(self.units)
        if len(units) != 1:
            raise ModelError(f"the layers have {self.units} units; a sequence model has layers of one size")
        config = ModelConfig(units=units.pop(), layers=len(self.layers), lookahead_frames=lookahead_frames)
        model = build_model(config, len(self.layers[0][0]), use_cudnn=False)
        for layer, weights in zip(recurrent_layers(model), self.layers, strict=True):
            layer.set_weights(weights)
        model.get_layer("logits").set_weights(self.output)
        return model

    def to_named(self) -> dict[str, Array]:
        """Returns the arrays by name: ``lstm_0/kernel``, …, ``logits/bias``."""
        named = {
            f"lstm_{index}/{part}": array
            for index, layer in enumerate(self.layers)
            for part, array in zip(_LAYER, layer, strict=True)
        }
        return named | {f"logits/{part}": array for part, array in zip(_OUTPUT, self.output, strict=True)}

    @classmethod
    def from_named(cls, named: Mapping[str, Array]) -> StepWeights:
        """Takes arrays as `to_named` gives them; a bias that is not there is zeros.

        Raises:
            KeyError: names a matrix that is missing.
        """
        n_layers = sum(name.startswith("lstm_") and name.endswith("/kernel") for name in named)

        def array(layer: str, part: str) -> Array:
            if part == "bias" and f"{layer}/bias" not in named:
                return np.zeros(named[f"{layer}/kernel"].shape[1], np.float32)
            return named[f"{layer}/{part}"]

        layers = [tuple(array(f"lstm_{index}", part) for part in _LAYER) for index in range(n_layers)]
        kernel, bias = (array("logits", part) for part in _OUTPUT)
        return cls(tuple((k, r, b) for k, r, b in layers), (kernel, bias))
