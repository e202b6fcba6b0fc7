"""The sequence model: log-mel frames in, one logit per frame out."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from vad.config.model import ModelConfig
from vad.errors import ConfigError, ShapeError
from vad.models.cells import build_layer, is_keras_own, layer_recurrence, recurrence_of
from vad.models.pcen import DEVIATION, MEAN, MEAN_STATE, PCEN, Pcen


@keras.saving.register_keras_serializable("vad")
class FrameNormalization(keras.layers.Layer):  # type: ignore[misc]
    """Subtracts a mean and divides by a standard deviation per mel band: numbers of the training set, not learnt.

    Never numbers of the clip at hand: those are not known yet while it streams.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the statistics, neutral until they are set."""
        size = (input_shape[-1],)
        self.mean = self.add_weight(name="mean", shape=size, initializer="zeros", trainable=False)
        self.std = self.add_weight(name="std", shape=size, initializer="ones", trainable=False)

    def set_statistics(self, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        """Stores the statistics.

        Args:
            mean: float32 ``(n_mels,)``.
            std: float32 ``(n_mels,)``, positive.

        Raises:
            ShapeError: another shape, or a deviation that is not positive and finite.
        """
        for name, value in (("mean", mean), ("std", std)):
            if value.shape != tuple(self.mean.shape):
                raise ShapeError(f"normalization {name} must be {tuple(self.mean.shape)}; received {value.shape}")
        if not (np.isfinite(mean).all() and np.isfinite(std).all() and (std > 0).all()):
            raise ShapeError(f"normalization needs a finite mean and a positive std; received {mean}, {std}")
        self.mean.assign(mean)
        self.std.assign(std)

    def call(self, inputs: Any) -> Any:
        """Returns the normalised frames, in the shape of `inputs`."""
        mean = keras.ops.cast(self.mean, inputs.dtype)
        return (inputs - mean) / keras.ops.cast(self.std, inputs.dtype)


def build_model(
    config: ModelConfig, n_features: int, *, use_cudnn: bool | str = "auto", stateful_io: bool = False
) -> keras.Model:
    """Builds the sequence model.

    Layers of plain LSTM and GRU keep to what the cuDNN kernel accepts: tanh and sigmoid, bias, no recurrent dropout,
    not unrolled, no mask (excerpts are right-padded and the loss is weighted instead).

    Args:
        config: the network.
        n_features: mel bands of a frame.
        use_cudnn: as Keras has it: ``"auto"``, ``True`` (fail when it cannot run) or ``False`` (for export).
        stateful_io: the model also takes each layer's state and returns the new one, for training across the
            edges of excerpts.

    Returns:
        A model from float32 ``(batch, time, n_features)`` to logits ``(batch, time)``; with `stateful_io` from
        ``[frames, h_0, c_0, …]`` to ``[logits, h_0, c_0, …]``, states ``(batch, width)`` in the order of
        `state_sizes`. Layers are named ``pcen`` (where there is one), ``normalization``, ``lstm_0`` … (after the cell),
        ``logits``.

    Raises:
        ConfigError: a bidirectional network has no state to take or return.
    """
    if stateful_io and config.bidirectional:
        raise ConfigError("model.bidirectional: the way back begins at the end of an excerpt, no state can be carried")
    frames = keras.Input((None, n_features), name="features")
    states_in: list[Any] = []
    states_out: list[Any] = []
    x = frames
    if config.compression != "log":
        states_in += [keras.Input((n_features,), name=MEAN_STATE)] if stateful_io else []
        changes, running_mean = Pcen(config.smoothing_frames, name=PCEN)(frames, *states_in)
        x = changes if config.compression == "pcen" else keras.ops.concatenate([frames, changes], axis=-1)
        states_out.append(running_mean)
    x = FrameNormalization(name="normalization")(x)
    for index in range(config.layers):
        dropout = config.dropout if index else 0.0
        if dropout and not is_keras_own(config):
            # One mask for all steps of a sequence, as Keras' own layers have it.
            x = keras.layers.Dropout(dropout, noise_shape=(None, 1, None), name=f"dropout_{index}")(x)
        name = f"{config.cell}_{index}"
        layer = build_layer(config, name, dropout=dropout, use_cudnn=use_cudnn, return_state=stateful_io)
        if config.bidirectional:
            layer = keras.layers.Bidirectional(layer, name=name)
        if stateful_io:
            sizes = recurrence_of(config).state_sizes
            state = [keras.Input((size,), name=f"{kind}_{index}") for kind, size in sizes.items()]
            x, *new_state = layer(x, initial_state=state)
            states_in += state
            states_out += new_state
        else:
            x = layer(x)
    # The logits stay in float32 under mixed precision: the loss takes their exponential.
    logits = keras.ops.squeeze(keras.layers.Dense(1, dtype="float32", name="logits")(x), axis=-1)
    if stateful_io:
        return keras.Model([frames, *states_in], [logits, *states_out], name="vad")
    return keras.Model(frames, logits, name="vad")


def recurrent_layers(model: keras.Model) -> list[keras.layers.RNN | keras.layers.Bidirectional]:
    """Returns the recurrent layers of a model from the input up."""
    return [layer for layer in model.layers if isinstance(layer, keras.layers.RNN | keras.layers.Bidirectional)]


def pcen_layer(model: keras.Model) -> Pcen | None:
    """Returns the layer that compresses a model's frames, where it has one."""
    return next((layer for layer in model.layers if isinstance(layer, Pcen)), None)


def set_statistics(model: keras.Model, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
    """Normalises a model's inputs by the statistics of its log-mel frames, and what PCEN makes of them by its own.

    Args:
        model: from `build_model`.
        mean: float32 ``(n_mels,)``.
        std: float32 ``(n_mels,)``, positive.

    Raises:
        ShapeError: as `FrameNormalization.set_statistics` has it.
    """
    layer = model.get_layer("normalization")
    if pcen_layer(model) is not None:
        own = np.full_like(mean, MEAN), np.full_like(std, DEVIATION)
        # Without log-mel frames beside, PCEN's are all there are: the last.
        start = 2 * len(mean) - layer.mean.shape[0]
        mean, std = np.concatenate([mean, own[0]])[start:], np.concatenate([std, own[1]])[start:]
    layer.set_statistics(mean, std)


def state_sizes(model: keras.Model) -> dict[str, int]:
    """Returns the widths of what a causal model carries, by name: ``m`` of PCEN, ``h_0``, ``c_0``, ``h_1``, …."""
    pcen = pcen_layer(model)
    own = {} if pcen is None else {MEAN_STATE: pcen.smoothing.shape[0]}
    return own | {
        f"{kind}_{index}": size
        for index, layer in enumerate(recurrent_layers(model))
        for kind, size in layer_recurrence(layer).state_sizes.items()
    }
