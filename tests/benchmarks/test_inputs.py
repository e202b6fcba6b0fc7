"""Other inputs than log-mel frames: they stream, PCEN is librosa's, and Keras judges as the exported file does."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import librosa
import numpy as np
import pytest
import tensorflow as tf

from vad.config import Config
from vad.errors import ConfigError
from vad.features.spec import FeatureSpec
from vad.models import build_model


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    """A script of benchmarks/, which is no package."""
    sys.path.insert(0, str(repository / "benchmarks"))
    try:
        return importlib.import_module("inputs")
    finally:
        sys.path.remove(str(repository / "benchmarks"))


def frames_of(seed, rows, length):
    return np.random.default_rng(seed).normal(-4, 3, (rows, length, 40)).astype(np.float32).clip(-13.8)


@pytest.mark.parametrize("kind", ["log-mel", "pcen", "pcen-floor", "pcen-beside-log", "stack-3"])
def test_windows_give_what_the_whole_gives(script, kind):
    made = script.input_of(kind, FeatureSpec())
    frames = frames_of(0, 2, 60)
    whole, last = made.run(frames, made.initial(2))
    assert whole.shape == (2, 60, made.width)
    state, parts = made.initial(2), []
    for cut in np.split(frames, [1, 20, 21], axis=1):
        part, state = made.run(cut, state)
        parts.append(part)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(state, last, rtol=1e-4)


def test_pcen_is_that_of_the_mel_power(script):
    spec = FeatureSpec()
    power = np.random.default_rng(1).random((40, 50)).astype(np.float32)
    frames = np.log(power + spec.log_floor).T[np.newaxis]
    found, _ = script.Pcen(spec).run(frames, np.zeros((1, 1, 40), np.float32))
    wanted = librosa.pcen(power * 2**31, sr=16000, hop_length=160, zi=np.zeros((40, 1)))
    np.testing.assert_allclose(found[0].T, wanted, rtol=1e-3)


def test_a_stack_holds_the_last_frames_the_newest_at_its_end(script):
    frames = frames_of(2, 1, 9)
    found, _ = script.input_of("stack-2", FeatureSpec()).run(frames, np.full((1, 1, 40), -1.0, np.float32))
    np.testing.assert_array_equal(found[0, 5], np.concatenate([frames[0, 4], frames[0, 5]]))
    np.testing.assert_array_equal(found[0, 0, :40], -1.0)


def test_an_unknown_input_is_refused(script):
    for kind in ("mfcc", "stack-", "stack-0", "pcen-2"):
        with pytest.raises(ConfigError, match="pcen"):
            script.input_of(kind, FeatureSpec())


def test_in_a_dataset_state_goes_on_until_a_reset(script):
    made = script.input_of("pcen", FeatureSpec())
    frames = frames_of(3, 2, 30)
    windows = [frames[:, k : k + 10] for k in (0, 10, 20)]
    resets = np.array([[1, 1], [0, 0], [0, 1]], bool)
    labels = np.zeros((3, 2, 10), np.float32)
    dataset = tf.data.Dataset.from_tensor_slices((np.stack(windows), labels, labels, resets))
    found = np.concatenate([batch[0] for batch in script.changed(dataset, made, carries=True)], axis=1)
    np.testing.assert_allclose(found[0], made.run(frames[:1], made.initial(1))[0][0], rtol=1e-4)
    np.testing.assert_allclose(found[1, 20:], made.run(windows[2][1:], made.initial(1))[0][0], rtol=1e-4)
    alone = np.concatenate([batch[0] for batch in script.changed(dataset, made, carries=False)], axis=1)
    np.testing.assert_allclose(alone[0, 10:20], made.run(windows[1][:1], made.initial(1))[0][0], rtol=1e-4)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_every_frame_has_the_posterior_that_the_network_gives_it(script, tmp_path, bidirectional):
    model = {"units": 4, "lookahead_frames": 3, "bidirectional": bidirectional}
    config = Config(name="tiny", data={}, model=model)
    (tmp_path / "config.yaml").write_text(config.dump(), encoding="utf-8")
    tf.keras.utils.set_random_seed(3)
    network = build_model(config.model, 40)
    network.save_weights(tmp_path / "model.weights.h5")
    engine = script.KerasEngine(tmp_path, config.features, "log-mel")
    samples = np.random.default_rng(4).normal(0, 0.1, 8000).astype(np.float32)
    stream = engine.start()
    for chunk in np.split(samples, [3000, 3100]):
        stream.push(chunk)
    output = stream.finish()
    grid = config.features.grid
    assert len(output.values) == grid.count(8000)
    longer = np.concatenate([samples, np.zeros(480, np.float32)])
    frames = script.log_mel(longer, config.features)
    wanted = 1 / (1 + np.exp(-network(frames[np.newaxis]).numpy()[0, 3:]))
    np.testing.assert_allclose(output.values, wanted, atol=1e-5)
    np.testing.assert_allclose(output.times, grid.times(len(output.values)))
