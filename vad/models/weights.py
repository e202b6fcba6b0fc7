"""The weights that the step model runs on, to and from the sequence model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from vad.artifact import Artifact
from vad.config.model import ModelConfig
from vad.errors import ModelError
from vad.graphs import named_constants
from vad.models.cells import CELLS, Recurrence, layer_recurrence, layer_weights, set_layer_weights
from vad.models.pcen import PCEN, smoothing_frames
from vad.models.sequence import build_model, pcen_layer, recurrent_layers

Array = NDArray[np.float32]

_OUTPUT = ("kernel", "bias")
_FIRST = re.compile(r"(?P<cell>.+)_0/kernel")
_MEAN, _SCALE, _SMOOTHING = "normalization/mean", "normalization/scale", f"{PCEN}/smoothing"


@dataclass(frozen=True, eq=False)
class StepWeights:
    """All numbers of the network.

    Args:
        layers: from the input up, the arrays of each in the order of `vad.models.cells.Recurrence.shapes`. Of an LSTM:
            kernel float32 ``(inputs, 4·units)``, recurrent float32 ``(units, 4·units)``, bias float32 ``(4·units,)``,
            with Keras' order of gates: i, f, c̃, o.
        output: kernel float32 ``(units, 1)`` and bias float32 ``(1,)`` of the logits.
        cell: kind of the layers.
        layer_norm: whether they normalise their sums.
        mean: float32 ``(inputs,)``, what is taken from the first layer's inputs first, in a network with layer
            normalisation: there it cannot be folded into a bias, which comes after the normalisation. None in any
            other.
        scale: float32 ``(n_mels,)``, what log-mel frames are multiplied by where the first layer sees PCEN beside them:
            of sizes as different as these, 8 bits would hold the frames alone. None in any other network.
        pcen: float32 ``(n_mels,)``, s of `vad.models.pcen` in a network that has it: before the frames, or, where the
            first layer has twice as many inputs, beside them. None in any other.
    """

    layers: tuple[tuple[Array, ...], ...]
    output: tuple[Array, Array]
    cell: str = "lstm"
    layer_norm: bool = False
    mean: Array | None = None
    scale: Array | None = None
    pcen: Array | None = None

    @property
    def inputs(self) -> int:
        """Width of what the first layer sees."""
        return len(self.layers[0][0])

    @property
    def units(self) -> list[int]:
        """Units of each layer."""
        return [layer.units for layer in self.recurrences]

    @property
    def recurrences(self) -> list[Recurrence]:
        """Equations of each layer."""
        return [
            _recurrence(self.cell, bias, recurrent, layer_norm=self.layer_norm)
            for _, recurrent, bias, *_ in self.layers
        ]

    @classmethod
    def from_model(cls, model: keras.Model) -> StepWeights:
        """Takes the weights of a sequence model from `build_model`.

        Raises:
            ModelError: the model is bidirectional: there are no steps of it.
        """
        found = recurrent_layers(model)
        if any(isinstance(layer, keras.layers.Bidirectional) for layer in found):
            raise ModelError(
                "a bidirectional network cannot be exported: half of it begins at the end of the recording, and a "
                "stream has no end to begin from; export a causal one (model.bidirectional: false) that it teaches"
            )
        recurrence = layer_recurrence(found[0])
        mean, std = (np.asarray(w) for w in model.get_layer("normalization").get_weights())
        pcen = pcen_layer(model)
        smoothing = None if pcen is None else np.asarray(pcen.get_weights()[0])
        output, output_bias = (np.asarray(w) for w in model.get_layer("logits").get_weights())
        layers = [list(layer_weights(layer).values()) for layer in found]
        scale = None if smoothing is None or len(std) == len(smoothing) else 1.0 / std[: len(smoothing)]
        gains = _gains(len(std), scale)
        # Normalisation is linear, so what gains g leave of it folds into the first layer:
        # (x - m)/s · W + b = g·x · W/(g·s) + (b - m/s · W).
        kernel, _, bias, *_ = layers[0]
        layers[0][0] = kernel / (gains * std)[:, np.newaxis]
        if not recurrence.layer_norm:
            layers[0][2] = bias - (mean / std) @ kernel
        return cls(
            tuple(tuple(layer) for layer in layers),
            (output, output_bias),
            cell=recurrence.name,
            layer_norm=recurrence.layer_norm,
            mean=gains * mean if recurrence.layer_norm else None,
            scale=scale,
            pcen=smoothing,
        )

    def model_config(self, lookahead_frames: int) -> ModelConfig:
        """Returns what `build_model` makes a network of these weights from.

        Raises:
            ModelError: when the layers are not of one size, which `build_model` has no name for.
        """
        if len(set(self.units)) != 1:
            raise ModelError(f"the layers have {self.units} units; a sequence model has layers of one size")
        kind = self.recurrences[0]
        # Single precision lies within a thousandth of what was asked for.
        remembers = {} if self.pcen is None else {"smoothing_frames": round(smoothing_frames(float(self.pcen[0])), 2)}
        return ModelConfig.model_validate(
            {
                **remembers,
                "compression": self._compression,
                "cell": kind.name,
                "units": kind.units,
                "layers": len(self.layers),
                "lookahead_frames": lookahead_frames,
                "layer_norm": kind.layer_norm,
                "projection": kind.projection,
            }
        )

    def to_model(self, lookahead_frames: int) -> keras.Model:
        """Returns the sequence model that has these weights; its normalisation does nothing that is folded.

        Raises:
            ModelError: when the layers are not of one size, which `build_model` has no name for.
        """
        config = self.model_config(lookahead_frames)
        model = build_model(config, self.inputs if self.pcen is None else len(self.pcen), use_cudnn=False)
        for layer, recurrence, arrays in zip(recurrent_layers(model), self.recurrences, self.layers, strict=True):
            set_layer_weights(layer, dict(zip(recurrence.shapes(len(arrays[0])), arrays, strict=True)))
        gains = _gains(self.inputs, self.scale)
        mean = np.zeros_like(gains) if self.mean is None else self.mean
        model.get_layer("normalization").set_statistics(mean / gains, 1.0 / gains)
        if self.pcen is not None:
            model.get_layer(PCEN).set_weights([self.pcen])
        model.get_layer("logits").set_weights(self.output)
        return model

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> StepWeights:
        """Takes the weights of a `.tflite` that holds them as they are.

        Raises:
            ModelError: it has rounded them, or one is missing.
        """
        remedy = "give the run directory, or the float32 file (quantization none) of the same model"
        quantization = artifact.metadata.quantization
        if quantization != "none":
            raise ModelError(
                f"{artifact.name}: a model with quantization {quantization} has rounded its weights, others cannot be "
                f"made from it; {remedy}"
            )
        try:
            return cls.from_flatbuffer(artifact.flatbuffer)
        except KeyError as error:
            raise ModelError(
                f"{artifact.name}: there is no tensor with the float32 weights {error}; {remedy}"
            ) from error

    @classmethod
    def from_flatbuffer(cls, flatbuffer: bytes) -> StepWeights:
        """Takes the float32 weights of a `.tflite`.

        Raises:
            KeyError: names a matrix that is not there in float32.
        """
        found = named_constants(flatbuffer)
        return cls.from_named({name: array for name, array in found.items() if array.dtype == np.float32})

    @property
    def _compression(self) -> str:
        if self.pcen is None:
            return "log"
        return "both" if self.inputs > len(self.pcen) else "pcen"

    def to_named(self) -> dict[str, Array]:
        """Returns the arrays by name: ``lstm_0/kernel``, …, ``logits/bias``."""
        vectors = {_MEAN: self.mean, _SCALE: self.scale, _SMOOTHING: self.pcen}
        named = {name: array for name, array in vectors.items() if array is not None}
        for index, (recurrence, arrays) in enumerate(zip(self.recurrences, self.layers, strict=True)):
            for part, array in zip(recurrence.shapes(len(arrays[0])), arrays, strict=True):
                named[f"{self.cell}_{index}/{part}"] = array
        return named | {f"logits/{part}": array for part, array in zip(_OUTPUT, self.output, strict=True)}

    @classmethod
    def from_named(cls, named: Mapping[str, Array]) -> StepWeights:
        """Takes arrays as `to_named` gives them; a vector that is not there is zeros.

        Raises:
            KeyError: names a matrix that is missing.
        """
        cells = [match["cell"] for match in map(_FIRST.fullmatch, named) if match and match["cell"] in CELLS]
        cell = cells[0] if cells else "lstm"
        n_layers = sum(name.startswith(f"{cell}_") and name.endswith("/kernel") for name in named)
        layers = tuple(_layer(named, cell, index) for index in range(n_layers))
        output = (named["logits/kernel"], named.get("logits/bias", np.zeros(1, np.float32)))
        layer_norm = _has_layer_norm(named, cell)
        mean = named.get(_MEAN, np.zeros(len(layers[0][0]), np.float32)) if layer_norm else None
        pcen, scale = named.get(_SMOOTHING), named.get(_SCALE)
        return cls(layers, output, cell=cell, layer_norm=layer_norm, mean=mean, scale=scale, pcen=pcen)


def _layer(named: Mapping[str, Array], cell: str, index: int) -> tuple[Array, ...]:
    """Returns the arrays of a layer in their order."""
    prefix = f"{cell}_{index}"
    kernel, recurrent = named[f"{prefix}/kernel"], named[f"{prefix}/recurrent"]
    bias = named.get(f"{prefix}/bias", np.zeros(kernel.shape[1], np.float32))
    shapes = _recurrence(cell, bias, recurrent, layer_norm=_has_layer_norm(named, cell)).shapes(len(kernel))

    def array(part: str, shape: tuple[int, ...]) -> Array:
        if len(shape) == 1 and f"{prefix}/{part}" not in named:
            return np.zeros(shape, np.float32)
        return named[f"{prefix}/{part}"]

    return tuple(array(part, shape) for part, shape in shapes.items())


def _gains(inputs: int, scale: Array | None) -> Array:
    """Returns what the first layer's inputs are multiplied by before it: the first of them by `scale`."""
    gains = np.ones(inputs, np.float32)
    if scale is not None:
        gains[: len(scale)] = scale
    return gains


def _has_layer_norm(named: Mapping[str, Array], cell: str) -> bool:
    return f"{cell}_0/input_gain" in named


def _recurrence(cell: str, bias: Array, recurrent: Array, *, layer_norm: bool) -> Recurrence:
    """Returns the equations that weights are of."""
    kind = CELLS[cell]
    units, width = len(bias) // len(kind.blocks), len(recurrent)
    return kind(units, layer_norm=layer_norm, projection=None if width == units else width)
