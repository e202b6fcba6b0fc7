"""Laws of per-channel energy normalisation: librosa's numbers, in windows of any length, and in steps."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

pytest.importorskip("tensorflow")

import tensorflow as tf

from vad.config.model import ModelConfig
from vad.features.offline import log_mel
from vad.features.spec import FeatureSpec
from vad.models import StepModel, StepWeights, build_model, set_statistics, state_sizes
from vad.models.pcen import DEVIATION, MEAN, Pcen, smoothing_share

SPEC = FeatureSpec()
CUTS = ((0, 1), (1, 64), (64, 65), (65, 230))


def _frames(length: int = 230, rows: int = 2) -> np.ndarray:
    return np.random.default_rng(0).normal(-5, 3, (rows, length, SPEC.n_mels)).astype(np.float32)


def _model(compression: str, **options: object) -> object:
    tf.keras.utils.set_random_seed(3)
    config = ModelConfig.model_validate({"compression": compression, "units": 8, "smoothing_frames": 20.0, **options})
    model = build_model(config, SPEC.n_mels, use_cudnn=False)
    rng = np.random.default_rng(0)
    mean, std = rng.normal(-6, 1, SPEC.n_mels), rng.uniform(2, 4, SPEC.n_mels)
    set_statistics(model, mean.astype(np.float32), std.astype(np.float32))
    return model


@pytest.mark.parametrize("frames", [10.0, 40.0])
def test_a_window_is_librosas_pcen(frames):
    log_power = _frames()
    found, _ = Pcen(frames)(log_power)
    # In librosa's scale, where its own floor is nothing.
    power = np.exp(log_power.astype(np.float64)) * 2.0**31
    options = {"sr": SPEC.sample_rate, "hop_length": SPEC.hop_length, "axis": 1, "gain": 1, "power": 0}
    start = np.zeros((2, 1, SPEC.n_mels))
    wanted = librosa.pcen(power, time_constant=frames * SPEC.hop_length / SPEC.sample_rate, zi=start, **options)
    np.testing.assert_allclose(found, wanted, atol=2e-6)


def test_windows_in_a_row_are_one_window():
    layer, frames = Pcen(40.0), _frames()
    whole, last = layer(frames)
    mean, parts = None, []
    for start, end in CUTS:
        part, mean = layer(frames[:, start:end], mean)
        parts.append(np.asarray(part))
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=2e-6)
    np.testing.assert_allclose(mean, last, rtol=2e-6)


def test_the_level_goes_and_bounds_hold():
    layer, frames = Pcen(40.0), _frames()
    quiet, _ = layer(frames)
    loud, _ = layer(frames + 6.0)
    np.testing.assert_allclose(loud, quiet, atol=5e-6)
    assert 0 <= float(np.min(quiet)) <= float(np.max(quiet)) <= np.log(1 + 1 / smoothing_share(40.0)) + 1e-6


def test_what_is_steady_is_nothing_new():
    found, _ = Pcen(20.0)(np.full((1, 400, SPEC.n_mels), -3.0, np.float32))
    np.testing.assert_allclose(np.asarray(found)[0, -1], np.log(2.0), atol=1e-6)


@pytest.mark.parametrize("compression", ["pcen", "both"])
def test_state_carried_over_cuts_is_one_sequence(compression):
    model, frames = _model(compression), _frames()
    config = ModelConfig(compression=compression, units=8, smoothing_frames=20.0)
    carried = build_model(config, SPEC.n_mels, use_cudnn=False, stateful_io=True)
    carried.set_weights(model.get_weights())
    assert next(iter(state_sizes(carried).items())) == ("m", SPEC.n_mels)
    states = [np.zeros((2, size), np.float32) for size in state_sizes(carried).values()]
    logits = []
    for start, end in CUTS:
        found, *states = (np.asarray(value) for value in carried([frames[:, start:end], *states]))
        logits.append(found)
    np.testing.assert_allclose(np.concatenate(logits, axis=1), model(frames), atol=2e-6)


@pytest.mark.parametrize("options", [{}, {"layer_norm": True}], ids=["plain", "layer_norm"])
@pytest.mark.parametrize("compression", ["pcen", "both"])
@pytest.mark.parametrize("frames_per_call", [1, 7])
def test_steps_are_the_sequence(compression, frames_per_call, options):
    audio = np.random.default_rng(1).normal(0, 0.1, SPEC.grid.samples_for(70)).astype(np.float32)
    audio[5000:] *= 0.01
    model = _model(compression, **options)
    logits = np.asarray(model(log_mel(audio, SPEC)[np.newaxis]))[0]
    step = StepModel(model, SPEC)
    call, states, posteriors = step.signature(frames_per_call), {}, []
    states = {name: tf.zeros(shape) for name, shape in step.state_shapes.items()}
    for begin in range(0, 70 * SPEC.hop_length, frames_per_call * SPEC.hop_length):
        piece = audio[begin : begin + SPEC.grid.samples_for(frames_per_call)]
        states = dict(call(audio=tf.constant(piece[np.newaxis]), **states))
        posteriors.append(states.pop("posteriors").numpy()[0])
    np.testing.assert_allclose(np.concatenate(posteriors), 1 / (1 + np.exp(-logits)), atol=5e-6)


@pytest.mark.parametrize("compression", ["log", "pcen", "both"])
def test_names_hold_everything(compression):
    weights = StepWeights.from_model(_model(compression))
    again = StepWeights.from_named(weights.to_named())
    for name, array in weights.to_named().items():
        np.testing.assert_array_equal(again.to_named()[name], array)
    frames = _frames()
    np.testing.assert_allclose(again.to_model(4)(frames), _model(compression)(frames), atol=1e-4)


@pytest.mark.parametrize(("compression", "inputs"), [("pcen", 40), ("both", 80)])
def test_statistics_of_the_level_are_of_what_keeps_it(compression, inputs):
    mean, std = np.asarray(_model(compression).get_layer("normalization").get_weights())
    assert mean.shape == (inputs,)
    np.testing.assert_allclose(mean[-SPEC.n_mels :], MEAN, rtol=1e-6)
    np.testing.assert_allclose(std[-SPEC.n_mels :], DEVIATION, rtol=1e-6)
    if compression == "both":
        assert mean[: SPEC.n_mels].max() < 0
