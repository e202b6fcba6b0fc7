"""The step model and the sequence model are one network."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import tensorflow as tf

from vad.config.model import ModelConfig
from vad.features.offline import log_mel
from vad.features.spec import FeatureSpec
from vad.models import StepModel, build_model

SPEC = FeatureSpec()


def _model(layers: int = 2) -> object:
    tf.keras.utils.set_random_seed(3)
    model = build_model(ModelConfig(units=16, layers=layers), SPEC.n_mels, use_cudnn=False)
    rng = np.random.default_rng(0)
    model.get_layer("normalization").set_statistics(
        rng.normal(-6, 1, SPEC.n_mels).astype(np.float32), rng.uniform(2, 4, SPEC.n_mels).astype(np.float32)
    )
    return model


def _run(step: StepModel, audio: np.ndarray, frames_per_call: int) -> np.ndarray:
    call = step.signature(frames_per_call)
    states = {name: tf.zeros(shape) for name, shape in step.state_shapes.items()}
    posteriors = []
    advance = frames_per_call * SPEC.hop_length
    for begin in range(0, len(audio) - SPEC.grid.samples_for(frames_per_call) + 1, advance):
        piece = audio[begin : begin + SPEC.grid.samples_for(frames_per_call)]
        out = dict(call(audio=tf.constant(piece[np.newaxis]), **states))
        posteriors.append(out.pop("posteriors").numpy()[0])
        states = out
    return np.concatenate(posteriors)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("frames_per_call", [1, 7])
def test_step_model_gives_the_sequence_models_posteriors(layers: int, frames_per_call: int) -> None:
    audio = np.random.default_rng(1).normal(0, 0.1, SPEC.grid.samples_for(70)).astype(np.float32)
    model = _model(layers)
    logits = np.asarray(model(log_mel(audio, SPEC)[np.newaxis]))[0]
    posteriors = _run(StepModel(model, SPEC), audio, frames_per_call)
    np.testing.assert_allclose(posteriors, 1 / (1 + np.exp(-logits)), atol=2e-6)


def test_state_shapes_follow_the_layers() -> None:
    shapes = StepModel(_model(2), SPEC).state_shapes
    assert shapes == {"h_0": (1, 16), "c_0": (1, 16), "h_1": (1, 16), "c_1": (1, 16)}
