"""What the variants cost: training steps and steps of the exported model, in turns on one machine."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from vad.artifact import Artifact, Metadata
from vad.config import Config, StudyConfig
from vad.config.model import Cell
from vad.export.convert import convert_step_model, signature_table
from vad.models import StepModel, build_model
from vad.runtime import Session
from vad.study.results import SpeedResult
from vad.study.speech import variant_config
from vad.training.learner import Learner, choose_strategy

_FRAMES_PER_CALL = (1, 32)
_WARM_STEPS = 2

Timed = Callable[[], float]
"""Does its work once and returns the seconds of processor time that it took."""


def measure_speed(study: StudyConfig, base: Config) -> SpeedResult:
    """Measures all variants of a study.

    What is timed is processor time of this process, which has one thread: what else the machine does costs no variant
    its turn. It still costs caches and clock rate; so a turn times each variant once, one right after the other, and
    what a variant took is told against the first one of the same turn.

    Args:
        study: the study.
        base: config of its trainings on speech: sizes of network, batch and excerpt.
    """
    keras.backend.clear_session()
    rows, frames = base.data.pipeline.batch_size, _frames_of_step(base)
    training = {v: _training(variant_config(base, v, 0), (rows, frames), study.speed.steps) for v in study.variants}
    seconds = _in_turns(training, study.speed.rounds)
    per_step = rows * frames * study.speed.steps
    reference: Cell = "lstm" if "lstm" in study.variants else study.variants[0]
    relative: dict[str, tuple[float, float, float]] = {
        variant: _quartiles([first / own for first, own in zip(seconds[reference], found, strict=True)])
        for variant, found in seconds.items()
    }
    steps: dict[str, dict[str, float]] = {str(k): {} for k in _FRAMES_PER_CALL}
    sessions = {v: _session(variant_config(base, v, 0)) for v in study.variants}
    for k in _FRAMES_PER_CALL:
        calls = {v: _calls(session, k, study.speed.frames) for v, session in sessions.items()}
        for variant, found in _in_turns(calls, study.speed.rounds).items():
            steps[str(k)][variant] = round(statistics.median(found) / study.speed.frames * 1e6, 3)
    return SpeedResult(
        frames_per_s={variant: round(per_step / statistics.median(found)) for variant, found in seconds.items()},
        relative=relative,
        step_us=steps,
        batch=(rows, frames),
        machine=f"one thread of {platform.machine()}, TensorFlow {tf.__version__}, Keras {keras.__version__}",
    )


def _in_turns(work: dict[Cell, Timed], rounds: int) -> dict[Cell, list[float]]:
    seconds: dict[Cell, list[float]] = {variant: [] for variant in work}
    for _ in range(rounds):
        for variant, timed in work.items():
            seconds[variant].append(timed())
    return seconds


def _quartiles(values: list[float]) -> tuple[float, float, float]:
    low, middle, high = np.percentile(values, [25, 50, 75])
    return round(float(low), 3), round(float(middle), 3), round(float(high), 3)


def _frames_of_step(base: Config) -> int:
    crop = base.data.pipeline.crop_s
    return base.features.grid.frames_in(base.data.mixing.excerpt_s if crop is None else crop)


def _training(config: Config, shape: tuple[int, int], steps: int) -> Timed:
    """Returns whole training steps, as `vad train` has them, on random frames."""
    learner = Learner(config, total_steps=1_000_000, strategy=choose_strategy(config.training))
    rng = np.random.default_rng(0)
    features = tf.constant(rng.standard_normal((*shape, config.features.n_mels), np.float32))
    labels = tf.cast(features[..., 0] > 0, tf.float32)
    batch: list[Any] = [features, labels, tf.ones_like(labels)]
    if config.training.carry_state:
        batch.append(tf.zeros(shape[0]))

    def timed(count: int = steps) -> float:
        begun = time.process_time()
        for _ in range(count):
            loss = learner.step(batch)[0]
        float(loss)
        return time.process_time() - begun

    timed(_WARM_STEPS)
    return timed


def _session(config: Config) -> Session:
    """Returns the exported step model of a fresh network; it takes frames, for the front-end is no cell's affair."""
    model = build_model(config.model, config.features.n_mels, use_cudnn=False)
    step_model = StepModel(model, config.features, source="features")
    metadata = Metadata(
        features=config.features,
        lookahead_frames=config.model.lookahead_frames,
        states=step_model.state_shapes,
        signatures=signature_table(_FRAMES_PER_CALL, "features"),
        input="features",
    )
    return Session(Artifact(metadata, convert_step_model(step_model, _FRAMES_PER_CALL), config.model.cell))


def _calls(session: Session, frames_per_call: int, frames: int) -> Timed:
    """Returns calls of one signature over so many random frames, the state carried."""
    run = session.runner(f"features_{frames_per_call}")
    n_mels = session.artifact.metadata.features.n_mels
    piece = np.random.default_rng(0).standard_normal((1, frames_per_call, n_mels), np.float32)

    def timed() -> float:
        state = session.new_state()
        begun = time.process_time()
        for _ in range(frames // frames_per_call):
            results = run(features=piece, **state)
            del results["posteriors"]
            state = results
        return time.process_time() - begun

    timed()
    return timed
