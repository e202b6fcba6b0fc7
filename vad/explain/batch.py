"""Many variants of a stretch of frames through the network at once, in float32, for their last posterior alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vad.explain.forward import Trace
from vad.explain.network import Network

__all__ = ["Batch", "Runner"]

Batch = NDArray[np.float32]


class Runner:
    """The network over many variants of one stretch at once.

    Args:
        network: the weights.
        trace: a run over the recording as it is.
        first: the step at which the stretch begins; it begins from the states that the trace has there.
    """

    def __init__(self, network: Network, trace: Trace, first: int) -> None:
        self._layers = [
            (np.concatenate([one.kernel, one.recurrent]).astype(np.float32), one.bias.astype(np.float32))
            for one in network.layers
        ]
        self._output, self._offset = network.output.astype(np.float32), np.float32(network.offset)
        before = trace.states_before(first)
        self._before = [(h.astype(np.float32), c.astype(np.float32)) for h, c in before.layers]
        self._pcen = None if network.pcen is None else network.pcen.cast(np.float32)
        self._mean = before.mean.astype(np.float32)

    def run(self, frames: Batch, restart: NDArray[np.int64] | None = None) -> Batch:
        """Returns the posterior of each variant after its last frame.

        Args:
            frames: float32 ``(variants, steps, bands)``.
            restart: at which step each variant forgets all, or None.
        """
        n = len(frames)
        states = [(np.repeat(h[np.newaxis], n, 0), np.repeat(c[np.newaxis], n, 0)) for h, c in self._before]
        mean = np.repeat(self._mean[np.newaxis], n, 0)
        for step in range(frames.shape[1]):
            x = frames[:, step]
            if restart is not None and (restart == step).any():
                kept = (restart != step).astype(np.float32)[:, np.newaxis]
                mean, states = mean * kept, [(h * kept, c * kept) for h, c in states]
            if self._pcen is not None:
                mean = self._pcen.mean(x, mean)
                x = self._pcen.inputs(x, mean)
            for index, (weights, bias) in enumerate(self._layers):
                h, c = states[index]
                units = h.shape[1]
                z = np.concatenate([x, h], axis=1) @ weights + bias
                z[:, : 2 * units] *= np.float32(0.5)
                z[:, 3 * units :] *= np.float32(0.5)
                np.tanh(z, out=z)
                i, f, candidate, o = (z[:, k * units : (k + 1) * units] for k in range(4))
                c = np.float32(0.5) * ((1 + f) * c + (1 + i) * candidate)
                x = np.float32(0.5) * (1 + o) * np.tanh(c)
                states[index] = (x, c)
        posteriors: Batch = 0.5 * (1 + np.tanh(0.5 * (x @ self._output + self._offset)))
        return posteriors
