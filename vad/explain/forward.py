"""The network step by step in float64, with everything that happens inside.

Equations of a layer, with Keras' order of gates i, f, c̃, o:

    i = σ(x·W_i + h·U_i + b_i)          (1)  input gate
    f = σ(x·W_f + h·U_f + b_f)          (2)  forget gate
    c̃ = tanh(x·W_c + h·U_c + b_c)       (3)  candidate
    o = σ(x·W_o + h·U_o + b_o)          (4)  output gate
    c' = f∘c + i∘c̃                      (5)  cell state
    h' = o∘tanh(c')                     (6)  output

What the first layer sees as x are log-mel frames, or what `vad.explain.pcen` makes of them.

References:
    Hochreiter, Schmidhuber (1997): Long short-term memory. Neural Computation 9(8).
    Gers, Schmidhuber, Cummins (2000): Learning to forget. Neural Computation 12(10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vad.errors import ConfigError, ShapeError
from vad.explain.interventions import Intervention, Plan
from vad.explain.network import Layer, Network

__all__ = ["LayerTrace", "States", "Trace", "forward", "sigmoid", "zero_states"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class States:
    """What a network carries from step to step.

    Args:
        layers: h and c, float64 ``(units,)``, of each layer from the input up.
        mean: the running mean of the power in each band, float64 ``(bands,)``; empty in a network that has none.
    """

    layers: tuple[tuple[Array, Array], ...]
    mean: Array


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """Everything inside a layer, float64 ``(steps, units)`` each.

    Args:
        i: input gate.
        f: forget gate.
        candidate: c̃, what there is to take in.
        o: output gate.
        c: cell state after the step.
        h: output after the step.
    """

    i: Array
    f: Array
    candidate: Array
    o: Array
    c: Array
    h: Array


@dataclass(frozen=True, eq=False)
class Trace:
    """A run of the network.

    Args:
        frames: float64 ``(steps, bands)``, what went in.
        before: the states before the first step.
        layers: what happened inside, from the input up.
        logits: float64 ``(steps,)``: of step s, about the frame s - look-ahead.
        means: the running means after each step, float64 ``(steps, bands)``; no bands in a network that has none.
    """

    frames: Array
    before: States
    layers: tuple[LayerTrace, ...]
    logits: Array
    means: Array

    @property
    def posteriors(self) -> Array:
        """The logits as probabilities, float64 ``(steps,)``."""
        return sigmoid(self.logits)

    def states_before(self, step: int) -> States:
        """Returns what the network carries into a step."""
        if step == 0:
            return self.before
        layers = tuple((layer.h[step - 1], layer.c[step - 1]) for layer in self.layers)
        return States(layers, self.means[step - 1])


def sigmoid(z: Array) -> Array:
    """The logistic function, in a form that no argument makes overflow."""
    posteriors: Array = 0.5 * (1.0 + np.tanh(0.5 * z))
    return posteriors


def zero_states(network: Network) -> States:
    """Returns the states before the first frame of a recording."""
    layers = tuple((np.zeros(layer.units), np.zeros(layer.units)) for layer in network.layers)
    return States(layers, np.zeros(0 if network.pcen is None else network.bands))


def forward(
    network: Network,
    frames: NDArray[np.floating[Any]],
    *,
    before: States | None = None,
    interventions: Sequence[Intervention] = (),
) -> Trace:
    """Runs the network over frames.

    Args:
        network: the weights.
        frames: log-mel ``(steps, bands)``.
        before: the states before the first of them; None is the start of a recording: zeros.
        interventions: what is changed inside meanwhile.

    Raises:
        ShapeError: when the frames do not fit the network.
        ConfigError: when an intervention is about a layer or a unit that there is not.
    """
    if frames.ndim != 2 or frames.shape[1] != network.bands:
        raise ShapeError(f"frames must have the shape (steps, {network.bands}); received {frames.shape}")
    beyond = [one.layer for one in interventions if one.layer >= len(network.layers)]
    if beyond:
        raise ConfigError(f"intervention: there are layers 0 to {len(network.layers) - 1}; received {beyond[0]}")
    states = zero_states(network) if before is None else before
    heard = x = frames.astype(np.float64)
    means = np.empty((len(heard), 0))
    if network.pcen is not None:
        x, means = network.pcen.run(heard, states.mean)
    traces = []
    for index, layer in enumerate(network.layers):
        plan = Plan(interventions, index, layer.units)
        traces.append(_run_layer(layer, x, states.layers[index], plan))
        x = traces[-1].h
    return Trace(heard, states, tuple(traces), x @ network.output + network.offset, means)


def _run_layer(layer: Layer, x: Array, before: tuple[Array, Array], plan: Plan) -> LayerTrace:
    n_steps, n = len(x), layer.units
    projected = x @ layer.kernel + layer.bias
    kept = np.empty((6, n_steps, n))
    h, c = before
    for step in range(n_steps):
        z = projected[step] + h @ layer.recurrent
        # One tanh for all four: σ(z) = (1 + tanh(z/2))/2.
        z[: 2 * n] *= 0.5
        z[3 * n :] *= 0.5
        z = np.tanh(z)
        i = plan.force("input", step, 0.5 + 0.5 * z[:n])
        f = plan.force("forget", step, 0.5 + 0.5 * z[n : 2 * n])
        candidate = z[2 * n : 3 * n]
        o = plan.force("output", step, 0.5 + 0.5 * z[3 * n :])
        c_next = plan.hold(step, f * c + i * candidate, c)
        h = plan.hold(step, o * np.tanh(c_next), h)
        c = c_next
        kept[:, step] = i, f, candidate, o, c, h
    return LayerTrace(*kept)
