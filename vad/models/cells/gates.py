"""Kinds of LSTM that give their gates more, or less, to see."""

from __future__ import annotations

from typing import Any

from keras import ops

from vad.models.cells.lstm import Lstm
from vad.models.cells.recurrence import Tensors


class Peephole(Lstm):
    """The gates see the cell, each unit its own.

    ::

        i_t = σ(… + p_i∘c_{t-1}),   f_t = σ(… + p_f∘c_{t-1}),   o_t = σ(… + p_o∘c_t)           (1)

    References:
        Gers, Schmidhuber (2000): Recurrent nets that time and count. IJCNN; Greff et al. (2017), section II, their
        vanilla LSTM (V).
    """

    name = "peephole"

    def shapes(self, inputs: int) -> dict[str, tuple[int, ...]]:
        """Adds p_i, p_f and p_o."""
        return super().shapes(inputs) | {f"peephole_{gate}": (self.units,) for gate in "ifo"}

    def gates(self, sums: Tensors, c: Any, weights: Tensors) -> tuple[Any, Any]:
        """Returns (1) of the cell before the step."""
        i, f = (ops.sigmoid(sums[gate] + weights[f"peephole_{gate}"] * c) for gate in "if")
        return i, f

    def output_gate(self, sums: Tensors, c: Any, weights: Tensors) -> Any:
        """Returns (1) of the cell after the step."""
        return ops.sigmoid(sums["o"] + weights["peephole_o"] * c)


class CoupledGates(Lstm):
    """Input and forget gate are one: as much is kept as is not written over.

    ::

        f_t = 1 - i_t                                                                          (1)

    References:
        Greff et al. (2017), section III, their variant CIFG; Cho et al. (2014) for the same coupling in the GRU.
    """

    name = "cifg"
    blocks = ("i", "z", "o")
    # The bias of i, turned round: f = 1 - σ(s) = σ(-s).
    forget_block = ("i", -1.0)

    def gates(self, sums: Tensors, c: Any, weights: Tensors) -> tuple[Any, Any]:
        """Returns i and (1)."""
        i = ops.sigmoid(sums["i"])
        return i, 1.0 - i


class FullGateRecurrence(Lstm):
    """The gates see all gates of the step before.

    ::

        i_t = σ(… + G_i·[i, f, o]_{t-1}),   f_t = σ(… + G_f·[i, f, o]_{t-1}),
        o_t = σ(… + G_o·[i, f, o]_{t-1})                                                       (1)

    Before the first step they are 0. With layer normalisation G's product is part of what N is taken of.

    References:
        Hochreiter, Schmidhuber (1997): Long short-term memory. Neural Computation 9(8); Greff et al. (2017), section
        III, their variant FGR.
    """

    name = "full-gate-recurrence"
    states = ("h", "c", "i", "f", "o")

    def shapes(self, inputs: int) -> dict[str, tuple[int, ...]]:
        """Adds G, from (i, f, o) to (i, f, o)."""
        return super().shapes(inputs) | {"gates": (3 * self.units, 3 * self.units)}

    def recurrent_product(self, states: Tensors, weights: Tensors) -> Any:
        """Returns R·h, with (1) added in the blocks of the gates."""
        own = super().recurrent_product(states, weights)
        before = ops.concatenate([states[gate] for gate in "ifo"], axis=1)
        i, f, o = ops.split(ops.matmul(before, weights["gates"]), 3, axis=1)
        return own + ops.concatenate([i, f, ops.zeros_like(i), o], axis=1)
