"""The `training` section of a config: the loop, what it minimises and when it stops."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from vad.config.section import Section


class LossConfig(Section):
    """Binary cross-entropy from logits over the frames that have a label.

    Attributes:
        label_smoothing: targets are moved this far from 0 and 1 towards 0.5; takes the edge off labels that are a
            frame or two wrong at the borders of words.
        focal_gamma: 0 is plain cross-entropy; above, frames that are already right count less, by
            ``(1 - p_true) ** gamma``.
        speech_weight: weight of speech frames against others.
        boundary_weight: weight of the frames near a change of label against others; above 1 sharpens boundaries, below
            1 trusts their labels less.
        boundary_s: how far from a change they lie at the most.
    """

    label_smoothing: Annotated[float, Field(ge=0.0, lt=0.5)] = 0.0
    focal_gamma: Annotated[float, Field(ge=0.0, le=5.0)] = 0.0
    speech_weight: PositiveFloat = 1.0
    boundary_weight: NonNegativeFloat = 1.0
    boundary_s: PositiveFloat = 0.05


class OptimizerConfig(Section):
    """AdamW under a cosine schedule with a warm-up.

    Attributes:
        learning_rate: the highest, reached at the end of the warm-up.
        final_learning_rate: the last one, as a share of the highest.
        warmup_steps: steps of linear rise; at most the whole training.
        weight_decay: decoupled decay of matrices; biases, gains and peepholes are left alone.
        clip_norm: gradients are scaled down to this global norm, for LSTM gradients explode; null leaves them.
    """

    learning_rate: PositiveFloat = 2e-3
    final_learning_rate: Annotated[float, Field(ge=0.0, le=1.0)] = 0.01
    warmup_steps: NonNegativeInt = 200
    weight_decay: NonNegativeFloat = 1e-4
    clip_norm: PositiveFloat | None = 1.0


class TrainingConfig(Section):
    """How the weights are found.

    Attributes:
        epochs: passes over what `data.pipeline.epoch_hours` calls an epoch, at most; the schedule ends with the last.
        steps_per_epoch: an epoch ends after so many batches; null takes all there are.
        seed: of weights, order and augmentation, when they are to be drawn anew over the same mixtures; null takes the
            config's seed, which mixtures are always made by.
        optimizer: steps.
        loss: what they minimise.
        start_from: what the weights begin as, instead of at random, such as for recordings of one's own: those of the
            packaged model (packaged), of a float32 `.tflite`, or of a finished run directory. The network must be of
            the same kind and size, the front-end the same.
        teacher: a finished run directory whose network teaches this one: besides the labels, its posteriors of the
            same frames are learnt. It must have the same front-end; its look-ahead, cell and width may be others.
            null learns from labels alone.
        teacher_weight: share of the teacher in the loss; 1 learns from nothing else. Without effect, as is
            teacher_temperature, where there is no teacher.
        teacher_temperature: both networks' logits are divided by it where they are compared: above 1, the teacher's
            doubts tell more.
        ema_decay: an average of the weights over about ``1 / (1 - decay)`` steps is what dev scores are made with and
            what is kept; 0 keeps the weights themselves.
        patience_epochs: stop when dev ROC-AUC has not risen for so many epochs; null never stops early.
        min_rise: a rise of dev ROC-AUC below this counts as none.
        checkpoint_steps: everything needed to resume is saved this often, and after each epoch.
        carry_state: consecutive excerpts go on with the state that the ones before them left (truncated
            backpropagation through time), so that the network learns to live with a state that is hours old.
        strategy: `auto` uses all GPUs; `single` one device; `mirrored` splits batches over all devices of a kind.
        mixed_precision: `auto` computes in float16 on GPUs; `off` in float32 everywhere.
        deterministic: TensorFlow's own operations give the same bits every time; on the CPU it costs nearly nothing,
            and a resumed run can only then equal one that was never stopped.
        tensorboard: write curves for TensorBoard beside history.csv.
    """

    epochs: PositiveInt = 20
    steps_per_epoch: PositiveInt | None = None
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    optimizer: OptimizerConfig = OptimizerConfig()
    loss: LossConfig = LossConfig()
    start_from: Literal["packaged"] | Path | None = None
    teacher: Path | None = None
    teacher_weight: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5
    teacher_temperature: PositiveFloat = 1.0
    ema_decay: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.999
    patience_epochs: PositiveInt | None = 6
    min_rise: NonNegativeFloat = 1e-5
    checkpoint_steps: PositiveInt = 500
    carry_state: bool = False
    strategy: Literal["auto", "single", "mirrored"] = "auto"
    mixed_precision: Literal["auto", "off"] = "auto"
    deterministic: bool = True
    tensorboard: bool = True
