"""Laws of the export: what is written was proved equal to the network, and nothing else is left behind."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from vad.artifact import load_artifact, save_artifact
from vad.cli import main
from vad.config import Config
from vad.config.data import DataConfig
from vad.config.export import ExportConfig
from vad.config.model import ModelConfig
from vad.decision import DecisionRule
from vad.detector import Detector
from vad.errors import ConfigError, ModelError
from vad.export import export_model, export_run
from vad.export.evidence import Evidence, generate_voice
from vad.export.verify import verify

CONFIG = Config(
    name="energy",
    data=DataConfig(manifests=("nowhere/*.jsonl",)),
    model=ModelConfig(units=16, layers=2, lookahead_frames=4),
    decision=DecisionRule(onset_threshold=0.6),
    export=ExportConfig(frames_per_call=(1, 8)),
)


@pytest.fixture(scope="module")
def run_dir(energy_model, tmp_path_factory) -> Path:
    """A finished run, as a training leaves it."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "config.yaml").write_text(CONFIG.dump())
    (folder / "summary.json").write_text(json.dumps({"name": "energy", "epochs": 3}))
    energy_model.save_weights(folder / "model.weights.h5")
    return folder


@pytest.fixture(scope="module")
def report(run_dir):
    return export_run(run_dir)


def test_the_file_carries_what_the_run_says(report, run_dir):
    metadata = load_artifact(run_dir / "model.tflite").metadata
    assert report.path == run_dir / "model.tflite"
    assert metadata.features == CONFIG.features
    assert metadata.decision == CONFIG.decision
    assert metadata.lookahead_frames == 4
    assert metadata.signatures == {"audio_1": 1, "audio_8": 8}
    assert metadata.training == {"name": "energy", "epochs": 3}
    assert "onset_db" in metadata.label_rule
    assert {"lstm-vad", "keras", "tensorflow"} <= set(metadata.versions)


def test_the_report_is_of_the_file(report):
    assert report.size == report.path.stat().st_size
    assert report.verification.max_difference <= 1e-4
    assert report.verification.duration_s > 10
    assert report.verification.origin.endswith("recordings of the dev split, half of them in noise")
    # RFFT2D is slow in LiteRT and missing on microcontrollers; the products replace it.
    assert not any(name.startswith(("CUSTOM", "FLEX", "WHILE", "RFFT2D")) for name in report.ops)


def test_the_file_detects_as_the_network_does(report, energy_model):
    from vad.export.verify import network_posteriors

    samples = generate_voice(16000, 7.0)[::-1].copy()
    detector = Detector(report.path)
    wanted = network_posteriors(energy_model, detector.artifact, samples)
    np.testing.assert_allclose(detector.posteriors(samples).values, wanted, atol=1e-5)


def test_overrides_change_nothing_that_the_weights_depend_on(run_dir, tmp_path):
    path = tmp_path / "other.tflite"
    with pytest.raises(ConfigError, match="--set model…: the trained weights depend on it"):
        export_run(run_dir, path, overrides=["model.lookahead_frames=2"])
    with pytest.raises(ConfigError, match="1, which live streams call"):
        export_run(run_dir, path, overrides=["export.frames_per_call=[8]"])
    assert not path.exists()


def test_a_model_that_differs_leaves_no_file(energy_model, report, tmp_path, monkeypatch):
    """The converter gives the right network, which is held against another."""
    import keras

    other = keras.models.clone_model(energy_model)
    other.set_weights([weight + np.float32(0.01) for weight in energy_model.get_weights()])
    flatbuffer = load_artifact(report.path).flatbuffer
    monkeypatch.setattr("vad.export.build.convert_step_model", lambda *arguments: flatbuffer)
    (tmp_path / "model.tflite").write_text("what was there before")
    with pytest.raises(
        ModelError,
        match=r"model\.tflite: in LiteRT a posterior differs by .* at most 0\.0001 is allowed",
    ):
        export_model(other, CONFIG, tmp_path / "model.tflite", training={})
    assert [file.read_text() for file in tmp_path.iterdir()] == ["what was there before"]


def test_weights_that_are_not_finite_are_refused(energy_model, tmp_path):
    import keras

    broken = keras.models.clone_model(energy_model)
    broken.set_weights(energy_model.get_weights())
    kernel, bias = broken.get_layer("logits").get_weights()
    broken.get_layer("logits").set_weights([kernel * np.nan, bias])
    with pytest.raises(ModelError, match="not finite cannot be exported: logits/kernel"):
        export_model(broken, CONFIG, tmp_path / "model.tflite", training={})
    assert list(tmp_path.iterdir()) == []


def test_the_lookahead_must_be_right(energy_model, energy_artifact):
    artifact = load_artifact(energy_artifact)
    right = Evidence(generate_voice(16000, 5.0), "voice")
    assert verify(energy_model, artifact, right, max_difference=1e-4).duration_s == 5.0
    kept = dataclasses.replace(artifact.metadata.features, log_floor=1e-3)
    wrong = dataclasses.replace(artifact, metadata=dataclasses.replace(artifact.metadata, features=kept))
    with pytest.raises(ModelError, match="differs by"):
        verify(energy_model, wrong, right, max_difference=1e-4)


def test_the_command(run_dir, tmp_path):
    path = tmp_path / "new" / "loud.tflite"
    changes = ["--set", "decision.onset_threshold=0.8", "--set", "export.frames_per_call=[1]"]
    done = CliRunner().invoke(main, ["export", str(run_dir), "-o", str(path), *changes])
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == str(path)
    assert "largest posterior difference" in done.stdout
    assert [file.name for file in path.parent.iterdir()] == ["loud.tflite"]
    metadata = load_artifact(path).metadata
    assert metadata.decision.onset_threshold == 0.8
    assert list(metadata.signatures) == ["audio_1"]


def test_the_command_on_what_is_no_run_is_one_line(tmp_path):
    done = CliRunner().invoke(main, ["export", str(tmp_path)])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"vad: {tmp_path}: ")
    assert done.stderr.count("\n") == 1


def test_an_artifact_can_be_saved_again_with_another_rule(energy_artifact, tmp_path):
    artifact = load_artifact(energy_artifact)
    metadata = dataclasses.replace(artifact.metadata, decision=DecisionRule(onset_threshold=0.9))
    save_artifact(tmp_path / "again.tflite", artifact.flatbuffer, metadata)
    assert Detector(tmp_path / "again.tflite").onset_threshold == 0.9
