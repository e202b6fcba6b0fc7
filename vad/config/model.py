"""What the network is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from vad.config.section import Section

Cell = Literal[
    "lstm",
    "peephole",
    "cifg",
    "gru",
    "no-input-gate",
    "no-forget-gate",
    "no-output-gate",
    "no-input-activation",
    "no-output-activation",
    "full-gate-recurrence",
    "rnn",
]

Compression = Literal["log", "pcen", "both"]

# Why a cell has nothing that the option acts on.
_NO_FORGET_GATE = {
    "gru": "its update gate begins even, as published",
    "no-forget-gate": "that is what it is without",
    "rnn": "it has no gates",
}
_NO_CELL_STATE = {
    "gru": "its output is its memory and cannot be narrower",
    "rnn": "its output is its memory and cannot be narrower",
}


class ModelConfig(Section):
    """A stack of recurrent layers with one logit per frame.

    Attributes:
        compression: what the network sees of the power in each mel band: its logarithm as the front-end makes it;
            ``pcen``, what it is against its running mean, so that level and all that is steady are gone; or both, side
            by side. See `vad.models.pcen`.
        smoothing_frames: how many frames that running mean remembers.
        cell: kind of recurrent layer; plain ``lstm`` and ``gru`` are Keras' own, so that cuDNN can run them. The others
            are `lstm` with one thing changed: see docs/cells.md.
        units: width of every layer.
        layers: how many layers.
        bidirectional: every layer also runs from the end to the beginning and hands on both outputs, so that every
            frame is judged knowing the whole recording. Cannot be exported: a stream has no end to begin from.
        lookahead_frames: how many frames after the one it judges the network has seen: the label of frame ``t`` is
            learnt at step ``t + lookahead_frames``. Ten milliseconds of delay each.
        dropout: share of a layer's inputs that training silences, the same ones at every step of a sequence.
        layer_norm: sums of gates, and the cell where it is read, are normalised; not on cuDNN.
        projection: width of a layer's output where it is to be narrower than the layer; not on cuDNN; null does
            without.
        forget_bias: what the bias of the forget gate begins with: a larger one remembers longer from the start; null
            is 1 where there is a forget gate.
    """

    compression: Compression = "log"
    smoothing_frames: float = Field(default=40.0, ge=1.0, le=10000.0)
    cell: Cell = "lstm"
    units: int = Field(default=64, ge=1, le=1024)
    layers: int = Field(default=2, ge=1, le=8)
    bidirectional: bool = False
    lookahead_frames: int = Field(default=4, ge=0, le=100)
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    layer_norm: bool = False
    projection: Annotated[int, Field(ge=1, le=1024)] | None = None
    forget_bias: Annotated[float, Field(ge=-20.0, le=20.0)] | None = None

    @property
    def initial_forget_bias(self) -> float:
        """What the bias of the forget gate begins with."""
        return 1.0 if self.forget_bias is None else self.forget_bias

    @field_validator("projection")
    @classmethod
    def _is_narrower(cls, value: int | None, info: ValidationInfo) -> int | None:
        cell, units = info.data.get("cell", "lstm"), info.data.get("units", value)
        if value is None:
            return None
        if cell in _NO_CELL_STATE:
            raise ValueError(
                f"a projection makes no sense for the cell {cell}: {_NO_CELL_STATE[cell]}; received {value}; choose "
                "null or a kind of LSTM"
            )
        if units is not None and value >= units:
            raise ValueError(f"must be less than model.units ({units}); received {value}; choose fewer, or null")
        return value

    @field_validator("forget_bias")
    @classmethod
    def _is_used(cls, value: float | None, info: ValidationInfo) -> float | None:
        cell = info.data.get("cell", "lstm")
        if value is not None and cell in _NO_FORGET_GATE:
            raise ValueError(
                f"the cell {cell} has no forget gate: {_NO_FORGET_GATE[cell]}; received {value:g}; choose null"
            )
        return value
