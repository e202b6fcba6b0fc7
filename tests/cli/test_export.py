"""`vad export` from the packaged model to a bundle, and what it says where TensorFlow is absent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from vad.artifact import load_artifact
from vad.bundle import PLATFORMS
from vad.cli import main
from vad.detector import Detector

# A package that is None in `sys.modules` is as one that is not installed.
WITHOUT = "import sys; sys.modules[sys.argv.pop(1)] = None; from vad.cli import main; main()"


def test_a_model_becomes_a_bundle(repository: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="tensorflow is not installed: nothing is exported")
    packaged = repository / "vad" / "weights" / "vad.tflite"
    output, folder = tmp_path / "mine.tflite", tmp_path / "app"
    manifest = repository / "data_manifests" / "tiny.jsonl.gz"
    done = CliRunner().invoke(
        main, ["export", str(packaged), "-o", str(output), "--bundle", str(folder), "--manifest", str(manifest)]
    )
    assert done.exit_code == 0, done.output
    assert f"bundle        {folder}: {sum(path.is_file() for path in folder.rglob('*'))} files" in done.stdout
    for platform in PLATFORMS:
        (model,) = (folder / platform).rglob("vad.tflite")
        assert model.read_bytes() == output.read_bytes()
        assert (folder / platform / "README.md").is_file()
    # The weights and the rule have come through.
    found = load_artifact(output).metadata
    assert found.decision == load_artifact(packaged).metadata.decision
    recording = repository / "examples" / "recording.wav"
    ours, theirs = (Detector(path).posteriors(recording).values for path in (folder / "vad.tflite", packaged))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)


@pytest.mark.parametrize("named", [True, False])
def test_a_bundle_of_a_model_as_it_is_needs_no_tensorflow(repository: Path, tmp_path: Path, named: bool) -> None:
    packaged = repository / "vad" / "weights" / "vad.tflite"
    model = [str(packaged)] if named else []
    arguments = [sys.executable, "-c", WITHOUT, "tensorflow", "export", *model, "--bundle", str(tmp_path / "app")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{tmp_path / 'app'}: ") and done.stdout.count("\n") == 1
    assert (tmp_path / "app" / "vad.tflite").read_bytes() == packaged.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["app"]


def test_with_nothing_to_do_the_argument_is_missing() -> None:
    done = CliRunner().invoke(main, ["export"])
    assert done.exit_code == 2
    assert "Missing argument 'RUN_DIR|MODEL'" in done.stderr


@pytest.mark.parametrize("package", ["tensorflow", "keras", "pydantic"])
def test_without_what_export_needs_the_install_line_is_given(repository: Path, tmp_path: Path, package: str) -> None:
    output = tmp_path / "out.tflite"
    source = repository / "vad" / "weights" / "vad.tflite"
    arguments = [sys.executable, "-c", WITHOUT, package, "export", str(source), "-o", str(output)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    *_, line = done.stderr.splitlines()
    assert line == f"vad: vad export needs {package}, which is not installed: pip install 'lstm-vad[train]'"
    assert "Traceback" not in done.stderr
    assert not output.exists()


def test_a_bundle_of_a_model_that_takes_frames_is_refused_before_any_work(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["export", "--input", "features", "--bundle", str(tmp_path / "app")])
    assert done.exit_code == 2
    assert "--bundle is code that gives a model audio; leave out --input features" in done.stderr
