"""Laws of the training loop: it learns, it stops, and no interruption changes what it ends with."""

from __future__ import annotations

import csv
import itertools
import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vad.errors import ConfigError, ModelError, TrainingInterrupted
from vad.training import load_run, train
from vad.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from vad.training.learner import Learner


class Recorder:
    def __init__(self):
        self.messages, self.reports, self.rows = [], [], []

    def message(self, text):
        self.messages.append(text)

    def step(self, report):
        self.reports.append(report)

    def epoch(self, row, *, is_best):
        self.rows.append((row, is_best))


def same_run(left: Path, right: Path) -> None:
    """Both runs hold the same bits: best weights, last weights, optimizer, averages, figures."""
    for a, b in zip(load_run(left)[0].get_weights(), load_run(right)[0].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    (arrays, progress), (others, other) = (load_checkpoint(run / "checkpoints/last.npz") for run in (left, right))
    assert arrays.keys() == others.keys()
    for name, value in arrays.items():
        np.testing.assert_array_equal(value, others[name], err_msg=name)
    assert [(r.train_loss, r.dev_loss, r.dev_roc_auc, r.gradient_norm) for r in progress.history] == [
        (r.train_loss, r.dev_loss, r.dev_roc_auc, r.gradient_norm) for r in other.history
    ]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Gives the folder of an undisturbed run, trained once for all tests here."""
    runs = {}

    def run(config, batches, *, carry=False):
        if carry not in runs:
            folder = tmp_path_factory.mktemp("undisturbed") / "run"
            runs[carry] = train(config(carry_state=carry), folder, batches(carry=carry))
        return runs[carry]

    return run


@pytest.mark.parametrize("carry", [False, True], ids=["plain", "carried state"])
@pytest.mark.parametrize("fatal", [(0, 1), (0, 4), (1, 3)], ids=["first steps", "end of epoch", "second epoch"])
def test_a_crash_anywhere_and_a_resume_end_like_an_undisturbed_run(
    tmp_path, config, batches, undisturbed, carry, fatal
):
    settings = config(carry_state=carry)

    def crash(epoch, index):
        if (epoch, index) == fatal:
            raise RuntimeError("power cut")

    with pytest.raises(Exception, match="power cut"):
        train(settings, tmp_path / "broken", batches(carry=carry, on_batch=crash))
    train(settings, tmp_path / "broken", batches(carry=carry), resume=True)
    same_run(undisturbed(config, batches, carry=carry), tmp_path / "broken")


CHILD = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from conftest import make_batches, make_config
from vad.training import train
fatal = {fatal!r}
def kill(epoch, index):
    if [epoch, index] == fatal:
        os.kill(os.getpid(), {signal})
train(make_config(), {run!r}, make_batches(on_batch=kill if fatal else None), resume=True)
"""


def run_child(run, fatal, number=signal.SIGKILL):
    code = CHILD.format(tests=str(Path(__file__).parent), fatal=fatal, run=str(run), signal=int(number))
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)


def test_a_killed_process_resumes_to_the_same_bits_in_another_process(tmp_path, config, batches, undisturbed):
    assert run_child(tmp_path / "killed", [1, 3]).returncode == -signal.SIGKILL
    assert (tmp_path / "killed/checkpoints/last.npz").is_file()
    finished = run_child(tmp_path / "killed", None)
    assert finished.returncode == 0, finished.stderr
    same_run(undisturbed(config, batches), tmp_path / "killed")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_says_how_to_go_on(tmp_path, config, batches, undisturbed, number):
    def ask(epoch, index):
        if (epoch, index) == (1, 2):
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    with pytest.raises(TrainingInterrupted, match=r"stopped in epoch 2 .*--resume"):
        train(config(checkpoint_steps=100), tmp_path / "stopped", batches(on_batch=ask))
    assert signal.getsignal(number) is before
    train(config(checkpoint_steps=100), tmp_path / "stopped", batches(), resume=True)
    same_run(undisturbed(config, batches), tmp_path / "stopped")


def test_a_signal_during_the_last_scoring_says_so(tmp_path, config, batches, undisturbed):
    made, asked = batches(), itertools.count(1)

    def dev():
        if next(asked) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return made.dev()

    with pytest.raises(TrainingInterrupted, match=r"stopped after epoch 2, the last, while .* scored.*--resume"):
        train(config(), tmp_path / "stopped", replace(made, dev=dev))
    train(config(), tmp_path / "stopped", batches(), resume=True)
    same_run(undisturbed(config, batches), tmp_path / "stopped")


