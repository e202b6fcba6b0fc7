"""The step model of every cell is its sequence twin, frame by frame, and so is the file that is made of it."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import tensorflow as tf

from vad.artifact import QUANTIZATIONS, Artifact, Metadata, save_artifact
from vad.config.model import ModelConfig
from vad.detector import Detector
from vad.errors import ModelError
from vad.export import convert
from vad.export.calibration import calibrate
from vad.export.convert import check_ops, convert_step_model, signature_table
from vad.export.limits import LIMITS
from vad.export.quantize import quantize
from vad.export.verify import network_posteriors
from vad.features.spec import FeatureSpec
from vad.graphs import named_constants
from vad.models import StepModel, StepWeights, build_model
from vad.models.cells import CELLS

SPEC = FeatureSpec()
OPTIONS = [
    *((cell, {}) for cell in CELLS),
    ("lstm", {"layer_norm": True, "projection": 3}),
    ("gru", {"layer_norm": True}),
    ("full-gate-recurrence", {"layer_norm": True}),
]
EVERY = pytest.mark.parametrize(("cell", "options"), OPTIONS)
STATES = {"gru": "h", "rnn": "h", "full-gate-recurrence": "hcifo"}


def network(cell, options, layers=2):
    """A network whose weights are drawn: none is small, zero, or one."""
    model = build_model(ModelConfig(cell=cell, units=6, layers=layers, **options), SPEC.n_mels, use_cudnn=False)
    rng = np.random.default_rng(5)
    for variable in model.trainable_variables:
        size = np.sqrt(variable.shape[0]) if len(variable.shape) == 2 else 4.0
        variable.assign(variable.numpy() + rng.normal(0, 1 / size, variable.shape))
    model.get_layer("normalization").set_statistics(
        rng.normal(-7, 1, SPEC.n_mels).astype(np.float32), rng.uniform(2, 4, SPEC.n_mels).astype(np.float32)
    )
    return model


def noise(seconds=1.5):
    """Noise that comes and goes."""
    n = int(seconds * SPEC.sample_rate)
    level = 10 ** (-2.5 + 2 * np.sin(np.arange(n) / SPEC.sample_rate * 9))
    return (np.random.default_rng(2).normal(size=n) * level * 0.05).astype(np.float32)


@EVERY
def test_steps_of_any_length_are_the_sequence(cell, options):
    model = network(cell, options)
    step = StepModel(model, SPEC, source="features")
    kinds = STATES.get(cell, "hc")
    assert list(step.state_shapes) == [f"{kind}_{layer}" for layer in (0, 1) for kind in kinds]
    assert step.state_shapes["h_0"] == (1, options.get("projection", 6))
    frames = np.random.default_rng(0).normal(-7, 3, (1, 25, SPEC.n_mels)).astype(np.float32)
    posteriors, at = [], 0
    states = {name: tf.zeros(shape) for name, shape in step.state_shapes.items()}
    for size in (1, 7, 2, 1, 11, 3):
        states = step.step(tf.constant(frames[:, at : at + size]), states)
        posteriors.append(states.pop("posteriors").numpy()[0])
        at += size
    logits = np.asarray(model(frames))[0]
    wanted = 1 / (1 + np.exp(-logits))
    assert np.ptp(wanted) > 0.02
    np.testing.assert_allclose(np.concatenate(posteriors), wanted, atol=3e-6)


@EVERY
def test_weights_go_there_and_back(cell, options):
    model = network(cell, options)
    weights = StepWeights.from_model(model)
    again = StepWeights.from_named(weights.to_named())
    assert (again.cell, again.units) == (cell, [6, 6])
    for name, array in again.to_named().items():
        np.testing.assert_array_equal(array, weights.to_named()[name], err_msg=name)
    frames = np.random.default_rng(0).normal(-7, 3, (1, 12, SPEC.n_mels)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(again.to_model(4)(frames)), np.asarray(model(frames)), atol=1e-4)


def here(arguments, program=convert._CHILD):
    """The converter in this process: a child takes seconds to load TensorFlow, for each cell."""
    before = sys.argv
    sys.argv = ["converter", *arguments]
    try:
        exec(program, {})
    finally:
        sys.argv = before


@EVERY
def test_the_file_is_the_network_in_every_variant(cell, options, monkeypatch, tmp_path):
    monkeypatch.setattr(convert, "run_converter", here)
    model, samples = network(cell, options, layers=1), noise()
    step = StepModel(model, SPEC, source="features")
    metadata = Metadata(
        features=SPEC,
        lookahead_frames=2,
        states=step.state_shapes,
        signatures=signature_table((1, 3), "features"),
        input="features",
    )
    flatbuffer = convert_step_model(step, (1, 3))
    artifact = Artifact(metadata, flatbuffer, cell)
    assert not {"WHILE", "CUSTOM"} & set(check_ops(flatbuffer, metadata))
    wanted = network_posteriors(model, artifact, samples)
    named = StepWeights.from_model(model).to_named()
    read = named_constants(flatbuffer)
    for name, array in named.items():
        np.testing.assert_array_equal(read[name], array, err_msg=name)
    ranges = calibrate(flatbuffer, metadata, samples)
    assert set(ranges) == {name for name, array in named.items() if array.ndim == 2 and not name.startswith("logits")}
    for variant in QUANTIZATIONS:
        changed = dataclasses.replace(metadata, quantization=variant)
        save_artifact(tmp_path / "x.tflite", quantize(flatbuffer, variant, ranges), changed)
        detector = Detector(tmp_path / "x.tflite")
        found = detector.posteriors(samples).values
        np.testing.assert_allclose(found, wanted, atol=LIMITS[variant].max_difference, err_msg=variant)
        stream = detector.stream(SPEC.sample_rate)
        parts = [stream.push(samples[at : at + 777]).posteriors for at in range(0, len(samples), 777)]
        np.testing.assert_array_equal(np.concatenate([*parts, stream.flush().posteriors]), found)
        detector.detect(samples)


def test_a_reset_is_zeros_for_every_state():
    """Also of the gates that full gate recurrence carries: before the first frame they have let nothing through."""
    model = network("full-gate-recurrence", {})
    step = StepModel(model, SPEC, source="features")
    states = {name: tf.zeros(shape) for name, shape in step.state_shapes.items()}
    frames = np.full((1, 1, SPEC.n_mels), -7, np.float32)
    posterior = step.step(tf.constant(frames), states)["posteriors"]
    np.testing.assert_allclose(posterior, 1 / (1 + np.exp(-np.asarray(model(frames)))), atol=1e-6)


def test_a_bidirectional_network_has_no_steps():
    model = build_model(ModelConfig(units=3, layers=1, bidirectional=True), SPEC.n_mels, use_cudnn=False)
    with pytest.raises(ModelError, match="bidirectional network cannot be exported: half of it begins at the end"):
        StepModel(model, SPEC)


def test_the_sequence_model_names_no_tensorflow(repository):
    """Other backends of Keras can train it; only the step model is TensorFlow's."""
    files = [path for path in (repository / "vad" / "models").rglob("*.py") if path.name != "step.py"]
    assert len(files) > 8
    assert [path.name for path in files if "import tensorflow" in path.read_text()] == []
