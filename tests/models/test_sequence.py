"""Laws of the sequence model."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import keras

from vad.config.model import ModelConfig
from vad.errors import ShapeError
from vad.models import build_model, recurrent_layers

CONFIG = ModelConfig(units=8, layers=2)


def _frames(time: int = 30) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(3, time, 40)).astype(np.float32)


def test_model_is_causal() -> None:
    keras.utils.set_random_seed(1)
    model, frames = build_model(CONFIG, 40), _frames()
    changed = frames.copy()
    changed[:, 20:] += 1.0
    before, after = np.asarray(model(frames)), np.asarray(model(changed))
    np.testing.assert_array_equal(before[:, :20], after[:, :20])
    assert np.abs(before[:, 20:] - after[:, 20:]).max() > 1e-3


def test_carried_state_joins_excerpts() -> None:
    keras.utils.set_random_seed(1)
    whole = build_model(CONFIG, 40)
    carried = build_model(CONFIG, 40, stateful_io=True)
    carried.set_weights(whole.get_weights())
    frames = _frames()
    states = [np.zeros((3, 8), np.float32)] * 4
    first, *states = carried([frames[:, :11], *states])
    second, *_ = carried([keras.ops.convert_to_tensor(frames[:, 11:]), *states])
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole(frames), atol=1e-6)


def test_normalization_is_stored_with_the_weights(tmp_path) -> None:
    model = build_model(CONFIG, 40)
    mean, std = np.full(40, -5, np.float32), np.full(40, 3, np.float32)
    model.get_layer("normalization").set_statistics(mean, std)
    model.save_weights(tmp_path / "m.weights.h5")
    again = build_model(CONFIG, 40)
    again.load_weights(tmp_path / "m.weights.h5")
    for stored, wanted in zip(again.get_layer("normalization").get_weights(), (mean, std), strict=True):
        np.testing.assert_array_equal(stored, wanted)
    np.testing.assert_array_equal(model(_frames()), again(_frames()))


def test_normalization_refuses_bad_statistics() -> None:
    layer = build_model(CONFIG, 40).get_layer("normalization")
    with pytest.raises(ShapeError, match=r"mean must be \(40,\)"):
        layer.set_statistics(np.zeros(3, np.float32), np.ones(40, np.float32))
    with pytest.raises(ShapeError, match="positive std"):
        layer.set_statistics(np.zeros(40, np.float32), np.zeros(40, np.float32))


def test_size_and_names() -> None:
    model = build_model(ModelConfig(), 40)
    assert [layer.name for layer in recurrent_layers(model)] == ["lstm_0", "lstm_1"]
    assert model.count_params() < 150_000