def test_a_run_learns_and_leaves_its_files(tmp_path, config, batches):
    recorder = Recorder()
    run = train(config(epochs=6, tensorboard=True), tmp_path / "run", batches(steps=20), listener=recorder)
    rows = [row for row, _ in recorder.rows]
    assert rows[-1].train_loss < rows[0].train_loss
    assert rows[-1].dev_roc_auc > 0.7
    with (run / "history.csv").open() as file:
        assert [float(line["dev_roc_auc"]) for line in csv.DictReader(file)] == [row.dev_roc_auc for row in rows]
    summary = json.loads((run / "summary.json").read_text())
    best = max(rows, key=lambda row: row.dev_roc_auc)
    assert summary["dev"]["roc_auc"] == pytest.approx(best.dev_roc_auc, abs=1e-6)
    assert summary["best_epoch"] == best.epoch
    assert summary["data"] == {"hours": {"train": 1}}
    assert list((run / "tensorboard").glob("events.*"))
    assert any("generic kernel" in text for text in recorder.messages)
    assert recorder.reports[-1].step == recorder.reports[-1].steps == 20
    assert not list(run.rglob("*.part.*"))


def test_the_best_epoch_is_kept_and_patience_ends_the_run(tmp_path, config, batches):
    recorder = Recorder()
    settings = config(epochs=9, patience_epochs=2, min_rise=0.9)
    run = train(settings, tmp_path / "run", batches(steps=3), listener=recorder)
    assert [is_best for _, is_best in recorder.rows] == [True, False, False]
    assert json.loads((run / "summary.json").read_text())["best_epoch"] == 1
    assert "stopping early" in recorder.messages[-1]


def test_a_finished_run_resumes_to_nothing(tmp_path, config, batches):
    run = train(config(), tmp_path / "run", batches())
    before = (run / "checkpoints/last.npz").read_bytes()

    def never(epoch, index):
        raise AssertionError("trained again")

    train(config(), run, batches(on_batch=never), resume=True)
    assert (run / "checkpoints/last.npz").read_bytes() == before


def test_a_run_that_exists_is_refused_with_the_remedy_and_overwritten_on_request(tmp_path, config, batches):
    run = train(config(), tmp_path / "run", batches())
    (run / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match=r"--resume.*--overwrite.*--run-dir"):
        train(config(), run, batches())
    with pytest.raises(ConfigError, match=r"training\.epochs: 2 → 3"):
        train(config(epochs=3), run, batches(), resume=True)
    train(config(epochs=3), run, batches(), overwrite=True)
    assert len(load_checkpoint(run / "checkpoints/last.npz")[1].history) == 3
    assert (run / "notes.txt").read_text() == "mine"


def test_a_loss_that_explodes_is_an_error_and_no_checkpoint(tmp_path, config, batches):
    settings = config(optimizer={"warmup_steps": 0, "learning_rate": 1e38, "clip_norm": None}, checkpoint_steps=1)
    with pytest.raises(ModelError, match=r"the loss is (nan|inf).*learning_rate"):
        train(settings, tmp_path / "run", batches())


def spoilt(monkeypatch, at):
    """Lets the steps of these numbers, from 1, tell a gradient that is not finite."""
    step, count = Learner.step, itertools.count(1)

    def spoil(learner, batch):
        loss, weight, norm = step(learner, batch)
        return loss, weight, norm * float("inf") if next(count) in at else norm

    monkeypatch.setattr(Learner, "step", spoil)


def test_a_gradient_that_is_not_finite_is_an_error_before_weights_are_kept(tmp_path, config, batches, monkeypatch):
    spoilt(monkeypatch, {5})
    with pytest.raises(ModelError, match=r"the gradient norm is inf in epoch 1.*learning_rate"):
        train(config(), tmp_path / "run", batches())
    assert not (tmp_path / "run/model.weights.h5").exists()
    assert load_checkpoint(tmp_path / "run/checkpoints/last.npz")[1].step == 4


def test_steps_skipped_by_the_loss_scale_do_not_count_in_the_norm(tmp_path, config, batches, monkeypatch):
    monkeypatch.setattr("vad.training.learner.uses_float16", lambda config: True)
    plain, spoilt_too = Recorder(), Recorder()
    settings = config(epochs=1, checkpoint_steps=1)
    train(settings, tmp_path / "plain", batches(), listener=plain)
    spoilt(monkeypatch, {2, 5})
    run = train(settings, tmp_path / "run", batches(), listener=spoilt_too)
    norms = [recorder.rows[0][0].gradient_norm for recorder in (plain, spoilt_too)]
    assert all(map(math.isfinite, norms)) and 0.5 < norms[0] / norms[1] < 2
    with (run / "history.csv").open() as file:
        assert float(next(csv.DictReader(file))["gradient_norm"]) == norms[1]


def test_checkpoints_that_know_no_skipped_steps_are_read(tmp_path):
    save_checkpoint(tmp_path / "a.npz", {}, Progress(step=3, norm_sum=6.0))
    with np.load(tmp_path / "a.npz") as stored:
        text = str(stored["progress"]).replace('"skipped": 0, ', "")
    np.savez(tmp_path / "a.npz", progress=np.array(text))
    assert "skipped" not in text
    assert load_checkpoint(tmp_path / "a.npz")[1].mean_norm == 2.0


def test_data_that_ends_early_is_an_error(tmp_path, config, batches):
    with pytest.raises(ModelError, match="must have 6 batches; the data ended after 5"):
        train(config(), tmp_path / "run", replace(batches(), steps=6))
