"""Gains through time against cases that can be written down."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from vad.models import recurrent_layers
from vad.models.cells import layer_recurrence, layer_weights, set_layer_weights
from vad.study.gains import GainMeter, thinned
from vad.study.networks import build_network

UNITS, STEPS = 4, 20


def silent_layer(cell, **parts):
    """A layer whose weights are 0, but for what is given: a bias by block, or the recurrent weights."""
    (layer,) = recurrent_layers(build_network(cell, UNITS, 3, 2))
    weights = {name: np.zeros_like(value) for name, value in layer_weights(layer).items()}
    for name, value in parts.items():
        if name == "recurrent":
            weights["recurrent"] = np.asarray(value, np.float32)
        else:
            at = layer_recurrence(layer).blocks.index(name) * UNITS
            weights["bias"][at : at + UNITS] = value
    set_layer_weights(layer, weights)
    return layer


def gains(layer, seed=0):
    inputs = np.random.default_rng(1).standard_normal((3, STEPS, 3)).astype(np.float32)
    return GainMeter(layer, inputs, seed).measure()


def test_a_plain_network_shrinks_by_its_recurrent_weights():
    """Around 0, tanh is straight: h_T = R^d·h_{T-d}."""
    found = gains(silent_layer("rnn", recurrent=0.8 * np.eye(UNITS)))
    assert set(found) == {"h"}
    np.testing.assert_allclose(found["h"], 0.8 ** np.arange(STEPS), rtol=1e-5)


def test_a_rotation_keeps_everything():
    turn = np.linalg.qr(np.random.default_rng(2).standard_normal((UNITS, UNITS)))[0]
    np.testing.assert_allclose(gains(silent_layer("rnn", recurrent=turn))["h"], 1.0, rtol=1e-5)


@pytest.mark.parametrize("bias", [-1.0, 5.0])
def test_the_cell_keeps_what_its_forget_gate_keeps(bias):
    found = gains(silent_layer("lstm", f=bias))
    forget = 1 / (1 + np.exp(-bias))
    np.testing.assert_allclose(found["c"], forget ** np.arange(STEPS), rtol=1e-4)
    # Without recurrent weights the output of one step reaches no other.
    np.testing.assert_allclose(found["h"], [1.0] + [0.0] * (STEPS - 1), atol=1e-6)


def test_without_a_forget_gate_nothing_is_lost():
    np.testing.assert_allclose(gains(silent_layer("no-forget-gate"))["c"], 1.0, rtol=1e-5)


def test_the_update_gate_of_a_gru_keeps_its_output():
    found = gains(silent_layer("gru", z=3.0))
    np.testing.assert_allclose(found["h"], (1 / (1 + np.exp(-3.0))) ** np.arange(STEPS), rtol=1e-4)


def test_it_is_the_mean_square_of_the_whole_jacobian():
    """Over many directions, ‖J‖_F / √units: for one that keeps a single unit of four, a half."""
    (layer,) = recurrent_layers(build_network("rnn", UNITS, 3, 2))
    weights = {name: np.zeros_like(value) for name, value in layer_weights(layer).items()}
    weights["recurrent"][0, 0] = 1.0
    set_layer_weights(layer, weights)
    meter = GainMeter(layer, np.zeros((4000, 3, 3), np.float32), 0)
    np.testing.assert_allclose(meter.measure()["h"], [1.0, 0.5, 0.5], rtol=0.05)


def test_the_meter_sees_what_the_layer_has_learnt_since():
    layer = silent_layer("lstm", f=0.0)
    meter = GainMeter(layer, np.zeros((2, STEPS, 3), np.float32), 0)
    before = meter.measure()["c"]
    bias = layer.cell.bias
    bias.assign(keras.ops.convert_to_numpy(bias) + 2.0)
    assert meter.measure()["c"][5] > before[5]


def test_thinned_gains_keep_both_ends():
    gain = {"h": 0.9 ** np.arange(2000.0)}
    found = thinned(gain, points=20)
    assert found["distance"][0] == 1
    assert found["distance"][-1] == 1999
    assert len(found["distance"]) == len(found["h"]) <= 20
    assert found["h"][0] == pytest.approx(0.9)
    assert thinned({"h": np.ones(1)})["distance"] == [0]
