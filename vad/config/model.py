"""What the network is made of."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from vad.config.section import Section


class ModelConfig(Section):
    """A stack of causal recurrent layers with one logit per frame.

    Attributes:
        cell: kind of recurrent layer; ``lstm`` is Keras' own, so that cuDNN can run it.
        units: width of every layer.
        layers: how many layers.
        lookahead_frames: how many frames after the one it judges the network has seen: the label of frame ``t`` is
            learnt at step ``t + lookahead_frames``. Ten milliseconds of delay each.
        dropout: share of a layer's inputs that training silences, the same ones at every step of a sequence.
    """

    cell: Literal["lstm"] = "lstm"
    units: int = Field(default=64, ge=1, le=1024)
    layers: int = Field(default=2, ge=1, le=8)
    lookahead_frames: int = Field(default=4, ge=0, le=100)
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
