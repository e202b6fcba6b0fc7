"""Each rule of the cuDNN kernel is found and named, and Keras agrees with the verdict."""

from __future__ import annotations

import importlib
from pathlib import Path

import keras
import pytest
import yaml

from vad.config import load_config
from vad.config.model import ModelConfig
from vad.models import build_model
from vad.models.cells import CELLS, is_keras_own, recurrence_of
from vad.training import cudnn_violations, kernel_choices

REPOSITORY = Path(__file__).resolve().parents[2]

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


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_both_directions_and_both_cells_keep_every_rule(cell, bidirectional):
    model = build_model(ModelConfig(cell=cell, units=4, bidirectional=bidirectional), 40)
    assert [(choice.layer, choice.violations) for choice in kernel_choices(model)] == [
        (f"{cell}_0", ()),
        (f"{cell}_1", ()),
    ]


CONFIGS = sorted(path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "configs").rglob("*.yaml"))


def test_there_are_configs():
    assert "configs/base.yaml" in CONFIGS


@pytest.mark.parametrize("path", CONFIGS)
def test_every_config_keeps_every_rule_or_names_what_it_breaks(path):
    """The default layers of plain lstm and gru run on cuDNN; anything else says by name that it does not."""
    document = yaml.safe_load((REPOSITORY / path).read_text())
    if "study" in document or path.startswith("configs/study/"):
        pytest.skip(f"{path} is a study: its networks are those of the configs that it names")
    network = load_config(REPOSITORY / path).model
    for choice in kernel_choices(build_model(network, 40, stateful_io=not network.bidirectional)):
        if is_keras_own(network):
            assert choice.violations == ()
        else:
            assert f"the cell {recurrence_of(network)}" in choice.violations[0]


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell not in ("lstm", "gru")])
def test_other_cells_are_named(cell):
    choice = kernel_choices(build_model(ModelConfig(cell=cell, units=4, layers=1), 40))[0]
    assert choice.kernel == "generic"
    assert choice.violations == (f"only keras.layers.LSTM and GRU have a cuDNN kernel; received the cell {cell}",)


def test_options_that_cudnn_cannot_run_are_named():
    for options, words in (
        ({"layer_norm": True}, "lstm with layer_norm"),
        ({"projection": 2}, "lstm with projection 2"),
    ):
        choice = kernel_choices(build_model(ModelConfig(units=4, layers=1, **options), 40))[0]
        assert choice.violations[0].endswith(f"received the cell {words}")


def test_use_cudnn_false_is_the_reason_where_it_is():
    model = build_model(ModelConfig(units=4), 40, use_cudnn=False)
    assert "use_cudnn=False" in str(kernel_choices(model)[0])
