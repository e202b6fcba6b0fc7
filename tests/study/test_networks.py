"""How the gates of fresh networks begin."""

from __future__ import annotations

import typing

import numpy as np
import pytest

from vad.config.model import Cell
from vad.models import recurrent_layers
from vad.models.cells import layer_recurrence, layer_weights
from vad.study.networks import begin_gates, build_network, keeping_blocks

UNITS = 7
KEEPING = {
    "gru": {"z"},
    "cifg": {"i"},
    "no-input-gate": {"f"},
    "no-forget-gate": {"i"},
    "rnn": set(),
}


def blocks(model):
    (layer,) = recurrent_layers(model)
    names = layer_recurrence(layer).blocks
    return dict(zip(names, np.split(layer_weights(layer)["bias"], len(names)), strict=True))


@pytest.mark.parametrize("cell", typing.get_args(Cell))
def test_chrono_spreads_the_memories_of_gates_over_the_length_and_leaves_the_rest(cell):
    model = build_network(cell, UNITS, 3, 2)
    before = blocks(model)
    begin_gates(model, "chrono", 100, np.random.default_rng(0))
    after = blocks(model)
    assert set(keeping_blocks(cell)) == KEEPING.get(cell, {"f", "i"})
    for name, values in after.items():
        sign = keeping_blocks(cell).get(name)
        if sign is None:
            np.testing.assert_array_equal(values, before[name])
            continue
        steps = np.exp(sign * values)
        assert (steps >= 1).all()
        assert (steps <= 99).all()
        assert len(set(steps.tolist())) == UNITS
    if {"f", "i"} <= set(keeping_blocks(cell)):
        np.testing.assert_array_equal(after["f"], -after["i"])


def test_one_leaves_the_layer_as_it_is_built():
    model = build_network("peephole", UNITS, 3, 2)
    before = blocks(model)
    begin_gates(model, "one", 100, np.random.default_rng(0))
    for name, values in blocks(model).items():
        np.testing.assert_array_equal(values, before[name])
    np.testing.assert_array_equal(before["f"], 1)


def test_the_last_output_answers():
    model = build_network("gru", UNITS, 3, 2)
    assert model(np.zeros((4, 9, 3), np.float32)).shape == (4, 2)
