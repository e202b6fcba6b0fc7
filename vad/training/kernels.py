"""Which kernel a recurrent layer runs on, and why.

Keras falls back to its generic loop without a word when a layer breaks one of the rules of the cuDNN kernel; on a GPU
that costs a factor of ten. So the rules are checked here one by one and the answer is said aloud.

References:
    keras/src/layers/rnn/lstm.py and gru.py (the list of requirements), keras/src/backend/tensorflow/rnn.py
    (``_do_lstm_arguments_support_cudnn``, ``_do_gru_arguments_support_cudnn``, ``cudnn_ok``).
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import tensorflow as tf

from vad.models import recurrent_layers
from vad.models.cells import RecurrentCell


@dataclass(frozen=True, slots=True)
class KernelChoice:
    """The kernel of one recurrent layer.

    Attributes:
        layer: its name.
        kernel: ``cuDNN`` or ``generic``.
        violations: the rules of cuDNN that the layer itself breaks; empty when any GPU could run it.
        reason: why this kernel, in a sentence.
    """

    layer: str
    kernel: str
    violations: tuple[str, ...]
    reason: str

    def __str__(self) -> str:
        """Returns the line that training prints."""
        return f"{self.layer}: {self.kernel} kernel ({self.reason})"


def kernel_choices(model: keras.Model) -> list[KernelChoice]:
    """Returns the kernel of every recurrent layer of a model, from the input up."""
    return [_choose(layer) for layer in recurrent_layers(model)]


def cudnn_violations(layer: keras.layers.Layer) -> tuple[str, ...]:
    """Names every rule of the cuDNN kernel that a recurrent layer breaks.

    That masks are right-padded cannot be seen on a layer: the models of this package pass none.

    Args:
        layer: any layer derived from `keras.layers.RNN`, or one that is `keras.layers.Bidirectional`.
    """
    if isinstance(layer, keras.layers.Bidirectional):
        # Both directions are of one kind.
        return cudnn_violations(layer.forward_layer)
    if not isinstance(layer, keras.layers.LSTM | keras.layers.GRU):
        cell = getattr(layer, "cell", None)
        kind = f"the cell {cell.recurrence}" if isinstance(cell, RecurrentCell) else type(layer).__name__
        return (f"only keras.layers.LSTM and GRU have a cuDNN kernel; received {kind}",)
    rules = [
        (layer.activation is keras.activations.tanh, "activation must be tanh", _name(layer.activation)),
        (
            layer.recurrent_activation is keras.activations.sigmoid,
            "recurrent_activation must be sigmoid",
            _name(layer.recurrent_activation),
        ),
        (not layer.recurrent_dropout, "recurrent_dropout must be 0", layer.recurrent_dropout),
        (not layer.unroll, "unroll must be False", layer.unroll),
        (layer.use_bias, "use_bias must be True", layer.use_bias),
    ]
    if isinstance(layer, keras.layers.GRU):
        rules.append((layer.reset_after, "reset_after must be True", layer.reset_after))
    return tuple(f"{rule}; received {value}" for kept, rule, value in rules if not kept)


def _choose(layer: keras.layers.Layer) -> KernelChoice:
    violations = cudnn_violations(layer)
    if violations:
        return KernelChoice(layer.name, "generic", violations, "; ".join(violations))
    one = layer.forward_layer if isinstance(layer, keras.layers.Bidirectional) else layer
    if one.use_cudnn is False:
        return KernelChoice(layer.name, "generic", (), "built with use_cudnn=False; it keeps every rule of cuDNN")
    if not tf.config.list_logical_devices("GPU"):
        return KernelChoice(layer.name, "generic", (), "no GPU is visible; it keeps every rule of cuDNN")
    return KernelChoice(layer.name, "cuDNN", (), "a GPU is visible and it keeps every rule of cuDNN")


def _name(activation: object) -> str:
    return str(getattr(activation, "__name__", activation))
