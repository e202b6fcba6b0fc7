"""One front-end with three faces: librosa offline, NumPy streaming, TensorFlow in a graph."""

from vad.features.spec import FeatureSpec

__all__ = ["FeatureSpec"]
