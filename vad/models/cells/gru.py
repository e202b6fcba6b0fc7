"""The gated recurrent unit."""

from __future__ import annotations

from typing import Any

from keras import ops

from vad.models.cells.recurrence import Recurrence, Tensors


class Gru(Recurrence):
    """Gated recurrent unit: the output is the memory; one gate interpolates, another forgets for the candidate.

    ::

        z_t = σ(W_z·x_t + R_z·h_{t-1} + b_z)                update gate           (1)
        r_t = σ(W_r·x_t + R_r·h_{t-1} + b_r)                reset gate            (2)
        n_t = tanh(W_n·x_t + b_n + r_t∘(R_n·h_{t-1} + d))   candidate             (3)
        h_t = z_t∘h_{t-1} + (1 - z_t)∘n_t                   output                (4)

    In (3) the reset gate acts after the product, as in the first version of the paper and in cuDNN (Keras'
    ``reset_after=True``), so that one product serves all blocks; R·h has biases of its own, ``recurrent_bias``, which
    in (1) and (2) only add to b.

    References:
        Cho et al. (2014): Learning phrase representations using RNN encoder-decoder for statistical machine
        translation. EMNLP, equations 5 to 8.
    """

    name = "gru"
    blocks = ("z", "r", "n")
    states = ("h",)

    def shapes(self, inputs: int) -> dict[str, tuple[int, ...]]:
        """Adds the biases of R·h."""
        return super().shapes(inputs) | {"recurrent_bias": (len(self.blocks) * self.units,)}

    def recurrent_share(self, states: Tensors, weights: Tensors) -> Any:
        """Returns R·h with its biases."""
        return super().recurrent_share(states, weights) + weights["recurrent_bias"]

    def activations(self, share: Any, states: Tensors, weights: Tensors) -> dict[str, Any]:
        """Computes (1) to (4); also returns ``z``, ``r``, ``n``."""
        own, heard = self.split(self.recurrent_share(states, weights)), self.split(share)
        z, r = (ops.sigmoid(heard[gate] + own[gate]) for gate in "zr")
        n = ops.tanh(heard["n"] + r * own["n"])
        return {"h": z * states["h"] + (1.0 - z) * n, "z": z, "r": r, "n": n}
