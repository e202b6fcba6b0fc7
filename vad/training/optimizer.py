"""AdamW under a cosine schedule with a warm-up."""

from __future__ import annotations

import keras

from vad.config.training import OptimizerConfig
from vad.errors import ConfigError


def check_warm_up(config: OptimizerConfig, total_steps: int) -> None:
    """Refuses a warm-up that a training of so many steps does not get past.

    Raises:
        ConfigError: the warm-up is not shorter than the training.
    """
    if config.warmup_steps >= total_steps:
        raise ConfigError(
            f"training.optimizer.warmup_steps must be below the {total_steps} steps of this training; "
            f"received {config.warmup_steps}: lower it, or raise training.epochs or data.hours.train"
        )


def build_optimizer(config: OptimizerConfig, total_steps: int, *, loss_scaling: bool = False) -> keras.Optimizer:
    """Builds the optimizer of a whole training.

    Gradients are clipped by the training step, not here: the optimizer of each GPU sees only its share of a batch.

    Args:
        config: rates and decay.
        total_steps: steps of the training, warm-up included.
        loss_scaling: wrap it for float16 gradients, which would vanish unscaled.

    Raises:
        ConfigError: as `check_warm_up`.
    """
    check_warm_up(config, total_steps)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if config.warmup_steps else config.learning_rate,
        decay_steps=total_steps - config.warmup_steps,
        alpha=config.final_learning_rate,
        warmup_target=config.learning_rate if config.warmup_steps else None,
        warmup_steps=config.warmup_steps,
    )
    optimizer = keras.optimizers.AdamW(learning_rate=schedule, weight_decay=config.weight_decay)
    # Vectors shift and scale single units; shrinking them keeps no network simple.
    optimizer.exclude_from_weight_decay(var_names=["bias", "gain", "offset", "peephole"])
    return keras.optimizers.LossScaleOptimizer(optimizer) if loss_scaling else optimizer
