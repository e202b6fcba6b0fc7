"""The network of the memory tasks, and how its gates begin."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from vad.config.model import Cell, ModelConfig
from vad.config.study import GateBias
from vad.models import recurrent_layers
from vad.models.cells import CELLS, build_layer, layer_recurrence, layer_weights, set_layer_weights


def build_network(cell: Cell, units: int, channels: int, outputs: int) -> keras.Model:
    """Builds one recurrent layer whose last output answers.

    Args:
        cell: kind of recurrent layer.
        units: its width.
        channels: width of an input.
        outputs: width of the answer.

    Returns:
        A model from float32 ``(batch, time, channels)`` to ``(batch, outputs)``.
    """
    inputs = keras.Input((None, channels), name="inputs")
    config = ModelConfig(cell=cell, units=units, layers=1)
    layer = build_layer(config, "memory", dropout=0.0, use_cudnn=False, return_state=False)
    # Not all outputs and then the last of them: XLA would copy the whole row of outputs at every step.
    layer.return_sequences = False
    answers = keras.layers.Dense(outputs, name="answers")(layer(inputs))
    return keras.Model(inputs, answers)


def keeping_blocks(cell: Cell) -> dict[str, float]:
    """Returns the blocks of gates whose biases decide how long a fresh cell remembers, with the sign by which they do.

    Positive ones keep what is there, negative ones write over it.
    """
    if cell == "gru":
        return {"z": 1.0}
    if cell == "rnn":
        return {}
    return {block: sign for block, sign in (("f", 1.0), ("i", -1.0)) if block in CELLS[cell].blocks}


def begin_gates(model: keras.Model, bias: GateBias, length: int, rng: np.random.Generator) -> None:
    """Sets the biases of gates before training.

    With ``chrono`` every unit draws b = log u, u uniform in [1, length - 1], so that σ(b) keeps for about u steps: b is
    the bias of its forget gate (of the update gate, in a GRU), -b that of its input gate. Cells without one of the two
    have the other alone. With ``one`` nothing is changed: layers are built that way.

    Args:
        model: from `build_network`.
        bias: how.
        length: of the sequences it is to learn.
        rng: where the draws come from.

    References:
        Tallec, Ollivier (2018): Can recurrent neural networks warp time? ICLR, section 3, equation 16.
    """
    if bias == "one":
        return
    (layer,) = recurrent_layers(model)
    recurrence = layer_recurrence(layer)
    weights = layer_weights(layer)
    drawn = np.log(rng.uniform(1.0, max(2.0, length - 1.0), recurrence.units)).astype(np.float32)
    new: NDArray[np.float32] = weights["bias"].copy()
    for block, sign in keeping_blocks(recurrence.name).items():  # type: ignore[arg-type]
        begin = recurrence.blocks.index(block) * recurrence.units
        new[begin : begin + recurrence.units] = sign * drawn
    set_layer_weights(layer, {**weights, "bias": new})
