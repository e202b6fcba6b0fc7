"""Combinations that make no sense are refused with the reason, and the others are not."""

from __future__ import annotations

from typing import get_args

import pytest
from pydantic import ValidationError

from vad.config import Config
from vad.config.model import Cell, ModelConfig

LSTMS = [cell for cell in get_args(Cell) if cell not in ("gru", "rnn")]


@pytest.mark.parametrize("cell", get_args(Cell))
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layer_norm", [False, True])
def test_every_cell_takes_every_direction_and_normalisation(cell, bidirectional, layer_norm):
    config = ModelConfig(cell=cell, bidirectional=bidirectional, layer_norm=layer_norm)
    assert config.initial_forget_bias == 1.0


@pytest.mark.parametrize("cell", LSTMS)
def test_every_lstm_can_be_projected(cell):
    assert ModelConfig(cell=cell, units=64, projection=32).projection == 32


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"cell": "gru", "projection": 32}, "a projection makes no sense for the cell gru: its output is its memory"),
        ({"cell": "rnn", "projection": 32}, "a projection makes no sense for the cell rnn"),
        ({"units": 32, "projection": 32}, r"must be less than model.units \(32\); received 32"),
        ({"cell": "no-forget-gate", "forget_bias": 1.0}, "has no forget gate: that is what it is without; received 1"),
        ({"cell": "gru", "forget_bias": 2.0}, "the cell gru has no forget gate: its update gate begins even"),
        ({"cell": "rnn", "forget_bias": 2.0}, "the cell rnn has no forget gate: it has no gates"),
        ({"cell": "peephole-cifg"}, "Input should be 'lstm', 'peephole', 'cifg'"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, reason):
    with pytest.raises(ValidationError, match=reason):
        ModelConfig(**settings)


def test_a_bidirectional_network_carries_no_state():
    settings = {"name": "x", "data": {}, "model": {"bidirectional": True}}
    assert Config(**settings).model.bidirectional
    with pytest.raises(ValidationError, match=r"training\.carry_state: the way back of a bidirectional network begins"):
        Config(**settings, training={"carry_state": True})


def test_the_dump_of_any_cell_reads_back_equal():
    for cell in get_args(Cell):
        config = ModelConfig(cell=cell)
        assert ModelConfig(**config.model_dump()) == config
