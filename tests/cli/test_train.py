"""`vad train` from end to end, on the corpus of the repository and on real recordings, scaled down."""

from __future__ import annotations

import json

import pytest
import yaml
from click.testing import CliRunner

from vad.cli import main

SMALL = {
    "data.excerpts_per_shard": 4,
    "data.mixing.excerpt_s": 6.0,
    "data.pipeline.batch_size": 4,
    "data.pipeline.crop_s": 3.0,
    "data.hours": {"train": 0.03, "dev": 0.02},
    "model.units": 8,
    "training.epochs": 2,
    "training.carry_state": False,
    "training.optimizer": {"warmup_steps": 2, "learning_rate": 0.01},
}


@pytest.fixture
def train(tmp_path, monkeypatch, repository):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def call(config, *options, **changes):
        settings = {**SMALL, **changes}
        sets = [f"--set={key}={json.dumps(value)}" for key, value in settings.items()]
        arguments = ["train", str(repository / f"configs/{config}.yaml"), "--jobs=1", *sets, *options]
        return CliRunner().invoke(main, arguments, catch_exceptions=False)

    return call


def check_run(run, stdout):
    assert stdout.splitlines()[0] == f"run      {run}"
    assert stdout.splitlines()[1].startswith("dev AUC  ")
    assert stdout.splitlines()[2].startswith(f"model    {run / 'model.tflite'}")
    for name in ("config.yaml", "model.weights.h5", "history.csv", "summary.json", "checkpoints/last.npz"):
        assert (run / name).is_file(), name
    assert list((run / "tensorboard").glob("events.*"))
    summary = json.loads((run / "summary.json").read_text())
    assert 0 <= summary["dev"]["roc_auc"] <= 1
    assert summary["data"]["mixtures"]["train"]["hours"] > 0
    assert summary["data"]["recordings"]["hours_by_license"]
    assert not list(run.rglob("*.part.*"))


def test_tiny_trains_exports_detects_and_resumes_to_nothing(tmp_path, train, repository):
    run = tmp_path / "run"
    done = train("tiny", f"--run-dir={run}")
    assert done.exit_code == 0, done.stderr
    check_run(run, done.stdout)
    assert yaml.safe_load((run / "config.yaml").read_text())["training"]["epochs"] == 2
    assert "generic kernel" in done.stderr
    assert "epoch 2: loss" in done.stderr
    recording = str(repository / "examples/recording.wav")
    found = CliRunner().invoke(main, ["detect", recording, f"--model={run / 'model.tflite'}"])
    assert found.exit_code == 0, found.stderr

    refused = train("tiny", f"--run-dir={run}")
    assert refused.exit_code == 1
    assert "--resume" in refused.stderr
    again = train("tiny", f"--run-dir={run}", "--resume")
    assert again.exit_code == 0, again.stderr
    assert again.stdout == done.stdout
    assert "mixing" not in again.stderr
    other = train("tiny", f"--run-dir={run}", "--resume", **{"model.units": 9})
    assert other.exit_code == 2
    assert "model.units: 8 → 9" in other.stderr


def test_base_trains_on_real_recordings(tmp_path, train, data_home, monkeypatch):
    monkeypatch.setenv("VAD_DATA_HOME", str(data_home))
    done = train("base", f"--run-dir={tmp_path / 'run'}")
    assert done.exit_code == 0, done.stderr
    check_run(tmp_path / "run", done.stdout)


def test_base_without_the_corpora_says_what_is_missing_before_any_work(tmp_path, train, monkeypatch):
    monkeypatch.setenv("VAD_DATA_HOME", str(tmp_path / "empty"))
    refused = train("base", f"--run-dir={tmp_path / 'run'}")
    assert refused.exit_code == 1
    assert refused.stdout == ""
    for part in ("librispeech-100 (", " GB)", "VAD_DATA_HOME", "vad data fetch", "data_manifests"):
        assert part in refused.stderr
    assert "mixing" not in refused.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "said", "code"),
    [
        (("--resume", "--overwrite"), "give one of them", 2),
        (("--set=training.epoch=3",), "did you mean 'epochs'?", 2),
        (("--set=training.steps_per_epoch=999",), "training.steps_per_epoch must be at most 4", 2),
        (("--set=training.optimizer.warmup_steps=50",), "warmup_steps must be below the 8 steps", 2),
        (("--set=data.hours.dev=1e-9", "--set=data.mixing.nonspeech_share=1"), "data.hours.dev", 1),
    ],
)
def test_what_cannot_act_is_one_clear_line(tmp_path, train, options, said, code):
    refused = train("tiny", f"--run-dir={tmp_path / 'run'}", *options)
    assert refused.exit_code == code
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("key", ["training.steps_per_epoch", "training.optimizer.warmup_steps"])
def test_too_few_steps_are_told_before_anything_is_mixed_or_made(tmp_path, train, key):
    refused = train("tiny", f"--run-dir={tmp_path / 'run'}", f"--set={key}=50")
    assert refused.exit_code == 2 and key in refused.stderr
    assert "mixing" not in refused.stderr
    assert not (tmp_path / "run").exists() and not (tmp_path / "cache").exists()


def test_a_bidirectional_network_is_trained_and_not_exported(tmp_path, train, monkeypatch):
    """The training itself is another test's."""

    def pretend(config, folder, batches, **options):
        folder.mkdir()
        (folder / "summary.json").write_text(json.dumps({"dev": {"roc_auc": 0.9}, "best_epoch": 1, "epochs": 1}))

    monkeypatch.setattr("vad.training.train", pretend)
    monkeypatch.setattr("vad.training.sources.batches_of", lambda *arguments, **options: None)
    monkeypatch.setattr("vad.export.export_run", None)
    done = train("tiny", f"--run-dir={tmp_path / 'run'}", **{"model.bidirectional": True})
    assert (done.exit_code, done.stderr) == (0, "")
    assert "model    none: a bidirectional network needs the end of a recording" in done.stdout
