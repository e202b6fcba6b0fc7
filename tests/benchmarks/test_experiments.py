"""The programme of experiments: every config says what it is for, and measures are those of the cells."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from vad.config import load_config
from vad.errors import VadError
from vad.evaluation import Scores
from vad.manifests import Recording
from vad.metrics import FramePool
from vad.segments import Timeline
from vad.training.run_dir import differing_keys


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    """A script of benchmarks/, which is no package."""
    sys.path.insert(0, str(repository / "benchmarks"))
    try:
        return importlib.import_module("experiments")
    finally:
        sys.path.remove(str(repository / "benchmarks"))


def row(condition, number):
    return Recording(
        id=f"{condition}/{number}",
        audio="a.wav",
        offset_s=0.0,
        duration_s=1.0,
        kind="labelled",
        speech=Timeline(),
        label_source="reference",
        speaker=None,
        language=None,
        split="test",
        license="CC0-1.0",
        tier="permissive",
    )


def test_every_experiment_says_what_it_is_for_and_changes_config_or_input(script):
    found = script.experiments(script.CONFIGS)
    assert len(found) > 15
    assert found[0].name == "baseline"
    baseline = load_config(found[0].path)
    for experiment in found:
        assert all(len(experiment.says[key]) > 4 for key in script.HEADER)
        changed = differing_keys(baseline.model_dump(), load_config(experiment.path).model_dump())
        if not {script.INPUT, script.LABELS} & experiment.says.keys():
            # mixer-4 is the baseline on newer draws.
            assert bool(changed) == (experiment.name not in ("baseline", "mixer-4")), experiment.name


def test_lines_of_a_header_are_joined_and_missing_ones_named(script, tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("# Expected: more\n#   than before.\n# Why: it is: so.\n# Decision: open.\nname: a\n# Why: no\n")
    assert script.header(file) == {"Expected": "more than before.", "Why": "it is: so.", "Decision": "open."}
    file.write_text("# Why: it is so.\n\n# Expected: more\n")
    with pytest.raises(VadError, match=r"a\.yaml: .*missing: Expected, Decision"):
        script.header(file)


def test_labels_of_the_model_are_made_once_and_trained_on(script, tmp_path, monkeypatch):
    calls = []

    def ran(command, **_):
        calls.append(command)
        if "label" in command:
            Path(command[-1]).write_bytes(b"")
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(script.subprocess, "run", ran)
    chosen = script.experiments(script.CONFIGS, ["labels-both"])[0]
    for name in ("a", "b"):
        script.trained(chosen, tmp_path / name)
    manifest = (tmp_path / "labels-both.jsonl.gz").resolve()
    train = ["train", str(chosen.path)]
    assert [command[3:5] for command in calls] == [["data", "label"], train, train]
    rows = script.CONFIGS.parents[1] / "data_manifests" / "*.jsonl.gz"
    assert calls[0][5:] == [str(rows), "--by", "both", "--output", str(manifest)]
    assert all(command[-2:] == ["--set", f"data.manifests=[{manifest}]"] for command in calls[1:])


def test_labels_that_cannot_be_made_leave_nothing_behind(script, tmp_path, monkeypatch):
    def failed(command, **_):
        Path(command[-1]).write_bytes(b"half")
        return SimpleNamespace(returncode=1)

    monkeypatch.setattr(script.subprocess, "run", failed)
    with pytest.raises(VadError, match=r"labels-both\.jsonl\.gz: the labelling failed; VAD_DATA_HOME must hold"):
        script.labelled("both", tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_unknown_name_is_refused(script):
    with pytest.raises(VadError, match=r"no experiment is called nonsense; there are .*baseline"):
        script.experiments(script.CONFIGS, ["nonsense"])


def test_alarms_are_counted_where_95_percent_of_all_speech_is_found(script):
    rng = np.random.default_rng(0)
    scores = Scores(frames={"vad": FramePool()})
    values = {}
    for condition, speech_share in (("clean", 0.6), ("noise-0", 0.4), ("noise-only", 0.0)):
        for number in range(2):
            labels = rng.random(500) < speech_share
            values[condition, number] = labels, np.clip(0.3 * labels + rng.random(500) * 0.7, 0, 1).astype(np.float32)
            scores.recordings.append(row(condition, number))
            scores.frames["vad"].add(*values[condition, number])
    found = script.measures(scores)
    labels, posteriors = (np.concatenate([v[k] for v in values.values()]) for k in (0, 1))
    thresholds = np.unique(posteriors)
    threshold = max(t for t in thresholds if (posteriors[labels] >= t).mean() >= 0.95)
    alone = np.concatenate([values["noise-only", k][1] for k in range(2)])
    assert found["noise-only_alarms"] == pytest.approx((alone >= threshold).mean())
    assert found["all_auc"] == scores.frames["vad"].curve().auc()
    assert found["noise-0_auc"] == scores.frames["vad"].select([2, 3]).curve().auc()
    assert "music-0_auc" not in found


def test_the_page_has_a_row_for_each_and_accuracy_takes_its_table(script, tmp_path):
    chosen = script.experiments(script.CONFIGS, ["baseline", "baseline-seed-1", "gru"])
    found = {e.name: {"all_auc": 0.9 + 0.01 * i, "parameters": 60000} for i, e in enumerate(chosen)}
    text = script.page(chosen, found)
    assert "| *chance* | - | - | - | 0.0100 |" in text
    assert text.count("| gru |") == 2
    file = tmp_path / "experiments.md"
    file.write_text(text, encoding="utf-8")
    section = script.accuracy.experiments(file)
    assert section.count("| gru |") == 1
    assert "60,000" in section
    assert script.accuracy.experiments(tmp_path / "none.md") == ""
