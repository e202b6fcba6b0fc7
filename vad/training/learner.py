"""The network while it learns: weights, optimizer, averaged weights, carried state, and one training step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from vad.config import Config
from vad.config.training import TrainingConfig
from vad.errors import ModelError
from vad.models import build_model, set_statistics, state_sizes
from vad.training.checkpoint import Arrays
from vad.training.loss import distilled, frame_losses, frame_weights
from vad.training.optimizer import build_optimizer
from vad.training.teacher import Teacher


def choose_strategy(config: TrainingConfig) -> tf.distribute.Strategy:
    """Returns how batches are spread over devices: all GPUs where there are several, else one device."""
    gpus = tf.config.list_logical_devices("GPU")
    if config.strategy == "mirrored":
        devices = gpus if gpus else tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    if config.strategy == "auto" and len(gpus) > 1:
        return tf.distribute.MirroredStrategy([device.name for device in gpus])
    # Not OneDeviceStrategy: the default one places on the first GPU by itself and costs nothing.
    return tf.distribute.get_strategy()


def uses_float16(config: TrainingConfig) -> bool:
    """Whether this training computes in float16."""
    return config.mixed_precision == "auto" and bool(tf.config.list_logical_devices("GPU"))


class Learner:
    """Everything that a training step changes.

    Args:
        config: of the training.
        total_steps: length of the schedule.
        strategy: where it runs.

    Attributes:
        model: the network that learns, with state inputs and outputs when state is carried.
        scales_loss: whether losses are scaled for float16; a step whose gradient overflows then changes nothing.
    """

    def __init__(self, config: Config, *, total_steps: int, strategy: tf.distribute.Strategy) -> None:
        self._config = config.training
        self._strategy = strategy
        self.scales_loss = uses_float16(config.training)
        self._frames_per_s = config.features.sample_rate / config.features.hop_length
        with strategy.scope(), _dtype_policy("mixed_float16" if self.scales_loss else "float32"):
            self.model = build_model(config.model, config.features.n_mels, stateful_io=config.training.carry_state)
            self._optimizer = build_optimizer(config.training.optimizer, total_steps, loss_scaling=self.scales_loss)
            self._optimizer.build(self.model.trainable_variables)
            self._averages = [tf.Variable(v.numpy(), trainable=False) for v in self.model.trainable_variables]
            self._teacher = None if config.training.teacher is None else Teacher(config, config.training.teacher)
        self._state_sizes = list(state_sizes(self.model).values()) if config.training.carry_state else []
        self._own_states = len(self._state_sizes)
        if self._teacher is not None:
            self._state_sizes += self._teacher.state_sizes
        self._states: list[Any] = []
        self._compiled = tf.function(self._run, reduce_retracing=True)

    def set_statistics(self, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        """Stores the normalisation of the training set."""
        with self._strategy.scope():
            set_statistics(self.model, mean, std)

    def begin_with(self, weights: Sequence[NDArray[np.float32]]) -> None:
        """Takes the weights of another network of the same shape, its normalisation among them."""
        with self._strategy.scope():
            self.model.set_weights(weights)
            for average, variable in zip(self._averages, self.model.trainable_variables, strict=True):
                average.assign(variable)

    @property
    def steps(self) -> int:
        """Optimizer steps done."""
        return int(self._inner.iterations.numpy())

    @property
    def learning_rate(self) -> float:
        """Of the step done last."""
        schedule = self._inner._learning_rate
        return float(keras.ops.convert_to_numpy(schedule(max(self.steps - 1, 0))))

    @property
    def _inner(self) -> keras.Optimizer:
        return getattr(self._optimizer, "inner_optimizer", self._optimizer)

    def step(self, batch: Sequence[Any]) -> tuple[Any, Any, Any]:
        """Takes one optimizer step.

        Args:
            batch: features float32 ``(batch, time, n_mels)``, labels and weights float32 ``(batch, time)``; when state
                is carried also resets ``(batch,)``, 1 or True where a sequence begins.

        Returns:
            Scalars, still on their device: the sum of weighted losses, the sum of weights, the gradient norm.
        """
        if self._config.carry_state and not self._states:
            self._states = self._zero_states(batch[0])
        loss, weight, norm, self._states = self._compiled(tuple(batch), self._states)
        return loss, weight, norm

    def forget(self) -> None:
        """Begins the next batch with fresh state."""
        self._states = []

    def averaged_weights(self) -> list[NDArray[np.float32]]:
        """Returns the weights to score and keep, in the order of `keras.Model.get_weights` without state."""
        averages = iter(self._averages)
        trainable = {id(v) for v in self.model.trainable_variables}
        kept = [next(averages) if id(v) in trainable else v for v in self.model.weights]
        return [np.asarray(v.numpy()) for v in kept]

    # --- one step -----------------------------------------------------------------------------------------------

    def _run(self, batch: tuple[Any, ...], states: list[Any]) -> tuple[Any, Any, Any, list[Any]]:
        loss, weight, norm, states = self._strategy.run(self._replica_step, args=(batch, states))
        self._update_averages()
        total = self._strategy.reduce(tf.distribute.ReduceOp.SUM, loss, axis=None)
        # The other two are the same on every replica, being reduced already.
        first = self._strategy.experimental_local_results
        return total, first(weight)[0], first(norm)[0], states

    def _replica_step(self, batch: tuple[Any, ...], states: list[Any]) -> tuple[Any, Any, Any, list[Any]]:
        features, labels, weights, *resets = batch
        weights = frame_weights(labels, weights, self._config.loss, self._frames_per_s)
        states = self._kept(states, resets)
        context = tf.distribute.get_replica_context()
        total_weight = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.reduce_sum(weights))
        with tf.GradientTape() as tape:
            logits, new_states = self._forward(features, states[: self._own_states])
            losses = frame_losses(labels, logits, self._config.loss)
            if self._teacher is not None:
                taught, share, teacher_states = self._teacher.teach(features, states[self._own_states :])
                temperature = self._config.teacher_temperature
                losses = distilled(losses, logits, taught, share=share, temperature=temperature)
                new_states += teacher_states
            loss = tf.reduce_sum(weights * losses)
            # Divided by the weight of the whole batch, so that the gradients of the replicas add up to its mean.
            scaled = self._optimizer.scale_loss(loss / tf.maximum(total_weight, 1.0))
        variables = [v.value for v in self.model.trainable_variables]
        gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, tape.gradient(scaled, variables))
        norm = self._apply(gradients)
        return loss, total_weight, norm, new_states

    def _kept(self, states: list[Any], resets: list[Any]) -> list[Any]:
        if not self._config.carry_state:
            return []
        kept = 1.0 - tf.cast(tf.reshape(resets[0], [-1, 1]), tf.float32)
        return [state * kept for state in states]

    def _forward(self, features: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        if not self._config.carry_state:
            return self.model(features, training=True), []
        logits, *new_states = self.model([features, *states], training=True)
        # Truncated here: gradients end at the edge of the excerpt, the state goes on.
        return logits, [tf.stop_gradient(tf.cast(state, tf.float32)) for state in new_states]

    def _apply(self, gradients: list[Any]) -> Any:
        """Clips by the norm of the whole batch's gradient and steps; returns that norm."""
        scale = self._optimizer.scale_loss(tf.constant(1.0))
        norm = tf.linalg.global_norm(gradients)
        if self._config.optimizer.clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, self._config.optimizer.clip_norm * scale, use_norm=norm)
        # The optimizer adds up the gradients of the replicas, and these are added up already.
        shares = [gradient / self._strategy.num_replicas_in_sync for gradient in gradients]
        self._optimizer.apply(shares, self.model.trainable_variables)
        return norm / scale

    def _update_averages(self) -> None:
        done = tf.cast(self._inner.iterations.value, tf.float32)
        # Grows to its final value, or the random start would weigh in for thousands of steps.
        decay = tf.minimum(self._config.ema_decay, (1.0 + done) / (10.0 + done))
        for average, variable in zip(self._averages, self.model.trainable_variables, strict=True):
            self._strategy.extended.update(average, _move_towards, args=(variable.value, decay), group=False)

    # --- state and checkpoints ----------------------------------------------------------------------------------

    def _zero_states(self, features: Any) -> list[Any]:
        rows = [int(part.shape[0]) for part in self._strategy.experimental_local_results(features)]
        return [self._spread(np.zeros((sum(rows), size), np.float32), rows) for size in self._state_sizes]

    def _spread(self, value: NDArray[np.float32], rows: Sequence[int]) -> Any:
        """Returns rows of `value` where the replicas hold them."""
        if self._strategy.num_replicas_in_sync == 1:
            return tf.constant(value)
        parts = np.split(value, np.cumsum(rows)[:-1])
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(parts[context.replica_id_in_sync_group])
        )

    def _variables(self) -> Iterator[tuple[str, Any]]:
        yield from ((f"model/{index}", v) for index, v in enumerate(self.model.variables))
        yield from ((f"optimizer/{index}", v) for index, v in enumerate(self._optimizer.variables))
        yield from ((f"average/{index}", v) for index, v in enumerate(self._averages))

    def arrays(self) -> Arrays:
        """Returns everything that the next step depends on, by name."""
        arrays: Arrays = {name: np.asarray(variable.numpy()) for name, variable in self._variables()}
        for index, state in enumerate(self._states):
            parts = [part.numpy() for part in self._strategy.experimental_local_results(state)]
            arrays[f"state/{index}"] = np.concatenate(parts)
            arrays["state_rows"] = np.array([len(part) for part in parts])
        return arrays

    def restore(self, arrays: Arrays) -> None:
        """Takes back what `arrays` gave.

        Raises:
            ModelError: they come from another network.
        """
        for name, variable in self._variables():
            if name not in arrays or arrays[name].shape != tuple(variable.shape):
                found = arrays[name].shape if name in arrays else "nothing"
                raise ModelError(f"checkpoint: {name} must be {tuple(variable.shape)}; found {found}")
            variable.assign(arrays[name])
        rows = arrays.get("state_rows")
        if rows is not None:
            names = [f"state/{index}" for index in range(len(self._state_sizes))]
            self._states = [self._spread(arrays[name].astype(np.float32), rows.tolist()) for name in names]


def _move_towards(average: Any, value: Any, decay: Any) -> Any:
    return average.assign(decay * average + (1.0 - decay) * value)


@contextmanager
def _dtype_policy(name: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


__all__ = ["Learner", "choose_strategy", "uses_float16"]
