"""One front-end: librosa, NumPy streaming, TensorFlow and LiteRT give the same frames for the same audio."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("tensorflow")
pytest.importorskip("librosa")

import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from vad.features.graph import log_mel_graph
from vad.features.offline import log_mel
from vad.features.spec import FeatureSpec
from vad.features.streaming import StreamingLogMel

SPEC = FeatureSpec()
TOLERANCE = 1e-4
# Power that no recording is without. What lies below it beside a pure tone made of numbers, 100 dB and more below the
# tone, is the rounding of a transform in single precision, and every face rounds in its own way.
LEAST_POWER = 1e-6
LITERT_FRAMES = 50
Audio = NDArray[np.float32]


def _tone(seconds: float, level: float = 0.5) -> NDArray[np.float64]:
    return level * np.sin(2 * np.pi * 440 * np.arange(int(16000 * seconds)) / 16000)


def _speech() -> NDArray[np.float32]:
    import soundfile

    path = Path(__file__).parents[2] / "examples" / "recording.wav"
    return soundfile.read(path, dtype="float32")[0]


CASES: dict[str, Callable[[], np.ndarray]] = {
    "silence": lambda: np.zeros(20_000),
    "tone": lambda: _tone(2.0),
    "full-scale tone": lambda: _tone(2.0, 1.0),
    "noise": lambda: np.random.default_rng(0).normal(0, 0.1, 30_001),
    "speech": _speech,
    "clipped": lambda: np.clip(40 * _speech(), -1, 1),
    "shorter than a frame": lambda: np.random.default_rng(1).normal(0, 0.1, 511),
    "exactly a frame": lambda: np.random.default_rng(1).normal(0, 0.1, 512),
    "minutes": lambda: np.random.default_rng(2).normal(0, 0.05, 16000 * 150) * np.abs(_tone(150.0)),
}


def _streamed(audio: Audio, chunk: int) -> Audio:
    stream = StreamingLogMel(SPEC)
    frames = [stream.push(audio[i : i + chunk]) for i in range(0, len(audio), chunk)]
    return np.concatenate([frame for frame in frames if len(frame)] or [np.empty((0, SPEC.n_mels), np.float32)])


@pytest.fixture(scope="module")
def litert() -> Callable[[Audio], Audio]:
    """The graph face as a LiteRT model of a fixed number of frames, run over a recording."""
    length = SPEC.grid.samples_for(LITERT_FRAMES)
    function = tf.function(lambda audio: log_mel_graph(audio, SPEC))
    concrete = function.get_concrete_function(tf.TensorSpec([1, length], tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    interpreter = Interpreter(model_content=converter.convert(), num_threads=1)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def run(audio: Audio) -> Audio:
        n_frames = SPEC.grid.count(len(audio))
        padded = np.pad(audio, (0, length))
        blocks = [np.empty((0, SPEC.n_mels), np.float32)]
        for first in range(0, n_frames, LITERT_FRAMES):
            begin = first * SPEC.hop_length
            interpreter.set_tensor(source, padded[np.newaxis, begin : begin + length])
            interpreter.invoke()
            blocks.append(interpreter.get_tensor(target)[0])
        return np.concatenate(blocks)[:n_frames]

    return run


@pytest.fixture(scope="module", params=list(CASES))
def case(request: pytest.FixtureRequest) -> tuple[Audio, Audio]:
    """A recording and its frames by librosa."""
    audio = CASES[request.param]().astype(np.float32)
    return audio, log_mel(audio, SPEC)


def _agree(frames: Audio, oracle: Audio) -> None:
    assert frames.shape == oracle.shape and frames.dtype == np.float32
    found, wanted = (np.log(np.exp(values.astype(np.float64)) + LEAST_POWER) for values in (frames, oracle))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=TOLERANCE)


def _agree_closely(frames: Audio, oracle: Audio) -> None:
    np.testing.assert_allclose(frames, oracle, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("chunk", [1, 7, 160, 1000, 16000])
def test_streaming_agrees_with_librosa(case: tuple[Audio, Audio], chunk: int) -> None:
    _agree(_streamed(case[0], chunk), case[1])


def test_graph_agrees_with_librosa(case: tuple[Audio, Audio]) -> None:
    _agree(log_mel_graph(case[0][np.newaxis], SPEC).numpy()[0], case[1])


def test_litert_agrees_with_librosa(case: tuple[Audio, Audio], litert: Callable[[Audio], Audio]) -> None:
    _agree(litert(case[0]), case[1])


def test_real_speech_agrees(data_home: Path, litert: Callable[[Audio], Audio]) -> None:
    import soundfile

    path = sorted((data_home / "audio").glob("librispeech-100/*.ogg"))[0]
    audio = soundfile.read(path, dtype="float32", frames=16000 * 20)[0]
    oracle = log_mel(audio, SPEC)
    for frames in (_streamed(audio, 1000), log_mel_graph(audio[np.newaxis], SPEC).numpy()[0], litert(audio)):
        _agree_closely(frames, oracle)


def test_librosas_own_pipeline_is_the_oracle() -> None:
    import librosa

    audio = CASES["noise"]().astype(np.float32)
    mel = librosa.feature.melspectrogram(
        y=audio, sr=16000, n_fft=512, hop_length=160, window="hann", center=False, n_mels=40
    )
    _agree_closely(log_mel(audio, SPEC), np.log(mel + SPEC.log_floor).T.astype(np.float32))
