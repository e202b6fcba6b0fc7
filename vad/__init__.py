"""Speech activity detection: log-mel frames, a small LSTM, one TFLite file.

Names load on first use, so that ``import vad`` costs nothing and detecting never imports TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vad.decision import DecisionRule
    from vad.detector import Detector, Posteriors
    from vad.errors import VadError
    from vad.features.spec import FeatureSpec
    from vad.segments import Segment, Timeline
    from vad.stream import Misfire, PosteriorEvent, SpeechEnd, SpeechStart, Stream
    from vad.timemap import TimeMap

__version__ = "0.1.0"

_HOMES = {
    "DecisionRule": "vad.decision",
    "Detector": "vad.detector",
    "FeatureSpec": "vad.features.spec",
    "Misfire": "vad.stream",
    "PosteriorEvent": "vad.stream",
    "Posteriors": "vad.detector",
    "Segment": "vad.segments",
    "SpeechEnd": "vad.stream",
    "SpeechStart": "vad.stream",
    "Stream": "vad.stream",
    "TimeMap": "vad.timemap",
    "Timeline": "vad.segments",
    "VadError": "vad.errors",
}

__all__ = [
    "DecisionRule",
    "Detector",
    "FeatureSpec",
    "Misfire",
    "PosteriorEvent",
    "Posteriors",
    "Segment",
    "SpeechEnd",
    "SpeechStart",
    "Stream",
    "TimeMap",
    "Timeline",
    "VadError",
]


def __getattr__(name: str) -> Any:
    """Loads a public name from its module on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'vad' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
