"""The network: a sequence model for training and a step model for devices, from the same weights.

Only the step model needs TensorFlow; the sequence model runs on any backend of Keras, so the step model is imported
when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vad.models.sequence import FrameNormalization, build_model, recurrent_layers, set_statistics, state_sizes
from vad.models.weights import StepWeights

if TYPE_CHECKING:
    from vad.models.step import StepModel

__all__ = [
    "FrameNormalization",
    "StepModel",
    "StepWeights",
    "build_model",
    "recurrent_layers",
    "set_statistics",
    "state_sizes",
]


def __getattr__(name: str) -> Any:
    """Imports the step model on first use."""
    if name == "StepModel":
        from vad.models.step import StepModel

        return StepModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
