"""Laws of the weights on their way from the sequence model to the step model and back."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import tensorflow as tf

from vad.errors import ModelError
from vad.features.offline import log_mel
from vad.features.spec import FeatureSpec
from vad.models import StepModel, StepWeights

SPEC = FeatureSpec()


def test_there_and_back_is_the_same_network(energy_model):
    weights = StepWeights.from_model(energy_model)
    again = weights.to_model(4)
    frames = np.random.default_rng(0).normal(-7, 2, (1, 50, SPEC.n_mels)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(again(frames)), np.asarray(energy_model(frames)), atol=1e-4)
    for name, array in StepWeights.from_model(again).to_named().items():
        np.testing.assert_array_equal(array, weights.to_named()[name])


def test_names_hold_everything(energy_model):
    named = StepWeights.from_model(energy_model).to_named()
    assert {name: array.shape for name, array in named.items()} == {
        "lstm_0/kernel": (40, 64),
        "lstm_0/recurrent": (16, 64),
        "lstm_0/bias": (64,),
        "lstm_1/kernel": (16, 64),
        "lstm_1/recurrent": (16, 64),
        "lstm_1/bias": (64,),
        "logits/kernel": (16, 1),
        "logits/bias": (1,),
    }
    del named["lstm_1/bias"]
    np.testing.assert_array_equal(StepWeights.from_named(named).layers[1][2], np.zeros(64))
    del named["lstm_1/recurrent"]
    with pytest.raises(KeyError, match="lstm_1/recurrent"):
        StepWeights.from_named(named)


def test_layers_of_two_sizes_are_no_sequence_model(energy_model):
    weights = StepWeights.from_model(energy_model)
    wider = (np.zeros((16, 128), np.float32), np.zeros((32, 128), np.float32), np.zeros(128, np.float32))
    with pytest.raises(ModelError, match="layers of one size"):
        StepWeights((weights.layers[0], wider), weights.output).to_model(4)


@pytest.mark.parametrize("frames_per_call", [1, 5])
def test_features_in_are_the_front_end_outside(energy_model, frames_per_call):
    audio = np.random.default_rng(1).normal(0, 0.1, SPEC.grid.samples_for(frames_per_call)).astype(np.float32)
    inside, outside = StepModel(energy_model, SPEC), StepModel(energy_model, SPEC, source="features")
    states = {name: tf.zeros(shape) for name, shape in inside.state_shapes.items()}
    wanted = inside.signature(frames_per_call)(audio=tf.constant(audio[np.newaxis]), **states)
    frames = tf.constant(log_mel(audio, SPEC)[np.newaxis])
    found = outside.signature(frames_per_call)(features=frames, **states)
    assert set(found) == set(wanted)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, atol=1e-4)
