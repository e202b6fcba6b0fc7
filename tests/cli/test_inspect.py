"""Laws of `vad inspect`: a text to read, the same as JSON, and one line for what is no model."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from vad.artifact import load_artifact
from vad.cli import main


@pytest.fixture(scope="module")
def text(energy_artifact) -> str:
    done = CliRunner().invoke(main, ["inspect", str(energy_artifact)])
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def test_the_text_says_what_one_asks(text, energy_artifact):
    assert text.splitlines()[0] == str(energy_artifact)
    assert "quantization none, input audio, dft matmul" in text
    assert "compression log: log-mel frames as they are" in text
    assert "audio 1×512 float32" in text
    assert "posteriors 1×32 float32" in text
    assert "lstm_1/recurrent" in text
    assert "arena    " in text and "bytes alive at once" in text
    assert "µs a frame" in text


def test_json_holds_everything(energy_artifact):
    done = CliRunner().invoke(main, ["inspect", str(energy_artifact), "--format", "json"])
    assert (done.exit_code, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    artifact = load_artifact(energy_artifact)
    assert found["sha256"] == artifact.digest
    assert found["compression"] == "log"
    assert found["flatbuffer_bytes"] == len(artifact.flatbuffer)
    assert found["metadata"] == json.loads(json.dumps(artifact.metadata.to_dict()))
    assert [row["name"] for row in found["signatures"]] == ["audio_1", "audio_32"]
    assert sum(row["ops"]["FULLY_CONNECTED"] for row in found["signatures"]) == found["ops"]["FULLY_CONNECTED"]
    assert {row["dtype"] for row in found["weights"]} == {"float32"}


def test_what_is_no_model_is_one_line(tmp_path):
    (tmp_path / "text.tflite").write_text("nothing of the kind")
    for path in (tmp_path / "text.tflite", tmp_path / "absent.tflite"):
        done = CliRunner().invoke(main, ["inspect", str(path)])
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith(f"vad: {path}: ")
        assert done.stderr.count("\n") == 1
