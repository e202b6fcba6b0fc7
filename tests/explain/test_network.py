"""What can be looked into, and what is refused in one line."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vad.artifact import Artifact
from vad.detector import Detector
from vad.errors import ModelError
from vad.explain import Network, forward, read_network
from vad.explain import network as module


def _named(monkeypatch: pytest.MonkeyPatch, names: dict[str, tuple[int, ...]]) -> None:
    monkeypatch.setattr(module, "named_constants", lambda _: {name: np.ones(shape) for name, shape in names.items()})


def test_float16_weights_are_read(detector: Detector, network: Network) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: no variant is made")
    from vad.export.quantize import quantize

    metadata = dataclasses.replace(detector.metadata, quantization="float16")
    half = Artifact(metadata, quantize(detector.artifact.flatbuffer, "float16"), "half.tflite")
    read = read_network(half)
    for mine, theirs in zip(read.layers, network.layers, strict=True):
        np.testing.assert_allclose(mine.kernel, theirs.kernel, rtol=1e-3, atol=1e-7)
    samples = 0.1 * np.random.default_rng(0).standard_normal(16000).astype(np.float32)
    from vad.features.streaming import StreamingLogMel

    lookahead = metadata.lookahead_frames
    silence = np.zeros(lookahead * metadata.features.hop_length, np.float32)
    frames = StreamingLogMel(metadata.features).push(np.concatenate([samples, silence]))
    wanted = Detector(half).posteriors(samples).values
    np.testing.assert_allclose(forward(read, frames).posteriors[lookahead:], wanted, rtol=0, atol=1e-4)


@pytest.mark.parametrize("quantization", ["dynamic", "int8", "int16x8"])
def test_integers_are_refused(detector: Detector, quantization: str) -> None:
    metadata = dataclasses.replace(detector.metadata, quantization=quantization)
    artifact = dataclasses.replace(detector.artifact, metadata=metadata, name="a.tflite")
    with pytest.raises(ModelError, match=f"^a.tflite: quantization {quantization} .*float32 or float16") as caught:
        read_network(artifact)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"gru_0/kernel": (40, 12), "gru_0/recurrent": (4, 12)}, "found cell gru"),
        ({"peephole_0/kernel": (40, 16)}, "found cell peephole"),
        ({"no-input-gate_0/kernel": (40, 16)}, "found cell no-input-gate"),
        ({"lstm_0/kernel": (40, 16), "lstm_0/input_gain": (16,)}, "without layer normalisation"),
        ({"lstm_0/kernel": (40, 16), "lstm_0/recurrent": (3, 16), "logits/kernel": (3, 1)}, "no projection"),
        ({"logits/kernel": (4, 1)}, "no weights by name"),
        ({"lstm_0/kernel": (40, 16), "logits/kernel": (4, 1)}, "'lstm_0/recurrent'"),
        ({"lstm_0/kernel": (40, 12), "lstm_0/recurrent": (4, 12)}, "four gates"),
    ],
)
def test_other_networks_are_refused(
    detector: Detector, monkeypatch: pytest.MonkeyPatch, names: dict[str, tuple[int, ...]], words: str
) -> None:
    _named(monkeypatch, names)
    with pytest.raises(ModelError, match=words) as caught:
        read_network(detector.artifact)
    assert "\n" not in str(caught.value)
