"""The kinds of cell by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from vad.config.model import ModelConfig
from vad.models.cells.gates import CoupledGates, FullGateRecurrence, Peephole
from vad.models.cells.gru import Gru
from vad.models.cells.lstm import Lstm
from vad.models.cells.recurrence import Recurrence
from vad.models.cells.removals import (
    NoForgetGate,
    NoInputActivation,
    NoInputGate,
    NoOutputActivation,
    NoOutputGate,
)
from vad.models.cells.rnn import Rnn

_KINDS: tuple[type[Recurrence], ...] = (
    Lstm,
    Peephole,
    CoupledGates,
    Gru,
    NoInputGate,
    NoForgetGate,
    NoOutputGate,
    NoInputActivation,
    NoOutputActivation,
    FullGateRecurrence,
    Rnn,
)
CELLS: Final[Mapping[str, type[Recurrence]]] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""Kinds of cell by the name that `model.cell` has."""


def recurrence_of(config: ModelConfig) -> Recurrence:
    """Returns the equations of a network's layers."""
    return CELLS[config.cell](config.units, layer_norm=config.layer_norm, projection=config.projection)
