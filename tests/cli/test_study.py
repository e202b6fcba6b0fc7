"""`vad study` from end to end, in miniature, on the corpus of the repository."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from vad.cli import main


@pytest.fixture
def config(tmp_path, monkeypatch, repository):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "speech.yaml").write_text(
        f"""
extends: {repository}/configs/tiny.yaml
name: speech
data:
  excerpts_per_shard: 4
  hours: {{train: 0.03, dev: 0.02}}
  mixing: {{excerpt_s: 6.0}}
  pipeline: {{batch_size: 4, crop_s: 2.0, epoch_hours: null}}
model: {{units: 4, layers: 1}}
training: {{epochs: 2, tensorboard: false, optimizer: {{warmup_steps: 2}}}}
"""
    )
    path = tmp_path / "mini.yaml"
    path.write_text(
        """
name: mini
seeds: [0]
variants: [no-output-gate]
speech: {config: speech.yaml, gain_frames: 50, gain_excerpts: 2}
memory:
  {lengths: [4], gate_biases: [chrono], units: 4, batch_size: 4, updates: 4, evaluate_every: 2, held_out: 8}
"""
    )
    return path


def call(*arguments):
    return CliRunner().invoke(main, ["study", *map(str, arguments)], catch_exceptions=False)


def test_a_study_trains_resumes_to_nothing_and_leaves_tables_and_figures(tmp_path, config):
    run = tmp_path / "run"
    only = ("--only", "speech", "--only", "cue")
    done = call(config, "-o", run, *only)
    assert done.exit_code == 0, done.stderr
    results = {path: path.read_bytes() for path in run.glob("trials/**/*.json")}
    names = {str(path.relative_to(run / "trials")) for path in results}
    assert "speech/no-output-gate/seed-0/result.json" in names
    assert "cue-chrono/no-output-gate/seed-0/length-4.json" in names
    speech = json.loads((run / "trials/speech/no-output-gate/seed-0/result.json").read_text())
    assert 0 < speech["roc_auc"] < 1
    assert speech["gains_before"]["distance"][-1] == 49
    assert set(speech["gains_after"]) == {"distance", "h", "c"}
    assert done.stdout == (run / "summary.md").read_text()
    for part in ("dev ROC-AUC", "Memory span", "| no-output-gate |"):
        assert part in done.stdout
    assert {path.name for path in run.glob("figures/*")} == {
        f"mini-{name}.png" for name in ("speech", "memory", "gradient", "gradients")
    }

    refused = call(config, "-o", run)
    assert refused.exit_code == 1
    assert "--resume" in refused.stderr
    again = call(config, "-o", run, "--resume", *only)
    assert again.exit_code == 0, again.stderr
    assert again.stdout == done.stdout
    assert "seed 0" not in again.stderr
    assert {path: path.read_bytes() for path in run.glob("trials/**/*.json")} == results


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--only", "output-gate"), "did you mean 'no-output-gate'?"),
        (("--set", "variants=[grru]"), "did you mean 'gru'?"),
        (("--resume", "--overwrite"), "give one of them"),
        (("--set", "speech.config=nothing.yaml"), "nothing.yaml"),
    ],
)
def test_what_cannot_act_is_one_clear_line_and_no_folder(tmp_path, config, options, said):
    refused = call(config, "-o", tmp_path / "run", *options)
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert not (tmp_path / "run").exists()
