"""Recurrent cells: one small class for each idea, equations written once for training and for export."""

from __future__ import annotations

from vad.models.cells.kinds import CELLS, recurrence_of
from vad.models.cells.layer import (
    RecurrentCell,
    build_layer,
    is_keras_own,
    layer_recurrence,
    layer_weights,
    set_layer_weights,
)
from vad.models.cells.recurrence import Recurrence

__all__ = [
    "CELLS",
    "Recurrence",
    "RecurrentCell",
    "build_layer",
    "is_keras_own",
    "layer_recurrence",
    "layer_weights",
    "recurrence_of",
    "set_layer_weights",
]
