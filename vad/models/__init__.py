"""The network: a sequence model for training and a step model for devices, from the same weights."""

from vad.models.sequence import FrameNormalization, build_model, recurrent_layers
from vad.models.step import StepModel, state_names

__all__ = ["FrameNormalization", "StepModel", "build_model", "recurrent_layers", "state_names"]
