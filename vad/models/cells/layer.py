"""Recurrent layers of Keras, from the equations of a cell."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from vad.config.model import ModelConfig
from vad.models.cells.kinds import CELLS, recurrence_of
from vad.models.cells.recurrence import Recurrence

_INITIALIZERS = {"recurrent": "orthogonal", "gates": "orthogonal", "kernel": "glorot_uniform"}


@keras.saving.register_keras_serializable("vad")
class BlockBias(keras.initializers.Initializer):  # type: ignore[misc]
    """Zeros, but for one block of units.

    Args:
        block: which block of columns.
        value: what its units begin with.
        units: width of a block.
    """

    def __init__(self, block: int, value: float, units: int) -> None:
        self.block, self.value, self.units = block, value, units

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Returns the bias of a fresh layer."""
        bias = np.zeros(shape, np.float32)
        bias[self.block * self.units : (self.block + 1) * self.units] = self.value
        return keras.ops.convert_to_tensor(bias, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments."""
        return {"block": self.block, "value": self.value, "units": self.units}


@keras.saving.register_keras_serializable("vad")
class RecurrentCell(keras.layers.Layer):  # type: ignore[misc]
    """A `Recurrence` with weights that learn, for `keras.layers.RNN`.

    Weights begin as those of Keras' LSTM do: kernel Glorot, recurrent weights orthogonal, gains 1, the bias of the
    forget gate `forget_bias`, peepholes and all else 0.

    Args:
        kind: name of the cell.
        units: width of a block.
        layer_norm: as `Recurrence` has it.
        projection: as `Recurrence` has it.
        forget_bias: what the bias of the forget gate begins with; of no meaning to a cell without.
    """

    def __init__(
        self,
        kind: str,
        units: int,
        *,
        layer_norm: bool = False,
        projection: int | None = None,
        forget_bias: float = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.recurrence = CELLS[kind](units, layer_norm=layer_norm, projection=projection)
        self.forget_bias = forget_bias
        self.state_size = list(self.recurrence.state_sizes.values())
        self.output_size = self.recurrence.output_size

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights."""
        self._parts = {
            name: self.add_weight(name=name, shape=shape, initializer=self._initializer(name))
            for name, shape in self.recurrence.shapes(int(input_shape[-1] or 0)).items()
        }

    def _initializer(self, part: str) -> Any:
        if part == "bias" and self.recurrence.forget_block is not None:
            return forget_bias(self.recurrence, self.forget_bias)
        if part == "projection":
            return "glorot_uniform"
        return _INITIALIZERS.get(part, "ones" if part.endswith("_gain") else "zeros")

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple[Any, list[Any]]:
        """Advances by one step: `inputs` ``(batch, inputs)``, `states` in order."""
        share = self.recurrence.input_share(inputs, self._parts)
        named = dict(zip(self.recurrence.states, states, strict=True))
        new = list(self.recurrence.step(share, named, self._parts).values())
        return new[0], new

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments."""
        recurrence = self.recurrence
        options: dict[str, Any] = super().get_config()
        return options | {
            "kind": recurrence.name,
            "units": recurrence.units,
            "layer_norm": recurrence.layer_norm,
            "projection": recurrence.projection,
            "forget_bias": self.forget_bias,
        }


def forget_bias(recurrence: Recurrence, value: float) -> BlockBias:
    """Returns the initialiser of the bias of a cell that has a forget gate, or one that is as good."""
    if recurrence.forget_block is None:
        raise ValueError(f"{recurrence.name} has no forget gate")
    block, sign = recurrence.forget_block
    return BlockBias(recurrence.blocks.index(block), sign * value, recurrence.units)


def build_layer(
    config: ModelConfig, name: str, *, dropout: float, use_cudnn: bool | str, return_state: bool
) -> keras.layers.Layer:
    """Returns one recurrent layer, of one direction.

    Plain ``lstm`` and ``gru`` are Keras' own layers, which cuDNN can run; all else is a loop over `RecurrentCell`.

    Args:
        config: the network.
        name: of the layer.
        dropout: of its inputs; acts in Keras' own layers alone, others have a layer of dropout before them.
        use_cudnn: as Keras has it.
        return_state: whether the layer also returns its new states.
    """
    options: dict[str, Any] = {"return_sequences": True, "return_state": return_state, "name": name}
    own = options | {"dropout": dropout, "use_cudnn": use_cudnn}
    if not is_keras_own(config):
        cell = RecurrentCell(
            config.cell,
            config.units,
            layer_norm=config.layer_norm,
            projection=config.projection,
            forget_bias=config.initial_forget_bias,
        )
        return keras.layers.RNN(cell, **options)
    if config.cell == "gru":
        return keras.layers.GRU(config.units, reset_after=True, **own)
    bias = forget_bias(recurrence_of(config), config.initial_forget_bias)
    return keras.layers.LSTM(config.units, unit_forget_bias=False, bias_initializer=bias, **own)


def is_keras_own(config: ModelConfig) -> bool:
    """Whether the layers of a network are Keras' own LSTM or GRU."""
    return config.cell in ("lstm", "gru") and not config.layer_norm and config.projection is None


def layer_recurrence(layer: keras.layers.RNN) -> Recurrence:
    """Returns the equations of a layer that `build_layer` made."""
    if isinstance(layer, keras.layers.LSTM | keras.layers.GRU):
        kind = "lstm" if isinstance(layer, keras.layers.LSTM) else "gru"
        return CELLS[kind](int(layer.units))
    recurrence: Recurrence = layer.cell.recurrence
    return recurrence


def layer_weights(layer: keras.layers.RNN) -> dict[str, NDArray[np.float32]]:
    """Returns the weights of a layer that `build_layer` made, by the names of `Recurrence.shapes`."""
    arrays = [np.asarray(keras.ops.convert_to_numpy(w)) for w in layer.get_weights()]
    if isinstance(layer, keras.layers.GRU):
        kernel, recurrent, (bias, recurrent_bias) = arrays
        arrays = [kernel, recurrent, bias, recurrent_bias]
    names = layer_recurrence(layer).shapes(len(arrays[0]))
    return dict(zip(names, arrays, strict=True))


def set_layer_weights(layer: keras.layers.RNN, weights: dict[str, NDArray[np.float32]]) -> None:
    """Gives a layer that `build_layer` made its weights, by the names of `Recurrence.shapes`."""
    arrays = list(weights.values())
    if isinstance(layer, keras.layers.GRU):
        arrays = [*arrays[:2], np.stack(arrays[2:])]
    layer.set_weights(arrays)
