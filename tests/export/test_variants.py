"""Laws of the variants: built in, near the network, streamed as whole, and refused when they are not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vad.artifact import QUANTIZATIONS, Artifact
from vad.cli import main
from vad.detector import Detector
from vad.errors import ModelError
from vad.export.calibration import calibrate
from vad.export.convert import check_ops
from vad.export.limits import LIMITS
from vad.export.quantize import quantize, quantize_weights
from vad.export.verify import network_posteriors, verify
from vad.runtime import Session

KINDS = ("matmul", "rfft", "features")
EVERY = pytest.mark.parametrize(("kind", "quantization"), [(k, q) for k in KINDS for q in QUANTIZATIONS])


@pytest.fixture(scope="module")
def short(evidence):
    """Fifteen seconds with speech, pauses and noise."""
    return dataclasses.replace(evidence, samples=evidence.samples[: 15 * 16000])


@EVERY
def test_every_variant_is_built_in_and_near_the_network(kind, quantization, variant, energy_model, short):
    """`verify` holds it to the variant's limits, and a stream in chunks to the whole."""
    artifact = variant(kind, quantization)
    ops = check_ops(artifact.flatbuffer, artifact.metadata)
    assert ("RFFT2D" in ops) == (kind == "rfft")
    assert not {"WHILE", "CUSTOM"} & set(ops)
    found = verify(energy_model, artifact, short)
    assert found.max_difference <= LIMITS[quantization].max_difference
    assert found.auc is not None
    assert abs(found.auc_change) <= 0.002


@EVERY
def test_tensors_of_a_call_are_float32_and_named(kind, quantization, variant):
    artifact = variant(kind, quantization)
    source = artifact.metadata.input
    session = Session(artifact)
    for name in artifact.metadata.signatures:
        details = session.runner(name).get_input_details()
        assert set(details) == {source, "h_0", "c_0", "h_1", "c_1"}
        assert {np.dtype(entry["dtype"]) for entry in details.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_many_frames_a_call_give_the_bits_of_one(quantization, variant, short):
    artifact = variant("matmul", quantization)
    alone = dataclasses.replace(artifact.metadata, signatures={"audio_1": 1})
    wanted = Detector(dataclasses.replace(artifact, metadata=alone)).posteriors(short.samples).values
    np.testing.assert_array_equal(Detector(artifact).posteriors(short.samples).values, wanted)


@pytest.mark.parametrize("quantization", ["dynamic", "int8", "int16x8"])
def test_minutes_of_a_stream_are_as_near_as_its_start(quantization, variant, evidence):
    """The state is carried from end to end: what is lost in it would show later."""
    samples = np.resize(evidence.samples, 4 * 60 * 16000)
    float32 = Detector(variant("matmul", "none")).posteriors(samples).values
    found = Detector(variant("matmul", quantization)).posteriors(samples).values
    minutes = np.abs(found - float32)[:23400].reshape(4, -1).mean(axis=1)
    assert minutes.max() < 0.01
    assert minutes[-1] < 2 * minutes[0] + 1e-4


def test_a_state_as_large_as_after_hours_is_kept(variant):
    """c is not quantised: no size of it is out of range."""
    spec = variant("matmul", "none").metadata.features
    sound = np.random.default_rng(0).normal(0, 0.1, spec.grid.samples_for(1)).astype(np.float32)
    after = []
    for quantization in ("none", "int8", "int16x8"):
        session = Session(variant("matmul", quantization))
        state = {name: np.full_like(value, 300 if name[0] == "c" else 0) for name, value in session.new_state().items()}
        after.append(session.advance(sound, state)[1])
    for name in ("c_0", "c_1"):
        assert after[0][name].max() > 20
        for state in after[1:]:
            np.testing.assert_allclose(state[name], after[0][name], rtol=0.1, atol=0.5)


def test_smaller_numbers_make_smaller_files(variant):
    sizes = {quantization: len(variant("features", quantization).flatbuffer) for quantization in QUANTIZATIONS}
    assert sizes["none"] > sizes["float16"] > sizes["dynamic"]
    assert sizes["none"] > sizes["int8"]


def test_ranges_that_are_too_narrow_are_refused(variant, ranges, energy_model, short):
    """As if calibrated on zeros: speech leaves the ranges."""
    source = variant("matmul", "none")
    narrow = {name: dataclasses.replace(found, out_low=-0.05, out_high=0.05) for name, found in ranges.items()}
    metadata = dataclasses.replace(source.metadata, quantization="int8")
    broken = Artifact(metadata, quantize(source.flatbuffer, "int8", narrow), "narrow")
    with pytest.raises(ModelError, match=r"narrow: in LiteRT .* is allowed with quantization int8 \(weights, inputs"):
        verify(energy_model, broken, short)


def test_decisions_and_area_are_bounded_too(variant, energy_model, short, monkeypatch):
    artifact = variant("matmul", "int8")
    for field, message in (
        ("changed_share", "of the decisions differ"),
        ("auc_change", "ROC curve changes by .*float16"),
    ):
        limit = dataclasses.replace(LIMITS["int8"], **{field: -1.0})
        monkeypatch.setattr("vad.export.verify.LIMITS", {"int8": limit})
        with pytest.raises(ModelError, match=message):
            verify(energy_model, artifact, short)


def test_calibration_sees_what_speech_does_to_the_state(variant, ranges):
    source = variant("matmul", "none")
    at_rest = calibrate(source.flatbuffer, source.metadata, np.zeros(16000, np.float32))
    assert set(ranges) == {f"lstm_{layer}/{part}" for layer in (0, 1) for part in ("kernel", "recurrent")}
    for name, found in ranges.items():
        assert -1 <= found.low <= found.high <= 1 or name == "lstm_0/kernel"
        assert found.high > at_rest[name].high
    assert ranges["lstm_0/kernel"].low <= np.log(source.metadata.features.log_floor) + 1e-6


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=40))
def test_weights_are_rounded_by_half_a_step_at_most(values):
    weights = np.array([values], np.float32)
    integers, scale = quantize_weights(weights)
    assert integers.dtype == np.int8
    assert np.abs(integers.astype(int)).max() <= 127
    assert np.abs(integers * scale - weights).max() <= scale * 0.5001


