"""Every cell in Keras is the cell of the papers, forward and backward; the papers' cells are in `reference.py`."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import keras
import tensorflow as tf

from vad.config.model import ModelConfig
from vad.models.cells import CELLS, RecurrentCell, build_layer, layer_weights, recurrence_of, set_layer_weights

INPUTS, UNITS, TIME = 3, 4, 6
PLAIN = [(cell, {}) for cell in CELLS]
OPTIONS = [
    *((cell, {"layer_norm": True}) for cell in ("lstm", "cifg", "gru", "no-output-activation", "rnn")),
    *((cell, {"projection": 2}) for cell in ("lstm", "no-input-gate")),
    *((cell, {"layer_norm": True, "projection": 2}) for cell in ("peephole", "full-gate-recurrence")),
]
EVERY = pytest.mark.parametrize(("cell", "options"), PLAIN + OPTIONS)


def config_of(cell, options):
    return ModelConfig(cell=cell, units=UNITS, **options)


def draw(cell, options, seed=0):
    """Returns weights, a sequence and states of float64, none of them small."""
    rng = np.random.default_rng(seed)
    recurrence = recurrence_of(config_of(cell, options))
    weights = {name: rng.normal(0, 0.8, shape) for name, shape in recurrence.shapes(INPUTS).items()}
    state = {name: rng.normal(0, 0.5, size) for name, size in recurrence.state_sizes.items()}
    return weights, rng.normal(size=(TIME, INPUTS)), state


@pytest.fixture
def float64():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy(before)


@EVERY
def test_the_references_own_gradients_are_derivatives(cell, options, reference):
    """By complex step, exact to the last digits: the slope along one direction of each array."""
    weights, x, state = draw(cell, options)
    rng = np.random.default_rng(1)
    kind = reference.CELLS[cell]
    outputs, last, tapes = reference.run(kind, weights, x, state)
    pull, end = rng.normal(size=outputs.shape), {name: rng.normal(size=value.shape) for name, value in last.items()}
    found, dx, d_state = reference.back(kind, weights, tapes, pull, end)
    groups = ((weights, found), ({"x": x}, {"x": dx}), (state, d_state))
    for number, (arrays, gradients) in enumerate(groups):
        for name, array in arrays.items():
            direction = rng.normal(size=array.shape)
            moved = [dict(weights), {"x": x}, dict(state)]
            moved[number][name] = array + 1e-30j * direction
            outputs, last, _ = reference.run(kind, moved[0], moved[1]["x"], moved[2])
            value = np.sum(outputs * pull) + sum(np.sum(last[key] * end[key]) for key in last)
            slope = np.sum(gradients[name] * direction)
            np.testing.assert_allclose(value.imag / 1e-30, slope, rtol=1e-9, atol=1e-11, err_msg=name)


def tensors(layer):
    """Returns the trainable tensors by the names of `Recurrence.shapes`; Keras' GRU has its biases in one."""
    return [variable.value for variable in layer.trainable_variables]


