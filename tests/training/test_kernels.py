"""Each rule of the cuDNN kernel is found and named, and Keras agrees with the verdict."""

from __future__ import annotations

import importlib

import keras
import pytest

from vad.config.model import ModelConfig
from vad.models import build_model
from vad.training import cudnn_violations, kernel_choices

# The module hides behind a function of the same name.
rnn = importlib.import_module("keras.src.backend.tensorflow.rnn")


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"activation": "relu"}, "activation must be tanh; received relu"),
        ({"recurrent_activation": "hard_sigmoid"}, "recurrent_activation must be sigmoid; received hard_sigmoid"),
        ({"recurrent_dropout": 0.1}, "recurrent_dropout must be 0; received 0.1"),
        ({"unroll": True}, "unroll must be False; received True"),
        ({"use_bias": False}, "use_bias must be True; received False"),
    ],
)
@pytest.mark.parametrize("cell", [keras.layers.LSTM, keras.layers.GRU])
def test_a_violation_is_named(cell, settings, rule):
    assert cudnn_violations(cell(3, **settings)) == (rule,)


def test_all_violations_are_named_at_once():
    assert len(cudnn_violations(keras.layers.LSTM(3, activation="relu", unroll=True, use_bias=False))) == 3


def test_gru_needs_reset_after_and_other_cells_have_no_kernel():
    assert cudnn_violations(keras.layers.GRU(3, reset_after=False)) == ("reset_after must be True; received False",)
    assert "SimpleRNN" in cudnn_violations(keras.layers.SimpleRNN(3))[0]


@pytest.mark.parametrize("stateful_io", [False, True])
def test_the_layers_of_the_package_keep_every_rule(stateful_io):
    choices = kernel_choices(build_model(ModelConfig(units=4, layers=3, dropout=0.2), 40, stateful_io=stateful_io))
    assert [choice.layer for choice in choices] == ["lstm_0", "lstm_1", "lstm_2"]
    assert all(not choice.violations for choice in choices)
    assert "no GPU is visible" in str(choices[0])


@pytest.mark.parametrize(
    "settings", [{}, {"activation": "relu"}, {"recurrent_activation": "relu"}, {"unroll": True}, {"use_bias": False}]
)
def test_keras_itself_agrees_about_the_rules(settings, monkeypatch):
    monkeypatch.setattr(rnn, "_is_gpu_available", lambda: True)
    layer = keras.layers.LSTM(3, **settings)
    allowed = rnn.cudnn_ok(layer.activation, layer.recurrent_activation, layer.unroll, layer.use_bias)
    assert bool(allowed) == (not cudnn_violations(layer))


def test_use_cudnn_false_is_the_reason_where_it_is():
    model = build_model(ModelConfig(units=4), 40, use_cudnn=False)
    assert "use_cudnn=False" in str(kernel_choices(model)[0])