def test_float32_weights_can_be_read_back(variant, energy_model):
    from vad.models import StepWeights

    wanted = StepWeights.from_model(energy_model).to_named()
    for kind in KINDS:
        found = StepWeights.from_flatbuffer(variant(kind, "none").flatbuffer).to_named()
        assert set(found) == set(wanted)
        for name, array in wanted.items():
            np.testing.assert_array_equal(found[name], array)


def test_weights_that_were_read_back_are_the_network(variant, energy_model, short):
    from vad.models import StepWeights

    artifact = variant("matmul", "none")
    again = StepWeights.from_flatbuffer(artifact.flatbuffer).to_model(4)
    wanted = network_posteriors(energy_model, artifact, short.samples)
    np.testing.assert_allclose(network_posteriors(again, artifact, short.samples), wanted, atol=1e-5)


def test_constants_are_aligned(variant):
    from ai_edge_litert import schema_py_generated as schema

    for quantization in QUANTIZATIONS:
        content = variant("matmul", quantization).flatbuffer
        model = schema.Model.GetRootAsModel(content, 0)
        held = [model.Buffers(i) for i in range(model.BuffersLength())]
        starts = [b._tab.Vector(b._tab.Offset(4)) for b in held if b.DataLength()]
        assert len(starts) > 10
        assert {start % 16 for start in starts} == {0}


def test_the_command_makes_a_variant_of_a_model(energy_artifact, repository, tmp_path, monkeypatch):
    from click.testing import CliRunner

    from vad.artifact import load_artifact

    monkeypatch.chdir(tmp_path)
    corpus = str(repository / "data_manifests" / "tiny.jsonl.gz")
    words = ["export", str(energy_artifact), "--quantize", "int8", "--input", "features", "--manifest", corpus]
    done = CliRunner().invoke(main, words)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "recordings of the train split" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["energy-features-int8.tflite"]
    metadata = load_artifact(tmp_path / "energy-features-int8.tflite").metadata
    assert (metadata.quantization, metadata.input) == ("int8", "features")
    assert metadata.signatures == {"features_1": 1}
    assert metadata.verification["max_difference"] <= LIMITS["int8"].max_difference
    assert "train split" in metadata.verification["calibration"]
    detected = CliRunner().invoke(
        main, ["detect", "--model", "energy-features-int8.tflite", str(repository / "examples" / "recording.wav")]
    )
    assert detected.exit_code == 0


def test_what_cannot_be_a_source_is_told(variant, energy_artifact, tmp_path):
    from vad.artifact import save_artifact
    from vad.errors import ConfigError, ManifestError
    from vad.export import Choices, export

    rounded = variant("matmul", "int8")
    save_artifact(tmp_path / "int8.tflite", rounded.flatbuffer, rounded.metadata)
    with pytest.raises(ModelError, match="quantization int8 has rounded its weights"):
        export(tmp_path / "int8.tflite", choices=Choices(quantize="float16"))
    with pytest.raises(ConfigError, match="a model has no config"):
        export(energy_artifact, overrides=["decision.pad_start_s=1"])
    with pytest.raises(ManifestError, match=r"nowhere\.jsonl"):
        export(energy_artifact, tmp_path / "x.tflite", choices=Choices(manifests=(tmp_path / "nowhere.jsonl",)))
    with pytest.raises(ConfigError, match="would replace the model that it is made from"):
        export(energy_artifact, energy_artifact)


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_an_older_runtime_runs_it_too(quantization, variant, short):
    """TensorFlow's own interpreter, without XNNPACK: other kernels, an older table of operations."""
    import tensorflow as tf

    artifact = variant("matmul", quantization)
    kernels = tf.lite.experimental.OpResolverType.BUILTIN_REF
    interpreter = tf.lite.Interpreter(model_content=artifact.flatbuffer, experimental_op_resolver_type=kernels)
    interpreter.allocate_tensors()
    run = interpreter.get_signature_runner("audio_1")
    session = Session(artifact)
    state = dict(session.new_state())
    found = []
    for frame in range(100):
        state = run(audio=short.samples[np.newaxis, frame * 160 : frame * 160 + 512], **state)
        found.append(state.pop("posteriors")[0, 0])
    wanted, _ = session.advance(short.samples[: 99 * 160 + 512], session.new_state())
    np.testing.assert_allclose(found, wanted, atol=1e-4 if quantization in ("none", "float16") else 0.05)


def test_a_network_without_memory_can_be_calibrated(variant, ranges, short):
    """Products that are always zero have no range."""
    source = variant("matmul", "none")
    nothing = {name: dataclasses.replace(found, out_low=0.0, out_high=0.0) for name, found in ranges.items()}
    for quantization in ("int8", "int16x8"):
        metadata = dataclasses.replace(source.metadata, quantization=quantization)
        model = Artifact(metadata, quantize(source.flatbuffer, quantization, nothing), "flat")
        assert np.ptp(Detector(model).posteriors(short.samples).values[100:]) < 0.1
