"""The memory cell that all kinds of LSTM share."""

from __future__ import annotations

from typing import Any, ClassVar

from keras import ops

from vad.models.cells.recurrence import Recurrence, Tensors, normalized


class Lstm(Recurrence):
    """Long short-term memory with a forget gate: a cell that is written to, kept and read by gates.

    ::

        i_t = σ(W_i·x_t + R_i·h_{t-1} + b_i)                input gate            (1)
        f_t = σ(W_f·x_t + R_f·h_{t-1} + b_f)                forget gate           (2)
        z_t = g(W_z·x_t + R_z·h_{t-1} + b_z)                candidate             (3)
        c_t = f_t∘c_{t-1} + i_t∘z_t                         cell                  (4)
        o_t = σ(W_o·x_t + R_o·h_{t-1} + b_o)                output gate           (5)
        h_t = o_t∘k(c_t)                                    output                (6)

    with g = k = tanh. With layer normalisation (6) is h_t = o_t∘k(α_c∘N(c_t) + β_c); the cell itself is left alone, so
    that what it holds is not scaled anew at every step. With a projection

        h_t = P·(o_t∘k(c_t))                                                      (7)

    is narrower than the cell, and so is the product R·h. Every other kind changes one of these and inherits the rest.

    References:
        (1)-(6): Gers, Schmidhuber, Cummins (2000): Learning to forget: continual prediction with LSTM. Neural
        Computation 12(10); in the notation of Greff et al. (2017): LSTM: a search space odyssey. IEEE TNNLS 28(10),
        section II, without its peepholes (their variant NP). (7): Sak, Senior, Beaufays (2014): Long short-term memory
        recurrent neural network architectures for large scale acoustic modeling. Interspeech, equation 7 without p.
    """

    name = "lstm"
    blocks: ClassVar[tuple[str, ...]] = ("i", "f", "z", "o")
    states: ClassVar[tuple[str, ...]] = ("h", "c")
    forget_block: ClassVar[tuple[str, float] | None] = ("f", 1.0)

    def shapes(self, inputs: int) -> dict[str, tuple[int, ...]]:
        """Adds gain and offset of the cell's normalisation, and the projection."""
        shapes = super().shapes(inputs)
        if self.layer_norm:
            shapes |= {"cell_gain": (self.units,), "cell_offset": (self.units,)}
        if self.projection is not None:
            shapes["projection"] = (self.units, self.projection)
        return shapes

    def activations(self, share: Any, states: Tensors, weights: Tensors) -> dict[str, Any]:
        """Computes (1) to (7); also returns ``i``, ``f``, ``z``, ``o``, which may be the number 1."""
        sums = self.split(share + self.recurrent_share(states, weights))
        i, f = self.gates(sums, states["c"], weights)
        z = self.candidate(sums["z"])
        c = f * states["c"] + i * z
        o = self.output_gate(sums, c, weights)
        seen = c
        if self.layer_norm:
            seen = normalized(c) * weights["cell_gain"] + weights["cell_offset"]
        h = o * self.squashed(seen)
        if self.projection is not None:
            h = ops.matmul(h, weights["projection"])
        return {"h": h, "c": c, "i": i, "f": f, "z": z, "o": o}

    def gates(self, sums: Tensors, c: Any, weights: Tensors) -> tuple[Any, Any]:
        """Returns input and forget gate, (1) and (2).

        Args:
            sums: by block.
            c: the cell before the step.
            weights: of the layer.
        """
        return ops.sigmoid(sums["i"]), ops.sigmoid(sums["f"])

    def candidate(self, total: Any) -> Any:
        """Returns z of its sum, (3)."""
        return ops.tanh(total)

    def output_gate(self, sums: Tensors, c: Any, weights: Tensors) -> Any:
        """Returns the output gate, (5); `c` is the cell after the step."""
        return ops.sigmoid(sums["o"])

    def squashed(self, c: Any) -> Any:
        """Returns k(c), of (6)."""
        return ops.tanh(c)
