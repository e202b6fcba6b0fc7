"""The plain recurrent network."""

from __future__ import annotations

from typing import Any

from keras import ops

from vad.models.cells.recurrence import Recurrence, Tensors


class Rnn(Recurrence):
    """The baseline that forgets: no gate, no cell; what it remembers passes through R and tanh at every step.

    ::

        h_t = tanh(W·x_t + R·h_{t-1} + b)                                         (1)

    References:
        Elman (1990): Finding structure in time. Cognitive Science 14(2); Bengio, Simard, Frasconi (1994): Learning
        long-term dependencies with gradient descent is difficult. IEEE TNN 5(2), for why it forgets.
    """

    name = "rnn"
    blocks = ("n",)
    states = ("h",)

    def activations(self, share: Any, states: Tensors, weights: Tensors) -> dict[str, Any]:
        """Computes (1)."""
        return {"h": ops.tanh(share + self.recurrent_share(states, weights))}
