"""The network: a sequence model for training and a step model for devices, from the same weights."""

from vad.models.sequence import FrameNormalization, build_model, recurrent_layers
from vad.models.step import StepModel, state_names
from vad.models.weights import StepWeights

__all__ = ["FrameNormalization", "StepModel", "StepWeights", "build_model", "recurrent_layers", "state_names"]