@EVERY
def test_the_layer_is_the_reference(cell, options, reference, float64):
    weights, x, state = draw(cell, options)
    kind = reference.CELLS[cell]
    layer = build_layer(config_of(cell, options), "layer", dropout=0.0, use_cudnn=False, return_state=True)
    layer.build((1, TIME, INPUTS))
    set_layer_weights(layer, weights)
    rng = np.random.default_rng(1)
    inputs = tf.constant(x[np.newaxis])
    first = [tf.constant(value[np.newaxis]) for value in state.values()]
    with tf.GradientTape() as tape:
        tape.watch([inputs, *first])
        outputs, *last = layer(inputs, initial_state=first)
        pull = rng.normal(size=outputs.shape[1:])
        end = {name: rng.normal(size=value.shape[1:]) for name, value in zip(state, last, strict=True)}
        value = tf.reduce_sum(outputs * pull) + sum(
            tf.reduce_sum(tensor * end[name]) for name, tensor in zip(state, last, strict=True)
        )
    wanted, wanted_last, tapes = reference.run(kind, weights, x, state)
    np.testing.assert_allclose(outputs[0], wanted, atol=1e-12)
    for name, tensor in zip(state, last, strict=True):
        np.testing.assert_allclose(tensor[0], wanted_last[name], atol=1e-12, err_msg=name)
    sources = [inputs, *first, *tensors(layer)]
    gradients = [g.numpy() for g in tape.gradient(value, sources, unconnected_gradients="zero")]
    found, dx, d_state = reference.back(kind, weights, tapes, pull, end)
    np.testing.assert_allclose(gradients[0][0], dx, atol=1e-10)
    for (name, wanted_gradient), gradient in zip(d_state.items(), gradients[1:], strict=False):
        np.testing.assert_allclose(gradient[0], wanted_gradient, atol=1e-10, err_msg=name)
    of_weights = gradients[1 + len(state) :]
    if isinstance(layer, keras.layers.GRU):
        of_weights = [*of_weights[:2], *of_weights[2]]
    for (name, wanted_gradient), gradient in zip(found.items(), of_weights, strict=True):
        np.testing.assert_allclose(gradient, wanted_gradient, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_our_own_loop_is_keras_own_layer(cell, float64):
    weights, x, _ = draw(cell, {})
    theirs = build_layer(config_of(cell, {}), "theirs", dropout=0.0, use_cudnn=False, return_state=False)
    assert type(theirs) in (keras.layers.LSTM, keras.layers.GRU)
    ours = keras.layers.RNN(RecurrentCell(cell, UNITS), return_sequences=True)
    for layer in (theirs, ours):
        layer.build((1, TIME, INPUTS))
        set_layer_weights(layer, weights)
    np.testing.assert_allclose(ours(x[np.newaxis]), theirs(x[np.newaxis]), atol=1e-13)


@pytest.mark.parametrize(("cell", "options"), [*PLAIN, ("lstm", {"layer_norm": True, "projection": 2})])
def test_a_fresh_layer_begins_as_keras_lstm_does(cell, options):
    keras.utils.set_random_seed(1)
    layer = build_layer(config_of(cell, options), "layer", dropout=0.0, use_cudnn=False, return_state=False)
    layer.build((1, TIME, INPUTS))
    weights = layer_weights(layer)
    assert weights["kernel"].std() > 0.1
    recurrent = weights["recurrent"]
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(len(recurrent)), atol=1e-6)
    for name, array in weights.items():
        if array.ndim == 1 and name != "bias":
            np.testing.assert_array_equal(array, name.endswith("_gain"), err_msg=name)
    sums = dict(zip(CELLS[cell].blocks, np.split(weights["bias"], len(CELLS[cell].blocks)), strict=True))
    expected = {"f": 1.0} | ({"i": -1.0} if cell == "cifg" else {})
    for block, bias in sums.items():
        np.testing.assert_array_equal(bias, np.full(UNITS, expected.get(block, 0.0) if cell != "gru" else 0.0))


def test_the_default_lstm_begins_with_keras_own_numbers():
    layers = []
    for make in (
        lambda: keras.layers.LSTM(UNITS),
        lambda: build_layer(config_of("lstm", {}), "x", dropout=0.0, use_cudnn="auto", return_state=False),
    ):
        keras.utils.set_random_seed(5)
        layer = make()
        layer.build((1, TIME, INPUTS))
        layers.append(layer.get_weights())
    for theirs, ours in zip(*layers, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(("cell", "value"), [("lstm", 3.0), ("peephole", 3.0), ("cifg", -3.0)])
def test_the_forget_bias_is_what_the_config_says(cell, value):
    layer = build_layer(config_of(cell, {"forget_bias": 3.0}), "x", dropout=0.0, use_cudnn=False, return_state=False)
    layer.build((1, TIME, INPUTS))
    bias = layer_weights(layer)["bias"]
    assert sorted(set(bias.tolist())) == sorted({0.0, value})
    assert np.sum(bias == value) == UNITS


def test_a_cell_without_forget_gate_never_forgets(reference):
    """The error carousel: what is in the cell stays, to the last bit, when nothing is written."""
    weights, _, state = draw("no-forget-gate", {})
    weights["bias"][:UNITS] = -200.0  # the input gate is closed
    _, last, _ = reference.run(reference.CELLS["no-forget-gate"], weights, np.zeros((50, INPUTS)), state)
    np.testing.assert_array_equal(last["c"], state["c"])
