"""Which trials run, in what order, and that none runs twice. Training itself is replaced by a stand-in."""

from __future__ import annotations

import json

import pytest

from vad.config import Config
from vad.errors import ConfigError, ModelError, TrainingInterrupted
from vad.study.folder import StudyFolder
from vad.study.results import FreshResult
from vad.study.run import chains, run_study, select

BASE = Config(name="base", data={})


@pytest.fixture
def trained(monkeypatch, made_up):
    """Trials that were run, in order; `rnn` solves nothing."""
    make_memory, make_speech, make_speed = made_up
    done = []

    def memory(study, trial):
        done.append(str(trial))
        return make_memory(solved=trial.variant != "rnn", cell=trial.variant != "rnn")

    def speech(study, base, trial, folder, listener=None):
        done.append(str(trial))
        return make_speech(0.9)

    monkeypatch.setattr("vad.study.memory.run_memory_trial", memory)
    monkeypatch.setattr(
        "vad.study.memory.measure_fresh", lambda study, trial: FreshResult({"distance": [1], "h": [1.0]})
    )
    monkeypatch.setattr("vad.study.speech.run_speech_trial", speech)
    monkeypatch.setattr("vad.study.speed.measure_speed", lambda study, base: make_speed())
    monkeypatch.setattr("vad.training.sources.batches_of", lambda config: None)
    return done


def opened(path, study, **how):
    folder = StudyFolder(path)
    folder.open(study, BASE, **{"resume": False, "overwrite": False, **how})
    return folder


def files(folder):
    return {str(p.relative_to(folder.path)): p.read_text() for p in folder.path.rglob("*.json")}


def test_a_variant_goes_on_to_longer_sequences_only_when_it_has_solved_shorter_ones(tmp_path, study, trained):
    run_study(study(), BASE, opened(tmp_path, study()), only=["cue"])
    assert [line for line in trained if "seed 0" in line] == [
        "cue, bias chrono, lstm, seed 0, length 4",
        "cue, bias chrono, lstm, seed 0, length 8",
        "cue, bias one, lstm, seed 0, length 4",
        "cue, bias one, lstm, seed 0, length 8",
        "cue, bias chrono, rnn, seed 0, length 4",
    ]


def test_a_study_that_is_done_does_nothing_more(tmp_path, study, trained):
    run_study(study(), BASE, opened(tmp_path, study()))
    kinds = {line.partition(",")[0] for line in trained}
    assert kinds == {"speech", "adding", "cue"}
    assert (tmp_path / "speed.json").is_file()
    trained.clear()
    run_study(study(), BASE, opened(tmp_path, study(), resume=True))
    assert trained == []


def test_a_stopped_study_goes_on_where_it_was_and_ends_the_same(tmp_path, study, trained, monkeypatch):
    whole = opened(tmp_path / "whole", study())
    run_study(study(), BASE, whole)
    n_whole = len(trained)
    trained.clear()
    from vad.study import memory

    run = memory.run_memory_trial

    def stopping(config, trial):
        if len(trained) == 7:
            raise KeyboardInterrupt
        return run(config, trial)

    monkeypatch.setattr(memory, "run_memory_trial", stopping)
    with pytest.raises(TrainingInterrupted, match="--resume"):
        run_study(study(), BASE, opened(tmp_path / "parts", study()))
    monkeypatch.setattr(memory, "run_memory_trial", run)
    parts = opened(tmp_path / "parts", study(), resume=True)
    run_study(study(), BASE, parts)
    assert len(trained) == len(set(trained)) == n_whole
    assert files(parts) == files(whole)


def test_seeds_come_one_after_the_other_so_that_all_variants_are_compared_early(study):
    order = [chain.seed for chain in chains(study(), select(study()))]
    assert order == sorted(order)


def test_more_seeds_and_variants_can_be_added(tmp_path, study, trained):
    run_study(study(seeds=[0], variants=["lstm"]), BASE, opened(tmp_path, study(seeds=[0], variants=["lstm"])))
    n_before = len(trained)
    run_study(study(), BASE, opened(tmp_path, study(), resume=True))
    assert len(trained) == len(set(trained)) > n_before


@pytest.mark.parametrize(
    ("only", "tasks", "variants"),
    [
        ((), ("speech", "adding", "cue", "speed"), ("lstm", "rnn")),
        (("rnn",), ("speech", "adding", "cue"), ("rnn",)),
        (("cue", "adding"), ("adding", "cue"), ("lstm", "rnn")),
        (("speed",), ("speed",), ("lstm", "rnn")),
        (("lstm", "cue"), ("cue",), ("lstm",)),
    ],
)
def test_only_names_tasks_and_variants(study, only, tasks, variants):
    chosen = select(study(), only)
    assert (chosen.tasks, chosen.variants) == (tasks, variants)


def test_only_refuses_what_there_is_not(study):
    with pytest.raises(ConfigError, match="did you mean 'adding'"):
        select(study(), ["ading"])
    with pytest.raises(ConfigError, match="--only gru"):
        select(study(), ["gru"])


def test_results_are_whole_files_of_plain_json(tmp_path, study, trained):
    folder = opened(tmp_path, study())
    run_study(study(), BASE, folder, only=["lstm", "cue"])
    path = tmp_path / "trials/cue-chrono/lstm/seed-1/length-8.json"
    assert json.loads(path.read_text())["solved"] is True
    assert not list(tmp_path.rglob("*.part.*"))


def test_processes_side_by_side_leave_what_one_leaves(tmp_path, study):
    """With real training, for a stand-in would not reach other processes."""
    small = study(variants=["rnn"], memory={"lengths": [3], "updates": 4})
    alone, beside = opened(tmp_path / "1", small), opened(tmp_path / "2", small)
    run_study(small, BASE, alone, only=["cue"])
    run_study(small, BASE, beside, only=["cue"], jobs=2)
    without_seconds = [
        {name: {**json.loads(text), "seconds": 0} for name, text in files(folder).items()} for folder in (alone, beside)
    ]
    assert without_seconds[0] == without_seconds[1]
    # The config, and for each seed a fresh network and a trained one.
    assert len(without_seconds[0]) == 5


def test_a_training_that_diverges_is_told_and_the_others_go_on(tmp_path, study, trained, monkeypatch):
    from vad.study import speech

    run = speech.run_speech_trial

    def diverging(config, base, trial, folder, listener=None):
        if trial.variant == "lstm" and trial.seed == 0:
            raise ModelError("the loss is nan in epoch 3")
        return run(config, base, trial, folder, listener)

    monkeypatch.setattr(speech, "run_speech_trial", diverging)
    lines = []
    folder = opened(tmp_path, study())
    with pytest.raises(ModelError, match=r"1 without a result.*speech, lstm, seed 0"):
        run_study(study(), BASE, folder, tell=lines.append)
    assert any("lstm, seed 0: the loss is nan" in line for line in lines)
    assert any("speech, rnn, seed 0" in line for line in trained) and folder.speeds() is not None
