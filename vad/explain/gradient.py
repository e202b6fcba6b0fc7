"""What the logit of one step owes to each band of each frame before: back-propagation through time, by hand.

With δ for the derivative of the logit by a quantity, from the last step back, equation numbers as in
`vad.explain.forward`:

    δo = δh∘tanh(c')                    by (6)
    δc' += δh∘o∘(1 - tanh²(c'))         by (6)
    δi = δc'∘c̃, δc̃ = δc'∘i              by (5)
    δf = δc'∘c, δc = δc'∘f              by (5): what the memory carries back
    δz of each gate by (1) to (4), δx = δz·Wᵀ, δh of the step before = δz·Uᵀ

and at last through what `vad.explain.pcen` makes of the frames, where a network has it.

References:
    Werbos (1990): Backpropagation through time: what it does and how to do it. Proceedings of the IEEE 78(10).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vad.errors import ConfigError
from vad.explain.forward import LayerTrace, Trace
from vad.explain.network import Layer, Network

__all__ = ["PER_DB", "saliency"]

Array = NDArray[np.float64]

PER_DB = float(np.log(10) / 10)
"""What a decibel is in the natural logarithm of a power: times a derivative by log-mel, it gives one by decibel."""


def saliency(network: Network, trace: Trace, step: int) -> Array:
    """Returns the gradient of a step's logit by all log-mel frames that went in until then.

    Args:
        network: the weights.
        trace: a run without interventions.
        step: whose logit.

    Returns:
        float64 ``(step + 1, bands)``, logit per natural logarithm of power; `PER_DB` makes it logit per decibel.

    Raises:
        ConfigError: when the run has no such step.
    """
    if not 0 <= step < len(trace.logits):
        raise ConfigError(f"the run has steps 0 to {len(trace.logits) - 1}; received {step}")
    top = len(network.layers) - 1
    by_output = np.zeros((step + 1, network.layers[top].units))
    by_output[step] = network.output
    for index in range(top, -1, -1):
        by_output = _through_layer(network.layers[index], trace.layers[index], trace.before.layers[index], by_output)
    if network.pcen is None:
        return by_output
    return network.pcen.back(trace.frames[: step + 1], trace.means[: step + 1], by_output)


def _through_layer(layer: Layer, trace: LayerTrace, before: tuple[Array, Array], by_h: Array) -> Array:
    """Returns the derivatives by a layer's inputs, given those by its outputs, both ``(steps, …)``."""
    n_steps, n = by_h.shape
    by_z = np.empty((n_steps, 4 * n))
    back_h, back_c = np.zeros(n), np.zeros(n)
    for step in range(n_steps - 1, -1, -1):
        i, f, candidate, o = (values[step] for values in (trace.i, trace.f, trace.candidate, trace.o))
        former = trace.c[step - 1] if step else before[1]
        bent = np.tanh(trace.c[step])
        d_h = by_h[step] + back_h
        d_c = back_c + d_h * o * (1 - bent**2)
        by_z[step, :n] = d_c * candidate * i * (1 - i)
        by_z[step, n : 2 * n] = d_c * former * f * (1 - f)
        by_z[step, 2 * n : 3 * n] = d_c * i * (1 - candidate**2)
        by_z[step, 3 * n :] = d_h * bent * o * (1 - o)
        back_c = d_c * f
        back_h = layer.recurrent @ by_z[step]
    return by_z @ layer.kernel.T
