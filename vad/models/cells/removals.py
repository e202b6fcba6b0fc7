"""Kinds of LSTM from which one part is taken away, to see what it was good for.

References:
    Greff et al. (2017): LSTM: a search space odyssey. IEEE TNNLS 28(10), section III: variants NIG, NFG, NOG, NIAF and
    NOAF. They take the part from an LSTM with peepholes; here it is taken from the one without.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from vad.models.cells.lstm import Lstm
from vad.models.cells.recurrence import Tensors


class NoInputGate(Lstm):
    """Everything is written: i_t = 1 (NIG)."""

    name = "no-input-gate"
    blocks = ("f", "z", "o")

    def gates(self, sums: Tensors, c: Any, weights: Tensors) -> tuple[Any, Any]:
        """Returns 1 and the forget gate."""
        return 1.0, ops.sigmoid(sums["f"])


class NoForgetGate(Lstm):
    """Nothing is forgotten: f_t = 1 (NFG). The LSTM of 1997; its cell has no bound, and nothing but zeros resets it."""

    name = "no-forget-gate"
    blocks = ("i", "z", "o")
    forget_block = None

    def gates(self, sums: Tensors, c: Any, weights: Tensors) -> tuple[Any, Any]:
        """Returns the input gate and 1."""
        return ops.sigmoid(sums["i"]), 1.0


class NoOutputGate(Lstm):
    """Everything is read: o_t = 1 (NOG)."""

    name = "no-output-gate"
    blocks = ("i", "f", "z")

    def output_gate(self, sums: Tensors, c: Any, weights: Tensors) -> Any:
        """Returns 1."""
        return 1.0


class NoInputActivation(Lstm):
    """The candidate is its sum: g(s) = s (NIAF)."""

    name = "no-input-activation"

    def candidate(self, total: Any) -> Any:
        """Returns the sum."""
        return total


class NoOutputActivation(Lstm):
    """The cell is read as it is: k(c) = c (NOAF). The output has no bound then."""

    name = "no-output-activation"

    @property
    def is_bounded(self) -> bool:
        """Only where the cell is normalised before it is read."""
        return self.layer_norm

    def squashed(self, c: Any) -> Any:
        """Returns the cell."""
        return c
