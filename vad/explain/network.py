"""The network of a `.tflite`, read back from its constants without TensorFlow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vad.artifact import Artifact
from vad.errors import ModelError
from vad.explain.pcen import Pcen
from vad.graphs import named_constants

__all__ = ["Layer", "Network", "read_network"]

Array = NDArray[np.float64]

_LAYER: Final = re.compile(r"(.+)_(\d+)/kernel")
_CELL: Final = "lstm"
_SMOOTHING: Final = "pcen/smoothing"
_SCALE: Final = "normalization/scale"
_READABLE: Final = ("none", "float16")


@dataclass(frozen=True, eq=False)
class Layer:
    """The weights of one LSTM layer, gates side by side in the order i, f, c̃, o.

    Args:
        kernel: float64 ``(inputs, 4·units)``, W of all gates.
        recurrent: float64 ``(units, 4·units)``, U of all gates.
        bias: float64 ``(4·units,)``.
    """

    kernel: Array
    recurrent: Array
    bias: Array

    @property
    def units(self) -> int:
        """How many units it has."""
        return len(self.recurrent)


@dataclass(frozen=True, eq=False)
class Network:
    """All weights of a network; the normalisation of the frames lies in the first layer.

    Args:
        layers: from the input up.
        output: float64 ``(units,)``, what each unit of the last layer adds to the logit for each 1 of its output h.
        offset: the logit where all of them are 0.
        pcen: what is made of the frames before the first layer sees them; None where it sees them as they are.
    """

    layers: tuple[Layer, ...]
    output: Array
    offset: float
    pcen: Pcen | None = None

    @property
    def bands(self) -> int:
        """Mel bands of a frame."""
        return len(self.layers[0].kernel if self.pcen is None else self.pcen.share)


def read_network(artifact: Artifact) -> Network:
    """Reads the weights of a model whose posteriors they give to float32's precision.

    Args:
        artifact: a float32 or float16 model of `vad export`, of LSTM cells.

    Raises:
        ModelError: the model computes with integers, which its gates are not the numbers of; its cells are no LSTM
            cells; or a matrix is missing.
    """
    quantization = artifact.metadata.quantization
    if quantization not in _READABLE:
        raise ModelError(
            f"{artifact.name}: quantization {quantization} multiplies rounded integers, not these gates' numbers: "
            "explain the float32 or float16 file of the same model"
        )
    named = {name: array.astype(np.float64) for name, array in named_constants(artifact.flatbuffer).items()}
    found = sorted((match[1], int(match[2])) for match in map(_LAYER.fullmatch, named) if match is not None)
    others = sorted({cell for cell, _ in found} - {_CELL})
    if others:
        raise ModelError(f"{artifact.name}: wanted a network of lstm cells to look into, found cell {others[0]}")
    if any(name.startswith("lstm_0/") and name.endswith("_gain") for name in named):
        raise ModelError(
            f"{artifact.name}: wanted lstm cells without layer normalisation to look into, found some with"
        )
    if not found:
        raise ModelError(f"{artifact.name}: there are no weights by name to look into: export the model again")
    try:
        layers = tuple(_layer(named, f"{_CELL}_{index}") for _, index in found)
        layers = (_folded(layers[0], named), *layers[1:])
        output = named["logits/kernel"].reshape(-1)
    except KeyError as error:
        raise ModelError(
            f"{artifact.name}: there is no tensor with the weights {error}: export the model again"
        ) from error
    offset = named.get("logits/bias", np.zeros(1))
    return Network(layers, output, float(offset.reshape(-1)[0]), _pcen(named, len(layers[0].kernel)))


def _pcen(named: dict[str, Array], inputs: int) -> Pcen | None:
    share = named.get(_SMOOTHING)
    if share is None:
        return None
    bands = share.size
    if inputs not in (bands, 2 * bands):
        raise ModelError(
            f"{_SMOOTHING}: wanted a first layer of {bands} or {2 * bands} inputs to look into, found one of {inputs}"
        )
    return Pcen(share.reshape(-1), beside_frames=inputs > bands)


def _layer(named: dict[str, Array], name: str) -> Layer:
    kernel, recurrent = named[f"{name}/kernel"], named[f"{name}/recurrent"]
    wide = kernel.shape[1]
    if wide % 4 or recurrent.shape != (wide // 4, wide):
        raise ModelError(
            f"{name}: wanted four gates and no projection to look into, found weights {kernel.shape} and "
            f"{recurrent.shape}"
        )
    # The converter leaves a bias of zeros out.
    bias = named.get(f"{name}/bias", np.zeros(wide))
    return Layer(kernel, recurrent, bias.reshape(-1))


def _folded(first: Layer, named: dict[str, Array]) -> Layer:
    """Returns the first layer with what its inputs are multiplied by in it."""
    scale = named.get(_SCALE, np.ones(0)).reshape(-1)
    gains = np.concatenate([scale, np.ones(len(first.kernel) - len(scale))])
    return Layer(first.kernel * gains[:, np.newaxis], first.recurrent, first.bias)
