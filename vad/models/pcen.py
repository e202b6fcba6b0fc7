"""Per-channel energy normalisation: in every band, the power now against what it was of late.

What is steady in a band goes, whatever its level; what changes stays. With P the mel power of a frame, M its running
mean and s the share of the newest frame::

    M_t = (1 - s)·M_{t-1} + s·P_t,    M_0 = 0                                              (1)
    y_t = log(1 + P_t / M_t)                                                               (2)

which is `librosa.pcen` with ``gain=1, power=0, zi=0``: as M holds s·P itself, y lies between 0 and log(1 + 1/s). P has
the floor of the front-end's logarithm in it, so that what lies below the floor stays silence.

References:
    Wang, Getreuer, Hughes, Lyon, Saurous (2017): Trainable frontend for robust and far-field keyword spotting.
    arXiv:1607.05666, equations 1 and 2. Lostanlen et al. (2019): Per-channel energy normalization: why and how.
"""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

# Names of the layer, and of its running mean among the states of a network.
PCEN, MEAN_STATE = "pcen", "m"
# A window is smoothed in blocks of this length, each one product.
_BLOCK = 64
# Mean and deviation of (2) where a sound is neither silence nor at its very start: numbers of no training set, for the
# level has gone already.
MEAN, DEVIATION = 0.7, 0.5


def smoothing_share(frames: float) -> float:
    """Returns s of a running mean that remembers about so many frames, as librosa has it."""
    return (math.sqrt(1.0 + 4.0 * frames**2) - 1.0) / (2.0 * frames**2)


def smoothing_frames(share: float) -> float:
    """Returns how many frames a running mean with s = `share` remembers: what `smoothing_share` was made from."""
    return math.sqrt(1.0 - share) / share


@keras.saving.register_keras_serializable("vad")
class Pcen(keras.layers.Layer):  # type: ignore[misc]
    """Equations (1) and (2) over a window, and the running mean handed on.

    Args:
        frames: how many frames the running mean remembers.
    """

    def __init__(self, frames: float, **options: Any) -> None:
        # A running mean of powers leaves the range of half precision.
        super().__init__(**{**options, "dtype": "float32"})
        self.frames = frames

    def build(self, frames_shape: tuple[int | None, ...], state_shape: tuple[int | None, ...] | None = None) -> None:
        """Creates s of every band; not learnt."""
        share = keras.initializers.Constant(smoothing_share(self.frames))
        self.smoothing = self.add_weight(name="smoothing", shape=frames_shape[-1:], initializer=share, trainable=False)

    def call(self, frames: Any, state: Any = None) -> tuple[Any, Any]:
        """Normalises log-mel frames.

        Args:
            frames: log-mel ``(batch, time, n_mels)``.
            state: the running mean before them, ``(batch, n_mels)``; None before the first frame: zeros.

        Returns:
            y of (2), in the shape of `frames`, and the running mean after them.
        """
        power = ops.exp(frames)
        mean = smoothed(power, ops.zeros_like(power[:, 0]) if state is None else state, self.smoothing)
        return compressed(power, mean), mean[:, -1]

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments."""
        options: dict[str, Any] = super().get_config()
        return options | {"frames": self.frames}


def compressed(power: Any, mean: Any) -> Any:
    """Returns y of (2)."""
    return ops.log(1.0 + power / mean)


def smoothed(power: Any, before: Any, share: Any) -> Any:
    """Returns M of (1) at every step of a window, without a loop: GPUs have no patience for one.

    Args:
        power: P, float32 ``(batch, time, n_mels)``.
        before: M before the window, ``(batch, n_mels)``.
        share: s, ``(n_mels,)``.
    """
    length, bands = ops.shape(power)[1], power.shape[-1]
    count = (length + _BLOCK - 1) // _BLOCK
    padded = ops.pad(power, ((0, 0), (0, count * _BLOCK - length), (0, 0)))
    blocks = ops.reshape(padded, (-1, count, _BLOCK, bands))
    inside = ops.einsum("bij,rkjb->rkib", _decays(_BLOCK, share), blocks) * share
    # What each block starts from: what those before it end with, the further back the less.
    ends = ops.concatenate([before[:, None], inside[:, :-1, -1]], axis=1)
    starts = ops.einsum("bij,rjb->rib", _decays(count, 1.0 - (1.0 - share) ** _BLOCK), ends)
    fading = (1.0 - share) ** ops.reshape(ops.arange(1, _BLOCK + 1, dtype="float32"), (-1, 1))
    return ops.reshape(inside + fading * starts[:, :, None], (-1, count * _BLOCK, bands))[:, :length]


def _decays(count: Any, share: Any) -> Any:
    """Returns float32 ``(n_mels, count, count)``: what is left in step i of what came in at step j."""
    steps = ops.arange(count, dtype="float32")
    age = steps[:, None] - steps[None, :]
    left = (1.0 - share)[:, None, None] ** ops.maximum(age, 0.0)
    return ops.where(age >= 0.0, left, 0.0)
